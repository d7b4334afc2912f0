/* Spectral start of a layout: M. Belkin and P. Niyogi, "Laplacian Eigenmaps for Dimensionality Reduction and Data
 * Representation", Neural Computation 15(6), 2003, on the symmetric normalised Laplacian, as UMAP starts. The
 * eigenvectors come from Chebyshev-filtered subspace iteration: Y. Zhou, Y. Saad, M. L. Tiago and J. R. Chelikowsky,
 * "Self-consistent- field calculations using Chebyshev-filtered subspace iteration", Journal of Computational Physics
 * 219(1), 2006: it needs no factorisation, bears near-equal eigenvalues, and stops anywhere with something smooth.
 *
 * Components are placed as umap-learn places up to four of them; more go on a spiral, the largest in the middle, each
 * with room in proportion to its samples (H. Vogel, "A better way to construct the sunflower head", 1979). */
#include "project/spectral.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "project/block.h"

enum { MAX_ROUNDS = 24, DEGREE = 10, LEAST_SAMPLES = 16, CROSS = 4 };

static const double TOLERANCE = 2e-3;

struct component {
    uint32_t first, count; /* of the members */
    double x, y, radius;
};

struct nt_spectral {
    const struct nt_allocator *allocator;
    const struct nt_fuzzy *fuzzy;
    struct nt_random random;
    uint32_t components, at; /* the component under way */
    int round;               /* of that component */
    double damped;           /* eigenvalues from -1 up to here are filtered away */
    struct component *component;
    uint32_t *member;  /* [samples] component by component */
    uint32_t *place;   /* [samples] of a sample in its component */
    float *coordinate; /* [samples,2], component by component */
    float *root;       /* [samples] of the degree, component by component: the eigenvector of 1, not of unit length */
    size_t *start;     /* [samples + 1] the normalised matrix of the component under way */
    uint32_t *to;
    float *weight;
    float *block[3]; /* [samples, NT_BLOCK] */
};

/* ---- Components. ---- */

/* Numbers the components and lists their members by breadth-first search; returns how many there are. */
static uint32_t find_components(uint32_t *member, uint32_t *of, const struct nt_fuzzy *f) {
    uint32_t components = 0, listed = 0;
    memset(of, 0xff, f->samples * sizeof *of);
    for (uint32_t seed = 0; seed < f->samples; seed++) {
        if (of[seed] != UINT32_MAX) {
            continue;
        }
        uint32_t next = listed;
        of[seed] = components;
        for (member[listed++] = seed; next < listed; next++) {
            uint32_t i = member[next];
            for (size_t e = f->start[i]; e < f->start[i + 1]; e++) {
                if (of[f->to[e]] == UINT32_MAX) {
                    of[f->to[e]] = components;
                    member[listed++] = f->to[e];
                }
            }
        }
        components++;
    }
    return components;
}

/* Up to four stand on a cross. */
static void place_on_cross(struct nt_spectral *s) {
    uint32_t half = (s->components + 1) / 2;
    for (uint32_t c = 0; c < s->components; c++) {
        double side = c < half ? 1 : -1;
        s->component[c].x = c % half == 0 ? side : 0;
        s->component[c].y = c % half == 0 ? 0 : side;
        s->component[c].radius = s->components == 2 ? 1 : sqrt(0.5);
    }
}

/* Turns by the golden angle, in which no direction comes again soon. */
static void place_on_spiral(struct nt_spectral *s) {
    const double cosine = -0.73736887807831985, sine = 0.67549029426152362;
    uint32_t largest = 0;
    for (uint32_t c = 1; c < s->components; c++) {
        largest = s->component[c].count > s->component[largest].count ? c : largest;
    }
    double all = s->fuzzy->samples, before = s->component[largest].count, x = 1, y = 0;
    s->component[largest].x = s->component[largest].y = 0;
    s->component[largest].radius = 0.7 * sqrt(before / all);
    for (uint32_t c = 0; c < s->components; c++) {
        if (c == largest) {
            continue;
        }
        double share = s->component[c].count / all, way = sqrt(before / all + share / 2),
               turned = x * cosine - y * sine;
        y = x * sine + y * cosine;
        x = turned;
        s->component[c].x = way * x;
        s->component[c].y = way * y;
        s->component[c].radius = 0.7 * sqrt(share);
        before += s->component[c].count;
    }
}

