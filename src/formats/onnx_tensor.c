/* Tensors of ONNX models, and their values: raw, or in the list of their type. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "formats/onnx_wire.h"
#include "ntrace/npy.h"

/* Numbers of fields in onnx.proto. */
enum {
    TENSOR_DIMENSION = 1,
    TENSOR_TYPE = 2,
    TENSOR_SEGMENT = 3,
    TENSOR_FLOATS = 4,
    TENSOR_INT32S = 5,
    TENSOR_INT64S = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION = 14
};

static enum nt_status add_dimension(struct nt_onnx_tensor *t, uint64_t side, const struct nt_onnx_model *m) {
    const uint64_t limit = (uint64_t)1 << 53;
    if (t->dimensions == NT_ONNX_MAX_DIMENSIONS) {
        return nt_error_set(m->error, NT_E_SHAPE, "%s: byte %zu: a tensor of more than %d dimensions", m->name,
                            t->offset, NT_ONNX_MAX_DIMENSIONS);
    }
    if (side > limit || (side != 0 && t->items > limit / side)) {
        return nt_error_set(m->error, NT_E_SHAPE, "%s: byte %zu: a tensor whose size overflows", m->name, t->offset);
    }
    t->shape[t->dimensions++] = side;
    t->items *= side;
    return NT_OK;
}

/* Repeated numbers stand in one field each, or several in one: a list in any case. */
static enum nt_status read_dimensions(struct nt_onnx_tensor *t, const struct nt_field *field,
                                      const struct nt_onnx_model *m) {
    NT_TRY(nt_onnx_expect(field, NT_WIRE_VARINT, NT_WIRE_BYTES, "a tensor's shape", m));
    struct nt_wire packed = nt_wire_open(field->bytes, field->size);
    uint64_t side;
    while (packed.at < packed.end && nt_wire_varint(&side, &packed)) {
        NT_TRY(add_dimension(t, side, m));
    }
    return nt_onnx_check(&packed, m);
}

static uint32_t type_bytes(int32_t type) {
    return type == NT_ONNX_FLOAT || type == NT_ONNX_INT32 ? 4 : type == NT_ONNX_FLOAT16 ? 2 : 8;
}

enum nt_status nt_onnx_read_tensor(struct nt_onnx_tensor *t, const struct nt_field *message,
                                   const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    *t = (struct nt_onnx_tensor){.items = 1, .message = message->bytes, .message_bytes = message->size};
    t->offset = nt_onnx_offset(m, message->start);
    bool external = false;
    while (nt_wire_next(&field, &wire)) {
        switch (field.number) {
        case TENSOR_DIMENSION:
            NT_TRY(read_dimensions(t, &field, m));
            break;
        case TENSOR_TYPE:
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_VARINT, NT_WIRE_VARINT, "a tensor's type", m));
            t->type = field.value <= INT32_MAX ? (int32_t)field.value : INT32_MAX;
            break;
        case TENSOR_NAME:
            NT_TRY(nt_onnx_get_text(&t->name, &field, "a tensor's name", m));
            break;
        case TENSOR_SEGMENT:
            return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: a tensor in segments, which are not read",
                                m->name, t->offset);
        case TENSOR_EXTERNAL:
            external = true;
            break;
        case TENSOR_LOCATION:
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_VARINT, NT_WIRE_VARINT, "a tensor's location", m));
            external = external || field.value != 0;
            break;
        default:
            break;
        }
    }
    NT_TRY(nt_onnx_check(&wire, m));
    if (external) {
        return nt_error_set(m->error, NT_E_FORMAT,
                            "%s: byte %zu: tensor '%s' has its data in another file, which is not read: export the "
                            "model into one file",
                            m->name, t->offset, nt_onnx_show(t->name).text);
    }
    /* A value takes at least so much; before memory is taken for as many as the shape says. */
    uint64_t least = t->type == NT_ONNX_FLOAT ? 4 : t->type == NT_ONNX_DOUBLE ? 8 : 1;
    if (t->items > t->message_bytes / least) {
        return nt_error_set(m->error, NT_E_SHAPE,
                            "%s: byte %zu: tensor '%s': its shape takes %" PRIu64 " values, its data are fewer",
                            m->name, t->offset, nt_onnx_show(t->name).text, t->items);
    }
    return NT_OK;
}

static const char *type_name(int32_t type) {
    static const char *const names[] = {"undefined", "float32", "uint8",   "int8",    "uint16",  "int16",
                                        "int32",     "int64",   "text",    "bool",    "float16", "float64",
                                        "uint32",    "uint64",  "complex", "complex", "bfloat16"};
    return type >= 0 && (size_t)type < sizeof names / sizeof *names ? names[type] : "of an unknown type";
}

/* What is done with each value: `bits` are its own, as wide as its type is. */
struct sink {
    const struct nt_onnx_model *model;
    const struct nt_onnx_tensor *tensor;
    float *number;
    int64_t *integer;
    uint64_t count;
};

static enum nt_status wrong_count(const struct sink *s) {
    return nt_error_set(s->model->error, NT_E_SHAPE,
                        "%s: byte %zu: tensor '%s': its shape takes %" PRIu64 " values, its data are not as many",
                        s->model->name, s->tensor->offset, nt_onnx_show(s->tensor->name).text, s->tensor->items);
}

