/* Inputs, attributes and outputs of ONNX nodes, and the weights that they name. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/onnx.h"
#include "net/torch.h"

enum nt_status nt_onnx_refuse(const struct nt_onnx_reader *r, enum nt_status status, const char *format, ...) {
    char text[448];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return nt_error_set(r->model.error, status, "%s: byte %zu: node '%s' (%s): %s", r->model.name, r->node->offset,
                        nt_onnx_show(r->node->name).text, nt_onnx_show(r->node->type).text, text);
}

/* ---- Inputs. ---- */

bool nt_onnx_given(const struct nt_onnx_reader *r, uint32_t input) {
    return input < r->node->inputs && r->node->input[input].size > 0;
}

enum nt_status nt_onnx_input(struct nt_onnx_meaning *meaning, const struct nt_onnx_reader *r, uint32_t input) {
    struct nt_onnx_text name = input < r->node->inputs ? r->node->input[input] : (struct nt_onnx_text){NULL, 0};
    for (uint32_t i = 0; name.size > 0 && i < r->meanings; i++) {
        if (nt_onnx_same(r->meaning[i].name, name)) {
            *meaning = r->meaning[i];
            return NT_OK;
        }
    }
    const struct nt_onnx_tensor *tensor = name.size > 0 ? nt_onnx_find(&r->model, name) : NULL;
    if (tensor != NULL) {
        *meaning = (struct nt_onnx_meaning){.name = name, .kind = NT_ONNX_TENSOR, .tensor = *tensor};
        return NT_OK;
    }
    return nt_onnx_refuse(r, NT_E_FORMAT, "its input '%s' is given by no node before it", nt_onnx_show(name).text);
}

enum nt_status nt_onnx_input_layer(uint32_t *layer, const struct nt_onnx_reader *r, uint32_t input) {
    struct nt_onnx_meaning meaning;
    NT_TRY(nt_onnx_input(&meaning, r, input));
    *layer = meaning.layer;
    switch (meaning.kind) {
    case NT_ONNX_LAYER:
        return NT_OK;
    case NT_ONNX_PART:
        return nt_onnx_refuse(r, NT_E_FORMAT,
                              "its input '%s' is not a layer's values but a part of an activation function, and not of "
                              "GELU or SiLU as they are read",
                              nt_onnx_show(meaning.name).text);
    case NT_ONNX_PADDED:
        return nt_onnx_refuse(
            r, NT_E_FORMAT, "its input '%s' is padded, which only Conv and AveragePool with their padding counted take",
            nt_onnx_show(meaning.name).text);
    default:
        return nt_onnx_refuse(r, NT_E_FORMAT, "its input '%s' is constant; expected a layer's values",
                              nt_onnx_show(meaning.name).text);
    }
}

enum nt_status nt_onnx_input_padded(uint32_t *layer, uint32_t pad[4], const struct nt_onnx_reader *r, uint32_t input) {
    struct nt_onnx_meaning meaning;
    NT_TRY(nt_onnx_input(&meaning, r, input));
    if (meaning.kind != NT_ONNX_PADDED) {
        return nt_onnx_input_layer(layer, r, input);
    }
    *layer = meaning.layer;
    for (int i = 0; i < 4; i++) {
        pad[i] += meaning.pad[i];
    }
    return NT_OK;
}

enum nt_status nt_onnx_input_tensor(struct nt_onnx_tensor *tensor, const struct nt_onnx_reader *r, uint32_t input,
                                    const char *what) {
    struct nt_onnx_meaning meaning;
    NT_TRY(nt_onnx_input(&meaning, r, input));
    *tensor = meaning.tensor;
    return meaning.kind == NT_ONNX_TENSOR
               ? NT_OK
               : nt_onnx_refuse(r, NT_E_FORMAT, "its %s '%s' is computed; expected a constant", what,
                                nt_onnx_show(meaning.name).text);
}

enum nt_status nt_onnx_input_scalar(double *value, bool *found, const struct nt_onnx_reader *r, uint32_t input) {
    struct nt_onnx_meaning meaning;
    float number = 0;
    NT_TRY(nt_onnx_input(&meaning, r, input));
    *found = meaning.kind == NT_ONNX_TENSOR && meaning.tensor.items == 1;
    NT_TRY(*found ? nt_onnx_floats(&number, &r->model, &meaning.tensor) : NT_OK);
    *value = (double)number;
    return NT_OK;
}

