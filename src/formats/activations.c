#include "ntrace/activations.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/finite.h"
#include "core/path.h"
#include "formats/listing.h"
#include "ntrace/labels.h"
#include "ntrace/safetensors.h"

enum { BLOCK_BYTES = 1 << 20 };

/* Where a layer lies. */
struct source {
    int file; /* which may be another layer's too */
    bool own; /* whether it is closed with this layer */
    char *path;
    uint64_t offset;
    uint32_t item_bytes;
};

struct nt_activations {
    const struct nt_allocator *allocator;
    uint32_t samples, layers;
    struct nt_activations_layer layer[NT_ACTIVATIONS_MAX_LAYERS];
    struct source source[NT_ACTIVATIONS_MAX_LAYERS];
    uint8_t *block; /* [BLOCK_BYTES], or one row where that is more */
    size_t room;
};

/* ---- Layers. ---- */

/* The name without what orders it and without its ending: "03_relu.npy" is "relu", but "3.npy" is "3". */
static void take_name(char *out, const char *name, const char *ending) {
    size_t length = strlen(name) - (ending != NULL ? strlen(ending) : 0), skip = 0;
    while (skip < length && name[skip] >= '0' && name[skip] <= '9') {
        skip++;
    }
    if (skip > 0) {
        while (skip < length && strchr(" _-.", name[skip]) != NULL) {
            skip++;
        }
    }
    skip = skip == length ? 0 : skip;
    size_t kept = length - skip < NT_ACTIVATIONS_NAME_BYTES - 1 ? length - skip : NT_ACTIVATIONS_NAME_BYTES - 1;
    memcpy(out, name + skip, kept);
    out[kept] = 0;
}

static enum nt_status set_shape(struct nt_activations_layer *layer, const uint64_t *shape, uint32_t dimensions,
                                const char *path, struct nt_error *error) {
    uint64_t part[3] = {1, 1, 1}, size = 1;
    for (uint32_t d = 1; d < dimensions; d++) {
        uint64_t *side = &part[d - 1 < 2 ? d - 1 : 2];
        size = shape[d] <= NT_NET_MAX_SIZE ? size * shape[d] : 0;
        if (size < 1 || size > NT_NET_MAX_SIZE) {
            return nt_error_set(error, NT_E_SHAPE, "%s: layer '%s': expected 1 to %d numbers a sample, found %s", path,
                                layer->name, NT_NET_MAX_SIZE, size < 1 && shape[d] == 0 ? "none" : "more");
        }
        *side *= shape[d];
    }
    layer->shape = (struct nt_shape){(uint32_t)part[0], (uint32_t)part[1], (uint32_t)part[2]};
    layer->size = (uint32_t)size;
    return NT_OK;
}

/* Adds a layer whose name and type are set; the file is the layer's to close. */
static enum nt_status add_layer(nt_activations *a, const struct nt_activations_layer *layer,
                                const struct source *source, const uint64_t *shape, uint32_t dimensions,
                                const char *path, struct nt_error *error) {
    if (a->layers == NT_ACTIVATIONS_MAX_LAYERS) {
        return nt_error_set(error, NT_E_SHAPE, "%s: more than %d layers", path, NT_ACTIVATIONS_MAX_LAYERS);
    }
    a->layer[a->layers] = *layer;
    a->source[a->layers] = *source;
    a->source[a->layers].path = nt_path_copy(path, a->allocator);
    a->layers++;
    struct nt_activations_layer *added = &a->layer[a->layers - 1];
    if (a->source[a->layers - 1].path == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    }
    uint64_t samples = dimensions > 0 ? shape[0] : 0;
    if (samples < 1 || samples > NT_LABELS_MAX_COUNT) {
        return nt_error_set(error, NT_E_SHAPE, "%s: layer '%s': expected 1 to %d samples, found %" PRIu64, path,
                            added->name, NT_LABELS_MAX_COUNT, samples);
    }
    if (a->layers > 1 && samples != a->samples) {
        return nt_error_set(error, NT_E_SHAPE, "%s: layer '%s': expected %u samples as in '%s' (%s), found %" PRIu64,
                            path, added->name, a->samples, a->layer[0].name, nt_path_name(a->source[0].path), samples);
    }
    a->samples = (uint32_t)samples;
    return set_shape(added, shape, dimensions, path, error);
}

static enum nt_status cannot(const char *path, const char *what, struct nt_error *error) {
    return nt_error_set(error, NT_E_IO, "%s: cannot be %s: %s", path, what,
                        errno != 0 ? strerror(errno) : "input/output error");
}

