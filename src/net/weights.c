/* Networks as safetensors, with the names and layouts of torch.nn.Sequential. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "net/network.h"
#include "ntrace/safetensors.h"

/* How one weight lies in PyTorch: [outputs][channels][height][width], where a linear layer after a Flatten has the
 * shape of what was flattened, and the library's own order is [height][width][channels][outputs]. */
static struct nt_shape kernel_shape(const nt_net *net, uint32_t number) {
    const struct nt_net_layer *l = &net->layer[number];
    if (l->layer.kind == NT_LAYER_CONV2D) {
        return (struct nt_shape){l->in.channels, l->layer.kernel, l->layer.kernel};
    }
    do {
        number--; /* what lies between Flatten and the linear layer keeps the order */
    } while (number > 0 &&
             (net->layer[number].layer.kind == NT_LAYER_RELU || net->layer[number].layer.kind == NT_LAYER_FLATTEN));
    return net->layer[number].layer.shape;
}

static void from_torch(float *own, const float *torch, struct nt_shape shape, size_t outputs) {
    size_t area = (size_t)shape.height * shape.width, terms = area * shape.channels;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t t = 0; t < terms; t++) {
            own[(t % area * shape.channels + t / area) * outputs + o] = torch[o * terms + t];
        }
    }
}

static void to_torch(float *torch, const float *own, struct nt_shape shape, size_t outputs) {
    size_t area = (size_t)shape.height * shape.width, terms = area * shape.channels;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t t = 0; t < terms; t++) {
            torch[o * terms + t] = own[(t % area * shape.channels + t / area) * outputs + o];
        }
    }
}

/* Name and shape of a layer's weight (or bias) as PyTorch has them. */
static void describe(struct nt_tensor *tensor, const struct nt_net_layer *l, uint32_t number, bool bias) {
    memset(tensor, 0, sizeof *tensor);
    (void)snprintf(tensor->name, sizeof tensor->name, "%u.%s", number - 1, bias ? "bias" : "weight");
    tensor->type = NT_NPY_FLOAT32;
    tensor->shape[0] = l->outputs;
    tensor->dimensions = bias ? 1 : l->layer.kind == NT_LAYER_CONV2D ? 4 : 2;
    if (!bias) {
        tensor->shape[1] = l->inputs;
        tensor->shape[2] = tensor->shape[3] = l->layer.kernel;
    }
}

static enum nt_status check_tensor(const nt_safetensors *file, const struct nt_tensor *wanted, const char *name,
                                   struct nt_error *error) {
    const struct nt_tensor *found = nt_safetensors_find(file, wanted->name);
    if (found == NULL) {
        return nt_error_set(error, NT_E_FORMAT, "%s: has no tensor '%s'", name, wanted->name);
    }
    if (found->type != NT_NPY_FLOAT32 && found->type != NT_NPY_FLOAT16) {
        return nt_error_set(error, NT_E_FORMAT, "%s: tensor '%s' is %s; expected float32 or float16", name,
                            wanted->name, nt_npy_type_name(found->type));
    }
    if (found->dimensions != wanted->dimensions ||
        memcmp(found->shape, wanted->shape, found->dimensions * sizeof *found->shape) != 0) {
        char shape[2][96] = {"", ""};
        for (int s = 0; s < 2; s++) {
            const struct nt_tensor *t = s == 0 ? wanted : found;
            for (uint32_t d = 0, used = 0; d < t->dimensions && used < 64; d++) {
                used += (uint32_t)snprintf(shape[s] + used, sizeof shape[s] - used, "%s%llu", d > 0 ? " x " : "",
                                           (unsigned long long)t->shape[d]);
            }
        }
        return nt_error_set(error, NT_E_SHAPE, "%s: tensor '%s' is %s; expected %s", name, wanted->name, shape[1],
                            shape[0]);
    }
    return nt_safetensors_check_finite(found, name, error);
}

