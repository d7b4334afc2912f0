#include "ntrace/chunk.h"

#include <string.h>
#include <zlib.h>

enum { VERSION = 1, CODEC_ZLIB = 1 };

static void put(uint8_t *at, uint32_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint32_t get(const uint8_t *at, unsigned bytes) {
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint32_t)at[i] << (8 * i);
    }
    return value;
}

static voidpf zlib_allocate(voidpf opaque, uInt items, uInt size) { return nt_allocate(opaque, items, size); }
static void zlib_release(voidpf opaque, voidpf pointer) { nt_release(opaque, pointer); }

static z_stream stream_with(const struct nt_allocator *allocator) {
    /* zlib's opaque pointer is not const, but it is only handed back to the two functions above. */
    union {
        const struct nt_allocator *from;
        void *to;
    } opaque = {allocator};
    return (z_stream){.zalloc = zlib_allocate, .zfree = zlib_release, .opaque = opaque.to};
}

static uint32_t header_crc(const uint8_t *chunk) { return (uint32_t)crc32(0, chunk, NT_CHUNK_HEADER_BYTES - 4); }

static uint32_t stream_crc(const uint8_t *chunk, size_t bytes) {
    return (uint32_t)crc32(0, chunk + NT_CHUNK_HEADER_BYTES, (uInt)(bytes - NT_CHUNK_HEADER_BYTES));
}

static void put_header(uint8_t *chunk, size_t bytes, const struct nt_chunk_header *header) {
    memcpy(chunk, "NTCK", 4);
    put(chunk + 4, VERSION, 2);
    put(chunk + 6, CODEC_ZLIB, 2);
    put(chunk + 8, header->layer, 4);
    put(chunk + 12, header->rows, 4);
    put(chunk + 16, header->columns, 4);
    put(chunk + 20, header->raw_bytes, 4);
    put(chunk + 24, stream_crc(chunk, bytes), 4);
    put(chunk + 28, header_crc(chunk), 4);
}

/* Columns that are mostly one value are runs, which deflate's matches shorten; the others are noise, for which Huffman
 * codes alone do better. */
static int strategy_of(const uint8_t *column, size_t bytes) {
    size_t count[256] = {0}, most = 0;
    for (size_t i = 0; i < bytes; i++) {
        most = ++count[column[i]] > most ? count[column[i]] : most;
    }
    return 4 * most < 3 * bytes ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
}

/* Each column ends a block, so that each has a Huffman table of its own. */
static int deflate_columns(z_stream *stream, const uint8_t *raw, size_t raw_bytes, size_t column_bytes) {
    int result = Z_OK;
    for (size_t at = 0; result == Z_OK && at < raw_bytes; at += column_bytes) {
        size_t bytes = raw_bytes - at < column_bytes ? raw_bytes - at : column_bytes;
        if (column_bytes < raw_bytes) {
            result = deflateParams(stream, 9, strategy_of(raw + at, bytes));
        }
        union {
            const uint8_t *from;
            Bytef *to;
        } input = {raw + at};
        stream->next_in = input.to;
        stream->avail_in = (uInt)bytes;
        result = result == Z_OK ? deflate(stream, Z_BLOCK) : result;
    }
    return result == Z_OK ? deflate(stream, Z_FINISH) : result;
}

enum nt_status nt_chunk_write(uint8_t **chunk, size_t *bytes, const struct nt_chunk_header *header, const void *raw,
                              size_t column_bytes, const struct nt_allocator *allocator) {
    *chunk = NULL;
    *bytes = 0;
    if (header->raw_bytes > NT_CHUNK_MAX_RAW_BYTES || column_bytes == 0) {
        return NT_E_ARG;
    }
    z_stream stream = stream_with(allocator);
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        return NT_E_MEMORY;
    }
    size_t columns = header->raw_bytes / column_bytes + 1;
    size_t bound = deflateBound(&stream, header->raw_bytes) + header->raw_bytes / 8 + 512 * columns;
    uint8_t *out = nt_allocate(allocator, NT_CHUNK_HEADER_BYTES + bound, 1);
    if (out == NULL) {
        (void)deflateEnd(&stream);
        return NT_E_MEMORY;
    }
    stream.next_out = out + NT_CHUNK_HEADER_BYTES;
    stream.avail_out = (uInt)bound;
    int result = deflate_columns(&stream, raw, header->raw_bytes, column_bytes);
    size_t total = NT_CHUNK_HEADER_BYTES + stream.total_out;
    (void)deflateEnd(&stream);
    if (result != Z_STREAM_END || total > NT_CHUNK_MAX_BYTES) {
        nt_release(allocator, out);
        return NT_E_ARG;
    }
    put_header(out, total, header);
    *chunk = out;
    *bytes = total;
    return NT_OK;
}

