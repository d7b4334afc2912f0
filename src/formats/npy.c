/* Headers of .npy files, parsed and written in memory; items to float32. Files are in npy_file.c. */
#include "ntrace/npy.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE floats are expected");

static const struct {
    const char *name;
    char kind;
    uint32_t bytes;
} types[NT_NPY_TYPE_COUNT] = {
    [NT_NPY_UINT8] = {"uint8", 'u', 1},     [NT_NPY_INT8] = {"int8", 'i', 1},
    [NT_NPY_UINT16] = {"uint16", 'u', 2},   [NT_NPY_INT16] = {"int16", 'i', 2},
    [NT_NPY_UINT32] = {"uint32", 'u', 4},   [NT_NPY_INT32] = {"int32", 'i', 4},
    [NT_NPY_UINT64] = {"uint64", 'u', 8},   [NT_NPY_INT64] = {"int64", 'i', 8},
    [NT_NPY_FLOAT16] = {"float16", 'f', 2}, [NT_NPY_FLOAT32] = {"float32", 'f', 4},
    [NT_NPY_FLOAT64] = {"float64", 'f', 8},
};

const char *nt_npy_type_name(enum nt_npy_type type) {
    assert((unsigned)type < NT_NPY_TYPE_COUNT);
    return types[type].name;
}

uint32_t nt_npy_type_bytes(enum nt_npy_type type) {
    assert((unsigned)type < NT_NPY_TYPE_COUNT);
    return types[type].bytes;
}

/* Where the parser stands in the header's text, a Python dictionary such as
 * {'descr': '|u1', 'fortran_order': False, 'shape': (1000, 784), } */
struct cursor {
    const char *start, *at, *end; /* the file's first byte, and the text's end */
    const char *name;
    struct nt_error *error;
};

static size_t place(const struct cursor *c) { return (size_t)(c->at - c->start); }

static enum nt_status malformed(const struct cursor *c, const char *expected) {
    size_t left = (size_t)(c->end - c->at);
    char found[25] = "the end of the header";
    if (left > 0) {
        size_t kept = left < sizeof found - 1 ? left : sizeof found - 1;
        for (size_t i = 0; i < kept; i++) {
            found[i] = c->at[i] >= ' ' && c->at[i] <= '~' ? c->at[i] : '?';
        }
        found[kept] = '\0';
    }
    return nt_error_set(c->error, NT_E_FORMAT, "%s: .npy header, byte %zu: expected %s, found %s", c->name, place(c),
                        expected, found);
}

static void skip_blanks(struct cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) {
        c->at++;
    }
}

/* Takes one character if it is the next one. */
static int take(struct cursor *c, char wanted) {
    skip_blanks(c);
    if (c->at < c->end && *c->at == wanted) {
        c->at++;
        return 1;
    }
    return 0;
}

static int take_word(struct cursor *c, const char *word) {
    size_t length = strlen(word);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) >= length && memcmp(c->at, word, length) == 0) {
        c->at += length;
        return 1;
    }
    return 0;
}

/* Reads a quoted string without escapes into out[capacity]. */
static enum nt_status take_string(char *out, size_t capacity, struct cursor *c, const char *expected) {
    skip_blanks(c);
    if (c->at >= c->end || (*c->at != '\'' && *c->at != '"')) {
        return malformed(c, expected);
    }
    const char *close = memchr(c->at + 1, *c->at, (size_t)(c->end - c->at - 1));
    if (close == NULL || (size_t)(close - c->at) > capacity) {
        return malformed(c, expected);
    }
    size_t length = (size_t)(close - c->at - 1);
    memcpy(out, c->at + 1, length);
    out[length] = '\0';
    c->at = close + 1;
    return NT_OK;
}