static void list_components(struct nt_spectral *s, const uint32_t *of) {
    uint32_t samples = s->fuzzy->samples;
    for (uint32_t i = 0; i < samples; i++) {
        struct component *c = &s->component[of[s->member[i]]];
        c->first = c->count == 0 ? i : c->first;
        s->place[s->member[i]] = c->count++;
    }
    if (s->components == 1) {
        s->component[0].radius = 1;
    } else if (s->components <= CROSS) {
        place_on_cross(s);
    } else {
        place_on_spiral(s);
    }
}

/* ---- One component. ---- */

/* The component's normalised matrix: weight / sqrt(degree · degree), and the roots of its degrees. */
static void take_component(struct nt_spectral *s, const struct component *c) {
    const struct nt_fuzzy *f = s->fuzzy;
    float *root = s->root + c->first;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t sample = s->member[c->first + i];
        double degree = 0;
        for (size_t e = f->start[sample]; e < f->start[sample + 1]; e++) {
            degree += (double)f->weight[e];
        }
        root[i] = (float)sqrt(degree);
    }
    size_t at = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t sample = s->member[c->first + i];
        s->start[i] = at;
        for (size_t e = f->start[sample]; e < f->start[sample + 1]; e++, at++) {
            s->to[at] = s->place[f->to[e]];
            s->weight[at] = f->weight[e] / (root[i] * root[s->to[at]]);
        }
    }
    s->start[c->count] = at;
}

static void begin(struct nt_spectral *s, const struct component *c) {
    take_component(s, c);
    for (size_t i = 0; i < (size_t)c->count * NT_BLOCK; i++) {
        s->block[0][i] = nt_random_between(&s->random, -1, 1);
    }
    s->damped = 0;
    nt_block_orthonormalise(s->block[0], s->root + c->first, c->count, &s->random);
}

/* Chebyshev polynomial of the matrix, small from -1 to `damped` and steep beyond, applied to block 0. */
static void filter(struct nt_spectral *s, uint32_t count) {
    struct nt_sparse matrix = {s->start, s->to, s->weight, count};
    double centre = (s->damped - 1) / 2, half = (s->damped + 1) / 2;
    nt_block_multiply(s->block[1], s->block[0], NULL, &matrix, (float)(1 / half), (float)(-centre / half));
    for (int d = 2; d <= DEGREE; d++) {
        nt_block_multiply(s->block[2], s->block[1], s->block[0], &matrix, (float)(2 / half),
                          (float)(-2 * centre / half));
        float *oldest = s->block[0];
        s->block[0] = s->block[1];
        s->block[1] = s->block[2];
        s->block[2] = oldest;
    }
    float *filtered = s->block[1];
    s->block[1] = s->block[0];
    s->block[0] = filtered;
}

/* One round; true when the two coordinates have settled. */
static bool improve(struct nt_spectral *s, const struct component *c) {
    struct nt_sparse matrix = {s->start, s->to, s->weight, c->count};
    double value[NT_BLOCK];
    filter(s, c->count);
    nt_block_orthonormalise(s->block[0], s->root + c->first, c->count, &s->random);
    nt_block_multiply(s->block[1], s->block[0], NULL, &matrix, 1, 0);
    double residual = nt_block_rotate(value, s->block[0], s->block[1], c->count);
    s->damped = value[NT_BLOCK - 1] > -0.5 ? value[NT_BLOCK - 1] : -0.5;
    return residual < TOLERANCE * (1 - value[1] + 1e-3);
}