static enum nt_status read_bytes(uint8_t *out, const struct source *source, uint64_t offset, size_t bytes,
                                 struct nt_error *error) {
    for (size_t done = 0; done < bytes;) {
        errno = 0;
        ssize_t found = pread(source->file, out + done, bytes - done, (off_t)(source->offset + offset + done));
        if (found == 0) {
            return nt_error_set(error, NT_E_IO, "%s: it ends at byte %" PRIu64 ": it changed while it was read",
                                source->path, source->offset + offset + done);
        }
        if (found < 0 && errno != EINTR) {
            return cannot(source->path, "read", error);
        }
        done += found > 0 ? (size_t)found : 0;
    }
    return NT_OK;
}

/* ---- .npy. ---- */

static enum nt_status add_npy(nt_activations *a, const char *path, struct nt_error *error) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, path, a->allocator, error));
    struct nt_npy_header h = *nt_npy_reader_header(reader);
    nt_npy_close(reader);
    struct nt_activations_layer layer = {.type = h.type};
    struct source source = {.own = true, .offset = h.data_offset, .item_bytes = h.item_bytes};
    take_name(layer.name, nt_path_name(path), ".npy");
    source.file = open(path, O_RDONLY | O_CLOEXEC);
    if (source.file < 0) {
        return cannot(path, "opened", error);
    }
    uint32_t before = a->layers;
    enum nt_status status = add_layer(a, &layer, &source, h.shape, h.dimensions, path, error);
    if (a->layers == before) {
        (void)close(source.file);
    }
    return status;
}

/* ---- .safetensors. ---- */

static enum nt_status add_tensors(nt_activations *a, int file, const nt_safetensors *tensors, const char *path,
                                  struct nt_error *error) {
    if (nt_safetensors_count(tensors) == 0) {
        return nt_error_set(error, NT_E_MISSING, "%s: expected a tensor for each layer, found none", path);
    }
    for (uint32_t i = 0; i < nt_safetensors_count(tensors); i++) {
        const struct nt_tensor *t = nt_safetensors_tensor(tensors, i);
        struct nt_activations_layer layer = {.type = t->type};
        struct source source = {.file = file, .item_bytes = nt_npy_type_bytes(t->type), .offset = t->offset};
        source.own = i == 0;
        take_name(layer.name, t->name, NULL);
        NT_TRY(add_layer(a, &layer, &source, t->shape, t->dimensions, path, error));
    }
    return NT_OK;
}

/* Only the header is read; rows later, where they lie. */
static enum nt_status read_header(uint8_t **header, uint64_t *size, int file, const char *path,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    struct stat information;
    uint8_t length[8] = {0};
    size_t bytes;
    if (fstat(file, &information) != 0 || information.st_size < 1) {
        return nt_error_set(error, NT_E_FORMAT, "%s: not a safetensors file: it is empty", path);
    }
    *size = (uint64_t)information.st_size;
    const struct source source = {.file = file, .path = (char *)path};
    NT_TRY(read_bytes(length, &source, 0, *size < sizeof length ? (size_t)*size : sizeof length, error));
    NT_TRY(nt_safetensors_header_bytes(&bytes, length, *size, path, error));
    *header = nt_allocate(allocator, bytes, 1);
    return *header != NULL ? read_bytes(*header, &source, 0, bytes, error)
                           : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its header", path);
}

static enum nt_status read_tensors(nt_activations *a, int file, const char *path, struct nt_error *error) {
    uint8_t *header = NULL;
    uint64_t size = 0;
    nt_safetensors *tensors = NULL;
    enum nt_status status = read_header(&header, &size, file, path, a->allocator, error);
    if (status == NT_OK) {
        status = nt_safetensors_parse_header(&tensors, header, size, path, a->allocator, error);
    }
    if (status == NT_OK) {
        status = add_tensors(a, file, tensors, path, error);
    }
    nt_safetensors_free(tensors);
    nt_release(a->allocator, header);
    return status;
}

static enum nt_status add_safetensors(nt_activations *a, const char *path, struct nt_error *error) {
    uint32_t before = a->layers;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return cannot(path, "opened", error);
    }
    enum nt_status status = read_tensors(a, file, path, error);
    if (a->layers == before) {
        (void)close(file);
    }
    return status;
}