enum nt_status nt_onnx_input_sizes(int64_t size[NT_ONNX_MAX_SIZES], uint32_t *sizes, const struct nt_onnx_reader *r,
                                   uint32_t input) {
    struct nt_onnx_meaning meaning;
    NT_TRY(nt_onnx_input(&meaning, r, input));
    if (meaning.kind == NT_ONNX_TENSOR && meaning.tensor.items <= NT_ONNX_MAX_SIZES) {
        *sizes = (uint32_t)meaning.tensor.items;
        return nt_onnx_integers(size, &r->model, &meaning.tensor);
    }
    *sizes = meaning.sizes;
    memcpy(size, meaning.size, sizeof meaning.size);
    return meaning.kind == NT_ONNX_SIZES
               ? NT_OK
               : nt_onnx_refuse(r, NT_E_FORMAT, "its input '%s' is not a few sizes that are known",
                                nt_onnx_show(meaning.name).text);
}

/* ---- Attributes. ---- */

enum nt_status nt_onnx_get(struct nt_onnx_attribute *attribute, bool *found, const struct nt_onnx_reader *r,
                           const char *name) {
    struct nt_error cause = {0};
    struct nt_onnx_model model = r->model;
    model.error = &cause;
    enum nt_status status = nt_onnx_attribute(attribute, found, &model, r->node, name);
    const char *text = strstr(cause.text, ": ") != NULL ? cause.text + strlen(model.name) + 2 : cause.text;
    return status == NT_OK ? NT_OK : nt_onnx_refuse(r, status, "%s", text);
}

enum nt_status nt_onnx_get_integer(int64_t *value, const struct nt_onnx_reader *r, const char *name) {
    struct nt_onnx_attribute attribute;
    bool found;
    NT_TRY(nt_onnx_get(&attribute, &found, r, name));
    *value = found ? attribute.integer : *value;
    return NT_OK;
}

enum nt_status nt_onnx_get_number(float *value, const struct nt_onnx_reader *r, const char *name) {
    struct nt_onnx_attribute attribute;
    bool found;
    NT_TRY(nt_onnx_get(&attribute, &found, r, name));
    *value = found ? attribute.number : *value;
    return *value - *value == 0 ? NT_OK : nt_onnx_refuse(r, NT_E_VALUE, "%s is %f", name, (double)*value);
}

enum nt_status nt_onnx_get_word(struct nt_onnx_text *value, const struct nt_onnx_reader *r, const char *name) {
    struct nt_onnx_attribute attribute;
    bool found;
    NT_TRY(nt_onnx_get(&attribute, &found, r, name));
    *value = found ? attribute.text : *value;
    return NT_OK;
}

