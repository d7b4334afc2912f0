/* The pass backward, from the last layer to the first: a layer's gradient is complete when all that take its values
 * have added theirs, the later ones first. Gradients by inputs are convolutions and products of their own, so that the
 * forward kernel serves them; gradients by weights sum over pixels, and then sample by sample in ascending order. */
#include <assert.h>
#include <string.h>

#include "net/network.h"

static size_t area(struct nt_shape shape) { return (size_t)shape.height * shape.width; }

/* Floats of the parts of the scratch. */
struct layout {
    size_t block;  /* one of `back_slots` blocks of gradients */
    size_t padded; /* one sample, or its gradient, padded; scratch of general convolutions */
    size_t wide;   /* a gradient with its channels filled up to whole panels: of a sample, for linear layers a block */
    size_t taps;   /* the terms of one sample's gradient before they are added up */
};

static struct layout layout(const nt_net *net, uint32_t samples) {
    size_t block = samples < NT_NET_BLOCK ? samples : NT_NET_BLOCK;
    struct layout sizes = {nt_net_widest(net) * block, nt_net_largest_padded(net), 0, 0};
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        if (l->layer.kind == NT_LAYER_CONV2D && l->general) {
            sizes.padded = nt_net_max(sizes.padded, nt_net_general_input_floats(l));
        } else if (l->layer.kind == NT_LAYER_CONV2D) {
            size_t more = l->layer.kernel - 1u;
            sizes.padded = nt_net_max(sizes.padded, (l->in.height + more) * (l->in.width + more) * l->outputs);
            sizes.wide = nt_net_max(sizes.wide, area(l->in) * nt_net_panels(l->outputs));
            sizes.taps = nt_net_max(sizes.taps, l->taps ? area(l->in) * l->terms : 0);
        } else if (l->layer.kind == NT_LAYER_LINEAR) {
            sizes.wide = nt_net_max(sizes.wide, block * nt_net_panels(l->outputs));
        }
    }
    return (struct layout){nt_net_round(sizes.block), nt_net_round(sizes.padded), nt_net_round(sizes.wide),
                           nt_net_round(sizes.taps)};
}

size_t nt_net_backward_bytes(const nt_net *net, uint32_t samples) {
    struct layout sizes = layout(net, samples);
    return (net->back_slots * sizes.block + sizes.padded + sizes.wide + sizes.taps) * sizeof(float);
}

struct pass {
    const nt_net *net;
    float *const *gradient;
    float *const *activation;
    float *parameter; /* where the parameters' gradients go, or NULL */
    float *blocks, *padded, *wide, *taps;
    size_t block;
    uint32_t lowest;                    /* the lowest layer by whose activation a gradient is needed */
    uint32_t holder[NT_NET_MAX_LAYERS]; /* [back_slots] whose gradient a block holds, or NOBODY */
    float *at[NT_NET_MAX_LAYERS];       /* where a layer's gradient is, as far as it is known; or NULL */
};

enum { NOBODY = NT_NET_MAX_LAYERS };

/* A gradient [rows, columns] with its rows filled up to whole panels: itself where they are whole. */
static const float *widen(const struct pass *pass, const float *gradient, size_t rows, size_t columns) {
    size_t step = nt_net_panels(columns);
    if (step == columns) {
        return gradient;
    }
    for (size_t r = 0; r < rows; r++) {
        memcpy(pass->wide + r * step, gradient + r * columns, columns * sizeof *gradient);
        memset(pass->wide + r * step + columns, 0, (step - columns) * sizeof *gradient);
    }
    return pass->wide;
}

static void add_rows(float *sum, const float *gradient, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            sum[c] += gradient[r * columns + c];
        }
    }
}

