/* NumPy's .npy files: one array with its type and shape.
 *
 * Format: NumPy Enhancement Proposal 1 and numpy.lib.format, versions 1.0, 2.0 and 3.0. Read here: little-endian
 * integers and floats in C order. Objects, structures, booleans, complex numbers and text are refused by name. */
#ifndef NTRACE_NPY_H
#define NTRACE_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum nt_npy_type {
    NT_NPY_UINT8,
    NT_NPY_INT8,
    NT_NPY_UINT16,
    NT_NPY_INT16,
    NT_NPY_UINT32,
    NT_NPY_INT32,
    NT_NPY_UINT64,
    NT_NPY_INT64,
    NT_NPY_FLOAT16,
    NT_NPY_FLOAT32,
    NT_NPY_FLOAT64,
    NT_NPY_TYPE_COUNT
};

enum {
    NT_NPY_MAX_DIMENSIONS = 8,
    NT_NPY_PREFIX_BYTES = 12,         /* enough to know where the data start */
    NT_NPY_MAX_HEADER_BYTES = 1 << 16 /* longer headers are refused: no array needs one */
};

/* What the header says. Products are checked: they fit in 63 bits. */
struct nt_npy_header {
    enum nt_npy_type type;
    uint32_t item_bytes;
    uint32_t dimensions;                   /* 0 for a single number */
    uint64_t shape[NT_NPY_MAX_DIMENSIONS]; /* entries past `dimensions` are 1 */
    uint64_t rows;                         /* shape[0]; 1 for a single number */
    uint64_t row_items;                    /* product of the other dimensions */
    uint64_t data_offset;                  /* bytes from the start of the file */
    uint64_t data_bytes;                   /* rows * row_items * item_bytes */
};

/* Name of a type as NumPy spells it ("uint8", "float32"...), and its bytes. Asserts that the type exists. */
const char *nt_npy_type_name(enum nt_npy_type type);
uint32_t nt_npy_type_bytes(enum nt_npy_type type);

/* Offset of the data from the first NT_NPY_PREFIX_BYTES bytes of a file: magic, version, header length.
 *
 * name   in   what to call the file in errors
 *
 * Returns NT_OK; NT_E_FORMAT (magic, truncated, oversized) or NT_E_VERSION; *offset is then 0. */
enum nt_status nt_npy_data_offset(uint64_t *offset, const void *bytes, size_t size, const char *name,
                                  struct nt_error *error);

/* Parses a header from memory. The data need not follow: they are not looked at.
 *
 * header  out  zeroed on failure
 * bytes   in   [size] the file from its first byte, at least up to the data
 * name    in   what to call the file in errors
 *
 * Returns NT_OK; NT_E_FORMAT (magic, truncated, malformed, Fortran order, big-endian, a type that is not read here),
 * NT_E_VERSION, or NT_E_SHAPE (more than NT_NPY_MAX_DIMENSIONS, or a size that overflows). */
enum nt_status nt_npy_parse(struct nt_npy_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error);

/* Writes a header of version 1.0, padded so that the data start at a multiple of 64.
 *
 * bytes   out  [NT_NPY_WRITTEN_HEADER_BYTES]; *size of them are the header
 * shape   in   [dimensions]
 *
 * Returns NT_OK; NT_E_ARG for an unknown type, more than NT_NPY_MAX_DIMENSIONS or a size that overflows. */
enum { NT_NPY_WRITTEN_HEADER_BYTES = 512 };
enum nt_status nt_npy_format(void *bytes, size_t *size, enum nt_npy_type type, const uint64_t *shape,
                             uint32_t dimensions);

/* Converts items to float32. Integers beyond 2^24 and float64 round to nearest; NaN and infinities pass.
 *
 * out  out [count]
 * in   in  [count] items of `type`, in the file's bytes; need not be aligned
 */
void nt_npy_to_float(float *out, const void *in, enum nt_npy_type type, size_t count);

/* One item of an integer type: exact up to 2^53, beyond to the nearest; the sign is right always. item need not be
 * aligned. Asserts that the type is an integer. */
double nt_npy_to_number(const void *item, enum nt_npy_type type);

/* ---- Files ---- */

typedef struct nt_npy_reader nt_npy_reader;

/* Opens a file and checks that its size is exactly what its header says.
 *
 * reader  out  to be closed with nt_npy_close; NULL on failure
 *
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY, NT_E_DAMAGED (truncated, or bytes left over), or what nt_npy_parse returns. */
enum nt_status nt_npy_open(nt_npy_reader **reader, const char *path, const struct nt_allocator *allocator,
                           struct nt_error *error);
void nt_npy_close(nt_npy_reader *reader);

/* Borrowed, valid until the reader is closed. */
const struct nt_npy_header *nt_npy_reader_header(const nt_npy_reader *reader);

/* Reads rows as they are in the file.
 *
 * out   out [rows, row_items] items of the file's type; undefined on failure
 * row   in  first row
 *
 * Returns NT_OK; NT_E_ARG when row + rows exceeds the file's; NT_E_IO. Not thread-safe on one reader. */
enum nt_status nt_npy_read(void *out, nt_npy_reader *reader, uint64_t row, uint64_t rows, struct nt_error *error);

typedef struct nt_npy_writer nt_npy_writer;

/* Starts a file: everything goes to PATH.tmp until nt_npy_commit renames it, so that PATH never holds half an array.
 *
 * writer  out  to be ended with nt_npy_commit or nt_npy_abandon; NULL on failure
 * shape   in   [dimensions]
 *
 * Returns NT_OK, NT_E_ARG, NT_E_MEMORY or NT_E_IO. */
enum nt_status nt_npy_create(nt_npy_writer **writer, const char *path, enum nt_npy_type type, const uint64_t *shape,
                             uint32_t dimensions, const struct nt_allocator *allocator, struct nt_error *error);

/* Appends `items` items of the type given to nt_npy_create. Returns NT_OK, NT_E_ARG beyond the shape, or NT_E_IO. */
enum nt_status nt_npy_append(nt_npy_writer *writer, const void *items, uint64_t count, struct nt_error *error);

/* Ends a file: flushes, checks that all items came, renames. The writer is freed in any case, and on failure the
 * temporary file removed. Returns NT_OK, NT_E_ARG when items are missing, or NT_E_IO (a full disk, say). */
enum nt_status nt_npy_commit(nt_npy_writer *writer, struct nt_error *error);

/* Gives a file up and removes its temporary. NULL is fine. */
void nt_npy_abandon(nt_npy_writer *writer);

/* Writes a whole array: create, append, commit. */
enum nt_status nt_npy_write(const char *path, const void *items, enum nt_npy_type type, const uint64_t *shape,
                            uint32_t dimensions, const struct nt_allocator *allocator, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
