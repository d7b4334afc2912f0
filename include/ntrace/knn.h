/* Nearest neighbours: exact distances, and the selection of the k nearest by (distance, index). */
#ifndef NTRACE_KNN_H
#define NTRACE_KNN_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Squared Euclidean distance of two activations [d], summed in 16 interleaved lanes and a fixed tree: the same bits on
 * every target. */
float nt_distance_squared(const float *a, const float *b, size_t d);

/* Sorts samples by (key, index).
 *
 * order    out  [n] sample numbers, nearest first
 * key      in   [n]
 * scratch       [n] uint32
 *
 * Radix sort, O(n). */
void nt_knn_order(uint32_t *order, const uint32_t *key, uint32_t n, uint32_t *scratch);

/* The m smallest keys, without `self`.
 *
 * index    out  [m] ascending by (key, index)
 * key      in   [n]
 * scratch       [2 n] uint32
 *
 * Needs 1 <= m < n. O(n + m log m). */
void nt_knn_select(uint32_t *index, const uint32_t *key, uint32_t n, uint32_t m, uint32_t self, uint32_t *scratch);

/* A float that is not negative as an integer that sorts alike. */
static inline uint32_t nt_knn_key(float distance) {
    union {
        float f;
        uint32_t u;
    } bits = {distance};
    return bits.u;
}

/* The float that has this key. */
static inline float nt_knn_value(uint32_t key) {
    union {
        uint32_t u;
        float f;
    } bits = {key};
    return bits.f;
}

/* ---- Rows of which the exact neighbours are asked, one query after the other. ---- */

typedef struct nt_knn_table nt_knn_table;

/* Makes rows ready to be searched: a copy in 8 bits, with what rounding changed of each row. A search reads the copy, a
 * quarter of the rows' bytes, and then only the rows that the copy cannot exclude.
 *
 * x  in  [n, d] finite, in any unit; borrowed until the table is freed
 *
 * Needs n >= 2 and 1 <= d <= 8,454,660. Takes about a byte a value. Returns NT_OK, NT_E_ARG, NT_E_MEMORY, or NT_E_VALUE
 * where a value is not finite; *table is NULL on failure. O(n d). */
enum nt_status nt_knn_table_create(nt_knn_table **table, const float *x, uint32_t n, size_t d,
                                   const struct nt_allocator *allocator);
void nt_knn_table_free(nt_knn_table *table); /* NULL is fine */

/* What the table takes besides the rows. */
size_t nt_knn_table_bytes(const nt_knn_table *table);

/* Exact k nearest rows of a query, by nt_distance_squared: the same bits and ties as when all rows are measured.
 *
 * index    out  [k] ascending by (distance, index)
 * square   out  [k] squared distances; may be NULL
 * query    in   [d] finite: a row, or any other values
 * self     in   a row that is left out, or UINT32_MAX
 * scratch       nt_knn_table_scratch bytes, aligned to 4
 *
 * Needs 1 <= k < n. Thread-safe for distinct outputs and scratch. O(n d), at worst with all rows measured. */
void nt_knn_table_search(uint32_t *index, float *square, const nt_knn_table *table, const float *query, uint32_t k,
                         uint32_t self, void *scratch);
size_t nt_knn_table_scratch(const nt_knn_table *table);

#ifdef __cplusplus
}
#endif
#endif
