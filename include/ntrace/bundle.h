/* Bundles: the static files that hold a dataset, its compressed embeddings and its network.
 *
 *   bundle/current.json           {"manifest": "m.<sha256>.json"}
 *   bundle/m.<sha256>.json        the manifest
 *   bundle/c/<sha256-32hex>.bin   chunks: a 32-byte header and one zlib stream
 *
 * A folder may hold several models of the same samples: a manifest each, named by current.json (ntrace/models.h).
 *
 * A bundle is opened from the bytes of its manifest and fed with chunks as they arrive, from files or from the network:
 * the library itself reads nothing. Everything fed is checked before it is used: size, SHA-256, CRC-32, header, exact
 * inflated size. A handle is for one thread at a time. */
#ifndef NTRACE_BUNDLE_H
#define NTRACE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/graph.h"
#include "ntrace/net.h"
#include "ntrace/status.h"
#include "ntrace/suggest.h"
#include "ntrace/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /* 2 adds maps, measures, credibility and suggestions; 3 bundles without a network, without images or without the
     * model's answers; 4 chunks of columns whose numbers share bytes. */
    NT_BUNDLE_VERSION = 4,
    NT_BUNDLE_MAX_LAYERS = NT_NET_MAX_LAYERS,
    NT_BUNDLE_MAX_CLASSES = 1000,
    NT_BUNDLE_MAX_SAMPLES = 1 << 24,
    NT_BUNDLE_MAX_K = 1000
};

/* A layer of activations that no network in the bundle computes: of any kind, nt_layer_kind_name does not know it. */
#define NT_BUNDLE_LAYER_OTHER NT_LAYER_KIND_COUNT

/* What is known of a model's answers. What is not known stands in the samples' chunk as right and sure. */
enum nt_answers { NT_ANSWERS_NONE, NT_ANSWERS_CLASSES, NT_ANSWERS_SURE /* classes, and how sure it was */ };

/* What a chunk holds. Rows are samples. */
enum nt_role {
    NT_ROLE_SAMPLES,   /* label u16, prediction u16, probability of the prediction f32, axis by axis */
    NT_ROLE_IMAGES,    /* uint8 pixels [rows, C*H*W] */
    NT_ROLE_OPENING,   /* uint32 sample numbers [rows], then their images: what the first view needs */
    NT_ROLE_CODES,     /* one layer axis by axis [columns, rows]: int8 axes, then the norm of the rest as uint8 */
    NT_ROLE_WEIGHTS,   /* the network, as safetensors, or a part of it from byte `columns` on; rows is 0 */
    NT_ROLE_STABILITY, /* overlap with the reference layer at the manifest's k: low bytes [layers, rows], then high
                          bytes */
    /* What follows is worked out from the k nearest of the manifest's stability, byte plane after byte plane: the
     * lowest bytes of all rows, then the next. */
    NT_ROLE_MAP,      /* of one layer: x u16, y u16 in steps of its map, trustworthiness u8 and continuity u8 in steps
                         of 1 / 255: 6 planes */
    NT_ROLE_MEASURES, /* of one layer: neighbours of the own true class u16 and of the own predicted class u16,
                         occurrence u32, rank-biased overlap with the reference u16 in steps of 1 / 65,535: 10 planes;
                         then two-NN dimensions of each class and of all, f64 and how many samples were used u32 */
    NT_ROLE_CREDIBILITY, /* credibility u16 and confidence u16 in steps of 1 / 65,535, class u16: 6 planes */
    NT_ROLE_SUGGESTIONS, /* struct nt_suggestion, as they are; rows is 0 */
    NT_ROLE_COUNT
};

/* How a layer's map was made, by UMAP with the defaults of project.h and the seed 0. */
struct nt_bundle_map {
    double left, bottom, step; /* a point is at left + step x, bottom + step y; step is 0 where there is no map */
    double moved; /* by nt_map_align from the map of the layer before, where it started; -1: from nothing */
    uint32_t neighbors, epochs;
    uint32_t k; /* of trustworthiness and continuity: the stability's, less where there are few samples */
    double trustworthiness, continuity; /* means; ranks beyond the k nearest as codes tell */
};

/* One layer as the manifest gives it. */
struct nt_bundle_layer {
    char name[64];
    enum nt_layer_kind kind; /* or NT_BUNDLE_LAYER_OTHER */
    struct nt_shape shape;
    uint32_t size;       /* floats a sample */
    uint32_t codes;      /* the layer whose codes serve this one: itself, or an earlier one with equal activations */
    uint32_t axes;       /* coded coordinates, without the norm of the rest */
    uint32_t candidates; /* how many of the nearest on codes are re-ranked to find 100 */
    uint32_t candidates_1000; /* and to find 1,000 */
    float step;               /* quantiser step, in units of the activations */
    double recall;            /* measured recall@100 after re-ranking `candidates` */
    double recall_codes;      /* measured recall@100 from codes alone */
    struct nt_bundle_map map; /* of the layer whose codes serve this one */
};

