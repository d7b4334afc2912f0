/* Norms of vectors. */
#ifndef NTRACE_CORE_NORM_H
#define NTRACE_CORE_NORM_H

#include <stddef.h>

/* In eight interleaved sums, none of which waits for another; the same on every target. */
static inline double nt_squared_norm(const float *x, size_t count) {
    enum { SUMS = 8 };
    double sum[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= count; i += SUMS) {
        for (size_t j = 0; j < SUMS; j++) {
            sum[j] += (double)x[i + j] * (double)x[i + j];
        }
    }
    for (; i < count; i++) {
        sum[i % SUMS] += (double)x[i] * (double)x[i];
    }
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

#endif
