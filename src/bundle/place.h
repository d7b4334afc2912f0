#ifndef NTRACE_BUNDLE_PLACE_H
#define NTRACE_BUNDLE_PLACE_H

#include "ntrace/place.h"

/* Squared distances on codes from an activation to all samples, in units of *unit squared.
 *
 * square  out  [N]
 * x       in   [size] an activation of the layer
 *
 * Returns NT_OK; NT_E_ARG where the place is not ready or was not made for this layer; NT_E_MEMORY. */
enum nt_status nt_place_scan(uint32_t *square, float *unit, const nt_place *place, uint32_t layer, const float *x,
                             struct nt_error *error);

#endif
