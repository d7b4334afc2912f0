/* What follows from the graphs of all layers: stability, maps, measures, credibility, suggestions. */
#include <string.h>

#include "bundle/pack.h"
#include "bundle/planes.h"

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to measure %u samples", p->samples);
}

enum nt_status nt_pack_start_answers(struct nt_packer *p) {
    uint32_t layer[NT_BUNDLE_MAX_LAYERS];
    p->survey = (struct nt_survey_data){p->data->label, p->prediction, p->samples, p->data->classes};
    struct nt_suggest_data data = {p->data->label, p->prediction, p->confidence, p->samples, p->data->classes};
    for (uint32_t l = 0; l < p->layers; l++) {
        layer[l] = l;
    }
    p->manifest.measures.p = NT_SURVEY_RBO_P;
    p->manifest.measures.seed = NT_SURVEY_SEED;
    p->manifest.measures.suggestions = NT_PACK_SUGGESTIONS;
    p->map = nt_allocate(p->allocator, p->samples, 2 * sizeof *p->map);
    if (p->map == NULL) {
        return no_memory(p);
    }
    if (p->survey.classes >= 2 && p->samples >= 4 && (p->layers - 1) * p->k <= UINT16_MAX &&
        nt_survey_deep_create(&p->deep, &p->survey, p->k, p->allocator) != NT_OK) {
        return no_memory(p);
    }
    return nt_suggest_create(&p->suggest, &data, layer, p->layers, p->k, NT_PACK_SUGGESTIONS, p->allocator, p->error);
}

void nt_pack_clear_answers(struct nt_packer *p) {
    if (p->graph != p->previous && p->graph != p->first) {
        nt_graph_free(p->graph);
    }
    if (p->previous != p->first) {
        nt_graph_free(p->previous);
    }
    nt_graph_free(p->first);
    nt_survey_deep_free(p->deep);
    nt_suggest_free(p->suggest);
    nt_release(p->allocator, p->map);
}

/* Makes a graph the current one, and the current one that of the layer before. */
static void keep_graph(struct nt_packer *p, nt_graph *graph) {
    if (p->previous != p->graph && p->previous != p->first) {
        nt_graph_free(p->previous);
    }
    p->first = p->first != NULL ? p->first : graph;
    p->previous = p->graph;
    p->graph = graph;
}

/* ---- Measures. ---- */

static uint32_t of_k(float share, uint32_t k) { return (uint32_t)(share * (float)k + 0.5f); }

static enum nt_status write_measures(struct nt_packer *p, const struct nt_survey *s, uint32_t layer) {
    size_t n = p->samples, planes = NT_MEASURES_PLANES * n, groups = p->survey.classes + (size_t)1;
    size_t dimensions = groups * sizeof *s->dimension, used = groups * sizeof *s->dimension_used;
    uint8_t *raw = nt_allocate(p->allocator, planes + dimensions + used, 1);
    if (raw == NULL) {
        return no_memory(p);
    }
    for (size_t i = 0; i < n; i++) {
        nt_planes_put(raw, n, i, 2, of_k(s->purity[i], p->k));
        nt_planes_put(raw + 2 * n, n, i, 2, of_k(s->prediction_purity[i], p->k));
        nt_planes_put(raw + 4 * n, n, i, 4, s->occurrence[i]);
        nt_planes_put(raw + 8 * n, n, i, 2, of_k(s->rbo[i], UINT16_MAX));
    }
    memcpy(raw + planes, s->dimension, dimensions);
    memcpy(raw + planes + dimensions, s->dimension_used, used);
    struct nt_bundle_chunk what = {.role = NT_ROLE_MEASURES,
                                   .layer = layer,
                                   .rows = p->samples,
                                   .columns = NT_MEASURES_PLANES,
                                   .raw_bytes = (uint32_t)(planes + dimensions + used)};
    enum nt_status status = nt_pack_chunk(p, &what, raw, n);
    nt_release(p->allocator, raw);
    return status;
}