uint32_t nt_chunk_crc32(const uint8_t *chunk) { return get(chunk + 24, 4); }

enum nt_status nt_chunk_header(struct nt_chunk_header *header, const uint8_t *chunk, size_t bytes, const char *name,
                               struct nt_error *error) {
    if (bytes < NT_CHUNK_HEADER_BYTES || memcmp(chunk, "NTCK", 4) != 0) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: not a chunk: expected a 32-byte header that starts with NTCK, found %zu bytes", name,
                            bytes);
    }
    if (get(chunk + 28, 4) != header_crc(chunk)) {
        return nt_error_set(error, NT_E_DAMAGED, "%s: header damaged: its CRC-32 should be %08x and is %08x", name,
                            (unsigned)get(chunk + 28, 4), (unsigned)header_crc(chunk));
    }
    if (get(chunk + 4, 2) != VERSION || get(chunk + 6, 2) != CODEC_ZLIB) {
        return nt_error_set(error, NT_E_VERSION,
                            "%s: chunk version %u, codec %u; this program reads version 1, codec 1", name,
                            (unsigned)get(chunk + 4, 2), (unsigned)get(chunk + 6, 2));
    }
    *header = (struct nt_chunk_header){get(chunk + 8, 4), get(chunk + 12, 4), get(chunk + 16, 4), get(chunk + 20, 4)};
    if (header->raw_bytes > NT_CHUNK_MAX_RAW_BYTES || bytes > NT_CHUNK_MAX_BYTES) {
        return nt_error_set(error, NT_E_FORMAT, "%s: too large: %zu bytes holding %u", name, bytes,
                            (unsigned)header->raw_bytes);
    }
    return NT_OK;
}

enum nt_status nt_chunk_read(void *raw, const struct nt_chunk_header *header, const uint8_t *chunk, size_t bytes,
                             const char *name, const struct nt_allocator *allocator, struct nt_error *error) {
    if (get(chunk + 24, 4) != stream_crc(chunk, bytes)) {
        return nt_error_set(error, NT_E_DAMAGED, "%s: damaged: the CRC-32 of its stream should be %08x and is %08x",
                            name, (unsigned)get(chunk + 24, 4), (unsigned)stream_crc(chunk, bytes));
    }
    z_stream stream = stream_with(allocator);
    uint8_t nothing;
    if (inflateInit(&stream) != Z_OK) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory to inflate", name);
    }
    union {
        const uint8_t *from;
        Bytef *to;
    } input = {chunk + NT_CHUNK_HEADER_BYTES};
    stream.next_in = input.to;
    stream.avail_in = (uInt)(bytes - NT_CHUNK_HEADER_BYTES);
    stream.next_out = header->raw_bytes > 0 ? raw : &nothing;
    stream.avail_out = header->raw_bytes;
    int result = inflate(&stream, Z_FINISH);
    uLong inflated = stream.total_out;
    uInt left = stream.avail_in;
    (void)inflateEnd(&stream);
    if (result == Z_MEM_ERROR) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory to inflate", name);
    }
    if (result != Z_STREAM_END || inflated != header->raw_bytes || left != 0) {
        return nt_error_set(error, NT_E_DAMAGED,
                            "%s: damaged: expected to inflate to %u bytes with none left over, found %lu with %u over",
                            name, (unsigned)header->raw_bytes, inflated, left);
    }
    return NT_OK;
}
