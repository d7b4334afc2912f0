/* Distance densities: how far the samples of each class lie from one sample. */
#ifndef NTRACE_DENSITY_H
#define NTRACE_DENSITY_H

#include <stdint.h>

#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Gaussian kernel density of numbers, with Scott's bandwidth: standard deviation (n - 1 degrees of freedom) times
 * n^(-1/5). D. W. Scott, "Multivariate Density Estimation", 1992, equation 6.42; equals SciPy's gaussian_kde.
 *
 * density  out  [points]
 * at       in   [points] where it is wanted
 * value    in   [n] finite
 *
 * Returns NT_OK; NT_E_ARG where n < 2; NT_E_VALUE where all values are equal, for which there is no bandwidth. O(points
 * n). */
enum nt_status nt_density(double *density, const double *at, uint32_t points, const float *value, uint32_t n);

/* Scott's bandwidth as nt_density takes it; 0 where n < 2 or all values are equal. */
double nt_density_bandwidth(const float *value, uint32_t n);

/* ---- Densities by class: the distances from one sample to all others, sorted, a grid, then nt_density a class. ----
 */

/* Sorts all samples but one by (label, distance, index); all of them where `sample` is N or more: M = N - 1, or N.
 *
 * order     out  [M] sample numbers; those of class c are order[start[c]] .. order[start[c + 1] - 1], nearest first
 * value     out  [M] their distances
 * start     out  [classes + 1]
 * distance  in   [N] from the sample, or from an image that is none, not negative
 * label     in   [N] below classes (asserted)
 * scratch        [3 N] uint32
 *
 * O(N). */
void nt_density_sort(uint32_t *order, float *value, uint32_t *start, const float *distance, const uint16_t *label,
                     uint32_t sample, uint32_t n, uint32_t classes, uint32_t *scratch);

/* A grid on which the densities of all classes can be drawn: evenly spaced from the least to the greatest of each
 * class's nearest less and farthest plus three bandwidths, below 0 cut off, for there are no negative distances.
 *
 * at         out  [points] ascending; all 0 where there is not one other sample
 * bandwidth  out  [classes] 0 for a class that has no density: fewer than two samples, or all equally far
 * value, start  in  as nt_density_sort gives them
 *
 * Needs points >= 2 (asserted). */
void nt_density_grid(double *at, double *bandwidth, const float *value, const uint32_t *start, uint32_t classes,
                     uint32_t points);

#ifdef __cplusplus
}
#endif
#endif
