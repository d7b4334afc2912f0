/* UMAP from a neighbour graph, in steps: L. McInnes, J. Healy and J. Melville, "UMAP", arXiv:1802.03426, 2018,
 * algorithm 1. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "ntrace/project.h"
#include "project/curve.h"
#include "project/fuzzy.h"
#include "project/layout.h"
#include "project/spectral.h"

enum { ROWS = 1024, SMALL = 10000, FEW_EPOCHS = 10, MAX_SAMPLES = 1 << 22 };

/* What the next step does. */
enum phase { MEASURE, UNITE, START, LAY_OUT };

static const float EXTENT = 10, NOISE = 1e-4f;

struct nt_umap {
    const struct nt_allocator *allocator;
    const nt_graph *graph;
    struct nt_umap_options options;
    struct nt_random random;
    enum phase phase;
    uint32_t samples, epoch;
    uint32_t row;                 /* next to be measured */
    double mean, prepared;        /* of all distances; share of the preparation */
    uint32_t *index;              /* [samples, neighbors - 1] until the sets are united */
    float *strength;              /* alike */
    float *map;                   /* [samples,2] */
    bool started;                 /* whether the map holds its start */
    struct nt_fuzzy fuzzy;        /* until the layout starts */
    struct nt_spectral *spectral; /* alike */
    struct nt_layout layout;
    struct nt_layout_forces forces;
};

static uint32_t usual_epochs(uint32_t samples) { return samples < SMALL ? 500 : 200; }

void nt_umap_defaults(struct nt_umap_options *options, uint32_t samples, enum nt_umap_start start) {
    bool warm = start == NT_UMAP_MAP;
    *options = (struct nt_umap_options){.neighbors = 15,
                                        .epochs = usual_epochs(samples) / (warm ? 2 : 1),
                                        .negatives = 5,
                                        .start = start,
                                        .min_dist = 0.1f,
                                        .spread = 1,
                                        .alpha = warm ? 0.25f : 1};
}

/* ---- Preparation. ---- */

/* Mean of all distances, those of samples to themselves counted in, as umap-learn counts. */
static double mean_distance(const nt_graph *graph, uint32_t count) {
    float distance[NT_UMAP_MAX_NEIGHBORS];
    uint32_t samples = nt_graph_samples(graph);
    double sum = 0;
    for (uint32_t i = 0; i < samples; i++) {
        nt_graph_get(NULL, distance, graph, i, count);
        for (uint32_t j = 0; j < count; j++) {
            sum += (double)distance[j];
        }
    }
    return sum / ((double)samples * (count + 1));
}

static void measure(nt_umap *u) {
    float distance[NT_UMAP_MAX_NEIGHBORS], rho, sigma;
    uint32_t count = u->options.neighbors - 1, end = u->samples - u->row < ROWS ? u->samples : u->row + ROWS;
    if (u->row == 0) {
        u->mean = mean_distance(u->graph, count);
    }
    for (; u->row < end; u->row++) {
        size_t at = (size_t)u->row * count;
        nt_graph_get(u->index + at, distance, u->graph, u->row, count);
        nt_fuzzy_scale(&rho, &sigma, distance, count, u->mean);
        nt_fuzzy_strengths(u->strength + at, distance, count, rho, sigma);
    }
    u->phase = u->row == u->samples ? UNITE : MEASURE;
}

/* Pairs too light to be drawn even once are left out, as umap-learn leaves them out. */
static enum nt_status unite(nt_umap *u) {
    uint32_t epochs = u->options.epochs > FEW_EPOCHS ? u->options.epochs : usual_epochs(u->samples);
    NT_TRY(nt_fuzzy_unite(&u->fuzzy, u->index, u->strength, u->samples, u->options.neighbors - 1, 1.0f / (float)epochs,
                          u->allocator));
    nt_release(u->allocator, u->index);
    nt_release(u->allocator, u->strength);
    u->index = NULL;
    u->strength = NULL;
    u->phase = START;
    return u->started ? NT_OK : nt_spectral_create(&u->spectral, &u->fuzzy, u->options.seed, u->allocator);
}

/* Scales each axis to 0 .. 10. */
static void scale_axes(float *map, uint32_t samples) {
    for (int axis = 0; axis < 2; axis++) {
        float low = map[axis], high = low;
        for (size_t i = 0; i < samples; i++) {
            float x = map[2 * i + (size_t)axis];
            low = x < low ? x : low;
            high = x > high ? x : high;
        }
        for (size_t i = 0; i < samples; i++) {
            float *x = &map[2 * i + (size_t)axis];
            *x = high > low ? EXTENT * ((*x - low) / (high - low)) : 0;
        }
    }
}

/* Points that coincide would never part: nothing pushes along a distance of 0. */
static void add_noise(nt_umap *u) {
    for (size_t i = 0; i < 2 * (size_t)u->samples; i++) {
        u->map[i] += nt_random_between(&u->random, -NOISE, NOISE);
    }
}

static enum nt_status start(nt_umap *u) {
    if (!u->started) {
        u->prepared = nt_spectral_step(u->spectral);
        if (u->prepared < 1) {
            return NT_OK;
        }
        nt_spectral_map(u->map, u->spectral);
        nt_spectral_free(u->spectral);
        u->spectral = NULL;
    }
    if (u->options.start != NT_UMAP_MAP) {
        scale_axes(u->map, u->samples);
    }
    add_noise(u);
    NT_TRY(nt_layout_create(&u->layout, &u->fuzzy, &u->random, u->allocator));
    nt_fuzzy_clear(&u->fuzzy);
    u->started = true;
    u->phase = LAY_OUT;
    return NT_OK;
}

/* ---- Steps. ---- */