/* ---- Folders. ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Names in the order in which people count: numbers in them by their value, the rest by its bytes. */
static int compare_names(const char *a, const char *b) {
    while (*a != 0 && *b != 0) {
        if (is_digit(*a) && is_digit(*b)) {
            const char *x = a + strspn(a, "0"), *y = b + strspn(b, "0");
            size_t m = strspn(x, "0123456789"), n = strspn(y, "0123456789");
            int order = m != n ? (m > n) - (m < n) : strncmp(x, y, m);
            if (order != 0) {
                return order;
            }
            a = x + m;
            b = y + n;
        } else if (*a != *b) {
            return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != 0) - (*b != 0);
}

static int by_name(const void *a, const void *b) {
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    int order = compare_names(x, y);
    return order != 0 ? order : strcmp(x, y);
}

static enum nt_status add_file(nt_activations *a, const char *path, struct nt_error *error) {
    if (nt_name_ends(path, ".npy")) {
        return add_npy(a, path, error);
    }
    if (nt_name_ends(path, ".safetensors")) {
        return add_safetensors(a, path, error);
    }
    return nt_error_set(error, NT_E_FORMAT, "%s: expected a .npy or .safetensors file, or a folder of them", path);
}

static enum nt_status add_folder(nt_activations *a, const char *path, struct nt_error *error) {
    struct nt_listing files;
    NT_TRY(nt_listing_read(&files, path, NT_LISTING_FILES, "", a->allocator, error));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < files.count; i++) {
        if (nt_name_ends(files.name[i], ".npy") || nt_name_ends(files.name[i], ".safetensors")) {
            files.name[kept++] = files.name[i];
        }
    }
    qsort(files.name, kept, sizeof *files.name, by_name);
    enum nt_status status = kept > 0 ? NT_OK
                                     : nt_error_set(error, NT_E_MISSING,
                                                    "%s: expected one .npy file per layer in this folder, found none "
                                                    "(nor .safetensors)",
                                                    path);
    for (uint32_t i = 0; status == NT_OK && i < kept; i++) {
        char file[NT_PATH_BYTES];
        status = nt_path_join(file, path, files.name[i], error);
        status = status == NT_OK ? add_file(a, file, error) : status;
    }
    nt_listing_clear(&files, a->allocator);
    return status;
}

static enum nt_status add_path(nt_activations *a, const char *path, struct nt_error *error) {
    struct stat information;
    if (stat(path, &information) != 0) {
        return nt_error_set(error, NT_E_IO, "%s: no such file or folder", path);
    }
    return S_ISDIR(information.st_mode) ? add_folder(a, path, error) : add_file(a, path, error);
}

/* ---- Opening. ---- */

static enum nt_status take_room(nt_activations *a, struct nt_error *error) {
    a->room = BLOCK_BYTES;
    for (uint32_t l = 0; l < a->layers; l++) {
        size_t row = (size_t)a->layer[l].size * a->source[l].item_bytes;
        a->room = row > a->room ? row : a->room;
    }
    a->block = nt_allocate(a->allocator, a->room, 1);
    return a->block != NULL
               ? NT_OK
               : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for one sample of a layer", a->source[0].path);
}

enum nt_status nt_activations_open(nt_activations **activations, const char *const *path, uint32_t paths,
                                   const struct nt_allocator *allocator, struct nt_error *error) {
    *activations = NULL;
    if (paths == 0) {
        return nt_error_set(error, NT_E_ARG, "expected the path of activations, found none");
    }
    nt_activations *opened = nt_allocate_zeroed(allocator, 1, sizeof *opened);
    if (opened == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path[0]);
    }
    opened->allocator = allocator;
    enum nt_status status = NT_OK;
    for (uint32_t i = 0; status == NT_OK && i < paths; i++) {
        status = add_path(opened, path[i], error);
    }
    status = status == NT_OK ? take_room(opened, error) : status;
    if (status != NT_OK) {
        nt_activations_close(opened);
        return status;
    }
    *activations = opened;
    return NT_OK;
}

void nt_activations_close(nt_activations *a) {
    if (a == NULL) {
        return;
    }
    for (uint32_t l = 0; l < a->layers; l++) {
        if (a->source[l].own) {
            (void)close(a->source[l].file);
        }
        nt_release(a->allocator, a->source[l].path);
    }
    nt_release(a->allocator, a->block);
    nt_release(a->allocator, a);
}

uint32_t nt_activations_samples(const nt_activations *a) { return a->samples; }
uint32_t nt_activations_layers(const nt_activations *a) { return a->layers; }

const struct nt_activations_layer *nt_activations_layer(const nt_activations *a, uint32_t layer) {
    assert(layer < a->layers);
    return &a->layer[layer];
}

const char *nt_activations_path(const nt_activations *a, uint32_t layer) {
    assert(layer < a->layers);
    return a->source[layer].path;
}

