#include "formats/images.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"
#include "formats/listing.h"
#include "formats/names.h"

struct nt_images {
    const struct nt_allocator *allocator;
    struct nt_images_part *part; /* [parts] */
    uint32_t parts, count;
    struct nt_shape shape;
    struct nt_labels labels;
};

/* What a folder holds one file a class of. */
static const struct nt_images_format *const PER_CLASS[] = {&nt_images_npy, &nt_images_ndjson, &nt_images_binary};
enum { PER_CLASS_COUNT = sizeof PER_CLASS / sizeof *PER_CLASS };

enum nt_status nt_images_set_shape(struct nt_images_part *part, uint64_t channels, uint64_t height, uint64_t width,
                                   struct nt_error *error) {
    if (channels < 1 || channels > 4 || height < 1 || height > NT_IMAGES_MAX_SIDE || width < 1 ||
        width > NT_IMAGES_MAX_SIDE) {
        return nt_error_set(error, NT_E_SHAPE,
                            "%s: expected images of 1 to 4 channels and 1 to %d pixels a side, found %" PRIu64
                            " x %" PRIu64 " x %" PRIu64,
                            part->path, NT_IMAGES_MAX_SIDE, channels, height, width);
    }
    part->shape = (struct nt_shape){(uint32_t)channels, (uint32_t)height, (uint32_t)width};
    return NT_OK;
}

void nt_images_channel_last(uint8_t *image, const uint8_t *planes, struct nt_shape shape) {
    size_t area = (size_t)shape.height * shape.width;
    for (size_t p = 0; p < area; p++) {
        for (size_t c = 0; c < shape.channels; c++) {
            image[p * shape.channels + c] = planes[c * area + p];
        }
    }
}

static enum nt_status no_memory(const char *path, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its images", path);
}

/* ---- Parts. ---- */

static enum nt_status make_parts(nt_images *images, uint32_t parts, const char *path, struct nt_error *error) {
    images->part = nt_allocate_zeroed(images->allocator, parts, sizeof *images->part);
    images->parts = images->part != NULL ? parts : 0;
    return images->part != NULL ? NT_OK : no_memory(path, error);
}

static enum nt_status open_part(nt_images *images, uint32_t number, const struct nt_images_format *format,
                                const char *path, struct nt_error *error) {
    struct nt_images_part *part = &images->part[number];
    part->format = format;
    part->allocator = images->allocator;
    part->path = nt_path_copy(path, images->allocator);
    part->handle = nt_allocate_zeroed(images->allocator, format->handle_bytes, 1);
    return part->path != NULL && part->handle != NULL ? format->open(part, error) : no_memory(path, error);
}

static enum nt_status open_parts(nt_images *images, const struct nt_images_format *format, const char *folder,
                                 const struct nt_listing *names, struct nt_error *error) {
    if (names->count > NT_LABELS_MAX_CLASSES) {
        return nt_error_set(error, NT_E_VALUE, "%s: expected at most %d classes, found %u", folder,
                            NT_LABELS_MAX_CLASSES, names->count);
    }
    NT_TRY(make_parts(images, names->count, folder, error));
    for (uint32_t i = 0; i < names->count; i++) {
        char path[NT_PATH_BYTES];
        NT_TRY(nt_path_join(path, folder, names->name[i], error));
        NT_TRY(open_part(images, i, format, path, error));
    }
    return NT_OK;
}

/* One size for all, and one number of channels. */
static enum nt_status agree(nt_images *images, uint32_t channels, struct nt_error *error) {
    const struct nt_images_part *first = &images->part[0];
    uint64_t count = 0;
    for (uint32_t i = 0; i < images->parts; i++) {
        struct nt_images_part *part = &images->part[i];
        count += part->count;
        bool same = part->format->converts || part->shape.channels == first->shape.channels;
        if (!same || part->shape.height != first->shape.height || part->shape.width != first->shape.width) {
            return nt_error_set(error, NT_E_SHAPE, "%s: expected images of %u x %u x %u as in '%s', found %u x %u x %u",
                                part->path, first->shape.channels, first->shape.height, first->shape.width,
                                nt_path_name(first->path), part->shape.channels, part->shape.height, part->shape.width);
        }
        images->shape = part->shape.channels > images->shape.channels ? part->shape : images->shape;
    }
    if (count < 1 || count > NT_IMAGES_MAX_COUNT) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected 1 to %d images, found %" PRIu64, first->path,
                            NT_IMAGES_MAX_COUNT, count);
    }
    images->count = (uint32_t)count;
    if (first->format->converts) {
        images->shape.channels = channels > 0 ? channels : images->shape.channels;
        for (uint32_t i = 0; i < images->parts; i++) {
            images->part[i].shape.channels = images->shape.channels;
        }
    }
    return NT_OK;
}

