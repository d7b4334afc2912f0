/* Descriptions of networks in JSON. */
#include "net/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "formats/json.h"
/* What is being read, for words about it. */
struct cursor {
    const char *name;
    uint32_t layer; /* 0: what is said about the whole */
    struct nt_error *error;
};

static enum nt_status refuse(const struct cursor *at, const char *key, const char *expected) {
    if (at->layer == 0) {
        return nt_error_set(at->error, NT_E_FORMAT, "%s: the description of its network: '%s': expected %s", at->name,
                            key, expected);
    }
    return nt_error_set(at->error, NT_E_FORMAT, "%s: the description of its network, layer %u: '%s': expected %s",
                        at->name, at->layer, key, expected);
}

/* ---- Values. ---- */

static const cJSON *find(const cJSON *item, const char *key) { return cJSON_GetObjectItemCaseSensitive(item, key); }

static bool to_count(uint32_t *count, const cJSON *number, uint32_t most) {
    double value = cJSON_IsNumber(number) ? number->valuedouble : -1;
    if (!(value >= 0 && value <= most) || value != floor(value)) {
        return false;
    }
    *count = (uint32_t)value;
    return true;
}

/* A number, or a list of as many as `count`, or of half as many, which then hold for both ends. Left as it is where the
 * key is missing. */
static enum nt_status read_sides(uint32_t *side, int count, const cJSON *item, const char *key,
                                 const struct cursor *at) {
    const cJSON *value = find(item, key);
    int given = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 1;
    if (value == NULL) {
        return NT_OK;
    }
    bool good = given == 1 || given == count || (count == 4 && given == 2);
    for (int i = 0; good && i < count; i++) {
        good =
            to_count(&side[i], cJSON_IsArray(value) ? cJSON_GetArrayItem(value, i % given) : value, NT_NET_MAX_WINDOW);
    }
    return good ? NT_OK
                : refuse(at, key,
                         count == 4 ? "a whole number up to 4096, or a list of two (down, across) or of four "
                                      "(top, left, bottom, right)"
                                    : "a whole number up to 4096, or a list of two (down, across)");
}

static enum nt_status read_flag(bool *flag, const cJSON *item, const char *key, const struct cursor *at) {
    const cJSON *value = find(item, key);
    *flag = value != NULL ? cJSON_IsTrue(value) : *flag;
    return value == NULL || cJSON_IsBool(value) ? NT_OK : refuse(at, key, "true or false");
}

static enum nt_status read_number(double *number, const cJSON *item, const char *key, const struct cursor *at) {
    const cJSON *value = find(item, key);
    *number = cJSON_IsNumber(value) ? value->valuedouble : *number;
    return value == NULL || (cJSON_IsNumber(value) && fabs(*number) < 1e30) ? NT_OK : refuse(at, key, "a number");
}

static enum nt_status read_text(char *text, size_t room, const cJSON *item, const char *key, const struct cursor *at) {
    const cJSON *value = find(item, key);
    const char *given = cJSON_GetStringValue(value);
    char expected[48];
    if (value == NULL) {
        return NT_OK;
    }
    if (given == NULL || given[0] == 0 || strlen(given) >= room) {
        (void)snprintf(expected, sizeof expected, "a text of 1 to %zu bytes", room - 1);
        return refuse(at, key, expected);
    }
    memcpy(text, given, strlen(given) + 1);
    return NT_OK;
}

/* ---- Layers. ---- */

/* Keys that a kind knows besides kind, from and name. */
static const char *const KEYS[NT_LAYER_KIND_COUNT] = {
    [NT_LAYER_CONV2D] = "outputs kernel stride padding dilation groups bias weights",
    [NT_LAYER_MAXPOOL2D] = "kernel stride padding dilation ceil_mode",
    [NT_LAYER_LINEAR] = "outputs bias weights",
    [NT_LAYER_BATCHNORM2D] = "eps affine weights",
    [NT_LAYER_LEAKYRELU] = "slope",
    [NT_LAYER_GELU] = "approximate",
    [NT_LAYER_AVGPOOL2D] = "kernel stride padding ceil_mode count_include_pad",
    [NT_LAYER_DROPOUT] = "p",
};

static bool is_word(const char *word, const char *list) {
    size_t length = strlen(word);
    for (const char *at = list; at != NULL && *at != 0;) {
        size_t next = strcspn(at, " ");
        if (next == length && memcmp(at, word, length) == 0) {
            return true;
        }
        at += next + (at[next] == ' ');
    }
    return false;
}

