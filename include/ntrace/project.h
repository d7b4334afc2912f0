/* Maps: the samples of a layer in the plane, such that neighbours stay together.
 *
 * UMAP: L. McInnes, J. Healy and J. Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension
 * Reduction", arXiv:1802.03426, 2018. From a neighbour graph; seeded, the same map on every machine; in short steps. */
#ifndef NTRACE_PROJECT_H
#define NTRACE_PROJECT_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/graph.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the points of a map start. */
enum nt_umap_start {
    NT_UMAP_SPECTRAL,    /* at the smoothest coordinates of the graph, scaled to 0 .. 10 */
    NT_UMAP_COORDINATES, /* at given coordinates, such as the first principal axes, scaled to 0 .. 10 */
    NT_UMAP_MAP          /* at an earlier map as it is: a warm start, to be followed by fewer epochs at a lower rate */
};

enum { NT_UMAP_MAX_NEIGHBORS = 256, NT_UMAP_MAX_NEGATIVES = 100, NT_UMAP_MAX_EPOCHS = 100000 };

struct nt_umap_options {
    uint32_t neighbors; /* the sample itself among them, as in umap-learn: 2 .. the graph's k + 1; 15 */
    uint32_t epochs;    /* 1 and more; 200, or 500 below 10,000 samples; half of that from an earlier map */
    uint32_t negatives; /* random samples pushed away for each one pulled, 0 and more; 5 */
    uint32_t start;     /* enum nt_umap_start */
    uint32_t seed;
    float min_dist; /* distance in the map below which points need come no closer, 0 .. spread; 0.1 */
    float spread;   /* scale of distances in the map, above 0; 1 */
    float alpha;    /* learning rate of the first epoch, above 0, falling to 0; 1, or 0.25 from an earlier map */
};

/* What is used where nothing else is asked: the figures above, which from an earlier map leave points near where they
 * were at the trustworthiness of a map of its own. */
void nt_umap_defaults(struct nt_umap_options *options, uint32_t samples, enum nt_umap_start start);

typedef struct nt_umap nt_umap;

/* Starts a map.
 *
 * umap   out  to be freed with nt_umap_free; NULL on failure
 * graph  in   borrowed until the first epoch is done
 * start  in   [N,2] finite, copied; NULL for NT_UMAP_SPECTRAL
 *
 * Returns NT_OK; NT_E_ARG where an option is out of its range or the graph has too few samples or neighbours for it,
 * said in words; NT_E_VALUE where `start` is not finite; NT_E_MEMORY. Memory while it runs: about 0.9 kB a sample at 15
 * neighbours. */
enum nt_status nt_umap_create(nt_umap **umap, const nt_graph *graph, const struct nt_umap_options *options,
                              const float *start, const struct nt_allocator *allocator, struct nt_error *error);
void nt_umap_free(nt_umap *umap); /* NULL is fine */

/* One step: a piece of the preparation, or one epoch; some milliseconds at 10,000 samples.
 *
 * epoch  out  epochs done; the map is finished when it is options.epochs, and further steps do nothing
 *
 * Returns NT_OK or NT_E_MEMORY, after which the handle can only be freed. */
enum nt_status nt_umap_step(uint32_t *epoch, nt_umap *umap, struct nt_error *error);

/* Share of the work that is done, 0 to 1. */
double nt_umap_done(const nt_umap *umap);

/* [N,2] the map as it stands; before the first epoch, all 0. Valid until the next step or nt_umap_free. */
const float *nt_umap_map(const nt_umap *umap);

/* Moves, turns, mirrors and scales a map so that its points come near those of another: orthogonal Procrustes analysis,
 * P. H. Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966. Scaled to
 * the same root-mean-square distance from the centre, not by least squares, which would shrink maps that have little in
 * common.
 *
 * map    in/out [n,2]
 * other  in     [n,2]
 *
 * Returns the root-mean-square distance that is left between the points, in units of the other map's root-mean-square
 * distance from its centre: 0 where they coincide, about 1.4 where they have nothing in common. Where either map is a
 * single point, nothing is turned or scaled. Needs n > 0. */
double nt_map_align(float *map, const float *other, uint32_t n);

/* Where a sample that a map does not hold would stand on it: the mean of its neighbours' places, weighted by their
 * memberships exp(-(d - rho) / sigma), as umap-learn's transform begins. The mean of neighbours that lie far apart is
 * near none of them; the map itself is not changed.
 *
 * at        out  [2]
 * map       in   [N,2]
 * index     in   [count] its nearest samples of the map
 * distance  in   [count] ascending, from it to them
 *
 * Needs 1 <= count <= 255. */
void nt_map_place(float *at, const float *map, const uint32_t *index, const float *distance, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
