/* How many neighbours a sample keeps from layer to layer: stability, and the overlap of every two layers. */
#ifndef NTRACE_OVERLAP_H
#define NTRACE_OVERLAP_H

#include <stdint.h>

#include "ntrace/bundle.h"
#include "ntrace/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_OVERLAP_MAX_LAYERS = NT_BUNDLE_MAX_LAYERS };

/* Overlaps of one sample's neighbourhoods at every two layers, added up.
 *
 * sum      in out  [layers, layers] gets |N_k(a) ∩ N_k(b)| added; symmetric, k on the diagonal
 * index    in      [layers, k] neighbours at each layer, without repeats, below `samples`
 * mask     in out  [samples] zeros, zeros again afterwards
 *
 * Needs layers <= NT_OVERLAP_MAX_LAYERS (asserted). O(layers k times the layers that share a neighbour). */
void nt_overlap_add(uint64_t *sum, const uint32_t *index, uint32_t layers, uint32_t k, uint64_t *mask);

/* The same against one layer alone: overlap [layers] = |N_k(l) ∩ N_k(reference)|. */
void nt_overlap_with(uint16_t *overlap, const uint32_t *index, uint32_t layers, uint32_t reference, uint32_t k,
                     uint64_t *mask);

/* The k nearest of one sample at several layers, index out [layers, k]: from graphs, exactly; from a bundle's codes, as
 * well as codes can tell (see nt_bundle_layer's recall_codes).
 *
 * graph    in  [layers] graphs of the same samples that hold at least k (asserted)
 * layer    in  [layers] whose codes are loaded
 * scratch      [3 N] uint32
 *
 * nt_overlap_on_codes returns NT_OK; NT_E_ARG where a number is out of range; NT_E_MISSING without the codes. */
void nt_overlap_gather(uint32_t *index, const nt_graph *const *graph, uint32_t layers, uint32_t sample, uint32_t k);
enum nt_status nt_overlap_on_codes(uint32_t *index, const nt_bundle *bundle, const uint32_t *layer, uint32_t layers,
                                   uint32_t sample, uint32_t k, uint32_t *scratch);

/* What the two calls above give for many samples.
 *
 * overlap    out     [count, layers] with the reference, NULL where not wanted
 * sum        in out  [layers, layers] added up, NULL where not wanted
 * graph      in      [layers] graphs, or NULL: then on the codes of `bundle`
 * layer      in      [layers] layer numbers, for codes; `reference` is a place in this list
 * sample     in      [count], below N
 *
 * Returns NT_OK, NT_E_ARG, NT_E_MISSING or NT_E_MEMORY. */
struct nt_overlap_request {
    const nt_graph *const *graph;
    const nt_bundle *bundle;
    const uint32_t *layer, *sample;
    uint32_t layers, reference, k, count;
};
enum nt_status nt_overlap(uint16_t *overlap, uint64_t *sum, const struct nt_overlap_request *request,
                          struct nt_error *error);

/* Layers of one of two models of the same samples (ntrace/models.h). */
struct nt_overlap_side {
    const nt_graph *const *graph; /* [layers], or NULL: then on the codes of `bundle` */
    const nt_bundle *bundle;
    const uint32_t *layer; /* [layers] layer numbers, for codes */
    uint32_t layers;
};

/* The stability of one model against another: how many of a sample's nearest at a layer of the first are among its
 * nearest at a layer of the second.
 *
 * sum     in out  [side[0].layers, side[1].layers] gets |N_k(a) ∩ N_k(b)| of all the samples added
 * sample  in      [count], below N
 *
 * Both sides may be of one model. Returns NT_OK, NT_E_ARG (also for unequal numbers of samples), NT_E_MISSING or
 * NT_E_MEMORY. */
struct nt_overlap_between_request {
    struct nt_overlap_side side[2];
    const uint32_t *sample;
    uint32_t k, count;
};
enum nt_status nt_overlap_between(uint64_t *sum, const struct nt_overlap_between_request *request,
                                  struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
