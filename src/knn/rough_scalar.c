#define NT_TARGET_SCALAR
#include "core/simd.h"
#include "knn/rough.h"

enum { ROWS = 2, LANES = 4 };
typedef struct {
    int32_t of[LANES];
} nt_rough_vector;

static inline nt_rough_vector zero(void) { return (nt_rough_vector){{0}}; }

static inline nt_rough_vector add_four(nt_rough_vector sum, int32_t a, const int8_t *right) {
    uint8_t left[4];
    memcpy(left, &a, sizeof left);
    for (uint32_t i = 0; i < LANES; i++, right += 4) {
        sum.of[i] += left[0] * right[0] + left[1] * right[1] + left[2] * right[2] + left[3] * right[3];
    }
    return sum;
}

static inline nt_rough_vector add(nt_rough_vector sum, int32_t a, int32_t b, const int8_t *right,
                                  const int8_t *further) {
    return add_four(add_four(sum, a, right), b, further);
}

static inline void sums(int32_t *product, nt_rough_vector sum, const int32_t *start) {
    for (uint32_t i = 0; i < LANES; i++) {
        product[i] = sum.of[i] + start[i];
    }
}

static inline int32_t dot(const uint8_t *raised, const int8_t *row, uint32_t stride) {
    int32_t sum = 0;
    for (uint32_t j = 0; j < stride; j++) {
        sum += raised[j] * row[j];
    }
    return sum;
}

static uint32_t within(const int32_t *product, const float *base, float unit, float reach) {
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 32; i++) {
        float scaled = unit * (float)product[i], gap = base[i] - scaled;
        mask |= (uint32_t)(gap <= reach) << i;
    }
    return mask;
}

#define NAME nt_rough_scalar
#include "knn/rough_kernels.h"
