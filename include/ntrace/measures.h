/* Measures of neighbourhoods, per sample, each with its formula and source.
 *
 * Conventions. N samples; a graph (ntrace/graph.h) holds the nearest of every sample at one layer; N_k(i, a) are the k
 * nearest of sample i in graph a, i left out. `sample` [count] lists the samples that are asked for, in any order; NULL
 * asks for all, and count is then N. Outputs stand in the order of `sample`. A mean over samples is nt_measure_mean of
 * the output. Every function returns NT_OK, or NT_E_ARG with its outputs untouched where k is 0 or more than a graph
 * holds, graphs differ in N, a sample is not below N or a parameter is out of its range. Nothing is allocated:
 * `scratch` is the caller's, its contents do not matter. Thread-safe for distinct outputs and scratch. */
#ifndef NTRACE_MEASURES_H
#define NTRACE_MEASURES_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/graph.h"
#include "ntrace/random.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Mean of values [count], summed in double; 0 where there are none. */
double nt_measure_mean(const float *value, uint32_t count);

/* ---- How much two layers' neighbourhoods agree. ---- */

/* Where to write; [count] each, NULL where a measure is not wanted. */
struct nt_agreement {
    float *overlap; /* |N_k(i,a) ∩ N_k(i,b)|: 0 to k */
    float *lcmc;    /* overlap / k - k / (N - 1): 0 where two neighbourhoods agree as chance would have it, below 1. Its
                       mean is the local continuity meta-criterion: L. Chen and A. Buja, "Local Multidimensional Scaling
                       for Nonlinear Dimension Reduction, Graph Drawing, and Proximity Analysis", 2009 */
    float *jaccard; /* |N_k(i,a) ∩ N_k(i,b)| / |N_k(i,a) ∪ N_k(i,b)|: 0 to 1 (P. Jaccard, 1901) */
    float *rbo;     /* rank-biased overlap, extrapolated: X_k / k p^k + (1 - p) / p sum_{d=1..k} X_d / d p^d, where X_d
                       is the overlap of the d nearest: 0 to 1, agreement near the top weighs more. W. Webber, A. Moffat
                       and J. Zobel, "A similarity measure for indefinite rankings", 2010, for two lists of
                       equal length */
};

/* Agreement of the k nearest in graphs a and b.
 *
 * p        in  0 < p < 1, for rbo: the share of its weight that lies below rank d is about p^d
 * scratch      [N + 3k] uint32
 *
 * O(N + count k). */
enum nt_status nt_measure_agreement(const struct nt_agreement *out, const nt_graph *a, const nt_graph *b,
                                    const uint32_t *sample, uint32_t count, uint32_t k, double p, uint32_t *scratch);

/* The three that follow from overlaps known already. out->rbo is left alone; overlap in [count], each at most k. */
enum nt_status nt_measure_of_overlap(const struct nt_agreement *out, const uint16_t *overlap, uint32_t count,
                                     uint32_t k, uint32_t n);

/* ---- Labels of neighbours. `label` [N] is what counts as a class: true classes, or predicted ones. ---- */

/* Purity: |{j in N_k(i): label(j) = label(i)}| / k, 0 to 1. purity out [count]; scratch [k] uint32. O(count k). */
enum nt_status nt_measure_purity(float *purity, const nt_graph *graph, const uint16_t *label, const uint32_t *sample,
                                 uint32_t count, uint32_t k, uint32_t *scratch);

/* Adds up how many of the k nearest have each label: |{j in N_k(i): label(j) = c}|.
 *
 * counts   in out  [count, classes]; to be zeroed before the first graph. Several layers may be added, k each, as long
 *                  as their neighbours together are at most 65,535
 * label    in      [N], below classes (asserted)
 * scratch          [k] uint32 */
enum nt_status nt_measure_labels(uint16_t *counts, const nt_graph *graph, const uint16_t *label, const uint32_t *sample,
                                 uint32_t count, uint32_t k, uint32_t classes, uint32_t *scratch);

/* The label most of the k nearest have, of equally frequent ones the one whose nearest member is nearer, and its share.
 *
 * majority  out  [count]
 * share     out  [count] 1 / k to 1; may be NULL
 * scratch        [k + classes] uint32 */
enum nt_status nt_measure_majority(uint16_t *majority, float *share, const nt_graph *graph, const uint16_t *label,
                                   const uint32_t *sample, uint32_t count, uint32_t k, uint32_t classes,
                                   uint32_t *scratch);

/* ---- Deep k-nearest neighbours. N. Papernot and P. McDaniel, "Deep k-Nearest Neighbors: Towards Confident,
 * Interpretable and Robust Deep Learning", 2018.
 *
 * The nonconformity of sample i with class c is the number of neighbours, over all chosen layers, whose label is
 * another: a(i, c) = sum_l |{j in N_k(i, l): label(j) != c}|. The empirical p-value of a class is the share of
 * calibration samples at least as nonconforming with their own label: p(i, c) = |{s in A: a(s, label(s)) >= a(i, c)}| /
 * |A|. Credibility is the largest p-value, the prediction its class, confidence 1 minus the second largest.
 *
 * Chosen here: neighbours are all other samples of the dataset, exact or as the graphs hold them (the paper's are
 * training samples, found by hashing). The calibration set A is a seeded draw of the same samples, each scored against
 * all others; a sample in A leaves its own score out of A when it is judged. Of classes with equal p-values the less
 * nonconforming is predicted, then the smaller number. ---- */

