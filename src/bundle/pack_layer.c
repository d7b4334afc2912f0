/* One layer: its activations, codes, neighbours and figures. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/handle.h"
#include "bundle/pack.h"
#include "core/parallel.h"
#include "ntrace/knn.h"

enum { BATCH = 64, PROJECT_ROWS = 1024 };

static const float DEFAULT_STEP = 0.06f;
static const double DEFAULT_RECALL = 0.9995;

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to pack %u samples", p->samples);
}

/* ---- Activations. ---- */

struct pass {
    const struct nt_packer *packer;
    float *x;
    uint8_t *room; /* [workers, room_bytes] input and scratch */
    size_t room_bytes, input_bytes;
    uint32_t layer;
};

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static void forward_batch(void *context, size_t item, unsigned worker) {
    const struct pass *pass = context;
    const struct nt_packer *p = pass->packer;
    uint32_t first = (uint32_t)item * BATCH, count = p->samples - first < BATCH ? p->samples - first : BATCH;
    size_t image = nt_net_layer(p->net, 0)->size, size = nt_net_layer(p->net, pass->layer)->size;
    void *room = pass->room + worker * pass->room_bytes;
    float *activation[NT_BUNDLE_MAX_LAYERS] = {NULL};
    activation[pass->layer] = pass->x + first * size;
    nt_net_input(room, p->dataset->image + first * image, count * image);
    (void)nt_net_forward(activation, p->net, room, count, (uint8_t *)room + pass->input_bytes);
}

enum nt_status nt_pack_activations(float *x, const struct nt_packer *p, uint32_t layer) {
    struct pass pass = {.packer = p, .x = x, .layer = layer};
    pass.input_bytes = aligned(BATCH * nt_net_layer(p->net, 0)->size * sizeof(float));
    pass.room_bytes = pass.input_bytes + aligned(nt_net_forward_bytes(p->net, BATCH));
    pass.room = nt_allocate(p->allocator, p->workers, pass.room_bytes);
    if (pass.room == NULL) {
        return no_memory(p);
    }
    nt_parallel_for((p->samples + BATCH - 1) / BATCH, p->workers, forward_batch, &pass);
    nt_release(p->allocator, pass.room);
    size_t count = (size_t)p->samples * nt_net_layer(p->net, layer)->size;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(x[i])) {
            return nt_error_set(p->error, NT_E_VALUE,
                                "layer %u (%s): activations that are not finite, first of sample %zu", layer,
                                nt_net_layer(p->net, layer)->name, i / nt_net_layer(p->net, layer)->size);
        }
    }
    return NT_OK;
}

static void count_right(struct nt_packer *p) {
    uint32_t right[NT_DATASET_MAX_CLASSES] = {0}, all[NT_DATASET_MAX_CLASSES] = {0}, sum = 0, present = 0;
    double recalls = 0;
    for (uint32_t i = 0; i < p->samples; i++) {
        all[p->dataset->label[i]]++;
        right[p->dataset->label[i]] += p->prediction[i] == p->dataset->label[i];
    }
    for (uint32_t c = 0; c < p->dataset->classes; c++) {
        sum += right[c];
        present += all[c] > 0;
        recalls += all[c] > 0 ? (double)right[c] / all[c] : 0;
    }
    p->manifest.network.accuracy = p->result->accuracy = (double)sum / p->samples;
    p->manifest.network.balanced_accuracy = p->result->balanced_accuracy = recalls / present;
}

enum nt_status nt_pack_predict(struct nt_packer *p) {
    uint32_t classes = nt_net_classes(p->net);
    float *x = nt_allocate(p->allocator, p->samples, classes * sizeof *x);
    enum nt_status status = x != NULL ? nt_pack_activations(x, p, p->layers - 1) : no_memory(p);
    for (uint32_t i = 0; status == NT_OK && i < p->samples; i++) {
        float *probability = x + (size_t)i * classes;
        uint32_t best = 0;
        nt_softmax(probability, classes);
        for (uint32_t c = 1; c < classes; c++) {
            best = probability[c] > probability[best] ? c : best;
        }
        p->prediction[i] = (uint16_t)best;
        p->confidence[i] = probability[best];
    }
    nt_release(p->allocator, x);
    if (status == NT_OK) {
        count_right(p);
    }
    return status;
}

