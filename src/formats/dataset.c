#include "ntrace/dataset.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ntrace/npy.h"

enum { PATH_BYTES = 4096, BLOCK_ROWS = 1024 };

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void free_names(char **name, uint32_t count, const struct nt_allocator *allocator) {
    for (uint32_t i = 0; name != NULL && i < count; i++) {
        nt_release(allocator, name[i]);
    }
    nt_release(allocator, name);
}

static bool is_npy(const char *name) {
    size_t length = strlen(name);
    return length > 4 && name[0] != '.' && strcmp(name + length - 4, ".npy") == 0;
}

/* Names of a folder's .npy files, sorted by byte. */
static enum nt_status list_folder(char ***names, uint32_t *count, const char *path,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot open this folder", path);
    }
    char **list = nt_allocate_zeroed(allocator, NT_DATASET_MAX_CLASSES, sizeof *list);
    uint32_t found = 0;
    enum nt_status status = list != NULL ? NT_OK : NT_E_MEMORY;
    for (struct dirent *entry; status == NT_OK && (entry = readdir(folder)) != NULL;) {
        if (!is_npy(entry->d_name)) {
            continue;
        }
        size_t length = strlen(entry->d_name) + 1;
        if (found == NT_DATASET_MAX_CLASSES || length > 64 + 4) {
            status = nt_error_set(error, NT_E_VALUE, "%s: more than %d .npy files, or a name over 63 bytes: '%s'", path,
                                  NT_DATASET_MAX_CLASSES, entry->d_name);
        } else if ((list[found] = nt_allocate(allocator, length, 1)) == NULL) {
            status = NT_E_MEMORY;
        } else {
            memcpy(list[found++], entry->d_name, length);
        }
    }
    (void)closedir(folder);
    if (status == NT_OK && found == 0) {
        status =
            nt_error_set(error, NT_E_MISSING, "%s: expected one .npy file per class in this folder, found none", path);
    }
    if (status != NT_OK) {
        free_names(list, found, allocator);
        return status;
    }
    qsort(list, found, sizeof *list, by_name);
    *names = list;
    *count = found;
    return NT_OK;
}

static enum nt_status image_shape(struct nt_shape *shape, const struct nt_npy_header *header, const char *path,
                                  struct nt_error *error) {
    const uint64_t *s = header->shape;
    uint64_t channels = 1, height = 28, width = 28;
    if (header->dimensions == 3 || header->dimensions == 4) {
        channels = header->dimensions == 4 ? s[1] : 1;
        height = s[header->dimensions - 2];
        width = s[header->dimensions - 1];
    } else if (header->dimensions != 2 || header->row_items != 784) {
        return nt_error_set(
            error, NT_E_SHAPE,
            "%s: expected images of shape [N, 784], [N, H, W] or [N, C, H, W], found %u dimensions with "
            "%llu numbers a row",
            path, header->dimensions, (unsigned long long)header->row_items);
    }
    if (header->type != NT_NPY_UINT8) {
        return nt_error_set(error, NT_E_FORMAT, "%s: expected uint8 images, found %s", path,
                            nt_npy_type_name(header->type));
    }
    if (header->row_items == 0 || header->row_items > NT_NET_MAX_SIZE || header->rows > NT_DATASET_MAX_SAMPLES) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected 1 to %d bytes an image and at most %d images", path,
                            NT_NET_MAX_SIZE, NT_DATASET_MAX_SAMPLES);
    }
    *shape = (struct nt_shape){(uint32_t)channels, (uint32_t)height, (uint32_t)width};
    return NT_OK;
}

static size_t image_bytes(struct nt_shape shape) { return (size_t)shape.channels * shape.height * shape.width; }

/* [C, H, W] in the file, [H, W, C] here. */
static void to_channel_last(uint8_t *image, uint8_t *row, struct nt_shape shape) {
    size_t area = (size_t)shape.height * shape.width;
    memcpy(row, image, image_bytes(shape));
    for (size_t p = 0; p < area; p++) {
        for (size_t c = 0; c < shape.channels; c++) {
            image[p * shape.channels + c] = row[c * area + p];
        }
    }
}

/* Reads the first `rows` images of a file to sample number `at`. */
static enum nt_status read_images(struct nt_dataset *dataset, uint32_t at, uint32_t rows, const char *path,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, path, allocator, error));
    size_t bytes = image_bytes(dataset->shape);
    uint8_t *row = nt_allocate(allocator, bytes, 1);
    enum nt_status status = row != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        status = nt_npy_read(dataset->image + at * bytes, reader, 0, rows, error);
    }
    for (uint32_t i = 0; status == NT_OK && dataset->shape.channels > 1 && i < rows; i++) {
        to_channel_last(dataset->image + (at + i) * bytes, row, dataset->shape);
    }
    nt_release(allocator, row);
    nt_npy_close(reader);
    return status;
}

