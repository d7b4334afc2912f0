/* Plans of networks: shapes worked out and checked, names, parameter counts, and who needs whose values for how long.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "net/network.h"

enum { PLAIN_KINDS = NT_LAYER_LINEAR + 1 };

const char *nt_layer_kind_name(enum nt_layer_kind kind) {
    static const char *const names[NT_LAYER_KIND_COUNT] = {
        "input",       "conv2d",    "relu", "maxpool2d", "flatten",   "linear",
        "batchnorm2d", "leakyrelu", "gelu", "silu",      "avgpool2d", "globalavgpool2d",
        "dropout",     "identity",  "add",  "softmax",   "logsoftmax"};
    return (unsigned)kind < NT_LAYER_KIND_COUNT ? names[kind] : "unknown";
}

/* Where a layer stands while it is planned. */
struct planned {
    struct nt_net_layer *l;
    uint32_t number;
    struct nt_error *error;
};

/* Product of three numbers, or one beyond the limit where it passes it. */
static uint64_t product(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t beyond = (uint64_t)NT_NET_MAX_SIZE + 1;
    uint64_t ab = a != 0 && b > beyond / a ? beyond : a * b;
    return ab != 0 && c > beyond / ab ? beyond : ab * c;
}

static enum nt_status set_shape(const struct planned *p, struct nt_shape shape) {
    struct nt_layer *layer = &p->l->layer;
    uint64_t size = product(shape.channels, shape.height, shape.width);
    if (size == 0 || size > NT_NET_MAX_SIZE) {
        return nt_error_set(p->error, NT_E_SHAPE, "layer %u (%s): %u x %u x %u values; expected 1 to %d", p->number,
                            nt_layer_kind_name(layer->kind), shape.channels, shape.height, shape.width,
                            NT_NET_MAX_SIZE);
    }
    layer->shape = shape;
    layer->size = (uint32_t)size;
    return NT_OK;
}

static enum nt_status keep_shape(const struct planned *p, const char *name) {
    if (p->l->layer.name[0] == 0) {
        (void)snprintf(p->l->layer.name, sizeof p->l->layer.name, "%s", name);
    }
    return set_shape(p, p->l->in);
}

static enum nt_status set_parameters(const struct planned *p, uint64_t terms) {
    struct nt_net_layer *l = p->l;
    uint64_t weights = product(terms, l->outputs, 1), biases = l->layer.no_bias ? 0 : l->outputs;
    if (weights + biases > NT_NET_MAX_SIZE) {
        return nt_error_set(p->error, NT_E_SHAPE, "layer %u (%s): more than %d parameters", p->number,
                            nt_layer_kind_name(l->layer.kind), NT_NET_MAX_SIZE);
    }
    l->terms = (size_t)terms;
    l->layer.parameters = (uint32_t)(weights + biases);
    return NT_OK;
}

/* ---- Windows. ---- */

static bool in_range(const uint32_t *value, int count, uint32_t least) {
    bool good = true;
    for (int i = 0; i < count; i++) {
        good = good && value[i] >= least && value[i] <= NT_NET_MAX_WINDOW;
    }
    return good;
}

/* The window in full, from the short form where that is what was given. */
static enum nt_status set_window(const struct planned *p, const struct nt_layer *given) {
    struct nt_window *w = &p->l->layer.window;
    bool pooling = given->kind != NT_LAYER_CONV2D, full = given->window.kernel[0] != 0 || given->window.kernel[1] != 0;
    *w = given->window;
    for (int way = 0; way < 2; way++) {
        if (!full) {
            w->kernel[way] = given->kernel;
            w->stride[way] = pooling ? given->kernel : 1;
            w->pad[way] = pooling || given->kernel == 0 ? 0 : (given->kernel - 1) / 2;
            w->pad[way + 2] = pooling ? 0 : given->kernel / 2;
        }
        w->stride[way] += w->stride[way] == 0;
        w->dilation[way] += w->dilation[way] == 0;
    }
    if (!in_range(w->kernel, 2, 1) || !in_range(w->stride, 2, 1) || !in_range(w->dilation, 2, 1) ||
        !in_range(w->pad, 4, 0)) {
        return nt_error_set(
            p->error, NT_E_SHAPE,
            "layer %u (%s): a kernel of %u x %u, stride %u x %u, dilation %u x %u, padding %u %u %u %u; "
            "expected sides from 1 to %d",
            p->number, nt_layer_kind_name(given->kind), w->kernel[0], w->kernel[1], w->stride[0], w->stride[1],
            w->dilation[0], w->dilation[1], w->pad[0], w->pad[1], w->pad[2], w->pad[3], NT_NET_MAX_WINDOW);
    }
    p->l->layer.kernel = w->kernel[0] == w->kernel[1] ? w->kernel[0] : 0;
    return NT_OK;
}