static enum nt_status check_keys(enum nt_layer_kind kind, const cJSON *item, const struct cursor *at) {
    for (const cJSON *key = item->child; key != NULL; key = key->next) {
        if (!is_word(key->string, "kind from name") && !is_word(key->string, KEYS[kind])) {
            return nt_error_set(at->error, NT_E_FORMAT,
                                "%s: the description of its network, layer %u: a %s has no '%.40s'%s%s", at->name,
                                at->layer, nt_layer_kind_name(kind), key->string, KEYS[kind] != NULL ? "; known: " : "",
                                KEYS[kind] != NULL ? KEYS[kind] : "");
        }
    }
    return NT_OK;
}

static enum nt_status read_kind(enum nt_layer_kind *kind, const cJSON *item, const struct cursor *at) {
    static const struct {
        const char *name;
        enum nt_layer_kind kind;
    } others[] = {{"batchnorm1d", NT_LAYER_BATCHNORM2D},
                  {"dropout2d", NT_LAYER_DROPOUT},
                  {"adaptiveavgpool2d", NT_LAYER_GLOBALAVGPOOL2D}};
    const char *text = cJSON_GetStringValue(find(item, "kind"));
    for (int k = NT_LAYER_CONV2D; text != NULL && k < NT_LAYER_KIND_COUNT; k++) {
        if (strcmp(text, nt_layer_kind_name((enum nt_layer_kind)k)) == 0) {
            *kind = (enum nt_layer_kind)k;
            return NT_OK;
        }
    }
    for (size_t i = 0; text != NULL && i < sizeof others / sizeof *others; i++) {
        if (strcmp(text, others[i].name) == 0) {
            *kind = others[i].kind;
            return NT_OK;
        }
    }
    char expected[400] = "";
    size_t used = 0;
    for (int k = NT_LAYER_CONV2D; k < NT_LAYER_KIND_COUNT; k++) {
        used += (size_t)snprintf(expected + used, sizeof expected - used, "%s%s", k > NT_LAYER_CONV2D ? ", " : "",
                                 nt_layer_kind_name((enum nt_layer_kind)k));
    }
    return nt_error_set(at->error, NT_E_FORMAT,
                        "%s: the description of its network, layer %u: kind '%.40s'; the list of known layers: %s",
                        at->name, at->layer, text != NULL ? text : "(none)", expected);
}

/* A convolution without padding keeps height and width, as long as it steps by one. */
static enum nt_status read_window(struct nt_layer *layer, const cJSON *item, const struct cursor *at) {
    struct nt_window *w = &layer->window;
    const cJSON *padding = find(item, "padding");
    const char *word = cJSON_GetStringValue(padding);
    bool pooling = layer->kind != NT_LAYER_CONV2D, same = word != NULL && strcmp(word, "same") == 0;
    if (find(item, "kernel") == NULL) {
        return refuse(at, "kernel", "the sides of its window");
    }
    NT_TRY(read_sides(w->kernel, 2, item, "kernel", at));
    w->stride[0] = pooling ? w->kernel[0] : 1;
    w->stride[1] = pooling ? w->kernel[1] : 1;
    w->dilation[0] = w->dilation[1] = 1;
    NT_TRY(read_sides(w->stride, 2, item, "stride", at));
    NT_TRY(read_sides(w->dilation, 2, item, "dilation", at));
    same = !pooling && (same || padding == NULL);
    if (same && (w->stride[0] != 1 || w->stride[1] != 1)) {
        return refuse(at, "padding", "numbers: a convolution with a stride cannot keep height and width");
    }
    if (!same && word != NULL && strcmp(word, "valid") != 0) {
        return refuse(at, "padding", "numbers, \"valid\" or, for a convolution, \"same\"");
    }
    for (int way = 0; same && way < 2; way++) {
        uint32_t both = w->dilation[way] * (w->kernel[way] > 0 ? w->kernel[way] - 1 : 0);
        w->pad[way] = both / 2;
        w->pad[way + 2] = both - both / 2;
    }
    bool include = true;
    NT_TRY(word != NULL ? NT_OK : read_sides(w->pad, 4, item, "padding", at));
    NT_TRY(read_flag(&layer->ceil, item, "ceil_mode", at));
    NT_TRY(read_flag(&include, item, "count_include_pad", at));
    layer->skip_pad = !include;
    if (w->kernel[0] == 0 || w->kernel[1] == 0) {
        return refuse(at, "kernel", "sides of at least 1");
    }
    return NT_OK;
}

