/* IDX files, the format of MNIST: unsigned bytes with up to four dimensions, gzipped or not.
 *
 * Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998: two bytes 0, a type (8: unsigned
 * byte), the number of dimensions, each dimension as a big-endian uint32, the items. Offsets in errors count bytes of
 * the inflated file. */
#ifndef NTRACE_IDX_H
#define NTRACE_IDX_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_IDX_MAX_DIMENSIONS = 4, NT_IDX_MAX_HEADER_BYTES = 4 + 4 * NT_IDX_MAX_DIMENSIONS };

struct nt_idx_header {
    uint32_t dimensions;                   /* 1 or more */
    uint32_t shape[NT_IDX_MAX_DIMENSIONS]; /* entries past `dimensions` are 1 */
    uint32_t rows;                         /* shape[0] */
    uint64_t row_bytes;                    /* product of the other dimensions */
    uint32_t data_offset;
};

/* Parses a header from memory; the items need not follow.
 *
 * header  out  zeroed on failure
 * name    in   what to call the file in errors
 *
 * Returns NT_OK, NT_E_FORMAT (magic, another type than bytes, truncated) or NT_E_SHAPE (no or too many dimensions). */
enum nt_status nt_idx_parse(struct nt_idx_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error);

typedef struct nt_idx_reader nt_idx_reader;

/* Opens a file, inflates it once where it is gzipped, and checks that it holds exactly what its header says.
 *
 * reader  out  to be closed with nt_idx_close; NULL on failure
 *
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY, NT_E_DAMAGED (truncated, bytes left over, a broken gzip stream) or what
 * nt_idx_parse returns. */
enum nt_status nt_idx_open(nt_idx_reader **reader, const char *path, const struct nt_allocator *allocator,
                           struct nt_error *error);
void nt_idx_close(nt_idx_reader *reader);

/* Borrowed, valid until the reader is closed. */
const struct nt_idx_header *nt_idx_reader_header(const nt_idx_reader *reader);

/* Reads rows: out [rows, row_bytes], undefined on failure. Going back in a gzipped file inflates it anew: ask for rows
 * in ascending order. Returns NT_OK; NT_E_ARG when row + rows exceeds the file's; NT_E_IO; NT_E_DAMAGED. */
enum nt_status nt_idx_read(void *out, nt_idx_reader *reader, uint32_t row, uint32_t rows, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