/* ---- Codes. ---- */

/* Rows first .. first + count of `pick`, or of x itself where pick is NULL. */
static void take_rows(float *out, const float *x, const uint32_t *pick, uint32_t first, uint32_t count, uint32_t size) {
    for (uint32_t i = 0; i < count; i++) {
        size_t row = pick != NULL ? pick[first + i] : first + i;
        memcpy(out + (size_t)i * size, x + row * size, size * sizeof *out);
    }
}

/* `count` different samples, ascending by chance; room [N]. */
static void draw_samples(uint32_t *room, uint32_t samples, struct nt_random *random) {
    for (uint32_t i = 0; i < samples; i++) {
        room[i] = i;
    }
    nt_random_shuffle(room, samples, random);
}

static enum nt_status find_axes(struct nt_axes *axes, const struct nt_packer *p, const float *x, uint32_t size,
                                const uint32_t *pick, struct nt_random *random) {
    uint32_t count = p->samples < NT_PACK_AXES_SAMPLES ? p->samples : NT_PACK_AXES_SAMPLES;
    float *some = nt_allocate(p->allocator, count, size * sizeof *some);
    if (some == NULL) {
        return no_memory(p);
    }
    take_rows(some, x, pick, 0, count, size);
    enum nt_status status = nt_axes_find(axes, some, count, size, NT_PACK_MAX_AXES, random, p->workers, p->allocator);
    nt_release(p->allocator, some);
    return status == NT_OK
               ? NT_OK
               : nt_error_set(p->error, status, "cannot find the principal axes of a layer of %u numbers", size);
}

/* y [N,axes], rest [N] and the layer's root-mean-square norm about its centre. */
static enum nt_status project(float *y, float *rest, double *norm, const struct nt_packer *p,
                              const struct nt_axes *axes, const float *x) {
    float *block = nt_allocate(p->allocator, PROJECT_ROWS, axes->size * sizeof *block);
    enum nt_status status = block != NULL ? NT_OK : no_memory(p);
    double sum = 0;
    for (uint32_t at = 0; status == NT_OK && at < p->samples; at += PROJECT_ROWS) {
        uint32_t rows = p->samples - at < PROJECT_ROWS ? p->samples - at : PROJECT_ROWS;
        take_rows(block, x, NULL, at, rows, axes->size);
        status = nt_axes_project(y + (size_t)at * axes->count, rest + at, block, axes, rows, p->workers, p->allocator);
    }
    for (uint32_t i = 0; status == NT_OK && i < p->samples; i++) {
        sum += (double)rest[i] * (double)rest[i];
        for (uint32_t j = 0; j < axes->count; j++) {
            sum += (double)y[(size_t)i * axes->count + j] * (double)y[(size_t)i * axes->count + j];
        }
    }
    *norm = sqrt(sum / p->samples);
    nt_release(p->allocator, block);
    return status;
}

/* A step that no coordinate outgrows: codes are int8 and rests uint8. */
static float choose_step(const struct nt_packer *p, const float *y, const float *rest, uint32_t axes, double norm) {
    float share = p->options->step > 0 ? p->options->step : DEFAULT_STEP, step = share * (float)norm, most = 0,
          left = 0;
    for (size_t i = 0; i < (size_t)p->samples * axes; i++) {
        most = fabsf(y[i]) > most ? fabsf(y[i]) : most;
    }
    for (uint32_t i = 0; i < p->samples; i++) {
        left = rest[i] > left ? rest[i] : left;
    }
    step = step > most / 127 ? step : most / 127;
    step = step > left / 250 ? step : left / 250;
    return step > 1e-20f ? step : 1;
}

