/* One layer: its activations and codes. */
#include <math.h>
#include <string.h>

#include "bundle/handle.h"
#include "bundle/pack.h"
#include "core/parallel.h"

enum { BATCH = 64, PROJECT_ROWS = 1024 };

static const float DEFAULT_STEP = 0.06f;

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
    enum nt_status status = x != NULL ? nt_pack_activations(x, p, nt_net_logits(p->net)) : no_memory(p);
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

/* Fills a space's coordinates and codes from its activations. */
static enum nt_status find_codes(struct nt_pack_space *space, const struct nt_packer *p, const uint32_t *pick,
                                 struct nt_random *random) {
    struct nt_axes axes;
    NT_TRY(find_axes(&axes, p, space->x, space->size, pick, random));
    space->axes = axes.count;
    space->y = nt_allocate(p->allocator, p->samples, axes.count * sizeof *space->y);
    space->rest = nt_allocate(p->allocator, p->samples, sizeof *space->rest);
    double norm = 0;
    enum nt_status status = space->y != NULL && space->rest != NULL
                                ? project(space->y, space->rest, &norm, p, &axes, space->x)
                                : no_memory(p);
    if (status == NT_OK) {
        float step = choose_step(p, space->y, space->rest, axes.count, norm);
        status = nt_codes_quantise(&space->codes, space->y, space->rest, p->samples, axes.count, step, p->allocator);
    }
    nt_axes_clear(&axes, p->allocator);
    return status;
}

enum nt_status nt_pack_layer(struct nt_codes *codes, nt_graph **graph, struct nt_packer *p, uint32_t layer) {
    *graph = NULL;
    struct nt_pack_space space = {.size = nt_net_layer(p->net, layer)->size};
    struct nt_bundle_layer *entry = &p->manifest.layer[layer];
    struct nt_random random;
    nt_random_seed(&random, p->options->seed, layer);
    space.x = nt_allocate(p->allocator, p->samples, space.size * sizeof *space.x);
    uint32_t *pick = nt_allocate(p->allocator, p->samples, sizeof *pick);
    enum nt_status status = space.x != NULL && pick != NULL ? nt_pack_activations(space.x, p, layer) : no_memory(p);
    if (status == NT_OK) {
        draw_samples(pick, p->samples, &random);
        status = find_codes(&space, p, pick, &random);
    }
    if (status == NT_OK) {
        entry->axes = space.codes.axes;
        entry->step = space.codes.step;
        draw_samples(pick, p->samples, &random);
        status = nt_pack_neighbours(graph, p, &space, layer, pick);
    }
    nt_release(p->allocator, space.x);
    nt_release(p->allocator, space.y);
    nt_release(p->allocator, space.rest);
    nt_release(p->allocator, pick);
    if (status != NT_OK) {
        nt_codes_clear(&space.codes, p->allocator);
    }
    *codes = space.codes;
    return status;
}
