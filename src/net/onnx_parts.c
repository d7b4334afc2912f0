/* ONNX operators that are parts of layers: activation functions spelt out in several nodes, and sizes that are worked
 * out from each other. Add is a layer where it adds layers up. */
#include <math.h>
#include <string.h>

#include "net/onnx.h"

/* Constants are rounded by whoever wrote the file, to float16 at worst. */
static bool near(double a, double b) { return fabs(a - b) <= 2e-3 * fabs(b); }

/* ---- Activation functions. ---- */

/* What an input is as a part: a layer's values are x. */
static enum nt_status part_of(struct nt_onnx_meaning *part, bool *found, const struct nt_onnx_reader *r,
                              uint32_t input) {
    NT_TRY(nt_onnx_input(part, r, input));
    *found = part->kind == NT_ONNX_PART || part->kind == NT_ONNX_LAYER;
    if (part->kind == NT_ONNX_LAYER) {
        part->kind = NT_ONNX_PART;
        part->factor = part->power = 1;
        part->function = NT_ONNX_ONE;
    }
    return NT_OK;
}

/* Ends a node with a part: as a layer, where it is one of the functions that are known. */
static enum nt_status finish(struct nt_onnx_reader *r, const struct nt_onnx_meaning *part) {
    bool once = part->power == 1, half = near(part->factor, 0.5);
    if (once && part->function == NT_ONNX_SIGMOID && part->factor == 1) {
        return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_SILU}, part->layer, 0);
    }
    if (once && half && (part->function == NT_ONNX_ONE_PLUS_ERF || part->function == NT_ONNX_ONE_PLUS_TANH)) {
        bool tanh = part->function == NT_ONNX_ONE_PLUS_TANH;
        return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_GELU, .tanh = tanh}, part->layer, 0);
    }
    return nt_onnx_means(r, part);
}

static enum nt_status no_part(const struct nt_onnx_reader *r) {
    return nt_onnx_refuse(r, NT_E_FORMAT,
                          "is read only where it is part of GELU or SiLU as PyTorch and ONNX spell them out%s",
                          nt_onnx_is(r->node->type, "Add") ? ", or adds two layers up" : "");
}

/* Scales a part by the number that the other input is. */
static enum nt_status scale(struct nt_onnx_reader *r, uint32_t input, double factor) {
    struct nt_onnx_meaning part;
    bool found;
    NT_TRY(part_of(&part, &found, r, input));
    part.factor *= factor;
    return found && isfinite(part.factor) ? finish(r, &part) : no_part(r);
}

static enum nt_status read_mul(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning a, b;
    bool first, second;
    double number;
    for (uint32_t i = 0; i < 2; i++) {
        NT_TRY(nt_onnx_input_scalar(&number, &first, r, i));
        if (first) {
            return scale(r, 1 - i, number);
        }
    }
    NT_TRY(part_of(&a, &first, r, 0));
    NT_TRY(part_of(&b, &second, r, 1));
    if (!first || !second || a.layer != b.layer || (a.function != NT_ONNX_ONE && b.function != NT_ONNX_ONE) ||
        a.power + b.power > 3) {
        return no_part(r);
    }
    a.factor *= b.factor;
    a.power += b.power;
    a.function = a.function == NT_ONNX_ONE ? b.function : a.function;
    return finish(r, &a);
}

static enum nt_status read_div(struct nt_onnx_reader *r) {
    double number;
    bool found;
    NT_TRY(nt_onnx_input_scalar(&number, &found, r, 1));
    return found && number != 0 ? scale(r, 0, 1 / number) : no_part(r);
}

static enum nt_status read_pow(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning part;
    double number;
    bool found, whole;
    NT_TRY(part_of(&part, &found, r, 0));
    NT_TRY(nt_onnx_input_scalar(&number, &whole, r, 1));
    if (!found || !whole || number != 3 || part.power != 1 || part.function != NT_ONNX_ONE || part.factor != 1) {
        return no_part(r);
    }
    part.power = 3;
    return finish(r, &part);
}