static enum nt_status read_outputs(struct nt_layer *layer, const cJSON *item, const struct cursor *at) {
    bool bias = true;
    if (!to_count(&layer->shape.channels, find(item, "outputs"), NT_NET_MAX_SIZE) || layer->shape.channels == 0) {
        return refuse(at, "outputs", "how many channels or values it gives");
    }
    if (find(item, "groups") != NULL &&
        (!to_count(&layer->groups, find(item, "groups"), NT_NET_MAX_SIZE) || layer->groups == 0)) {
        return refuse(at, "groups", "how many groups its channels are in");
    }
    NT_TRY(read_flag(&bias, item, "bias", at));
    layer->no_bias = !bias;
    return NT_OK;
}

/* Layers before this one, by their numbers: 0 is the input. One number given to an add is its second input. */
static enum nt_status read_from(struct nt_layer *layer, const cJSON *item, const struct cursor *at) {
    const cJSON *from = find(item, "from");
    bool add = layer->kind == NT_LAYER_ADD, list = cJSON_IsArray(from);
    uint32_t number[2] = {at->layer - 1, at->layer - 1};
    bool good = from != NULL || !add;
    if (list) {
        good = cJSON_GetArraySize(from) == (add ? 2 : 1);
        for (int i = 0; good && i < 1 + add; i++) {
            good = to_count(&number[i], cJSON_GetArrayItem(from, i), at->layer - 1);
        }
    } else if (from != NULL) {
        good = to_count(&number[add], from, at->layer - 1);
    }
    layer->back[0] = at->layer - number[0];
    layer->back[1] = add ? at->layer - number[1] : 0;
    return good ? NT_OK
                : refuse(at, "from",
                         add ? "the numbers of the layers before it that it adds up"
                             : "the number of a layer before it");
}

static enum nt_status read_layer(struct nt_layer *layer, struct nt_net_tensors *tensors, const cJSON *item,
                                 const struct cursor *at) {
    if (!cJSON_IsObject(item)) {
        return refuse(at, "layers", "an object for each layer");
    }
    NT_TRY(read_kind(&layer->kind, item, at));
    NT_TRY(check_keys(layer->kind, item, at));
    NT_TRY(read_from(layer, item, at));
    (void)snprintf(tensors->prefix, sizeof tensors->prefix, "%u", at->layer - 1);
    NT_TRY(read_text(tensors->prefix, sizeof tensors->prefix, item, "weights", at));
    NT_TRY(read_text(layer->name, sizeof layer->name, item, "name", at));
    bool window =
        layer->kind == NT_LAYER_CONV2D || layer->kind == NT_LAYER_MAXPOOL2D || layer->kind == NT_LAYER_AVGPOOL2D;
    bool outputs = layer->kind == NT_LAYER_CONV2D || layer->kind == NT_LAYER_LINEAR, affine = true;
    NT_TRY(window ? read_window(layer, item, at) : NT_OK);
    NT_TRY(outputs ? read_outputs(layer, item, at) : NT_OK);
    double slope = 0.01;
    tensors->eps = 1e-5;
    NT_TRY(read_number(&slope, item, "slope", at));
    NT_TRY(read_number(&tensors->eps, item, "eps", at));
    NT_TRY(read_flag(&affine, item, "affine", at));
    layer->slope = (float)slope;
    tensors->plain = !affine;
    char word[8] = "none";
    NT_TRY(read_text(word, sizeof word, item, "approximate", at));
    layer->tanh = strcmp(word, "tanh") == 0;
    return layer->tanh || strcmp(word, "none") == 0 ? NT_OK : refuse(at, "approximate", "\"none\" or \"tanh\"");
}

static enum nt_status read_network(struct nt_net_description *d, const cJSON *json, struct cursor *at) {
    const cJSON *shape = find(json, "input"), *list = find(json, "layers"), *item;
    uint32_t *side[3] = {&d->input.channels, &d->input.height, &d->input.width};
    if (!cJSON_IsObject(json)) {
        return refuse(at, "{}", "a JSON object");
    }
    for (int i = 0; i < 3; i++) {
        if (cJSON_GetArraySize(shape) != 3 || !to_count(side[i], cJSON_GetArrayItem(shape, i), NT_NET_MAX_SIZE)) {
            return refuse(at, "input", "[channels, height, width]");
        }
    }
    if (!cJSON_IsArray(list)) {
        return refuse(at, "layers", "a list");
    }
    cJSON_ArrayForEach(item, list) {
        if (d->layers == NT_NET_MAX_LAYERS - 1) {
            return nt_error_set(at->error, NT_E_FORMAT, "%s: its network has more than %d layers", at->name,
                                NT_NET_MAX_LAYERS - 1);
        }
        at->layer = d->layers + 1;
        NT_TRY(read_layer(&d->layer[d->layers], &d->tensors[d->layers], item, at));
        d->layers++;
    }
    return NT_OK;
}

