#include "cli/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ntrace/sha256.h"

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for labels");
}

static const char *path_of_images(char *path, size_t room, const struct nt_source_options *o) {
    (void)snprintf(path, room, "%s/images", o->pack->state);
    return path;
}

/* ---- The selection. ---- */

enum nt_status nt_source_select(struct nt_source *source, const struct nt_source_options *o, const uint16_t *label,
                                uint32_t samples, const struct nt_allocator *allocator, struct nt_error *error) {
    NT_TRY(nt_select(&source->selection, label, samples, &o->selection, allocator, error));
    uint32_t count = source->selection.count;
    source->label = nt_allocate_zeroed(allocator, count, sizeof *source->label);
    if (source->label == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; label != NULL && i < count; i++) {
        source->label[i] = label[nt_source_sample(source, i)];
    }
    source->data.samples = count;
    source->data.label = source->label;
    return NT_OK;
}

/* ---- Images. ---- */

struct spooling {
    nt_spool *spool;
    struct nt_sha256 hash;
    size_t bytes;
};

static enum nt_status put(void *context, uint32_t place, const uint8_t *image, struct nt_error *error) {
    struct spooling *s = context;
    nt_sha256_add(&s->hash, image, s->bytes);
    return nt_spool_put(s->spool, place, image, error);
}

static enum nt_status read_images(void *context, uint8_t *out, const uint32_t *sample, uint32_t count,
                                  struct nt_error *error) {
    return nt_spool_read(context, out, sample, count, error);
}

static enum nt_status make_folder(const char *path, struct nt_error *error) {
    return mkdir(path, 0777) == 0 || errno == EEXIST
               ? NT_OK
               : nt_error_set(error, NT_E_IO, "%s: cannot make this folder: %s", path, strerror(errno));
}

enum nt_status nt_source_spool(struct nt_source *source, const struct nt_source_options *o,
                               const struct nt_allocator *allocator, struct nt_error *error) {
    char path[4096];
    struct nt_shape shape = nt_images_shape(source->images);
    struct spooling s = {.bytes = (size_t)shape.channels * shape.height * shape.width};
    NT_TRY(make_folder(o->pack->state, error));
    NT_TRY(nt_spool_create(&source->spool, path_of_images(path, sizeof path, o), s.bytes, source->selection.count,
                           allocator, error));
    s.spool = source->spool;
    nt_sha256_start(&s.hash);
    nt_sha256_add(&s.hash, source->inputs, sizeof source->inputs);
    NT_TRY(
        nt_images_each(source->images, put, &s, source->selection.sample, source->selection.count, o->progress, error));
    nt_sha256_finish(source->inputs, &s.hash);
    NT_TRY(nt_spool_finish(source->spool, error));
    source->data.images = (struct nt_pack_images){shape, read_images, source->spool};
    return NT_OK;
}

/* ---- A network and images. ---- */

static enum nt_status open_network(struct nt_source *source, const struct nt_source_options *o,
                                   const struct nt_allocator *allocator, struct nt_error *error) {
    NT_TRY(nt_network_read(&source->network, &o->network, allocator, error));
    const nt_net *net = source->network.net;
    const struct nt_images_options images = {o->images, o->labels, o->classes, nt_net_layer(net, 0)->shape.channels};
    NT_TRY(nt_images_open(&source->images, &images, allocator, error));
    const struct nt_labels *labels = nt_images_labels(source->images);
    if (labels->count == 0) {
        return nt_error_set(error, NT_E_MISSING, "%s: images that no folder names need an array of labels beside them",
                            o->images);
    }
    if (o->layers != NULL) {
        NT_TRY(nt_source_choose(source, o->layers, allocator, error));
        source->data.part = source->layer_number;
        source->data.parts = source->layers;
    }
    source->data.net = net;
    source->data.weights = source->network.weights;
    source->data.weights_bytes = source->network.bytes;
    source->data.classes = labels->classes;
    source->data.class_name = (const char(*)[64])labels->name;
    source->data.named = labels->named;
    source->data.images.shape = nt_images_shape(source->images);
    NT_TRY(nt_source_select(source, o, labels->label, labels->count, allocator, error));
    NT_TRY(nt_pack_check(&source->data, o->pack, error));
    return nt_source_spool(source, o, allocator, error);
}

/* ---- Either. ---- */

enum nt_status nt_source_open(struct nt_source *source, const struct nt_source_options *o,
                              const struct nt_allocator *allocator, struct nt_error *error) {
    *source = (struct nt_source){.images = NULL};
    return o->activations.count > 0 ? nt_source_open_activations(source, o, allocator, error)
                                    : open_network(source, o, allocator, error);
}

void nt_source_close(struct nt_source *source, const struct nt_source_options *o,
                     const struct nt_allocator *allocator) {
    char path[4096];
    bool spooled = source->spool != NULL;
    nt_spool_close(source->spool);
    if (spooled) {
        (void)remove(path_of_images(path, sizeof path, o));
    }
    (void)rmdir(o->pack->state);
    nt_images_close(source->images);
    nt_activations_close(source->activations);
    nt_network_clear(&source->network, allocator);
    nt_selection_clear(&source->selection, allocator);
    nt_labels_clear(&source->labels, allocator);
    nt_release(allocator, source->label);
    nt_release(allocator, source->prediction);
    nt_release(allocator, source->confidence);
    nt_release(allocator, source->class_name);
    nt_release(allocator, source->layer);
    nt_release(allocator, source->layer_number);
    *source = (struct nt_source){.images = NULL};
}