static uint32_t reach_of(const struct nt_window *w, int way) { return w->dilation[way] * (w->kernel[way] - 1) + 1; }

/* Places of a window along one direction, 0 where it is larger than what it slides over. With `ceil` the last one may
 * stand out at the end, but must begin in the image or in the padding before it, as PyTorch has it. */
static uint32_t places_of(const struct nt_window *w, int way, uint32_t side, bool ceil) {
    uint32_t padded = side + w->pad[way] + w->pad[way + 2], reach = reach_of(w, way), stride = w->stride[way];
    if (reach > padded) {
        return 0;
    }
    uint32_t places = (padded - reach + (ceil ? stride - 1 : 0)) / stride + 1;
    return places - (ceil && (places - 1) * stride >= side + w->pad[way]);
}

static enum nt_status slide(const struct planned *p, struct nt_shape *shape, bool ceil) {
    const struct nt_window *w = &p->l->layer.window;
    shape->height = places_of(w, 0, p->l->in.height, ceil);
    shape->width = places_of(w, 1, p->l->in.width, ceil);
    if (shape->height == 0 || shape->width == 0) {
        return nt_error_set(p->error, NT_E_SHAPE, "layer %u (%s): a window of %u x %u over %u x %u values", p->number,
                            nt_layer_kind_name(p->l->layer.kind), reach_of(w, 0), reach_of(w, 1), p->l->in.height,
                            p->l->in.width);
    }
    return NT_OK;
}

/* "Conv2d(3,64,7,stride 2": what all windows have in common; `more` comes before the sides, without a comma at its
 * end. */
static size_t name_window(char *name, size_t room, const char *begin, const struct nt_window *w, uint32_t usual) {
    const uint32_t *const sides[] = {w->kernel, w->stride, w->dilation};
    static const char *const words[] = {"", ",stride ", ",dilation "};
    size_t used = (size_t)snprintf(name, room, "%s", begin);
    for (int i = 0; i < 3; i++) {
        const uint32_t *side = sides[i];
        uint32_t silent = i == 0 ? 0 : i == 1 ? usual : 1;
        if (used >= room || (side[0] == silent && side[1] == silent)) {
            continue;
        }
        used += (size_t)snprintf(name + used, room - used, side[0] == side[1] ? "%s%u" : "%s%ux%u", words[i], side[0],
                                 side[1]);
    }
    return used < room ? used : room - 1;
}

static void name_convolution(struct nt_net_layer *l) {
    char begin[32];
    size_t room = sizeof l->layer.name;
    (void)snprintf(begin, sizeof begin, "Conv2d(%u,%u,", l->in.channels, (uint32_t)l->outputs);
    size_t used = name_window(l->layer.name, room, begin, &l->layer.window, 1);
    if (l->layer.groups > 1) {
        used += (size_t)snprintf(l->layer.name + used, room - used, ",groups %u", l->layer.groups);
    }
    if (used < room) {
        (void)snprintf(l->layer.name + used, room - used, ")");
    }
}

/* The kinds that the fast kernels know: odd, square, as large as its margins, stepping by one. */
static bool is_plain(const struct nt_net_layer *l) {
    const struct nt_window *w = &l->layer.window;
    bool plain = l->layer.groups == 1 && l->layer.kernel % 2 == 1;
    for (int i = 0; i < 4; i++) {
        plain = plain && w->pad[i] == w->kernel[0] / 2 && w->stride[i % 2] == 1 && w->dilation[i % 2] == 1;
    }
    return plain;
}

