#define NT_TARGET_SCALAR
#include "core/simd.h"
#include "knn/rough.h"

/* In vectors that compilers have for every machine: four rows of four values, their products in 16 bits. */
enum { ROWS = 2, LANES = 4 };
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef int8_t signed_bytes __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));
typedef int16_t halves __attribute__((vector_size(32)));
typedef int32_t pairs __attribute__((vector_size(32)));
typedef uint32_t unsigned_pairs __attribute__((vector_size(32)));

/* Of four rows, the sums of their first and second and of their third and fourth products. */
typedef struct {
    pairs of;
} nt_rough_vector;

static inline nt_rough_vector zero(void) { return (nt_rough_vector){{0}}; }

static inline void add_products(halves *sum, int32_t a, const int8_t *right) {
    signed_bytes all;
    memcpy(&all, right, sizeof all);
    *sum += __builtin_convertvector((bytes)(a - (words){0}), halves) * __builtin_convertvector(all, halves);
}

/* Two products of 127 * 63 fit into 16 bits; neighbours among them are added as halves of 32. */
static inline nt_rough_vector add(nt_rough_vector sum, int32_t a, int32_t b, const int8_t *right,
                                  const int8_t *further) {
    halves all = {0};
    add_products(&all, a, right);
    add_products(&all, b, further);
    pairs both = (pairs)all;
    sum.of += (both >> 16) + ((pairs)((unsigned_pairs)both << 16) >> 16);
    return sum;
}

static inline void sums(int32_t *product, nt_rough_vector sum, const int32_t *start) {
    for (uint32_t i = 0; i < LANES; i++) {
        product[i] = sum.of[2 * i] + sum.of[2 * i + 1] + start[i];
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