/* ---- Labels. ---- */

static enum nt_status make_labels(nt_images *images, const struct nt_names *names, bool from_parts,
                                  const uint16_t *label, const char *path, struct nt_error *error) {
    struct nt_labels *l = &images->labels;
    uint16_t place[NT_LABELS_MAX_CLASSES];
    *l = (struct nt_labels){.count = images->count, .classes = names->count, .named = true};
    l->label = nt_allocate(images->allocator, l->count, sizeof *l->label);
    l->name = nt_allocate_zeroed(images->allocator, l->classes, sizeof *l->name);
    if (l->label == NULL || l->name == NULL) {
        return no_memory(path, error);
    }
    for (uint16_t i = 0; i < names->count; i++) {
        uint16_t from = from_parts ? i : names->sorted[i];
        place[from] = i;
        memcpy(l->name[i], names->name[from], sizeof *l->name);
    }
    for (uint32_t p = 0, at = 0; p < images->parts; p++) {
        for (uint32_t i = 0; i < images->part[p].count; i++, at++) {
            l->label[at] = from_parts ? (uint16_t)p : place[label[at]];
        }
    }
    return NT_OK;
}

/* One class a part, called as its file or folder. */
static enum nt_status label_parts(nt_images *images, struct nt_names *names, const char *path, struct nt_error *error) {
    for (uint32_t p = 0; p < images->parts; p++) {
        const struct nt_images_part *part = &images->part[p];
        const char *name = nt_path_name(part->path);
        size_t bytes = strlen(name) - (part->format == &nt_images_png ? 0 : strlen(part->format->ending));
        uint16_t number;
        NT_TRY(nt_names_take(&number, names, name, bytes, part->path, error));
        if (number != p) {
            return nt_error_set(error, NT_E_VALUE, "%s: the class '%s' is there twice", part->path,
                                names->name[number]);
        }
    }
    return make_labels(images, names, true, NULL, path, error);
}

/* The words of one .ndjson. */
static enum nt_status label_words(nt_images *images, struct nt_names *names, const char *path, struct nt_error *error) {
    uint16_t *label = nt_allocate(images->allocator, images->count, sizeof *label);
    enum nt_status status = label != NULL ? NT_OK : no_memory(path, error);
    for (uint32_t i = 0; status == NT_OK && i < images->count; i++) {
        char word[NT_LABELS_NAME_BYTES];
        status = images->part[0].format->word(word, &images->part[0], i, error);
        if (status == NT_OK) {
            status = nt_names_take(&label[i], names, word, strlen(word), path, error);
        }
    }
    status = status == NT_OK ? make_labels(images, names, false, label, path, error) : status;
    nt_release(images->allocator, label);
    return status;
}

static enum nt_status read_labels(nt_images *images, const struct nt_images_options *o, struct nt_error *error) {
    NT_TRY(nt_labels_read(&images->labels, o->labels, o->classes, images->allocator, error));
    return images->labels.count == images->count
               ? NT_OK
               : nt_error_set(error, NT_E_SHAPE, "%s: expected %u labels, one an image, found %u", o->labels,
                              images->count, images->labels.count);
}

/* The caller's names instead of the files'. */
static enum nt_status rename_classes(nt_images *images, const char *path, struct nt_names *names,
                                     struct nt_error *error) {
    struct nt_labels *l = &images->labels;
    NT_TRY(nt_names_read(names, path, images->allocator, error));
    if (names->count != l->classes) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected the names of %u classes, found %u", path, l->classes,
                            names->count);
    }
    memcpy(l->name, names->name, l->classes * sizeof *l->name);
    return NT_OK;
}

static enum nt_status label(nt_images *images, const struct nt_images_options *o, bool folder, struct nt_error *error) {
    if (o->labels != NULL) {
        return read_labels(images, o, error);
    }
    bool one_class_a_part = folder && strcmp(images->part[0].path, o->path) != 0; /* else pictures without folders */
    if (!one_class_a_part && images->part[0].format->word == NULL) {
        return NT_OK;
    }
    struct nt_names *names = nt_allocate_zeroed(images->allocator, 2, sizeof *names);
    if (names == NULL) {
        return no_memory(o->path, error);
    }
    enum nt_status status = one_class_a_part ? label_parts(images, &names[0], o->path, error)
                                             : label_words(images, &names[0], o->path, error);
    if (status == NT_OK && o->classes != NULL) {
        status = rename_classes(images, o->classes, &names[1], error);
    }
    nt_release(images->allocator, names);
    return status;
}