/* A function of a part: of `argument` times x, or times what that function takes. */
static enum nt_status apply(struct nt_onnx_reader *r, enum nt_onnx_function of, double argument,
                            enum nt_onnx_function gives) {
    struct nt_onnx_meaning part;
    bool found;
    NT_TRY(part_of(&part, &found, r, 0));
    if (!found || part.function != of || part.power != (of == NT_ONNX_ONE) || !near(part.factor, argument)) {
        return no_part(r);
    }
    part.function = gives;
    part.factor = 1;
    part.power = 0;
    return finish(r, &part);
}

static enum nt_status read_sigmoid(struct nt_onnx_reader *r) { return apply(r, NT_ONNX_ONE, 1, NT_ONNX_SIGMOID); }
static enum nt_status read_erf(struct nt_onnx_reader *r) {
    return apply(r, NT_ONNX_ONE, 0.70710678118654752, NT_ONNX_ERF);
}
static enum nt_status read_tanh(struct nt_onnx_reader *r) {
    return apply(r, NT_ONNX_CUBIC, 0.79788456080286536, NT_ONNX_TANH);
}

/* 1 + erf, 1 + tanh, x + 0.044715 x^3. */
static enum nt_status add_part(struct nt_onnx_reader *r, uint32_t constant, double number) {
    struct nt_onnx_meaning a, b;
    bool found, other = true;
    NT_TRY(part_of(&a, &found, r, constant < 2 ? 1 - constant : 0));
    NT_TRY(constant < 2 ? NT_OK : part_of(&b, &other, r, 1));
    bool function = found && (a.function == NT_ONNX_ERF || a.function == NT_ONNX_TANH) && a.power == 0;
    if (constant < 2 && function && a.factor == 1 && number == 1) {
        a.function = a.function == NT_ONNX_ERF ? NT_ONNX_ONE_PLUS_ERF : NT_ONNX_ONE_PLUS_TANH;
        return finish(r, &a);
    }
    if (constant < 2 || !found || !other || a.layer != b.layer || a.function != NT_ONNX_ONE ||
        b.function != NT_ONNX_ONE) {
        return no_part(r);
    }
    const struct nt_onnx_meaning *line = a.power == 1 ? &a : &b, *cube = a.power == 1 ? &b : &a;
    if (line->power != 1 || line->factor != 1 || cube->power != 3 || !near(cube->factor, 0.044715)) {
        return no_part(r);
    }
    a.factor = 1;
    a.power = 0;
    a.function = NT_ONNX_CUBIC;
    return finish(r, &a);
}

static enum nt_status read_add(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning a, b;
    double number;
    bool found;
    NT_TRY(nt_onnx_input(&a, r, 0));
    NT_TRY(nt_onnx_input(&b, r, 1));
    if (a.kind == NT_ONNX_LAYER && b.kind == NT_ONNX_LAYER) {
        return nt_onnx_add(r, (struct nt_layer){.kind = NT_LAYER_ADD}, a.layer, b.layer);
    }
    for (uint32_t i = 0; i < 2; i++) {
        NT_TRY(nt_onnx_input_scalar(&number, &found, r, i));
        if (found) {
            return add_part(r, i, number);
        }
    }
    return add_part(r, 2, 0);
}

/* ---- Sizes. ---- */

static enum nt_status read_constant(struct nt_onnx_reader *r) {
    static const char *const others[] = {"value_int", "value_ints"};
    struct nt_onnx_attribute attribute;
    struct nt_onnx_meaning meaning = {.kind = NT_ONNX_TENSOR};
    bool found;
    NT_TRY(nt_onnx_get(&attribute, &found, r, "value"));
    if (found && attribute.has_tensor) {
        meaning.tensor = attribute.tensor;
        meaning.tensor.name = r->node->output[0];
        return nt_onnx_means(r, &meaning);
    }
    for (int i = 0; i < 2; i++) {
        NT_TRY(nt_onnx_get(&attribute, &found, r, others[i]));
        if (found) {
            meaning.kind = NT_ONNX_SIZES;
            meaning.sizes = i == 0 ? 1 : attribute.integers;
            memcpy(meaning.size, attribute.list, sizeof attribute.list);
            meaning.size[0] = i == 0 ? attribute.integer : meaning.size[0];
            return nt_onnx_means(r, &meaning);
        }
    }
    return nt_onnx_refuse(r, NT_E_FORMAT, "a constant of a kind that is not read; expected a tensor");
}

