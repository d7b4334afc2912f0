/* ONNX operators that are layers. */
#include <inttypes.h>
#include <string.h>

#include "net/onnx.h"

static const struct nt_layer *layer_at(const struct nt_onnx_reader *r, uint32_t layer) {
    return &r->net->layer[layer].layer;
}

/* Adds a layer without anything to it, and makes it the output. */
static enum nt_status add_plain(struct nt_onnx_reader *r, enum nt_layer_kind kind) {
    uint32_t from;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    return nt_onnx_add(r, (struct nt_layer){.kind = kind}, from, 0);
}

static enum nt_status read_relu(struct nt_onnx_reader *r) { return add_plain(r, NT_LAYER_RELU); }

static enum nt_status read_leaky(struct nt_onnx_reader *r) {
    uint32_t from;
    float slope = 0.01f;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_get_number(&slope, r, "alpha"));
    return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_LEAKYRELU, .slope = slope}, from, 0);
}

static enum nt_status read_gelu(struct nt_onnx_reader *r) {
    uint32_t from;
    struct nt_onnx_text word = {"none", 4};
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_get_word(&word, r, "approximate"));
    bool tanh = nt_onnx_is(word, "tanh");
    if (!tanh && !nt_onnx_is(word, "none")) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "approximate is '%s'; expected none or tanh", nt_onnx_show(word).text);
    }
    return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_GELU, .tanh = tanh}, from, 0);
}

/* ---- Windows. ---- */

/* Padding that makes an output of ceil(side / stride), of which the odd one goes to the end or to the beginning. */
static void pad_same(struct nt_window *w, const struct nt_layer *input, bool upper) {
    const uint32_t side[2] = {input->shape.height, input->shape.width};
    for (int way = 0; way < 2; way++) {
        uint64_t stride = w->stride[way] + (w->stride[way] == 0);
        uint64_t reach = (w->dilation[way] + (uint64_t)(w->dilation[way] == 0)) * (w->kernel[way] - 1) + 1;
        uint64_t needed = ((side[way] + stride - 1) / stride - 1) * stride + reach;
        uint32_t both = needed > side[way] ? (uint32_t)(needed - side[way]) : 0;
        w->pad[way] = upper ? both / 2 : both - both / 2;
        w->pad[way + 2] = both - w->pad[way];
    }
}

/* `pad` is what pads the input before. */
static enum nt_status read_window(struct nt_window *w, const struct nt_onnx_reader *r, uint32_t from,
                                  const uint32_t pad[4]) {
    struct nt_onnx_text word = {"NOTSET", 6};
    NT_TRY(nt_onnx_get_sides(w->kernel, 2, r, "kernel_shape"));
    NT_TRY(nt_onnx_get_sides(w->stride, 2, r, "strides"));
    NT_TRY(nt_onnx_get_sides(w->dilation, 2, r, "dilations"));
    NT_TRY(nt_onnx_get_sides(w->pad, 4, r, "pads"));
    NT_TRY(nt_onnx_get_word(&word, r, "auto_pad"));
    bool upper = nt_onnx_is(word, "SAME_UPPER"), lower = nt_onnx_is(word, "SAME_LOWER");
    if (w->kernel[0] == 0 || w->kernel[1] == 0) {
        return nt_onnx_refuse(r, NT_E_SHAPE, "a kernel of %u x %u", w->kernel[0], w->kernel[1]);
    }
    if (upper || lower) {
        pad_same(w, layer_at(r, from), upper);
    } else if (nt_onnx_is(word, "VALID")) {
        memset(w->pad, 0, sizeof w->pad);
    } else if (!nt_onnx_is(word, "NOTSET")) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "auto_pad is '%s'", nt_onnx_show(word).text);
    }
    for (int i = 0; i < 4; i++) {
        if (pad[i] > 0 && (upper || lower)) {
            return nt_onnx_refuse(r, NT_E_FORMAT, "auto_pad of an input that is padded already");
        }
        w->pad[i] += pad[i];
    }
    return NT_OK;
}