static enum nt_status plan_conv2d(const struct planned *p, const struct nt_layer *given) {
    struct nt_net_layer *l = p->l;
    const struct nt_window *w = &l->layer.window;
    uint32_t outputs = given->shape.channels, groups = given->groups + (given->groups == 0);
    struct nt_shape shape = {outputs, 0, 0};
    NT_TRY(set_window(p, given));
    if (l->in.channels % groups != 0 || outputs % groups != 0) {
        return nt_error_set(p->error, NT_E_SHAPE,
                            "layer %u (conv2d): %u groups do not divide %u channels and %u outputs", p->number, groups,
                            l->in.channels, outputs);
    }
    NT_TRY(slide(p, &shape, false));
    l->layer.groups = groups;
    l->layer.no_bias = given->no_bias;
    l->inputs = l->in.channels;
    l->outputs = outputs;
    NT_TRY(set_shape(p, shape));
    if (product(l->in.channels, l->in.height + w->pad[0] + w->pad[2], l->in.width + w->pad[1] + w->pad[3]) >
        NT_NET_MAX_SIZE) {
        return nt_error_set(p->error, NT_E_SHAPE, "layer %u (conv2d): its padded input passes %d values", p->number,
                            NT_NET_MAX_SIZE);
    }
    l->general = !is_plain(l);
    l->depthwise = groups == l->in.channels && groups == outputs && groups > 1;
    if (l->layer.name[0] == 0) {
        name_convolution(l);
    }
    return set_parameters(p, product(w->kernel[0], w->kernel[1], l->in.channels / groups));
}

static enum nt_status plan_pool(const struct planned *p, const struct nt_layer *given) {
    struct nt_net_layer *l = p->l;
    struct nt_shape shape = {l->in.channels, 0, 0};
    const struct nt_window *w = &l->layer.window;
    bool mean = given->kind == NT_LAYER_AVGPOOL2D, plain = !mean;
    if (given->window.kernel[0] == 0 && given->kernel == 0) {
        return nt_error_set(p->error, NT_E_SHAPE, "layer %u (%s): a window of 0", p->number,
                            nt_layer_kind_name(given->kind));
    }
    NT_TRY(set_window(p, given));
    l->layer.ceil = given->ceil;
    l->layer.skip_pad = mean && given->skip_pad;
    NT_TRY(slide(p, &shape, given->ceil));
    const uint32_t sides[2] = {l->in.height, l->in.width}, places[2] = {shape.height, shape.width};
    for (int way = 0; way < 2; way++) { /* some of each window is in the image */
        uint32_t pad = w->pad[way], hop = w->dilation[way], last = (places[way] - 1) * w->stride[way];
        if (pad >= reach_of(w, way) || last >= sides[way] + pad || (hop > 1 && (mean || hop > sides[way]))) {
            return nt_error_set(p->error, NT_E_SHAPE,
                                "layer %u (%s): a window of %u x %u with padding %u and %u, dilation %u", p->number,
                                nt_layer_kind_name(given->kind), w->kernel[0], w->kernel[1], pad, w->pad[way + 2], hop);
        }
        plain = plain && w->stride[way] == l->layer.kernel && hop == 1 && pad + w->pad[way + 2] == 0;
    }
    l->general =
        !plain || shape.height != l->in.height / l->layer.kernel || shape.width != l->in.width / l->layer.kernel;
    if (l->layer.name[0] == 0) {
        size_t room = sizeof l->layer.name, used;
        used = name_window(l->layer.name, room, mean ? "AvgPool2d(" : "MaxPool2d(", w, l->layer.kernel);
        (void)snprintf(l->layer.name + used, room - used, ")");
    }
    return set_shape(p, shape);
}

/* ---- Other kinds. ---- */

