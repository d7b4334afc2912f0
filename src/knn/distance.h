/* Distances of rows, one function of each kind per target. */
#ifndef NTRACE_KNN_DISTANCE_H
#define NTRACE_KNN_DISTANCE_H

#include <stddef.h>
#include <stdint.h>

enum { NT_DISTANCE_SUMS = 16, NT_DISTANCE_STRIP = 256 };

struct nt_distance_pair {
    uint32_t a, b; /* rows */
};

/* Rows as strips: the first NT_DISTANCE_STRIP coordinates of all rows, then the next, and so on; the last strip may be
 * narrower. Pairs of many rows are measured strip by strip: a strip stays in the cache, and in few pages, where whole
 * rows would be read from memory again for each pair. */
struct nt_strips {
    const float *value;
    size_t rows, d;
};

struct nt_distance_kernels {
    float (*squared)(const float *a, const float *b, size_t d);
    void (*squared_pairs)(float *square, float *sums, const struct nt_distance_pair *pair, size_t pairs,
                          struct nt_strips a, struct nt_strips b);
};

extern const struct nt_distance_kernels nt_distance_kernels_scalar, nt_distance_kernels_simd128,
    nt_distance_kernels_avx2, nt_distance_kernels_avx512;

/* Where row 0 of the strip that begins with coordinate `from` is, and how wide that strip is. */
static inline size_t nt_strip_at(size_t from, size_t rows) { return from * rows; }
static inline size_t nt_strip_width(size_t from, size_t d) {
    return d - from < NT_DISTANCE_STRIP ? d - from : NT_DISTANCE_STRIP;
}

/* Puts rows [count, d] among strips of `rows` rows, from row `first` on. */
void nt_strips_put(float *strips, size_t rows, size_t first, const float *row, size_t count, size_t d);

/* nt_distance_squared of many pairs.
 *
 * square  out  [pairs]
 * sums         [pairs, NT_DISTANCE_SUMS] room
 * pair    in   [pairs] rows of a and of b; pairs with the same a next to each other */
void nt_distance_of_pairs(float *square, float *sums, const struct nt_distance_pair *pair, size_t pairs,
                          struct nt_strips a, struct nt_strips b);

#endif