enum nt_status nt_umap_step(uint32_t *epoch, nt_umap *u, struct nt_error *error) {
    enum nt_status status = NT_OK;
    switch (u->phase) {
    case MEASURE:
        measure(u);
        break;
    case UNITE:
        status = unite(u);
        break;
    case START:
        status = start(u);
        break;
    case LAY_OUT:
        if (u->epoch < u->options.epochs) {
            float left = 1.0f - (float)u->epoch / (float)u->options.epochs;
            nt_layout_epoch(u->map, &u->layout, &u->forces, u->options.alpha * left);
            u->epoch++;
        }
        break;
    }
    *epoch = u->epoch;
    return status == NT_OK
               ? NT_OK
               : nt_error_set(error, status, "there is not enough memory for a map of %u samples", u->samples);
}

double nt_umap_done(const nt_umap *u) {
    const double measuring = 0.05, starting = 0.2; /* roughly, of the time */
    double prepared = measuring * u->row / u->samples + (starting - measuring) * u->prepared;
    return u->phase < LAY_OUT ? prepared : starting + (1 - starting) * u->epoch / u->options.epochs;
}

const float *nt_umap_map(const nt_umap *u) { return u->map; }

/* ---- Handle. ---- */

static enum nt_status check(const nt_graph *graph, const struct nt_umap_options *o, const float *start,
                            struct nt_error *e) {
    uint32_t samples = nt_graph_samples(graph), k = nt_graph_k(graph);
    if (o->neighbors < 2 || o->neighbors > NT_UMAP_MAX_NEIGHBORS) {
        return nt_error_set(e, NT_E_ARG, "neighbors %u: expected 2 to %d, the sample itself among them", o->neighbors,
                            NT_UMAP_MAX_NEIGHBORS);
    }
    if (samples > MAX_SAMPLES) {
        return nt_error_set(e, NT_E_ARG, "%u samples: expected %d at most", samples, MAX_SAMPLES);
    }
    if (o->neighbors > samples) {
        return nt_error_set(e, NT_E_ARG, "neighbors %u: there are only %u samples", o->neighbors, samples);
    }
    if (o->neighbors > k + 1) {
        return nt_error_set(e, NT_E_ARG, "neighbors %u: the graph has %u of each sample, %u with the sample itself",
                            o->neighbors, k, k + 1);
    }
    if (o->epochs < 1 || o->epochs > NT_UMAP_MAX_EPOCHS) {
        return nt_error_set(e, NT_E_ARG, "epochs %u: expected 1 to %d", o->epochs, NT_UMAP_MAX_EPOCHS);
    }
    if (o->negatives > NT_UMAP_MAX_NEGATIVES) {
        return nt_error_set(e, NT_E_ARG, "negatives %u: expected 0 to %d", o->negatives, NT_UMAP_MAX_NEGATIVES);
    }
    if (!(o->spread > 0 && o->spread <= 1000 && o->min_dist >= 0 && o->min_dist <= o->spread)) {
        return nt_error_set(
            e, NT_E_ARG, "min_dist %g, spread %g: expected 0 <= min_dist <= spread, and spread above 0, 1000 at most",
            (double)o->min_dist, (double)o->spread);
    }
    if (!(o->alpha > 0 && o->alpha <= 10)) {
        return nt_error_set(e, NT_E_ARG, "alpha %g: expected a rate above 0, 10 at most", (double)o->alpha);
    }
    if (o->start > NT_UMAP_MAP || (start == NULL) != (o->start == NT_UMAP_SPECTRAL)) {
        return nt_error_set(e, NT_E_ARG, "start %u: expected 0 without coordinates, or 1 or 2 with them", o->start);
    }
    for (size_t i = 0; start != NULL && i < 2 * (size_t)samples; i++) {
        if (!isfinite(start[i])) {
            return nt_error_set(e, NT_E_VALUE, "the start of sample %zu is not finite", i / 2);
        }
    }
    return NT_OK;
}

enum nt_status nt_umap_create(nt_umap **umap, const nt_graph *graph, const struct nt_umap_options *options,
                              const float *start_map, const struct nt_allocator *allocator, struct nt_error *error) {
    *umap = NULL;
    NT_TRY(check(graph, options, start_map, error));
    size_t samples = nt_graph_samples(graph), count = options->neighbors - 1;
    nt_umap *u = nt_allocate_zeroed(allocator, 1, sizeof *u);
    if (u != NULL) {
        *u = (nt_umap){.allocator = allocator, .graph = graph, .options = *options, .samples = (uint32_t)samples};
        nt_random_seed(&u->random, options->seed, 1);
        nt_curve_fit(&u->forces.a, &u->forces.b, (double)options->min_dist, (double)options->spread);
        u->forces.negatives = options->negatives;
        u->index = nt_allocate(allocator, samples, count * sizeof *u->index);
        u->strength = nt_allocate(allocator, samples, count * sizeof *u->strength);
        u->map = nt_allocate_zeroed(allocator, samples, 2 * sizeof *u->map);
    }
    if (u == NULL || u->index == NULL || u->strength == NULL || u->map == NULL) {
        nt_umap_free(u);
        return nt_error_set(error, NT_E_MEMORY, "there is not enough memory for a map of %zu samples", samples);
    }
    if (start_map != NULL) {
        memcpy(u->map, start_map, samples * 2 * sizeof *u->map);
        u->started = true;
    }
    *umap = u;
    return NT_OK;
}

void nt_umap_free(nt_umap *u) {
    if (u == NULL) {
        return;
    }
    nt_fuzzy_clear(&u->fuzzy);
    nt_spectral_free(u->spectral);
    nt_layout_clear(&u->layout);
    nt_release(u->allocator, u->index);
    nt_release(u->allocator, u->strength);
    nt_release(u->allocator, u->map);
    nt_release(u->allocator, u);
}
