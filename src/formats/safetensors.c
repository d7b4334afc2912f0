/* Reads and writes safetensors. The header is parsed by cJSON on the C library's memory: cJSON's hooks are global, and
 * setting them would take another thread's allocator away; the header's size and the number of tensors are bounded
 * instead. */
#include "ntrace/safetensors.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "formats/json.h"
struct nt_safetensors {
    const struct nt_allocator *allocator;
    const char *name;
    const uint8_t *data; /* NULL where only the header is there */
    uint64_t data_offset, data_bytes;
    cJSON *header;
    uint32_t tensors;
    struct nt_tensor *tensor;
};

static const char *const type_names[NT_NPY_TYPE_COUNT] = {"U8",  "I8",  "U16", "I16", "U32", "I32",
                                                          "U64", "I64", "F16", "F32", "F64"};

/* A JSON number as a size: whole, not negative, exact in a double. */
static int to_size(uint64_t *size, const cJSON *number) {
    double value = cJSON_IsNumber(number) ? number->valuedouble : -1;
    if (!(value >= 0 && value <= 0x1p53) || value != floor(value)) {
        return 0;
    }
    *size = (uint64_t)value;
    return 1;
}

static enum nt_status parse_type(struct nt_tensor *tensor, const cJSON *item, const char *file,
                                 struct nt_error *error) {
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "dtype"));
    for (int t = 0; t < NT_NPY_TYPE_COUNT && type != NULL; t++) {
        if (strcmp(type, type_names[t]) == 0) {
            tensor->type = (enum nt_npy_type)t;
            return NT_OK;
        }
    }
    return nt_error_set(error, NT_E_FORMAT,
                        "%s: tensor '%s': type '%.20s' is not read; expected F32, F16 or another "
                        "of 8 to 64 bits",
                        file, tensor->name, type != NULL ? type : "(none)");
}

/* Works out items and bytes; 0 where they overflow 53 bits. */
static int measure(struct nt_tensor *tensor) {
    uint64_t limit = (uint64_t)1 << 53, bytes = nt_npy_type_bytes(tensor->type);
    for (uint32_t d = 0; d < tensor->dimensions; d++) {
        if (tensor->shape[d] != 0 && bytes > limit / tensor->shape[d]) {
            return 0;
        }
        bytes *= tensor->shape[d];
    }
    tensor->bytes = bytes;
    tensor->items = bytes / nt_npy_type_bytes(tensor->type);
    return 1;
}

static enum nt_status parse_shape(struct nt_tensor *tensor, const cJSON *item, const char *file,
                                  struct nt_error *error) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(item, "shape"), *side;
    if (!cJSON_IsArray(shape)) {
        return nt_error_set(error, NT_E_FORMAT, "%s: tensor '%s' has no shape", file, tensor->name);
    }
    cJSON_ArrayForEach(side, shape) {
        if (tensor->dimensions == NT_NPY_MAX_DIMENSIONS) {
            return nt_error_set(error, NT_E_SHAPE, "%s: tensor '%s' has more than %d dimensions", file, tensor->name,
                                NT_NPY_MAX_DIMENSIONS);
        }
        if (!to_size(&tensor->shape[tensor->dimensions++], side)) {
            return nt_error_set(error, NT_E_FORMAT, "%s: tensor '%s': its shape holds something else than sizes", file,
                                tensor->name);
        }
    }
    if (!measure(tensor)) {
        return nt_error_set(error, NT_E_SHAPE, "%s: tensor '%s': its size overflows", file, tensor->name);
    }
    return NT_OK;
}

static enum nt_status parse_offsets(struct nt_tensor *tensor, const cJSON *item, const nt_safetensors *file,
                                    struct nt_error *error) {
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(item, "data_offsets");
    uint64_t begin, end;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !to_size(&begin, cJSON_GetArrayItem(offsets, 0)) || !to_size(&end, cJSON_GetArrayItem(offsets, 1)) ||
        begin > end) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: tensor '%s' has no data_offsets [begin, end]: expected whole numbers of at most 2^53, "
                            "the first not above the second",
                            file->name, tensor->name);
    }
    if (end > file->data_bytes) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: tensor '%s' ends at byte %" PRIu64 " of the data, %" PRIu64
                            " are there: truncated or damaged",
                            file->name, tensor->name, end, file->data_bytes);
    }
    if (end - begin != tensor->bytes) {
        return nt_error_set(error, NT_E_SHAPE,
                            "%s: tensor '%s': its shape takes %" PRIu64 " bytes, its offsets give %" PRIu64, file->name,
                            tensor->name, tensor->bytes, end - begin);
    }
    tensor->offset = file->data_offset + begin;
    tensor->data = file->data != NULL ? file->data + begin : NULL;
    return NT_OK;
}

