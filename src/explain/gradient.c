/* Gradient of a logit by the image.
 *
 * K. Simonyan, A. Vedaldi, A. Zisserman: Deep Inside Convolutional Networks: Visualising Image Classification Models
 * and Saliency Maps, 2013. The gradient keeps its sign and its channels: a picture may take the largest absolute value
 * of the channels, as the authors do. */
#include <string.h>

#include "explain/explain.h"

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    (void)error;
    e->result.units += 1;
    return NT_OK;
}

static enum nt_status advance(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error) {
    (void)first;
    (void)error;
    e->room.seed[e->result.label] = 1;
    return nt_room_backward(&e->room, count);
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    memcpy(e->values, e->room.gradient, e->size * sizeof *e->values);
    return NT_OK;
}

const struct nt_explain_kind nt_explain_gradient = {
    .room = NT_ROOM_GRADIENT, .rows = 1, .plan = plan, .advance = advance, .finish = finish};
