#include "core/matrix_vector.h"

#include <float.h>
#include <math.h>

enum { SUMS = 16 };

/* Compilers make vectors of the inner loops, whatever the target: no sum depends on another. */
static float dot(const int16_t *a, const float *x, size_t columns) {
    float sum[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= columns; i += SUMS) {
        for (size_t j = 0; j < SUMS; j++) {
            sum[j] += (float)a[i + j] * x[i + j];
        }
    }
    for (size_t j = 0; i + j < columns; j++) {
        sum[j] += (float)a[i + j] * x[i + j];
    }
    for (size_t half = SUMS / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            sum[j] += sum[j + half];
        }
    }
    return sum[0];
}

void nt_matrix_vector(float *y, const int16_t *a, const float *unit, const float *x, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        y[r] = unit[r] * dot(a + r * columns, x, columns);
    }
}

void nt_matrix_round(int16_t *a, float *unit, const float *exact, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = exact + r * columns;
        float most = 0;
        for (size_t i = 0; i < columns; i++) {
            most = fabsf(row[i]) > most ? fabsf(row[i]) : most;
        }
        unit[r] = most >= FLT_MIN * INT16_MAX ? most / INT16_MAX : 1;
        for (size_t i = 0; i < columns; i++) {
            a[r * columns + i] = (int16_t)rintf(row[i] / unit[r]);
        }
    }
}
