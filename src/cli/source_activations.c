/* Activations of any model: which layers are packed, whether their numbers can be used, and their rows on demand. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/source.h"
#include "ntrace/sha256.h"

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for the layers");
}

/* ---- Layers. ---- */

static enum nt_status take_layers(struct nt_source *source, const char *chosen, const struct nt_allocator *allocator,
                                  struct nt_error *error) {
    uint32_t layers = nt_activations_layers(source->activations);
    source->layer = nt_allocate_zeroed(allocator, layers, sizeof *source->layer);
    if (source->layer == NULL) {
        return no_memory(error);
    }
    NT_TRY(nt_source_choose(source, chosen, allocator, error));
    source->rows.layers = source->layers;
    for (uint32_t l = 0; l < source->layers; l++) {
        const struct nt_activations_layer *from = nt_activations_layer(source->activations, source->layer_number[l]);
        struct nt_pack_layer *layer = &source->layer[l];
        (void)snprintf(layer->name, sizeof layer->name, "%s", from->name);
        layer->shape = from->shape;
        layer->size = from->size;
    }
    return NT_OK;
}

/* ---- Rows. ---- */

static enum nt_status read_rows(void *context, float *out, uint32_t layer, const uint32_t *sample, uint32_t count,
                                struct nt_error *error) {
    struct nt_source *source = context;
    uint32_t size = source->layer[layer].size;
    for (uint32_t at = 0, some; at < count; at += some) {
        uint32_t wanted[1024];
        some = count - at < 1024 ? count - at : 1024;
        for (uint32_t i = 0; i < some; i++) {
            wanted[i] = nt_source_sample(source, sample[at + i]);
        }
        NT_TRY(nt_activations_read(out + (size_t)at * size, source->activations, source->layer_number[layer], wanted,
                                   some, error));
    }
    return NT_OK;
}

/* ---- Checks. ---- */

struct checking {
    const struct nt_progress *whole;
    uint32_t layer, layers;
};

static int report(void *context, double done) {
    const struct checking *c = context;
    return c->whole->report(c->whole->context, (c->layer + done) / c->layers);
}

static void print_faults(const struct nt_source *source, uint32_t l, const struct nt_activations_faults *f) {
    const char *path = nt_activations_path(source->activations, source->layer_number[l]);
    (void)fprintf(stderr, "%s: layer %u '%s': %" PRIu64 " NaN, %" PRIu64 " infinite", path, l, source->layer[l].name,
                  f->nan, f->infinite);
    if (f->too_large > 0) {
        (void)fprintf(stderr, ", %" PRIu64 " beyond float32", f->too_large);
    }
    (void)fprintf(stderr, ", the first in sample %" PRIu64 "\n", f->first);
}

/* Counts what cannot be used, in all layers before it says so. */
static enum nt_status check_numbers(struct nt_source *source, const struct nt_source_options *o,
                                    struct nt_error *error) {
    uint32_t bad = 0, layers = source->rows.layers;
    for (uint32_t l = 0; l < layers; l++) {
        struct nt_activations_faults faults;
        struct checking checking = {o->progress, l, layers};
        const struct nt_progress progress = {report, &checking};
        NT_TRY(nt_activations_check(&faults, source->activations, source->layer_number[l], source->selection.sample,
                                    source->selection.count, o->progress != NULL ? &progress : NULL, error));
        if (faults.nan + faults.infinite + faults.too_large > 0) {
            print_faults(source, l, &faults);
            bad++;
        }
    }
    return bad == 0
               ? NT_OK
               : nt_error_set(error, NT_E_VALUE,
                              "expected numbers that are finite in every layer, found others in %u of %u", bad, layers);
}

/* Files are known by their size and the time of their last change, as make knows them. */
static enum nt_status identify(struct nt_source *source, struct nt_error *error) {
    struct nt_sha256 hash;
    nt_sha256_start(&hash);
    for (uint32_t l = 0; l < source->rows.layers; l++) {
        struct stat file;
        uint32_t number = source->layer_number[l];
        const char *path = nt_activations_path(source->activations, number);
        if (stat(path, &file) != 0) {
            return nt_error_set(error, NT_E_IO, "%s: cannot be looked at any more", path);
        }
        const int64_t facts[] = {(int64_t)number, (int64_t)file.st_size, (int64_t)file.st_mtim.tv_sec,
                                 (int64_t)file.st_mtim.tv_nsec, (int64_t)file.st_ino};
        nt_sha256_add(&hash, facts, sizeof facts);
    }
    nt_sha256_add(&hash, source->selection.sample,
                  source->selection.sample != NULL ? source->selection.count * sizeof *source->selection.sample : 0);
    nt_sha256_finish(source->inputs, &hash);
    return NT_OK;
}

/* ---- The whole. ---- */

static enum nt_status open_thumbnails(struct nt_source *source, const struct nt_source_options *o, uint32_t samples,
                                      const struct nt_allocator *allocator, struct nt_error *error) {
    const struct nt_images_options images = {.path = o->thumbnails, .classes = o->labels == NULL ? o->classes : NULL};
    NT_TRY(nt_images_open(&source->images, &images, allocator, error));
    return nt_images_count(source->images) == samples
               ? NT_OK
               : nt_error_set(error, NT_E_SHAPE, "%s: expected %u images, one for each row of '%s' (%s), found %u",
                              o->thumbnails, samples, nt_activations_layer(source->activations, 0)->name,
                              nt_activations_path(source->activations, 0), nt_images_count(source->images));
}

enum nt_status nt_source_open_activations(struct nt_source *source, const struct nt_source_options *o,
                                          const struct nt_allocator *allocator, struct nt_error *error) {
    NT_TRY(nt_activations_open(&source->activations, o->activations.item, (uint32_t)o->activations.count, allocator,
                               error));
    uint32_t samples = nt_activations_samples(source->activations);
    NT_TRY(take_layers(source, o->layers, allocator, error));
    NT_TRY(o->thumbnails != NULL ? open_thumbnails(source, o, samples, allocator, error) : NT_OK);
    NT_TRY(nt_source_read_answers(source, o, samples, allocator, error));
    source->rows.layer = source->layer;
    source->rows.read = read_rows;
    source->rows.context = source;
    source->data.activations = &source->rows;
    NT_TRY(nt_pack_check(&source->data, o->pack, error));
    NT_TRY(identify(source, error));
    NT_TRY(check_numbers(source, o, error));
    return source->images != NULL ? nt_source_spool(source, o, allocator, error) : NT_OK;
}
