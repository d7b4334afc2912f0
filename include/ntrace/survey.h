/* A survey: every measure of a layer's neighbourhoods, of all samples at once, and deep k-nearest neighbours over all
 * layers. Formulas and sources stand in ntrace/measures.h; where a call must be short, ask there for some samples at a
 * time. */
#ifndef NTRACE_SURVEY_H
#define NTRACE_SURVEY_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/graph.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is used where nothing else is asked. */
enum { NT_SURVEY_CALIBRATION = 750, NT_SURVEY_SEED = 1 };
#define NT_SURVEY_RBO_P 0.98

/* What is known of the samples; borrowed. */
struct nt_survey_data {
    const uint16_t *label, *prediction; /* [samples] below classes */
    uint32_t samples, classes;
};

/* One layer's measures, [samples] each where nothing else is said. */
struct nt_survey {
    float *overlap, *lcmc, *jaccard, *rbo; /* with the reference's neighbourhoods */
    float *purity, *prediction_purity;     /* by true and by predicted classes */
    uint32_t *occurrence;
    double hubness;
    double *dimension;        /* [classes + 1] two-NN of each class, of all samples last */
    uint32_t *dimension_used; /* alike */
    void *held[2];            /* the memory of all these */
};

/* Measures a layer.
 *
 * survey     out  to be given to nt_survey_clear; zeroed on failure
 * graph      in   of the layer
 * reference  in   of the layer compared with; may be the same
 * k          in   at most what the graphs hold
 * p          in   persistence of rank-biased overlap, 0 < p < 1
 *
 * Returns NT_OK, NT_E_ARG or NT_E_MEMORY. O(N k + classes N log N). */
enum nt_status nt_survey_layer(struct nt_survey *survey, const nt_graph *graph, const nt_graph *reference,
                               const struct nt_survey_data *data, uint32_t k, double p,
                               const struct nt_allocator *allocator);
void nt_survey_clear(struct nt_survey *survey, const struct nt_allocator *allocator);

/* ---- Deep k-nearest neighbours (nt_measure_credibility), layer by layer. ---- */

typedef struct nt_survey_deep nt_survey_deep;

/* Room to count labels in. Returns NT_OK or NT_E_MEMORY; *deep is NULL on failure. The data must outlive it. */
enum nt_status nt_survey_deep_create(nt_survey_deep **deep, const struct nt_survey_data *data, uint32_t k,
                                     const struct nt_allocator *allocator);
void nt_survey_deep_free(nt_survey_deep *deep); /* NULL is fine */

/* Counts the labels among the k nearest at one more layer. Returns NT_OK or NT_E_ARG. O(N k). */
enum nt_status nt_survey_deep_add(nt_survey_deep *deep, const nt_graph *graph);

/* What the layers added say.
 *
 * credibility, confidence, prediction  out  [samples]
 * seed                                 in   draws the samples that calibrate
 *
 * Returns NT_OK; NT_E_ARG where there are fewer than two classes or four samples, or the neighbours are too many;
 * NT_E_MEMORY. */
enum nt_status nt_survey_deep_finish(float *credibility, float *confidence, uint16_t *prediction, nt_survey_deep *deep,
                                     uint64_t seed);

/* The samples that calibrated: ascending, NT_SURVEY_CALIBRATION or half of all. NULL and 0 before
 * nt_survey_deep_finish; borrowed. */
const uint32_t *nt_survey_deep_calibration(const nt_survey_deep *deep, uint32_t *count);

#ifdef __cplusplus
}
#endif
#endif
