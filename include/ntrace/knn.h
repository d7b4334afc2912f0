/* Nearest neighbours: exact distances, and the selection of the k nearest by (distance, index). */
#ifndef NTRACE_KNN_H
#define NTRACE_KNN_H

#include <stddef.h>
#include <stdint.h>

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

#ifdef __cplusplus
}
#endif
#endif
