/* Convolutions with any kernel, stride, padding, dilation and groups, one sample at a time. Groups are convolutions of
 * their own, on some of the channels; kernels with gaps across are summed over patches that are copied together, line
 * by line. Gradients by the input go line by line too: the terms of each output first, then added up where they belong.
 */
#include <string.h>

#include "net/network.h"

/* Sizes of a convolution, and of one of its groups. */
struct sizes {
    size_t height, width, channels; /* of the input */
    size_t down, across;            /* of the output */
    size_t groups, inputs, outputs; /* of one group */
    size_t padded_height, padded_width;
    bool copied, gaps; /* whether the image is copied into zeros, and patches are */
};

static struct sizes sizes_of(const struct nt_net_layer *l) {
    const struct nt_window *w = &l->layer.window;
    struct sizes s = {.height = l->in.height, .width = l->in.width, .channels = l->inputs, .groups = l->layer.groups};
    s.down = l->layer.shape.height;
    s.across = l->layer.shape.width;
    s.inputs = l->inputs / s.groups;
    s.outputs = l->outputs / s.groups;
    s.padded_height = s.height + w->pad[0] + w->pad[2];
    s.padded_width = s.width + w->pad[1] + w->pad[3];
    s.copied = s.groups > 1 || s.padded_height > s.height || s.padded_width > s.width;
    s.gaps = w->dilation[1] > 1;
    return s;
}

struct nt_slide nt_net_slide(const struct nt_net_layer *l) {
    return (struct nt_slide){.height = l->in.height,
                             .width = l->in.width,
                             .channels = l->in.channels,
                             .down = l->layer.shape.height,
                             .across = l->layer.shape.width,
                             .window = l->layer.window,
                             .skip_pad = l->layer.skip_pad};
}

static size_t padded_floats(const struct sizes *s) {
    return s->copied ? nt_net_round(s->padded_height * s->padded_width * s->inputs) : 0;
}
static size_t patches_floats(const struct sizes *s, const struct nt_net_layer *l) {
    return s->gaps ? nt_net_round(s->across * l->terms) : 0;
}

size_t nt_net_general_floats(const struct nt_net_layer *l) {
    struct sizes s = sizes_of(l);
    size_t own = s.groups > 1 ? nt_net_round(s.down * s.across * s.outputs) : 0;
    return l->depthwise ? 0 : padded_floats(&s) + patches_floats(&s, l) + own;
}

/* The channels of one group in the midst of zeros. */
static void copy_padded(float *padded, const float *in, const struct sizes *s, const struct nt_window *w,
                        size_t group) {
    memset(padded, 0, s->padded_height * s->padded_width * s->inputs * sizeof *padded);
    for (size_t y = 0; y < s->height; y++) {
        float *to = padded + ((y + w->pad[0]) * s->padded_width + w->pad[1]) * s->inputs;
        const float *from = in + y * s->width * s->channels + group * s->inputs;
        if (s->groups == 1) {
            memcpy(to, from, s->width * s->inputs * sizeof *to);
            continue;
        }
        for (size_t x = 0; x < s->width; x++, to += s->inputs, from += s->channels) {
            memcpy(to, from, s->inputs * sizeof *to);
        }
    }
}

/* Line y of the output, by patches. */
static void sum_patches(struct nt_product *p, float *patches, const struct nt_net_layer *l, const struct sizes *s,
                        const float *image, size_t y) {
    const struct nt_window *w = &l->layer.window;
    float *to = patches;
    for (size_t x = 0; x < s->across; x++) {
        for (size_t tap = 0; tap < (size_t)w->kernel[0] * w->kernel[1]; tap++, to += s->inputs) {
            size_t row = y * w->stride[0] + tap / w->kernel[1] * w->dilation[0];
            size_t column = x * w->stride[1] + tap % w->kernel[1] * w->dilation[1];
            memcpy(to, image + (row * s->padded_width + column) * s->inputs, s->inputs * sizeof *to);
        }
    }
    p->in = patches;
    p->rows = p->width = s->across;
    p->segments = 1;
    p->step = p->length = l->terms;
    nt_layer_kernels()->product(p);
}

