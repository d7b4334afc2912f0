/* L. McInnes, J. Healy and J. Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction",
 * arXiv:1802.03426, 2018, algorithms 2 and 3, with the local connectivity 1 and the floor for sigma of the authors'
 * umap-learn. Deviation: sigma by Newton's method instead of bisection. */
#include "project/fuzzy.h"

#include <stdbool.h>
#include <string.h>

#include "core/exponent.h"

enum { MAX_STEPS = 64 };

static const double TOLERANCE = 1e-6, LEAST_SCALE = 1e-3, LOG2_E = 1.44269504088896340736;

/* 1 / sigma: the sum of exp(-u d) is convex in u, so that Newton's method from 0 comes nearer without ever passing. 0
 * where the memberships cannot add up to so little. */
static double inverse_scale(const float *distance, uint32_t count, double rho, double target) {
    uint32_t at_hand = 0;
    while (at_hand < count && (double)distance[at_hand] <= rho) {
        at_hand++;
    }
    double u = 0;
    if ((double)at_hand > target) {
        return 0;
    }
    for (int step = 0; step < MAX_STEPS; step++) {
        double excess = at_hand - target, slope = 0;
        for (uint32_t j = at_hand; j < count; j++) {
            double d = (double)distance[j] - rho, membership = nt_exp2(-u * d * LOG2_E);
            excess += membership;
            slope += d * membership;
        }
        if (excess < TOLERANCE || !(slope > 0)) {
            break;
        }
        u += excess / slope;
    }
    return u;
}

void nt_fuzzy_scale(float *rho, float *sigma, const float *distance, uint32_t count, double mean) {
    double sum = 0, nearest = 0;
    for (uint32_t j = count; j-- > 0;) {
        sum += (double)distance[j];
        nearest = distance[j] > 0 ? (double)distance[j] : nearest;
    }
    double u = inverse_scale(distance, count, nearest, nt_log2((double)count + 1));
    double least = LEAST_SCALE * (nearest > 0 ? sum / ((double)count + 1) : mean), scale = u > 0 ? 1 / u : 0;
    *rho = (float)nearest;
    *sigma = (float)(scale > least ? scale : least);
}

void nt_fuzzy_strengths(float *strength, const float *distance, uint32_t count, float rho, float sigma) {
    for (uint32_t j = 0; j < count; j++) {
        double beyond = (double)distance[j] - (double)rho;
        strength[j] = beyond <= 0 || sigma <= 0 ? 1.0f : (float)nt_exp2(-beyond / (double)sigma * LOG2_E);
    }
}

/* ---- Union. ---- */

/* One sample's set by ascending index; rows are short. */
static void sort_row(uint32_t *index, float *strength, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        uint32_t at = i, key = index[i];
        float value = strength[i];
        for (; at > 0 && index[at - 1] > key; at--) {
            index[at] = index[at - 1];
            strength[at] = strength[at - 1];
        }
        index[at] = key;
        strength[at] = value;
    }
}

/* The same sets seen from the other end: start [samples + 1], from and back [samples * count]. */
static void transpose(size_t *start, uint32_t *from, float *back, const uint32_t *index, const float *strength,
                      uint32_t samples, uint32_t count) {
    size_t all = (size_t)samples * count;
    memset(start, 0, ((size_t)samples + 1) * sizeof *start);
    for (size_t e = 0; e < all; e++) {
        start[index[e] + 1]++;
    }
    for (uint32_t i = 0; i < samples; i++) {
        start[i + 1] += start[i];
    }
    for (size_t e = 0; e < all; e++) {
        size_t at = start[index[e]]++;
        from[at] = (uint32_t)(e / count);
        back[at] = strength[e];
    }
    memmove(start + 1, start, samples * sizeof *start);
    start[0] = 0;
}

/* Merges a row with the same row of the transposed; returns the pairs written. Pairs lighter than 0 or 0 are none. */
static size_t merge_row(uint32_t *to, float *weight, const uint32_t *a, const float *wa, size_t na, const uint32_t *b,
                        const float *wb, size_t nb) {
    size_t i = 0, j = 0, count = 0;
    while (i < na || j < nb) {
        bool left = i < na && (j == nb || a[i] <= b[j]), right = j < nb && (i == na || b[j] <= a[i]);
        float p = left ? wa[i] : 0, q = right ? wb[j] : 0;
        to[count] = left ? a[i] : b[j];
        weight[count] = p + q - p * q;
        count += weight[count] > 0;
        i += left;
        j += right;
    }
    return count;
}

static void drop_below(struct nt_fuzzy *f, float least) {
    size_t kept = 0, first = 0;
    for (uint32_t i = 0; i < f->samples; i++) {
        size_t end = f->start[i + 1];
        for (size_t e = first; e < end; e++) {
            f->to[kept] = f->to[e];
            f->weight[kept] = f->weight[e];
            kept += f->weight[e] >= least;
        }
        first = end;
        f->start[i + 1] = kept;
    }
}

enum nt_status nt_fuzzy_unite(struct nt_fuzzy *fuzzy, uint32_t *index, float *strength, uint32_t samples,
                              uint32_t count, float least, const struct nt_allocator *allocator) {
    size_t all = (size_t)samples * count;
    *fuzzy = (struct nt_fuzzy){.allocator = allocator, .samples = samples};
    fuzzy->start = nt_allocate_zeroed(allocator, (size_t)samples + 1, sizeof *fuzzy->start);
    fuzzy->to = nt_allocate(allocator, all, 2 * sizeof *fuzzy->to);
    fuzzy->weight = nt_allocate(allocator, all, 2 * sizeof *fuzzy->weight);
    size_t *start = nt_allocate(allocator, (size_t)samples + 1, sizeof *start);
    uint32_t *from = nt_allocate(allocator, all, sizeof *from);
    float *back = nt_allocate(allocator, all, sizeof *back);
    bool there = fuzzy->start && fuzzy->to && fuzzy->weight && start && from && back;
    for (size_t i = 0; there && i < samples; i++) {
        sort_row(index + i * count, strength + i * count, count);
    }
    if (there) {
        transpose(start, from, back, index, strength, samples, count);
        for (size_t i = 0, at = 0; i < samples; i++) {
            at += merge_row(fuzzy->to + at, fuzzy->weight + at, index + i * count, strength + i * count, count,
                            from + start[i], back + start[i], start[i + 1] - start[i]);
            fuzzy->start[i + 1] = at;
        }
        for (size_t e = 0; e < fuzzy->start[samples]; e++) {
            fuzzy->heaviest = fuzzy->weight[e] > fuzzy->heaviest ? fuzzy->weight[e] : fuzzy->heaviest;
        }
        drop_below(fuzzy, least * fuzzy->heaviest);
    } else {
        nt_fuzzy_clear(fuzzy);
    }
    nt_release(allocator, start);
    nt_release(allocator, from);
    nt_release(allocator, back);
    return there ? NT_OK : NT_E_MEMORY;
}

void nt_fuzzy_clear(struct nt_fuzzy *fuzzy) {
    if (fuzzy->allocator != NULL) {
        nt_release(fuzzy->allocator, fuzzy->start);
        nt_release(fuzzy->allocator, fuzzy->to);
        nt_release(fuzzy->allocator, fuzzy->weight);
    }
    *fuzzy = (struct nt_fuzzy){0};
}
