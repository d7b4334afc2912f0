/* Squared distances, always in 16 interleaved sums, then a tree. */
#include <stddef.h>

#include "knn/distance.h"

enum { SUMS = 16, VECTORS = SUMS / NT_LANES };

float NT_KERNEL(nt_distance)(const float *a, const float *b, size_t d) {
    nt_vf sum[VECTORS];
    float lane[SUMS];
    for (size_t v = 0; v < VECTORS; v++) {
        sum[v] = nt_vf_splat(0);
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
    for (size_t half = SUMS / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            lane[j] = lane[j] + lane[j + half];
        }
    }
    return lane[0];
}
