/* Networks: shapes worked out and checked, parameters allocated and packed. */
#include "net/network.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *nt_layer_kind_name(enum nt_layer_kind kind) {
    static const char *const names[NT_LAYER_KIND_COUNT] = {"input", "conv2d", "relu", "maxpool2d", "flatten", "linear"};
    return (unsigned)kind < NT_LAYER_KIND_COUNT ? names[kind] : "unknown";
}

/* Product of three numbers, or one beyond the limit where it passes it. */
static uint64_t product(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t beyond = (uint64_t)NT_NET_MAX_SIZE + 1;
    uint64_t ab = a != 0 && b > beyond / a ? beyond : a * b;
    return ab != 0 && c > beyond / ab ? beyond : ab * c;
}

static enum nt_status set_shape(struct nt_layer *layer, struct nt_shape shape, uint32_t number,
                                struct nt_error *error) {
    uint64_t size = product(shape.channels, shape.height, shape.width);
    if (size == 0 || size > NT_NET_MAX_SIZE) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u (%s): %u x %u x %u values; expected 1 to %d", number,
                            nt_layer_kind_name(layer->kind), shape.channels, shape.height, shape.width,
                            NT_NET_MAX_SIZE);
    }
    layer->shape = shape;
    layer->size = (uint32_t)size;
    return NT_OK;
}

static enum nt_status set_parameters(struct nt_net_layer *l, uint32_t number, struct nt_error *error) {
    size_t kernel = l->layer.kind == NT_LAYER_CONV2D ? l->layer.kernel : 1;
    uint64_t terms = product(kernel, kernel, l->inputs), weights = product(terms, l->outputs, 1);
    if (weights + l->outputs > NT_NET_MAX_SIZE) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u (%s): more than %d parameters", number,
                            nt_layer_kind_name(l->layer.kind), NT_NET_MAX_SIZE);
    }
    l->terms = (size_t)terms;
    l->layer.parameters = (uint32_t)(weights + l->outputs);
    return NT_OK;
}

static enum nt_status plan_conv2d(struct nt_net_layer *l, uint32_t outputs, uint32_t number, struct nt_error *error) {
    if (l->layer.kernel % 2 == 0 || l->layer.kernel > 255) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u: a convolution's kernel of %u; expected an odd size up to 255",
                            number, l->layer.kernel);
    }
    l->inputs = l->in.channels;
    l->outputs = outputs;
    NT_TRY(set_shape(&l->layer, (struct nt_shape){outputs, l->in.height, l->in.width}, number, error));
    size_t margin = l->layer.kernel - 1;
    if (product(l->in.channels, l->in.height + margin, l->in.width + margin) > NT_NET_MAX_SIZE) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u: its padded input passes %d values", number, NT_NET_MAX_SIZE);
    }
    (void)snprintf(l->layer.name, sizeof l->layer.name, "Conv2d(%u,%u,%u)", l->in.channels, outputs, l->layer.kernel);
    return set_parameters(l, number, error);
}

static enum nt_status plan_linear(struct nt_net_layer *l, uint32_t outputs, uint32_t number, struct nt_error *error) {
    if (l->in.height != 1 || l->in.width != 1) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u: a linear layer after %u x %u x %u values; flatten them first",
                            number, l->in.channels, l->in.height, l->in.width);
    }
    l->inputs = l->in.channels;
    l->outputs = outputs;
    NT_TRY(set_shape(&l->layer, (struct nt_shape){outputs, 1, 1}, number, error));
    (void)snprintf(l->layer.name, sizeof l->layer.name, "Linear(%u,%u)", l->in.channels, outputs);
    return set_parameters(l, number, error);
}

static enum nt_status plan_maxpool2d(struct nt_net_layer *l, uint32_t number, struct nt_error *error) {
    uint32_t window = l->layer.kernel;
    if (window == 0 || window > l->in.height || window > l->in.width) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u: a pooling window of %u over %u x %u values", number, window,
                            l->in.height, l->in.width);
    }
    (void)snprintf(l->layer.name, sizeof l->layer.name, "MaxPool2d(%u)", window);
    return set_shape(&l->layer, (struct nt_shape){l->in.channels, l->in.height / window, l->in.width / window}, number,
                     error);
}

