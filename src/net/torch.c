#include "net/torch.h"

#include <math.h>

struct nt_shape nt_torch_kernel(const nt_net *net, uint32_t number) {
    const struct nt_net_layer *l = &net->layer[number];
    if (l->layer.kind == NT_LAYER_CONV2D) {
        return (struct nt_shape){(uint32_t)(l->inputs / l->layer.groups), l->layer.window.kernel[0],
                                 l->layer.window.kernel[1]};
    }
    const struct nt_layer *input = &net->layer[l->from[0]].layer;
    bool flattened = input->order.height * input->order.width > 1;
    return flattened ? input->order : (struct nt_shape){l->in.channels, 1, 1};
}

void nt_torch_read(float *own, const float *torch, struct nt_shape shape, size_t outputs) {
    size_t area = (size_t)shape.height * shape.width, terms = area * shape.channels;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t t = 0; t < terms; t++) {
            own[(t % area * shape.channels + t / area) * outputs + o] = torch[o * terms + t];
        }
    }
}

void nt_torch_write(float *torch, const float *own, struct nt_shape shape, size_t outputs) {
    size_t area = (size_t)shape.height * shape.width, terms = area * shape.channels;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t t = 0; t < terms; t++) {
            torch[o * terms + t] = own[(t % area * shape.channels + t / area) * outputs + o];
        }
    }
}

size_t nt_torch_fold(nt_net *net, uint32_t number, const struct nt_torch_norm *norm, float *room) {
    struct nt_net_layer *l = &net->layer[number];
    size_t channels = l->in.channels;
    float *factor = room, *addend = room + channels;
    for (size_t c = 0; c < channels; c++) {
        double variance = (double)norm->variance[c] + norm->eps;
        double scale = (norm->weight != NULL ? (double)norm->weight[c] : 1) / sqrt(variance);
        double shift = norm->bias != NULL ? (double)norm->bias[c] : 0;
        factor[c] = (float)scale;
        addend[c] = (float)(shift - (double)norm->mean[c] * scale);
        if (!(variance > 0) || !isfinite(factor[c]) || !isfinite(addend[c])) {
            return c;
        }
    }
    nt_torch_read(l->weight, factor, nt_torch_kernel(net, number), 1);
    nt_torch_read(l->bias, addend, nt_torch_kernel(net, number), 1);
    return channels;
}
