#include <string.h>

#include "explain/explain.h"

enum { ROOM_FLOATS = 1 << 22 }; /* activations kept at a time, unless one sample has more */

static size_t rounded(size_t floats) { return (floats + 15) & ~(size_t)15; }

/* Floats of one sample. */
static size_t row_floats(const nt_net *net, enum nt_room_kind kind, uint32_t at) {
    uint32_t layers = nt_net_layers(net);
    size_t floats = (size_t)nt_net_layer(net, 0)->size + nt_net_classes(net);
    if (kind == NT_ROOM_BACKWARD) {
        floats += (size_t)nt_net_classes(net) + nt_net_layer(net, at)->size;
        for (uint32_t l = 1; l + 1 < layers; l++) {
            floats += nt_net_layer(net, l)->size;
        }
    }
    return floats;
}

static float *cut(float **from, const struct nt_room *room, size_t size) {
    float *here = *from;
    *from += rounded(room->rows * size);
    return here;
}

/* Deals the floats out. */
static void divide(struct nt_room *room) {
    const nt_net *net = room->net;
    uint32_t last = nt_net_layers(net) - 1;
    float *from = room->floats;
    room->input = cut(&from, room, nt_net_layer(net, 0)->size);
    room->logit = cut(&from, room, nt_net_classes(net));
    room->activation[last] = room->logit;
    if (room->backward) {
        room->activation[0] = room->input;
        room->seed = cut(&from, room, nt_net_classes(net));
        room->gradient = cut(&from, room, nt_net_layer(net, room->at)->size);
        for (uint32_t l = 1; l < last; l++) {
            room->activation[l] = cut(&from, room, nt_net_layer(net, l)->size);
        }
        memset(room->seed, 0, room->rows * (size_t)nt_net_classes(net) * sizeof *room->seed);
    }
}

enum nt_status nt_room_open(struct nt_room *room, const nt_net *net, uint32_t most, enum nt_room_kind kind, uint32_t at,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    size_t floats = row_floats(net, kind, at), fit = ROOM_FLOATS / floats;
    room->net = net;
    room->backward = kind == NT_ROOM_BACKWARD;
    room->at = at;
    room->rows = fit < 1 ? 1 : fit < most ? (uint32_t)fit : most;
    size_t bytes = nt_net_forward_bytes(net, room->rows);
    if (room->backward && nt_net_backward_bytes(net, room->rows) > bytes) {
        bytes = nt_net_backward_bytes(net, room->rows);
    }
    size_t slack = 16 * ((size_t)NT_NET_MAX_LAYERS + 4); /* each part starts at a multiple of 64 bytes */
    room->floats = nt_allocate(allocator, room->rows * floats + slack, sizeof *room->floats);
    room->scratch = nt_allocate(allocator, bytes, 1);
    if (room->floats == NULL || room->scratch == NULL) {
        return nt_explain_no_memory(error);
    }
    divide(room);
    return NT_OK;
}

void nt_room_close(struct nt_room *room, const struct nt_allocator *allocator) {
    nt_release(allocator, room->floats);
    nt_release(allocator, room->scratch);
}

enum nt_status nt_room_forward(struct nt_room *room, uint32_t samples) {
    float *wanted[NT_NET_MAX_LAYERS];
    memcpy(wanted, room->activation, sizeof wanted);
    wanted[0] = NULL; /* it is the input itself, and need not be copied */
    return nt_net_forward(wanted, room->net, room->input, samples, room->scratch);
}

enum nt_status nt_room_backward(struct nt_room *room, uint32_t samples) {
    float *gradient[NT_NET_MAX_LAYERS] = {NULL};
    gradient[room->at] = room->gradient;
    return nt_net_backward(gradient, NULL, room->net, room->activation, room->seed, samples, room->scratch);
}