enum nt_status nt_onnx_get_sides(uint32_t *side, uint32_t count, const struct nt_onnx_reader *r, const char *name) {
    struct nt_onnx_attribute attribute;
    bool found;
    NT_TRY(nt_onnx_get(&attribute, &found, r, name));
    if (!found) {
        return NT_OK;
    }
    if (attribute.integers != count) {
        return nt_onnx_refuse(r, NT_E_SHAPE, "%s has %u numbers; expected %u, as for images", name, attribute.integers,
                              count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (attribute.list[i] < 0 || attribute.list[i] > NT_NET_MAX_WINDOW) {
            return nt_onnx_refuse(r, NT_E_SHAPE, "%s: %" PRId64 "; expected 0 to %d", name, attribute.list[i],
                                  NT_NET_MAX_WINDOW);
        }
        side[i] = (uint32_t)attribute.list[i];
    }
    return NT_OK;
}

/* ---- Outputs. ---- */

enum nt_status nt_onnx_means(struct nt_onnx_reader *r, const struct nt_onnx_meaning *meaning) {
    struct nt_onnx_text name = r->node->output[0];
    for (uint32_t i = 0; i < r->meanings; i++) {
        if (nt_onnx_same(r->meaning[i].name, name)) {
            return nt_onnx_refuse(r, NT_E_FORMAT, "gives '%s', which is there already", nt_onnx_show(name).text);
        }
    }
    r->meaning[r->meanings] = *meaning;
    r->meaning[r->meanings++].name = name;
    return NT_OK;
}

enum nt_status nt_onnx_plan(struct nt_onnx_reader *r, struct nt_layer layer, uint32_t from, uint32_t second) {
    struct nt_error cause = {0};
    layer.back[0] = r->net->layers - from;
    layer.back[1] = layer.kind == NT_LAYER_ADD ? r->net->layers - second : 0;
    enum nt_status status = nt_net_plan_layer(r->net, &layer, &cause);
    return status == NT_OK ? NT_OK : nt_onnx_refuse(r, status == NT_E_ARG ? NT_E_FORMAT : status, "%s", cause.text);
}

enum nt_status nt_onnx_add(struct nt_onnx_reader *r, struct nt_layer layer, uint32_t from, uint32_t second) {
    NT_TRY(nt_onnx_plan(r, layer, from, second));
    return nt_onnx_means(r, &(struct nt_onnx_meaning){.kind = NT_ONNX_LAYER, .layer = r->net->layers - 1});
}

/* ---- Weights. ---- */

/* A bias may be given once for all. */
static enum nt_status load_bias(struct nt_net_layer *l, const struct nt_onnx_reader *r,
                                const struct nt_onnx_weights *w) {
    NT_TRY(nt_onnx_floats(l->bias, &r->model, &w->bias));
    for (size_t o = 0; o < l->outputs; o++) {
        l->bias[o] = w->bias.items == 1 ? l->bias[0] : l->bias[o];
    }
    for (size_t o = 0; o < l->outputs && w->bias_factor != 0; o++) {
        l->bias[o] *= w->bias_factor;
    }
    return NT_OK;
}

static enum nt_status load_weight(struct nt_onnx_reader *r, uint32_t number, float *room) {
    const struct nt_onnx_weights *w = &r->weights[number];
    struct nt_net_layer *l = &r->net->layer[number];
    struct nt_shape shape = nt_torch_kernel(r->net, number);
    size_t count = l->terms * l->outputs, area = (size_t)shape.height * shape.width;
    NT_TRY(nt_onnx_floats(room, &r->model, &w->weight));
    for (size_t i = 0; i < count && w->weight_factor != 0; i++) {
        room[i] *= w->weight_factor;
    }
    if (!w->by_input) {
        nt_torch_read(l->weight, room, shape, l->outputs);
    }
    for (size_t t = 0; w->by_input && t < l->terms; t++) {
        size_t own = t % area * shape.channels + t / area;
        memcpy(l->weight + own * l->outputs, room + t * l->outputs, l->outputs * sizeof *room);
    }
    return w->has_bias ? load_bias(l, r, w) : NT_OK;
}

static enum nt_status load_norm(struct nt_onnx_reader *r, uint32_t number, float *room) {
    const struct nt_onnx_weights *w = &r->weights[number];
    size_t channels = r->net->layer[number].in.channels;
    const struct nt_onnx_tensor *const tensor[4] = {&w->weight, &w->bias, &w->mean, &w->variance};
    for (size_t i = 0; i < 4; i++) {
        NT_TRY(nt_onnx_floats(room + i * channels, &r->model, tensor[i]));
    }
    const struct nt_torch_norm norm = {room, room + channels, room + 2 * channels, room + 3 * channels, w->eps};
    size_t bad = nt_torch_fold(r->net, number, &norm, room + 4 * channels);
    return bad == channels
               ? NT_OK
               : nt_error_set(r->model.error, NT_E_VALUE,
                              "%s: byte %zu: tensor '%s': value %zu is %g, with epsilon %g: no factor of float32",
                              r->model.name, w->variance.offset, nt_onnx_show(w->variance.name).text, bad,
                              (double)norm.variance[bad], w->eps);
}

enum nt_status nt_onnx_load(struct nt_onnx_reader *r) {
    size_t most = 1;
    for (uint32_t i = 1; i < r->net->layers; i++) {
        const struct nt_net_layer *l = &r->net->layer[i];
        most = nt_net_max(most, l->outputs > 0 ? l->terms * l->outputs : 6 * (size_t)l->in.channels);
    }
    float *room = nt_allocate(r->model.allocator, most, sizeof *room);
    enum nt_status status = room != NULL ? NT_OK : NT_E_MEMORY;
    for (uint32_t i = 1; i < r->net->layers && status == NT_OK; i++) {
        const struct nt_net_layer *l = &r->net->layer[i];
        status = l->layer.kind == NT_LAYER_BATCHNORM2D ? load_norm(r, i, room)
                 : l->outputs > 0                      ? load_weight(r, i, room)
                                                       : NT_OK;
    }
    nt_release(r->model.allocator, room);
    return status;
}