static enum nt_status parse_type(struct nt_npy_header *header, struct cursor *c) {
    char text[32];
    skip_blanks(c);
    if (c->at < c->end && *c->at == '[') {
        return nt_error_set(c->error, NT_E_FORMAT,
                            "%s: byte %zu: holds structures; only plain integers and floats are read", c->name,
                            place(c));
    }
    NT_TRY(take_string(text, sizeof text, c, "a type such as '<f4'"));
    if (strchr(text, 'O') != NULL) {
        return nt_error_set(c->error, NT_E_FORMAT, "%s: byte %zu: holds Python objects, which are never loaded",
                            c->name, place(c));
    }
    for (int t = 0; t < NT_NPY_TYPE_COUNT && strlen(text) == 3; t++) {
        if (text[1] != types[t].kind || text[2] != (char)('0' + types[t].bytes)) {
            continue;
        }
        if (text[0] == '>' && types[t].bytes > 1) {
            return nt_error_set(c->error, NT_E_FORMAT,
                                "%s: byte %zu: big-endian (type %s); save it as little-endian, '<%s'", c->name,
                                place(c), text, text + 1);
        }
        if (text[0] == '<' || types[t].bytes == 1) {
            header->type = (enum nt_npy_type)t;
            header->item_bytes = types[t].bytes;
            return NT_OK;
        }
    }
    return nt_error_set(
        c->error, NT_E_FORMAT,
        "%s: byte %zu: type '%.20s' is not read; expected integers of 8 to 64 or floats of 16 to 64 bits", c->name,
        place(c), text);
}

static enum nt_status parse_order(struct cursor *c) {
    if (take_word(c, "False")) {
        return NT_OK;
    }
    if (take_word(c, "True")) {
        return nt_error_set(c->error, NT_E_FORMAT,
                            "%s: byte %zu: in Fortran order; expected C order (save numpy.ascontiguousarray of it)",
                            c->name, place(c));
    }
    return malformed(c, "True or False");
}

static enum nt_status parse_shape(struct nt_npy_header *header, struct cursor *c) {
    if (!take(c, '(')) {
        return malformed(c, "a shape such as (1000, 784)");
    }
    while (!take(c, ')')) {
        if (header->dimensions == NT_NPY_MAX_DIMENSIONS) {
            return nt_error_set(c->error, NT_E_SHAPE, "%s: byte %zu: more than %d dimensions", c->name, place(c),
                                NT_NPY_MAX_DIMENSIONS);
        }
        if (c->at >= c->end || *c->at < '0' || *c->at > '9') {
            return malformed(c, "a dimension");
        }
        uint64_t value = 0;
        for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
            if (value > ((uint64_t)INT64_MAX - 9) / 10) {
                return nt_error_set(c->error, NT_E_SHAPE, "%s: byte %zu: a dimension overflows 63 bits", c->name,
                                    place(c));
            }
            value = value * 10 + (uint64_t)(*c->at - '0');
        }
        if (c->at < c->end && *c->at == 'L') { /* Python 2 wrote long integers so */
            c->at++;
        }
        header->shape[header->dimensions++] = value;
        if (!take(c, ',')) {
            skip_blanks(c);
            if (c->at >= c->end || *c->at != ')') {
                return malformed(c, "a comma or )");
            }
        }
    }
    return NT_OK;
}

/* Products of the shape, none above INT64_MAX even where a dimension is 0. */
static int multiply_shape(struct nt_npy_header *header) {
    uint64_t limit = (uint64_t)INT64_MAX - NT_NPY_MAX_HEADER_BYTES;
    uint64_t product = header->item_bytes;
    for (uint32_t d = header->dimensions; d-- > 0;) {
        if (d == 0) {
            header->row_items = product / header->item_bytes;
        }
        if (header->shape[d] != 0 && product > limit / header->shape[d]) {
            return 0;
        }
        product *= header->shape[d];
    }
    if (header->dimensions == 0) {
        header->row_items = 1;
    }
    for (uint32_t d = header->dimensions; d < NT_NPY_MAX_DIMENSIONS; d++) {
        header->shape[d] = 1;
    }
    header->rows = header->shape[0];
    header->data_bytes = product;
    return 1;
}

