/* Networks as safetensors, with the names and layouts of torch.nn.Sequential. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "formats/json.h"
#include "net/describe.h"
#include "net/torch.h"
#include "ntrace/safetensors.h"

/* The tensors of a layer: weight and bias of convolutions and linear layers, all four of a normalisation. */
enum { TENSOR_WEIGHT, TENSOR_BIAS, TENSOR_MEAN, TENSOR_VARIANCE, TENSORS };

static bool has_tensor(const struct nt_net_layer *l, const struct nt_net_tensors *t, int which) {
    if (l->layer.kind == NT_LAYER_BATCHNORM2D) {
        return which >= TENSOR_MEAN || !t->plain;
    }
    return l->outputs > 0 && (which == TENSOR_WEIGHT || (which == TENSOR_BIAS && !l->layer.no_bias));
}

/* Name and shape of a layer's tensor as PyTorch has them. */
static void describe(struct nt_tensor *tensor, const nt_net *net, uint32_t number, const char *prefix, int which) {
    static const char *const names[TENSORS] = {"weight", "bias", "running_mean", "running_var"};
    const struct nt_net_layer *l = &net->layer[number];
    bool weight = which == TENSOR_WEIGHT && l->outputs > 0;
    struct nt_shape kernel = nt_torch_kernel(net, number);
    memset(tensor, 0, sizeof *tensor);
    (void)snprintf(tensor->name, sizeof tensor->name, "%s.%s", prefix, names[which]);
    tensor->type = NT_NPY_FLOAT32;
    tensor->shape[0] = l->outputs > 0 ? l->outputs : l->in.channels;
    tensor->dimensions = !weight ? 1 : l->layer.kind == NT_LAYER_CONV2D ? 4 : 2;
    if (weight) {
        tensor->shape[1] = l->layer.kind == NT_LAYER_CONV2D ? kernel.channels : l->inputs;
        tensor->shape[2] = kernel.height;
        tensor->shape[3] = kernel.width;
    }
}

static void shape_text(char *text, size_t room, const struct nt_tensor *t) {
    text[0] = 0;
    for (uint32_t d = 0, used = 0; d < t->dimensions && used < room - 32; d++) {
        used +=
            (uint32_t)snprintf(text + used, room - used, "%s%llu", d > 0 ? " x " : "", (unsigned long long)t->shape[d]);
    }
}

static enum nt_status check_tensor(const nt_safetensors *file, const struct nt_tensor *wanted, const char *name,
                                   struct nt_error *error) {
    const struct nt_tensor *found = nt_safetensors_find(file, wanted->name);
    size_t length = strlen(wanted->name);
    bool bias = length > 5 && strcmp(wanted->name + length - 5, ".bias") == 0;
    if (found == NULL) {
        return nt_error_set(error, NT_E_FORMAT, "%s: has no tensor '%s'%s", name, wanted->name,
                            bias ? " (where a layer has no bias, its description must say \"bias\": false)" : "");
    }
    if (found->type != NT_NPY_FLOAT32 && found->type != NT_NPY_FLOAT16 && found->type != NT_NPY_FLOAT64) {
        return nt_error_set(error, NT_E_FORMAT, "%s: tensor '%s' is %s; expected float32, float16 or float64", name,
                            wanted->name, nt_npy_type_name(found->type));
    }
    if (found->dimensions != wanted->dimensions ||
        memcmp(found->shape, wanted->shape, found->dimensions * sizeof *found->shape) != 0) {
        char shape[2][96];
        shape_text(shape[0], sizeof shape[0], found);
        shape_text(shape[1], sizeof shape[1], wanted);
        return nt_error_set(error, NT_E_SHAPE, "%s: tensor '%s' is %s; expected %s", name, wanted->name, shape[0],
                            shape[1]);
    }
    return nt_safetensors_check_finite(found, name, error);
}

/* How many batches a normalisation has seen says nothing about what it computes. */
static bool is_counter(const struct nt_tensor *tensor) {
    static const char end[] = ".num_batches_tracked";
    size_t length = strlen(tensor->name);
    return length >= sizeof end && strcmp(tensor->name + length - sizeof end + 1, end) == 0;
}