enum nt_status nt_net_description_parse(struct nt_net_description *d, const char *text, const char *name,
                                        struct nt_error *error) {
    struct cursor at = {name, 0, error};
    cJSON *json = cJSON_Parse(text);
    enum nt_status status = read_network(d, json, &at);
    cJSON_Delete(json);
    return status;
}

/* ---- Writing. ---- */

static bool add_sides(cJSON *item, const char *key, const uint32_t *side, int count) {
    cJSON *list = cJSON_AddArrayToObject(item, key);
    bool made = list != NULL;
    for (int i = 0; i < count; i++) {
        made = made && nt_json_append(list, cJSON_CreateNumber(side[i]));
    }
    return made;
}

static bool add_window(cJSON *item, const struct nt_layer *layer) {
    const struct nt_window *w = &layer->window;
    bool made = add_sides(item, "kernel", w->kernel, 2) && add_sides(item, "stride", w->stride, 2) &&
                add_sides(item, "padding", w->pad, 4);
    if (layer->kind != NT_LAYER_AVGPOOL2D) {
        made = made && add_sides(item, "dilation", w->dilation, 2);
    }
    if (layer->ceil) {
        made = made && cJSON_AddTrueToObject(item, "ceil_mode") != NULL;
    }
    return made && (!layer->skip_pad || cJSON_AddFalseToObject(item, "count_include_pad") != NULL);
}

/* The short form for what has always had one, so that older readers know it. */
static bool add_kernel(cJSON *item, const struct nt_net_layer *l) {
    bool window =
        l->layer.kind == NT_LAYER_CONV2D || l->layer.kind == NT_LAYER_MAXPOOL2D || l->layer.kind == NT_LAYER_AVGPOOL2D;
    if (!window) {
        return true;
    }
    return !l->general && l->layer.kind != NT_LAYER_AVGPOOL2D
               ? cJSON_AddNumberToObject(item, "kernel", l->layer.kernel) != NULL
               : add_window(item, &l->layer);
}

static bool add_inputs(cJSON *item, const struct nt_net_layer *l, uint32_t number) {
    bool usual = l->inputs_count == 1 && l->from[0] + 1 == number;
    return usual || add_sides(item, "from", l->from, (int)l->inputs_count);
}

static bool describe_layer(cJSON *list, const struct nt_net_layer *l, uint32_t number) {
    const struct nt_layer *layer = &l->layer;
    cJSON *item = cJSON_CreateObject();
    bool made = nt_json_append(list, item) &&
                cJSON_AddStringToObject(item, "kind", nt_layer_kind_name(layer->kind)) != NULL && add_kernel(item, l) &&
                (l->outputs == 0 || cJSON_AddNumberToObject(item, "outputs", (double)l->outputs) != NULL) &&
                (layer->groups <= 1 || cJSON_AddNumberToObject(item, "groups", layer->groups) != NULL) &&
                (!layer->no_bias || cJSON_AddFalseToObject(item, "bias") != NULL) && add_inputs(item, l, number);
    if (layer->kind == NT_LAYER_LEAKYRELU) {
        made = made && cJSON_AddNumberToObject(item, "slope", (double)layer->slope) != NULL;
    } else if (layer->kind == NT_LAYER_BATCHNORM2D) {
        made = made && cJSON_AddNumberToObject(item, "eps", 0) != NULL; /* its variances are written as 1 */
    } else if (layer->tanh) {
        made = made && cJSON_AddStringToObject(item, "approximate", "tanh") != NULL;
    }
    return made && (!l->named || cJSON_AddStringToObject(item, "name", layer->name) != NULL);
}

char *nt_net_description_print(const nt_net *net) {
    const struct nt_shape *in = &net->layer[0].layer.shape;
    const int shape[3] = {(int)in->channels, (int)in->height, (int)in->width};
    cJSON *json = cJSON_CreateObject();
    bool made = nt_json_put(json, "input", cJSON_CreateIntArray(shape, 3));
    cJSON *list = cJSON_AddArrayToObject(json, "layers");
    for (uint32_t i = 1; i < net->layers && made; i++) {
        made = describe_layer(list, &net->layer[i], i);
    }
    char *text = made ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    return text;
}
