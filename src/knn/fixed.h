/* Rows in 16 bits, and their distances in whole numbers: half the memory of float32, more than twice the speed, and the
 * same bits on every target. */
#ifndef NTRACE_KNN_FIXED_H
#define NTRACE_KNN_FIXED_H

#include <stddef.h>
#include <stdint.h>

enum {
    NT_FIXED_ALIGN = 32,  /* values of a row are filled up with zeros to a multiple of this */
    NT_FIXED_MOST = 5792, /* largest size of a value: 32 squared differences fit into 32 bits */
    NT_FIXED_STRIP = 512  /* values of a row that are compared at once */
};

/* Two rows, the squared distance of what was compared of them, and how large it may become. */
struct nt_fixed_pair {
    uint64_t sum, stop;
    uint32_t a, b;
};

/* Compares `width` more values, a multiple of NT_FIXED_ALIGN, NT_FIXED_STRIP at most: a, b [.,width]. Keeps the pairs
 * whose sum does not exceed their `stop`, in their order; returns how many. */
size_t nt_fixed_compare(struct nt_fixed_pair *pair, size_t pairs, const int16_t *a, const int16_t *b, uint32_t width);

/* One function per target. */
typedef size_t nt_fixed_kernel(struct nt_fixed_pair *pair, size_t pairs, const int16_t *a, const int16_t *b,
                               uint32_t width);
nt_fixed_kernel nt_fixed_compare_scalar, nt_fixed_compare_simd128, nt_fixed_compare_avx2, nt_fixed_compare_avx512;

/* The part of the kernels that is the same: `distance` gives a whole number for two rows. */
#define NT_FIXED_COMPARE(name, distance)                                                                               \
    size_t name(struct nt_fixed_pair *pair, size_t pairs, const int16_t *a, const int16_t *b, uint32_t width) {        \
        size_t kept = 0;                                                                                               \
        for (size_t p = 0; p < pairs; p++) {                                                                           \
            struct nt_fixed_pair own = pair[p];                                                                        \
            own.sum += distance(a + (size_t)own.a * width, b + (size_t)own.b * width, width);                          \
            pair[kept] = own;                                                                                          \
            kept += own.sum <= own.stop;                                                                               \
        }                                                                                                              \
        return kept;                                                                                                   \
    }

/* Values in units of `step`, rounded and held to NT_FIXED_MOST: out [filled up count]. Returns the norm of what
 * rounding and holding changed, in the unit of the values; not finite where a value is not. */
float nt_fixed_round(int16_t *out, const float *value, uint32_t count, float step);

/* Rows lie in strips: the first NT_FIXED_STRIP values of all rows, then the next, and so on; the last may be narrower.
 */
static inline uint32_t nt_fixed_strip_width(uint32_t from, uint32_t width) {
    return width - from < NT_FIXED_STRIP ? width - from : NT_FIXED_STRIP;
}

static inline uint32_t nt_fixed_filled(uint32_t count) {
    return (count + NT_FIXED_ALIGN - 1) / NT_FIXED_ALIGN * NT_FIXED_ALIGN;
}

#endif
