/* Codes: a layer's activations rotated to principal axes, quantised with one step, and searched as integers.
 *
 * Transform coding as in Goyal, "Theoretical foundations of transform coding", IEEE Signal Processing Magazine 18(5),
 * 2001: one uniform step for all axes is reverse water-filling, and makes Euclidean distances integer dot products. */
#ifndef NTRACE_CODES_H
#define NTRACE_CODES_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/random.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_CODES_ALIGN = 32, NT_CODES_MAX_AXES = 1024 };

/* ---- Principal axes. ---- */

struct nt_axes {
    uint32_t size, count;
    float *centre; /* [size] */
    float *axis;   /* [count, size] orthonormal rows, by falling variance */
};

/* Finds principal axes of rows.
 *
 * axes     out  to be given to nt_axes_clear; zeroed on failure
 * x        in   [n, size] finite; centred in place
 * limit    in   at most so many axes, at most NT_CODES_MAX_AXES
 * rounds   in   of the subspace iteration by which wide layers are solved, 1 and more: 2 come near to the best axes
 * random   in   starts that iteration
 *
 * Narrow layers are solved exactly from their covariance, wide ones by randomised subspace
 * iteration. Returns NT_OK, NT_E_ARG or NT_E_MEMORY. */
enum nt_status nt_axes_find(struct nt_axes *axes, float *x, uint32_t n, uint32_t size, uint32_t limit, uint32_t rounds,
                            struct nt_random *random, unsigned workers, const struct nt_allocator *allocator);
void nt_axes_clear(struct nt_axes *axes, const struct nt_allocator *allocator);

/* Coordinates on the axes, and the norm of what they leave out.
 *
 * y     out  [n, count]
 * rest  out  [n]
 * x     in   [n, size]; centred in place */
enum nt_status nt_axes_project(float *y, float *rest, float *x, const struct nt_axes *axes, uint32_t n,
                               unsigned workers, const struct nt_allocator *allocator);

/* ---- Codes in memory. ---- */

struct nt_codes {
    uint32_t samples, axes;
    uint32_t stride; /* axes rounded up to NT_CODES_ALIGN; the bytes between are 0 */
    float step;      /* units of the activations for one unit of code */
    int8_t *code;    /* [samples, stride] */
    uint8_t *rest;   /* [samples] norm of what a code lacks of its sample, in steps */
    uint32_t *norm;  /* [samples] squared norm of a code, rest included */
};

/* Room for codes. Returns NT_OK, NT_E_ARG when axes exceed NT_CODES_MAX_AXES, or NT_E_MEMORY. */
enum nt_status nt_codes_create(struct nt_codes *codes, uint32_t samples, uint32_t axes, float step,
                               const struct nt_allocator *allocator);
void nt_codes_clear(struct nt_codes *codes, const struct nt_allocator *allocator);

/* Quantises coordinates. Axes that are zero for every sample are dropped and count to the rest. Where most coordinates
 * become zero, rests make the norms of codes up to those of their samples.
 *
 * codes  out  to be given to nt_codes_clear
 * y      in   [samples, axes]
 * rest   in   [samples] */
enum nt_status nt_codes_quantise(struct nt_codes *codes, const float *y, const float *rest, uint32_t samples,
                                 uint32_t axes, float step, const struct nt_allocator *allocator);

/* Chunk layout, axis by axis with the rest last: [axes + 1, rows]. Samples row .. row + rows. `put` also works the
 * norms out. */
void nt_codes_get(uint8_t *raw, const struct nt_codes *codes, uint32_t row, uint32_t rows);
void nt_codes_put(struct nt_codes *codes, const uint8_t *raw, uint32_t row, uint32_t rows);

/* Squared distances on codes from one sample to all, in steps: what the rests add is taken as orthogonal, which is what
 * independent remainders in many dimensions nearly are. square out [samples]. O(samples stride). */
void nt_codes_scan(uint32_t *square, const struct nt_codes *codes, uint32_t sample);

/* The same from a point that is no sample.
 *
 * square       out  [samples] squared distances in steps, times NT_CODES_FINER
 * point        in   [stride] its coordinates in steps, times NT_CODES_FINER, each at most NT_CODES_POINT_MAX in size;
 *                   zero beyond the axes that are known
 * square_norm  in   its squared norm in steps, with what the axes leave out */
enum { NT_CODES_FINER = 16, NT_CODES_POINT_MAX = 127 * NT_CODES_FINER };
void nt_codes_scan_point(uint32_t *square, const struct nt_codes *codes, const int16_t *point, double square_norm);

/* Distance in units of the activations. */
float nt_codes_distance(const struct nt_codes *codes, uint32_t square);

#ifdef __cplusplus
}
#endif
#endif
