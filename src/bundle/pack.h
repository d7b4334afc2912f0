/* The parts of packing. */
#ifndef NTRACE_BUNDLE_PACK_H
#define NTRACE_BUNDLE_PACK_H

#include "bundle/manifest.h"
#include "ntrace/codes.h"
#include "ntrace/pack.h"
#include "ntrace/random.h"
#include "ntrace/suggest.h"
#include "ntrace/survey.h"

enum {
    NT_PACK_K = 100,
    NT_PACK_QUERIES = 500,
    NT_PACK_QUERIES_1000 = 100,
    NT_PACK_AXES_SAMPLES = 3000,
    NT_PACK_MAX_AXES = 512,
    NT_PACK_SUGGESTIONS = 10
};

struct nt_packer {
    const struct nt_dataset *dataset;
    const nt_net *net;
    const struct nt_pack_options *options;
    const struct nt_allocator *allocator;
    struct nt_error *error;
    struct nt_pack_result *result;
    const char *path;
    unsigned workers;
    uint32_t samples, layers, k; /* k: NT_PACK_K, or less where there are fewer samples */
    struct nt_manifest manifest; /* chunks grow as they are written */
    uint16_t *prediction;        /* [N] */
    float *confidence;           /* [N] */
    uint16_t *stability;         /* [L,N] */
    nt_graph *first, *previous,
        *graph; /* of the first layer (the reference), the one before, this one; may be the same */
    float *map; /* [N,2] of the layer before, once there is one */
    bool mapped;
    struct nt_survey_data data;
    nt_survey_deep *deep; /* NULL where credibility cannot be told */
    nt_suggest *suggest;
    struct nt_codes opening[2]; /* codes of the first and the last layer */
};

/* One layer of all samples. */
struct nt_pack_space {
    float *x; /* [N,size] activations */
    uint32_t size, axes;
    float *y, *rest; /* [N,axes], [N] coordinates on the axes, and the norm of what they leave out */
    struct nt_codes codes;
};

/* Tells how far it is; NT_E_CANCELLED when asked to stop. */
enum nt_status nt_pack_report(const struct nt_packer *p, const char *doing, double done);

/* Activations of all samples at one layer: x out [N,size]. */
enum nt_status nt_pack_activations(float *x, const struct nt_packer *p, uint32_t layer);

/* Predictions, confidences, accuracies. */
enum nt_status nt_pack_predict(struct nt_packer *p);

/* Finds the codes of a layer and its graph, and measures the codes into manifest.layer[layer].
 * codes, graph  out  to be cleared by the caller; empty and NULL on failure */
enum nt_status nt_pack_layer(struct nt_codes *codes, nt_graph **graph, struct nt_packer *p, uint32_t layer);

/* Measures how well codes find neighbours into manifest.layer[layer], and finds the k nearest of all samples.
 * graph out; pick in [N] all samples in random order: the first ones are measured on. */
enum nt_status nt_pack_neighbours(nt_graph **graph, struct nt_packer *p, const struct nt_pack_space *space,
                                  uint32_t layer, const uint32_t *pick);

/* What follows from a layer's graph: its stability, and chunks of its map and measures. Layers come in order, those
 * with the activations of the layer before without graph and codes.
 * graph  in  NULL, or the packer's from now on */
enum nt_status nt_pack_answers(struct nt_packer *p, nt_graph *graph, const struct nt_codes *codes, uint32_t layer);
enum nt_status nt_pack_start_answers(struct nt_packer *p);
enum nt_status nt_pack_finish_answers(struct nt_packer *p); /* credibility and suggestions */
void nt_pack_clear_answers(struct nt_packer *p);

/* Lays out the layer's map from its graph, says how well into manifest.layer[layer].map, and writes its chunk. */
enum nt_status nt_pack_map(struct nt_packer *p, const struct nt_codes *codes, uint32_t layer);

/* Writes a chunk beside and renames it, and adds it to the manifest. column_bytes: see nt_chunk_write. */
enum nt_status nt_pack_chunk(struct nt_packer *p, const struct nt_bundle_chunk *what, const void *raw,
                             size_t column_bytes);

/* Makes the folders; writes manifest and current.json; removes files of former bundles. */
enum nt_status nt_pack_start_folder(const struct nt_packer *p);
enum nt_status nt_pack_finish_folder(const struct nt_packer *p);

#endif