/* All tensors that the planned network needs are there, and no others. */
static enum nt_status check_tensors(const nt_net *net, const nt_safetensors *file, const struct nt_net_description *d,
                                    const char *name, struct nt_error *error) {
    uint32_t wanted = 0, found = 0;
    struct nt_tensor tensor;
    for (uint32_t i = 1; i < net->layers; i++) {
        for (int which = 0; which < TENSORS; which++) {
            if (has_tensor(&net->layer[i], &d->tensors[i - 1], which)) {
                describe(&tensor, net, i, d->tensors[i - 1].prefix, which);
                NT_TRY(check_tensor(file, &tensor, name, error));
                wanted++;
            }
        }
    }
    for (uint32_t t = 0; t < nt_safetensors_count(file); t++) {
        found += !is_counter(nt_safetensors_tensor(file, t));
    }
    if (found != wanted) {
        return nt_error_set(error, NT_E_FORMAT, "%s: holds %u tensors; its network has %u", name, found, wanted);
    }
    return NT_OK;
}

/* ---- Loading. ---- */

struct load {
    nt_net *net;
    const nt_safetensors *file;
    const struct nt_net_description *description;
    const char *name;
    struct nt_error *error;
    float *room; /* for the largest tensor */
};

/* A tensor's values in PyTorch's order, NULL where the layer has none. */
static const float *read_tensor(const struct load *load, float *room, uint32_t number, int which) {
    const struct nt_net_tensors *t = &load->description->tensors[number - 1];
    struct nt_tensor wanted;
    if (!has_tensor(&load->net->layer[number], t, which)) {
        return NULL;
    }
    describe(&wanted, load->net, number, t->prefix, which);
    const struct nt_tensor *tensor = nt_safetensors_find(load->file, wanted.name);
    nt_npy_to_float(room, tensor->data, tensor->type, (size_t)tensor->items);
    return room;
}

static enum nt_status load_norm(const struct load *load, uint32_t number) {
    const struct nt_net_tensors *t = &load->description->tensors[number - 1];
    size_t channels = load->net->layer[number].in.channels;
    const float *given[TENSORS];
    for (int which = 0; which < TENSORS; which++) {
        given[which] = read_tensor(load, load->room + (size_t)which * channels, number, which);
    }
    const struct nt_torch_norm norm = {given[TENSOR_WEIGHT], given[TENSOR_BIAS], given[TENSOR_MEAN],
                                       given[TENSOR_VARIANCE], t->eps};
    size_t bad = nt_torch_fold(load->net, number, &norm, load->room + (size_t)TENSORS * channels);
    if (bad < channels) {
        return nt_error_set(load->error, NT_E_VALUE,
                            "%s: tensor '%s.running_var': value %zu is %g, with eps %g: no factor of float32",
                            load->name, t->prefix, bad, (double)norm.variance[bad], t->eps);
    }
    return NT_OK;
}

/* float64 may hold more than float32 does. */
static enum nt_status check_values(const struct load *load) {
    const float *value = load->net->values;
    for (uint64_t i = 0; i < load->net->parameters; i++) {
        if (!isfinite(value[i])) {
            return nt_error_set(load->error, NT_E_VALUE, "%s: a weight is too large for float32", load->name);
        }
    }
    return NT_OK;
}

static enum nt_status load_values(struct load *load) {
    nt_net *net = load->net;
    size_t most = 1;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        bool norm = l->layer.kind == NT_LAYER_BATCHNORM2D;
        most = nt_net_max(most, norm ? (TENSORS + 2) * (size_t)l->in.channels : l->layer.parameters);
    }
    load->room = nt_allocate(net->allocator, most, sizeof *load->room);
    enum nt_status status = NT_OK;
    if (load->room == NULL) {
        return nt_error_set(load->error, NT_E_MEMORY, "%s: not enough memory to reorder its weights", load->name);
    }
    for (uint32_t i = 1; i < net->layers && status == NT_OK; i++) {
        struct nt_net_layer *l = &net->layer[i];
        if (l->layer.kind == NT_LAYER_BATCHNORM2D) {
            status = load_norm(load, i);
        } else if (l->outputs > 0) {
            nt_torch_read(l->weight, read_tensor(load, load->room, i, TENSOR_WEIGHT), nt_torch_kernel(net, i),
                          l->outputs);
            const float *bias = read_tensor(load, load->room, i, TENSOR_BIAS);
            if (bias != NULL) {
                memcpy(l->bias, bias, l->outputs * sizeof *bias);
            }
        }
    }
    nt_release(net->allocator, load->room);
    NT_TRY(status);
    NT_TRY(check_values(load));
    nt_net_changed(net);
    return NT_OK;
}