static enum nt_status find_codes(struct nt_codes *codes, const struct nt_packer *p, const float *x, uint32_t size,
                                 const uint32_t *pick, struct nt_random *random) {
    struct nt_axes axes;
    NT_TRY(find_axes(&axes, p, x, size, pick, random));
    float *y = nt_allocate(p->allocator, p->samples, axes.count * sizeof *y);
    float *rest = nt_allocate(p->allocator, p->samples, sizeof *rest);
    double norm = 0;
    enum nt_status status = y != NULL && rest != NULL ? project(y, rest, &norm, p, &axes, x) : no_memory(p);
    if (status == NT_OK) {
        float step = choose_step(p, y, rest, axes.count, norm);
        status = nt_codes_quantise(codes, y, rest, p->samples, axes.count, step, p->allocator);
    }
    nt_release(p->allocator, y);
    nt_release(p->allocator, rest);
    nt_axes_clear(&axes, p->allocator);
    return status;
}

/* ---- Neighbours. ---- */

struct search {
    const struct nt_packer *packer;
    const struct nt_codes *codes;
    const float *x;
    const uint32_t *query; /* sample numbers, or NULL: all samples in order */
    uint32_t size, candidates;
    uint32_t *room;    /* [workers, 4 N] */
    uint32_t *nearest; /* [queries, k] out: the exact nearest among the candidates, ascending by number */
    uint32_t *rank;    /* [queries, k] out: for brute force, where each stands on codes */
};

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Exact neighbours by brute force, and where each of them stands on codes. */
static void search_all(void *context, size_t item, unsigned worker) {
    const struct search *s = context;
    const struct nt_packer *p = s->packer;
    uint32_t n = p->samples, self = s->query[item], *nearest = s->nearest + item * p->k, *rank = s->rank + item * p->k;
    uint32_t *key = s->room + worker * (size_t)(4 * n), *order = key + n, *scratch = order + n;
    for (uint32_t i = 0; i < n; i++) {
        key[i] = nt_knn_key(nt_distance_squared(s->x + (size_t)self * s->size, s->x + (size_t)i * s->size, s->size));
    }
    nt_knn_select(nearest, key, n, p->k, self, scratch);
    nt_codes_scan(key, s->codes, self);
    nt_knn_order(order, key, n, scratch);
    uint32_t *place = scratch, at = 0;
    for (uint32_t i = 0; i < n; i++) {
        place[order[i]] = at;
        at += order[i] != self;
    }
    for (uint32_t i = 0; i < p->k; i++) {
        rank[i] = place[nearest[i]];
    }
}

/* Candidates on codes, ranked exactly. */
static void search_candidates(void *context, size_t item, unsigned worker) {
    const struct search *s = context;
    const struct nt_packer *p = s->packer;
    uint32_t n = p->samples, self = (uint32_t)item, m = s->candidates, *nearest = s->nearest + item * p->k;
    uint32_t *square = s->room + worker * (size_t)(4 * n), *candidate = square + n, *scratch = candidate + n;
    nt_codes_scan(square, s->codes, self);
    nt_knn_select(candidate, square, n, m, self, scratch);
    qsort(candidate, m, sizeof *candidate, ascending);
    uint32_t *key = square;
    for (uint32_t i = 0; i < m; i++) {
        const float *other = s->x + (size_t)candidate[i] * s->size;
        key[i] = nt_knn_key(nt_distance_squared(s->x + (size_t)self * s->size, other, s->size));
    }
    nt_knn_order(scratch, key, m, scratch + n);
    for (uint32_t i = 0; i < p->k; i++) {
        nearest[i] = candidate[scratch[i]];
    }
    qsort(nearest, p->k, sizeof *nearest, ascending);
}

