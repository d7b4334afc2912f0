/* Networks: parameters allocated and packed. */
#include "net/network.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Winograd's transforms pay where there are many channels. Its vectors of inputs are whole ones, whatever the target.
 */
static bool filtered(const struct nt_net_layer *l) {
    return l->layer.kind == NT_LAYER_CONV2D && !l->general && l->layer.kernel == 3 && l->inputs % NT_PANEL == 0 &&
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

/* Each group is packed by itself. */
static enum nt_status allocate_general(nt_net *net, struct nt_net_layer *l) {
    size_t groups = l->layer.groups, panels = nt_net_panels(l->outputs / groups);
    l->taps = true;
    if (l->depthwise) {
        return NT_OK;
    }
    l->packed = nt_allocate(net->allocator, groups * panels, l->terms * sizeof(float));
    l->packed_bias = nt_allocate(net->allocator, groups * panels, sizeof(float));
    l->backward = nt_allocate(net->allocator, nt_net_panels(l->terms), l->outputs * sizeof(float));
    return l->packed != NULL && l->packed_bias != NULL && l->backward != NULL ? NT_OK : NT_E_MEMORY;
}

static enum nt_status allocate_layer(nt_net *net, struct nt_net_layer *l) {
    if (l->general) {
        return allocate_general(net, l);
    }
    size_t panels = nt_net_panels(l->outputs), kernel = l->layer.kind == NT_LAYER_CONV2D ? l->layer.kernel : 1;
    l->taps = nt_net_panels(l->terms) < kernel * kernel * nt_net_panels(l->inputs);
    size_t backward =
        l->taps ? nt_net_panels(l->terms) * l->outputs : nt_net_panels(l->inputs) * kernel * kernel * l->outputs;
    l->packed = nt_allocate(net->allocator, panels * l->terms, sizeof(float));
    l->packed_bias = nt_allocate(net->allocator, panels, sizeof(float));
    l->backward = nt_allocate(net->allocator, backward, sizeof(float));
    return l->packed != NULL && l->packed_bias != NULL && l->backward != NULL ? allocate_fast(net, l) : NT_E_MEMORY;
}

/* Where the parameters lie, and memory for them in other orders. */
static enum nt_status allocate_layers(nt_net *net) {
    float *at = net->values;
    for (uint32_t i = 1; i < net->layers; i++) {
        struct nt_net_layer *l = &net->layer[i];
        size_t biases = l->layer.kind == NT_LAYER_BATCHNORM2D ? l->in.channels : l->outputs;
        if (l->layer.parameters == 0) {
            continue;
        }
        l->weight = at;
        l->bias = l->layer.no_bias ? net->zeros : at + l->layer.parameters - biases;
        at += l->layer.parameters;
        if (l->outputs > 0) {
            NT_TRY(allocate_layer(net, l));
        }
    }
    return NT_OK;
}

enum nt_status nt_net_allocate(nt_net *net, struct nt_error *error) {
    size_t widest = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        widest = nt_net_max(widest, nt_net_max(l->terms, l->outputs)); /* at least as many as inputs */
    }
    net->values = nt_allocate_zeroed(net->allocator, (size_t)net->parameters, sizeof(float));
    net->zeros = nt_allocate_zeroed(net->allocator, nt_net_panels(widest), sizeof(float));
    enum nt_status status = net->values != NULL && net->zeros != NULL ? allocate_layers(net) : NT_E_MEMORY;
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

/* The same layers, names worked out anew: each is one farther from the input. */
static void copy_layers(struct nt_layer *layer, const nt_net *net) {
    for (uint32_t l = 1; l < net->layers; l++) {
        layer[l - 1] = net->layer[l].layer;
        if (!net->layer[l].named) {
            layer[l - 1].name[0] = 0;
        }
    }
}

static enum nt_status copy_classes(nt_net *to, const nt_net *net, struct nt_error *error) {
    size_t bytes = nt_net_classes(net) * sizeof *net->classes;
    if (net->classes == NULL) {
        return NT_OK;
    }
    to->classes = nt_allocate(to->allocator, bytes, 1);
    if (to->classes == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for class names");
    }
    memcpy(to->classes, net->classes, bytes);
    return NT_OK;
}

enum nt_status nt_net_normalise(nt_net **normalised, const nt_net *net, const float *mean, const float *deviation,
                                const struct nt_allocator *allocator, struct nt_error *error) {
    struct nt_layer layer[NT_NET_MAX_LAYERS] = {{.kind = NT_LAYER_BATCHNORM2D, .name = "Normalise"}};
    uint32_t channels = net->layer[0].layer.shape.channels;
    *normalised = NULL;
    for (uint32_t c = 0; c < channels; c++) {
        if (!(deviation[c] > 1e-6f && deviation[c] < 1e6f && fabsf(mean[c]) < 1e6f)) {
            return nt_error_set(error, NT_E_VALUE, "channel %u: a mean of %g and a deviation of %g", c, (double)mean[c],
                                (double)deviation[c]);
        }
    }
    copy_layers(layer + 1, net);
    NT_TRY(nt_net_create(normalised, net->layer[0].layer.shape, layer, net->layers, allocator, error));
    nt_net *made = *normalised;
    for (uint32_t c = 0; c < channels; c++) {
        made->layer[1].weight[c] = 1 / deviation[c];
        made->layer[1].bias[c] = -mean[c] / deviation[c];
    }
    memcpy(made->values + 2 * (size_t)channels, net->values, (size_t)net->parameters * sizeof(float));
    nt_net_changed(made);
    enum nt_status status = copy_classes(made, net, error);
    if (status != NT_OK) {
        nt_net_free(made);
        *normalised = NULL;
    }
    return status;
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

uint32_t nt_net_logits(const nt_net *net) {
    const struct nt_net_layer *last = &net->layer[net->layers - 1];
    bool soft = last->layer.kind == NT_LAYER_SOFTMAX || last->layer.kind == NT_LAYER_LOGSOFTMAX;
    return soft ? last->from[0] : net->layers - 1;
}

uint32_t nt_net_from(const nt_net *net, uint32_t layer, uint32_t which) {
    assert(layer > 0 && layer < net->layers && which < net->layer[layer].inputs_count);
    return net->layer[layer].from[which];
}

bool nt_net_same(const nt_net *net, uint32_t layer) {
    assert(layer < net->layers);
    return net->layer[layer].same;
}

bool nt_net_trainable(const nt_net *net) { return net->trainable; }

float *nt_net_values(nt_net *net) { return net->values; }

const char *nt_net_class(const nt_net *net, uint32_t label) {
    return net->classes != NULL && label < nt_net_classes(net) ? net->classes[label] : NULL;
}

void nt_net_set_direct(nt_net *net, bool direct) {
    net->direct = direct;
    nt_net_changed(net);
}