/* The reference network, whatever its number of classes. */
static enum nt_status assume_reference(struct nt_net_description *d, const nt_safetensors *file, const char *name,
                                       struct nt_error *error) {
    const struct nt_tensor *last = nt_safetensors_find(file, "12.bias");
    uint64_t classes = last != NULL && last->dimensions == 1 ? last->shape[0] : 0;
    if (classes == 0 || classes > NT_NET_MAX_SIZE) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: neither describes its network (ntrace.network) nor holds the reference network's "
                            "tensors: '12.bias' of one dimension is missing",
                            name);
    }
    d->layers = nt_net_reference_layers(d->layer, &d->input, (uint32_t)classes);
    for (uint32_t l = 0; l < d->layers; l++) {
        (void)snprintf(d->tensors[l].prefix, sizeof d->tensors[l].prefix, "%u", l);
    }
    return NT_OK;
}

static enum nt_status plan_from_file(nt_net *net, struct nt_net_description *d, const nt_safetensors *file,
                                     const char *description, const char *name, struct nt_error *error) {
    const char *text = description != NULL ? description : nt_safetensors_text(file, "ntrace.network");
    struct nt_error cause = {0};
    NT_TRY(text != NULL ? nt_net_description_parse(d, text, name, error) : assume_reference(d, file, name, error));
    enum nt_status status = nt_net_plan(net, d->input, d->layer, d->layers, &cause);
    return status == NT_OK ? NT_OK
                           : nt_error_set(error, status == NT_E_ARG ? NT_E_FORMAT : status, "%s: %s", name, cause.text);
}

static enum nt_status load_classes(nt_net *net, const nt_safetensors *file, const char *name, struct nt_error *error) {
    const char *text = nt_safetensors_text(file, "ntrace.classes");
    if (text == NULL) {
        return NT_OK;
    }
    uint32_t classes = nt_net_classes(net), read = 0;
    cJSON *json = cJSON_Parse(text);
    const cJSON *item;
    net->classes = nt_allocate_zeroed(net->allocator, classes, NT_NET_CLASS_BYTES);
    bool good = net->classes != NULL && cJSON_IsArray(json);
    cJSON_ArrayForEach(item, json) {
        const char *class = cJSON_GetStringValue(item);
        good = good && read < classes && class != NULL && strlen(class) < NT_NET_CLASS_BYTES;
        if (good) {
            memcpy(net->classes[read++], class, strlen(class) + 1);
        }
    }
    cJSON_Delete(json);
    if (net->classes == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for class names", name);
    }
    return good && read == classes
               ? NT_OK
               : nt_error_set(error, NT_E_FORMAT, "%s: its ntrace.classes are not %u names of at most %d bytes", name,
                              classes, NT_NET_CLASS_BYTES - 1);
}

static enum nt_status load(nt_net *net, const nt_safetensors *file, const char *text, const char *name,
                           struct nt_error *error) {
    struct nt_net_description *d = nt_allocate_zeroed(net->allocator, 1, sizeof *d);
    struct load load = {.net = net, .file = file, .description = d, .name = name, .error = error};
    if (d == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for a network", name);
    }
    enum nt_status status = plan_from_file(net, d, file, text, name, error);
    /* Tensors are checked before memory is taken: its amount comes from the file. */
    status = status == NT_OK ? check_tensors(net, file, d, name, error) : status;
    status = status == NT_OK ? nt_net_allocate(net, error) : status;
    status = status == NT_OK ? load_values(&load) : status;
    nt_release(net->allocator, d);
    return status == NT_OK ? load_classes(net, file, name, error) : status;
}

enum nt_status nt_net_parse(nt_net **net, const void *bytes, size_t size, const char *name,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    return nt_net_parse_described(net, bytes, size, NULL, name, allocator, error);
}