static enum nt_status check_shape(const struct nt_onnx_reader *r, const struct nt_onnx_tensor *t, uint32_t dimensions,
                                  const uint64_t *wanted, const char *what) {
    bool same = t->dimensions == dimensions;
    for (uint32_t d = 0; same && d < dimensions; d++) {
        same = t->shape[d] == wanted[d];
    }
    uint64_t shown[4] = {0}, expected[4] = {0};
    for (uint32_t d = 0; d < 4; d++) {
        shown[d] = d < t->dimensions ? t->shape[d] : 1;
        expected[d] = d < dimensions ? wanted[d] : 1;
    }
    return same ? NT_OK
                : nt_onnx_refuse(r, NT_E_SHAPE,
                                 "its %s '%s' has %u dimensions, %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64
                                 "; expected %u, %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64,
                                 what, nt_onnx_show(t->name).text, t->dimensions, shown[0], shown[1], shown[2],
                                 shown[3], dimensions, expected[0], expected[1], expected[2], expected[3]);
}

static enum nt_status read_conv(struct nt_onnx_reader *r) {
    uint32_t from, number = r->net->layers;
    int64_t groups = 1;
    struct nt_onnx_tensor weight, bias = {.items = 0};
    struct nt_layer layer = {.kind = NT_LAYER_CONV2D, .no_bias = !nt_onnx_given(r, 2)};
    struct nt_window *w = &layer.window;
    uint32_t pad[4] = {0};
    NT_TRY(nt_onnx_input_padded(&from, pad, r, 0));
    NT_TRY(nt_onnx_input_tensor(&weight, r, 1, "weight"));
    NT_TRY(nt_onnx_get_integer(&groups, r, "group"));
    if (weight.dimensions != 4) {
        return nt_onnx_refuse(r, NT_E_SHAPE, "its weight '%s' has %u dimensions; expected 4, as for images",
                              nt_onnx_show(weight.name).text, weight.dimensions);
    }
    for (int way = 0; way < 2; way++) {
        w->kernel[way] = weight.shape[way + 2] <= NT_NET_MAX_WINDOW ? (uint32_t)weight.shape[way + 2] : 0;
    }
    uint32_t channels = layer_at(r, from)->shape.channels;
    if (groups < 1 || groups > channels || weight.shape[0] > NT_NET_MAX_SIZE) {
        return nt_onnx_refuse(r, NT_E_SHAPE, "%" PRId64 " groups of %u channels, %" PRIu64 " outputs", groups, channels,
                              weight.shape[0]);
    }
    NT_TRY(read_window(w, r, from, pad));
    layer.groups = (uint32_t)groups;
    layer.shape.channels = (uint32_t)weight.shape[0];
    const uint64_t wanted[4] = {weight.shape[0], channels / (uint32_t)groups, w->kernel[0], w->kernel[1]};
    NT_TRY(check_shape(r, &weight, 4, wanted, "weight"));
    if (!layer.no_bias) {
        NT_TRY(nt_onnx_input_tensor(&bias, r, 2, "bias"));
        NT_TRY(check_shape(r, &bias, 1, wanted, "bias"));
    }
    NT_TRY(nt_onnx_add(r, layer, from, 0));
    r->weights[number] = (struct nt_onnx_weights){.weight = weight, .bias = bias, .has_bias = !layer.no_bias};
    return NT_OK;
}

static enum nt_status read_pool(struct nt_onnx_reader *r, enum nt_layer_kind kind) {
    uint32_t from;
    int64_t ceil = 0, include = 0;
    uint32_t pad[4] = {0}, own[4] = {0};
    struct nt_layer layer = {.kind = kind};
    bool mean = kind == NT_LAYER_AVGPOOL2D;
    NT_TRY(mean ? nt_onnx_input_padded(&from, pad, r, 0) : nt_onnx_input_layer(&from, r, 0));
    NT_TRY(read_window(&layer.window, r, from, pad));
    NT_TRY(nt_onnx_get_sides(own, 4, r, "pads"));
    NT_TRY(nt_onnx_get_integer(&ceil, r, "ceil_mode"));
    NT_TRY(nt_onnx_get_integer(&include, r, "count_include_pad"));
    layer.ceil = ceil != 0;
    layer.skip_pad = include == 0 && pad[0] + pad[1] + pad[2] + pad[3] == 0;
    if (include == 0 && !layer.skip_pad && own[0] + own[1] + own[2] + own[3] > 0) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "pads an input that is padded already, and counts only one of both");
    }
    return nt_onnx_add(r, layer, from, 0);
}

