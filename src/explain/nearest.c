/* Mean image of the k nearest by cosine in the input, by a scan over all of a bundle's images. */
#include <math.h>
#include <string.h>

#include "explain/explain.h"

enum {
    UNIT_SAMPLES = 256,
    EXACT_PIXELS = 1 << 16 /* so many products of bytes add up in 32 bits */
};

/* The k nearest so far, nearest first. */
struct nt_nearest {
    uint64_t own; /* squared norm of the image */
    uint32_t found;
    double cosine[NT_BUNDLE_MAX_K];
    uint32_t sample[NT_BUNDLE_MAX_K];
    float cosine_float[NT_BUNDLE_MAX_K]; /* of the result */
};

/* Sums of products of bytes with themselves and with another image's. */
static void multiply(uint64_t *norm, uint64_t *product, const uint8_t *a, const uint8_t *b, size_t size) {
    *norm = *product = 0;
    for (size_t from = 0; from < size; from += EXACT_PIXELS) {
        size_t to = size - from < EXACT_PIXELS ? size : from + EXACT_PIXELS;
        uint32_t squares = 0, products = 0;
        for (size_t i = from; i < to; i++) {
            squares += (uint32_t)a[i] * a[i];
            products += (uint32_t)a[i] * b[i];
        }
        *norm += squares;
        *product += products;
    }
}

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    uint32_t samples = nt_bundle_samples(e->bundle), k = e->request.k;
    const struct nt_shape shape = nt_bundle_image_shape(e->bundle);
    if (k < 1 || k > NT_BUNDLE_MAX_K || k >= samples) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", k,
                            samples - 1 < NT_BUNDLE_MAX_K ? samples - 1 : (uint32_t)NT_BUNDLE_MAX_K);
    }
    if (memcmp(&shape, &e->shape, sizeof shape) != 0) {
        return nt_error_set(error, NT_E_ARG, "the network and the bundle have images of different shapes");
    }
    e->nearest = nt_allocate_zeroed(e->allocator, 1, sizeof *e->nearest);
    e->sum = nt_allocate(e->allocator, e->size, sizeof *e->sum);
    if (e->nearest == NULL || e->sum == NULL) {
        return nt_explain_no_memory(error);
    }
    uint64_t norm;
    multiply(&norm, &e->nearest->own, e->image, e->image, e->size);
    e->result.units += (samples + UNIT_SAMPLES - 1) / UNIT_SAMPLES;
    e->result.k = k;
    return NT_OK;
}

/* Puts a sample into its place; samples come in ascending order, so that equal ones stay in it. */
static void insert(struct nt_nearest *n, uint32_t k, uint32_t sample, double cosine) {
    uint32_t at = n->found;
    if (at == k && cosine <= n->cosine[k - 1]) {
        return;
    }
    at = at == k ? k - 1 : at;
    for (; at > 0 && n->cosine[at - 1] < cosine; at--) {
        n->cosine[at] = n->cosine[at - 1];
        n->sample[at] = n->sample[at - 1];
    }
    n->cosine[at] = cosine;
    n->sample[at] = sample;
    n->found += n->found < k;
}

static enum nt_status scan(nt_explain *e, uint32_t from, uint32_t to, struct nt_error *error) {
    struct nt_nearest *n = e->nearest;
    for (uint32_t i = from; i < to; i++) {
        if (nt_bundle_image(e->bundle, i) == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the image of sample %u is not loaded", i);
        }
    }
    for (uint32_t i = from; i < to; i++) {
        uint64_t norm, product;
        if (i == e->request.sample) {
            continue;
        }
        multiply(&norm, &product, nt_bundle_image(e->bundle, i), e->image, e->size);
        double length = sqrt((double)norm * (double)n->own);
        insert(n, e->request.k, i, length > 0 ? (double)product / length : 0);
    }
    return NT_OK;
}

static enum nt_status advance(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error) {
    uint64_t from = (uint64_t)first * UNIT_SAMPLES, to = from + (uint64_t)count * UNIT_SAMPLES;
    uint64_t samples = nt_bundle_samples(e->bundle);
    return scan(e, (uint32_t)from, (uint32_t)(to < samples ? to : samples), error);
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    struct nt_nearest *n = e->nearest;
    memset(e->sum, 0, e->size * sizeof *e->sum);
    for (uint32_t i = 0; i < n->found; i++) {
        const uint8_t *image = nt_bundle_image(e->bundle, n->sample[i]);
        for (size_t j = 0; j < e->size; j++) {
            e->sum[j] += image[j];
        }
        n->cosine_float[i] = (float)n->cosine[i];
    }
    for (size_t j = 0; j < e->size; j++) {
        e->values[j] = (float)(e->sum[j] / (255.0 * n->found));
    }
    e->result.index = n->sample;
    e->result.cosine = n->cosine_float;
    return NT_OK;
}

const struct nt_explain_kind nt_explain_neighbor_mean = {
    .room = NT_ROOM_FORWARD, .rows = 16, .plan = plan, .advance = advance, .finish = finish};