/* All tensors that the planned network needs are there, and no others. */
static enum nt_status check_tensors(const nt_net *net, const nt_safetensors *file, const char *name,
                                    struct nt_error *error) {
    uint32_t wanted = 0;
    struct nt_tensor tensor;
    for (uint32_t i = 1; i < net->layers; i++) {
        for (int bias = 0; bias < 2 && net->layer[i].outputs > 0; bias++, wanted++) {
            describe(&tensor, &net->layer[i], i, bias);
            NT_TRY(check_tensor(file, &tensor, name, error));
        }
    }
    if (nt_safetensors_count(file) != wanted) {
        return nt_error_set(error, NT_E_FORMAT, "%s: holds %u tensors; its network has %u", name,
                            nt_safetensors_count(file), wanted);
    }
    return NT_OK;
}

static enum nt_status load_values(nt_net *net, const nt_safetensors *file, struct nt_error *error) {
    struct nt_tensor wanted;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        if (l->outputs == 0) {
            continue;
        }
        describe(&wanted, l, i, false);
        const struct nt_tensor *tensor = nt_safetensors_find(file, wanted.name);
        float *torch = nt_allocate(net->allocator, (size_t)tensor->items, sizeof *torch);
        if (torch == NULL) {
            return nt_error_set(error, NT_E_MEMORY, "not enough memory to reorder %s", wanted.name);
        }
        nt_npy_to_float(torch, tensor->data, tensor->type, (size_t)tensor->items);
        from_torch(l->weight, torch, kernel_shape(net, i), l->outputs);
        nt_release(net->allocator, torch);
        describe(&wanted, l, i, true);
        tensor = nt_safetensors_find(file, wanted.name);
        nt_npy_to_float(l->bias, tensor->data, tensor->type, l->outputs);
    }
    nt_net_changed(net);
    return NT_OK;
}

static bool to_count(uint32_t *count, const cJSON *number) {
    double value = cJSON_IsNumber(number) ? number->valuedouble : -1;
    if (!(value >= 0 && value <= NT_NET_MAX_SIZE) || value != floor(value)) {
        return false;
    }
    *count = (uint32_t)value;
    return true;
}

static bool parse_layer(struct nt_layer *layer, const cJSON *item) {
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kind"));
    int k = NT_LAYER_CONV2D;
    while (kind != NULL && k < NT_LAYER_KIND_COUNT && strcmp(kind, nt_layer_kind_name((enum nt_layer_kind)k)) != 0) {
        k++;
    }
    if (kind == NULL || k == NT_LAYER_KIND_COUNT) {
        return false;
    }
    layer->kind = (enum nt_layer_kind)k;
    bool kernel = k == NT_LAYER_CONV2D || k == NT_LAYER_MAXPOOL2D,
         outputs = k == NT_LAYER_CONV2D || k == NT_LAYER_LINEAR;
    return (!kernel || to_count(&layer->kernel, cJSON_GetObjectItemCaseSensitive(item, "kernel"))) &&
           (!outputs || to_count(&layer->shape.channels, cJSON_GetObjectItemCaseSensitive(item, "outputs")));
}

static bool parse_network(struct nt_shape *input, struct nt_layer *layer, uint32_t *layers, const cJSON *json) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(json, "input"),
                *list = cJSON_GetObjectItemCaseSensitive(json, "layers"), *item;
    if (cJSON_GetArraySize(shape) != 3 || !cJSON_IsArray(list) ||
        !to_count(&input->channels, cJSON_GetArrayItem(shape, 0)) ||
        !to_count(&input->height, cJSON_GetArrayItem(shape, 1)) ||
        !to_count(&input->width, cJSON_GetArrayItem(shape, 2))) {
        return false;
    }
    *layers = 0;
    cJSON_ArrayForEach(item, list) {
        if (*layers == NT_NET_MAX_LAYERS || !parse_layer(&layer[*layers], item)) {
            return false;
        }
        (*layers)++;
    }
    return true;
}