/* Gradient by a convolution's parameters, one sample. */
static void convolve_parameters(const struct pass *pass, const struct nt_net_layer *l, const float *in,
                                const float *gradient) {
    size_t kernel = l->layer.kernel, length = kernel * l->inputs;
    float *sum = pass->parameter + (l->weight - pass->net->values);
    struct nt_outer o = {.terms = length, .columns = l->outputs, .gradient_step = nt_net_panels(l->outputs)};
    o.lines = l->in.height;
    o.width = l->in.width;
    o.step = l->inputs;
    o.line = (l->in.width + kernel - 1) * l->inputs;
    add_rows(sum + l->terms * l->outputs, gradient, area(l->in), l->outputs);
    o.gradient = widen(pass, gradient, area(l->in), l->outputs);
    if (kernel > 1) {
        nt_net_pad(pass->padded, in, l->in, kernel / 2);
        in = pass->padded;
    }
    for (size_t k = 0; k < kernel; k++) {
        o.sum = sum + k * length * l->outputs;
        o.in = in + k * o.line;
        nt_layer_kernels()->outer(&o);
    }
}

/* Adds up the terms that each pixel of the input had in the outputs around it. taps [height, width, kernel, kernel,
 * channels]. */
static void gather(float *gradient, const float *taps, const struct nt_net_layer *l) {
    size_t kernel = l->layer.kernel, margin = kernel / 2, height = l->in.height, width = l->in.width;
    memset(gradient, 0, height * width * l->inputs * sizeof *gradient);
    for (size_t tap = 0; tap < kernel * kernel; tap++) {
        size_t down = tap / kernel, right = tap % kernel;
        size_t top = down > margin ? down - margin : 0, left = right > margin ? right - margin : 0;
        for (size_t y = top; y < height && y + margin - down < height; y++) {
            const float *from = taps + (y + margin - down) * width * l->terms + tap * l->inputs;
            for (size_t x = left; x < width && x + margin - right < width; x++) {
                for (size_t c = 0; c < l->inputs; c++) {
                    gradient[(y * width + x) * l->inputs + c] += from[(x + margin - right) * l->terms + c];
                }
            }
        }
    }
}

/* Gradient by a convolution's input, one sample. */
static void convolve_input(float *out, const struct pass *pass, const struct nt_net_layer *l, const float *gradient) {
    size_t kernel = l->layer.kernel;
    struct nt_product p = {.out = out, .in = gradient, .weight = l->backward, .bias = pass->net->zeros};
    p.rows = area(l->in);
    p.step = l->outputs;
    if (l->taps) {
        p.out = pass->taps;
        p.columns = l->terms;
        p.width = p.rows;
        p.segments = 1;
        p.length = l->outputs;
        nt_layer_kernels()->product(&p);
        gather(out, pass->taps, l);
        return;
    }
    if (kernel > 1) {
        struct nt_shape shape = {(uint32_t)l->outputs, l->in.height, l->in.width};
        nt_net_pad(pass->padded, gradient, shape, kernel / 2);
        p.in = pass->padded;
    }
    p.columns = l->inputs;
    p.width = l->in.width;
    p.line = p.stride = (l->in.width + kernel - 1) * l->outputs;
    p.segments = kernel;
    p.length = kernel * l->outputs;
    nt_layer_kernels()->product(&p);
}

static void multiply_parameters(const struct pass *pass, const struct nt_net_layer *l, const float *in,
                                const float *gradient, size_t samples) {
    struct nt_outer o = {.in = in, .terms = l->inputs, .columns = l->outputs, .lines = 1, .width = samples};
    o.sum = pass->parameter + (l->weight - pass->net->values);
    add_rows(o.sum + l->terms * l->outputs, gradient, samples, l->outputs);
    o.gradient = widen(pass, gradient, samples, l->outputs);
    o.gradient_step = nt_net_panels(l->outputs);
    o.step = l->inputs;
    nt_layer_kernels()->outer(&o);
}

void nt_net_multiply_input(float *out, const nt_net *net, const struct nt_net_layer *l, const float *gradient,
                           size_t samples) {
    struct nt_product p = {.out = out, .in = gradient, .weight = l->backward, .bias = net->zeros};
    p.rows = p.width = samples;
    p.columns = l->inputs;
    p.step = p.length = l->outputs;
    p.segments = 1;
    nt_layer_kernels()->product(&p);
}

