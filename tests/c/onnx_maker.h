/* Writes ONNX models into memory, well-formed or not: protocol buffers, field by field. */
#ifndef NTRACE_TESTS_ONNX_MAKER_H
#define NTRACE_TESTS_ONNX_MAKER_H

#include <stdint.h>
#include <string.h>

enum { MAKER_ROOM = 1 << 17 };

struct maker {
    uint8_t bytes[MAKER_ROOM];
    size_t size;
};

static inline void put_raw(struct maker *m, const void *bytes, size_t size) {
    assert_true(m->size + size <= MAKER_ROOM);
    if (size > 0) {
        memcpy(m->bytes + m->size, bytes, size);
    }
    m->size += size;
}

static inline void put_varint(struct maker *m, uint64_t value) {
    for (; value > 127; value >>= 7) {
        put_raw(m, &(uint8_t){(uint8_t)(value | 128)}, 1);
    }
    put_raw(m, &(uint8_t){(uint8_t)value}, 1);
}

static inline void put_number(struct maker *m, uint32_t field, uint64_t value) {
    put_varint(m, field << 3);
    put_varint(m, value);
}

static inline void put_bytes(struct maker *m, uint32_t field, const void *bytes, size_t size) {
    put_varint(m, field << 3 | 2);
    put_varint(m, size);
    put_raw(m, bytes, size);
}

static inline void put_text(struct maker *m, uint32_t field, const char *text) {
    put_bytes(m, field, text, strlen(text));
}

static inline void put_message(struct maker *m, uint32_t field, const struct maker *message) {
    put_bytes(m, field, message->bytes, message->size);
}

/* ---- Tensors. ---- */

enum { FLOAT = 1, INT64 = 7, FLOAT16 = 10, DOUBLE = 11 };

/* A tensor message: its shape ends with a 0, its data are raw. */
static inline void make_tensor(struct maker *t, const char *name, int type, const uint64_t *shape, const void *data,
                               size_t bytes) {
    t->size = 0;
    for (; *shape != 0; shape++) {
        put_number(t, 1, *shape);
    }
    put_number(t, 2, (uint64_t)type);
    put_text(t, 8, name);
    put_bytes(t, 9, data, bytes);
}

#define SHAPE(...)                                                                                                     \
    (const uint64_t[]) { __VA_ARGS__, 0 }

/* An initialiser of small different numbers. */
static inline void put_floats(struct maker *graph, const char *name, const uint64_t *shape) {
    static struct maker t;
    static float value[8192];
    size_t count = 1;
    for (const uint64_t *side = shape; *side != 0; side++) {
        count *= *side;
    }
    for (size_t i = 0; i < count; i++) {
        value[i] = (float)(i * 7 % 11) / 8;
    }
    make_tensor(&t, name, FLOAT, shape, value, count * sizeof *value);
    put_message(graph, 5, &t);
}

static inline void put_integers(struct maker *graph, const char *name, const int64_t *value, size_t count) {
    static struct maker t;
    make_tensor(&t, name, INT64, SHAPE(count), value, count * sizeof *value);
    put_message(graph, 5, &t);
}

/* ---- Attributes: appended to what stands for a node's attributes. ---- */

static inline void attribute_integer(struct maker *list, const char *name, int64_t value) {
    static struct maker a;
    a.size = 0;
    put_text(&a, 1, name);
    put_number(&a, 3, (uint64_t)value);
    put_number(&a, 20, 2);
    put_message(list, 5, &a);
}

static inline void attribute_number(struct maker *list, const char *name, float value) {
    static struct maker a;
    a.size = 0;
    put_text(&a, 1, name);
    put_varint(&a, 2 << 3 | 5);
    put_raw(&a, &value, sizeof value);
    put_message(list, 5, &a);
}

static inline void attribute_text(struct maker *list, const char *name, const char *value) {
    static struct maker a;
    a.size = 0;
    put_text(&a, 1, name);
    put_text(&a, 4, value);
    put_message(list, 5, &a);
}

static inline void attribute_integers(struct maker *list, const char *name, const int64_t *value, size_t count) {
    static struct maker a;
    a.size = 0;
    put_text(&a, 1, name);
    for (size_t i = 0; i < count; i++) {
        put_number(&a, 8, (uint64_t)value[i]);
    }
    put_message(list, 5, &a);
}

static inline void attribute_tensor(struct maker *list, const char *name, const struct maker *tensor) {
    static struct maker a;
    a.size = 0;
    put_text(&a, 1, name);
    put_message(&a, 5, tensor);
    put_message(list, 5, &a);
}

/* ---- Graphs. ---- */

/* Words separated by spaces, each as a field; "-" stands for an empty one. */
static inline void put_words(struct maker *m, uint32_t field, const char *words) {
    while (*words != 0) {
        size_t length = strcspn(words, " ");
        put_bytes(m, field, words, length == 1 && *words == '-' ? 0 : length);
        words += length + (words[length] == ' ');
    }
}

static inline void put_node(struct maker *graph, const char *type, const char *inputs, const char *outputs,
                            const struct maker *attributes) {
    static struct maker n;
    n.size = 0;
    put_words(&n, 1, inputs);
    put_words(&n, 2, outputs);
    put_text(&n, 3, "the node");
    put_text(&n, 4, type);
    if (attributes != NULL) {
        put_raw(&n, attributes->bytes, attributes->size);
    }
    put_message(graph, 1, &n);
}

/* An input (field 11) or output (12) of floats; a side of 0 is free, `dimensions` of 0 say nothing of the shape. */
static inline void put_value(struct maker *graph, uint32_t field, const char *name, int type, const uint64_t *side,
                             size_t dimensions) {
    static struct maker value, kind, tensor, shape, dimension;
    value.size = kind.size = tensor.size = shape.size = 0;
    for (size_t i = 0; i < dimensions; i++) {
        dimension.size = 0;
        if (side[i] != 0) {
            put_number(&dimension, 1, side[i]);
        } else {
            put_text(&dimension, 2, "any");
        }
        put_message(&shape, 1, &dimension);
    }
    put_number(&tensor, 1, (uint64_t)type);
    if (dimensions > 0) {
        put_message(&tensor, 2, &shape);
    }
    put_message(&kind, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &kind);
    put_message(graph, field, &value);
}

static inline void make_model(struct maker *model, const struct maker *graph, uint64_t opset) {
    static struct maker set;
    model->size = set.size = 0;
    put_text(&set, 1, "");
    put_number(&set, 2, opset);
    put_number(model, 1, 7);
    put_message(model, 7, graph);
    put_message(model, 8, &set);
}

#endif
