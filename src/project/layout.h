/* The layout of a fuzzy set in the plane by stochastic gradient descent. */
#ifndef NTRACE_PROJECT_LAYOUT_H
#define NTRACE_PROJECT_LAYOUT_H

#include "ntrace/random.h"
#include "project/fuzzy.h"

/* The edges of a fuzzy set, in both directions, in the order in which they are drawn. */
struct nt_layout {
    const struct nt_allocator *allocator;
    uint32_t samples;
    size_t edges;
    uint32_t *head, *tail; /* [edges] */
    uint32_t *rate;        /* [edges] how often an edge is due, in 2^-32 of an epoch */
    uint32_t *phase;       /* [edges] what has gathered since it was due */
    uint32_t lanes[4];     /* states of the random numbers for negative samples, not 0 */
};

struct nt_layout_forces {
    float a, b; /* of the curve 1 / (1 + a d^2b) */
    uint32_t negatives;
};

/* Returns NT_OK or NT_E_MEMORY (*layout is then zeroed). */
enum nt_status nt_layout_create(struct nt_layout *layout, const struct nt_fuzzy *fuzzy, struct nt_random *random,
                                const struct nt_allocator *allocator);
void nt_layout_clear(struct nt_layout *layout);

/* One epoch: every edge that is due pulls its two ends together, and pushes its head away from random samples.
 *
 * map    in/out  [samples,2]
 * alpha  in      learning rate
 */
void nt_layout_epoch(float *map, struct nt_layout *layout, const struct nt_layout_forces *forces, float alpha);

#endif
