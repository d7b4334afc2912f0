/* Distances from one sample of a bundle to all others: on codes at once, then exact, in short steps. */
#ifndef NTRACE_DISTANCES_H
#define NTRACE_DISTANCES_H

#include <stdint.h>

#include "ntrace/bundle.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Distances on codes, in units of the activations.
 *
 * distance  out  [N], 0 for the sample itself; may be NULL
 * square    out  [N] squared, in steps of the codes: keys for nt_measure_map. Scratch where it is not wanted
 *
 * Returns NT_OK; NT_E_ARG where sample or layer is out of range; NT_E_MISSING while the layer's codes are not loaded
 * (outputs untouched). O(N axes). */
enum nt_status nt_distances_on_codes(float *distance, uint32_t *square, const nt_bundle *bundle, uint32_t sample,
                                     uint32_t layer, struct nt_error *error);

typedef struct nt_distances nt_distances;

/* Exact distances from one sample to all others at some layers, to be worked out by nt_distances_step. The network and
 * the images are looked for in the steps, not here.
 *
 * layer  in  [layers] at least 1
 *
 * Returns NT_OK, NT_E_ARG or NT_E_MEMORY; *distances is NULL on failure. The bundle must outlive it. */
enum nt_status nt_distances_create(nt_distances **distances, nt_bundle *bundle, uint32_t sample, const uint32_t *layer,
                                   uint32_t layers, struct nt_error *error);
/* The same from an image that is not in the bundle: [H, W, C] bytes, copied. No distance is then 0 by rule. */
enum nt_status nt_distances_create_image(nt_distances **distances, nt_bundle *bundle, const uint8_t *image,
                                         const uint32_t *layer, uint32_t layers, struct nt_error *error);
void nt_distances_free(nt_distances *distances); /* NULL is fine */

/* Passes up to `samples` more through the network, in the order of their numbers. *done is how many of N are done.
 * Returns NT_OK, NT_E_MISSING (the network or an image is not loaded) or NT_E_MEMORY; a step that failed can be tried
 * again. */
enum nt_status nt_distances_step(uint32_t *done, nt_distances *distances, uint32_t samples, struct nt_error *error);

/* The distances at the at-th of the layers: [N], of which the first *done of the last step are there, in units of the
 * activations; 0 for the sample itself. Summed as nt_distance_squared does: the same bits on every target. Borrowed,
 * valid until the distances are freed. Asserts that `at` is in range. */
const float *nt_distances_at(const nt_distances *distances, uint32_t at);

/* Activations of samples first .. first + count - 1 at one layer, channel last.
 *
 * x  out  [count, size of the layer]
 *
 * Returns as nt_distances_step does, NT_E_ARG where a number is out of range; x is undefined on failure. */
enum nt_status nt_bundle_activations(float *x, const nt_bundle *bundle, uint32_t layer, uint32_t first, uint32_t count,
                                     struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
