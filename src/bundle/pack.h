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
    NT_PACK_TILE = 384, /* samples that neighbours are proposed for at once */
    NT_PACK_BATCH = 64, /* samples in one forward pass */
    NT_PACK_SUGGESTIONS = 10,
    NT_PACK_CERTIFIED_SIZE = 1 << 16
};

/* A network's layers as activations on demand. */
struct nt_pack_network {
    const nt_net *net;
    const uint32_t *part; /* which of its layers are packed; NULL: all */
    const struct nt_pack_images *images;
    uint32_t batches; /* at once */
    unsigned workers;
    uint8_t *image; /* [batches, NT_PACK_BATCH] images */
    uint8_t *room;  /* [workers, room_bytes] input and scratch */
    size_t image_bytes, input_bytes, room_bytes;
};

struct nt_packer {
    const struct nt_pack_data *data;
    struct nt_pack_activations source; /* the data's, or those of the network below */
    struct nt_pack_network network;
    const struct nt_pack_options *options;
    const struct nt_allocator *allocator;
    struct nt_error *error;
    struct nt_pack_result *result;
    const char *path;
    unsigned workers;
    size_t memory;
    uint32_t samples, layers, k; /* k: NT_PACK_K, or less where there are fewer samples */
    uint32_t certified;          /* samples, up to which their neighbours are certified */
    struct nt_manifest manifest; /* chunks grow as they are written */
    uint16_t *prediction;        /* [N] */
    float *confidence;           /* [N] */
    uint16_t *stability;         /* [L,N] */
    nt_graph *first, *previous,
        *graph; /* of the first layer (the reference), the one before, this one; may be the same */
    float *map; /* [N,2] of the layer before, once there is one */
    bool mapped;
    struct nt_survey_data survey;
    nt_survey_deep *deep; /* NULL where credibility cannot be told */
    nt_suggest *suggest;
    struct nt_codes opening[2]; /* codes of the first and the last layer */
    uint8_t state_hash[32];     /* of all that the bundle depends on */
};

/* Some rows of a layer's activations: as many as memory allows, all where they fit. */
struct nt_pack_block {
    uint32_t first, rows, room; /* rows held, and how many there is room for */
    float *x;                   /* [room, size] */
};

/* Coordinates in 7 bits: knn/rough.h. */
struct nt_pack_rough {
    uint32_t stride;
    int8_t *value;  /* [N, stride] */
    int32_t *start; /* [N] of all values */
    float unit;     /* twice the squared step: times a product, what it takes from a squared distance */
};

/* One layer of all samples. */
struct nt_pack_space {
    uint32_t layer, size, axes;
    struct nt_pack_block block;
    float *y, *rest;            /* [N,axes], [N] coordinates on the axes, and the norm of what they leave out */
    float *norm;                /* [N + NT_ROUGH_RIGHT] not a number behind N; squared norm, rest included */
    struct nt_pack_rough rough; /* where neighbours are proposed */
    struct nt_codes codes;
};

/* Tells how far it is; NT_E_CANCELLED when asked to stop. */
enum nt_status nt_pack_report(const struct nt_packer *p, const char *doing, double done);

/* Says how far one layer is: a step of `steps`, of which `part` is done. */
enum { NT_PACK_CODING, NT_PACK_MEASURING, NT_PACK_SEARCHING, NT_PACK_MAPPING, NT_PACK_STEPS };
enum nt_status nt_pack_progress(const struct nt_packer *p, uint32_t layer, int step, double part);

/* Whether the network goes into the bundle, where it ranks exactly what codes propose. */
static inline bool nt_pack_ships_network(const struct nt_packer *p) {
    return p->data->net != NULL && p->data->part == NULL;
}

/* What the network answers: logits out [count, classes]. */
enum nt_status nt_pack_network_answer(float *logits, const struct nt_packer *p, const uint32_t *sample, uint32_t count);

/* Makes the network's layers the source of activations. To be closed in any case. */
enum nt_status nt_pack_network_open(struct nt_packer *p);
void nt_pack_network_close(struct nt_packer *p);

/* Rows of one layer, checked to be finite: x out [count,size]. */
enum nt_status nt_pack_read(float *x, const struct nt_packer *p, uint32_t layer, const uint32_t *sample,
                            uint32_t count);

/* Takes room for as many rows of a layer as `bytes` hold, at least one and at most all. */
enum nt_status nt_pack_block_open(struct nt_pack_block *block, const struct nt_packer *p, uint32_t layer, size_t bytes);
void nt_pack_block_close(struct nt_pack_block *block, const struct nt_packer *p); /* zeros are fine */

