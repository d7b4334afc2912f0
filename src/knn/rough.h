/* Rows in 7 bits, and products of rows in whole numbers: rough distances of all pairs, where it is only to be found out
 * who may be near. An eighth of the time of float32 where the processor multiplies bytes, the same numbers on every
 * target. */
#ifndef NTRACE_KNN_ROUGH_H
#define NTRACE_KNN_ROUGH_H

#include <stddef.h>
#include <stdint.h>

enum {
    NT_ROUGH_ALIGN = 64, /* values of a row are filled up with zeros to a multiple of this */
    NT_ROUGH_DEPTH = 8,  /* leading values that are multiplied: a multiple of this */
    NT_ROUGH_MOST = 63,  /* largest size of a value */
    NT_ROUGH_LEFT = 8,   /* rows on the left that lie side by side */
    NT_ROUGH_RIGHT = 32  /* rows on the right that lie side by side */
};

/* Values in units of `step`, rounded and held to NT_ROUGH_MOST: out [filled up count]. Returns -64 times their sum,
 * from which products start: one side of each is raised by 64, so that it has no sign. */
int32_t nt_rough_round(int8_t *out, const float *value, uint32_t count, float step);

/* Puts the first `depth` values of some rows [., stride] side by side. Rows that fill up the last group are zeros.
 * left, right  out  [groups][depth / 4][rows of a group][4]
 * start        out  [rows of all groups] see nt_rough_round, of these values
 * which        in   [count] the rows' numbers, or NULL: the first ones */
void nt_rough_pack_left(uint8_t *left, const int8_t *row, const uint32_t *which, uint32_t count, uint32_t stride,
                        uint32_t depth);
void nt_rough_pack_right(int8_t *right, int32_t *start, const int8_t *row, const uint32_t *which, uint32_t count,
                         uint32_t stride, uint32_t depth);

/* product out [NT_ROUGH_LEFT lefts, NT_ROUGH_RIGHT rights] of so many groups. */
void nt_rough_multiply(int32_t *product, const uint8_t *left, uint32_t lefts, const int8_t *right, const int32_t *start,
                       uint32_t rights, uint32_t depth);

/* Products of one row, raised by nt_rough_raise, with some rows [., stride] in all their values.
 * product  out  [count]
 * start    in   by number of the row
 * which    in   [count] their numbers */
void nt_rough_dots(int32_t *product, const uint8_t *raised, const int8_t *row, const int32_t *start,
                   const uint32_t *which, uint32_t count, uint32_t stride);
void nt_rough_raise(uint8_t *raised, const int8_t *row, uint32_t stride);

/* Which of 32 products are large enough, a bit each: where base - unit * product <= reach. */
uint32_t nt_rough_within(const int32_t *product, const float *base, float unit, float reach);

/* What each target has of its own. */
struct nt_rough_kernel {
    void (*multiply)(int32_t *product, const uint8_t *left, uint32_t lefts, const int8_t *right, const int32_t *start,
                     uint32_t rights, uint32_t depth);
    void (*dots)(int32_t *product, const uint8_t *raised, const int8_t *row, const int32_t *start,
                 const uint32_t *which, uint32_t count, uint32_t stride);
    uint32_t (*within)(const int32_t *product, const float *base, float unit, float reach);
};
extern const struct nt_rough_kernel nt_rough_scalar, nt_rough_simd128, nt_rough_avx2, nt_rough_avx512, nt_rough_vnni;

#endif
