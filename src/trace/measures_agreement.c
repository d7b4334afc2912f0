/* L. Chen and A. Buja, "Local Multidimensional Scaling for Nonlinear Dimension Reduction, Graph Drawing, and Proximity
 * Analysis", 2009; W. Webber, A. Moffat and J. Zobel, "A similarity measure for indefinite rankings", 2010. */
#include <string.h>

#include "ntrace/measures.h"
#include "trace/measures.h"

/* entering [k]: how many samples the d + 1 nearest of both share that the d nearest did not. rank [N] holds each
 * sample's place in b, k where it has none. */
static void find_entering(uint32_t *entering, const uint32_t *a, const uint32_t *rank, uint32_t k) {
    memset(entering, 0, k * sizeof *entering);
    for (uint32_t i = 0; i < k; i++) {
        uint32_t j = rank[a[i]];
        if (j < k) {
            entering[i > j ? i : j]++;
        }
    }
}

static double rank_biased_overlap(const uint32_t *entering, uint32_t k, double p) {
    double sum = 0, weight = 1, agreement = 0;
    uint32_t common = 0;
    for (uint32_t d = 0; d < k; d++) {
        common += entering[d];
        weight *= p;
        agreement = (double)common / (d + 1);
        sum += agreement * weight;
    }
    return agreement * weight + (1 - p) / p * sum;
}

static void write_of_overlap(const struct nt_agreement *out, uint32_t i, uint32_t common, uint32_t k, uint32_t n) {
    if (out->overlap != NULL) {
        out->overlap[i] = (float)common;
    }
    if (out->lcmc != NULL) {
        out->lcmc[i] = (float)((double)common / k - (double)k / (n - 1));
    }
    if (out->jaccard != NULL) {
        out->jaccard[i] = (float)((double)common / (2 * k - common));
    }
}

static void write(const struct nt_agreement *out, uint32_t i, const uint32_t *entering, uint32_t k, uint32_t n,
                  double p) {
    uint32_t common = 0;
    for (uint32_t d = 0; d < k; d++) {
        common += entering[d];
    }
    write_of_overlap(out, i, common, k, n);
    if (out->rbo != NULL) {
        out->rbo[i] = (float)rank_biased_overlap(entering, k, p);
    }
}

enum nt_status nt_measure_of_overlap(const struct nt_agreement *out, const uint16_t *overlap, uint32_t count,
                                     uint32_t k, uint32_t n) {
    for (uint32_t i = 0; i < count; i++) {
        if (overlap[i] > k || k < 1 || k >= n) {
            return NT_E_ARG;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        write_of_overlap(out, i, overlap[i], k, n);
    }
    return NT_OK;
}

enum nt_status nt_measure_agreement(const struct nt_agreement *out, const nt_graph *a, const nt_graph *b,
                                    const uint32_t *sample, uint32_t count, uint32_t k, double p, uint32_t *scratch) {
    uint32_t n = nt_graph_samples(a);
    NT_TRY(nt_measure_check(a, sample, count, k));
    NT_TRY(nt_measure_check(b, sample, count, k));
    if (nt_graph_samples(b) != n || !(p > 0 && p < 1)) {
        return NT_E_ARG;
    }
    uint32_t *rank = scratch, *near_a = rank + n, *near_b = near_a + k, *entering = near_b + k;
    for (uint32_t i = 0; i < n; i++) {
        rank[i] = k;
    }
    for (uint32_t i = 0; i < count; i++) {
        nt_graph_get(near_a, NULL, a, nt_measure_sample(sample, i), k);
        nt_graph_get(near_b, NULL, b, nt_measure_sample(sample, i), k);
        for (uint32_t d = 0; d < k; d++) {
            rank[near_b[d]] = d;
        }
        find_entering(entering, near_a, rank, k);
        write(out, i, entering, k, n, p);
        for (uint32_t d = 0; d < k; d++) {
            rank[near_b[d]] = k;
        }
    }
    return NT_OK;
}
