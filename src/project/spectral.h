/* Where a layout starts: the smoothest coordinates of a fuzzy set. */
#ifndef NTRACE_PROJECT_SPECTRAL_H
#define NTRACE_PROJECT_SPECTRAL_H

#include "ntrace/random.h"
#include "project/fuzzy.h"

struct nt_spectral;

/* Starts looking for the coordinates; the set is borrowed until nt_spectral_free.
 *
 * Returns NT_OK or NT_E_MEMORY (*spectral is then NULL). */
enum nt_status nt_spectral_create(struct nt_spectral **spectral, const struct nt_fuzzy *fuzzy, uint64_t seed,
                                  const struct nt_allocator *allocator);
void nt_spectral_free(struct nt_spectral *spectral); /* NULL is fine */

/* One round of one component, or of several that are too small to need one. Returns the share that is done, 1 at the
 * end and not before. */
double nt_spectral_step(struct nt_spectral *spectral);

/* map [samples,2], once all is done: the second and third eigenvectors, the largest coordinate being 1; where the set
 * falls apart, each component's own, beside each other in the plane. */
void nt_spectral_map(float *map, const struct nt_spectral *spectral);

#endif
