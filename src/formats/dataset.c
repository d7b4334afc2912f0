#include "ntrace/dataset.h"

#include <string.h>

static enum nt_status no_memory(const char *path, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its images", path);
}

static size_t image_bytes(struct nt_shape shape) { return (size_t)shape.channels * shape.height * shape.width; }

static enum nt_status keep(void *context, uint32_t place, const uint8_t *image, struct nt_error *error) {
    struct nt_dataset *dataset = context;
    size_t bytes = image_bytes(dataset->shape);
    (void)error;
    memcpy(dataset->image + place * bytes, image, bytes);
    return NT_OK;
}

static enum nt_status allocate(struct nt_dataset *d, const struct nt_labels *labels, const char *path,
                               const struct nt_allocator *allocator, struct nt_error *error) {
    if (d->samples < 1 || d->samples > NT_DATASET_MAX_SAMPLES) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected 1 to %d images, found %u", path, NT_DATASET_MAX_SAMPLES,
                            d->samples);
    }
    d->classes = labels->classes;
    d->named = labels->named;
    d->image = nt_allocate(allocator, d->samples, image_bytes(d->shape));
    d->label = nt_allocate(allocator, d->samples, sizeof *d->label);
    d->name = nt_allocate_zeroed(allocator, d->classes, sizeof *d->name);
    return d->image != NULL && d->label != NULL && d->name != NULL ? NT_OK : no_memory(path, error);
}

static enum nt_status fill(struct nt_dataset *d, nt_images *images, const struct nt_selection *selection,
                           const char *path, const struct nt_allocator *allocator, struct nt_error *error) {
    const struct nt_labels *labels = nt_images_labels(images);
    d->samples = selection->count;
    d->shape = nt_images_shape(images);
    NT_TRY(allocate(d, labels, path, allocator, error));
    memcpy(d->name, labels->name, d->classes * sizeof *d->name);
    for (uint32_t i = 0; i < d->samples; i++) {
        d->label[i] = labels->label[selection->sample != NULL ? selection->sample[i] : i];
    }
    return nt_images_each(images, keep, d, selection->sample, selection->count, NULL, error);
}

static enum nt_status read(struct nt_dataset *dataset, nt_images *images, const struct nt_selection_options *options,
                           const char *path, const struct nt_allocator *allocator, struct nt_error *error) {
    static const struct nt_selection_options all = {0};
    struct nt_selection selection;
    if (nt_images_labels(images)->count == 0) {
        return nt_error_set(error, NT_E_MISSING, "%s: images that no folder names need an array of labels beside them",
                            path);
    }
    NT_TRY(nt_select(&selection, nt_images_labels(images)->label, nt_images_count(images),
                     options != NULL ? options : &all, allocator, error));
    enum nt_status status = fill(dataset, images, &selection, path, allocator, error);
    nt_selection_clear(&selection, allocator);
    return status;
}

enum nt_status nt_dataset_read(struct nt_dataset *dataset, const struct nt_images_options *images,
                               const struct nt_selection_options *selection, const struct nt_allocator *allocator,
                               struct nt_error *error) {
    nt_images *opened;
    *dataset = (struct nt_dataset){0};
    NT_TRY(nt_images_open(&opened, images, allocator, error));
    enum nt_status status = read(dataset, opened, selection, images->path, allocator, error);
    nt_images_close(opened);
    if (status != NT_OK) {
        nt_dataset_clear(dataset, allocator);
    }
    return status;
}

void nt_dataset_clear(struct nt_dataset *dataset, const struct nt_allocator *allocator) {
    nt_release(allocator, dataset->image);
    nt_release(allocator, dataset->label);
    nt_release(allocator, dataset->name);
    *dataset = (struct nt_dataset){0};
}