/* Reads rows from `first` on into the block, as many as it has room for, unless it holds them already. */
enum nt_status nt_pack_block_read(struct nt_pack_block *block, const struct nt_packer *p, uint32_t layer,
                                  uint32_t first);

/* Predictions, confidences, accuracies. */
enum nt_status nt_pack_predict(struct nt_packer *p);

/* Finds the codes of a layer and its graph, and measures the codes into manifest.layer[layer].
 * codes, graph  out  to be cleared by the caller; empty and NULL on failure */
enum nt_status nt_pack_layer(struct nt_codes *codes, nt_graph **graph, struct nt_packer *p, uint32_t layer);

/* How neighbours are found: so many are proposed by the leading axes in 7 bits, so many of them left by all axes in 7
 * bits, at most so many of these kept by all axes as they are, and the nearest of them chosen by exact distances. None
 * is kept whose squared distance by all axes is more than `reach` times that of the k-th nearest. */
struct nt_pack_shortlist {
    uint32_t axes, proposed, left, kept;
    float reach;
};

/* What is left of squared distances when equal coordinates are subtracted, per unit of squared norms. */
static const float NT_PACK_NOISE = 1e-4f;

/* Measures how well codes find neighbours into manifest.layer[layer].
 * shortlist  out  where neighbours are to be proposed; or NULL
 * pick       in   [N] all samples in random order: the first ones are measured on */
enum nt_status nt_pack_measure(struct nt_pack_shortlist *shortlist, struct nt_packer *p, struct nt_pack_space *space,
                               const uint32_t *pick);

/* A squared distance from twice the product of two samples' coordinates, what these lack being taken as orthogonal. */
static inline float nt_pack_square(const struct nt_pack_space *s, float twice, uint32_t a, uint32_t b) {
    float square = s->norm[a] + (s->norm[b] - twice);
    return square > 0 ? square : 0;
}

/* The same from a product of their values in 7 bits. */
static inline float nt_pack_rough_square(const struct nt_pack_space *s, int32_t product, uint32_t a, uint32_t b) {
    return nt_pack_square(s, s->rough.unit * (float)product, a, b);
}

/* The k nearest of some samples, and the squared distance of the k-th nearest by all axes. */
struct nt_pack_truth {
    uint32_t queries;
    const uint32_t *query;   /* [queries] */
    const uint32_t *nearest; /* [queries, k] */
    const float *reach;      /* [queries] */
};

/* By what neighbours are proposed. */
enum nt_status nt_pack_find_shortlist(struct nt_pack_shortlist *shortlist, const struct nt_packer *p,
                                      const struct nt_pack_space *space, const struct nt_pack_truth *truth);

/* Finds the k nearest of all samples. graph out */
enum nt_status nt_pack_graph(nt_graph **graph, struct nt_packer *p, struct nt_pack_space *space,
                             struct nt_pack_shortlist shortlist);

/* Whether a layer's neighbours are certified: not where that would take too long. */
static inline bool nt_pack_is_certified(const struct nt_packer *p, uint32_t size) {
    return p->samples <= p->certified && size <= NT_PACK_CERTIFIED_SIZE;
}

/* The same, certified: nobody is missed (ntrace/graph.h). Its time grows with the square of the samples, on one thread.
 */
enum nt_status nt_pack_graph_certified(nt_graph **graph, struct nt_packer *p, struct nt_pack_space *space);

/* Proposes the nearest by leading axes, for up to NT_PACK_TILE samples at once. To be freed in any case. */
struct nt_pack_proposer;
enum nt_status nt_pack_proposer_create(struct nt_pack_proposer **proposer, const struct nt_packer *p,
                                       const struct nt_pack_space *space, uint32_t axes, uint32_t proposed);
void nt_pack_proposer_free(struct nt_pack_proposer *proposer); /* NULL is fine */

/* proposed out [rows, proposed of the proposer] ascending by number, for samples first .. first + rows. A proposer is
 * for one thread at a time. */
void nt_pack_propose(uint32_t *proposed, struct nt_pack_proposer *proposer, uint32_t first, uint32_t rows);

/* What follows from a layer's graph: its stability, and chunks of its map and measures. Layers come in order, those
 * with the activations of the layer before without graph and codes.
 * graph  in  NULL, or the packer's from now on */
enum nt_status nt_pack_answers(struct nt_packer *p, nt_graph *graph, const struct nt_codes *codes, uint32_t layer);
/* The same for a layer whose stability and map, measures and their chunks are there already. */
enum nt_status nt_pack_take_answers(struct nt_packer *p, nt_graph *graph, uint32_t layer);
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

/* Removes chunks that are not of the bundle that was there before, and the folders where nothing else is in them. */
void nt_pack_discard(const struct nt_packer *p);

#endif
