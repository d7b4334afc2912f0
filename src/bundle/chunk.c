#include "ntrace/chunk.h"

#include <string.h>
#include <zlib.h>

#include "bundle/columns.h"

enum { VERSION = 1, CODEC_PLAIN = 1, CODEC_JOINED = 2 };

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

static void put_header(uint8_t *chunk, size_t bytes, const struct nt_chunk_header *header, uint32_t codec) {
    memcpy(chunk, "NTCK", 4);
    put(chunk + 4, VERSION, 2);
    put(chunk + 6, codec, 2);
    put(chunk + 8, header->layer, 4);
    put(chunk + 12, header->rows, 4);
    put(chunk + 16, header->columns, 4);
    put(chunk + 20, header->raw_bytes, 4);
    put(chunk + 24, stream_crc(chunk, bytes), 4);
    put(chunk + 28, header_crc(chunk), 4);
}

/* zlib's input pointer is not const, but it only reads from it. */
static void feed(z_stream *stream, const uint8_t *bytes, size_t count) {
    union {
        const uint8_t *from;
        Bytef *to;
    } input = {bytes};
    stream->next_in = input.to;
    stream->avail_in = (uInt)count;
}

/* Columns that are mostly one value are runs, which deflate's matches shorten; the others are noise, for which Huffman
 * codes alone do better. */
static int strategy_of(const uint8_t *column, size_t bytes) {
    size_t count[256] = {0}, most = 0;
    for (size_t i = 0; i < bytes; i++) {
        most = ++count[column[i]] > most ? count[column[i]] : most;
    }
    return 8 * most < 7 * bytes ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
}

/* Each column ends a block, so that each has a Huffman table of its own. */
static int deflate_column(z_stream *stream, const uint8_t *column, size_t bytes) {
    stream->avail_in = 0;
    int result = deflateParams(stream, 9, strategy_of(column, bytes));
    feed(stream, column, bytes);
    return result == Z_OK ? deflate(stream, Z_BLOCK) : result;
}

static int deflate_plain(z_stream *stream, const uint8_t *raw, size_t raw_bytes, size_t column_bytes) {
    int result = Z_OK;
    if (column_bytes >= raw_bytes) {
        feed(stream, raw, raw_bytes);
        return result;
    }
    for (size_t at = 0; result == Z_OK && at < raw_bytes; at += column_bytes) {
        result = deflate_column(stream, raw + at, raw_bytes - at < column_bytes ? raw_bytes - at : column_bytes);
    }
    return result;
}

/* room [2 columns + rows]: how each column is joined, then one of them. */
static int deflate_joined(z_stream *stream, const uint8_t *raw, size_t rows, size_t columns, uint8_t *room) {
    uint8_t *joined = room + 2 * columns;
    int result = deflate_column(stream, room, 2 * columns);
    for (size_t j = 0; result == Z_OK && j < columns; j++) {
        struct nt_column how = {room[2 * j], room[2 * j + 1]};
        nt_column_join(joined, raw + j * rows, rows, how);
        result = deflate_column(stream, joined, nt_column_bytes(how, rows));
    }
    return result;
}

/* Whether joining makes any column smaller; how [columns, 2]. */
static bool plan_columns(uint8_t *how, const uint8_t *raw, size_t rows, size_t columns) {
    bool any = false;
    for (size_t j = 0; j < columns; j++) {
        struct nt_column column = nt_column_plan(raw + j * rows, rows);
        how[2 * j] = column.join;
        how[2 * j + 1] = column.low;
        any = any || column.join > 1;
    }
    return any;
}

static bool is_table(const struct nt_chunk_header *header) {
    return header->rows > 0 && header->columns > 0 && (uint64_t)header->rows * header->columns == header->raw_bytes;
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
    size_t columns = header->raw_bytes / column_bytes + 1, rows = header->rows;
    bool table = is_table(header) && column_bytes == rows && header->columns > 1;
    size_t bound = deflateBound(&stream, header->raw_bytes) + header->raw_bytes / 8 + 512 * columns;
    uint8_t *out = nt_allocate(allocator, NT_CHUNK_HEADER_BYTES + bound, 1);
    uint8_t *room = table ? nt_allocate(allocator, 2 * (size_t)header->columns + rows, 1) : NULL;
    if (out == NULL || (table && room == NULL)) {
        (void)deflateEnd(&stream);
        nt_release(allocator, out);
        nt_release(allocator, room);
        return NT_E_MEMORY;
    }
    stream.next_out = out + NT_CHUNK_HEADER_BYTES;
    stream.avail_out = (uInt)bound;
    bool joined = table && plan_columns(room, raw, rows, header->columns);
    int result = joined ? deflate_joined(&stream, raw, rows, header->columns, room)
                        : deflate_plain(&stream, raw, header->raw_bytes, column_bytes);
    result = result == Z_OK ? deflate(&stream, Z_FINISH) : result;
    size_t total = NT_CHUNK_HEADER_BYTES + stream.total_out;
    (void)deflateEnd(&stream);
    nt_release(allocator, room);
    if (result != Z_STREAM_END || total > NT_CHUNK_MAX_BYTES) {
        nt_release(allocator, out);
        return NT_E_ARG;
    }
    put_header(out, total, header, joined ? CODEC_JOINED : CODEC_PLAIN);
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
    uint32_t codec = get(chunk + 6, 2);
    if (get(chunk + 4, 2) != VERSION || codec < CODEC_PLAIN || codec > CODEC_JOINED) {
        return nt_error_set(error, NT_E_VERSION,
                            "%s: chunk version %u, codec %u; this program reads version 1, codecs 1 and 2", name,
                            (unsigned)get(chunk + 4, 2), (unsigned)codec);
    }
    *header = (struct nt_chunk_header){get(chunk + 8, 4), get(chunk + 12, 4), get(chunk + 16, 4), get(chunk + 20, 4)};
    if (header->raw_bytes > NT_CHUNK_MAX_RAW_BYTES || bytes > NT_CHUNK_MAX_BYTES) {
        return nt_error_set(error, NT_E_FORMAT, "%s: too large: %zu bytes holding %u", name, bytes,
                            (unsigned)header->raw_bytes);
    }
    return NT_OK;
}