static enum nt_status measure(struct nt_packer *p, uint32_t layer) {
    struct nt_survey survey;
    enum nt_status status =
        nt_survey_layer(&survey, p->graph, p->first, &p->survey, p->k, NT_SURVEY_RBO_P, p->allocator);
    if (status != NT_OK) {
        return status == NT_E_MEMORY ? no_memory(p)
                                     : nt_error_set(p->error, status, "layer %u cannot be measured", layer);
    }
    for (uint32_t i = 0; i < p->samples; i++) {
        p->stability[(size_t)layer * p->samples + i] = (uint16_t)survey.overlap[i];
    }
    status = write_measures(p, &survey, layer);
    nt_survey_clear(&survey, p->allocator);
    return status;
}

/* ---- What takes all layers. ---- */

static enum nt_status compare_layers(struct nt_packer *p, uint32_t layer) {
    uint32_t done;
    if (p->deep != NULL && layer > 0 && nt_survey_deep_add(p->deep, p->graph) != NT_OK) {
        return nt_error_set(p->error, NT_E_ARG, "layer %u cannot be measured", layer);
    }
    return nt_suggest_step(&done, p->suggest, p->first, p->previous, p->graph, p->samples, p->error);
}

enum nt_status nt_pack_answers(struct nt_packer *p, nt_graph *graph, const struct nt_codes *codes, uint32_t layer) {
    if (graph == NULL) { /* the same neighbours as at the layer before */
        size_t bytes = p->samples * sizeof *p->stability;
        uint16_t *row = p->stability + (size_t)layer * p->samples;
        memcpy(row, p->stability + (size_t)p->manifest.layer[layer].codes * p->samples, bytes);
        keep_graph(p, p->graph);
        return compare_layers(p, layer);
    }
    keep_graph(p, graph);
    NT_TRY(measure(p, layer));
    NT_TRY(nt_pack_map(p, codes, layer));
    return compare_layers(p, layer);
}

enum nt_status nt_pack_take_answers(struct nt_packer *p, nt_graph *graph, uint32_t layer) {
    keep_graph(p, graph);
    return compare_layers(p, layer);
}

static enum nt_status write_credibility(struct nt_packer *p) {
    size_t n = p->samples;
    float *value = nt_allocate(p->allocator, n, 2 * sizeof *value);
    uint16_t *prediction = nt_allocate(p->allocator, n, sizeof *prediction);
    uint8_t *raw = nt_allocate(p->allocator, n, NT_CREDIBILITY_PLANES);
    enum nt_status status = NT_E_MEMORY;
    if (value != NULL && prediction != NULL && raw != NULL) {
        status = nt_survey_deep_finish(value, value + n, prediction, p->deep, NT_SURVEY_SEED);
    }
    if (status == NT_OK) {
        struct nt_bundle_chunk what = {.role = NT_ROLE_CREDIBILITY,
                                       .rows = p->samples,
                                       .columns = NT_CREDIBILITY_PLANES,
                                       .raw_bytes = NT_CREDIBILITY_PLANES * p->samples};
        for (size_t i = 0; i < n; i++) {
            nt_planes_put(raw, n, i, 2, of_k(value[i], UINT16_MAX));
            nt_planes_put(raw + 2 * n, n, i, 2, of_k(value[n + i], UINT16_MAX));
            nt_planes_put(raw + 4 * n, n, i, 2, prediction[i]);
        }
        (void)nt_survey_deep_calibration(p->deep, &p->manifest.measures.calibration);
        status = nt_pack_chunk(p, &what, raw, n);
    } else {
        (void)nt_error_set(p->error, status, "the credibility of %u samples cannot be told", p->samples);
    }
    nt_release(p->allocator, value);
    nt_release(p->allocator, prediction);
    nt_release(p->allocator, raw);
    return status;
}

enum nt_status nt_pack_finish_answers(struct nt_packer *p) {
    uint32_t count;
    if (p->deep != NULL) {
        NT_TRY(write_credibility(p));
    }
    const struct nt_suggestion *suggestion = nt_suggest_result(p->suggest, &count);
    struct nt_bundle_chunk what = {
        .role = NT_ROLE_SUGGESTIONS, .columns = sizeof *suggestion, .raw_bytes = count * (uint32_t)sizeof *suggestion};
    return nt_pack_chunk(p, &what, suggestion, what.raw_bytes);
}