/* ---- Opening. ---- */

static enum nt_status open_file(nt_images *images, const char *path, struct nt_error *error) {
    uint8_t magic[6] = {0};
    FILE *file = fopen(path, "rb");
    size_t bytes = file != NULL ? fread(magic, 1, sizeof magic, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    const struct nt_images_format *format =
        bytes == sizeof magic && memcmp(magic, "\x93NUMPY", 6) == 0                                 ? &nt_images_npy
        : nt_name_ends(path, ".ndjson")                                                             ? &nt_images_ndjson
        : nt_name_ends(path, ".bin")                                                                ? &nt_images_binary
        : bytes > 3 && ((magic[0] == 0 && magic[1] == 0) || (magic[0] == 0x1f && magic[1] == 0x8b)) ? &nt_images_idx
                                                                                                    : NULL;
    if (format == NULL) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: expected .npy, IDX, .ndjson or .bin, found a file that begins with %02x %02x %02x "
                            "%02x",
                            path, magic[0], magic[1], magic[2], magic[3]);
    }
    NT_TRY(make_parts(images, 1, path, error));
    return open_part(images, 0, format, path, error);
}

/* The kind of files in a folder that are one class each, or NULL; `names` holds them. */
static enum nt_status find_format(const struct nt_images_format **format, struct nt_listing *names, const char *path,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    *format = NULL;
    *names = (struct nt_listing){0};
    for (size_t i = 0; i < PER_CLASS_COUNT; i++) {
        struct nt_listing found;
        NT_TRY(nt_listing_read(&found, path, NT_LISTING_FILES, PER_CLASS[i]->ending, allocator, error));
        if (found.count == 0) {
            nt_listing_clear(&found, allocator);
            continue;
        }
        if (*format != NULL) {
            nt_listing_clear(&found, allocator);
            return nt_error_set(error, NT_E_FORMAT, "%s: expected files of one kind, found %s and %s", path,
                                (*format)->ending, PER_CLASS[i]->ending);
        }
        *format = PER_CLASS[i];
        *names = found;
    }
    return NT_OK;
}

/* Folders of pictures, or pictures themselves. */
static enum nt_status open_pictures(nt_images *images, const char *path, struct nt_error *error) {
    struct nt_listing folders, files;
    NT_TRY(nt_listing_read(&files, path, NT_LISTING_FILES, ".png", images->allocator, error));
    bool flat = files.count > 0;
    nt_listing_clear(&files, images->allocator);
    if (flat) {
        NT_TRY(make_parts(images, 1, path, error));
        return open_part(images, 0, &nt_images_png, path, error);
    }
    NT_TRY(nt_listing_read(&folders, path, NT_LISTING_FOLDERS, "", images->allocator, error));
    enum nt_status status = NT_OK;
    if (folders.count == 0) {
        status = nt_error_set(error, NT_E_MISSING,
                              "%s: expected one .npy file per class in this folder, found none (nor .ndjson, .bin, "
                              ".png, nor folders of .png)",
                              path);
    } else {
        status = open_parts(images, &nt_images_png, path, &folders, error);
    }
    nt_listing_clear(&folders, images->allocator);
    return status;
}

static enum nt_status open_folder(nt_images *images, const char *path, struct nt_error *error) {
    const struct nt_images_format *format;
    struct nt_listing names;
    enum nt_status status = find_format(&format, &names, path, images->allocator, error);
    if (status == NT_OK) {
        status = format != NULL ? open_parts(images, format, path, &names, error) : open_pictures(images, path, error);
    }
    nt_listing_clear(&names, images->allocator);
    return status;
}

static enum nt_status open_all(nt_images *images, const struct nt_images_options *o, struct nt_error *error) {
    struct stat information;
    if (stat(o->path, &information) != 0) {
        return nt_error_set(error, NT_E_IO, "%s: no such file or folder", o->path);
    }
    bool folder = S_ISDIR(information.st_mode);
    NT_TRY(folder ? open_folder(images, o->path, error) : open_file(images, o->path, error));
    NT_TRY(agree(images, o->channels, error));
    return label(images, o, folder, error);
}

