/* Neighbour graphs: the k nearest of every sample at one layer. */
#ifndef NTRACE_GRAPH_H
#define NTRACE_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/net.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nt_graph nt_graph;

/* Room for a graph; its rows are to be set. 4 bytes a neighbour where there are at most 65,536 samples, else 5, and 8
 * bytes a sample: at k = 100, 3.9 MiB for 10,000 samples, 48.4 MiB for 100,000.
 *
 * Needs 1 <= k < samples <= 2^24. Returns NT_OK, NT_E_ARG or NT_E_MEMORY; *graph is NULL on failure. */
enum nt_status nt_graph_create(nt_graph **graph, uint32_t samples, uint32_t k, const struct nt_allocator *allocator);
void nt_graph_free(nt_graph *graph); /* NULL is fine */

uint32_t nt_graph_samples(const nt_graph *graph);
uint32_t nt_graph_k(const nt_graph *graph);
size_t nt_graph_bytes(const nt_graph *graph);

/* A graph as bytes, to be read again by a program of the same machine: bytes [nt_graph_packed_bytes(samples, k)]. */
size_t nt_graph_packed_bytes(uint32_t samples, uint32_t k);
void nt_graph_pack(void *bytes, const nt_graph *graph);

/* Reads what nt_graph_pack wrote; rows must name samples that there are. Returns NT_OK, NT_E_ARG, NT_E_MEMORY, or
 * NT_E_VALUE for a number out of range; *graph is NULL on failure. */
enum nt_status nt_graph_unpack(nt_graph **graph, const void *bytes, uint32_t samples, uint32_t k,
                               const struct nt_allocator *allocator);

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

/* ---- The exact graph of a layer, found in short steps. ---- */

/* Activations on demand. `read` writes rows [count, H, W, C] of the samples asked for, the same bits each time. */
struct nt_rows {
    uint32_t samples;
    struct nt_shape shape; /* of one row */
    enum nt_status (*read)(void *context, float *out, const uint32_t *sample, uint32_t count, struct nt_error *error);
    void (*release)(void *context); /* gives the context up; NULL where there is nothing to give up */
    void *context;
};

typedef struct nt_graph_search nt_graph_search;

/* How many pairs each test of a search looked at: by lower bounds on leading values (all), on reduced rows, exactly.
 * And for how many samples all distances were measured in the end. */
struct nt_graph_work {
    uint64_t pairs, reduced, exact, again;
};

/* Starts the search for all k-nearest-neighbour lists of a layer.
 *
 * rows  in  kept by value; released with the search, and on failure too
 * room  in  bytes for the largest tables (about as much again is needed besides); less room makes larger rows be read
 *           more often. At least NT_GRAPH_ROOM_MIN.
 *
 * Every neighbour list is certified: samples are left out only where a lower bound on their distance, rounding
 * included, exceeds the k-th. Before that is known a likely bound on it stands for it; where that proves too low, all
 * distances of the sample are measured. What remains is ranked by nt_distance_squared of the rows themselves.
 *
 * Needs 1 <= k < samples. Returns NT_OK, NT_E_ARG or NT_E_MEMORY. */
enum nt_status nt_graph_search_create(nt_graph_search **search, const struct nt_rows *rows, uint32_t k, size_t room,
                                      const struct nt_allocator *allocator, struct nt_error *error);
void nt_graph_search_free(nt_graph_search *search);

enum { NT_GRAPH_ROOM_MIN = 1 << 20 };

/* Says who may be near, before the first step: the graph of a neighbouring layer, say. The better it fits, the sooner
 * the search leaves others out; what it finds is the same. Looked at where rows are reduced: elsewhere it would take as
 * long as it saves. Needs 4 k bytes a sample for a while.
 *
 * graph  in  of as many samples and at least as many neighbours; copied
 *
 * Returns NT_OK; NT_E_ARG for another kind of graph, and after the first step; NT_E_MEMORY. */
enum nt_status nt_graph_search_hint(nt_graph_search *search, const nt_graph *graph);

/* Takes one short step (some milliseconds; finding the axes takes longest). *done is the share of the work done, 1 when
 * the graph is there. Returns NT_OK, NT_E_MEMORY, NT_E_VALUE (activations that are not finite) or what `read` returned.
 * After a failure the search can only be freed. */
enum nt_status nt_graph_search_step(double *done, nt_graph_search *search, struct nt_error *error);

/* The graph, from now on the caller's; NULL before the search is done and when it was taken already. */
nt_graph *nt_graph_search_take(nt_graph_search *search);

/* The two leading principal components of the rows, [samples, 2], in units of the activations, once the search is done.
 * Found by covariance over all samples, within the leading 32 axes of typical ones. Borrowed. */
const float *nt_graph_search_plane(const nt_graph_search *search);

struct nt_graph_work nt_graph_search_work(const nt_graph_search *search);

#ifdef __cplusplus
}
#endif
#endif
