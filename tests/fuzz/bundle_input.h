/* What the targets of bundles do with their input; the same for every build of the readers, so that their verdicts can
 * be compared. */
#ifndef NTRACE_TESTS_FUZZ_BUNDLE_INPUT_H
#define NTRACE_TESTS_FUZZ_BUNDLE_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/bundle.h"

/* How the first byte of a chunk's input is read. */
enum {
    INPUT_ROLE = 15,     /* these bits: the role that the manifest gives it, modulo the roles that there are */
    INPUT_CONTENTS = 64, /* what follows is what the chunk holds: it is compressed first */
    INPUT_MENDED = 128   /* what follows is a chunk whose magic, version and checksums are set right first */
};

/* A manifest of a small bundle whose only chunk is `chunk`, with its sizes and its true digests. */
struct bundle_input {
    char manifest[2048];
    size_t manifest_bytes;
    uint8_t *chunk; /* [chunk_bytes] of the C library's */
    size_t chunk_bytes;
};

/* Returns 0 where the input is too short or too large to make anything of. To be given to bundle_input_clear. */
int bundle_input_make(struct bundle_input *input, const uint8_t *bytes, size_t size);
void bundle_input_clear(struct bundle_input *input);

/* Opens the manifest and feeds the chunk. Ends the program where an outcome contradicts the reader's promises. */
enum nt_status bundle_input_try(const struct bundle_input *input, struct nt_error *error);

/* Opens a manifest and asks all that it answers without chunks. */
enum nt_status manifest_try(const uint8_t *bytes, size_t size, struct nt_error *error);

#endif
