/* Rows of one size in a file, for what is decoded once and read many times, in any order. */
#ifndef NTRACE_SPOOL_H
#define NTRACE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nt_spool nt_spool;

/* Starts a file: rows go to PATH.tmp until nt_spool_finish.
 *
 * spool  out  to be closed with nt_spool_close; NULL on failure
 *
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY. */
enum nt_status nt_spool_create(nt_spool **spool, const char *path, size_t row_bytes, uint32_t rows,
                               const struct nt_allocator *allocator, struct nt_error *error);

/* Writes one row, in any order. Returns NT_OK, NT_E_ARG (a row out of range) or NT_E_IO (a full disk, say). */
enum nt_status nt_spool_put(nt_spool *spool, uint32_t row, const void *bytes, struct nt_error *error);

/* Gives the file its name once all rows are there. Returns NT_OK or NT_E_IO. */
enum nt_status nt_spool_finish(nt_spool *spool, struct nt_error *error);

/* Reads rows: out [count, row_bytes]; those that follow one another at once; also before the file has
 * its name. Returns NT_OK, NT_E_ARG, NT_E_IO. */
enum nt_status nt_spool_read(nt_spool *spool, void *out, const uint32_t *row, uint32_t count, struct nt_error *error);

/* Closes a file; one that was not finished is removed. NULL is fine. */
void nt_spool_close(nt_spool *spool);

#ifdef __cplusplus
}
#endif
#endif
