/* Local traces: how one sample's neighbourhood changes between two layers. */
#ifndef NTRACE_TRACE_H
#define NTRACE_TRACE_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In which of the two neighbourhoods a point is. */
enum { NT_TRACE_IN_FROM = 1, NT_TRACE_IN_TO = 2 };

/* One neighbour. Index 0 of each pair is the layer "from", 1 the layer "to". 44 bytes, no padding. */
struct nt_trace_point {
    uint32_t sample;
    uint32_t label;    /* true class */
    uint32_t member;   /* NT_TRACE_IN_FROM | NT_TRACE_IN_TO */
    uint32_t rank[2];  /* 0 is the nearest; exact for members of that layer's neighbourhood, else as found on codes */
    float distance[2]; /* Euclidean, in units of the activations */
    float radius[2];   /* 0.5 at the nearest of that layer's k, 1.5 at the k-th; above 1.5 beyond */
    float angle;       /* radians, clockwise from 12 o'clock, inside its class's sector */
    float change;      /* radius[1] - radius[0]: negative came closer */
};

/* One class's share of the circle. 20 bytes, no padding. */
struct nt_trace_sector {
    uint32_t label;
    float start, end;  /* radians, clockwise from 12 o'clock; sectors follow each other by label */
    uint32_t count[2]; /* members of each neighbourhood in this class */
};

struct nt_trace {
    uint32_t sample, from, to, k;
    uint32_t points_count, sectors_count;
    uint32_t overlap; /* |N_k(sample, from) ∩ N_k(sample, to)| */
    uint32_t closer, farther;
    struct nt_trace_point *points;   /* [points_count] ascending by (label, angle) */
    struct nt_trace_sector *sectors; /* [sectors_count] ascending by label */
};

/* One layer's neighbourhood as a trace needs it; all arrays [k]. */
struct nt_trace_side {
    const uint32_t *index;       /* [k] N_k at this layer */
    const float *distance;       /* [k] ascending */
    const float *other_distance; /* [k] the same samples' distance at the other layer */
    const uint32_t *other_rank;  /* [k] and their rank there */
};

/* Lays a trace out from two ranked neighbourhoods.
 *
 * trace   out  owned by the caller, to be given to nt_trace_clear; zeroed on failure
 * side    in   the neighbourhoods at "from" and at "to", without the sample itself
 * labels  in   [N] true class of every sample
 *
 * Sectors are as wide as the class's share of the neighbourhood at "to"; a class that has members only at "from" gets
 * the width of half a member, so that what left remains visible. Inside its sector, samples stand evenly spaced in the
 * order of a hash of their numbers: the same members always give the same angles. Needs k >= 1. Returns NT_OK or
 * NT_E_MEMORY. O(k log k). */
enum nt_status nt_trace_layout(struct nt_trace *trace, const struct nt_trace_side side[2], const uint16_t *labels,
                               uint32_t sample, uint32_t from, uint32_t to, uint32_t k,
                               const struct nt_allocator *allocator);

/* Frees what a layout allocated. A zeroed trace is fine. */
void nt_trace_clear(struct nt_trace *trace, const struct nt_allocator *allocator);

/* Size of the overlap of two neighbourhoods of one sample: |a ∩ b|, both [k] without repeats, in any order.
 * scratch [2k] uint32. */
uint32_t nt_trace_overlap(const uint32_t *a, const uint32_t *b, uint32_t k, uint32_t *scratch);

#ifdef __cplusplus
}
#endif
#endif