static enum nt_status plan_linear(const struct planned *p, const struct nt_layer *given) {
    struct nt_net_layer *l = p->l;
    if (l->in.height != 1 || l->in.width != 1) {
        return nt_error_set(p->error, NT_E_SHAPE,
                            "layer %u: a linear layer after %u x %u x %u values; flatten them first", p->number,
                            l->in.channels, l->in.height, l->in.width);
    }
    l->inputs = l->in.channels;
    l->outputs = given->shape.channels;
    l->layer.no_bias = given->no_bias;
    NT_TRY(set_shape(p, (struct nt_shape){given->shape.channels, 1, 1}));
    if (l->layer.name[0] == 0) {
        (void)snprintf(l->layer.name, sizeof l->layer.name, "Linear(%u,%u)", l->in.channels, given->shape.channels);
    }
    return set_parameters(p, l->inputs);
}

static enum nt_status plan_norm(const struct planned *p) {
    char name[64];
    (void)snprintf(name, sizeof name, "BatchNorm%dd(%u)", p->l->flat ? 1 : 2, p->l->in.channels);
    p->l->layer.parameters = 2 * p->l->in.channels;
    return keep_shape(p, name);
}

static enum nt_status plan_leaky(const struct planned *p, const struct nt_layer *given) {
    char name[64];
    if (!isfinite(given->slope)) {
        return nt_error_set(p->error, NT_E_VALUE, "layer %u (leakyrelu): a slope of %f", p->number,
                            (double)given->slope);
    }
    p->l->layer.slope = given->slope;
    (void)snprintf(name, sizeof name, "LeakyReLU(%g)", (double)given->slope);
    return keep_shape(p, name);
}

static enum nt_status plan_add(const struct planned *p, const struct nt_net *net) {
    char name[64];
    uint32_t a = p->l->from[0], b = p->l->from[1], other = a + 1 == p->number ? b : a;
    const struct nt_layer *first = &net->layer[a].layer, *second = &net->layer[b].layer;
    bool same_order = memcmp(&first->order, &second->order, sizeof first->order) == 0;
    if (memcmp(&first->shape, &second->shape, sizeof first->shape) != 0 || !same_order) {
        return nt_error_set(
            p->error, NT_E_SHAPE, "layer %u (add): layer %u has %u x %u x %u values, layer %u %u x %u x %u%s",
            p->number, a, first->shape.channels, first->shape.height, first->shape.width, b, second->shape.channels,
            second->shape.height, second->shape.width, same_order ? "" : ", flattened from other shapes");
    }
    if (a + 1 == p->number || b + 1 == p->number) {
        (void)snprintf(name, sizeof name, "Add(layer %u)", other);
    } else {
        (void)snprintf(name, sizeof name, "Add(layers %u, %u)", a, b);
    }
    return keep_shape(p, name);
}

static enum nt_status plan_kind(const struct planned *p, const struct nt_net *net, const struct nt_layer *given) {
    switch (given->kind) {
    case NT_LAYER_CONV2D:
        return plan_conv2d(p, given);
    case NT_LAYER_MAXPOOL2D:
    case NT_LAYER_AVGPOOL2D:
        return plan_pool(p, given);
    case NT_LAYER_LINEAR:
        return plan_linear(p, given);
    case NT_LAYER_BATCHNORM2D:
        return plan_norm(p);
    case NT_LAYER_LEAKYRELU:
        return plan_leaky(p, given);
    case NT_LAYER_ADD:
        return plan_add(p, net);
    case NT_LAYER_FLATTEN:
        NT_TRY(keep_shape(p, "Flatten"));
        return set_shape(p, (struct nt_shape){p->l->layer.size, 1, 1});
    case NT_LAYER_GLOBALAVGPOOL2D:
        NT_TRY(keep_shape(p, "GlobalAvgPool2d"));
        p->l->layer.window = (struct nt_window){{p->l->in.height, p->l->in.width}, {1, 1}, {1, 1}, {0}};
        return set_shape(p, (struct nt_shape){p->l->in.channels, 1, 1});
    case NT_LAYER_GELU:
        p->l->layer.tanh = given->tanh;
        return keep_shape(p, given->tanh ? "GELU(tanh)" : "GELU");
    case NT_LAYER_RELU:
        return keep_shape(p, "ReLU");
    case NT_LAYER_SILU:
        return keep_shape(p, "SiLU");
    case NT_LAYER_DROPOUT:
        return keep_shape(p, "Dropout");
    case NT_LAYER_IDENTITY:
        return keep_shape(p, "Identity");
    case NT_LAYER_SOFTMAX:
        return keep_shape(p, "Softmax");
    case NT_LAYER_LOGSOFTMAX:
        return keep_shape(p, "LogSoftmax");
    default:
        return nt_error_set(p->error, NT_E_ARG, "layer %u: kind %d cannot follow the input", p->number,
                            (int)given->kind);
    }
}

