/* Convolutions forward, one sample at a time, with the ReLU and the pooling after them: by Winograd's filtering where
 * it pays, else term by term. */
#include <string.h>

#include "net/network.h"

size_t nt_net_convolve_floats(const nt_net *net) {
    size_t floats = nt_net_round(nt_net_largest_padded(net)), most = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        if (l->layer.kind == NT_LAYER_CONV2D && l->general) {
            most = nt_net_max(most, nt_net_general_floats(l));
        }
        if (l->windows) {
            most = nt_net_max(most, floats + nt_net_round(l->layer.size));
        }
        if (l->frequencies != NULL) {
            most = nt_net_max(most, nt_net_round(nt_winograd_floats(l->in.height, l->in.width, l->inputs)));
        }
    }
    return nt_net_max(most, floats);
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

static void filter(const struct nt_windows *to, const struct nt_net_layer *l, const float *in, float *scratch) {
    struct nt_winograd w = {.to = *to, .in = in, .weight = l->frequencies, .bias = l->packed_bias, .scratch = scratch};
    bool pooled_alone = to->out == NULL && to->rectified == NULL; /* an odd row at the end is not needed then */
    w.inputs = l->inputs;
    w.down = (to->height + !pooled_alone) / 2;
    w.across = (to->width + !pooled_alone) / 2;
    nt_layer_kernels()->winograd(&w);
}

static void sum_up(const struct nt_windows *to, const struct nt_net_layer *l, const float *in, float *padded,
                   float *room) {
    size_t kernel = l->layer.kernel;
    struct nt_product p = {.weight = l->packed, .bias = l->packed_bias, .columns = l->outputs, .width = l->in.width};
    p.rows = (size_t)l->in.height * l->in.width;
    p.step = l->inputs;
    p.line = p.stride = (l->in.width + kernel - 1) * l->inputs;
    p.segments = kernel;
    p.length = kernel * l->inputs;
    p.in = in;
    if (kernel > 1) {
        nt_net_pad(padded, in, l->in, kernel / 2);
        p.in = padded;
    }
    if (to->pooled != NULL && to->out == NULL && to->rectified == NULL) {
        nt_layer_kernels()->product_windows(to, &p);
        return;
    }
    p.out = to->out;
    p.rectified = to->rectified != NULL || to->pooled == NULL ? to->rectified : room;
    nt_layer_kernels()->product(&p);
    if (to->pooled != NULL) {
        const struct nt_pool shape = {to->height, to->width, to->columns, 2};
        nt_layer_kernels()->pool(to->pooled, p.rectified, &shape);
    }
}

void nt_net_convolve(const struct nt_net_outputs *outputs, const nt_net *net, const struct nt_net_layer *l,
                     const float *in, float *scratch) {
    if (l->general) {
        nt_net_general(outputs->out, outputs->rectified, l, in, scratch);
        return;
    }
    struct nt_windows to = {outputs->out, outputs->rectified, outputs->pooled, outputs->place,
                            l->in.height, l->in.width,        l->outputs};
    if (l->frequencies != NULL && !net->direct) {
        filter(&to, l, in, scratch);
    } else {
        sum_up(&to, l, in, scratch, scratch + nt_net_round(nt_net_largest_padded(net)));
    }
}

void nt_net_multiply(float *out, float *rectified, const struct nt_net_layer *l, const float *in, size_t samples) {
    struct nt_product p = {.out = out, .rectified = rectified, .in = in, .weight = l->packed, .bias = l->packed_bias};
    p.rows = p.width = samples;
    p.columns = l->outputs;
    p.step = p.length = l->inputs;
    p.segments = 1;
    nt_layer_kernels()->product(&p);
}