static enum nt_status plan_layer(nt_net *net, uint32_t number, const struct nt_layer *given, struct nt_error *error) {
    struct nt_net_layer *l = &net->layer[number];
    const struct nt_layer *before = &net->layer[number - 1].layer;
    l->layer.kind = given->kind;
    l->in = before->shape;
    l->flat = net->layer[number - 1].flat || given->kind == NT_LAYER_FLATTEN || given->kind == NT_LAYER_LINEAR;
    if (l->flat && (given->kind == NT_LAYER_CONV2D || given->kind == NT_LAYER_MAXPOOL2D)) {
        return nt_error_set(error, NT_E_SHAPE, "layer %u: %s of flattened values", number,
                            nt_layer_kind_name(given->kind));
    }
    switch (given->kind) {
    case NT_LAYER_CONV2D:
        l->layer.kernel = given->kernel;
        return plan_conv2d(l, given->shape.channels, number, error);
    case NT_LAYER_MAXPOOL2D:
        l->layer.kernel = given->kernel;
        return plan_maxpool2d(l, number, error);
    case NT_LAYER_LINEAR:
        return plan_linear(l, given->shape.channels, number, error);
    case NT_LAYER_RELU:
        (void)snprintf(l->layer.name, sizeof l->layer.name, "ReLU");
        return set_shape(&l->layer, l->in, number, error);
    case NT_LAYER_FLATTEN:
        (void)snprintf(l->layer.name, sizeof l->layer.name, "Flatten");
        return set_shape(&l->layer, (struct nt_shape){before->size, 1, 1}, number, error);
    default:
        return nt_error_set(error, NT_E_ARG, "layer %u: kind %d cannot follow the input", number, (int)given->kind);
    }
}

enum nt_status nt_net_plan(nt_net *net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                           struct nt_error *error) {
    if (layers == 0 || layers >= NT_NET_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers after the input; expected 1 to %d", layers,
                            NT_NET_MAX_LAYERS - 1);
    }
    net->layers = layers + 1;
    net->layer[0].layer.kind = NT_LAYER_INPUT;
    (void)snprintf(net->layer[0].layer.name, sizeof net->layer[0].layer.name, "Input");
    NT_TRY(set_shape(&net->layer[0].layer, input, 0, error));
    for (uint32_t l = 1; l <= layers; l++) {
        NT_TRY(plan_layer(net, l, &layer[l - 1], error));
        net->parameters += net->layer[l].layer.parameters;
    }
    for (uint32_t l = 1; l + 2 <= layers; l++) {
        const struct nt_layer *next = &net->layer[l + 1].layer, *third = &net->layer[l + 2].layer;
        net->layer[l].windows = net->layer[l].layer.kind == NT_LAYER_CONV2D && next->kind == NT_LAYER_RELU &&
                                third->kind == NT_LAYER_MAXPOOL2D && third->kernel == 2;
    }
    return NT_OK;
}

/* Winograd's transforms pay where there are many channels. Its vectors of inputs are whole ones, whatever the target.
 */
static bool filtered(const struct nt_net_layer *l) {
    return l->layer.kind == NT_LAYER_CONV2D && l->layer.kernel == 3 && l->inputs % NT_PANEL == 0 &&
           l->outputs >= NT_PANEL;
}

static enum nt_status allocate_fast(nt_net *net, struct nt_net_layer *l) {
    if (filtered(l)) {
        l->frequencies =
            nt_allocate(net->allocator, nt_net_panels(l->outputs) * NT_FREQUENCIES * l->inputs, sizeof(float));
    }
    if (l->windows) {
        size_t each = nt_net_patched(l) ? NT_PLACES * 16 : l->terms;
        l->spread = nt_allocate(net->allocator, l->outputs * each, sizeof(float));
    }
    return (filtered(l) && l->frequencies == NULL) || (l->windows && l->spread == NULL) ? NT_E_MEMORY : NT_OK;
}

static enum nt_status allocate_layer(nt_net *net, struct nt_net_layer *l) {
    size_t panels = nt_net_panels(l->outputs), kernel = l->layer.kind == NT_LAYER_CONV2D ? l->layer.kernel : 1;
    l->taps = nt_net_panels(l->terms) < kernel * kernel * nt_net_panels(l->inputs);
    size_t backward =
        l->taps ? nt_net_panels(l->terms) * l->outputs : nt_net_panels(l->inputs) * kernel * kernel * l->outputs;
    l->packed = nt_allocate(net->allocator, panels * l->terms, sizeof(float));
    l->packed_bias = nt_allocate(net->allocator, panels, sizeof(float));
    l->backward = nt_allocate(net->allocator, backward, sizeof(float));
    return l->packed != NULL && l->packed_bias != NULL && l->backward != NULL ? allocate_fast(net, l) : NT_E_MEMORY;
}