enum nt_status nt_images_open(nt_images **images, const struct nt_images_options *options,
                              const struct nt_allocator *allocator, struct nt_error *error) {
    *images = NULL;
    nt_images *opened = nt_allocate_zeroed(allocator, 1, sizeof *opened);
    if (opened == NULL) {
        return no_memory(options->path, error);
    }
    opened->allocator = allocator;
    enum nt_status status = open_all(opened, options, error);
    if (status != NT_OK) {
        nt_images_close(opened);
        return status;
    }
    *images = opened;
    return NT_OK;
}

void nt_images_close(nt_images *images) {
    if (images == NULL) {
        return;
    }
    const struct nt_allocator *allocator = images->allocator;
    for (uint32_t i = 0; i < images->parts; i++) {
        if (images->part[i].handle != NULL) {
            images->part[i].format->close(&images->part[i]);
        }
        nt_release(allocator, images->part[i].handle);
        nt_release(allocator, images->part[i].path);
    }
    nt_labels_clear(&images->labels, allocator);
    nt_release(allocator, images->part);
    nt_release(allocator, images);
}

uint32_t nt_images_count(const nt_images *images) { return images->count; }
struct nt_shape nt_images_shape(const nt_images *images) {
    return images->shape;
}
const struct nt_labels *nt_images_labels(const nt_images *images) { return &images->labels; }

/* ---- Reading. ---- */

/* Where a pass stands. */
struct pass {
    nt_images *images;
    nt_images_take *take;
    void *context;
    uint8_t *image;
    uint32_t part, first; /* the part that was read last, and the number of its first image */
};

static enum nt_status read_one(struct pass *pass, uint32_t number, uint32_t place, struct nt_error *error) {
    const struct nt_images_part *part = &pass->images->part[pass->part];
    while (number - pass->first >= part->count) {
        pass->first += part->count;
        part = &pass->images->part[++pass->part];
    }
    NT_TRY(part->format->read(pass->image, part, number - pass->first, error));
    return pass->take(pass->context, place, pass->image, error);
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Number and place of each wanted image in one word, by number; *order is NULL where all are wanted. */
static enum nt_status sort_wanted(uint64_t **order, const nt_images *images, const uint32_t *wanted, uint32_t count,
                                  struct nt_error *error) {
    *order = wanted != NULL ? nt_allocate(images->allocator, count, sizeof **order) : NULL;
    if (wanted != NULL && *order == NULL) {
        return no_memory(images->part[0].path, error);
    }
    bool sorted = true;
    for (uint32_t i = 0; wanted != NULL && i < count; i++) {
        (*order)[i] = (uint64_t)wanted[i] << 32 | i;
        sorted = sorted && (i == 0 || wanted[i - 1] < wanted[i]);
    }
    if (!sorted) {
        qsort(*order, count, sizeof **order, ascending);
    }
    for (uint32_t i = 0; wanted != NULL && i < count; i++) {
        uint32_t number = (uint32_t)((*order)[i] >> 32);
        if (number >= images->count || (i > 0 && (*order)[i - 1] >> 32 == number)) {
            return nt_error_set(error, NT_E_ARG, "image %u is wanted %s", number,
                                number >= images->count ? "but there are not so many" : "twice");
        }
    }
    return NT_OK;
}

static enum nt_status read_all(struct pass *pass, const uint64_t *order, uint32_t count,
                               const struct nt_progress *progress, struct nt_error *error) {
    for (uint32_t i = 0; i < count; i++) {
        if (i % 256 == 0 && progress != NULL && progress->report != NULL &&
            progress->report(progress->context, (double)i / count) != 0) {
            return nt_error_set(error, NT_E_CANCELLED, "cancelled while reading images");
        }
        NT_TRY(read_one(pass, order != NULL ? (uint32_t)(order[i] >> 32) : i, order != NULL ? (uint32_t)order[i] : i,
                        error));
    }
    return NT_OK;
}

enum nt_status nt_images_each(nt_images *images, nt_images_take *take, void *context, const uint32_t *wanted,
                              uint32_t count, const struct nt_progress *progress, struct nt_error *error) {
    struct nt_shape s = images->shape;
    struct pass pass = {.images = images, .take = take, .context = context};
    pass.image = nt_allocate(images->allocator, (size_t)s.channels * s.height, s.width);
    uint64_t *order = NULL;
    enum nt_status status = pass.image != NULL ? NT_OK : no_memory(images->part[0].path, error);
    status = status == NT_OK ? sort_wanted(&order, images, wanted, count, error) : status;
    status = status == NT_OK ? read_all(&pass, order, wanted != NULL ? count : images->count, progress, error) : status;
    nt_release(images->allocator, order);
    nt_release(images->allocator, pass.image);
    return status;
}
