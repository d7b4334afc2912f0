/* The manifest of a bundle as a struct, read from JSON and written to it. */
#ifndef NTRACE_BUNDLE_MANIFEST_H
#define NTRACE_BUNDLE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/bundle.h"
#include "ntrace/chunk.h"

enum { NT_MANIFEST_MAX_BYTES = 16 << 20, NT_MANIFEST_MAX_WEIGHTS = 1 << 30, NT_MANIFEST_MAX_CHUNKS = 1 << 16 };

struct nt_manifest {
    struct {
        char title[128], source[256], licence[128];
        char noun[2][64]; /* what one sample is called, and many; both empty where that is not said */
        uint32_t samples;
        bool synthetic;
        struct nt_shape image; /* channels is 0 where there are none */
    } dataset;
    enum nt_answers answers;
    uint32_t classes, layers, chunks;
    uint32_t weights_bytes;        /* of the network, in all its chunks */
    char (*class_name)[64];        /* [classes] */
    struct nt_bundle_layer *layer; /* [layers] */
    struct nt_bundle_chunk *chunk; /* [chunks] */
    struct {
        uint64_t parameters;
        double accuracy, balanced_accuracy;
    } network;
    struct {
        uint32_t reference, k;
        bool exact; /* neighbours are certified to be the k nearest */
    } stability;
    struct {
        double p;                   /* of rank-biased overlap; 0 where no measures are shipped */
        uint32_t calibration, seed; /* of credibility */
        uint32_t suggestions;       /* how many of each reason */
    } measures;
    struct {
        uint32_t sample, from, to, k;
    } opening;
    struct {
        char tool[64], command[512], weights_sha256[65];
    } provenance;
};

/* Reads and checks a manifest: every number in its range, every chunk's sizes as its role demands. To be given to
 * nt_manifest_clear; zeroed on failure. */
enum nt_status nt_manifest_parse(struct nt_manifest *manifest, const char *json, size_t bytes,
                                 const struct nt_allocator *allocator, struct nt_error *error);
void nt_manifest_clear(struct nt_manifest *manifest, const struct nt_allocator *allocator);

/* The manifest as JSON, NUL-terminated; to be released with `allocator`. */
enum nt_status nt_manifest_print(char **json, const struct nt_manifest *manifest, const struct nt_allocator *allocator);

/* Planes of bytes in chunks of what is worked out. */
enum { NT_MAP_PLANES = 6, NT_MEASURES_PLANES = 10, NT_CREDIBILITY_PLANES = 6 };

/* Bytes that a chunk of this role inflates to, 0 for weights and suggestions (any size, and any of whole ones). */
uint64_t nt_manifest_raw_bytes(const struct nt_manifest *manifest, const struct nt_bundle_chunk *chunk);

/* "samples", "images"... */
const char *nt_role_name(enum nt_role role);

/* "none", "classes" or "sure". */
const char *nt_answers_name(enum nt_answers answers);

#endif