enum nt_status nt_net_allocate(nt_net *net, struct nt_error *error) {
    size_t widest = 0;
    net->values = nt_allocate_zeroed(net->allocator, (size_t)net->parameters, sizeof(float));
    enum nt_status status = net->values != NULL ? NT_OK : NT_E_MEMORY;
    float *at = net->values;
    for (uint32_t i = 1; i < net->layers && status == NT_OK; i++) {
        struct nt_net_layer *l = &net->layer[i];
        if (l->outputs > 0) {
            l->weight = at;
            l->bias = at + l->terms * l->outputs;
            at += l->layer.parameters;
            widest = l->terms > widest ? l->terms : widest; /* at least as many as inputs */
            status = allocate_layer(net, l);
        }
    }
    if (status == NT_OK) {
        net->zeros = nt_allocate_zeroed(net->allocator, nt_net_panels(widest), sizeof(float));
        status = net->zeros != NULL ? NT_OK : NT_E_MEMORY;
    }
    if (status != NT_OK) {
        return nt_error_set(error, status, "not enough memory for a network of %llu parameters",
                            (unsigned long long)net->parameters);
    }
    nt_net_changed(net);
    return NT_OK;
}

enum nt_status nt_net_create(nt_net **net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                             const struct nt_allocator *allocator, struct nt_error *error) {
    *net = NULL;
    nt_net *made = nt_allocate_zeroed(allocator, 1, sizeof *made);
    if (made == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for a network");
    }
    made->allocator = allocator;
    enum nt_status status = nt_net_plan(made, input, layer, layers, error);
    status = status == NT_OK ? nt_net_allocate(made, error) : status;
    if (status != NT_OK) {
        nt_net_free(made);
        return status;
    }
    *net = made;
    return NT_OK;
}

uint32_t nt_net_reference_layers(struct nt_layer *layer, struct nt_shape *input, uint32_t classes) {
    const struct nt_layer reference[] = {
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 16},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 32},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_CONV2D, .kernel = 3, .shape.channels = 32},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_MAXPOOL2D, .kernel = 2},
        {.kind = NT_LAYER_FLATTEN},
        {.kind = NT_LAYER_LINEAR, .shape.channels = 128},
        {.kind = NT_LAYER_RELU},
        {.kind = NT_LAYER_LINEAR, .shape.channels = classes},
    };
    memcpy(layer, reference, sizeof reference);
    *input = (struct nt_shape){1, 28, 28};
    return sizeof reference / sizeof reference[0];
}

enum nt_status nt_net_create_reference(nt_net **net, uint32_t classes, const struct nt_allocator *allocator,
                                       struct nt_error *error) {
    struct nt_layer layer[NT_NET_MAX_LAYERS];
    struct nt_shape input;
    uint32_t layers = nt_net_reference_layers(layer, &input, classes);
    return nt_net_create(net, input, layer, layers, allocator, error);
}

void nt_net_free(nt_net *net) {
    if (net == NULL) {
        return;
    }
    for (uint32_t i = 0; i < NT_NET_MAX_LAYERS; i++) {
        nt_release(net->allocator, net->layer[i].packed);
        nt_release(net->allocator, net->layer[i].packed_bias);
        nt_release(net->allocator, net->layer[i].backward);
        nt_release(net->allocator, net->layer[i].frequencies);
        nt_release(net->allocator, net->layer[i].spread);
    }
    nt_release(net->allocator, net->values);
    nt_release(net->allocator, net->zeros);
    nt_release(net->allocator, net->classes);
    nt_release(net->allocator, net);
}

uint32_t nt_net_layers(const nt_net *net) { return net->layers; }

const struct nt_layer *nt_net_layer(const nt_net *net, uint32_t layer) {
    assert(layer < net->layers);
    return &net->layer[layer].layer;
}

uint32_t nt_net_classes(const nt_net *net) { return net->layer[net->layers - 1].layer.size; }

uint64_t nt_net_parameters(const nt_net *net) { return net->parameters; }

float *nt_net_values(nt_net *net) { return net->values; }

const char *nt_net_class(const nt_net *net, uint32_t label) {
    return net->classes != NULL && label < nt_net_classes(net) ? net->classes[label] : NULL;
}

void nt_net_set_direct(nt_net *net, bool direct) {
    net->direct = direct;
    nt_net_changed(net);
}