/* One group: out and rectified [down, across, outputs of the group]. */
static void convolve_group(float *out, float *rectified, const struct nt_net_layer *l, const struct sizes *s,
                           const float *image, size_t group, float *patches) {
    const struct nt_window *w = &l->layer.window;
    size_t panels = nt_net_panels(s->outputs);
    struct nt_product p = {.out = out, .rectified = rectified, .in = image, .columns = s->outputs};
    p.weight = l->packed + group * panels * l->terms;
    p.bias = l->packed_bias + group * panels;
    for (size_t y = 0; s->gaps && y < s->down; y++) {
        p.out = out != NULL ? out + y * s->across * s->outputs : NULL;
        p.rectified = rectified != NULL ? rectified + y * s->across * s->outputs : NULL;
        sum_patches(&p, patches, l, s, image, y);
    }
    if (s->gaps) {
        return;
    }
    p.rows = s->down * s->across;
    p.width = s->across;
    p.step = w->stride[1] * s->inputs;
    p.line = w->stride[0] * s->padded_width * s->inputs;
    p.segments = w->kernel[0];
    p.length = w->kernel[1] * s->inputs;
    p.stride = w->dilation[0] * s->padded_width * s->inputs;
    nt_layer_kernels()->product(&p);
}

/* Puts a group's outputs between those of the others. */
static void spread_group(float *out, const float *own, const struct sizes *s, size_t group) {
    for (size_t i = 0; i < s->down * s->across; i++) {
        memcpy(out + (i * s->groups + group) * s->outputs, own + i * s->outputs, s->outputs * sizeof *out);
    }
}

void nt_net_general(float *out, float *rectified, const struct nt_net_layer *l, const float *in, float *scratch) {
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    struct sizes s = sizes_of(l);
    float *padded = scratch, *patches = padded + padded_floats(&s), *own = patches + patches_floats(&s, l);
    float *to = out != NULL ? out : rectified;
    if (l->depthwise) {
        struct nt_slide slide = nt_net_slide(l);
        kernels->depthwise(to, in, l->weight, l->bias, &slide);
    } else if (s.groups == 1) {
        if (s.copied) {
            copy_padded(padded, in, &s, &l->layer.window, 0);
        }
        convolve_group(out, rectified, l, &s, s.copied ? padded : in, 0, patches);
        return;
    }
    for (size_t group = 0; !l->depthwise && group < s.groups; group++) {
        copy_padded(padded, in, &s, &l->layer.window, group);
        convolve_group(own, NULL, l, &s, padded, group, patches);
        spread_group(to, own, &s, group);
    }
    if (rectified != NULL) {
        kernels->rectify(rectified, to, l->layer.size);
    }
}

/* ---- Gradient by the input. ---- */

size_t nt_net_general_input_floats(const struct nt_net_layer *l) {
    struct sizes s = sizes_of(l);
    return l->depthwise ? 0 : nt_net_round(s.across * l->terms) + nt_net_round(s.across * s.outputs);
}

/* Adds the terms of line y of the output, [across, kernel, kernel, inputs of the group], to where they came from. */
static void add_terms(float *out, const float *terms, const struct nt_net_layer *l, const struct sizes *s, size_t group,
                      size_t y) {
    const struct nt_window *w = &l->layer.window;
    for (size_t x = 0; x < s->across; x++) {
        for (size_t tap = 0; tap < (size_t)w->kernel[0] * w->kernel[1]; tap++, terms += s->inputs) {
            size_t row = y * w->stride[0] + tap / w->kernel[1] * w->dilation[0] - w->pad[0];
            size_t column = x * w->stride[1] + tap % w->kernel[1] * w->dilation[1] - w->pad[1];
            if (row >= s->height || column >= s->width) {
                continue; /* in the padding: below 0 is far beyond */
            }
            float *to = out + (row * s->width + column) * s->channels + group * s->inputs;
            for (size_t c = 0; c < s->inputs; c++) {
                to[c] += terms[c];
            }
        }
    }
}

void nt_net_general_input(float *out, const nt_net *net, const struct nt_net_layer *l, const float *gradient,
                          float *scratch) {
    struct sizes s = sizes_of(l);
    float *terms = scratch, *own = terms + nt_net_round(s.across * l->terms);
    if (l->depthwise) {
        struct nt_slide slide = nt_net_slide(l);
        nt_layer_kernels()->depthwise_backward(out, gradient, l->weight, &slide);
        return;
    }
    memset(out, 0, s.height * s.width * s.channels * sizeof *out);
    struct nt_product p = {.out = terms, .bias = net->zeros, .columns = l->terms, .segments = 1};
    p.rows = p.width = s.across;
    p.step = p.length = s.outputs;
    for (size_t i = 0; i < s.groups * s.down; i++) {
        size_t group = i / s.down, y = i % s.down;
        const float *line = gradient + y * s.across * l->outputs;
        p.weight = l->backward + group * s.outputs * nt_net_panels(l->terms);
        p.in = s.groups == 1 ? line : own;
        for (size_t x = 0; s.groups > 1 && x < s.across; x++) {
            memcpy(own + x * s.outputs, line + x * l->outputs + group * s.outputs, s.outputs * sizeof *own);
        }
        nt_layer_kernels()->product(&p);
        add_terms(out, terms, l, &s, group, y);
    }
}
