/* Squared distances, always in 16 interleaved sums, then a tree. */
#include <stddef.h>

#include "knn/distance.h"

enum { SUMS = NT_DISTANCE_SUMS, VECTORS = SUMS / NT_LANES };

static inline float fold(float *lane) {
    for (size_t half = SUMS / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            lane[j] = lane[j] + lane[j + half];
        }
    }
    return lane[0];
}

/* Adds the squared differences of d coordinates to the sums in `lane`. */
static inline void add(float *lane, const float *a, const float *b, size_t d) {
    nt_vf sum[VECTORS];
    for (size_t v = 0; v < VECTORS; v++) {
        sum[v] = nt_vf_load(lane + v * NT_LANES);
    }
    size_t i = 0;
    for (; i + SUMS <= d; i += SUMS) {
        for (size_t v = 0; v < VECTORS; v++) {
            nt_vf gap = nt_vf_load(a + i + v * NT_LANES) - nt_vf_load(b + i + v * NT_LANES);
            sum[v] = sum[v] + gap * gap;
        }
    }
    for (size_t v = 0; v < VECTORS; v++) {
        nt_vf_store(lane + v * NT_LANES, sum[v]);
    }
    for (size_t j = 0; i + j < d; j++) {
        float gap = a[i + j] - b[i + j];
        lane[j] = lane[j] + gap * gap;
    }
}

static float squared(const float *a, const float *b, size_t d) {
    float lane[SUMS] = {0};
    add(lane, a, b, d);
    return fold(lane);
}

static void squared_pairs(float *square, float *sums, const struct nt_distance_pair *pair, size_t pairs,
                          struct nt_strips a, struct nt_strips b) {
    memset(sums, 0, pairs * SUMS * sizeof *sums);
    for (size_t from = 0; from < a.d; from += NT_DISTANCE_STRIP) {
        size_t width = nt_strip_width(from, a.d);
        const float *left = a.value + nt_strip_at(from, a.rows), *right = b.value + nt_strip_at(from, b.rows);
        for (size_t p = 0; p < pairs; p++) {
            add(sums + p * SUMS, left + pair[p].a * width, right + pair[p].b * width, width);
        }
    }
    for (size_t p = 0; p < pairs; p++) {
        square[p] = fold(sums + p * SUMS);
    }
}

const struct nt_distance_kernels NT_KERNEL(nt_distance_kernels) = {squared, squared_pairs};
