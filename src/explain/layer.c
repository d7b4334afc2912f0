/* Gradient by the image of the squared norm of a layer's activation, or of its squared distance to other images', and
 * what each channel adds to that number.
 *
 * Units: the image's own pass, one for each other image, the pass backward. Passes backward start at a network's last
 * layer: the network is cut off after the layer in question. */
#include <assert.h>
#include <string.h>

#include "explain/explain.h"
#include "net/network.h"

enum nt_status nt_explain_cut_off(nt_net **part, const nt_net *net, uint32_t layer,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    struct nt_layer list[NT_NET_MAX_LAYERS] = {{.kind = NT_LAYER_FLATTEN}};
    for (uint32_t l = 1; l <= layer; l++) {
        list[l - 1] = *nt_net_layer(net, l);
    }
    NT_TRY(nt_net_create(part, nt_net_layer(net, 0)->shape, list, layer > 0 ? layer : 1, allocator, error));
    memcpy(nt_net_values(*part), net->values, (size_t)nt_net_parameters(*part) * sizeof(float));
    nt_net_changed(*part);
    return NT_OK;
}

static uint32_t others(const nt_explain *e) {
    return e->request.lefts + e->request.arrivals + (e->other != NULL ? 1 : 0);
}

static enum nt_status check(const nt_explain *e, struct nt_error *error) {
    const struct nt_explain_request *r = &e->request;
    uint32_t layers = nt_net_layers(e->whole);
    if (r->layer >= layers) {
        return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", r->layer, layers - 1);
    }
    if (r->lefts + r->arrivals == 0) {
        return NT_OK;
    }
    if (e->bundle == NULL) {
        return nt_error_set(error, NT_E_MISSING, "samples to compare with need a bundle's images");
    }
    uint32_t samples = nt_bundle_samples(e->bundle);
    if (e->other != NULL || r->lefts > samples || r->arrivals > samples) {
        return nt_error_set(error, NT_E_ARG, "expected either another image or up to %u samples each", samples);
    }
    for (uint32_t i = 0; i < r->lefts + r->arrivals; i++) {
        uint32_t sample = i < r->lefts ? r->left[i] : r->arrived[i - r->lefts];
        if (sample >= samples) {
            return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", sample, samples - 1);
        }
    }
    return NT_OK;
}

/* The lists are the caller's: they are copied, one after the other. */
static enum nt_status copy_lists(nt_explain *e) {
    struct nt_explain_request *r = &e->request;
    e->list = nt_allocate(e->allocator, (size_t)r->lefts + r->arrivals, sizeof *e->list);
    if (e->list == NULL) {
        return NT_E_MEMORY;
    }
    memcpy(e->list, r->left, r->lefts * sizeof *e->list);
    memcpy(e->list + r->lefts, r->arrived, r->arrivals * sizeof *e->list);
    r->left = e->list;
    r->arrived = e->list + r->lefts;
    return NT_OK;
}

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    NT_TRY(check(e, error));
    const struct nt_layer *layer = nt_net_layer(e->whole, e->request.layer);
    e->result.units += 2 + others(e);
    e->result.channels = layer->shape.channels;
    e->result.size = (uint32_t)layer->size;
    e->own = nt_allocate(e->allocator, layer->size + (size_t)e->result.channels, sizeof *e->own);
    e->sum = nt_allocate_zeroed(e->allocator, layer->size + (size_t)e->result.channels, sizeof *e->sum);
    if (e->own == NULL || e->sum == NULL || (e->request.lefts + e->request.arrivals > 0 && copy_lists(e) != NT_OK)) {
        return nt_explain_no_memory(error);
    }
    NT_TRY(nt_explain_cut_off(&e->part, e->whole, e->request.layer, e->allocator, error));
    return nt_room_open(&e->part_room, e->part, 1, NT_ROOM_GRADIENT, 0, e->allocator, error);
}

/* Adds what one other activation (NULL: zeros) adds to the gradient by the own one, and to each channel's part. */
static void compare(nt_explain *e, const float *other, double weight) {
    size_t size = nt_net_classes(e->part), channels = e->result.channels;
    double *seed = e->sum, *part = e->sum + size;
    for (size_t i = 0; i < size; i++) {
        float gap = e->own[i] - (other != NULL ? other[i] : 0);
        seed[i] += weight * 2 * (double)gap;
        part[i % channels] += weight * (double)gap * (double)gap;
    }
}

static enum nt_status meet(nt_explain *e, uint32_t i, struct nt_error *error) {
    const struct nt_explain_request *r = &e->request;
    bool left = e->other != NULL || i < r->lefts;
    const uint8_t *image = e->other != NULL ? e->other : nt_bundle_image(e->bundle, e->list[i]);
    if (image == NULL) {
        return nt_error_set(error, NT_E_MISSING, "the image of sample %u is not loaded", e->list[i]);
    }
    nt_net_input(e->part_room.input, image, e->size);
    NT_TRY(nt_room_forward(&e->part_room, 1));
    compare(e, e->part_room.logit, e->other != NULL ? 1 : left ? 1.0 / r->lefts : -1.0 / r->arrivals);
    return NT_OK;
}

static enum nt_status advance(nt_explain *e, uint32_t unit, uint32_t count, struct nt_error *error) {
    struct nt_room *room = &e->part_room;
    size_t size = nt_net_classes(room->net);
    assert(count == 1);
    if (unit > 0 && unit <= others(e)) {
        return meet(e, unit - 1, error);
    }
    memcpy(room->input, e->pixel, e->size * sizeof *e->pixel);
    if (unit == 0) {
        NT_TRY(nt_room_forward(room, 1));
        memcpy(e->own, room->logit, size * sizeof *e->own);
        if (others(e) == 0) {
            compare(e, NULL, 1);
        }
        return NT_OK;
    }
    for (size_t i = 0; i < size; i++) {
        room->seed[i] = (float)e->sum[i];
    }
    return nt_room_backward(room, count);
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    size_t size = nt_net_classes(e->part);
    double sum = 0;
    for (size_t c = 0; c < e->result.channels; c++) {
        e->own[size + c] = (float)e->sum[size + c];
        sum += e->sum[size + c];
    }
    memcpy(e->values, e->part_room.gradient, e->size * sizeof *e->values);
    e->result.layer = e->request.layer;
    e->result.value = (float)sum;
    e->result.activation = e->own;
    e->result.moves = e->own + size;
    return NT_OK;
}

const struct nt_explain_kind nt_explain_layer = {
    .room = NT_ROOM_FORWARD, .rows = 1, .plan = plan, .advance = advance, .finish = finish};