/* Zeros around an image, for the layer after it. */
static enum nt_status read_pad(struct nt_onnx_reader *r) {
    struct nt_onnx_attribute attribute = {.integers = 0};
    struct nt_onnx_meaning meaning = {.kind = NT_ONNX_PADDED};
    struct nt_onnx_text mode = {"constant", 8};
    int64_t side[NT_ONNX_MAX_SIZES] = {0};
    uint32_t sides = 0;
    float filler = 0;
    double given = 0;
    bool found = true;
    NT_TRY(nt_onnx_input_layer(&meaning.layer, r, 0));
    NT_TRY(nt_onnx_get_word(&mode, r, "mode"));
    NT_TRY(nt_onnx_get_number(&filler, r, "value"));
    if (nt_onnx_given(r, 1)) {
        NT_TRY(nt_onnx_input_sizes(side, &sides, r, 1));
    } else {
        NT_TRY(nt_onnx_get(&attribute, &found, r, "pads"));
        sides = attribute.integers;
        memcpy(side, attribute.list, sizeof attribute.list);
    }
    NT_TRY(nt_onnx_given(r, 2) ? nt_onnx_input_scalar(&given, &found, r, 2) : NT_OK);
    bool zeros = found && filler == 0 && given == 0 && nt_onnx_is(mode, "constant"), none = true;
    for (uint32_t i = 0; i < NT_ONNX_MAX_SIZES; i++) { /* batch, channels, height, width, at both ends */
        zeros = zeros && side[i] >= 0 && side[i] <= (i % 4 < 2 ? 0 : NT_NET_MAX_WINDOW);
        none = none && side[i] == 0;
        meaning.pad[i / 4 * 2 + i % 2] = i % 4 < 2 || !zeros ? meaning.pad[i / 4 * 2 + i % 2] : (uint32_t)side[i];
    }
    if (sides != 8 || !zeros) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "only padding of height and width with constant zeros is read");
    }
    meaning.kind = none ? NT_ONNX_LAYER : NT_ONNX_PADDED;
    return nt_onnx_means(r, &meaning);
}

static enum nt_status read_max_pool(struct nt_onnx_reader *r) { return read_pool(r, NT_LAYER_MAXPOOL2D); }
static enum nt_status read_average_pool(struct nt_onnx_reader *r) { return read_pool(r, NT_LAYER_AVGPOOL2D); }
static enum nt_status read_global_pool(struct nt_onnx_reader *r) { return add_plain(r, NT_LAYER_GLOBALAVGPOOL2D); }

/* The mean over height and width, which may then leave a vector. */
static enum nt_status read_mean(struct nt_onnx_reader *r) {
    struct nt_onnx_attribute attribute = {.integers = 0};
    bool found = false;
    uint32_t from, axes = 0;
    int64_t axis[NT_ONNX_MAX_SIZES] = {0}, keep = 1;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_get_integer(&keep, r, "keepdims"));
    if (nt_onnx_given(r, 1)) {
        NT_TRY(nt_onnx_input_sizes(axis, &axes, r, 1));
    } else {
        NT_TRY(nt_onnx_get(&attribute, &found, r, "axes"));
        axes = attribute.integers;
        memcpy(axis, attribute.list, sizeof attribute.list);
    }
    bool both = axes == 2 && (axis[0] - axis[1] == 1 || axis[1] - axis[0] == 1);
    for (uint32_t i = 0; both && i < 2; i++) {
        both = axis[i] == 2 || axis[i] == 3 || axis[i] == -1 || axis[i] == -2;
    }
    if (!both || r->net->layer[from].flat) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "only a mean over height and width, axes 2 and 3, is read");
    }
    if (keep != 0) {
        return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_GLOBALAVGPOOL2D}, from, 0);
    }
    NT_TRY(nt_onnx_plan(r, (struct nt_layer){.kind = NT_LAYER_GLOBALAVGPOOL2D}, from, 0));
    return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_FLATTEN}, r->net->layers - 1, 0);
}

