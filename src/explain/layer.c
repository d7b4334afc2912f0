/* Gradient by the image of the squared norm of a layer's activation, or of its squared distance to another image's.
 *
 * Passes backward start at a network's last layer: the network is cut off after the layer in question. */
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

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    uint32_t layer = e->request.layer, layers = nt_net_layers(e->whole);
    if (layer >= layers) {
        return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", layer, layers - 1);
    }
    e->result.units += 1;
    NT_TRY(nt_explain_cut_off(&e->part, e->whole, layer, e->allocator, error));
    return nt_room_open(&e->part_room, e->part, 1, NT_ROOM_GRADIENT, 0, e->allocator, error);
}

/* The value, and its gradient by the activation, which is where the pass backward starts. While there is room for one
 * sample only, the activation of `other` waits where the gradient will stand. */
static float seed(struct nt_room *room) {
    double sum = 0;
    for (size_t i = 0; i < nt_net_classes(room->net); i++) {
        float gap = room->logit[i] - room->seed[i];
        sum += (double)gap * (double)gap;
        room->seed[i] = 2 * gap;
    }
    return (float)sum;
}

static enum nt_status advance(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error) {
    (void)first;
    (void)error;
    struct nt_room *room = &e->part_room;
    size_t bytes = nt_net_classes(room->net) * sizeof *room->seed;
    memset(room->seed, 0, bytes);
    if (e->other != NULL) {
        nt_net_input(room->input, e->other, e->size);
        NT_TRY(nt_room_forward(room, 1));
        memcpy(room->seed, room->logit, bytes);
    }
    memcpy(room->input, e->pixel, e->size * sizeof *e->pixel);
    NT_TRY(nt_room_forward(room, 1));
    e->result.value = seed(room);
    return nt_room_backward(room, count);
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    memcpy(e->values, e->part_room.gradient, e->size * sizeof *e->values);
    e->result.layer = e->request.layer;
    return NT_OK;
}

const struct nt_explain_kind nt_explain_layer = {
    .room = NT_ROOM_FORWARD, .rows = 1, .plan = plan, .advance = advance, .finish = finish};