static enum nt_status read_shape(struct nt_onnx_reader *r) {
    uint32_t from;
    NT_TRY(nt_onnx_input_layer(&from, r, 0));
    const struct nt_layer *layer = &r->net->layer[from].layer;
    bool flat = r->net->layer[from].flat;
    struct nt_onnx_meaning meaning = {.kind = NT_ONNX_SIZES, .sizes = flat ? 2 : 4};
    const int64_t size[4] = {NT_ONNX_BATCH, layer->shape.channels, layer->shape.height, layer->shape.width};
    memcpy(meaning.size, size, sizeof size);
    return nt_onnx_means(r, &meaning);
}

static enum nt_status read_gather(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning meaning = {.kind = NT_ONNX_SIZES};
    int64_t size[NT_ONNX_MAX_SIZES] = {0}, at[NT_ONNX_MAX_SIZES] = {0}, axis = 0;
    uint32_t sizes;
    NT_TRY(nt_onnx_input_sizes(size, &sizes, r, 0));
    NT_TRY(nt_onnx_input_sizes(at, &meaning.sizes, r, 1));
    NT_TRY(nt_onnx_get_integer(&axis, r, "axis"));
    for (uint32_t i = 0; i < meaning.sizes; i++) {
        int64_t place = at[i] < 0 && at[i] >= -(int64_t)sizes ? at[i] + sizes : at[i];
        if (axis != 0 || place < 0 || place >= sizes) {
            return nt_onnx_refuse(r, NT_E_SHAPE, "place %lld of %u sizes", (long long)at[i], sizes);
        }
        meaning.size[i] = size[place];
    }
    return nt_onnx_means(r, &meaning);
}

static enum nt_status read_concat(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning meaning = {.kind = NT_ONNX_SIZES};
    for (uint32_t i = 0; i < r->node->inputs; i++) {
        int64_t size[NT_ONNX_MAX_SIZES] = {0};
        uint32_t sizes;
        NT_TRY(nt_onnx_input_sizes(size, &sizes, r, i));
        if (meaning.sizes + sizes > NT_ONNX_MAX_SIZES) {
            return nt_onnx_refuse(r, NT_E_SHAPE, "more than %d sizes", NT_ONNX_MAX_SIZES);
        }
        memcpy(meaning.size + meaning.sizes, size, sizes * sizeof *size);
        meaning.sizes += sizes;
    }
    return nt_onnx_means(r, &meaning);
}

/* Casts, and dimensions of 1 that come or go: the same sizes. */
static enum nt_status read_same(struct nt_onnx_reader *r) {
    struct nt_onnx_meaning meaning = {.kind = NT_ONNX_SIZES};
    NT_TRY(nt_onnx_input_sizes(meaning.size, &meaning.sizes, r, 0));
    return nt_onnx_means(r, &meaning);
}

const struct nt_onnx_operator nt_onnx_parts[] = {{"Add", "", 2, 2, read_add},
                                                 {"Mul", "", 2, 2, read_mul},
                                                 {"Div", "", 2, 2, read_div},
                                                 {"Pow", "", 2, 2, read_pow},
                                                 {"Erf", "", 1, 1, read_erf},
                                                 {"Tanh", "", 1, 1, read_tanh},
                                                 {"Sigmoid", "", 1, 1, read_sigmoid},
                                                 {"Constant", "value value_int value_ints", 0, 0, read_constant},
                                                 {"Shape", "", 1, 1, read_shape},
                                                 {"Gather", "axis", 2, 2, read_gather},
                                                 {"Concat", "axis", 1, NT_ONNX_MAX_INPUTS, read_concat},
                                                 {"Unsqueeze", "axes", 1, 2, read_same},
                                                 {"Squeeze", "axes", 1, 2, read_same},
                                                 {"Cast", "to", 1, 1, read_same},
                                                 {NULL, NULL, 0, 0, NULL}};