static enum nt_status parse_dictionary(struct nt_npy_header *header, struct cursor *c) {
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    unsigned seen = 0;
    if (!take(c, '{')) {
        return malformed(c, "{");
    }
    while (!take(c, '}')) {
        char key[16];
        NT_TRY(take_string(key, sizeof key, c, "a key in quotes"));
        unsigned k = 0;
        while (k < 3 && strcmp(key, keys[k]) != 0) {
            k++;
        }
        if (k == 3 || (seen >> k & 1u) != 0) {
            return nt_error_set(c->error, NT_E_FORMAT, "%s: .npy header: key '%s' is unknown or repeated", c->name,
                                key);
        }
        seen |= 1u << k;
        if (!take(c, ':')) {
            return malformed(c, ":");
        }
        NT_TRY(k == 0 ? parse_type(header, c) : k == 1 ? parse_order(c) : parse_shape(header, c));
        if (!take(c, ',')) {
            skip_blanks(c);
            if (c->at >= c->end || *c->at != '}') {
                return malformed(c, "a comma or }");
            }
        }
    }
    skip_blanks(c);
    if (c->at != c->end) {
        return malformed(c, "nothing after }");
    }
    if (seen != 7u) {
        return nt_error_set(c->error, NT_E_FORMAT, "%s: .npy header lacks %s", c->name,
                            (seen & 1u) == 0   ? "'descr'"
                            : (seen & 2u) == 0 ? "'fortran_order'"
                                               : "'shape'");
    }
    return NT_OK;
}

enum nt_status nt_npy_data_offset(uint64_t *offset, const void *bytes, size_t size, const char *name,
                                  struct nt_error *error) {
    const uint8_t *b = bytes;
    *offset = 0;
    if (size < 6 || memcmp(b, "\x93NUMPY", 6) != 0) {
        uint8_t found[4] = {0};
        memcpy(found, b, size < 4 ? size : 4);
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: not a .npy file: at byte 0 expected the magic 93 4e 55 4d 50 59, found %02x %02x "
                            "%02x %02x (%zu bytes)",
                            name, found[0], found[1], found[2], found[3], size);
    }
    if (size < 8 || size < (b[6] == 1 ? 10u : 12u)) {
        return nt_error_set(error, NT_E_FORMAT, "%s: truncated: a .npy header is longer than %zu bytes", name, size);
    }
    if (b[6] < 1 || b[6] > 3 || b[7] != 0) {
        return nt_error_set(error, NT_E_VERSION, "%s: at byte 6 expected .npy version 1.0, 2.0 or 3.0, found %u.%u",
                            name, b[6], b[7]);
    }
    uint64_t prefix = b[6] == 1 ? 10 : 12;
    uint64_t length = (uint64_t)b[8] | (uint64_t)b[9] << 8;
    if (b[6] != 1) {
        length |= (uint64_t)b[10] << 16 | (uint64_t)b[11] << 24;
    }
    if (prefix + length > NT_NPY_MAX_HEADER_BYTES) {
        return nt_error_set(error, NT_E_FORMAT, "%s: at byte 8 a header of %" PRIu64 " bytes; at most %d are read",
                            name, length, NT_NPY_MAX_HEADER_BYTES);
    }
    *offset = prefix + length;
    return NT_OK;
}

enum nt_status nt_npy_parse(struct nt_npy_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error) {
    struct nt_npy_header parsed = {0};
    memset(header, 0, sizeof *header);
    NT_TRY(nt_npy_data_offset(&parsed.data_offset, bytes, size, name, error));
    if (size < parsed.data_offset) {
        return nt_error_set(error, NT_E_FORMAT, "%s: truncated: its header ends at byte %" PRIu64 ", %zu are there",
                            name, parsed.data_offset, size);
    }
    const char *text = bytes;
    struct cursor c = {text, text + (text[6] == 1 ? 10 : 12), text + parsed.data_offset, name, error};
    NT_TRY(parse_dictionary(&parsed, &c));
    if (!multiply_shape(&parsed)) {
        return nt_error_set(error, NT_E_SHAPE, "%s: the size of its array overflows 63 bits", name);
    }
    *header = parsed;
    return NT_OK;
}

