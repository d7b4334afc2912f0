/* Placing an image from outside among a bundle's samples: what the network makes of it, and its neighbours at every
 * layer.
 *
 * An exact answer needs nothing but time: NT_QUERY_ALL passes every sample through the network. An answer within
 * milliseconds needs the image's place among the codes. Bundles do not hold the principal axes that the codes are
 * coordinates on, for they are large; they are found again from samples, whose codes and activations are both known: a
 * nt_place is prepared once, in short steps, and then serves any number of images. */
#ifndef NTRACE_PLACE_H
#define NTRACE_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/bundle.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the network answers to an image.
 *
 * logit        out  [classes]
 * probability  out  [classes] their softmax, double sums; may be NULL
 * image        in   [H, W, C] bytes, of the size that the bundle's images have
 *
 * Returns NT_OK, NT_E_MISSING (the network is not loaded) or NT_E_MEMORY. */
enum nt_status nt_place_logits(float *logit, float *probability, const nt_bundle *bundle, const uint8_t *image,
                               struct nt_error *error);

/* ---- Places on the axes of codes. ---- */

typedef struct nt_place nt_place;

/* Starts to find the axes of some layers.
 *
 * layer  in  [layers] at least 1; layers with the same codes are done once
 *
 * Needs the codes of these layers and the network (NT_E_MISSING). Returns NT_OK, NT_E_ARG, NT_E_MISSING or NT_E_MEMORY;
 * *place is NULL on failure. The bundle must outlive the place. */
enum nt_status nt_place_create(nt_place **place, const nt_bundle *bundle, const uint32_t *layer, uint32_t layers,
                               struct nt_error *error);
void nt_place_free(nt_place *place); /* NULL is fine */

/* Samples whose images the preparation needs. Borrowed, valid until the place is freed. */
const uint32_t *nt_place_rows(const nt_place *place, uint32_t *count);

/* Takes up to `steps` more steps of nt_place_steps, each about as long as 50 passes through the network. *done is how
 * many are done; when all are, the place is ready. Returns NT_OK, NT_E_MISSING (an image is not loaded: the step can be
 * tried again), NT_E_MEMORY or NT_E_VALUE (codes from which no axes can be found). */
enum nt_status nt_place_step(uint32_t *done, nt_place *place, uint32_t steps, struct nt_error *error);
uint32_t nt_place_steps(const nt_place *place);
size_t nt_place_bytes(const nt_place *place); /* of memory, once it is ready */

/* ---- Queries. ---- */

/* A query as nt_query_create makes it, whose centre is an image.
 *
 * place    in  ready, and made for these layers: answers on codes, and efforts other than NT_QUERY_ALL, are then
 *              possible. NULL: every sample has to be evaluated, and nothing is known before
 * image    in  [H, W, C] bytes; copied
 * exclude  in  a sample that is left out (the one that the image was drawn from, say), or NT_QUERY_NOBODY
 * layer    in  [layers]
 *
 * Needs the network; 1 <= k <= min(NT_BUNDLE_MAX_K, samples that are not left out); with a place, the codes of these
 * layers. A trace's `sample` is NT_QUERY_NOBODY. Returns as nt_query_create does. The place may be freed before the
 * query. */
enum nt_status nt_query_create_image(nt_query **query, nt_bundle *bundle, const nt_place *place, const uint8_t *image,
                                     uint32_t exclude, const uint32_t *layer, uint32_t layers, uint32_t k,
                                     struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