/* Gradient by the parameters of layer i. in and gradient are those of the block's first sample. */
static void backward_parameters(const struct pass *pass, uint32_t i, const float *in, const float *gradient,
                                size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    if (l->layer.kind == NT_LAYER_LINEAR) {
        multiply_parameters(pass, l, in, gradient, samples);
    } else if (l->layer.kind == NT_LAYER_CONV2D) {
        for (size_t s = 0; s < samples; s++) {
            convolve_parameters(pass, l, in + s * (l->in.channels * area(l->in)), gradient + s * l->layer.size);
        }
    }
}

static void pool_input(float *to, const struct nt_net_layer *l, const float *in, const float *out,
                       const float *gradient) {
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    const struct nt_pool shape = {l->in.height, l->in.width, l->in.channels, l->layer.kernel};
    struct nt_slide slide = nt_net_slide(l);
    if (l->layer.kind != NT_LAYER_MAXPOOL2D) {
        kernels->slide_mean_backward(to, gradient, &slide);
    } else if (l->general) {
        kernels->slide_max_backward(to, in, out, gradient, &slide);
    } else {
        kernels->pool_backward(to, in, out, gradient, &shape);
    }
}

/* Gradient by the input of layer i, of those kinds that take their samples one by one. */
static void backward_image(float *to, const struct pass *pass, uint32_t i, size_t first, const float *gradient,
                           size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    size_t size = l->layer.size, size_in = l->in.channels * area(l->in);
    const float *in = pass->activation[l->from[0]] + first * size_in, *out = pass->activation[i] + first * size;
    for (size_t s = 0; s < samples; s++) {
        if (l->layer.kind != NT_LAYER_CONV2D) {
            pool_input(to + s * size_in, l, in + s * size_in, out + s * size, gradient + s * size);
        } else if (l->general) {
            nt_net_general_input(to + s * size_in, pass->net, l, gradient + s * size, pass->padded);
        } else {
            convolve_input(to + s * size_in, pass, l, gradient + s * size);
        }
    }
}

/* Gradient by the input of layer i. */
static void backward_input(float *to, const struct pass *pass, uint32_t i, size_t first, const float *gradient,
                           size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    size_t channels = l->in.channels, size = l->layer.size, count = samples * size;
    const float *out = pass->activation[i] + first * size, *in = pass->activation[l->from[0]] + first * size;
    switch (l->layer.kind) {
    case NT_LAYER_LINEAR:
        nt_net_multiply_input(to, pass->net, l, gradient, samples);
        break;
    case NT_LAYER_RELU:
        kernels->rectify_backward(to, out, gradient, count);
        break;
    case NT_LAYER_CONV2D:
    case NT_LAYER_MAXPOOL2D:
    case NT_LAYER_AVGPOOL2D:
    case NT_LAYER_GLOBALAVGPOOL2D:
        backward_image(to, pass, i, first, gradient, samples);
        break;
    case NT_LAYER_BATCHNORM2D:
        kernels->scale(to, gradient, l->weight, NULL, count / channels, channels);
        break;
    case NT_LAYER_LEAKYRELU:
    case NT_LAYER_GELU:
    case NT_LAYER_SILU:
        kernels->curve_backward(to, in, gradient, nt_net_curve(&l->layer), l->layer.slope, count);
        break;
    case NT_LAYER_SOFTMAX:
    case NT_LAYER_LOGSOFTMAX:
        kernels->softmax_backward(to, out, gradient, count / channels, channels, l->layer.kind == NT_LAYER_LOGSOFTMAX);
        break;
    default:
        memcpy(to, gradient, count * sizeof *to);
        break;
    }
}

/* A block that nobody holds, for the gradient by layer l. */
static float *take(struct pass *pass, uint32_t l) {
    uint32_t s = 0;
    while (pass->holder[s] != NOBODY) {
        s++;
    }
    assert(s < pass->net->back_slots);
    pass->holder[s] = l;
    return pass->blocks + s * pass->block;
}