struct nt_bundle_chunk {
    char file[48]; /* relative to the bundle: "c/<32 hex>.bin" */
    enum nt_role role;
    uint32_t layer;     /* codes, maps and measures: a layer with codes of its own; else 0 */
    uint32_t row, rows; /* samples held */
    uint32_t columns;
    uint32_t bytes, raw_bytes;
    uint32_t crc32; /* of the zlib stream, as in the chunk's header */
    uint8_t sha256[32];
    uint32_t loaded; /* 1 once fed */
};

typedef struct nt_bundle nt_bundle;

/* Reads a manifest.
 *
 * bundle  out  handle, to be closed with nt_bundle_close; NULL on failure
 * json    in   [bytes] the manifest, not kept
 *
 * Returns NT_OK, NT_E_FORMAT, NT_E_VERSION, NT_E_SHAPE, NT_E_VALUE or NT_E_MEMORY. */
enum nt_status nt_bundle_open(nt_bundle **bundle, const char *json, size_t bytes, const struct nt_allocator *allocator,
                              struct nt_error *error);
void nt_bundle_close(nt_bundle *bundle);

uint32_t nt_bundle_samples(const nt_bundle *bundle);
uint32_t nt_bundle_layers(const nt_bundle *bundle);
uint32_t nt_bundle_classes(const nt_bundle *bundle);
enum nt_answers nt_bundle_answers(const nt_bundle *bundle);
/* Whether the bundle holds a network, which exact distances and explanations need. */
bool nt_bundle_has_network(const nt_bundle *bundle);
/* Of one image; channels is 0 where there are none. */
struct nt_shape nt_bundle_image_shape(const nt_bundle *bundle);
/* Borrowed, valid until the bundle is closed. Asserts that the number is in range. */
const struct nt_bundle_layer *nt_bundle_layer(const nt_bundle *bundle, uint32_t layer);
const char *nt_bundle_class(const nt_bundle *bundle, uint32_t label);

uint32_t nt_bundle_chunks(const nt_bundle *bundle);
const struct nt_bundle_chunk *nt_bundle_chunk(const nt_bundle *bundle, uint32_t chunk);

/* Feeds a chunk: checks it and keeps what it holds. Feeding it again is a no-op. On failure nothing changed.
 * Returns NT_OK, NT_E_ARG, NT_E_DAMAGED, NT_E_FORMAT, NT_E_SHAPE, NT_E_VALUE or NT_E_MEMORY. */
enum nt_status nt_bundle_feed(nt_bundle *bundle, uint32_t chunk, const void *bytes, size_t size,
                              struct nt_error *error);

/* Chunks that are needed and not loaded yet.
 *
 * chunk  out  [capacity] ascending; returns how many there are (may exceed capacity)
 * layer  in   of codes, maps and measures, for other roles ignored; none is needed for a layer that there is not
 * rows   in   [rows_count] samples whose images are wanted, NULL for all; for other roles ignored
 */
uint32_t nt_bundle_need(uint32_t *chunk, uint32_t capacity, const nt_bundle *bundle, enum nt_role role, uint32_t layer,
                        const uint32_t *rows, uint32_t rows_count);

/* Borrowed arrays, NULL until their chunk is loaded; valid until the bundle is closed. */
const uint16_t *nt_bundle_labels(const nt_bundle *bundle);                /* [N] */
const uint16_t *nt_bundle_predictions(const nt_bundle *bundle);           /* [N] */
const float *nt_bundle_confidences(const nt_bundle *bundle);              /* [N] */
const uint16_t *nt_bundle_stability(const nt_bundle *bundle);             /* [L, N] */
const uint8_t *nt_bundle_image(const nt_bundle *bundle, uint32_t sample); /* [C*H*W], NULL until loaded */
const nt_net *nt_bundle_net(const nt_bundle *bundle);                     /* NULL until loaded */

/* What the bundle ships worked out, of its default neighbourhoods; each NULL until its chunk is loaded, borrowed alike.
 * Layers with equal activations share it. Asserts that the layer is in range. */
