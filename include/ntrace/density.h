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

#ifdef __cplusplus
}
#endif
#endif
