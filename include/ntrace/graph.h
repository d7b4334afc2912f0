/* Neighbour graphs: the k nearest of every sample at one layer. */
#ifndef NTRACE_GRAPH_H
#define NTRACE_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nt_graph nt_graph;

/* Room for a graph; its rows are to be set. 4 bytes a neighbour where there are at most 65,536 samples, else 6.
 *
 * Needs 1 <= k < samples. Returns NT_OK, NT_E_ARG or NT_E_MEMORY; *graph is NULL on failure. */
enum nt_status nt_graph_create(nt_graph **graph, uint32_t samples, uint32_t k, const struct nt_allocator *allocator);
void nt_graph_free(nt_graph *graph); /* NULL is fine */

uint32_t nt_graph_samples(const nt_graph *graph);
uint32_t nt_graph_k(const nt_graph *graph);
size_t nt_graph_bytes(const nt_graph *graph);

/* Keeps the neighbours of one sample.
 *
 * index     in  [k] ascending by (distance, index), without the sample itself
 * distance  in  [k] Euclidean, in units of the activations
 *
 * Indexes are kept as they are. Of distances the first and the last are, those between as 65,536 steps of their
 * difference. Asserts that the sample is in range; rows of different samples may be set by different threads. */
void nt_graph_set(nt_graph *graph, uint32_t sample, const uint32_t *index, const float *distance);

/* The m nearest of one sample: index [m], distance [m]; either may be NULL. Asserts that the sample is in range and
 * m <= k. */
void nt_graph_get(uint32_t *index, float *distance, const nt_graph *graph, uint32_t sample, uint32_t m);

#ifdef __cplusplus
}
#endif
#endif
