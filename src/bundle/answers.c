/* What a bundle ships worked out: maps, measures, credibility, suggestions. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "bundle/handle.h"
#include "bundle/planes.h"

static enum nt_status no_memory(const struct nt_bundle_chunk *chunk, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its %u bytes", chunk->file, chunk->raw_bytes);
}

enum nt_status nt_feed_map(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                           struct nt_error *error) {
    const struct nt_bundle_map *map = &b->manifest.layer[chunk->layer].map;
    struct nt_bundle_mapped *out = &b->mapped[chunk->layer];
    size_t n = chunk->rows;
    float *point = nt_allocate(b->allocator, n, 4 * sizeof *point);
    if (point == NULL) {
        return no_memory(chunk, error);
    }
    *out = (struct nt_bundle_mapped){point, point + 2 * n, point + 3 * n};
    for (size_t i = 0; i < n; i++) {
        point[2 * i] = (float)(map->left + map->step * nt_planes_get(raw, n, i, 2));
        point[2 * i + 1] = (float)(map->bottom + map->step * nt_planes_get(raw + 2 * n, n, i, 2));
        out->trustworthiness[i] = (float)raw[4 * n + i] / 255;
        out->continuity[i] = (float)raw[5 * n + i] / 255;
    }
    return NT_OK;
}

static bool room_for_measures(struct nt_bundle_measured *out, size_t n, size_t classes, const struct nt_allocator *al) {
    double *dimension = nt_allocate(al, classes + 1, sizeof *dimension + sizeof *out->dimension_used);
    float *value = nt_allocate(al, n, 3 * sizeof *value + sizeof *out->occurrence);
    if (dimension == NULL || value == NULL) {
        nt_release(al, dimension);
        nt_release(al, value);
        return false;
    }
    *out = (struct nt_bundle_measured){.rbo = value,
                                       .purity = value + n,
                                       .prediction_purity = value + 2 * n,
                                       .occurrence = (uint32_t *)(value + 3 * n),
                                       .dimension = dimension,
                                       .dimension_used = (uint32_t *)(dimension + classes + 1)};
    return true;
}

static void clear_measures(struct nt_bundle_measured *measured, const struct nt_allocator *al) {
    nt_release(al, measured->rbo);
    nt_release(al, measured->dimension);
    *measured = (struct nt_bundle_measured){0};
}

/* The numbers of all samples; false where one is out of its range. */
static bool read_measures(struct nt_bundle_measured *out, const uint8_t *raw, size_t n, uint32_t k) {
    uint64_t members = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t same = nt_planes_get(raw, n, i, 2), same_prediction = nt_planes_get(raw + 2 * n, n, i, 2);
        out->purity[i] = (float)same / (float)k;
        out->prediction_purity[i] = (float)same_prediction / (float)k;
        out->occurrence[i] = nt_planes_get(raw + 4 * n, n, i, 4);
        out->rbo[i] = (float)nt_planes_get(raw + 8 * n, n, i, 2) / UINT16_MAX;
        members += out->occurrence[i];
        if (same > k || same_prediction > k) {
            return false;
        }
    }
    return members == (uint64_t)n * k;
}

static bool read_dimensions(struct nt_bundle_measured *out, const uint8_t *raw, size_t n, size_t classes) {
    memcpy(out->dimension, raw, (classes + 1) * sizeof *out->dimension);
    memcpy(out->dimension_used, raw + (classes + 1) * sizeof *out->dimension,
           (classes + 1) * sizeof *out->dimension_used);
    for (size_t c = 0; c <= classes; c++) {
        if (!(out->dimension[c] >= 0 && isfinite(out->dimension[c])) || out->dimension_used[c] > n) {
            return false;
        }
    }
    return true;
}

enum nt_status nt_feed_measures(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                struct nt_error *error) {
    struct nt_bundle_measured *out = &b->measured[chunk->layer];
    size_t n = chunk->rows, classes = b->manifest.classes;
    if (!room_for_measures(out, n, classes, b->allocator)) {
        return no_memory(chunk, error);
    }
    if (read_measures(out, raw, n, b->manifest.stability.k) &&
        read_dimensions(out, raw + n * NT_MEASURES_PLANES, n, classes)) {
        return NT_OK;
    }
    clear_measures(out, b->allocator);
    return nt_error_set(error, NT_E_VALUE, "%s: measures out of their range", chunk->file);
}

