/* Chunks: a 32-byte header and one zlib stream, the bytes that bundles are made of.
 *
 * Header, little-endian: magic "NTCK", version u16 (1), codec u16, layer u32, rows u32, columns u32, raw bytes u32,
 * CRC-32 of the zlib stream u32 (zlib's own Adler-32 lets some single-byte changes pass), CRC-32 of the 28 bytes before
 * it u32.
 *
 * Codec 1: the stream inflates to the raw bytes. Codec 2: to [columns, 2] bytes, then to the columns, one after the
 * other; of a column's two bytes the first says how many of its numbers are in a byte, 1, 2, 3, 4, 5 or 8 in base 256,
 * 16, 6, 4, 3 or 2, the earliest as the least significant digit, and the second is added to each, modulo 256. */
#ifndef NTRACE_CHUNK_H
#define NTRACE_CHUNK_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_CHUNK_HEADER_BYTES = 32, NT_CHUNK_MAX_BYTES = 16 << 20, NT_CHUNK_MAX_RAW_BYTES = 64 << 20 };

struct nt_chunk_header {
    uint32_t layer, rows, columns, raw_bytes;
};

/* Compresses a chunk.
 *
 * chunk   out  [*bytes] allocated here, to be released by the caller with the same allocator; NULL on failure
 * header        in   raw_bytes is the size of raw, at most NT_CHUNK_MAX_RAW_BYTES
 * column_bytes  in   raw is compressed column by column, each in the way that suits it; as one piece where this is
 *                    raw_bytes or more, and by codec 2 where it is header->rows, raw is all of header->columns, and
 *                    numbers of narrow columns gain by sharing bytes
 *
 * Returns NT_OK, NT_E_ARG if raw_bytes or the result is too large, or NT_E_MEMORY. */
enum nt_status nt_chunk_write(uint8_t **chunk, size_t *bytes, const struct nt_chunk_header *header, const void *raw,
                              size_t column_bytes, const struct nt_allocator *allocator);

/* The CRC-32 of its stream that a chunk's header gives. chunk [at least NT_CHUNK_HEADER_BYTES]. */
uint32_t nt_chunk_crc32(const uint8_t *chunk);

/* Checks a chunk's header. `name` stands in the error's text.
 * Returns NT_OK, NT_E_FORMAT, NT_E_VERSION or NT_E_DAMAGED. */
enum nt_status nt_chunk_header(struct nt_chunk_header *header, const uint8_t *chunk, size_t bytes, const char *name,
                               struct nt_error *error);

/* Inflates a chunk whose header nt_chunk_header has given: exactly raw_bytes, with nothing left over.
 *
 * raw  out  [header->raw_bytes]; undefined on failure
 * Returns NT_OK, NT_E_FORMAT where the header cannot be of such a chunk, NT_E_DAMAGED or NT_E_MEMORY. */
enum nt_status nt_chunk_read(void *raw, const struct nt_chunk_header *header, const uint8_t *chunk, size_t bytes,
                             const char *name, const struct nt_allocator *allocator, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