static enum nt_status parse_tensor(struct nt_tensor *tensor, const cJSON *item, const nt_safetensors *file,
                                   struct nt_error *error) {
    size_t length = strlen(item->string);
    if (length >= sizeof tensor->name) {
        return nt_error_set(error, NT_E_FORMAT, "%s: a tensor's name of %zu bytes; at most %zu are read", file->name,
                            length, sizeof tensor->name - 1);
    }
    memcpy(tensor->name, item->string, length + 1);
    if (!cJSON_IsObject(item)) {
        return nt_error_set(error, NT_E_FORMAT, "%s: tensor '%s' is not described", file->name, tensor->name);
    }
    NT_TRY(parse_type(tensor, item, file->name, error));
    NT_TRY(parse_shape(tensor, item, file->name, error));
    return parse_offsets(tensor, item, file, error);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct nt_tensor *)a)->name, ((const struct nt_tensor *)b)->name);
}

/* By place; of two at one place the empty one comes first. */
static int by_place(const void *a, const void *b) {
    const struct nt_tensor *s = a, *t = b;
    return s->offset != t->offset ? (s->offset > t->offset) - (s->offset < t->offset)
           : s->bytes != t->bytes ? (s->bytes > t->bytes) - (s->bytes < t->bytes)
                                  : by_name(a, b);
}

/* Names are unique, and the tensors fill the data one after the other. Leaves them sorted by place. */
static enum nt_status check_layout(nt_safetensors *file, struct nt_error *error) {
    struct nt_tensor *tensor = file->tensor;
    qsort(tensor, file->tensors, sizeof *tensor, by_name);
    for (uint32_t i = 1; i < file->tensors; i++) {
        if (strcmp(tensor[i - 1].name, tensor[i].name) == 0) {
            return nt_error_set(error, NT_E_FORMAT, "%s: tensor '%s' is there twice", file->name, tensor[i].name);
        }
    }
    qsort(tensor, file->tensors, sizeof *tensor, by_place);
    uint64_t at = file->data_offset, end = file->data_offset + file->data_bytes;
    for (uint32_t i = 0; i < file->tensors; i++) {
        if (tensor[i].offset != at) {
            return nt_error_set(error, NT_E_FORMAT,
                                "%s: tensor '%s' %s: expected it at byte %" PRIu64 " of the data, where '%s' ends, "
                                "found it at byte %" PRIu64,
                                file->name, tensor[i].name,
                                tensor[i].offset < at ? "overlaps another" : "comes after a gap",
                                at - file->data_offset, i > 0 ? tensor[i - 1].name : "the header",
                                tensor[i].offset - file->data_offset);
        }
        at += tensor[i].bytes;
    }
    if (at != end) {
        return nt_error_set(error, NT_E_FORMAT, "%s: %" PRIu64 " bytes are left over after the last tensor", file->name,
                            end - at);
    }
    return NT_OK;
}

static enum nt_status check_text(const cJSON *metadata, const char *name, struct nt_error *error) {
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata) {
        if (!cJSON_IsString(item)) {
            return nt_error_set(error, NT_E_FORMAT, "%s: __metadata__ holds something else than text", name);
        }
    }
    return cJSON_IsObject(metadata) ? NT_OK
                                    : nt_error_set(error, NT_E_FORMAT, "%s: __metadata__ is not an object", name);
}

static enum nt_status parse_header(nt_safetensors *file, struct nt_error *error) {
    uint32_t items = 0;
    for (const cJSON *i = file->header->child; i != NULL && items <= NT_SAFETENSORS_MAX_TENSORS; i = i->next) {
        items++;
    }
    if (items > NT_SAFETENSORS_MAX_TENSORS) {
        return nt_error_set(error, NT_E_FORMAT, "%s: more than %d tensors", file->name, NT_SAFETENSORS_MAX_TENSORS);
    }
    file->tensor = nt_allocate_zeroed(file->allocator, items, sizeof *file->tensor);
    if (file->tensor == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its header", file->name);
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, file->header) {
        if (strcmp(item->string, "__metadata__") == 0) {
            NT_TRY(check_text(item, file->name, error));
        } else {
            NT_TRY(parse_tensor(&file->tensor[file->tensors], item, file, error));
            file->tensors++;
        }
    }
    return check_layout(file, error);
}