/* Of what a flattened layer lies in the order; a linear layer gives a new one. */
static struct nt_shape order_of(const struct nt_net_layer *l, const struct nt_layer *input) {
    bool keeps = l->layer.kind != NT_LAYER_LINEAR && l->flat;
    struct nt_shape plain = {l->layer.shape.channels, 1, 1};
    return !keeps ? plain : l->layer.kind == NT_LAYER_FLATTEN && l->in.height * l->in.width > 1 ? l->in : input->order;
}

static enum nt_status plan_layer(nt_net *net, uint32_t number, const struct nt_layer *given, struct nt_error *error) {
    struct nt_net_layer *l = &net->layer[number];
    const struct planned p = {l, number, error};
    uint32_t inputs = given->kind == NT_LAYER_ADD ? 2 : 1;
    l->layer.kind = given->kind;
    memcpy(l->layer.name, given->name, sizeof l->layer.name);
    l->layer.name[sizeof l->layer.name - 1] = 0;
    l->named = l->layer.name[0] != 0;
    for (uint32_t i = 0; i < inputs; i++) {
        uint32_t back = given->back[i] + (given->back[i] == 0);
        if (back > number) {
            return nt_error_set(error, NT_E_ARG, "layer %u: its input lies %u layers before it", number, back);
        }
        l->layer.back[i] = back;
        l->from[i] = number - back;
        l->flat = l->flat || net->layer[l->from[i]].flat;
    }
    l->inputs_count = inputs;
    l->in = net->layer[l->from[0]].layer.shape;
    if (l->flat && (given->kind == NT_LAYER_CONV2D || given->kind == NT_LAYER_MAXPOOL2D ||
                    given->kind == NT_LAYER_AVGPOOL2D || given->kind == NT_LAYER_GLOBALAVGPOOL2D)) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u: %s of flattened values", number,
                            nt_layer_kind_name(given->kind));
    }
    l->flat = l->flat || given->kind == NT_LAYER_FLATTEN || given->kind == NT_LAYER_LINEAR;
    l->same = given->kind == NT_LAYER_FLATTEN || given->kind == NT_LAYER_DROPOUT || given->kind == NT_LAYER_IDENTITY;
    NT_TRY(plan_kind(&p, net, given));
    l->layer.order = order_of(l, &net->layer[l->from[0]].layer);
    return NT_OK;
}

/* ---- The whole. ---- */

/* How many layers take each one's values, and the last that needs them: what passes values on as they are leaves them
 * where they lie. */
static void plan_uses(nt_net *net) {
    for (uint32_t i = net->layers - 1; i > 0; i--) {
        struct nt_net_layer *l = &net->layer[i];
        l->last = l->last > i ? l->last : i;
        for (uint32_t k = 0; k < l->inputs_count; k++) {
            struct nt_net_layer *input = &net->layer[l->from[k]];
            uint32_t needed = l->same ? l->last : i;
            input->last = input->last > needed ? input->last : needed;
            input->users++;
            input->top = input->top > i ? input->top : i;
        }
    }
}

/* Activations that are there at the same time, at most, and gradients: layer i's own, those of layers before it that
 * its inputs are or that later layers have passed something back to, and one to be added. */