static enum nt_status allocate(struct nt_dataset *dataset, uint32_t samples, uint32_t classes,
                               const struct nt_allocator *allocator) {
    dataset->samples = samples;
    dataset->classes = classes;
    dataset->image = nt_allocate(allocator, samples, image_bytes(dataset->shape));
    dataset->label = nt_allocate(allocator, samples, sizeof *dataset->label);
    dataset->name = nt_allocate_zeroed(allocator, classes, sizeof *dataset->name);
    return dataset->image != NULL && dataset->label != NULL && dataset->name != NULL ? NT_OK : NT_E_MEMORY;
}

static enum nt_status join_path(char *path, const char *folder, const char *file, struct nt_error *error) {
    int length = snprintf(path, PATH_BYTES, "%s/%s", folder, file);
    return length > 0 && length < PATH_BYTES ? NT_OK
                                             : nt_error_set(error, NT_E_ARG, "%s: the path is too long", folder);
}

/* Rows of every file, and the one shape that all must share. */
static enum nt_status survey(uint32_t *rows, struct nt_shape *shape, const char *folder, char *const *names,
                             uint32_t count, const struct nt_allocator *allocator, struct nt_error *error) {
    for (uint32_t i = 0; i < count; i++) {
        char path[PATH_BYTES];
        NT_TRY(join_path(path, folder, names[i], error));
        nt_npy_reader *reader;
        NT_TRY(nt_npy_open(&reader, path, allocator, error));
        struct nt_shape found;
        enum nt_status status = image_shape(&found, nt_npy_reader_header(reader), path, error);
        rows[i] = (uint32_t)nt_npy_reader_header(reader)->rows;
        nt_npy_close(reader);
        NT_TRY(status);
        if (i > 0 &&
            (found.channels != shape->channels || found.height != shape->height || found.width != shape->width)) {
            return nt_error_set(error, NT_E_SHAPE, "%s: expected images of %u x %u x %u as in '%s', found %u x %u x %u",
                                path, shape->channels, shape->height, shape->width, names[0], found.channels,
                                found.height, found.width);
        }
        *shape = found;
    }
    return NT_OK;
}

/* Takes the limit evenly: every class gives the same number as far as it has them. Returns the total. */
static uint64_t share_out(uint32_t *rows, uint32_t classes, uint32_t limit) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < classes; i++) {
        total += rows[i];
    }
    if (limit == 0 || total <= limit) {
        return total;
    }
    uint32_t low = 0, high = limit; /* the greatest common cap whose sum stays within the limit */
    while (low < high) {
        uint32_t cap = low + (high - low + 1) / 2;
        uint64_t sum = 0;
        for (uint32_t i = 0; i < classes; i++) {
            sum += rows[i] < cap ? rows[i] : cap;
        }
        if (sum <= limit) {
            low = cap;
        } else {
            high = cap - 1;
        }
    }
    total = 0;
    for (uint32_t i = 0; i < classes; i++) {
        total += rows[i] = rows[i] < low ? rows[i] : low;
    }
    for (uint32_t i = 0; i < classes && total < limit; i++) {
        bool full = rows[i] == low; /* a class that was capped has more to give */
        rows[i] += full;
        total += full;
    }
    return total;
}

static enum nt_status fill_folder(struct nt_dataset *dataset, const char *folder, char *const *names,
                                  const uint32_t *rows, const struct nt_allocator *allocator, struct nt_error *error) {
    uint32_t at = 0;
    for (uint32_t c = 0; c < dataset->classes; c++) {
        char path[PATH_BYTES];
        NT_TRY(join_path(path, folder, names[c], error));
        NT_TRY(read_images(dataset, at, rows[c], path, allocator, error));
        for (uint32_t i = 0; i < rows[c]; i++) {
            dataset->label[at + i] = (uint16_t)c;
        }
        memcpy(dataset->name[c], names[c], strlen(names[c]) - 4);
        at += rows[c];
    }
    return NT_OK;
}

static enum nt_status read_folder(struct nt_dataset *dataset, const char *folder, uint32_t limit,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    char **names = NULL;
    uint32_t count = 0, rows[NT_DATASET_MAX_CLASSES];
    NT_TRY(list_folder(&names, &count, folder, allocator, error));
    enum nt_status status = survey(rows, &dataset->shape, folder, names, count, allocator, error);
    uint64_t total = status == NT_OK ? share_out(rows, count, limit) : 0;
    if (status == NT_OK && (total == 0 || total > NT_DATASET_MAX_SAMPLES)) {
        status = nt_error_set(error, NT_E_SHAPE, "%s: expected 1 to %d images, found %llu", folder,
                              NT_DATASET_MAX_SAMPLES, (unsigned long long)total);
    }
    if (status == NT_OK) {
        status = allocate(dataset, (uint32_t)total, count, allocator);
    }
    if (status == NT_OK) {
        status = fill_folder(dataset, folder, names, rows, allocator, error);
    }
    free_names(names, count, allocator);
    return status;
}