enum nt_status nt_net_parse_described(nt_net **net, const void *bytes, size_t size, const char *description,
                                      const char *name, const struct nt_allocator *allocator, struct nt_error *error) {
    nt_safetensors *file;
    *net = NULL;
    NT_TRY(nt_safetensors_parse(&file, bytes, size, name, allocator, error));
    nt_net *made = nt_allocate_zeroed(allocator, 1, sizeof *made);
    enum nt_status status = NT_E_MEMORY;
    if (made != NULL) {
        made->allocator = allocator;
        status = load(made, file, description, name, error);
    } else {
        (void)nt_error_set(error, status, "%s: not enough memory for a network", name);
    }
    nt_safetensors_free(file);
    if (status != NT_OK) {
        nt_net_free(made);
        return status;
    }
    *net = made;
    return NT_OK;
}

/* ---- Writing. ---- */

static char *classes_text(const char *const *classes, uint32_t count) {
    cJSON *json = cJSON_CreateArray();
    bool made = json != NULL;
    for (uint32_t c = 0; c < count && made; c++) {
        made = nt_json_append(json, cJSON_CreateString(classes[c]));
    }
    char *text = made ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    return text;
}

/* One tensor's values in PyTorch's order; returns how many. A normalisation's mean is 0 and its variance 1. */
static size_t write_values(float *torch, const nt_net *net, uint32_t number, int which) {
    const struct nt_net_layer *l = &net->layer[number];
    bool norm = l->layer.kind == NT_LAYER_BATCHNORM2D;
    size_t count = norm ? l->in.channels : l->outputs;
    if (norm && which < TENSOR_MEAN) {
        nt_torch_write(torch, which == TENSOR_WEIGHT ? l->weight : l->bias, nt_torch_kernel(net, number), 1);
    } else if (norm) {
        for (size_t c = 0; c < count; c++) {
            torch[c] = which == TENSOR_MEAN ? 0 : 1;
        }
    } else if (which == TENSOR_WEIGHT) {
        nt_torch_write(torch, l->weight, nt_torch_kernel(net, number), l->outputs);
        count = l->terms * l->outputs;
    } else {
        memcpy(torch, l->bias, count * sizeof *torch);
    }
    return count;
}

/* Fills in the tensors with their values; `torch` holds all of them. */
static uint32_t collect(struct nt_tensor *tensor, float *torch, const nt_net *net) {
    const struct nt_net_tensors all = {.plain = false};
    uint32_t tensors = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        char prefix[16];
        (void)snprintf(prefix, sizeof prefix, "%u", i - 1);
        for (int which = 0; which < TENSORS; which++) {
            if (has_tensor(&net->layer[i], &all, which)) {
                describe(&tensor[tensors], net, i, prefix, which);
                tensor[tensors++].data = torch;
                torch += write_values(torch, net, i, which);
            }
        }
    }
    return tensors;
}

enum nt_status nt_net_serialize(uint8_t **bytes, size_t *size, const nt_net *net, const char *const *classes,
                                const struct nt_allocator *allocator, struct nt_error *error) {
    *bytes = NULL;
    *size = 0;
    for (uint32_t c = 0; classes != NULL && c < nt_net_classes(net); c++) {
        if (strlen(classes[c]) >= NT_NET_CLASS_BYTES) {
            return nt_error_set(error, NT_E_ARG, "class name '%.80s' is longer than %d bytes", classes[c],
                                NT_NET_CLASS_BYTES - 1);
        }
    }
    char *network = nt_net_description_print(net);
    char *names = classes != NULL ? classes_text(classes, nt_net_classes(net)) : NULL;
    /* Twice: a normalisation's mean and variance are no parameters here. */
    float *torch = nt_allocate(allocator, 2 * (size_t)net->parameters, sizeof *torch);
    struct nt_tensor *tensor = nt_allocate(allocator, TENSORS * (size_t)net->layers, sizeof *tensor);
    enum nt_status status = NT_E_MEMORY;
    if (network != NULL && torch != NULL && tensor != NULL && (names != NULL || classes == NULL)) {
        const char *text[2][2] = {{"ntrace.network", network}, {"ntrace.classes", names}};
        uint32_t tensors = collect(tensor, torch, net);
        status = nt_safetensors_write(bytes, size, tensor, tensors, (const char *const(*)[2])text,
                                      classes != NULL ? 2 : 1, allocator, error);
    } else {
        (void)nt_error_set(error, status, "not enough memory to write the network");
    }
    nt_release(allocator, torch);
    nt_release(allocator, tensor);
    cJSON_free(network);
    cJSON_free(names);
    return status;
}
