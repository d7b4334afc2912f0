#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/measures.h"
#include "cli/options.h"
#include "cli/search.h"
#include "ntrace/density.h"
#include "ntrace/distances.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"
#include "ntrace/npy.h"

enum { MOST_K = 100, ROOM = 256 << 20 };

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for these measures");
}

/* Memory filled with zeros that nt_command_measures gives back at its end. */
static void *take(struct nt_measuring *m, size_t count, size_t size) {
    void *taken = m->held_count < NT_MEASURING_HELD ? nt_allocate_zeroed(memory(), count, size) : NULL;
    if (taken != NULL) {
        m->held[m->held_count++] = taken;
    }
    return taken;
}

/* A new column of the table, or NULL. */
static float *add_column(struct nt_measuring *m, const char *name) {
    float *value = take(m, m->samples, sizeof *value);
    if (value != NULL) {
        m->column[m->columns++] = (struct nt_measure_column){name, value};
    }
    return value;
}

/* The exact neighbours of all samples at a layer, found when they are asked for first. */
static enum nt_status find_graph(const nt_graph **graph, struct nt_measuring *m, uint32_t layer,
                                 struct nt_error *error) {
    if (m->graph[layer] == NULL) {
        const nt_graph *hint = NULL;
        for (uint32_t l = 0; l < layer; l++) {
            hint = m->graph[l] != NULL ? m->graph[l] : hint;
        }
        NT_TRY(nt_search_graph(&m->graph[layer], m->bundle, layer, m->graph_k, hint, ROOM,
                               "interrupted: nothing was written", error));
    }
    *graph = m->graph[layer];
    return NT_OK;
}

static struct nt_survey_data data_of(const struct nt_measuring *m) {
    return (struct nt_survey_data){nt_bundle_labels(m->bundle), nt_bundle_predictions(m->bundle), m->samples,
                                   nt_bundle_classes(m->bundle)};
}

/* Adds what a survey has measured as columns; they live as long as the survey. */
static enum nt_status survey_layer(struct nt_measuring *m, const nt_graph *here, struct nt_error *error) {
    const nt_graph *there;
    struct nt_survey *s = &m->survey;
    struct nt_survey_data data = data_of(m);
    NT_TRY(find_graph(&there, m, m->reference, error));
    enum nt_status status = nt_survey_layer(s, here, there, &data, m->k, m->p, memory());
    float *occurrence = status == NT_OK ? take(m, m->samples, sizeof *occurrence) : NULL;
    if (status != NT_OK || occurrence == NULL) {
        return status == NT_E_ARG ? nt_error_set(error, status, "k = %u: too many", m->k) : no_memory(error);
    }
    for (uint32_t i = 0; i < m->samples; i++) {
        occurrence[i] = (float)s->occurrence[i];
    }
    const struct nt_measure_column column[] = {{"overlap", s->overlap},   {"lcmc", s->lcmc},
                                               {"jaccard", s->jaccard},   {"rbo", s->rbo},
                                               {"purity", s->purity},     {"purity_prediction", s->prediction_purity},
                                               {"occurrence", occurrence}};
    memcpy(m->column, column, sizeof column);
    m->columns = sizeof column / sizeof *column;
    return NT_OK;
}

static enum nt_status measure_credibility(struct nt_measuring *m, struct nt_error *error) {
    float *credibility = add_column(m, "credibility"), *confidence = add_column(m, "confidence");
    struct nt_survey_data data = data_of(m);
    m->credible = take(m, m->samples, sizeof *m->credible);
    if (!credibility || !confidence || !m->credible) {
        return no_memory(error);
    }
    if (nt_survey_deep_create(&m->deep, &data, m->k, memory()) != NT_OK) {
        return no_memory(error);
    }
    for (uint32_t l = 1; l < nt_bundle_layers(m->bundle); l++) {
        const nt_graph *graph;
        NT_TRY(find_graph(&graph, m, l, error));
        NT_TRY(nt_survey_deep_add(m->deep, graph));
    }
    return nt_survey_deep_finish(credibility, confidence, m->credible, m->deep, m->seed);
}

/* A map [N, 2] out of a .npy. */
static enum nt_status read_map(float **map, struct nt_measuring *m, const char *path, struct nt_error *error) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, path, memory(), error));
    const struct nt_npy_header *header = nt_npy_reader_header(reader);
    enum nt_status status = NT_OK;
    if (header->type != NT_NPY_FLOAT32 || header->rows != m->samples || header->row_items != 2) {
        status = nt_error_set(error, NT_E_SHAPE, "%s: expected float32 [%u, 2]", path, m->samples);
    }
    *map = status == NT_OK ? take(m, 2 * (size_t)m->samples, sizeof **map) : NULL;
    if (status == NT_OK) {
        status = *map != NULL ? nt_npy_read(*map, reader, 0, m->samples, error) : no_memory(error);
    }
    nt_npy_close(reader);
    return status;
}