/* Labels of any integer type; the number of classes is the greatest label + 1. */
static enum nt_status read_labels(uint16_t *label, uint32_t *classes, const char *path, uint32_t samples,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, path, allocator, error));
    const struct nt_npy_header *header = nt_npy_reader_header(reader);
    enum nt_status status = NT_OK;
    if (header->type >= NT_NPY_FLOAT16) {
        status = nt_error_set(error, NT_E_FORMAT, "%s: expected integer labels, found %s", path,
                              nt_npy_type_name(header->type));
    } else if (header->row_items != 1 || header->rows != samples) {
        status = nt_error_set(error, NT_E_SHAPE, "%s: expected %u labels, one an image, found %llu rows of %llu", path,
                              samples, (unsigned long long)header->rows, (unsigned long long)header->row_items);
    }
    for (uint32_t at = 0; status == NT_OK && at < samples; at += BLOCK_ROWS) {
        uint8_t raw[BLOCK_ROWS * 8];
        float value[BLOCK_ROWS];
        uint32_t rows = samples - at < BLOCK_ROWS ? samples - at : BLOCK_ROWS;
        status = nt_npy_read(raw, reader, at, rows, error);
        if (status == NT_OK) {
            nt_npy_to_float(value, raw, header->type, rows);
        }
        for (uint32_t i = 0; status == NT_OK && i < rows; i++) {
            if (!(value[i] >= 0 && value[i] < NT_DATASET_MAX_CLASSES)) {
                status = nt_error_set(error, NT_E_VALUE, "%s: label %.0f of sample %u: expected 0 to %d", path,
                                      (double)value[i], at + i, NT_DATASET_MAX_CLASSES - 1);
                break;
            }
            label[at + i] = (uint16_t)value[i];
            *classes = label[at + i] >= *classes ? label[at + i] + 1u : *classes;
        }
    }
    nt_npy_close(reader);
    return status;
}

static enum nt_status read_array(struct nt_dataset *dataset, const char *path, const char *labels, uint32_t limit,
                                 const struct nt_allocator *allocator, struct nt_error *error) {
    if (labels == NULL) {
        return nt_error_set(error, NT_E_MISSING, "%s: one array of images needs an array of labels beside it", path);
    }
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, path, allocator, error));
    struct nt_npy_header header = *nt_npy_reader_header(reader);
    nt_npy_close(reader);
    NT_TRY(image_shape(&dataset->shape, &header, path, error));
    if (header.rows == 0) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected images, found none", path);
    }
    uint32_t samples = (uint32_t)header.rows, classes = 0;
    NT_TRY(allocate(dataset, samples, NT_DATASET_MAX_CLASSES, allocator));
    NT_TRY(read_labels(dataset->label, &classes, labels, samples, allocator, error));
    dataset->classes = classes;
    dataset->samples = limit > 0 && limit < samples ? limit : samples;
    for (uint32_t c = 0; c < classes; c++) {
        (void)snprintf(dataset->name[c], sizeof dataset->name[c], "%u", c);
    }
    return read_images(dataset, 0, dataset->samples, path, allocator, error);
}

enum nt_status nt_dataset_read(struct nt_dataset *dataset, const char *path, const char *labels, uint32_t limit,
                               const struct nt_allocator *allocator, struct nt_error *error) {
    *dataset = (struct nt_dataset){0};
    struct stat information;
    if (stat(path, &information) != 0) {
        return nt_error_set(error, NT_E_IO, "%s: no such file or folder", path);
    }
    enum nt_status status = S_ISDIR(information.st_mode) ? read_folder(dataset, path, limit, allocator, error)
                                                         : read_array(dataset, path, labels, limit, allocator, error);
    if (status != NT_OK) {
        nt_dataset_clear(dataset, allocator);
        return status == NT_E_MEMORY ? nt_error_set(error, status, "%s: not enough memory for its images", path)
                                     : status;
    }
    return NT_OK;
}

void nt_dataset_clear(struct nt_dataset *dataset, const struct nt_allocator *allocator) {
    nt_release(allocator, dataset->image);
    nt_release(allocator, dataset->label);
    nt_release(allocator, dataset->name);
    *dataset = (struct nt_dataset){0};
}
