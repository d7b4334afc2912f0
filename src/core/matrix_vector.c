#include "core/matrix_vector.h"

#include <float.h>
#include <math.h>

enum { SUMS = 16 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Adds the product of a strip to the sums. Compilers make vectors of the inner loops, whatever the target: no sum
 * depends on another. */
static void add_strip(float sum[SUMS], const int8_t *a, float unit, const float *x, size_t columns) {
    float own[SUMS] = {0};
    size_t i = 0;
    for (; i + SUMS <= columns; i += SUMS) {
        for (size_t j = 0; j < SUMS; j++) {
            own[j] += (float)a[i + j] * x[i + j];
        }
    }
    for (size_t j = 0; i + j < columns; j++) {
        own[j] += (float)a[i + j] * x[i + j];
    }
    for (size_t j = 0; j < SUMS; j++) {
        sum[j] += unit * own[j];
    }
}

static float dot(const int8_t *a, const float *unit, const float *x, size_t columns) {
    float sum[SUMS] = {0};
    for (size_t at = 0; at < columns; at += NT_MATRIX_STRIP) {
        add_strip(sum, a + at, unit[at / NT_MATRIX_STRIP], x + at, least(NT_MATRIX_STRIP, columns - at));
    }
    for (size_t half = SUMS / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; j++) {
            sum[j] += sum[j + half];
        }
    }
    return sum[0];
}

void nt_matrix_vector(float *y, const int8_t *a, const float *unit, const float *x, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        y[r] = dot(a + r * columns, unit + r * nt_matrix_strips(columns), x, columns);
    }
}

static float round_strip(int8_t *a, const float *exact, size_t columns) {
    float most = 0;
    for (size_t i = 0; i < columns; i++) {
        most = fabsf(exact[i]) > most ? fabsf(exact[i]) : most;
    }
    float unit = most >= FLT_MIN * INT8_MAX ? most / INT8_MAX : 1;
    for (size_t i = 0; i < columns; i++) {
        a[i] = (int8_t)rintf(exact[i] / unit);
    }
    return unit;
}

void nt_matrix_round(int8_t *a, float *unit, const float *exact, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t at = 0; at < columns; at += NT_MATRIX_STRIP) {
            *unit++ = round_strip(a + r * columns + at, exact + r * columns + at, least(NT_MATRIX_STRIP, columns - at));
        }
    }
}