static enum nt_status measure_map(struct nt_measuring *m, const nt_graph *graph, const char *path,
                                  struct nt_error *error) {
    uint32_t n = m->samples, size = nt_bundle_layer(m->bundle, m->layer)->size;
    float *map, *x = take(m, n, size * sizeof *x), *trust = add_column(m, "trustworthiness"),
                *continuity = add_column(m, "continuity");
    uint32_t *key = take(m, n, sizeof *key), *scratch = take(m, 4 * (size_t)n, sizeof *scratch);
    if (!x || !trust || !continuity || !key || !scratch) {
        return no_memory(error);
    }
    NT_TRY(read_map(&map, m, path, error));
    if (2 * (uint64_t)m->k >= n) {
        return nt_error_set(error, NT_E_ARG, "--map: k = %u: expected below half of the %u samples", m->k, n);
    }
    NT_TRY(nt_bundle_activations(x, m->bundle, m->layer, 0, n, error));
    for (uint32_t i = 0; i < n; i++) {
        nt_measure_keys(key, x, i, n, size);
        NT_TRY(nt_measure_map(trust + i, continuity + i, key, graph, map, i, n, m->k, scratch));
    }
    return NT_OK;
}

static enum nt_status suggest(struct nt_measuring *m, uint32_t count, struct nt_error *error) {
    uint32_t layers = nt_bundle_layers(m->bundle), layer[NT_BUNDLE_MAX_LAYERS], done;
    const nt_graph *first, *previous = NULL, *graph;
    struct nt_suggest_data data = {nt_bundle_labels(m->bundle), nt_bundle_predictions(m->bundle),
                                   nt_bundle_confidences(m->bundle), m->samples, nt_bundle_classes(m->bundle)};
    for (uint32_t l = 0; l < layers; l++) {
        layer[l] = l;
    }
    NT_TRY(nt_suggest_create(&m->suggest, &data, layer, layers, m->k, count, memory(), error));
    NT_TRY(find_graph(&first, m, 0, error));
    for (uint32_t l = 0; l < layers; l++) {
        NT_TRY(find_graph(&graph, m, l, error));
        NT_TRY(nt_suggest_step(&done, m->suggest, first, previous, graph, m->samples, error));
        previous = graph;
    }
    return NT_OK;
}

/* Densities of the exact distances from one sample, at the layer. */
static enum nt_status estimate_densities(struct nt_measuring *m, uint32_t sample, struct nt_error *error) {
    uint32_t n = m->samples, classes = nt_bundle_classes(m->bundle), points = NT_MEASURING_POINTS, done;
    uint32_t *order = take(m, n, sizeof *order), *start = take(m, classes + 1, sizeof *start),
             *scratch = take(m, 3 * (size_t)n, sizeof *scratch);
    float *value = take(m, n, sizeof *value);
    double *bandwidth = take(m, classes, sizeof *bandwidth);
    m->at = take(m, points, sizeof *m->at);
    m->density = take(m, (size_t)classes * points, sizeof *m->density);
    if (!order || !start || !scratch || !value || !bandwidth || !m->at || !m->density) {
        return no_memory(error);
    }
    nt_distances *distances;
    NT_TRY(nt_distances_create(&distances, m->bundle, sample, &m->layer, 1, error));
    enum nt_status status = nt_distances_step(&done, distances, n, error);
    if (status == NT_OK) {
        nt_density_sort(order, value, start, nt_distances_at(distances, 0), nt_bundle_labels(m->bundle), sample, n,
                        classes, scratch);
        nt_density_grid(m->at, bandwidth, value, start, classes, points);
    }
    nt_distances_free(distances);
    for (uint32_t c = 0; status == NT_OK && c < classes; c++) {
        if (bandwidth[c] > 0) {
            status =
                nt_density(m->density + (size_t)c * points, m->at, points, value + start[c], start[c + 1] - start[c]);
        }
    }
    return status;
}

struct request {
    const char *path, *model, *output, *map;
    uint64_t layer, reference, k, suggestions, seed, sample;
    double p;
    bool credibility;
};

enum { NOBODY = NT_BUNDLE_MAX_SAMPLES };

