/* ONNX models as they stand in their file: graph, nodes, attributes, tensors. What they mean is the reader's matter,
 * see net/onnx.h.
 *
 * Format: onnx.proto of the Open Neural Network Exchange, IR versions 3 to 10, as protocol buffers. Everything is
 * borrowed from the file's bytes. */
#ifndef NTRACE_FORMATS_ONNX_H
#define NTRACE_FORMATS_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

enum {
    NT_ONNX_MAX_NODES = 1024,
    NT_ONNX_MAX_TENSORS = 2048,
    NT_ONNX_MAX_DIMENSIONS = 8,
    NT_ONNX_MAX_INPUTS = 16,    /* of a node, and of the graph besides its tensors */
    NT_ONNX_MAX_ATTRIBUTES = 32 /* of a node */
};

/* Element types, with the numbers of the file. */
enum {
    NT_ONNX_FLOAT = 1,
    NT_ONNX_INT32 = 6,
    NT_ONNX_INT64 = 7,
    NT_ONNX_BOOL = 9,
    NT_ONNX_FLOAT16 = 10,
    NT_ONNX_DOUBLE = 11
};

/* Text in the file: not terminated. */
struct nt_onnx_text {
    const char *at;
    size_t size;
};

struct nt_onnx_tensor {
    struct nt_onnx_text name;
    int32_t type;
    uint32_t dimensions;
    uint64_t shape[NT_ONNX_MAX_DIMENSIONS];
    uint64_t items;         /* fits 53 bits */
    const uint8_t *message; /* [message_bytes] */
    size_t message_bytes;
    size_t offset; /* of the message, in the file */
};

struct nt_onnx_attribute {
    struct nt_onnx_text name;
    float number;
    int64_t integer;
    struct nt_onnx_text text;
    uint32_t integers;
    int64_t list[NT_ONNX_MAX_DIMENSIONS];
    bool has_tensor, has_number, has_integer, has_list; /* which of them was given */
    struct nt_onnx_tensor tensor;
};

struct nt_onnx_node {
    struct nt_onnx_text name, type, domain;
    uint32_t inputs, outputs;
    struct nt_onnx_text input[NT_ONNX_MAX_INPUTS], output[NT_ONNX_MAX_INPUTS]; /* an empty name: not given */
    const uint8_t *message;
    size_t message_bytes;
    size_t offset;
};

/* An input or output of the graph. */
struct nt_onnx_value {
    struct nt_onnx_text name;
    int32_t type; /* 0: not said */
    bool shaped;
    uint32_t dimensions;
    int64_t shape[NT_ONNX_MAX_DIMENSIONS]; /* -1: free */
    size_t offset;
};

struct nt_onnx_model {
    const uint8_t *bytes; /* [size] the file */
    size_t size;
    const char *name; /* stands in errors */
    struct nt_error *error;
    const struct nt_allocator *allocator;
    int64_t opset; /* of the operators without a domain */
    uint32_t nodes, tensors, inputs, outputs;
    struct nt_onnx_node *node;     /* [nodes] */
    struct nt_onnx_tensor *tensor; /* [tensors] the initialisers */
    struct nt_onnx_value input[NT_ONNX_MAX_INPUTS], output[NT_ONNX_MAX_INPUTS];
};

/* Reads a model. `model` is to be given to nt_onnx_close in any case.
 * Returns NT_OK; NT_E_FORMAT, NT_E_SHAPE (sizes that overflow), NT_E_VERSION or NT_E_MEMORY, with words that name the
 * file and the byte. Graph inputs that are initialisers are left out. */
enum nt_status nt_onnx_open(struct nt_onnx_model *model, const void *bytes, size_t size, const char *name,
                            const struct nt_allocator *allocator, struct nt_error *error);
void nt_onnx_close(struct nt_onnx_model *model);

bool nt_onnx_same(struct nt_onnx_text a, struct nt_onnx_text b);
bool nt_onnx_is(struct nt_onnx_text text, const char *word);

/* Text for an error: at most 60 bytes, what cannot be shown replaced. */
struct nt_onnx_shown {
    char text[64];
};
struct nt_onnx_shown nt_onnx_show(struct nt_onnx_text text);

/* A node's attribute. *found tells whether it is there; returns NT_OK, or NT_E_FORMAT where it is malformed. */
enum nt_status nt_onnx_attribute(struct nt_onnx_attribute *attribute, bool *found, const struct nt_onnx_model *model,
                                 const struct nt_onnx_node *node, const char *name);

/* The names of a node's attributes; returns how many. */
uint32_t nt_onnx_attributes(struct nt_onnx_text name[NT_ONNX_MAX_ATTRIBUTES], const struct nt_onnx_node *node);

/* The initialiser of that name, or NULL. */
const struct nt_onnx_tensor *nt_onnx_find(const struct nt_onnx_model *model, struct nt_onnx_text name);

/* A tensor's values, out [items]: float32, float16 and float64 as floats, all of them finite; int32 and int64 as
 * integers. Returns NT_OK, or NT_E_FORMAT (another type), NT_E_VALUE. */
enum nt_status nt_onnx_floats(float *out, const struct nt_onnx_model *model, const struct nt_onnx_tensor *tensor);
bool nt_onnx_false(const struct nt_onnx_tensor *tensor); /* one value of type bool, which is false */
enum nt_status nt_onnx_integers(int64_t *out, const struct nt_onnx_model *model, const struct nt_onnx_tensor *tensor);

#endif