struct nt_bundle_mapped {
    float *point;                        /* [N, 2] */
    float *trustworthiness, *continuity; /* [N] */
};
struct nt_bundle_measured {
    float *rbo, *purity, *prediction_purity; /* [N] */
    uint32_t *occurrence;                    /* [N] */
    double *dimension;                       /* [classes + 1] two-NN of each class, of all samples last */
    uint32_t *dimension_used;                /* alike */
};
struct nt_bundle_credible {
    float *credibility, *confidence; /* [N] */
    uint16_t *prediction;            /* [N] */
};
const struct nt_bundle_mapped *nt_bundle_mapped(const nt_bundle *bundle, uint32_t layer);
const struct nt_bundle_measured *nt_bundle_measured(const nt_bundle *bundle, uint32_t layer);
const struct nt_bundle_credible *nt_bundle_credible(const nt_bundle *bundle);
const struct nt_suggestion *nt_bundle_suggestions(const nt_bundle *bundle, uint32_t *count);

/* How many candidates nt_query re-ranks at a layer to find k: what was measured at 100 and at 1,000, on a power law
 * between them. */
uint32_t nt_bundle_candidates_for(const nt_bundle *bundle, uint32_t layer, uint32_t k);

/* ---- A query: neighbourhoods of one sample at some layers, first on codes, then exact, in short steps. ---- */

typedef struct nt_query nt_query;

#define NT_QUERY_NOBODY UINT32_MAX /* in the place of a sample: the centre is none, or nobody is left out */

/* Which samples the exact part evaluates. */
enum nt_query_effort {
    /* The candidates of each layer, at every layer. */
    NT_QUERY_CANDIDATES,
    /* Of twice as many candidates those that may still be among the k nearest, and only at the layers where they may:
     * about half the work of the first at many layers, at no less recall. Traces cannot be asked. */
    NT_QUERY_PROMISING,
    /* Every sample at every layer: brute force, which misses nobody. */
    NT_QUERY_ALL
};

/* Finds the candidates on codes at each layer: nt_query_neighbors and nt_query_trace can answer at once from codes.
 *
 * layer  in [layers] at least 1; both layers of a trace, say
 * Needs 1 <= k <= min(NT_BUNDLE_MAX_K, N - 1), codes of all these layers. The bundle must outlive the query. Images
 * from outside the bundle: ntrace/place.h. */
enum nt_status nt_query_create(nt_query **query, nt_bundle *bundle, uint32_t sample, const uint32_t *layer,
                               uint32_t layers, uint32_t k, struct nt_error *error);
void nt_query_free(nt_query *query);

/* Sets the effort, which is NT_QUERY_CANDIDATES before. Changes nt_query_rows. Returns NT_OK; NT_E_ARG after the first
 * step, or where nothing but NT_QUERY_ALL is possible; NT_E_MEMORY, the query then being of no use any more. */
enum nt_status nt_query_set_effort(nt_query *query, enum nt_query_effort effort, struct nt_error *error);

/* Samples whose images the exact answer may need (candidates of all layers and the sample itself). Borrowed, valid
 * until the effort changes or the query is freed. */
const uint32_t *nt_query_rows(const nt_query *query, uint32_t *count);

/* Recomputes the activations of up to `samples` more rows and their exact distances. Needs their images and the network
 * (NT_E_MISSING). *done is how many of nt_query_rows are done; when all are, the answers below are exact. */
enum nt_status nt_query_step(uint32_t *done, nt_query *query, uint32_t samples, struct nt_error *error);
int nt_query_exact(const nt_query *query);

/* The k nearest at the query's layer number `at` (0 .. layers-1): index [k], distance [k], ascending by (distance,
 * index). Returns NT_OK, NT_E_ARG, or NT_E_MISSING where nothing is known yet. */
enum nt_status nt_query_neighbors(uint32_t *index, float *distance, const nt_query *query, uint32_t at);

/* How many of the k nearest at the query's layer number `reference` are among those at each of its layers: the centre's
 * stability curve. overlap out [layers]. Returns NT_OK, NT_E_ARG, NT_E_MISSING or NT_E_MEMORY. */
enum nt_status nt_query_overlap(uint32_t *overlap, const nt_query *query, uint32_t reference, struct nt_error *error);

/* The local trace between the query's first and second layer; free with nt_trace_clear and the bundle's allocator. */
enum nt_status nt_query_trace(struct nt_trace *trace, const nt_query *query, struct nt_error *error);

/* Class probabilities [classes] of an image by the bundle's network: softmax of the logits, double sums. */
enum nt_status nt_bundle_probabilities(float *probability, nt_bundle *bundle, uint32_t sample, struct nt_error *error);

/* Starts the search for the exact neighbours of all samples at a layer (see graph.h). Needs the network and all images
 * (NT_E_MISSING). The bundle must outlive the search. */
enum nt_status nt_bundle_graph_search(nt_graph_search **search, const nt_bundle *bundle, uint32_t layer, uint32_t k,
                                      size_t room, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
