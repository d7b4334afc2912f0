/* What `ntrace measures` works out, and its files. */
#ifndef NTRACE_CLI_MEASURES_H
#define NTRACE_CLI_MEASURES_H

#include "ntrace/bundle.h"
#include "ntrace/measures.h"
#include "ntrace/suggest.h"
#include "ntrace/survey.h"

enum { NT_MEASURING_HELD = 64, NT_MEASURING_COLUMNS = 16, NT_MEASURING_POINTS = 256 };

struct nt_measure_column {
    const char *name;
    float *value; /* [samples] */
};

struct nt_measuring {
    nt_bundle *bundle;
    uint32_t samples, layer, reference, k, graph_k;
    double p;
    uint64_t seed;
    nt_graph *graph[NT_BUNDLE_MAX_LAYERS]; /* NULL where it was not asked for */
    struct nt_measure_column column[NT_MEASURING_COLUMNS];
    uint32_t columns;
    struct nt_survey survey;
    nt_survey_deep *deep; /* NULL where it was not asked for */
    uint16_t *credible;   /* [samples] the class that credibility speaks of; NULL where it was not asked for */
    nt_suggest *suggest;
    double *at, *density; /* [NT_MEASURING_POINTS], [classes, NT_MEASURING_POINTS]; NULL where not asked for */
    void *held[NT_MEASURING_HELD];
    uint32_t held_count;
};

/* Writes measures.csv, measures.json and, where they were asked for, suggestions.csv and densities.csv into a folder.
 */
enum nt_status nt_measures_write(const struct nt_measuring *measuring, const char *folder, struct nt_error *error);

#endif