static void settle(struct nt_spectral *s, const struct component *c) {
    float *out = s->coordinate + 2 * (size_t)c->first, largest = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        for (int axis = 0; axis < 2; axis++) {
            float value = c->count < LEAST_SAMPLES ? nt_random_between(&s->random, -1, 1)
                                                   : s->block[0][(size_t)i * NT_BLOCK + (size_t)axis];
            out[2 * i + (uint32_t)axis] = value;
            largest = value > largest ? value : -value > largest ? -value : largest;
        }
    }
    float scale = largest > 0 ? (float)c->radius / largest : 0;
    for (uint32_t i = 0; i < c->count; i++) {
        out[2 * i] = out[2 * i] * scale + (float)c->x;
        out[2 * i + 1] = out[2 * i + 1] * scale + (float)c->y;
    }
}

double nt_spectral_step(struct nt_spectral *s) {
    while (s->at < s->components && s->component[s->at].count < LEAST_SAMPLES) {
        settle(s, &s->component[s->at++]);
    }
    if (s->at == s->components) {
        return 1;
    }
    const struct component *c = &s->component[s->at];
    if (s->round == 0) {
        begin(s, c);
    }
    s->round++;
    if (improve(s, c) || s->round == MAX_ROUNDS) {
        settle(s, c);
        s->at++;
        s->round = 0;
    }
    if (s->at == s->components) {
        return 1;
    }
    return (s->component[s->at].first + (double)s->component[s->at].count * s->round / (MAX_ROUNDS + 1)) /
           (double)s->fuzzy->samples;
}

void nt_spectral_map(float *map, const struct nt_spectral *s) {
    for (uint32_t i = 0; i < s->fuzzy->samples; i++) {
        memcpy(map + 2 * (size_t)s->member[i], s->coordinate + 2 * (size_t)i, 2 * sizeof *map);
    }
}

/* ---- Handle. ---- */

enum nt_status nt_spectral_create(struct nt_spectral **spectral, const struct nt_fuzzy *fuzzy, uint64_t seed,
                                  const struct nt_allocator *al) {
    size_t samples = fuzzy->samples, edges = fuzzy->start[samples];
    *spectral = NULL;
    struct nt_spectral *s = nt_allocate_zeroed(al, 1, sizeof *s);
    uint32_t *of = nt_allocate(al, samples, sizeof *of);
    if (s != NULL) {
        *s = (struct nt_spectral){.allocator = al, .fuzzy = fuzzy};
        nt_random_seed(&s->random, seed, 2);
        s->member = nt_allocate(al, samples, sizeof *s->member);
        s->place = nt_allocate(al, samples, sizeof *s->place);
        s->coordinate = nt_allocate(al, samples, 2 * sizeof *s->coordinate);
        s->root = nt_allocate(al, samples, sizeof *s->root);
        s->start = nt_allocate(al, samples + 1, sizeof *s->start);
        s->to = nt_allocate(al, edges, sizeof *s->to);
        s->weight = nt_allocate(al, edges, sizeof *s->weight);
        for (int i = 0; i < 3; i++) {
            s->block[i] = nt_allocate(al, samples, NT_BLOCK * sizeof(float));
        }
    }
    if (s != NULL && of != NULL && s->member != NULL) {
        s->components = find_components(s->member, of, fuzzy);
        s->component = nt_allocate_zeroed(al, s->components, sizeof *s->component);
    }
    bool there = of && s && s->component && s->member && s->place && s->coordinate && s->root && s->start && s->to &&
                 s->weight && s->block[0] && s->block[1] && s->block[2];
    if (there) {
        list_components(s, of);
        *spectral = s;
    } else {
        nt_spectral_free(s);
    }
    nt_release(al, of);
    return there ? NT_OK : NT_E_MEMORY;
}

void nt_spectral_free(struct nt_spectral *s) {
    if (s == NULL) {
        return;
    }
    nt_release(s->allocator, s->component);
    nt_release(s->allocator, s->member);
    nt_release(s->allocator, s->place);
    nt_release(s->allocator, s->coordinate);
    nt_release(s->allocator, s->root);
    nt_release(s->allocator, s->start);
    nt_release(s->allocator, s->to);
    nt_release(s->allocator, s->weight);
    for (int i = 0; i < 3; i++) {
        nt_release(s->allocator, s->block[i]);
    }
    nt_release(s->allocator, s);
}