static float to_float(uint64_t bits, int32_t type) {
    float value;
    uint32_t word = (uint32_t)bits;
    if (type == NT_ONNX_FLOAT) {
        memcpy(&value, &word, sizeof value);
    } else {
        nt_npy_to_float(&value, &bits, type == NT_ONNX_DOUBLE ? NT_NPY_FLOAT64 : NT_NPY_FLOAT16, 1);
    }
    return value;
}

static enum nt_status put(struct sink *s, uint64_t bits) {
    if (s->count == s->tensor->items) {
        return wrong_count(s);
    }
    if (s->integer != NULL) {
        s->integer[s->count++] = s->tensor->type == NT_ONNX_INT32 ? (int64_t)(int32_t)bits : (int64_t)bits;
        return NT_OK;
    }
    float value = to_float(bits, s->tensor->type);
    if (!isfinite(value)) {
        return nt_error_set(
            s->model->error, NT_E_VALUE, "%s: byte %zu: tensor '%s': value %" PRIu64 " is %f; expected finite numbers",
            s->model->name, s->tensor->offset, nt_onnx_show(s->tensor->name).text, s->count, (double)value);
    }
    s->number[s->count++] = value;
    return NT_OK;
}

/* Values one after the other, each as wide as its type. */
static enum nt_status put_fixed(struct sink *s, const uint8_t *bytes, size_t size) {
    uint32_t each = type_bytes(s->tensor->type);
    if (size % each != 0) {
        return wrong_count(s);
    }
    for (size_t at = 0; at < size; at += each) {
        uint64_t bits = 0;
        for (uint32_t i = each; i-- > 0;) {
            bits = bits << 8 | bytes[at + i];
        }
        NT_TRY(put(s, bits));
    }
    return NT_OK;
}

/* The field in which values of a type stand unless they are raw. */
static uint32_t field_of(int32_t type) {
    return type == NT_ONNX_FLOAT    ? TENSOR_FLOATS
           : type == NT_ONNX_DOUBLE ? TENSOR_DOUBLES
           : type == NT_ONNX_INT64  ? TENSOR_INT64S
                                    : TENSOR_INT32S;
}

static enum nt_status put_typed(struct sink *s, const struct nt_field *field) {
    int32_t type = s->tensor->type;
    enum nt_wire_type single = type == NT_ONNX_FLOAT    ? NT_WIRE_32
                               : type == NT_ONNX_DOUBLE ? NT_WIRE_64
                                                        : NT_WIRE_VARINT;
    NT_TRY(nt_onnx_expect(field, single, NT_WIRE_BYTES, "a tensor's data", s->model));
    if (single != NT_WIRE_VARINT) {
        return put_fixed(s, field->bytes, field->size);
    }
    struct nt_wire packed = nt_wire_open(field->bytes, field->size);
    uint64_t value;
    while (packed.at < packed.end && nt_wire_varint(&value, &packed)) {
        NT_TRY(put(s, value));
    }
    return nt_onnx_check(&packed, s->model);
}

static enum nt_status read_values(struct sink *s) {
    struct nt_wire wire = nt_wire_open(s->tensor->message, s->tensor->message_bytes);
    struct nt_field field;
    while (nt_wire_next(&field, &wire)) {
        if (field.number == TENSOR_RAW) {
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "a tensor's data", s->model));
            NT_TRY(put_fixed(s, field.bytes, field.size));
        } else if (field.number == field_of(s->tensor->type)) {
            NT_TRY(put_typed(s, &field));
        }
    }
    return s->count == s->tensor->items ? nt_onnx_check(&wire, s->model) : wrong_count(s);
}

static enum nt_status unread_type(const struct nt_onnx_model *m, const struct nt_onnx_tensor *t, const char *expected) {
    return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: tensor '%s' is %s; expected %s", m->name, t->offset,
                        nt_onnx_show(t->name).text, type_name(t->type), expected);
}

enum nt_status nt_onnx_floats(float *out, const struct nt_onnx_model *m, const struct nt_onnx_tensor *t) {
    struct sink sink = {.model = m, .tensor = t, .number = out};
    if (t->type != NT_ONNX_FLOAT && t->type != NT_ONNX_FLOAT16 && t->type != NT_ONNX_DOUBLE) {
        return unread_type(m, t, "float32, float16 or float64");
    }
    return read_values(&sink);
}

enum nt_status nt_onnx_integers(int64_t *out, const struct nt_onnx_model *m, const struct nt_onnx_tensor *t) {
    struct sink sink = {.model = m, .tensor = t, .integer = out};
    if (t->type != NT_ONNX_INT32 && t->type != NT_ONNX_INT64) {
        return unread_type(m, t, "int32 or int64");
    }
    return read_values(&sink);
}

bool nt_onnx_false(const struct nt_onnx_tensor *t) {
    struct nt_wire wire = nt_wire_open(t->message, t->message_bytes);
    struct nt_field field;
    bool is_false = t->type == NT_ONNX_BOOL && t->items == 1;
    while (nt_wire_next(&field, &wire)) {
        bool data = field.number == TENSOR_RAW || field.number == TENSOR_INT32S;
        for (size_t i = 0; data && field.type == NT_WIRE_BYTES && i < field.size; i++) {
            is_false = is_false && field.bytes[i] == 0;
        }
        is_false = is_false && !(data && field.type == NT_WIRE_VARINT && field.value != 0);
    }
    return is_false;
}