/* Inflates so many bytes: Z_OK, or what is wrong. */
static int inflate_exactly(z_stream *stream, uint8_t *out, size_t bytes, int flush) {
    uint8_t nothing;
    stream->next_out = bytes > 0 ? out : &nothing;
    stream->avail_out = (uInt)bytes;
    int result = inflate(stream, flush);
    bool whole = stream->avail_out == 0 && (result == Z_STREAM_END || (result == Z_OK && flush != Z_FINISH));
    return whole ? Z_OK : result == Z_MEM_ERROR ? Z_MEM_ERROR : Z_DATA_ERROR;
}

/* room [2 columns + rows], as when it was written. */
static int inflate_joined(z_stream *stream, uint8_t *raw, const struct nt_chunk_header *header, uint8_t *room) {
    size_t rows = header->rows, columns = header->columns;
    uint8_t *joined = room + 2 * columns;
    int result = inflate_exactly(stream, room, 2 * columns, Z_SYNC_FLUSH);
    for (size_t j = 0; result == Z_OK && j < columns; j++) {
        struct nt_column how = {room[2 * j], room[2 * j + 1]};
        size_t bytes = nt_column_bytes(how, rows);
        result = bytes > 0 ? inflate_exactly(stream, joined, bytes, Z_SYNC_FLUSH) : Z_DATA_ERROR;
        if (result == Z_OK && !nt_column_split(raw + j * rows, joined, rows, how)) {
            result = Z_DATA_ERROR;
        }
    }
    return result == Z_OK ? inflate_exactly(stream, NULL, 0, Z_FINISH) : result;
}

enum nt_status nt_chunk_read(void *raw, const struct nt_chunk_header *header, const uint8_t *chunk, size_t bytes,
                             const char *name, const struct nt_allocator *allocator, struct nt_error *error) {
    if (get(chunk + 24, 4) != stream_crc(chunk, bytes)) {
        return nt_error_set(error, NT_E_DAMAGED, "%s: damaged: the CRC-32 of its stream should be %08x and is %08x",
                            name, (unsigned)get(chunk + 24, 4), (unsigned)stream_crc(chunk, bytes));
    }
    bool joined = get(chunk + 6, 2) == CODEC_JOINED;
    if (joined && !is_table(header)) {
        return nt_error_set(error, NT_E_FORMAT, "%s: expected %u rows of %u columns, found %u bytes", name,
                            (unsigned)header->rows, (unsigned)header->columns, (unsigned)header->raw_bytes);
    }
    uint8_t *room = joined ? nt_allocate(allocator, 2 * (size_t)header->columns + header->rows, 1) : NULL;
    z_stream stream = stream_with(allocator);
    if ((joined && room == NULL) || inflateInit(&stream) != Z_OK) {
        nt_release(allocator, room);
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory to inflate", name);
    }
    feed(&stream, chunk + NT_CHUNK_HEADER_BYTES, bytes - NT_CHUNK_HEADER_BYTES);
    int result = joined ? inflate_joined(&stream, raw, header, room)
                        : inflate_exactly(&stream, raw, header->raw_bytes, Z_FINISH);
    uLong inflated = stream.total_out;
    uInt left = stream.avail_in;
    (void)inflateEnd(&stream);
    nt_release(allocator, room);
    if (result == Z_MEM_ERROR) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory to inflate", name);
    }
    if (result != Z_OK || left != 0) {
        return nt_error_set(
            error, NT_E_DAMAGED, "%s: damaged: expected %s%u bytes with none left over, found %lu with %u over", name,
            joined ? "columns that make " : "to inflate to ", (unsigned)header->raw_bytes, inflated, left);
    }
    return NT_OK;
}
