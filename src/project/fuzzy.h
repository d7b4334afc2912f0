/* The fuzzy simplicial set of a neighbour graph: how much each pair of samples belongs together. */
#ifndef NTRACE_PROJECT_FUZZY_H
#define NTRACE_PROJECT_FUZZY_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

/* A symmetric sparse matrix by rows: sample i belongs together with to[e] to the degree weight[e], above 0 and at most
 * 1, for e from start[i] up to start[i + 1]; ascending in to[e], without i itself. */
struct nt_fuzzy {
    const struct nt_allocator *allocator;
    uint32_t samples;
    size_t *start; /* [samples + 1] */
    uint32_t *to;
    float *weight;
    float heaviest;
};

/* Distance to the nearest neighbour that is not at distance 0, and the scale at which the memberships exp(-(d - rho) /
 * sigma) of all neighbours, at most 1 each, add up to log2(count + 1).
 *
 * rho, sigma  out
 * distance    in   [count] ascending; the sample itself is not among them
 * mean        in   of all samples' distances, a distance of 0 to itself counted in: sigma is at least 0.001 of the
 * sample's own mean, or of this one where all its distances are 0
 */
void nt_fuzzy_scale(float *rho, float *sigma, const float *distance, uint32_t count, double mean);

/* Membership of each of a sample's neighbours: strength [count]. */
void nt_fuzzy_strengths(float *strength, const float *distance, uint32_t count, float rho, float sigma);

/* Union of the samples' own sets: a + b - ab for a pair that is a in the one's and b in the other's.
 *
 * fuzzy     out  to be given back with nt_fuzzy_clear; zeroed on failure
 * index     in/out [samples, count] neighbours, each once; sorted with their strengths row by row
 * strength  in/out [samples, count]
 * least     in     pairs below this share of the heaviest are left out
 *
 * Returns NT_OK or NT_E_MEMORY. */
enum nt_status nt_fuzzy_unite(struct nt_fuzzy *fuzzy, uint32_t *index, float *strength, uint32_t samples,
                              uint32_t count, float least, const struct nt_allocator *allocator);
void nt_fuzzy_clear(struct nt_fuzzy *fuzzy);

#endif
