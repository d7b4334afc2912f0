/* Arrays of images. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/images.h"
#include "ntrace/npy.h"

struct array {
    nt_npy_reader *reader;
    bool channel_last;
    uint8_t *raw;    /* one row as it is in the file */
    float *value;    /* and as numbers, where they are not bytes */
    uint8_t *planes; /* and as bytes, before channels go last */
};

static enum nt_status take_shape(struct nt_images_part *part, struct array *array, const struct nt_npy_header *h,
                                 struct nt_error *error) {
    const uint64_t *s = h->shape;
    if (h->dimensions == 2 && s[1] == 784) {
        return nt_images_set_shape(part, 1, 28, 28, error);
    }
    if (h->dimensions == 3) {
        return nt_images_set_shape(part, 1, s[1], s[2], error);
    }
    if (h->dimensions == 4) {
        array->channel_last = s[1] > 4 && (s[3] == 1 || s[3] == 3 || s[3] == 4);
        return array->channel_last ? nt_images_set_shape(part, s[3], s[1], s[2], error)
                                   : nt_images_set_shape(part, s[1], s[2], s[3], error);
    }
    return nt_error_set(
        error, NT_E_SHAPE,
        "%s: expected images of shape [N, 784], [N, H, W] or [N, C, H, W], found %u dimensions with %" PRIu64
        " numbers a row",
        part->path, h->dimensions, h->row_items);
}

static enum nt_status check(struct nt_images_part *part, struct array *array, struct nt_error *error) {
    const struct nt_npy_header *h = nt_npy_reader_header(array->reader);
    NT_TRY(take_shape(part, array, h, error));
    if (h->type != NT_NPY_UINT8 && h->type < NT_NPY_FLOAT16) {
        return nt_error_set(error, NT_E_FORMAT, "%s: expected uint8 images or floats of 0 to 1, found %s", part->path,
                            nt_npy_type_name(h->type));
    }
    if (h->rows > NT_IMAGES_MAX_COUNT) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected at most %d images, found %" PRIu64, part->path,
                            NT_IMAGES_MAX_COUNT, h->rows);
    }
    part->count = (uint32_t)h->rows;
    array->raw = nt_allocate(part->allocator, (size_t)h->row_items, h->item_bytes);
    array->value = nt_allocate(part->allocator, (size_t)h->row_items, sizeof *array->value);
    array->planes = nt_allocate(part->allocator, (size_t)h->row_items, 1);
    return array->raw != NULL && array->value != NULL && array->planes != NULL
               ? NT_OK
               : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for an image", part->path);
}

static void close_array(struct nt_images_part *part) {
    struct array *array = part->handle;
    nt_npy_close(array->reader);
    nt_release(part->allocator, array->raw);
    nt_release(part->allocator, array->value);
    nt_release(part->allocator, array->planes);
}

static enum nt_status open_array(struct nt_images_part *part, struct nt_error *error) {
    struct array *array = part->handle;
    NT_TRY(nt_npy_open(&array->reader, part->path, part->allocator, error));
    return check(part, array, error);
}

/* Floats to bytes: 0 to 1 is 0 to 255. */
static enum nt_status to_bytes(uint8_t *out, const float *value, const struct nt_images_part *part, uint32_t number,
                               const struct nt_npy_header *h, struct nt_error *error) {
    for (size_t i = 0; i < h->row_items; i++) {
        if (!(value[i] >= 0 && value[i] <= 1)) {
            uint64_t place = h->data_offset + (number * h->row_items + i) * h->item_bytes;
            return nt_error_set(error, NT_E_VALUE,
                                "%s: at byte %" PRIu64 ", image %u: expected a float of 0 to 1 (or uint8 images), "
                                "found %g",
                                part->path, place, number, (double)value[i]);
        }
        out[i] = (uint8_t)lrintf(value[i] * 255);
    }
    return NT_OK;
}

static enum nt_status read_array(uint8_t *image, const struct nt_images_part *part, uint32_t number,
                                 struct nt_error *error) {
    struct array *array = part->handle;
    const struct nt_npy_header *h = nt_npy_reader_header(array->reader);
    uint8_t *bytes = array->channel_last || part->shape.channels == 1 ? image : array->planes;
    if (h->type == NT_NPY_UINT8) {
        NT_TRY(nt_npy_read(bytes, array->reader, number, 1, error));
    } else {
        NT_TRY(nt_npy_read(array->raw, array->reader, number, 1, error));
        nt_npy_to_float(array->value, array->raw, h->type, (size_t)h->row_items);
        NT_TRY(to_bytes(bytes, array->value, part, number, h, error));
    }
    if (bytes != image) {
        nt_images_channel_last(image, bytes, part->shape);
    }
    return NT_OK;
}

const struct nt_images_format nt_images_npy = {.ending = ".npy",
                                               .handle_bytes = sizeof(struct array),
                                               .open = open_array,
                                               .read = read_array,
                                               .close = close_array};
