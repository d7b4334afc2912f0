/* ONNX models as networks: what the parts of the translation share.
 *
 * Node by node in the file's order: each gives a layer, or a part of one (an activation function is spelt out in
 * several nodes, so is the shape that a Reshape flattens to). Nodes that the output does not depend on are left out. */
#ifndef NTRACE_NET_ONNX_H
#define NTRACE_NET_ONNX_H

#include "formats/onnx.h"
#include "net/network.h"

enum { NT_ONNX_OLDEST = 9, NT_ONNX_NEWEST = 21 };

enum nt_onnx_kind {
    NT_ONNX_LAYER,
    NT_ONNX_TENSOR,
    NT_ONNX_PART,
    NT_ONNX_SIZES,
    NT_ONNX_PADDED /* a layer in the midst of zeros */
};

/* A part of an activation function of a layer's values x: factor * x^power * function. */
enum nt_onnx_function {
    NT_ONNX_ONE,
    NT_ONNX_SIGMOID, /* of x */
    NT_ONNX_ERF,     /* of x / root of 2 */
    NT_ONNX_ONE_PLUS_ERF,
    NT_ONNX_CUBIC, /* x + 0.044715 x^3; power is 0 */
    NT_ONNX_TANH,  /* of root of 2 / pi times that */
    NT_ONNX_ONE_PLUS_TANH
};

enum { NT_ONNX_MAX_SIZES = 8 };
#define NT_ONNX_BATCH INT64_MIN /* as a size: that of the batch */

struct nt_onnx_meaning {
    struct nt_onnx_text name;
    enum nt_onnx_kind kind;
    uint32_t layer; /* itself, or whose values a part is of */
    struct nt_onnx_tensor tensor;
    double factor;
    int power;
    enum nt_onnx_function function;
    uint32_t pad[4]; /* NT_ONNX_PADDED: as in nt_window */
    uint32_t sizes;  /* NT_ONNX_SIZES */
    int64_t size[NT_ONNX_MAX_SIZES];
};

/* Where a layer's weights are. */
struct nt_onnx_weights {
    struct nt_onnx_tensor weight, bias, mean, variance;
    bool has_bias;
    bool by_input; /* a linear layer's: [inputs, outputs] */
    double eps;
    float weight_factor, bias_factor; /* 0 for what is 1 */
};

struct nt_onnx_reader {
    struct nt_onnx_model model;
    nt_net *net;
    const struct nt_onnx_node *node; /* that is being read */
    uint32_t number;
    bool *needed; /* [nodes]; false too where another node took it over */
    uint32_t meanings;
    struct nt_onnx_meaning *meaning; /* [nodes + 2] */
    int64_t batch;                   /* -1: free */
    struct nt_onnx_weights weights[NT_NET_MAX_LAYERS];
};

/* An operator: its name, its attributes in one text, its inputs. */
struct nt_onnx_operator {
    const char *name, *attributes;
    uint32_t least, most;
    enum nt_status (*read)(struct nt_onnx_reader *r);
};

extern const struct nt_onnx_operator nt_onnx_layers[], nt_onnx_parts[]; /* ended by a NULL name */

/* An error about the node that is being read. */
enum nt_status nt_onnx_refuse(const struct nt_onnx_reader *r, enum nt_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* ---- Inputs of the node. ---- */

bool nt_onnx_given(const struct nt_onnx_reader *r, uint32_t input);
/* What an input is; NULL where no node before gives it, and no initialiser does. */
enum nt_status nt_onnx_input(struct nt_onnx_meaning *meaning, const struct nt_onnx_reader *r, uint32_t input);
enum nt_status nt_onnx_input_layer(uint32_t *layer, const struct nt_onnx_reader *r, uint32_t input);
/* The same where a padding before it is taken along: added to `pad`. */
enum nt_status nt_onnx_input_padded(uint32_t *layer, uint32_t pad[4], const struct nt_onnx_reader *r, uint32_t input);
enum nt_status nt_onnx_input_tensor(struct nt_onnx_tensor *tensor, const struct nt_onnx_reader *r, uint32_t input,
                                    const char *what);
/* One number; *found is false where the input is something else. */
enum nt_status nt_onnx_input_scalar(double *value, bool *found, const struct nt_onnx_reader *r, uint32_t input);
enum nt_status nt_onnx_input_sizes(int64_t size[NT_ONNX_MAX_SIZES], uint32_t *sizes, const struct nt_onnx_reader *r,
                                   uint32_t input);

/* ---- Its attributes: left as they are where they are missing. ---- */

enum nt_status nt_onnx_get(struct nt_onnx_attribute *attribute, bool *found, const struct nt_onnx_reader *r,
                           const char *name);
enum nt_status nt_onnx_get_integer(int64_t *value, const struct nt_onnx_reader *r, const char *name);
enum nt_status nt_onnx_get_number(float *value, const struct nt_onnx_reader *r, const char *name);
enum nt_status nt_onnx_get_word(struct nt_onnx_text *value, const struct nt_onnx_reader *r, const char *name);
/* `count` numbers from 0 to NT_NET_MAX_WINDOW. */
enum nt_status nt_onnx_get_sides(uint32_t *side, uint32_t count, const struct nt_onnx_reader *r, const char *name);

/* ---- Its output. ---- */

/* Says what the node's first output is. */
enum nt_status nt_onnx_means(struct nt_onnx_reader *r, const struct nt_onnx_meaning *meaning);
/* Adds a layer that takes layer `from` (and `second`, of a sum), and is the node's output. */
enum nt_status nt_onnx_add(struct nt_onnx_reader *r, struct nt_layer layer, uint32_t from, uint32_t second);
/* The same without being the output; the layer is then the last planned. */
enum nt_status nt_onnx_plan(struct nt_onnx_reader *r, struct nt_layer layer, uint32_t from, uint32_t second);

/* How many needed nodes take a value; the graph's output counts as one. *node is the last of them. */
uint32_t nt_onnx_users(const struct nt_onnx_reader *r, struct nt_onnx_text name, uint32_t *node);

/* ---- Weights. ---- */

/* Reads the weights of all layers into a network that has been allocated. */
enum nt_status nt_onnx_load(struct nt_onnx_reader *r);

#endif