enum nt_status nt_safetensors_header_bytes(size_t *header, const void *bytes, uint64_t size, const char *name,
                                           struct nt_error *error) {
    uint64_t length = 0;
    if (size < 8) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: not a safetensors file: %" PRIu64 " bytes are too few for a header", name, size);
    }
    for (size_t i = 8; i-- > 0;) {
        length = length << 8 | ((const uint8_t *)bytes)[i];
    }
    if (length > NT_SAFETENSORS_MAX_HEADER_BYTES) {
        return nt_error_set(
            error, NT_E_FORMAT,
            "%s: not a safetensors file: at byte 0 expected the length of a header, at most %d, found %" PRIu64, name,
            NT_SAFETENSORS_MAX_HEADER_BYTES, length);
    }
    if (length > size - 8) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: truncated: its header takes %" PRIu64 " bytes, %" PRIu64 " are there", name, length,
                            size - 8);
    }
    *header = 8 + (size_t)length;
    return NT_OK;
}

/* Parses the JSON of the header, of which all bytes are there. */
static enum nt_status open_header(nt_safetensors *file, const uint8_t *bytes, uint64_t size, struct nt_error *error) {
    size_t header;
    const char *end = NULL, *last;
    NT_TRY(nt_safetensors_header_bytes(&header, bytes, size, file->name, error));
    last = (const char *)bytes + header;
    file->header = cJSON_ParseWithLengthOpts((const char *)bytes + 8, header - 8, &end, 0);
    file->data_offset = header;
    file->data_bytes = size - header;
    while (file->header != NULL && end < last && *end == ' ') {
        end++;
    }
    if (!cJSON_IsObject(file->header) || end != last) {
        return nt_error_set(error, NT_E_FORMAT, "%s: its safetensors header is not one JSON object", file->name);
    }
    return NT_OK;
}

static enum nt_status parse(nt_safetensors **file, const uint8_t *bytes, uint64_t size, bool whole, const char *name,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    *file = NULL;
    nt_safetensors *opened = nt_allocate_zeroed(allocator, 1, sizeof *opened);
    if (opened == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its header", name);
    }
    opened->allocator = allocator;
    opened->name = name;
    enum nt_status status = open_header(opened, bytes, size, error);
    opened->data = status == NT_OK && whole ? bytes + opened->data_offset : NULL;
    status = status == NT_OK ? parse_header(opened, error) : status;
    opened->name = NULL; /* the caller's text need not live on */
    if (status != NT_OK) {
        nt_safetensors_free(opened);
        return status;
    }
    *file = opened;
    return NT_OK;
}

enum nt_status nt_safetensors_parse(nt_safetensors **file, const void *bytes, size_t size, const char *name,
                                    const struct nt_allocator *allocator, struct nt_error *error) {
    return parse(file, bytes, size, true, name, allocator, error);
}

enum nt_status nt_safetensors_parse_header(nt_safetensors **file, const void *header, uint64_t size, const char *name,
                                           const struct nt_allocator *allocator, struct nt_error *error) {
    return parse(file, header, size, false, name, allocator, error);
}

void nt_safetensors_free(nt_safetensors *file) {
    if (file != NULL) {
        cJSON_Delete(file->header);
        nt_release(file->allocator, file->tensor);
        nt_release(file->allocator, file);
    }
}

uint32_t nt_safetensors_count(const nt_safetensors *file) { return file->tensors; }

const struct nt_tensor *nt_safetensors_tensor(const nt_safetensors *file, uint32_t number) {
    assert(number < file->tensors);
    return &file->tensor[number];
}

const struct nt_tensor *nt_safetensors_find(const nt_safetensors *file, const char *name) {
    for (uint32_t i = 0; i < file->tensors; i++) {
        if (strcmp(file->tensor[i].name, name) == 0) {
            return &file->tensor[i];
        }
    }
    return NULL;
}

const char *nt_safetensors_text(const nt_safetensors *file, const char *key) {
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}