static void plan_room(nt_net *net) {
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        uint32_t live = 1, gradients = 1, more = 0;
        for (uint32_t j = 0; j < i; j++) {
            const struct nt_net_layer *other = &net->layer[j];
            bool input = j == l->from[0] || (l->inputs_count == 2 && j == l->from[1]);
            live += j > 0 && !other->same && other->last >= i;
            gradients += input || other->top > i;
            more |= input && other->top > i;
        }
        net->slots = live > net->slots ? live : net->slots;
        net->back_slots = gradients + more > net->back_slots ? gradients + more : net->back_slots;
    }
}

/* The last layer before the first linear one, or the last of all: up to it samples go one by one. What comes after it
 * must go in rows, and know nothing of what came before it. */
static void plan_head(nt_net *net) {
    uint32_t l = 1;
    while (l < net->layers && net->layer[l].layer.kind != NT_LAYER_LINEAR) {
        l++;
    }
    net->head = l - 1;
    for (; l < net->layers; l++) {
        enum nt_layer_kind kind = net->layer[l].layer.kind;
        bool rows = kind != NT_LAYER_CONV2D && kind != NT_LAYER_MAXPOOL2D && kind != NT_LAYER_AVGPOOL2D &&
                    kind != NT_LAYER_GLOBALAVGPOOL2D;
        for (uint32_t k = 0; k < net->layer[l].inputs_count; k++) {
            rows = rows && net->layer[l].from[k] >= net->head;
        }
        if (!rows) {
            net->head = net->layers - 1;
            return;
        }
    }
}

static void plan_windows(nt_net *net) {
    net->trainable = net->chain = true;
    for (uint32_t i = 1; i < net->layers; i++) {
        struct nt_net_layer *l = &net->layer[i];
        bool alone = l->from[0] + 1 == i && l->layer.kind != NT_LAYER_ADD;
        net->chain = net->chain && alone;
        net->trainable =
            net->trainable && alone && (int)l->layer.kind < PLAIN_KINDS && !l->general && !l->layer.no_bias;
        if (i + 2 < net->layers) {
            bool follow = l->users == 1 && l[1].users == 1 && l[1].from[0] == i && l[2].from[0] == i + 1;
            l->windows = follow && l->layer.kind == NT_LAYER_CONV2D && !l->general &&
                         l[1].layer.kind == NT_LAYER_RELU && l[2].layer.kind == NT_LAYER_MAXPOOL2D && !l[2].general &&
                         l[2].layer.kernel == 2;
        }
        l->rectified = l->outputs > 0 && i + 1 < net->layers && l->users == 1 && l[1].layer.kind == NT_LAYER_RELU &&
                       l[1].from[0] == i;
    }
}

enum nt_status nt_net_plan_start(nt_net *net, struct nt_shape input, struct nt_error *error) {
    struct nt_net_layer *first = &net->layer[0];
    const struct planned p = {first, 0, error};
    net->layers = 1;
    first->layer.kind = NT_LAYER_INPUT;
    (void)snprintf(first->layer.name, sizeof first->layer.name, "Input");
    first->layer.order = (struct nt_shape){input.channels, 1, 1};
    return set_shape(&p, input);
}

enum nt_status nt_net_plan_layer(nt_net *net, const struct nt_layer *layer, struct nt_error *error) {
    if (net->layers == NT_NET_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "more than %d layers after the input", NT_NET_MAX_LAYERS - 1);
    }
    NT_TRY(plan_layer(net, net->layers, layer, error));
    net->parameters += net->layer[net->layers].layer.parameters;
    net->layers++;
    return NT_OK;
}

void nt_net_plan_finish(nt_net *net) {
    plan_uses(net);
    plan_room(net);
    plan_head(net);
    plan_windows(net);
}

enum nt_status nt_net_plan(nt_net *net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                           struct nt_error *error) {
    if (layers == 0 || layers >= NT_NET_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers after the input; expected 1 to %d", layers,
                            NT_NET_MAX_LAYERS - 1);
    }
    NT_TRY(nt_net_plan_start(net, input, error));
    for (uint32_t l = 0; l < layers; l++) {
        NT_TRY(nt_net_plan_layer(net, &layer[l], error));
    }
    nt_net_plan_finish(net);
    return NT_OK;
}