static enum nt_status read_norm(struct nt_onnx_reader *r) {
    static const char *const names[4] = {"scale", "bias", "mean", "variance"};
    uint32_t from, number = r->net->layers;
    int64_t training = 0, spatial = 1;
    float eps = 1e-5f;
    struct nt_onnx_weights w = {.has_bias = true};
    struct nt_onnx_tensor *const tensor[4] = {&w.weight, &w.bias, &w.mean, &w.variance};
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_get_integer(&training, r, "training_mode"));
    NT_TRY(nt_onnx_get_integer(&spatial, r, "spatial"));
    NT_TRY(nt_onnx_get_number(&eps, r, "epsilon"));
    if (training != 0 || spatial != 1) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "in training mode; export the network in evaluation mode: net.eval()");
    }
    const uint64_t wanted[1] = {layer_at(r, from)->shape.channels};
    for (uint32_t i = 0; i < 4; i++) {
        NT_TRY(nt_onnx_input_tensor(tensor[i], r, i + 1, names[i]));
        NT_TRY(check_shape(r, tensor[i], 1, wanted, names[i]));
    }
    w.eps = (double)eps;
    NT_TRY(nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_BATCHNORM2D}, from, 0));
    r->weights[number] = w;
    return NT_OK;
}

/* ---- Vectors. ---- */

static enum nt_status need_vector(const struct nt_onnx_reader *r, uint32_t from) {
    const struct nt_layer *input = layer_at(r, from);
    return r->net->layer[from].flat
               ? NT_OK
               : nt_onnx_refuse(r, NT_E_SHAPE, "its input is %u x %u x %u; expected a vector: flatten it first",
                                input->shape.channels, input->shape.height, input->shape.width);
}

static enum nt_status read_flatten(struct nt_onnx_reader *r) {
    uint32_t from;
    int64_t axis = 1;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_get_integer(&axis, r, "axis"));
    int64_t rank = r->net->layer[from].flat ? 2 : 4;
    if (axis != 1 && axis + rank != 1) {
        return nt_onnx_refuse(r, NT_E_SHAPE, "axis %" PRId64 "; expected 1", axis);
    }
    return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_FLATTEN}, from, 0);
}

static enum nt_status read_reshape(struct nt_onnx_reader *r) {
    uint32_t from, sizes;
    int64_t size[NT_ONNX_MAX_SIZES] = {0}, zero = 0;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_input_sizes(size, &sizes, r, 1));
    NT_TRY(nt_onnx_get_integer(&zero, r, "allowzero"));
    int64_t all = layer_at(r, from)->size;
    bool batch = size[0] == NT_ONNX_BATCH || size[0] == -1 || (size[0] == 0 && zero == 0) ||
                 (r->batch > 0 && size[0] == r->batch);
    bool rest = size[1] == all || (size[1] == -1 && size[0] != -1);
    if (sizes != 2 || !batch || !rest) {
        return nt_onnx_refuse(r, NT_E_SHAPE,
                              "into %u dimensions, %" PRId64 " x %" PRId64 "; only flattening to batch x %" PRId64
                              " is read",
                              sizes, size[0] == NT_ONNX_BATCH ? -1 : size[0], size[1], all);
    }
    return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_FLATTEN}, from, 0);
}

/* Over all values of a vector, or over the channels of an image. Before version 13 everything from the axis on counted
 * as one vector. */
