/* What a bundle's handle holds. */
#ifndef NTRACE_BUNDLE_HANDLE_H
#define NTRACE_BUNDLE_HANDLE_H

#include "bundle/manifest.h"
#include "ntrace/codes.h"

struct nt_bundle {
    const struct nt_allocator *allocator;
    struct nt_manifest manifest;
    uint16_t *label, *prediction, *stability;
    float *confidence;
    uint8_t *image, *image_there; /* [samples, bytes], [samples]; NULL until a chunk of images comes */
    struct nt_codes *codes;       /* [layers] */
    uint32_t *codes_rows;         /* [layers] rows fed so far */
    nt_net *net;
    uint8_t *weights; /* its parts so far, where they are several */
    uint32_t weights_bytes;
    struct nt_bundle_mapped *mapped;     /* [layers] */
    struct nt_bundle_measured *measured; /* [layers] */
    struct nt_bundle_credible credible;
    struct nt_suggestion *suggestion; /* [suggestions] */
    uint32_t suggestions;
};

/* Feeding what the bundle ships worked out: checks a chunk's contents and keeps them (answers.c). */
enum nt_status nt_feed_map(nt_bundle *bundle, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                           struct nt_error *error);
enum nt_status nt_feed_measures(nt_bundle *bundle, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                struct nt_error *error);
enum nt_status nt_feed_credibility(nt_bundle *bundle, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error);
enum nt_status nt_feed_suggestions(nt_bundle *bundle, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error);
void nt_answers_clear(nt_bundle *bundle);

/* The codes that serve a layer, or NULL while they are not complete. */
const struct nt_codes *nt_bundle_codes(const nt_bundle *bundle, uint32_t layer);

/* Logits [classes] to probabilities in place, summed in double. */
void nt_softmax(float *logit, uint32_t classes);

/* Bytes of one image. */
size_t nt_bundle_image_bytes(const nt_bundle *bundle);

#endif
