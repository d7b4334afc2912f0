/* The pass forward, in blocks of samples whose activations stay in the cache. */
#include <assert.h>
#include <string.h>

#include "net/network.h"

static size_t rounded(size_t floats) { return (floats + 15) & ~(size_t)15; }

size_t nt_net_widest(const nt_net *net) {
    size_t widest = 0;
    for (uint32_t l = 0; l < net->layers; l++) {
        widest = net->layer[l].layer.size > widest ? net->layer[l].layer.size : widest;
    }
    return widest;
}

size_t nt_net_largest_padded(const nt_net *net) {
    size_t largest = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        size_t more = l->layer.kind == NT_LAYER_CONV2D ? l->layer.kernel - 1u : 0;
        size_t size = (l->in.height + more) * (l->in.width + more) * l->in.channels;
        largest = more > 0 && size > largest ? size : largest;
    }
    return largest;
}

static size_t block_of(uint32_t samples) { return samples < NT_NET_BLOCK ? samples : NT_NET_BLOCK; }

size_t nt_net_forward_bytes(const nt_net *net, uint32_t samples) {
    return (2 * rounded(nt_net_widest(net) * block_of(samples)) + rounded(nt_net_largest_padded(net))) * sizeof(float);
}

void nt_net_pad(float *padded, const float *in, struct nt_shape shape, size_t margin) {
    size_t line = shape.width * shape.channels, side = margin * shape.channels, padded_line = line + 2 * side;
    memset(padded, 0, (margin * padded_line + side) * sizeof *padded);
    padded += margin * padded_line + side;
    for (size_t y = 0; y < shape.height; y++, in += line, padded += padded_line) {
        memcpy(padded, in, line * sizeof *in);
        memset(padded + line, 0, 2 * side * sizeof *padded);
    }
    memset(padded, 0, (margin * padded_line - side) * sizeof *padded);
}

static void convolve(float *out, float *rectified, const struct nt_net_layer *l, const float *in, size_t samples,
                     float *padded) {
    size_t kernel = l->layer.kernel, size = (size_t)l->in.channels * l->in.height * l->in.width;
    size_t line = (l->in.width + kernel - 1) * l->inputs;
    struct nt_product p = {.weight = l->packed, .bias = l->packed_bias, .columns = l->outputs, .width = l->in.width};
    p.rows = (size_t)l->in.height * l->in.width;
    p.step = l->inputs;
    p.line = p.stride = line;
    p.segments = kernel;
    p.length = kernel * l->inputs;
    for (size_t s = 0; s < samples; s++) {
        p.in = in + s * size;
        if (kernel > 1) {
            nt_net_pad(padded, p.in, l->in, kernel / 2);
            p.in = padded;
        }
        p.out = out != NULL ? out + s * l->layer.size : NULL;
        p.rectified = rectified != NULL ? rectified + s * l->layer.size : NULL;
        nt_layer_kernels()->product(&p);
    }
}

static void multiply(float *out, float *rectified, const struct nt_net_layer *l, const float *in, size_t samples) {
    struct nt_product p = {.out = out, .rectified = rectified, .in = in, .weight = l->packed, .bias = l->packed_bias};
    p.rows = p.width = samples;
    p.columns = l->outputs;
    p.step = p.length = l->inputs;
    p.segments = 1;
    nt_layer_kernels()->product(&p);
}

/* Computes one layer of a block; `rectified`, where it is not NULL, gets the ReLU that follows. */
static void apply(float *out, float *rectified, const struct nt_net_layer *l, const float *in, size_t samples,
                  float *padded) {
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    size_t size = (size_t)l->in.channels * l->in.height * l->in.width;
    const struct nt_pool shape = {l->in.height, l->in.width, l->in.channels, l->layer.kernel};
    switch (l->layer.kind) {
    case NT_LAYER_CONV2D:
        convolve(out, rectified, l, in, samples, padded);
        break;
    case NT_LAYER_LINEAR:
        multiply(out, rectified, l, in, samples);
        break;
    case NT_LAYER_RELU:
        kernels->rectify(out, in, samples * size);
        break;
    case NT_LAYER_MAXPOOL2D:
        for (size_t s = 0; s < samples; s++) {
            kernels->pool(out + s * l->layer.size, in + s * size, &shape);
        }
        break;
    default:
        memcpy(out, in, samples * size * sizeof *out);
        break;
    }
}

