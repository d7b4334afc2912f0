/* The safetensors container: named tensors and text, read from memory and written to it.
 *
 * Format: 8 bytes of little-endian header length, a JSON header, the tensors' bytes one after the other without gaps.
 * Files themselves are read and written by callers. */
#ifndef NTRACE_SAFETENSORS_H
#define NTRACE_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/npy.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NT_SAFETENSORS_MAX_HEADER_BYTES = 1 << 24,
    NT_SAFETENSORS_MAX_TENSORS = 4096,
    NT_SAFETENSORS_NAME_BYTES = 128 /* longest name and its end */
};

struct nt_tensor {
    char name[NT_SAFETENSORS_NAME_BYTES];
    enum nt_npy_type type;
    uint32_t dimensions;
    uint64_t shape[NT_NPY_MAX_DIMENSIONS];
    uint64_t items, bytes;
    uint64_t offset;  /* of the data, in the file */
    const void *data; /* not necessarily aligned; NULL where only the header was parsed */
};

typedef struct nt_safetensors nt_safetensors;

/* Reads a file from memory.
 *
 * file   out  to be freed with nt_safetensors_free; NULL on failure
 * bytes  in   [size] the whole file; borrowed: the tensors' data lie in it
 * name   in   what to call the file in errors
 *
 * Every tensor's bytes are checked against its shape, and all of them together must fill the file without gap or
 * overlap. Returns NT_OK; NT_E_FORMAT (no header, malformed JSON, types not read here, offsets that overlap, leave gaps
 * or lie outside), NT_E_SHAPE (shapes that overflow or differ from the offsets), NT_E_MEMORY. */
enum nt_status nt_safetensors_parse(nt_safetensors **file, const void *bytes, size_t size, const char *name,
                                    const struct nt_allocator *allocator, struct nt_error *error);

/* The same of a file that stays where it is: its tensors have an offset and no data.
 *
 * header  in  [nt_safetensors_header_bytes] the file's beginning; not kept
 * size    in  of the whole file
 */
enum nt_status nt_safetensors_parse_header(nt_safetensors **file, const void *header, uint64_t size, const char *name,
                                           const struct nt_allocator *allocator, struct nt_error *error);

/* How many bytes the header takes, its length included.
 *
 * bytes  in  the first 8 bytes of the file, or all of it where it is shorter
 * size   in  of the whole file
 *
 * Returns NT_OK, or NT_E_FORMAT (too short, too long a header). */
enum nt_status nt_safetensors_header_bytes(size_t *header, const void *bytes, uint64_t size, const char *name,
                                           struct nt_error *error);
void nt_safetensors_free(nt_safetensors *file);

/* Tensors in the order of their data. Borrowed, valid until the file is freed. */
uint32_t nt_safetensors_count(const nt_safetensors *file);
const struct nt_tensor *nt_safetensors_tensor(const nt_safetensors *file, uint32_t number);

/* The tensor of that name, or NULL. */
const struct nt_tensor *nt_safetensors_find(const nt_safetensors *file, const char *name);

/* The text kept under a key in "__metadata__", or NULL. Borrowed likewise. */
const char *nt_safetensors_text(const nt_safetensors *file, const char *key);

/* Checks that all values of a tensor are finite. Returns NT_OK, or NT_E_VALUE with a text naming the tensor and the
 * value's place. */
enum nt_status nt_safetensors_check_finite(const struct nt_tensor *tensor, const char *name, struct nt_error *error);

/* Writes a file into memory.
 *
 * bytes    out  [*size] to be released with `allocator`; NULL on failure
 * tensor   in   [tensors] name, type, dimensions, shape and data; items and bytes are worked out
 * text     in   [texts] pairs of key and value for "__metadata__"
 *
 * Returns NT_OK, NT_E_ARG (a shape that overflows, too many tensors), NT_E_MEMORY. */
enum nt_status nt_safetensors_write(uint8_t **bytes, size_t *size, const struct nt_tensor *tensor, uint32_t tensors,
                                    const char *const (*text)[2], uint32_t texts, const struct nt_allocator *allocator,
                                    struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
