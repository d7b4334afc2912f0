#include "knn/rough.h"

#include <math.h>
#include <string.h>

#include "core/target.h"

enum { TOGETHER = 4, RAISED = NT_ROUGH_MOST + 1 };

static const struct nt_rough_kernel *kernel(void) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return &nt_rough_simd128;
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return &nt_rough_avx2;
    case NT_AVX512:
        return __builtin_cpu_supports("avx512vnni") ? &nt_rough_vnni : &nt_rough_avx512;
#endif
    default:
        return &nt_rough_scalar;
    }
}

int32_t nt_rough_round(int8_t *out, const float *value, uint32_t count, float step) {
    const float most = NT_ROUGH_MOST, inverse = 1 / step;
    int32_t sum = 0;
    for (uint32_t j = 0; j < count; j++) {
        float whole = rintf(value[j] * inverse);
        whole = whole > -most ? whole : -most;
        whole = whole < most ? whole : most;
        out[j] = (int8_t)whole;
        sum += out[j];
    }
    memset(out + count, 0, (NT_ROUGH_ALIGN - count % NT_ROUGH_ALIGN) % NT_ROUGH_ALIGN);
    return -RAISED * sum;
}

void nt_rough_raise(uint8_t *raised, const int8_t *row, uint32_t stride) {
    for (uint32_t j = 0; j < stride; j++) {
        raised[j] = (uint8_t)(row[j] + RAISED);
    }
}

void nt_rough_pack_left(uint8_t *left, const int8_t *row, const uint32_t *which, uint32_t count, uint32_t stride,
                        uint32_t depth) {
    for (uint32_t first = 0; first < count; first += NT_ROUGH_LEFT, left += (size_t)NT_ROUGH_LEFT * depth) {
        memset(left, 0, (size_t)NT_ROUGH_LEFT * depth);
        for (uint32_t i = first; i < count && i < first + NT_ROUGH_LEFT; i++) {
            const int8_t *from = row + (size_t)(which != NULL ? which[i] : i) * stride;
            uint8_t *to = left + (size_t)(i - first) * TOGETHER;
            for (uint32_t at = 0; at < depth; at += TOGETHER, to += NT_ROUGH_LEFT * TOGETHER) {
                nt_rough_raise(to, from + at, TOGETHER);
            }
        }
    }
}

void nt_rough_pack_right(int8_t *right, int32_t *start, const int8_t *row, const uint32_t *which, uint32_t count,
                         uint32_t stride, uint32_t depth) {
    for (uint32_t first = 0; first < count; first += NT_ROUGH_RIGHT, right += (size_t)NT_ROUGH_RIGHT * depth) {
        memset(start + first, 0, NT_ROUGH_RIGHT * sizeof *start);
        if (count - first < NT_ROUGH_RIGHT) {
            memset(right, 0, (size_t)NT_ROUGH_RIGHT * depth);
        }
        for (uint32_t i = first; i < count && i < first + NT_ROUGH_RIGHT; i++) {
            const int8_t *from = row + (size_t)(which != NULL ? which[i] : i) * stride;
            int8_t *to = right + (size_t)(i - first) * TOGETHER;
            int32_t sum = 0;
            for (uint32_t at = 0; at < depth; at += TOGETHER, to += NT_ROUGH_RIGHT * TOGETHER) {
                memcpy(to, from + at, TOGETHER);
                sum += from[at] + from[at + 1] + from[at + 2] + from[at + 3];
            }
            start[i] = -RAISED * sum;
        }
    }
}

void nt_rough_multiply(int32_t *product, const uint8_t *left, uint32_t lefts, const int8_t *right, const int32_t *start,
                       uint32_t rights, uint32_t depth) {
    kernel()->multiply(product, left, lefts, right, start, rights, depth);
}

void nt_rough_dots(int32_t *product, const uint8_t *raised, const int8_t *row, const int32_t *start,
                   const uint32_t *which, uint32_t count, uint32_t stride) {
    kernel()->dots(product, raised, row, start, which, count, stride);
}

uint32_t nt_rough_within(const int32_t *product, const float *base, float unit, float reach) {
    return kernel()->within(product, base, unit, reach);
}