static enum nt_status read_softmax(struct nt_onnx_reader *r, enum nt_layer_kind kind) {
    uint32_t from;
    int64_t axis = r->model.opset < 13 ? 1 : -1;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_get_integer(&axis, r, "axis"));
    const struct nt_shape *shape = &layer_at(r, from)->shape;
    int64_t rank = r->net->layer[from].flat ? 2 : 4;
    bool pixels = shape->height * shape->width > 1;
    axis += axis < 0 ? rank : 0;
    if (axis != 1 || (pixels && r->model.opset < 13)) {
        return nt_onnx_refuse(r, NT_E_SHAPE,
                              "over axis %" PRId64 " of %u x %u x %u values; expected axis 1, the channels", axis,
                              shape->channels, shape->height, shape->width);
    }
    return nt_onnx_add(r, (struct nt_layer){.kind = kind}, from, 0);
}

static enum nt_status read_plain_softmax(struct nt_onnx_reader *r) { return read_softmax(r, NT_LAYER_SOFTMAX); }
static enum nt_status read_log_softmax(struct nt_onnx_reader *r) { return read_softmax(r, NT_LAYER_LOGSOFTMAX); }

/* Plans a linear layer from `weight`, [outputs, inputs] or the other way round. */
static enum nt_status plan_linear(struct nt_onnx_reader *r, uint32_t from, struct nt_onnx_weights *w) {
    uint64_t inputs = layer_at(r, from)->size, outputs = w->weight.shape[!w->by_input ? 0 : 1];
    const uint64_t wanted[2] = {w->by_input ? inputs : outputs, w->by_input ? outputs : inputs};
    NT_TRY(need_vector(r, from));
    NT_TRY(check_shape(r, &w->weight, 2, wanted, "weight"));
    bool one = w->bias.items == 1, row = w->bias.items == outputs && w->bias.dimensions <= 2 &&
                                         w->bias.dimensions > 0 && w->bias.shape[w->bias.dimensions - 1] == outputs;
    if (outputs > NT_NET_MAX_SIZE || (w->has_bias && !one && !row)) {
        return nt_onnx_refuse(r, NT_E_SHAPE, "its bias '%s' has %" PRIu64 " values; expected %" PRIu64,
                              nt_onnx_show(w->bias.name).text, w->bias.items, outputs);
    }
    const struct nt_layer layer = {
        .kind = NT_LAYER_LINEAR, .shape.channels = (uint32_t)outputs, .no_bias = !w->has_bias};
    NT_TRY(nt_onnx_plan(r, layer, from, 0));
    r->weights[r->net->layers - 1] = *w;
    return NT_OK;
}

static enum nt_status linear_is(struct nt_onnx_reader *r) {
    return nt_onnx_means(r, &(struct nt_onnx_meaning){.kind = NT_ONNX_LAYER, .layer = r->net->layers - 1});
}

static enum nt_status read_gemm(struct nt_onnx_reader *r) {
    uint32_t from;
    int64_t turned_input = 0, turned = 0;
    struct nt_onnx_weights w = {.weight_factor = 1, .bias_factor = 1, .has_bias = nt_onnx_given(r, 2)};
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_input_tensor(&w.weight, r, 1, "weight"));
    NT_TRY(w.has_bias ? nt_onnx_input_tensor(&w.bias, r, 2, "bias") : NT_OK);
    NT_TRY(nt_onnx_get_integer(&turned_input, r, "transA"));
    NT_TRY(nt_onnx_get_integer(&turned, r, "transB"));
    NT_TRY(nt_onnx_get_number(&w.weight_factor, r, "alpha"));
    NT_TRY(nt_onnx_get_number(&w.bias_factor, r, "beta"));
    if (turned_input != 0 || w.weight_factor == 0 || w.bias_factor == 0) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "transA %" PRId64 ", alpha %g, beta %g", turned_input,
                              (double)w.weight_factor, (double)w.bias_factor);
    }
    w.by_input = turned == 0;
    NT_TRY(plan_linear(r, from, &w));
    return linear_is(r);
}

