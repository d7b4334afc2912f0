#include "ntrace/survey.h"

#include <stdbool.h>

#include "ntrace/measures.h"

/* The share of largest ratios that two-NN leaves out, as in the paper. */
static const double DISCARD = 0.1;

enum { COLUMNS = 6 };

static bool allocate(struct nt_survey *s, uint32_t n, uint32_t classes, const struct nt_allocator *al) {
    float **const column[COLUMNS] = {&s->overlap, &s->lcmc, &s->jaccard, &s->rbo, &s->purity, &s->prediction_purity};
    float *value = s->held[0] = nt_allocate_zeroed(al, n, COLUMNS * sizeof *value + sizeof *s->occurrence);
    double *dimension = s->held[1] = nt_allocate(al, classes + 1, sizeof *s->dimension + sizeof *s->dimension_used);
    if (value == NULL || dimension == NULL) {
        return false;
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        *column[c] = value + c * n;
    }
    s->occurrence = (uint32_t *)(value + (size_t)COLUMNS * n);
    s->dimension = dimension;
    s->dimension_used = (uint32_t *)(dimension + classes + 1);
    return true;
}

static enum nt_status measure_dimensions(struct nt_survey *s, const nt_graph *graph, const struct nt_survey_data *data,
                                         const struct nt_allocator *al) {
    uint8_t *member = nt_allocate(al, data->samples, 1);
    void *scratch = nt_allocate(al, nt_measure_dimension_bytes(graph), 1);
    enum nt_status status = member != NULL && scratch != NULL ? NT_OK : NT_E_MEMORY;
    for (uint32_t c = 0; status == NT_OK && c <= data->classes; c++) {
        for (uint32_t i = 0; i < data->samples; i++) {
            member[i] = data->label[i] == c;
        }
        status = nt_measure_dimension(s->dimension + c, s->dimension_used + c, graph, c < data->classes ? member : NULL,
                                      DISCARD, scratch);
    }
    nt_release(al, member);
    nt_release(al, scratch);
    return status;
}

static enum nt_status measure(struct nt_survey *s, const nt_graph *graph, const nt_graph *reference,
                              const struct nt_survey_data *data, uint32_t k, double p, uint32_t *scratch) {
    struct nt_agreement agreement = {s->overlap, s->lcmc, s->jaccard, s->rbo};
    uint32_t n = data->samples;
    NT_TRY(nt_measure_agreement(&agreement, graph, reference, NULL, n, k, p, scratch));
    NT_TRY(nt_measure_purity(s->purity, graph, data->label, NULL, n, k, scratch));
    NT_TRY(nt_measure_purity(s->prediction_purity, graph, data->prediction, NULL, n, k, scratch));
    NT_TRY(nt_measure_occurrences(s->occurrence, graph, NULL, n, k, scratch));
    s->hubness = nt_measure_skewness(s->occurrence, n);
    return NT_OK;
}

enum nt_status nt_survey_layer(struct nt_survey *survey, const nt_graph *graph, const nt_graph *reference,
                               const struct nt_survey_data *data, uint32_t k, double p, const struct nt_allocator *al) {
    *survey = (struct nt_survey){0};
    uint32_t *scratch = nt_allocate(al, data->samples + 3 * (size_t)k, sizeof *scratch);
    enum nt_status status = NT_E_MEMORY;
    if (scratch != NULL && allocate(survey, data->samples, data->classes, al)) {
        status = measure(survey, graph, reference, data, k, p, scratch);
    }
    if (status == NT_OK) {
        status = measure_dimensions(survey, graph, data, al);
    }
    nt_release(al, scratch);
    if (status != NT_OK) {
        nt_survey_clear(survey, al);
    }
    return status;
}

void nt_survey_clear(struct nt_survey *survey, const struct nt_allocator *al) {
    nt_release(al, survey->held[0]);
    nt_release(al, survey->held[1]);
    *survey = (struct nt_survey){0};
}

/* ---- Deep k-nearest neighbours. ---- */

struct nt_survey_deep {
    const struct nt_allocator *allocator;
    struct nt_survey_data data;
    uint32_t k, layers;
    uint16_t *counts;      /* [samples, classes] */
    uint32_t *near;        /* [k] */
    uint32_t *calibration; /* [calibration_count] */
    uint32_t calibration_count;
};

enum nt_status nt_survey_deep_create(nt_survey_deep **deep, const struct nt_survey_data *data, uint32_t k,
                                     const struct nt_allocator *al) {
    nt_survey_deep *d = *deep = nt_allocate_zeroed(al, 1, sizeof *d);
    if (d == NULL) {
        return NT_E_MEMORY;
    }
    *d = (nt_survey_deep){.allocator = al, .data = *data, .k = k};
    d->counts = nt_allocate_zeroed(al, data->samples, data->classes * sizeof *d->counts);
    d->near = nt_allocate(al, k, sizeof *d->near);
    d->calibration = nt_allocate(al, NT_SURVEY_CALIBRATION, sizeof *d->calibration);
    if (d->counts != NULL && d->near != NULL && d->calibration != NULL) {
        return NT_OK;
    }
    nt_survey_deep_free(d);
    *deep = NULL;
    return NT_E_MEMORY;
}

void nt_survey_deep_free(nt_survey_deep *d) {
    if (d != NULL) {
        nt_release(d->allocator, d->counts);
        nt_release(d->allocator, d->near);
        nt_release(d->allocator, d->calibration);
        nt_release(d->allocator, d);
    }
}

enum nt_status nt_survey_deep_add(nt_survey_deep *d, const nt_graph *graph) {
    if ((uint64_t)(d->layers + 1) * d->k > UINT16_MAX) { /* the counts would not hold it */
        return NT_E_ARG;
    }
    NT_TRY(nt_measure_labels(d->counts, graph, d->data.label, NULL, d->data.samples, d->k, d->data.classes, d->near));
    d->layers++;
    return NT_OK;
}

enum nt_status nt_survey_deep_finish(float *credibility, float *confidence, uint16_t *prediction, nt_survey_deep *d,
                                     uint64_t seed) {
    uint32_t n = d->data.samples, count = NT_SURVEY_CALIBRATION < n / 2 ? NT_SURVEY_CALIBRATION : n / 2;
    uint32_t *scratch = nt_allocate(d->allocator, (size_t)d->layers * d->k + 2, sizeof *scratch);
    if (scratch == NULL) {
        return NT_E_MEMORY;
    }
    struct nt_random random;
    nt_random_seed(&random, seed, 0);
    nt_measure_calibration(d->calibration, n, count, &random);
    struct nt_conformity in = {.counts = d->counts,
                               .label = d->data.label,
                               .calibration = d->calibration,
                               .samples = n,
                               .classes = d->data.classes,
                               .calibration_count = count,
                               .neighbours = d->layers * d->k};
    enum nt_status status = nt_measure_credibility(credibility, confidence, prediction, &in, NULL, n, scratch);
    d->calibration_count = status == NT_OK ? count : 0;
    nt_release(d->allocator, scratch);
    return status;
}

const uint32_t *nt_survey_deep_calibration(const nt_survey_deep *d, uint32_t *count) {
    *count = d->calibration_count;
    return d->calibration_count > 0 ? d->calibration : NULL;
}