/* ---- Rows. ---- */

/* How many rows from sample[0] on follow one another and fit into the room. */
static uint32_t run_of(const uint32_t *sample, uint32_t count, size_t fit) {
    uint32_t run = 1;
    while (run < count && run < fit && sample[run] == sample[run - 1] + 1) {
        run++;
    }
    return run;
}

enum nt_status nt_activations_read(float *out, nt_activations *a, uint32_t layer, const uint32_t *sample,
                                   uint32_t count, struct nt_error *error) {
    assert(layer < a->layers);
    const struct source *source = &a->source[layer];
    uint32_t size = a->layer[layer].size;
    size_t row_bytes = (size_t)size * source->item_bytes, fit = a->room / row_bytes;
    for (uint32_t i = 0, run; i < count; i += run) {
        run = run_of(sample + i, count - i, fit);
        if (sample[i] >= a->samples || run > a->samples - sample[i]) {
            return nt_error_set(error, NT_E_ARG, "%s: sample %u wanted, it has %u", source->path,
                                sample[i] >= a->samples ? sample[i] : a->samples, a->samples);
        }
        NT_TRY(read_bytes(a->block, source, sample[i] * (uint64_t)row_bytes, run * row_bytes, error));
        nt_npy_to_float(out + (size_t)i * size, a->block, a->layer[layer].type, (size_t)run * size);
    }
    return NT_OK;
}

/* ---- Checking. ---- */

enum { CHECKED_ROWS = 1024, CHECKED_NUMBERS = 1 << 20 }; /* at once: each reading costs, most of all in a browser */

/* As float32 an infinity, though the file holds a finite number: item i of the block that was read last. */
static bool overflowed(const nt_activations *a, uint32_t layer, size_t i) {
    double value;
    if (a->layer[layer].type != NT_NPY_FLOAT64) {
        return false;
    }
    memcpy(&value, a->block + i * sizeof value, sizeof value);
    return isfinite(value);
}

static void count_faults(struct nt_activations_faults *faults, const nt_activations *a, uint32_t layer,
                         const float *value, uint32_t sample) {
    for (uint32_t i = 0; i < a->layer[layer].size; i++) {
        if (isfinite(value[i])) {
            continue;
        }
        if (faults->nan + faults->infinite + faults->too_large == 0) {
            faults->first = sample;
        }
        uint64_t *kind = isnan(value[i])           ? &faults->nan
                         : overflowed(a, layer, i) ? &faults->too_large
                                                   : &faults->infinite;
        ++*kind;
    }
}

/* Some rows at once. Whatever is wrong in one is found in that row alone, which is read once more. */
static enum nt_status check_rows(struct nt_activations_faults *faults, float *row, nt_activations *a, uint32_t layer,
                                 const uint32_t *sample, uint32_t count, struct nt_error *error) {
    uint32_t size = a->layer[layer].size;
    NT_TRY(nt_activations_read(row, a, layer, sample, count, error));
    for (uint32_t i = 0; i < count; i++) {
        float *own = row + (size_t)i * size;
        if (!nt_all_finite(own, size)) {
            NT_TRY(nt_activations_read(own, a, layer, sample + i, 1, error));
            count_faults(faults, a, layer, own, sample[i]);
        }
    }
    return NT_OK;
}

enum nt_status nt_activations_check(struct nt_activations_faults *faults, nt_activations *a, uint32_t layer,
                                    const uint32_t *sample, uint32_t count, const struct nt_progress *progress,
                                    struct nt_error *error) {
    uint32_t samples = sample != NULL ? count : a->samples, size = a->layer[layer].size, number[CHECKED_ROWS];
    uint32_t fit = CHECKED_NUMBERS / size, most = fit < 1 ? 1 : fit < CHECKED_ROWS ? fit : CHECKED_ROWS;
    float *row = nt_allocate(a->allocator, most, size * sizeof *row);
    enum nt_status status =
        row != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", a->source[layer].path);
    *faults = (struct nt_activations_faults){0};
    for (uint32_t first = 0, rows; status == NT_OK && first < samples; first += rows) {
        rows = samples - first < most ? samples - first : most;
        for (uint32_t i = 0; i < rows; i++) {
            number[i] = sample != NULL ? sample[first + i] : first + i;
        }
        status = progress != NULL && progress->report != NULL &&
                         progress->report(progress->context, (double)first / samples) != 0
                     ? nt_error_set(error, NT_E_CANCELLED, "cancelled while checking activations")
                     : check_rows(faults, row, a, layer, number, rows, error);
    }
    nt_release(a->allocator, row);
    return status;
}