struct pass {
    const nt_net *net;
    float *const *activation;
    float *buffer[2], *padded;
    uint32_t last; /* the last layer that is wanted */
};

/* Where layer l of a block goes: to the caller where it is wanted, else to the buffer that `from` is not in. */
static float *place(const struct pass *pass, uint32_t l, size_t first, const float *from) {
    if (pass->activation[l] != NULL) {
        return pass->activation[l] + first * pass->net->layer[l].layer.size;
    }
    return pass->buffer[from == pass->buffer[0]];
}

static void forward_block(const struct pass *pass, const float *input, size_t first, size_t samples) {
    const nt_net *net = pass->net;
    const float *from = input + first * net->layer[0].layer.size;
    if (pass->activation[0] != NULL) {
        memcpy(place(pass, 0, first, NULL), from, samples * net->layer[0].layer.size * sizeof *from);
    }
    for (uint32_t i = 1; i <= pass->last; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        if (l->layer.kind == NT_LAYER_FLATTEN && pass->activation[i] == NULL) {
            continue; /* the same floats in the same order */
        }
        if (l->outputs > 0 && i < pass->last && l[1].layer.kind == NT_LAYER_RELU) {
            float *to = place(pass, i + 1, first, from);
            apply(pass->activation[i] != NULL ? place(pass, i, first, from) : NULL, to, l, from, samples, pass->padded);
            from = to;
            i++;
        } else {
            float *to = place(pass, i, first, from);
            apply(to, NULL, l, from, samples, pass->padded);
            from = to;
        }
    }
}

enum nt_status nt_net_forward(float *const *activation, const nt_net *net, const float *input, uint32_t samples,
                              void *scratch) {
    assert(((uintptr_t)scratch & 63) == 0);
    struct pass pass = {.net = net, .activation = activation};
    size_t half = rounded(nt_net_widest(net) * block_of(samples));
    pass.buffer[0] = scratch;
    pass.buffer[1] = pass.buffer[0] + half;
    pass.padded = pass.buffer[1] + half;
    for (uint32_t l = 0; l < net->layers; l++) {
        pass.last = activation[l] != NULL ? l : pass.last;
    }
    for (size_t first = 0; first < samples; first += NT_NET_BLOCK) {
        size_t left = samples - first;
        forward_block(&pass, input, first, left < NT_NET_BLOCK ? left : NT_NET_BLOCK);
    }
    return NT_OK;
}

void nt_net_input(float *pixel, const uint8_t *image, size_t count) {
    for (size_t i = 0; i < count; i++) {
        pixel[i] = (float)image[i] / 255.0f;
    }
}

void nt_net_to_chw(float *chw, const float *hwc, struct nt_shape shape, uint32_t samples) {
    size_t area = (size_t)shape.height * shape.width, size = area * shape.channels;
    for (size_t s = 0; s < samples; s++) {
        for (size_t i = 0; i < size; i++) {
            chw[s * size + i] = hwc[s * size + i % area * shape.channels + i / area];
        }
    }
}

void nt_net_to_hwc(float *hwc, const float *chw, struct nt_shape shape, uint32_t samples) {
    size_t area = (size_t)shape.height * shape.width, size = area * shape.channels;
    for (size_t s = 0; s < samples; s++) {
        for (size_t i = 0; i < size; i++) {
            hwc[s * size + i % area * shape.channels + i / area] = chw[s * size + i];
        }
    }
}
