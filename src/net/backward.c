/* The pass backward, in the same blocks as forward. Gradients by inputs are convolutions and products of their own, so
 * that the forward kernel serves them; gradients by weights sum over pixels, and then sample by sample in ascending
 * order. */
#include <assert.h>
#include <string.h>

#include "net/network.h"

static size_t rounded(size_t floats) { return (floats + 15) & ~(size_t)15; }
static size_t max(size_t a, size_t b) { return a > b ? a : b; }
static size_t area(struct nt_shape shape) { return (size_t)shape.height * shape.width; }

/* Floats of the parts of the scratch. */
struct layout {
    size_t block;  /* one of two blocks of gradients */
    size_t padded; /* one sample, or its gradient, padded */
    size_t wide;   /* a gradient with its channels filled up to whole panels: of a sample, for linear layers a block */
    size_t taps;   /* the terms of one sample's gradient before they are added up */
};

static struct layout layout(const nt_net *net, uint32_t samples) {
    size_t block = samples < NT_NET_BLOCK ? samples : NT_NET_BLOCK;
    struct layout sizes = {nt_net_widest(net) * block, nt_net_largest_padded(net), 0, 0};
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        if (l->layer.kind == NT_LAYER_CONV2D) {
            size_t more = l->layer.kernel - 1u;
            sizes.padded = max(sizes.padded, (l->in.height + more) * (l->in.width + more) * l->outputs);
            sizes.wide = max(sizes.wide, area(l->in) * nt_net_panels(l->outputs));
            sizes.taps = max(sizes.taps, l->taps ? area(l->in) * l->terms : 0);
        } else if (l->layer.kind == NT_LAYER_LINEAR) {
            sizes.wide = max(sizes.wide, block * nt_net_panels(l->outputs));
        }
    }
    return (struct layout){rounded(sizes.block), rounded(sizes.padded), rounded(sizes.wide), rounded(sizes.taps)};
}

size_t nt_net_backward_bytes(const nt_net *net, uint32_t samples) {
    struct layout sizes = layout(net, samples);
    return (2 * sizes.block + sizes.padded + sizes.wide + sizes.taps) * sizeof(float);
}

struct pass {
    const nt_net *net;
    float *const *gradient;
    float *const *activation;
    float *parameter; /* where the parameters' gradients go, or NULL */
    float *buffer[2], *padded, *wide, *taps;
    uint32_t lowest; /* the lowest layer by whose activation a gradient is needed */
};

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
            convolve_parameters(pass, l, in + s * l[-1].layer.size, gradient + s * l->layer.size);
        }
    }
}

/* Gradient by the input of layer i. */
static void backward_input(float *to, const struct pass *pass, uint32_t i, size_t first, const float *gradient,
                           size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    const struct nt_pool shape = {l->in.height, l->in.width, l->in.channels, l->layer.kernel};
    size_t size = l->layer.size, size_in = l[-1].layer.size;
    const float *out = pass->activation[i] + first * size, *in = pass->activation[i - 1] + first * size_in;
    switch (l->layer.kind) {
    case NT_LAYER_LINEAR:
        nt_net_multiply_input(to, pass->net, l, gradient, samples);
        break;
    case NT_LAYER_RELU:
        kernels->rectify_backward(to, out, gradient, samples * size);
        break;
    case NT_LAYER_CONV2D:
        for (size_t s = 0; s < samples; s++) {
            convolve_input(to + s * size_in, pass, l, gradient + s * size);
        }
        break;
    case NT_LAYER_MAXPOOL2D:
        for (size_t s = 0; s < samples; s++) {
            kernels->pool_backward(to + s * size_in, in + s * size_in, out + s * size, gradient + s * size, &shape);
        }
        break;
    default:
        memcpy(to, gradient, samples * size * sizeof *to);
        break;
    }
}

static void backward_block(const struct pass *pass, const float *seed, size_t first, size_t samples) {
    const nt_net *net = pass->net;
    uint32_t last = net->layers - 1;
    const float *from = seed + first * net->layer[last].layer.size;
    if (pass->gradient[last] != NULL) {
        memcpy(pass->gradient[last] + first * net->layer[last].layer.size, from,
               samples * net->layer[last].layer.size * sizeof *from);
    }
    for (uint32_t i = last; i > 0; i--) {
        size_t size_in = net->layer[i - 1].layer.size;
        if (pass->parameter != NULL) {
            backward_parameters(pass, i, pass->activation[i - 1] + first * size_in, from, samples);
        }
        if (i - 1 < pass->lowest) {
            return;
        }
        float *to = pass->gradient[i - 1] != NULL ? pass->gradient[i - 1] + first * size_in
                                                  : pass->buffer[from == pass->buffer[0]];
        backward_input(to, pass, i, first, from, samples);
        from = to;
    }
}

enum nt_status nt_net_backward(float *const *gradient, float *parameter, const nt_net *net, float *const *activation,
                               const float *seed, uint32_t samples, void *scratch) {
    assert(((uintptr_t)scratch & 63) == 0);
    struct layout sizes = layout(net, samples);
    struct pass pass = {.net = net, .gradient = gradient, .activation = activation, .parameter = parameter};
    pass.buffer[0] = scratch;
    pass.buffer[1] = pass.buffer[0] + sizes.block;
    pass.padded = pass.buffer[1] + sizes.block;
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