static enum nt_status plan_from_file(nt_net *net, const nt_safetensors *file, const char *name,
                                     struct nt_error *error) {
    const char *text = nt_safetensors_text(file, "ntrace.network");
    struct nt_layer layer[NT_NET_MAX_LAYERS] = {{0}};
    struct nt_shape input = {0, 0, 0};
    uint32_t layers = 0;
    struct nt_error cause = {0};
    if (text == NULL) {
        const struct nt_tensor *last = nt_safetensors_find(file, "12.bias");
        uint64_t classes = last != NULL && last->dimensions == 1 ? last->shape[0] : 0;
        if (classes == 0 || classes > NT_NET_MAX_SIZE) {
            return nt_error_set(error, NT_E_FORMAT,
                                "%s: neither describes its network (ntrace.network) nor holds the reference network's "
                                "tensors: '12.bias' of one dimension is missing",
                                name);
        }
        layers = nt_net_reference_layers(layer, &input, (uint32_t)classes);
    } else {
        cJSON *json = cJSON_Parse(text);
        bool parsed = parse_network(&input, layer, &layers, json);
        cJSON_Delete(json);
        if (!parsed) {
            return nt_error_set(error, NT_E_FORMAT, "%s: its ntrace.network is not a list of known layers", name);
        }
    }
    enum nt_status status = nt_net_plan(net, input, layer, layers, &cause);
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

static enum nt_status load(nt_net *net, const nt_safetensors *file, const char *name, struct nt_error *error) {
    NT_TRY(plan_from_file(net, file, name, error));
    NT_TRY(check_tensors(net, file, name, error)); /* before memory is taken: its amount comes from the file */
    NT_TRY(nt_net_allocate(net, error));
    NT_TRY(load_values(net, file, error));
    return load_classes(net, file, name, error);
}

enum nt_status nt_net_parse(nt_net **net, const void *bytes, size_t size, const char *name,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    nt_safetensors *file;
    *net = NULL;
    NT_TRY(nt_safetensors_parse(&file, bytes, size, name, allocator, error));
    nt_net *made = nt_allocate_zeroed(allocator, 1, sizeof *made);
    enum nt_status status = NT_E_MEMORY;
    if (made != NULL) {
        made->allocator = allocator;
        status = load(made, file, name, error);
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

static bool describe_layer(cJSON *list, const struct nt_net_layer *l) {
    cJSON *item = cJSON_CreateObject();
    bool kernel = l->layer.kind == NT_LAYER_CONV2D || l->layer.kind == NT_LAYER_MAXPOOL2D;
    return cJSON_AddItemToArray(list, item) &&
           cJSON_AddStringToObject(item, "kind", nt_layer_kind_name(l->layer.kind)) != NULL &&
           (!kernel || cJSON_AddNumberToObject(item, "kernel", l->layer.kernel) != NULL) &&
           (l->outputs == 0 || cJSON_AddNumberToObject(item, "outputs", (double)l->outputs) != NULL);
}

/* The architecture as JSON text in cJSON's memory, or NULL. */
static char *network_text(const nt_net *net) {
    const struct nt_shape *in = &net->layer[0].layer.shape;
    const int shape[3] = {(int)in->channels, (int)in->height, (int)in->width};
    cJSON *json = cJSON_CreateObject();
    bool made = cJSON_AddItemToObject(json, "input", cJSON_CreateIntArray(shape, 3));
    cJSON *list = cJSON_AddArrayToObject(json, "layers");
    for (uint32_t i = 1; i < net->layers && made; i++) {
        made = describe_layer(list, &net->layer[i]);
    }
    char *text = made ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    return text;
}

static char *classes_text(const char *const *classes, uint32_t count) {
    cJSON *json = cJSON_CreateArray();
    bool made = json != NULL;
    for (uint32_t c = 0; c < count && made; c++) {
        made = cJSON_AddItemToArray(json, cJSON_CreateString(classes[c]));
    }
    char *text = made ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    return text;
}

/* Fills in the tensors with their values in PyTorch's order; `torch` holds all parameters. */
static uint32_t collect(struct nt_tensor *tensor, float *torch, const nt_net *net) {
    uint32_t tensors = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        if (l->outputs == 0) {
            continue;
        }
        describe(&tensor[tensors], l, i, false);
        to_torch(torch, l->weight, kernel_shape(net, i), l->outputs);
        tensor[tensors++].data = torch;
        torch += l->terms * l->outputs;
        describe(&tensor[tensors], l, i, true);
        memcpy(torch, l->bias, l->outputs * sizeof *torch);
        tensor[tensors++].data = torch;
        torch += l->outputs;
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
    char *network = network_text(net), *names = classes != NULL ? classes_text(classes, nt_net_classes(net)) : NULL;
    float *torch = nt_allocate(allocator, (size_t)net->parameters, sizeof *torch);
    struct nt_tensor *tensor = nt_allocate(allocator, 2 * net->layers, sizeof *tensor);
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
