/* One layer: its codes, from activations read in blocks. */
#include <math.h>
#include <string.h>

#include "bundle/handle.h"
#include "bundle/pack.h"
#include "core/parallel.h"
#include "knn/rough.h"

enum { PROJECT_ROWS = 1024, AXES_ROUNDS = 2 };

/* Where a network ranks candidates exactly, and where codes have the last word. */
static const float DEFAULT_STEP = 0.05f, STEP_ALONE = 0.02f;

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to pack %u samples", p->samples);
}

static uint32_t at_most(size_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

/* ---- Predictions. ---- */

static void count_right(struct nt_packer *p) {
    uint32_t right[NT_DATASET_MAX_CLASSES] = {0}, all[NT_DATASET_MAX_CLASSES] = {0}, sum = 0, present = 0;
    double recalls = 0;
    for (uint32_t i = 0; i < p->samples; i++) {
        all[p->data->label[i]]++;
        right[p->data->label[i]] += p->prediction[i] == p->data->label[i];
    }
    for (uint32_t c = 0; c < p->data->classes; c++) {
        sum += right[c];
        present += all[c] > 0;
        recalls += all[c] > 0 ? (double)right[c] / all[c] : 0;
    }
    p->manifest.network.accuracy = p->result->accuracy = (double)sum / p->samples;
    p->manifest.network.balanced_accuracy = p->result->balanced_accuracy = recalls / present;
}

static void take_best(struct nt_packer *p, uint32_t sample, float *logit, uint32_t classes) {
    uint32_t best = 0;
    nt_softmax(logit, classes);
    for (uint32_t c = 1; c < classes; c++) {
        best = logit[c] > logit[best] ? c : best;
    }
    p->prediction[sample] = (uint16_t)best;
    p->confidence[sample] = logit[best];
}

/* What the network answers, some samples at a time. */
static enum nt_status predict(struct nt_packer *p) {
    uint32_t classes = nt_net_classes(p->data->net);
    float *logits = nt_allocate(p->allocator, PROJECT_ROWS, classes * sizeof *logits);
    enum nt_status status = logits != NULL ? NT_OK : no_memory(p);
    for (uint32_t first = 0, count; status == NT_OK && first < p->samples; first += count) {
        uint32_t sample[PROJECT_ROWS];
        count = at_most(p->samples - first, PROJECT_ROWS);
        for (uint32_t i = 0; i < count; i++) {
            sample[i] = first + i;
        }
        status = nt_pack_network_answer(logits, p, sample, count);
        for (uint32_t i = 0; status == NT_OK && i < count; i++) {
            take_best(p, first + i, logits + (size_t)i * classes, classes);
        }
    }
    nt_release(p->allocator, logits);
    return status;
}

/* What is not known counts as right and sure: the manifest says that it is not known. */
static void take_given(struct nt_packer *p) {
    for (uint32_t i = 0; i < p->samples; i++) {
        p->prediction[i] = p->data->prediction != NULL ? p->data->prediction[i] : p->data->label[i];
        p->confidence[i] = p->data->confidence != NULL ? p->data->confidence[i] : 1;
    }
}

enum nt_status nt_pack_predict(struct nt_packer *p) {
    if (p->data->net != NULL) {
        NT_TRY(predict(p));
    } else {
        take_given(p);
    }
    count_right(p);
    return NT_OK;
}

/* ---- Codes. ---- */

/* `count` different samples, ascending by chance; room [N]. */
static void draw_samples(uint32_t *room, uint32_t samples, struct nt_random *random) {
    for (uint32_t i = 0; i < samples; i++) {
        room[i] = i;
    }
    nt_random_shuffle(room, samples, random);
}

/* Axes of some samples, fewer where layers are so wide that memory holds no more. */
static enum nt_status find_axes(struct nt_axes *axes, const struct nt_packer *p, struct nt_pack_space *space,
                                const uint32_t *pick, struct nt_random *random) {
    size_t fit = p->memory / (4 * space->size * sizeof(float)), most = fit < 16 ? 16 : fit;
    uint32_t count = at_most(most, at_most(p->samples, NT_PACK_AXES_SAMPLES)), limit = at_most(most, NT_PACK_MAX_AXES);
    float *some = nt_allocate(p->allocator, count, space->size * sizeof *some);
    if (some == NULL) {
        return no_memory(p);
    }
    enum nt_status status = nt_pack_read(some, p, space->layer, pick, count);
    if (status == NT_OK) {
        status = nt_axes_find(axes, some, count, space->size, limit, AXES_ROUNDS, random, p->workers, p->allocator);
        if (status != NT_OK) {
            (void)nt_error_set(p->error, status, "cannot find the principal axes of a layer of %u numbers",
                               space->size);
        }
    }
    nt_release(p->allocator, some);
    return status;
}

/* y [N,axes] and rest [N], block by block. */
static enum nt_status project(struct nt_pack_space *space, const struct nt_packer *p, const struct nt_axes *axes) {
    float *centred = nt_allocate(p->allocator, PROJECT_ROWS, axes->size * sizeof *centred);
    enum nt_status status = centred != NULL ? NT_OK : no_memory(p);
    struct nt_pack_block *block = &space->block;
    for (uint32_t first = 0; status == NT_OK && first < p->samples; first += block->room) {
        status = nt_pack_block_read(block, p, space->layer, first);
        for (uint32_t at = 0; status == NT_OK && at < block->rows; at += PROJECT_ROWS) {
            uint32_t rows = at_most(block->rows - at, PROJECT_ROWS);
            size_t row = (size_t)first + at;
            memcpy(centred, block->x + (size_t)at * axes->size, rows * (size_t)axes->size * sizeof *centred);
            status = nt_axes_project(space->y + row * axes->count, space->rest + row, centred, axes, rows, p->workers,
                                     p->allocator);
        }
        status = status == NT_OK
                     ? nt_pack_progress(p, space->layer, NT_PACK_CODING, (double)(first + block->rows) / p->samples)
                     : status;
    }
    nt_release(p->allocator, centred);
    return status;
}

/* Squared norms [N], and the layer's root-mean-square norm about its centre. */
static double find_norms(struct nt_pack_space *space, uint32_t samples) {
    double all = 0;
    for (uint32_t i = 0; i < samples; i++) {
        double sum = (double)space->rest[i] * (double)space->rest[i];
        for (uint32_t j = 0; j < space->axes; j++) {
            double y = (double)space->y[(size_t)i * space->axes + j];
            sum += y * y;
        }
        space->norm[i] = (float)sum;
        all += sum;
    }
    for (uint32_t i = 0; i < NT_ROUGH_RIGHT; i++) {
        space->norm[samples + i] = NAN;
    }
    return sqrt(all / samples);
}

static float largest(const float *y, size_t count) {
    float most = 0;
    for (size_t i = 0; i < count; i++) {
        most = fabsf(y[i]) > most ? fabsf(y[i]) : most;
    }
    return most;
}

/* A step that no coordinate outgrows: codes are int8 and rests uint8. */
static float choose_step(const struct nt_packer *p, const float *y, const float *rest, uint32_t axes, float step) {
    float most = largest(y, (size_t)p->samples * axes), left = 0;
    for (uint32_t i = 0; i < p->samples; i++) {
        left = rest[i] > left ? rest[i] : left;
    }
    step = step > most / 127 ? step : most / 127;
    step = step > left / 250 ? step : left / 250;
    return step > 1e-20f ? step : 1;
}

static enum nt_status quantise(struct nt_pack_space *space, const struct nt_packer *p, float wanted) {
    float step = choose_step(p, space->y, space->rest, space->axes, wanted);
    return nt_codes_quantise(&space->codes, space->y, space->rest, p->samples, space->axes, step, p->allocator) == NT_OK
               ? NT_OK
               : no_memory(p);
}

/* Coordinates in 7 bits, where neighbours are to be proposed. */
static enum nt_status make_rough(struct nt_pack_space *space, const struct nt_packer *p) {
    struct nt_pack_rough *rough = &space->rough;
    float most = largest(space->y, (size_t)p->samples * space->axes), step = most > 1e-20f ? most / NT_ROUGH_MOST : 1;
    rough->stride = (space->axes + NT_ROUGH_ALIGN - 1) / NT_ROUGH_ALIGN * NT_ROUGH_ALIGN;
    rough->unit = 2 * step * step;
    rough->value = nt_allocate(p->allocator, p->samples, rough->stride);
    rough->start = nt_allocate(p->allocator, p->samples, sizeof *rough->start);
    if (rough->value == NULL || rough->start == NULL) {
        return no_memory(p);
    }
    for (size_t i = 0; i < p->samples; i++) {
        rough->start[i] =
            nt_rough_round(rough->value + i * rough->stride, space->y + i * space->axes, space->axes, step);
    }
    return NT_OK;
}

/* Fills a space's coordinates and codes from its activations. */
static enum nt_status find_codes(struct nt_pack_space *space, const struct nt_packer *p, const uint32_t *pick,
                                 struct nt_random *random) {
    struct nt_axes axes;
    NT_TRY(find_axes(&axes, p, space, pick, random));
    space->axes = axes.count;
    space->y = nt_allocate(p->allocator, p->samples, axes.count * sizeof *space->y);
    space->rest = nt_allocate(p->allocator, p->samples, sizeof *space->rest);
    space->norm = nt_allocate(p->allocator, p->samples + NT_ROUGH_RIGHT, sizeof *space->norm);
    bool there = space->y != NULL && space->rest != NULL && space->norm != NULL;
    enum nt_status status = there ? project(space, p, &axes) : no_memory(p);
    nt_axes_clear(&axes, p->allocator);
    float usual = nt_pack_ships_network(p) ? DEFAULT_STEP : STEP_ALONE;
    float share = p->options->step > 0 ? p->options->step : usual;
    return status == NT_OK ? quantise(space, p, share * (float)find_norms(space, p->samples)) : status;
}

/* Measures the codes and, where they have the last word, makes them finer until they find the share that is asked for,
 * or cannot be made finer. */
static enum nt_status measure(struct nt_pack_shortlist *shortlist, struct nt_packer *p, struct nt_pack_space *space,
                              const uint32_t *pick) {
    const struct nt_bundle_layer *entry = &p->manifest.layer[space->layer];
    float before = INFINITY;
    NT_TRY(nt_pack_measure(shortlist, p, space, pick));
    while (!nt_pack_ships_network(p) && entry->recall_codes < p->options->recall && space->codes.step < before) {
        before = space->codes.step;
        nt_codes_clear(&space->codes, p->allocator);
        NT_TRY(quantise(space, p, before / 2));
        NT_TRY(nt_pack_measure(shortlist, p, space, pick));
    }
    return NT_OK;
}

/* Codes, how well they find neighbours, and the neighbours themselves. pick [N] is room. */
static enum nt_status pack_space(nt_graph **graph, struct nt_packer *p, struct nt_pack_space *space, uint32_t *pick) {
    struct nt_bundle_layer *entry = &p->manifest.layer[space->layer];
    bool certified = nt_pack_is_certified(p, space->size);
    struct nt_pack_shortlist shortlist;
    struct nt_random random;
    nt_random_seed(&random, p->options->seed, space->layer);
    NT_TRY(nt_pack_block_open(&space->block, p, space->layer, p->memory / 4 * 3));
    draw_samples(pick, p->samples, &random);
    NT_TRY(find_codes(space, p, pick, &random));
    draw_samples(pick, p->samples, &random);
    if (!certified) {
        NT_TRY(make_rough(space, p));
    }
    NT_TRY(measure(certified ? NULL : &shortlist, p, space, pick));
    entry->axes = space->codes.axes;
    entry->step = space->codes.step;
    return certified ? nt_pack_graph_certified(graph, p, space) : nt_pack_graph(graph, p, space, shortlist);
}

enum nt_status nt_pack_layer(struct nt_codes *codes, nt_graph **graph, struct nt_packer *p, uint32_t layer) {
    struct nt_pack_space space = {.layer = layer, .size = p->manifest.layer[layer].size};
    uint32_t *pick = nt_allocate(p->allocator, p->samples, sizeof *pick);
    *graph = NULL;
    enum nt_status status = pick != NULL ? pack_space(graph, p, &space, pick) : no_memory(p);
    nt_pack_block_close(&space.block, p);
    nt_release(p->allocator, space.y);
    nt_release(p->allocator, space.rest);
    nt_release(p->allocator, space.norm);
    nt_release(p->allocator, space.rough.value);
    nt_release(p->allocator, space.rough.start);
    nt_release(p->allocator, pick);
    if (status != NT_OK) {
        nt_codes_clear(&space.codes, p->allocator);
    }
    *codes = space.codes;
    return status;
}