static enum nt_status measure(struct nt_measuring *m, const struct request *r, struct nt_error *error) {
    const nt_graph *graph;
    NT_TRY(find_graph(&graph, m, m->layer, error));
    NT_TRY(survey_layer(m, graph, error));
    if (r->map != NULL) {
        NT_TRY(measure_map(m, graph, r->map, error));
    }
    if (r->credibility) {
        NT_TRY(measure_credibility(m, error));
    }
    if (r->sample != NOBODY) {
        NT_TRY(estimate_densities(m, (uint32_t)r->sample, error));
    }
    return r->suggestions > 0 ? suggest(m, (uint32_t)r->suggestions, error) : NT_OK;
}

static enum nt_status prepare(struct nt_measuring *m, const struct request *r, struct nt_error *error) {
    NT_TRY(nt_models_open(&m->bundle, r->path, r->model, memory(), error));
    uint32_t n = nt_bundle_samples(m->bundle), layers = nt_bundle_layers(m->bundle);
    *m = (struct nt_measuring){.bundle = m->bundle,
                               .samples = n,
                               .layer = (uint32_t)r->layer,
                               .reference = (uint32_t)r->reference,
                               .k = (uint32_t)r->k,
                               .graph_k = n - 1 < MOST_K ? n - 1 : MOST_K,
                               .p = r->p,
                               .seed = r->seed};
    if (r->layer >= layers || r->reference >= layers) {
        return nt_error_set(error, NT_E_ARG, "layers %u and %u: expected 0 to %u", m->layer, m->reference, layers - 1);
    }
    if (m->k > m->graph_k) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", m->k, m->graph_k);
    }
    NT_TRY(nt_folder_load_exact(m->bundle, r->path, memory(), error));
    return mkdir(r->output, 0777) == 0 || errno == EEXIST
               ? NT_OK
               : nt_error_set(error, NT_E_IO, "%s: %s", r->output, strerror(errno));
}

static void end(struct nt_measuring *m) {
    nt_suggest_free(m->suggest);
    nt_survey_clear(&m->survey, memory());
    nt_survey_deep_free(m->deep);
    for (uint32_t l = 0; l < NT_BUNDLE_MAX_LAYERS; l++) {
        nt_graph_free(m->graph[l]);
    }
    for (uint32_t i = 0; i < m->held_count; i++) {
        nt_release(memory(), m->held[i]);
    }
    nt_bundle_close(m->bundle);
}

int nt_command_measures(int count, char **arguments) {
    struct request r = {.k = MOST_K, .p = NT_SURVEY_RBO_P, .seed = NT_SURVEY_SEED, .sample = NOBODY};
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &r.path, 0, 0, "folder of the bundle", true},
        {"--model", NT_OPTION_TEXT, &r.model, 0, 0, "of several models this one, by its name", false},
        {"-o", NT_OPTION_TEXT, &r.output, 0, 0, "folder for the .csv and .json files", true},
        {"--layer", NT_OPTION_COUNT, &r.layer, 0, NT_BUNDLE_MAX_LAYERS - 1, "0 is the input", false},
        {"--reference", NT_OPTION_COUNT, &r.reference, 0, NT_BUNDLE_MAX_LAYERS - 1, "layer to compare with", false},
        {"-k", NT_OPTION_COUNT, &r.k, 1, MOST_K, "how many neighbours", false},
        {"--rbo-p", NT_OPTION_NUMBER, &r.p, 0.01, 0.999, "persistence of rank-biased overlap", false},
        {"--map", NT_OPTION_TEXT, &r.map, 0, 0, ".npy of a map, float32 [N, 2], to be judged", false},
        {"--credibility", NT_OPTION_FLAG, &r.credibility, 0, 0, "deep k-nearest neighbours over all layers", false},
        {"--seed", NT_OPTION_COUNT, &r.seed, 0, UINT32_MAX, "of the samples that calibrate credibility", false},
        {"--densities", NT_OPTION_COUNT, &r.sample, 0, NT_BUNDLE_MAX_SAMPLES - 1,
         "a sample, for the densities of the distances from it", false},
        {"--suggestions", NT_OPTION_COUNT, &r.suggestions, 0, 1000, "how many samples of each reason", false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "measures",
                                  "measure the neighbourhoods of all samples at a layer, and the network's accuracy");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct nt_measuring m = {0};
    struct nt_error error = {0};
    enum nt_status outcome = prepare(&m, &r, &error);
    outcome = outcome == NT_OK ? measure(&m, &r, &error) : outcome;
    outcome = outcome == NT_OK ? nt_measures_write(&m, r.output, &error) : outcome;
    end(&m);
    return outcome == NT_OK ? 0 : nt_command_failed("measures", error.text);
}
