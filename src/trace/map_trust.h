/* Trustworthiness and continuity of a map at all samples, with ranks estimated: what nt_measure_map counts among all
 * samples is counted among some, spread over all, which takes N times their number instead of N squared. */
#ifndef NTRACE_TRACE_MAP_TRUST_H
#define NTRACE_TRACE_MAP_TRUST_H

#include "ntrace/codes.h"
#include "ntrace/graph.h"

struct nt_map_trust {
    const float *map;      /* [N, 2] */
    const nt_graph *graph; /* the neighbours at the layer */
    const struct nt_codes *codes;
    uint32_t k;         /* at most the graph's, and below N / 2 */
    uint32_t landmarks; /* how many samples ranks are counted among, 1 to N */
};

/* trustworthiness, continuity out [N]. The k nearest on the map are found exactly. Returns NT_OK, NT_E_ARG or
 * NT_E_MEMORY. */
enum nt_status nt_map_trust(float *trustworthiness, float *continuity, const struct nt_map_trust *of, unsigned workers,
                            const struct nt_allocator *allocator);

#endif
