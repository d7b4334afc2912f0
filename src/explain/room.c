#include <string.h>

#include "explain/explain.h"

enum { ROOM_BYTES = 1 << 24 }; /* taken at a time, unless one sample needs more */

static size_t rounded(size_t floats) { return (floats + 15) & ~(size_t)15; }

/* The next part of the room; NULL while it is only counted. */
static float *cut(size_t *used, const struct nt_room *room, size_t size) {
    float *here = room->floats != NULL ? room->floats + *used : NULL;
    *used += rounded(room->rows * size);
    return here;
}

/* Deals the floats out; returns how many they are. */
static size_t divide(struct nt_room *room) {
    const nt_net *net = room->net;
    uint32_t last = nt_net_layers(net) - 1;
    size_t used = 0;
    room->input = cut(&used, room, nt_net_layer(net, 0)->size);
    room->logit = cut(&used, room, nt_net_classes(net));
    if (room->kind != NT_ROOM_FORWARD) {
        room->seed = cut(&used, room, nt_net_classes(net));
        room->gradient = cut(&used, room, nt_net_layer(net, room->at)->size);
    }
    for (uint32_t l = 1; l < last && room->kind == NT_ROOM_BACKWARD; l++) {
        room->activation[l] = cut(&used, room, nt_net_layer(net, l)->size);
    }
    room->activation[last] = room->logit;
    return used;
}

static size_t scratch_bytes(const struct nt_room *room) {
    size_t forward = nt_net_forward_bytes(room->net, room->rows);
    size_t back = room->kind == NT_ROOM_BACKWARD   ? nt_net_backward_bytes(room->net, room->rows)
                  : room->kind == NT_ROOM_GRADIENT ? nt_net_input_gradient_bytes(room->net, room->rows)
                                                   : 0;
    return forward > back ? forward : back;
}

enum nt_status nt_room_open(struct nt_room *room, const nt_net *net, uint32_t most, enum nt_room_kind kind, uint32_t at,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    *room = (struct nt_room){.net = net, .rows = most, .kind = kind, .at = at};
    while (room->rows > 1 && divide(room) * sizeof(float) + scratch_bytes(room) > ROOM_BYTES) {
        room->rows /= 2;
    }
    size_t floats = divide(room);
    room->floats = nt_allocate_zeroed(allocator, floats, sizeof *room->floats);
    room->scratch = nt_allocate(allocator, scratch_bytes(room), 1);
    if (room->floats == NULL || room->scratch == NULL) {
        return nt_explain_no_memory(error);
    }
    (void)divide(room);
    return NT_OK;
}

void nt_room_close(struct nt_room *room, const struct nt_allocator *allocator) {
    nt_release(allocator, room->floats);
    nt_release(allocator, room->scratch);
}

enum nt_status nt_room_forward(struct nt_room *room, uint32_t samples) {
    return nt_net_forward(room->activation, room->net, room->input, samples, room->scratch);
}

enum nt_status nt_room_backward(struct nt_room *room, uint32_t samples) {
    if (room->kind == NT_ROOM_GRADIENT) {
        return nt_net_input_gradient(room->gradient, NULL, room->net, room->input, room->seed, samples, room->scratch);
    }
    float *gradient[NT_NET_MAX_LAYERS] = {NULL}, *activation[NT_NET_MAX_LAYERS];
    memcpy(activation, room->activation, sizeof activation);
    activation[0] = room->input;
    gradient[room->at] = room->gradient;
    return nt_net_backward(gradient, NULL, room->net, activation, room->seed, samples, room->scratch);
}