static void give_back(struct pass *pass, uint32_t l) {
    for (uint32_t s = 0; s < pass->net->back_slots; s++) {
        pass->holder[s] = pass->holder[s] == l ? NOBODY : pass->holder[s];
    }
}

/* Adds what layer i passes back to its input j. */
static void pass_back(struct pass *pass, uint32_t i, uint32_t j, size_t first, size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    size_t size = pass->net->layer[j].layer.size, count = samples * size;
    if (pass->at[j] == NULL) {
        pass->at[j] = pass->gradient[j] != NULL ? pass->gradient[j] + first * size : take(pass, j);
        backward_input(pass->at[j], pass, i, first, pass->at[i], samples);
    } else if (l->same || l->layer.kind == NT_LAYER_ADD) {
        nt_layer_kernels()->add(pass->at[j], pass->at[j], pass->at[i], count);
    } else {
        float *more = take(pass, i);
        backward_input(more, pass, i, first, pass->at[i], samples);
        nt_layer_kernels()->add(pass->at[j], pass->at[j], more, count);
    }
}

static void backward_block(struct pass *pass, const float *seed, size_t first, size_t samples) {
    const nt_net *net = pass->net;
    uint32_t last = net->layers - 1;
    size_t classes = net->layer[last].layer.size;
    memset(pass->at, 0, sizeof pass->at);
    for (uint32_t s = 0; s < net->back_slots; s++) {
        pass->holder[s] = NOBODY;
    }
    pass->at[last] = pass->gradient[last] != NULL ? pass->gradient[last] + first * classes : take(pass, last);
    memcpy(pass->at[last], seed + first * classes, samples * classes * sizeof *seed);
    for (uint32_t i = last; i > 0; i--) {
        const struct nt_net_layer *l = &net->layer[i];
        for (uint32_t k = 0; pass->at[i] != NULL && k < l->inputs_count; k++) {
            uint32_t j = l->from[k];
            if (pass->parameter != NULL) {
                const float *in = pass->activation[j] + first * net->layer[j].layer.size;
                backward_parameters(pass, i, in, pass->at[i], samples);
            }
            if (j >= pass->lowest) {
                pass_back(pass, i, j, first, samples);
            }
        }
        give_back(pass, i);
    }
    for (uint32_t l = 0; l < last; l++) { /* the last layer does not depend on it */
        size_t size = net->layer[l].layer.size;
        if (pass->at[l] == NULL && pass->gradient[l] != NULL) {
            memset(pass->gradient[l] + first * size, 0, samples * size * sizeof *seed);
        }
    }
}

enum nt_status nt_net_backward(float *const *gradient, float *parameter, const nt_net *net, float *const *activation,
                               const float *seed, uint32_t samples, void *scratch) {
    assert(((uintptr_t)scratch & 63) == 0);
    struct layout sizes = layout(net, samples);
    struct pass pass = {.net = net, .gradient = gradient, .activation = activation, .parameter = parameter};
    if (parameter != NULL && !net->trainable) {
        return NT_E_ARG;
    }
    pass.blocks = scratch;
    pass.block = sizes.block;
    pass.padded = pass.blocks + net->back_slots * sizes.block;
    pass.wide = pass.padded + sizes.padded;
    pass.taps = pass.wide + sizes.wide;
    if (parameter != NULL) {
        memset(parameter, 0, (size_t)net->parameters * sizeof *parameter);
    }
    while (pass.lowest + 1 < net->layers && gradient[pass.lowest] == NULL &&
           (parameter == NULL || net->layer[pass.lowest].outputs == 0)) {
        pass.lowest++;
    }
    for (size_t first = 0; first < samples; first += NT_NET_BLOCK) {
        size_t left = samples - first;
        backward_block(&pass, seed, first, left < NT_NET_BLOCK ? left : NT_NET_BLOCK);
    }
    return NT_OK;
}
