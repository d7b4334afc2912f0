/* Whether numbers are numbers. */
#ifndef NTRACE_CORE_FINITE_H
#define NTRACE_CORE_FINITE_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "ntrace/knn.h"

/* By bits and without a way out of the loop, so that it is done in vectors. */
static inline bool nt_all_finite(const float *x, size_t count) {
    uint32_t most = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = nt_knn_key(fabsf(x[i]));
        most = bits > most ? bits : most;
    }
    return most <= nt_knn_key(FLT_MAX);
}

#endif
