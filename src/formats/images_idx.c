/* MNIST's format of images. */
#include "formats/images.h"
#include "ntrace/idx.h"

struct array {
    nt_idx_reader *reader;
    uint8_t *planes; /* one row, before channels go last */
};

static void close_array(struct nt_images_part *part) {
    struct array *array = part->handle;
    nt_idx_close(array->reader);
    nt_release(part->allocator, array->planes);
}

static enum nt_status check(struct nt_images_part *part, struct array *array, struct nt_error *error) {
    const struct nt_idx_header *h = nt_idx_reader_header(array->reader);
    if (h->dimensions < 3 || h->rows > NT_IMAGES_MAX_COUNT) {
        return nt_error_set(error, NT_E_SHAPE,
                            "%s: expected at most %d images of shape [N, H, W] or [N, C, H, W], found %u dimensions, "
                            "%u rows",
                            part->path, NT_IMAGES_MAX_COUNT, h->dimensions, h->rows);
    }
    bool planes = h->dimensions == 4;
    NT_TRY(
        nt_images_set_shape(part, planes ? h->shape[1] : 1, h->shape[planes ? 2 : 1], h->shape[planes ? 3 : 2], error));
    part->count = h->rows;
    array->planes = nt_allocate(part->allocator, (size_t)h->row_bytes, 1);
    return array->planes != NULL ? NT_OK
                                 : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for an image", part->path);
}

static enum nt_status open_array(struct nt_images_part *part, struct nt_error *error) {
    struct array *array = part->handle;
    NT_TRY(nt_idx_open(&array->reader, part->path, part->allocator, error));
    return check(part, array, error);
}

static enum nt_status read_array(uint8_t *image, const struct nt_images_part *part, uint32_t number,
                                 struct nt_error *error) {
    const struct array *array = part->handle;
    if (part->shape.channels == 1) {
        return nt_idx_read(image, array->reader, number, 1, error);
    }
    NT_TRY(nt_idx_read(array->planes, array->reader, number, 1, error));
    nt_images_channel_last(image, array->planes, part->shape);
    return NT_OK;
}

const struct nt_images_format nt_images_idx = {.ending = "-ubyte",
                                               .handle_bytes = sizeof(struct array),
                                               .open = open_array,
                                               .read = read_array,
                                               .close = close_array};