enum nt_status nt_safetensors_check_finite(const struct nt_tensor *tensor, const char *name, struct nt_error *error) {
    if (tensor->type == NT_NPY_FLOAT64) {
        for (uint64_t i = 0; i < tensor->items; i++) {
            double value;
            memcpy(&value, (const char *)tensor->data + i * sizeof value, sizeof value);
            if (!isfinite(value)) {
                return nt_error_set(error, NT_E_VALUE, "%s: tensor '%s': value %" PRIu64 " is %f", name, tensor->name,
                                    i, value);
            }
        }
        return NT_OK;
    }
    uint32_t item_bytes = nt_npy_type_bytes(tensor->type);
    for (uint64_t i = 0; i < tensor->items; i++) {
        float value;
        nt_npy_to_float(&value, (const char *)tensor->data + i * item_bytes, tensor->type, 1);
        if (!isfinite(value)) {
            return nt_error_set(error, NT_E_VALUE, "%s: tensor '%s': value %" PRIu64 " is %f; expected finite numbers",
                                name, tensor->name, i, (double)value);
        }
    }
    return NT_OK;
}

/* ---- Writing: texts first, then the tensors, padded so that the data are aligned to 8. ---- */

static int add_numbers(cJSON *item, const char *key, const uint64_t *number, uint32_t count) {
    cJSON *array = cJSON_AddArrayToObject(item, key);
    for (uint32_t i = 0; i < count; i++) {
        if (!nt_json_append(array, cJSON_CreateNumber((double)number[i]))) {
            return 0;
        }
    }
    return array != NULL;
}

static int describe(cJSON *header, const struct nt_tensor *tensor, uint64_t begin) {
    const uint64_t offsets[2] = {begin, begin + tensor->bytes};
    cJSON *item = cJSON_AddObjectToObject(header, tensor->name);
    return item != NULL && cJSON_AddStringToObject(item, "dtype", type_names[tensor->type]) != NULL &&
           add_numbers(item, "shape", tensor->shape, tensor->dimensions) &&
           add_numbers(item, "data_offsets", offsets, 2);
}

/* The header as text from cJSON's memory, or NULL. */
static char *header_text(const struct nt_tensor *tensor, uint32_t tensors, const char *const (*text)[2],
                         uint32_t texts) {
    int made = 1;
    uint64_t at = 0;
    cJSON *header = cJSON_CreateObject(),
          *metadata = texts > 0 ? cJSON_AddObjectToObject(header, "__metadata__") : NULL;
    for (uint32_t i = 0; i < texts && made; i++) {
        made = cJSON_AddStringToObject(metadata, text[i][0], text[i][1]) != NULL;
    }
    for (uint32_t i = 0; i < tensors && made; i++) {
        struct nt_tensor measured = tensor[i];
        made = measure(&measured) && describe(header, &measured, at);
        at += measured.bytes;
    }
    char *printed = made ? cJSON_PrintUnformatted(header) : NULL;
    cJSON_Delete(header);
    return printed;
}

enum nt_status nt_safetensors_write(uint8_t **bytes, size_t *size, const struct nt_tensor *tensor, uint32_t tensors,
                                    const char *const (*text)[2], uint32_t texts, const struct nt_allocator *allocator,
                                    struct nt_error *error) {
    *bytes = NULL;
    *size = 0;
    uint64_t data = 0;
    int fits = tensors <= NT_SAFETENSORS_MAX_TENSORS;
    for (uint32_t i = 0; i < tensors && fits; i++) {
        struct nt_tensor measured = tensor[i];
        fits = measured.dimensions <= NT_NPY_MAX_DIMENSIONS && measure(&measured);
        data += measured.bytes;
        fits = fits && data <= SIZE_MAX / 2;
    }
    if (!fits) {
        return nt_error_set(error, NT_E_ARG, "these tensors are too many or too large for a safetensors file");
    }
    char *header = header_text(tensor, tensors, text, texts);
    size_t length = header != NULL ? strlen(header) : 0, padded = (length + 7) & ~(size_t)7;
    uint8_t *written = header != NULL ? nt_allocate(allocator, 8 + padded + (size_t)data, 1) : NULL;
    if (written != NULL) {
        for (size_t i = 0; i < 8; i++) {
            written[i] = (uint8_t)((uint64_t)padded >> (8 * i));
        }
        memcpy(written + 8, header, length);
        memset(written + 8 + length, ' ', padded - length);
        uint8_t *at = written + 8 + padded;
        for (uint32_t i = 0; i < tensors; i++) {
            struct nt_tensor measured = tensor[i];
            (void)measure(&measured);
            memcpy(at, measured.data, (size_t)measured.bytes);
            at += measured.bytes;
        }
        *bytes = written;
        *size = 8 + padded + (size_t)data;
    }
    cJSON_free(header);
    return written != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "not enough memory for a safetensors file");
}