/* The bias that an Add after this node adds, where nothing else takes its output; that node is then done. */
static enum nt_status take_bias(struct nt_onnx_reader *r, struct nt_onnx_weights *w, uint32_t *add) {
    uint32_t user, users = nt_onnx_users(r, r->node->output[0], &user);
    const struct nt_onnx_node *node = &r->model.node[user];
    *add = 0;
    if (users != 1 || user <= r->number || !nt_onnx_is(node->type, "Add") || node->inputs != 2) {
        return NT_OK;
    }
    struct nt_onnx_text other = node->input[nt_onnx_same(node->input[0], r->node->output[0])];
    for (uint32_t i = 0; i < r->meanings; i++) {
        if (nt_onnx_same(r->meaning[i].name, other) && r->meaning[i].kind == NT_ONNX_TENSOR) {
            w->bias = r->meaning[i].tensor;
            w->has_bias = true;
        }
    }
    const struct nt_onnx_tensor *tensor = nt_onnx_find(&r->model, other);
    if (tensor != NULL) {
        w->bias = *tensor;
        w->has_bias = true;
    }
    *add = w->has_bias ? user : 0;
    return NT_OK;
}

static enum nt_status read_matmul(struct nt_onnx_reader *r) {
    uint32_t from, add;
    struct nt_onnx_weights w = {.by_input = true};
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    NT_TRY(nt_onnx_input_tensor(&w.weight, r, 1, "weight"));
    NT_TRY(take_bias(r, &w, &add));
    NT_TRY(plan_linear(r, from, &w));
    if (add == 0) {
        return linear_is(r);
    }
    const struct nt_onnx_node *matmul = r->node;
    r->node = &r->model.node[add];
    enum nt_status status = linear_is(r);
    r->node = matmul;
    r->needed[add] = false;
    return status;
}

/* ---- Nothing. ---- */

static enum nt_status read_identity(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning meaning;
    NT_TRY(nt_onnx_input(&meaning, r, 0));
    return meaning.kind == NT_ONNX_LAYER
               ? nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_IDENTITY}, meaning.layer, 0)
               : nt_onnx_means(r, &meaning);
}

static enum nt_status read_dropout(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning meaning;
    bool training = false;
    if (nt_onnx_given(r, 2)) {
        NT_TRY(nt_onnx_input(&meaning, r, 2));
        training = meaning.kind != NT_ONNX_TENSOR || !nt_onnx_false(&meaning.tensor);
    }
    if (training) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "in training mode; export the network in evaluation mode: net.eval()");
    }
    return add_plain(r, NT_LAYER_DROPOUT);
}

const struct nt_onnx_operator nt_onnx_layers[] = {
    {"Conv", "auto_pad dilations group kernel_shape pads strides", 2, 3, read_conv},
    {"BatchNormalization", "epsilon momentum training_mode spatial", 5, 5, read_norm},
    {"Relu", "", 1, 1, read_relu},
    {"LeakyRelu", "alpha", 1, 1, read_leaky},
    {"Gelu", "approximate", 1, 1, read_gelu},
    {"MaxPool", "auto_pad ceil_mode dilations kernel_shape pads storage_order strides", 1, 1, read_max_pool},
    {"AveragePool", "auto_pad ceil_mode count_include_pad dilations kernel_shape pads strides", 1, 1,
     read_average_pool},
    {"Pad", "mode pads value", 1, 3, read_pad},
    {"GlobalAveragePool", "", 1, 1, read_global_pool},
    {"ReduceMean", "axes keepdims", 1, 2, read_mean},
    {"Flatten", "axis", 1, 1, read_flatten},
    {"Reshape", "allowzero", 2, 2, read_reshape},
    {"Gemm", "alpha beta transA transB", 2, 3, read_gemm},
    {"MatMul", "", 2, 2, read_matmul},
    {"Dropout", "ratio seed", 1, 3, read_dropout},
    {"Identity", "", 1, 1, read_identity},
    {"Softmax", "axis", 1, 1, read_plain_softmax},
    {"LogSoftmax", "axis", 1, 1, read_log_softmax},
    {NULL, NULL, 0, 0, NULL}};
