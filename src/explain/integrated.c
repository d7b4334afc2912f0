/* Integrated gradients.
 *
 * M. Sundararajan, A. Taly, Q. Yan: Axiomatic Attribution for Deep Networks, 2017. The baseline is black. The authors
 * sum at the right ends of the steps; the midpoints used here leave half the gap (0.3 % of the difference of logits at
 * 64 steps, not 0.7 %). Between its kinks a network of ReLUs has a constant gradient, so that rules of higher order
 * gain nothing: Gauss-Legendre leaves as much as the midpoints. */
#include <string.h>

#include "explain/explain.h"

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    if (e->request.steps < 1 || e->request.steps > NT_EXPLAIN_MAX_STEPS) {
        return nt_error_set(error, NT_E_ARG, "%u steps: expected 1 to %d", e->request.steps, NT_EXPLAIN_MAX_STEPS);
    }
    e->result.units += e->request.steps;
    e->sum = nt_allocate_zeroed(e->allocator, e->size, sizeof *e->sum);
    return e->sum != NULL ? NT_OK : nt_explain_no_memory(error);
}

static enum nt_status advance(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error) {
    (void)error;
    struct nt_room *room = &e->room;
    for (uint32_t s = 0; s < count; s++) {
        float share = (float)((first + s + 0.5) / e->request.steps);
        for (size_t i = 0; i < e->size; i++) {
            room->input[s * e->size + i] = share * e->pixel[i];
        }
        room->seed[(size_t)s * e->result.classes + e->result.label] = 1;
    }
    NT_TRY(nt_room_backward(room, count));
    for (uint32_t s = 0; s < count; s++) {
        for (size_t i = 0; i < e->size; i++) {
            e->sum[i] += (double)room->gradient[s * e->size + i];
        }
    }
    return NT_OK;
}

static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    (void)error;
    double total = 0;
    memset(e->room.input, 0, e->size * sizeof *e->room.input);
    NT_TRY(nt_room_forward(&e->room, 1));
    e->result.baseline = e->room.logit[e->result.label];
    for (size_t i = 0; i < e->size; i++) {
        e->values[i] = (float)((double)e->pixel[i] * e->sum[i] / e->request.steps);
        total += (double)e->values[i];
    }
    e->result.gap = (float)(total - ((double)e->result.logit - (double)e->result.baseline));
    return NT_OK;
}

const struct nt_explain_kind nt_explain_integrated = {
    .room = NT_ROOM_GRADIENT, .rows = 14, .plan = plan, .advance = advance, .finish = finish};
