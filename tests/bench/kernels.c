/* What benchmarks and tests call beside the engine's exports, linked to the engine as it is shipped: a scan of rows
 * that are in memory, a search of a table of them, their exact graph, a stream inflated, and a chunk read. */
#include <stdbool.h>
#include <string.h>

#include <zlib.h>

#include "ntrace/chunk.h"
#include "ntrace/graph.h"
#include "ntrace/knn.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

void EXPORT(nt_bench_scan)(uint32_t *index, const float *x, uint32_t n, uint32_t d, uint32_t self, uint32_t k,
                           uint32_t *room);
enum nt_status EXPORT(nt_bench_table)(nt_knn_table **table, const float *x, uint32_t n, uint32_t d);
void EXPORT(nt_bench_table_free)(nt_knn_table *table);
size_t EXPORT(nt_bench_table_bytes)(const nt_knn_table *table);
size_t EXPORT(nt_bench_table_scratch)(const nt_knn_table *table);
void EXPORT(nt_bench_table_search)(uint32_t *index, float *square, const nt_knn_table *table, const float *query,
                                   uint32_t k, uint32_t self, void *scratch);
enum nt_status EXPORT(nt_bench_graph)(nt_graph_search **search, const float *x, uint32_t n, uint32_t d, uint32_t k,
                                      size_t room, struct nt_error *error);
uint32_t EXPORT(nt_bench_inflate)(uint8_t *out, uint32_t room, uint8_t *stream, uint32_t bytes);
enum nt_status EXPORT(nt_bench_chunk)(uint8_t *raw, const uint8_t *chunk, size_t bytes, struct nt_error *error);

/* The k nearest of row `self` of x [n, d]; room [3 n]. */
void nt_bench_scan(uint32_t *index, const float *x, uint32_t n, uint32_t d, uint32_t self, uint32_t k, uint32_t *room) {
    const float *own = x + (size_t)self * d;
    for (uint32_t i = 0; i < n; i++) {
        room[i] = nt_knn_key(nt_distance_squared(own, x + (size_t)i * d, d));
    }
    nt_knn_select(index, room, n, k, self, room + n);
}

enum nt_status nt_bench_table(nt_knn_table **table, const float *x, uint32_t n, uint32_t d) {
    return nt_knn_table_create(table, x, n, d, nt_allocator_default());
}

void nt_bench_table_free(nt_knn_table *table) { nt_knn_table_free(table); }
size_t nt_bench_table_bytes(const nt_knn_table *table) { return nt_knn_table_bytes(table); }
size_t nt_bench_table_scratch(const nt_knn_table *table) { return nt_knn_table_scratch(table); }

void nt_bench_table_search(uint32_t *index, float *square, const nt_knn_table *table, const float *query, uint32_t k,
                           uint32_t self, void *scratch) {
    nt_knn_table_search(index, square, table, query, k, self, scratch);
}

struct table {
    const float *x;
    size_t d;
};

static enum nt_status read_rows(void *context, float *out, const uint32_t *sample, uint32_t count,
                                struct nt_error *error) {
    const struct table *table = context;
    (void)error;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + i * table->d, table->x + sample[i] * table->d, table->d * sizeof *out);
    }
    return NT_OK;
}

static void release_rows(void *context) { nt_release(nt_allocator_default(), context); }

/* The search for the k nearest of all rows of x [n, d], which stays the caller's. */
enum nt_status nt_bench_graph(nt_graph_search **search, const float *x, uint32_t n, uint32_t d, uint32_t k, size_t room,
                              struct nt_error *error) {
    struct table *table = nt_allocate(nt_allocator_default(), 1, sizeof *table);
    if (table == NULL) {
        return NT_E_MEMORY;
    }
    *table = (struct table){x, d};
    struct nt_rows rows = {n, {d, 1, 1}, read_rows, release_rows, table};
    return nt_graph_search_create(search, &rows, k, room, nt_allocator_default(), error);
}

/* Returns how many bytes came out; 0 where the stream is damaged. */
uint32_t nt_bench_inflate(uint8_t *out, uint32_t room, uint8_t *stream, uint32_t bytes) {
    z_stream z = {.next_in = stream, .avail_in = bytes, .next_out = out, .avail_out = room};
    if (inflateInit(&z) != Z_OK) {
        return 0;
    }
    bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END;
    (void)inflateEnd(&z);
    return whole ? (uint32_t)z.total_out : 0;
}

/* raw has room for what the chunk's header says. */
enum nt_status nt_bench_chunk(uint8_t *raw, const uint8_t *chunk, size_t bytes, struct nt_error *error) {
    struct nt_chunk_header header;
    NT_TRY(nt_chunk_header(&header, chunk, bytes, "chunk", error));
    return nt_chunk_read(raw, &header, chunk, bytes, "chunk", nt_allocator_default(), error);
}