enum nt_status nt_feed_credibility(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error) {
    size_t n = chunk->rows;
    float *value = nt_allocate(b->allocator, n, 2 * sizeof *value + sizeof *b->credible.prediction);
    if (value == NULL) {
        return no_memory(chunk, error);
    }
    uint16_t *prediction = (uint16_t *)(value + 2 * n);
    for (size_t i = 0; i < n; i++) {
        value[i] = (float)nt_planes_get(raw, n, i, 2) / UINT16_MAX;
        value[n + i] = (float)nt_planes_get(raw + 2 * n, n, i, 2) / UINT16_MAX;
        prediction[i] = (uint16_t)nt_planes_get(raw + 4 * n, n, i, 2);
        if (prediction[i] >= b->manifest.classes) {
            enum nt_status status = nt_error_set(error, NT_E_VALUE, "%s: sample %zu has class %u: expected below %u",
                                                 chunk->file, i, prediction[i], b->manifest.classes);
            nt_release(b->allocator, value);
            return status;
        }
    }
    b->credible = (struct nt_bundle_credible){value, value + n, prediction};
    return NT_OK;
}

static bool is_suggestion(const struct nt_suggestion *s, const struct nt_manifest *m) {
    bool finite = true;
    for (int f = 0; f < 3; f++) {
        finite = finite && isfinite(s->figure[f]);
    }
    return finite && s->reason < NT_REASON_COUNT && s->sample < m->dataset.samples && s->from < m->layers &&
           s->layer < m->layers && s->label[0] < m->classes && s->label[1] < m->classes;
}

enum nt_status nt_feed_suggestions(nt_bundle *b, const struct nt_bundle_chunk *chunk, const uint8_t *raw,
                                   struct nt_error *error) {
    struct nt_suggestion *s = nt_allocate(b->allocator, chunk->raw_bytes, 1);
    uint32_t count = chunk->raw_bytes / (uint32_t)sizeof *s;
    if (s == NULL) {
        return no_memory(chunk, error);
    }
    memcpy(s, raw, chunk->raw_bytes);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_suggestion(&s[i], &b->manifest)) {
            nt_release(b->allocator, s);
            return nt_error_set(error, NT_E_VALUE, "%s: suggestion %u is out of its range", chunk->file, i);
        }
    }
    b->suggestion = s;
    b->suggestions = count;
    return NT_OK;
}

void nt_answers_clear(nt_bundle *b) {
    for (uint32_t l = 0; b->mapped != NULL && l < b->manifest.layers; l++) {
        nt_release(b->allocator, b->mapped[l].point);
    }
    for (uint32_t l = 0; b->measured != NULL && l < b->manifest.layers; l++) {
        clear_measures(&b->measured[l], b->allocator);
    }
    nt_release(b->allocator, b->mapped);
    nt_release(b->allocator, b->measured);
    nt_release(b->allocator, b->credible.credibility);
    nt_release(b->allocator, b->suggestion);
}

/* ---- What was fed. ---- */

const struct nt_bundle_mapped *nt_bundle_mapped(const nt_bundle *b, uint32_t layer) {
    assert(layer < b->manifest.layers);
    const struct nt_bundle_mapped *mapped = &b->mapped[b->manifest.layer[layer].codes];
    return mapped->point != NULL ? mapped : NULL;
}

const struct nt_bundle_measured *nt_bundle_measured(const nt_bundle *b, uint32_t layer) {
    assert(layer < b->manifest.layers);
    const struct nt_bundle_measured *measured = &b->measured[b->manifest.layer[layer].codes];
    return measured->rbo != NULL ? measured : NULL;
}

const struct nt_bundle_credible *nt_bundle_credible(const nt_bundle *b) {
    return b->credible.credibility != NULL ? &b->credible : NULL;
}

const struct nt_suggestion *nt_bundle_suggestions(const nt_bundle *b, uint32_t *count) {
    *count = b->suggestions;
    return b->suggestion;
}
