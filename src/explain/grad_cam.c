/* Grad-CAM on the last convolution.
 *
 * R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh, D. Batra: Grad-CAM: Visual Explanations from Deep
 * Networks via Gradient-based Localization, 2017. The authors take the feature maps after the ReLU; here they are the
 * convolution's own output, and the weighted maps are averaged, not summed, which the division by the maximum undoes.
 */
#include <math.h>

#include "explain/explain.h"

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    uint32_t layer = nt_net_layers(e->net) - 1;
    while (layer > 0 && nt_net_layer(e->net, layer)->kind != NT_LAYER_CONV2D) {
        layer--;
    }
    if (layer == 0) {
        return nt_error_set(error, NT_E_ARG, "Grad-CAM needs a convolution, and this network has none");
    }
    struct nt_shape map = nt_net_layer(e->net, layer)->shape;
    map.channels = 1;
    e->result.units += 1;
    e->result.layer = layer;
    e->result.map_shape = map;
    e->result.shape.channels = 1;
    e->map = nt_allocate(e->allocator, (size_t)map.height * map.width, sizeof *e->map);
    return e->map != NULL ? NT_OK : nt_explain_no_memory(error);
}

static enum nt_status advance(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error) {
    (void)first;
    (void)error;
    e->room.seed[e->result.label] = 1;
    return nt_room_backward(&e->room, count);
}

/* Replaces the gradient's first pixel by its spatial mean: the channels' weights. */
static void average(float *gradient, size_t area, size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t i = 0; i < area; i++) {
            sum += (double)gradient[i * channels + c];
        }
        gradient[c] = (float)(sum / (double)area);
    }
}

/* map [area] of activation [area, channels]. */
static void weigh(float *map, const float *activation, const float *weight, size_t area, size_t channels) {
    float most = 0;
    for (size_t i = 0; i < area; i++) {
        double sum = 0;
        for (size_t c = 0; c < channels; c++) {
            sum += (double)weight[c] * (double)activation[i * channels + c];
        }
        map[i] = sum > 0 ? (float)(sum / (double)channels) : 0;
        most = map[i] > most ? map[i] : most;
    }
    for (size_t i = 0; i < area && most > 0; i++) {
        map[i] /= most;
    }
}

/* Where the centre of place i of `to` falls among the centres of `from`: between *before and the next, by the share
 * returned. */
static double place(size_t *before, size_t *after, size_t i, size_t to, size_t from) {
    double at = ((double)i + 0.5) * (double)from / (double)to - 0.5;
    at = at < 0 ? 0 : at;
    *before = (size_t)at < from - 1 ? (size_t)at : from - 1;
    *after = *before + 1 < from ? *before + 1 : *before;
    return at - (double)*before;
}

static void stretch(float *out, struct nt_shape to, const float *map, struct nt_shape from) {
    for (size_t y = 0; y < to.height; y++) {
        size_t top, bottom;
        double down = place(&top, &bottom, y, to.height, from.height);
        for (size_t x = 0; x < to.width; x++) {
            size_t left, right;
            double across = place(&left, &right, x, to.width, from.width);
            const float *upper = map + top * from.width, *lower = map + bottom * from.width;
            double above = (double)upper[left] * (1 - across) + (double)upper[right] * across;
            double below = (double)lower[left] * (1 - across) + (double)lower[right] * across;
            out[y * to.width + x] = (float)(above * (1 - down) + below * down);
        }
    }
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    struct nt_explanation *result = &e->result;
    size_t area = (size_t)result->map_shape.height * result->map_shape.width;
    size_t channels = nt_net_layer(e->net, result->layer)->shape.channels;
    average(e->room.gradient, area, channels);
    weigh(e->map, e->room.activation[result->layer], e->room.gradient, area, channels);
    stretch(e->values, result->shape, e->map, result->map_shape);
    result->map = e->map;
    return NT_OK;
}

const struct nt_explain_kind nt_explain_grad_cam = {
    .room = NT_ROOM_BACKWARD, .rows = 1, .plan = plan, .advance = advance, .finish = finish};