enum nt_status nt_npy_format(void *bytes, size_t *size, enum nt_npy_type type, const uint64_t *shape,
                             uint32_t dimensions) {
    struct nt_npy_header header = {.type = type, .dimensions = dimensions};
    if ((unsigned)type >= NT_NPY_TYPE_COUNT || dimensions > NT_NPY_MAX_DIMENSIONS) {
        return NT_E_ARG;
    }
    header.item_bytes = types[type].bytes;
    memcpy(header.shape, shape, dimensions * sizeof *shape);
    if (!multiply_shape(&header)) {
        return NT_E_ARG;
    }
    char *text = bytes;
    size_t used = 10;
    used += (size_t)snprintf(text + used, NT_NPY_WRITTEN_HEADER_BYTES - used,
                             "{'descr': '%c%c%u', 'fortran_order': False, 'shape': (",
                             types[type].bytes == 1 ? '|' : '<', types[type].kind, types[type].bytes);
    for (uint32_t d = 0; d < dimensions; d++) {
        const char *after = d + 1 < dimensions ? ", " : dimensions == 1 ? "," : "";
        used += (size_t)snprintf(text + used, NT_NPY_WRITTEN_HEADER_BYTES - used, "%" PRIu64 "%s", shape[d], after);
    }
    used += (size_t)snprintf(text + used, NT_NPY_WRITTEN_HEADER_BYTES - used, "), }");
    size_t total = (used + 1 + 63) & ~(size_t)63;
    memset(text + used, ' ', total - used);
    text[total - 1] = '\n';
    memcpy(text, "\x93NUMPY\x01", 8); /* the string's own NUL is the minor version */
    text[8] = (char)((total - 10) & 0xff);
    text[9] = (char)((total - 10) >> 8);
    *size = total;
    return NT_OK;
}

static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = half >> 10 & 31u;
    uint32_t fraction = half & 0x3ffu;
    float value;
    if (exponent == 0) { /* zero and subnormal numbers: fraction * 2^-24 */
        value = (float)fraction * 0x1p-24f;
        return sign != 0 ? -value : value;
    }
    uint32_t bits = sign | (exponent == 31 ? 255u : exponent + 112u) << 23 | fraction << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#define CONVERT(c_type, expression)                                                                                    \
    for (size_t i = 0; i < count; i++) {                                                                               \
        c_type v;                                                                                                      \
        memcpy(&v, (const char *)in + i * sizeof v, sizeof v);                                                         \
        out[i] = expression;                                                                                           \
    }                                                                                                                  \
    break

void nt_npy_to_float(float *out, const void *in, enum nt_npy_type type, size_t count) {
    assert((unsigned)type < NT_NPY_TYPE_COUNT);
    switch (type) {
    case NT_NPY_UINT8:
        CONVERT(uint8_t, (float)v);
    case NT_NPY_INT8:
        CONVERT(int8_t, (float)v);
    case NT_NPY_UINT16:
        CONVERT(uint16_t, (float)v);
    case NT_NPY_INT16:
        CONVERT(int16_t, (float)v);
    case NT_NPY_UINT32:
        CONVERT(uint32_t, (float)v);
    case NT_NPY_INT32:
        CONVERT(int32_t, (float)v);
    case NT_NPY_UINT64:
        CONVERT(uint64_t, (float)v);
    case NT_NPY_INT64:
        CONVERT(int64_t, (float)v);
    case NT_NPY_FLOAT16:
        CONVERT(uint16_t, half_to_float(v));
    case NT_NPY_FLOAT32:
        CONVERT(float, v);
    case NT_NPY_FLOAT64:
        CONVERT(double, (float)v);
    case NT_NPY_TYPE_COUNT:
        break;
    }
}

double nt_npy_to_number(const void *item, enum nt_npy_type type) {
    assert(type < NT_NPY_FLOAT16);
    const uint8_t *bytes = item;
    uint32_t size = types[type].bytes;
    uint64_t value = 0;
    for (uint32_t i = size; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    bool negative = types[type].kind == 'i' && value >> (8 * size - 1) != 0;
    uint64_t above = size < 8 ? UINT64_C(1) << (8 * size) : 0; /* 2^64 wraps to 0 */
    return negative ? -(double)(above - value) : (double)value;
}
