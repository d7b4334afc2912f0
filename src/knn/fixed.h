/* Rows in 16 bits, and their distances in whole numbers: half the memory of float32, more than twice the speed, and the
 * same bits on every target. */
#ifndef NTRACE_KNN_FIXED_H
#define NTRACE_KNN_FIXED_H

#include <stdint.h>

enum {
    NT_FIXED_ALIGN = 32,   /* values of a row are filled up with zeros to a multiple of this */
    NT_FIXED_MOST = 5792,  /* largest size of a value: 32 squared differences fit into 32 bits */
    NT_FIXED_STRETCH = 256 /* values between two looks at `stop` */
};

/* Squared distance of two rows, or some part of it that exceeds `stop`. count is a multiple of NT_FIXED_ALIGN. */
uint64_t nt_fixed_distance(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop);

/* One function per target. */
typedef uint64_t nt_fixed_kernel(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop);
nt_fixed_kernel nt_fixed_distance_scalar, nt_fixed_distance_simd128, nt_fixed_distance_avx2, nt_fixed_distance_avx512;

/* Values in units of `step`, rounded and held to NT_FIXED_MOST: out [filled up count]. Returns the norm of what
 * rounding and holding changed, in the unit of the values; not finite where a value is not. */
float nt_fixed_round(int16_t *out, const float *value, uint32_t count, float step);

static inline uint32_t nt_fixed_filled(uint32_t count) {
    return (count + NT_FIXED_ALIGN - 1) / NT_FIXED_ALIGN * NT_FIXED_ALIGN;
}

#endif