/* Draws m of 0 .. samples - 1 without replacement, each set alike (Algorithm S: D. E. Knuth, "The Art of Computer
 * Programming 2", 3.4.2). calibration out [m], ascending. Asserts m <= samples. O(samples). */
void nt_measure_calibration(uint32_t *calibration, uint32_t samples, uint32_t m, struct nt_random *random);

/* What credibility reads. */
struct nt_conformity {
    const uint16_t *counts;      /* [samples, classes] of all samples, by nt_measure_labels over the chosen layers */
    const uint16_t *label;       /* [samples] */
    const uint32_t *calibration; /* [calibration_count] ascending */
    uint32_t samples, classes, calibration_count;
    uint32_t neighbours; /* of one sample: layers times k, at most 65,535 */
};

/* Credibility, confidence and the class they speak of.
 *
 * credibility, confidence  out  [count], 0 to 1; either may be NULL
 * prediction               out  [count]; may be NULL
 * scratch                       [neighbours + 2] uint32
 *
 * Needs 2 <= calibration_count <= samples and at least 2 classes. O(neighbours + calibration_count + count classes). */
enum nt_status nt_measure_credibility(float *credibility, float *confidence, uint16_t *prediction,
                                      const struct nt_conformity *in, const uint32_t *sample, uint32_t count,
                                      uint32_t *scratch);

/* ---- Hubs. M. Radovanovic, A. Nanopoulos and M. Ivanovic, "Hubs in Space: Popular Nearest Neighbors in
 * High-Dimensional Data", 2010. ---- */

/* Adds up k-occurrences over the neighbourhoods of the listed samples: o(j) = |{i: j in N_k(i)}|.
 *
 * occurrence  in out  [N], to be zeroed before the first call. After all samples their mean is k
 * scratch             [k] uint32 */
enum nt_status nt_measure_occurrences(uint32_t *occurrence, const nt_graph *graph, const uint32_t *sample,
                                      uint32_t count, uint32_t k, uint32_t *scratch);

/* Hubness: skewness of the k-occurrences [n], E(o - mean)^3 / sd^3 with population moments; 0 where all are equal. */
double nt_measure_skewness(const uint32_t *occurrence, uint32_t n);

/* ---- Intrinsic dimension. E. Facco, M. d'Errico, A. Rodriguez and A. Laio, "Estimating the intrinsic dimension of
 * datasets by a minimal neighborhood information", 2017. ---- */

/* Two-NN: with m = r2 / r1 of every sample, ascending, i = 1 .. n, the slope through the origin of -log(1 - i / n)
 * against log m, the share `discard` of the largest m left out of the fit.
 *
 * dimension  out  0 where it cannot be told: fewer than three usable samples, or all m equal 1
 * used       out  samples with a ratio: n above
 * member     in   [N] bytes: the dataset is the samples where it is not 0, as far as their neighbours are in the graph;
 *                 NULL takes all
 * discard    in   0 <= discard < 1, 0.1 in the paper
 * scratch         [N] doubles and then [k of the graph] uint32 and as many floats: nt_measure_dimension_bytes
 *
 * A sample with no two members in the graph, or one that coincides with its nearest (r1 = 0), has no ratio and is left
 * out. r2 is as exact as the graph keeps it (ntrace/graph.h). O(N k + N log N). */
size_t nt_measure_dimension_bytes(const nt_graph *graph);
enum nt_status nt_measure_dimension(double *dimension, uint32_t *used, const nt_graph *graph, const uint8_t *member,
                                    double discard, void *scratch);

/* ---- Quality of a map. J. Venna and S. Kaski, "Neighborhood preservation in nonlinear projection methods: an
 * experimental study", 2001. ---- */

/* Trustworthiness and continuity of one sample i in a 2-D map: 1 - 2 / (k (2N - 3k - 1)) times the sum of r - k, over
 *   trustworthiness: the k nearest in the map that are not among the k nearest at the layer; r their rank at the layer,
 *   continuity:      the k nearest at the layer that are not among the k nearest in the map; r their rank in the map.
 * Ranks count from 1; the means over all samples are the paper's measures (scikit-learn's trustworthiness).
 *
 * trustworthiness, continuity  out  one number each
 * key      in  [N] the sample's distances at the layer as integers that sort alike: nt_knn_key of exact ones, or
 *              squares on codes. The measure is exact where these are
 * graph    in  the layer's exact neighbours, which then take the first ranks whatever the keys say, the others
 *              following in the keys' order; NULL where the keys are all that is known
 * map      in  [N, 2] finite
 * n        in  N
 * scratch      [4 N] uint32
 *
 * Needs 2k < N, sample < N, and where there is a graph, k at most its k and its N equal n. O(N). */
enum nt_status nt_measure_map(float *trustworthiness, float *continuity, const uint32_t *key, const nt_graph *graph,
                              const float *map, uint32_t sample, uint32_t n, uint32_t k, uint32_t *scratch);

/* Exact keys for nt_measure_map from activations. key out [n]; x in [n, d]. O(n d). */
void nt_measure_keys(uint32_t *key, const float *x, uint32_t sample, uint32_t n, uint32_t d);

#ifdef __cplusplus
}
#endif
#endif