/* How many candidates hold the wanted share of the true neighbours, and the recall of the k first on codes. */
static enum nt_status measure(struct nt_bundle_layer *layer, struct search *s, const uint32_t *pick) {
    const struct nt_packer *p = s->packer;
    uint32_t queries = p->samples < NT_PACK_QUERIES ? p->samples : NT_PACK_QUERIES;
    size_t count = (size_t)queries * p->k;
    s->query = pick;
    s->nearest = nt_allocate(p->allocator, count, sizeof *s->nearest);
    s->rank = nt_allocate(p->allocator, count, sizeof *s->rank);
    enum nt_status status = s->nearest != NULL && s->rank != NULL ? NT_OK : no_memory(p);
    if (status == NT_OK) {
        nt_parallel_for(queries, p->workers, search_all, s);
        qsort(s->rank, count, sizeof *s->rank, ascending);
        double recall = p->options->recall > 0 ? p->options->recall : DEFAULT_RECALL;
        size_t within = 0, needed = (size_t)ceil(recall * (double)count);
        while (within < count && s->rank[within] < p->k) {
            within++;
        }
        layer->recall_codes = (double)within / (double)count;
        layer->candidates = s->rank[needed - 1] + 1;
        layer->candidates = layer->candidates < p->k ? p->k : layer->candidates;
        while (within < count && s->rank[within] < layer->candidates) {
            within++;
        }
        layer->recall = (double)within / (double)count;
    }
    nt_release(p->allocator, s->nearest);
    nt_release(p->allocator, s->rank);
    return status;
}

static uint32_t count_common(const uint32_t *a, const uint32_t *b, uint32_t k) {
    uint32_t common = 0;
    for (uint32_t i = 0, j = 0; i < k && j < k;) {
        common += a[i] == b[j];
        uint32_t low = a[i] < b[j] ? a[i] : b[j];
        i += a[i] == low;
        j += b[j] == low;
    }
    return common;
}

/* All samples' neighbours at this layer; kept where it is the reference, else compared with it. */
static enum nt_status find_stability(struct nt_packer *p, struct search *s, uint32_t layer) {
    size_t count = (size_t)p->samples * p->k;
    s->candidates = p->manifest.layer[layer].candidates;
    s->nearest = nt_allocate(p->allocator, count, sizeof *s->nearest);
    if (s->nearest == NULL) {
        return no_memory(p);
    }
    nt_parallel_for(p->samples, p->workers, search_candidates, s);
    if (layer == p->manifest.stability.reference) {
        memcpy(p->reference, s->nearest, count * sizeof *p->reference);
    }
    for (uint32_t i = 0; i < p->samples; i++) {
        p->stability[(size_t)layer * p->samples + i] =
            (uint16_t)count_common(s->nearest + (size_t)i * p->k, p->reference + (size_t)i * p->k, p->k);
    }
    nt_release(p->allocator, s->nearest);
    return NT_OK;
}

enum nt_status nt_pack_layer(struct nt_codes *codes, struct nt_packer *p, uint32_t layer) {
    *codes = (struct nt_codes){0};
    uint32_t size = nt_net_layer(p->net, layer)->size;
    struct nt_random random;
    nt_random_seed(&random, p->options->seed, layer);
    float *x = nt_allocate(p->allocator, p->samples, size * sizeof *x);
    uint32_t *pick = nt_allocate(p->allocator, p->samples, sizeof *pick);
    struct search search = {.packer = p, .codes = codes, .x = x, .size = size};
    search.room = nt_allocate(p->allocator, p->workers, 4 * p->samples * sizeof *search.room);
    enum nt_status status = x && pick && search.room ? nt_pack_activations(x, p, layer) : no_memory(p);
    if (status == NT_OK) {
        draw_samples(pick, p->samples, &random);
        status = find_codes(codes, p, x, size, pick, &random);
    }
    struct nt_bundle_layer *entry = &p->manifest.layer[layer];
    if (status == NT_OK) {
        entry->axes = codes->axes;
        entry->step = codes->step;
        draw_samples(pick, p->samples, &random);
        status = measure(entry, &search, pick);
    }
    if (status == NT_OK) {
        status = find_stability(p, &search, layer);
    }
    nt_release(p->allocator, x);
    nt_release(p->allocator, pick);
    nt_release(p->allocator, search.room);
    return status;
}
