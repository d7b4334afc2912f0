#include <assert.h>
#include <string.h>

#include "bundle/handle.h"
#include "explain/explain.h"

enum nt_status nt_explain_no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for an explanation");
}

/* ---- Probabilities: all there once the logits are. ---- */

static enum nt_status plan_probabilities(nt_explain *e, struct nt_error *error) {
    (void)error;
    e->result.shape = (struct nt_shape){1, 1, e->result.classes};
    return NT_OK;
}

static enum nt_status finish_probabilities(nt_explain *e, struct nt_error *error) {
    (void)error;
    memcpy(e->values, e->result.probabilities, e->result.classes * sizeof *e->values);
    return NT_OK;
}

static const struct nt_explain_kind PROBABILITIES = {
    .room = NT_ROOM_FORWARD, .rows = 1, .plan = plan_probabilities, .finish = finish_probabilities};

static const struct nt_explain_kind *const KINDS[NT_EXPLAIN_METHOD_COUNT] = {
    [NT_EXPLAIN_PROBABILITIES] = &PROBABILITIES,
    [NT_EXPLAIN_GRADIENT] = &nt_explain_gradient,
    [NT_EXPLAIN_INTEGRATED_GRADIENTS] = &nt_explain_integrated,
    [NT_EXPLAIN_GRAD_CAM] = &nt_explain_grad_cam,
    [NT_EXPLAIN_OCCLUSION] = &nt_explain_occlusion,
    [NT_EXPLAIN_NEIGHBOR_MEAN] = &nt_explain_neighbor_mean,
    [NT_EXPLAIN_LAYER] = &nt_explain_layer,
};

/* ---- Starting. ---- */

static enum nt_status check(const nt_net *net, const nt_bundle *bundle, const struct nt_explain_request *r,
                            struct nt_error *error) {
    if ((uint32_t)r->method >= NT_EXPLAIN_METHOD_COUNT) {
        return nt_error_set(error, NT_E_ARG, "there is no method of explanation %u", (unsigned)r->method);
    }
    if (r->method == NT_EXPLAIN_NEIGHBOR_MEAN ? bundle == NULL : net == NULL) {
        return nt_error_set(error, NT_E_MISSING, "this explanation needs %s",
                            net == NULL ? "the network, which is not loaded" : "a bundle's images");
    }
    if (net == NULL && nt_bundle_image_shape(bundle).channels == 0) {
        return nt_error_set(error, NT_E_MISSING, "this bundle holds neither a network nor images: nothing explains it");
    }
    if (net == NULL ? r->label != NT_EXPLAIN_TOP : r->label != NT_EXPLAIN_TOP && r->label >= nt_net_classes(net)) {
        return nt_error_set(error, NT_E_ARG, "class %u: the network has %u", r->label,
                            net == NULL ? 0 : nt_net_classes(net));
    }
    return NT_OK;
}

static enum nt_status copy_image(uint8_t **to, const nt_explain *e, const uint8_t *image) {
    if (image == NULL) {
        return NT_OK;
    }
    *to = nt_allocate(e->allocator, e->size, 1);
    if (*to == NULL) {
        return NT_E_MEMORY;
    }
    memcpy(*to, image, e->size);
    return NT_OK;
}

/* The images, and room for what every method gives. */
static enum nt_status prepare(nt_explain *e, const struct nt_explain_request *r) {
    e->request = *r;
    e->shape = e->net != NULL ? nt_net_layer(e->net, 0)->shape : nt_bundle_image_shape(e->bundle);
    e->size = (size_t)e->shape.channels * e->shape.height * e->shape.width;
    NT_TRY(copy_image(&e->image, e, r->image));
    NT_TRY(copy_image(&e->other, e, r->other));
    e->request.image = e->image;
    e->request.other = e->other;
    e->pixel = nt_allocate(e->allocator, e->size, sizeof *e->pixel);
    e->result.classes = e->net != NULL ? nt_net_classes(e->net) : 0;
    e->answer = nt_allocate(e->allocator, 2 * (size_t)e->result.classes, sizeof *e->answer);
    if (e->pixel == NULL || e->answer == NULL) {
        return NT_E_MEMORY;
    }
    nt_net_input(e->pixel, e->image, e->size);
    e->result.label = NT_EXPLAIN_TOP;
    e->result.units = 1;
    e->result.shape = e->shape;
    e->kind = KINDS[r->method];
    return NT_OK;
}

static enum nt_status plan(nt_explain *e, struct nt_error *error) {
    NT_TRY(e->kind->plan != NULL ? e->kind->plan(e, error) : NT_OK);
    struct nt_shape shape = e->result.shape;
    e->values = nt_allocate(e->allocator, (size_t)shape.channels * shape.height * shape.width, sizeof *e->values);
    if (e->values == NULL) {
        return nt_explain_no_memory(error);
    }
    return e->net != NULL
               ? nt_room_open(&e->room, e->net, e->kind->rows, e->kind->room, e->result.layer, e->allocator, error)
               : NT_OK;
}

enum nt_status nt_explain_create(nt_explain **explain, const nt_net *net, const nt_bundle *bundle,
                                 const struct nt_explain_request *request, const struct nt_allocator *allocator,
                                 struct nt_error *error) {
    *explain = NULL;
    NT_TRY(check(net, bundle, request, error));
    assert(request->image != NULL);
    nt_explain *e = nt_allocate_zeroed(allocator, 1, sizeof *e);
    if (e == NULL) {
        return nt_explain_no_memory(error);
    }
    e->allocator = allocator;
    e->whole = e->net = net;
    e->bundle = bundle;
    enum nt_status status = NT_OK;
    if (net != NULL && nt_net_logits(net) + 1 < nt_net_layers(net)) {
        status = nt_explain_cut_off(&e->up_to, net, nt_net_logits(net), allocator, error);
        e->net = e->up_to;
    }
    if (status == NT_OK) {
        status = prepare(e, request) == NT_OK ? plan(e, error) : nt_explain_no_memory(error);
    }
    if (status != NT_OK) {
        nt_explain_free(e);
        return status;
    }
    *explain = e;
    return NT_OK;
}

void nt_explain_free(nt_explain *e) {
    if (e == NULL) {
        return;
    }
    void *held[] = {e->image, e->other,  e->pixel,   e->answer, e->values, e->map,
                    e->sum,   e->window, e->nearest, e->own,    e->list};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(e->allocator, held[i]);
    }
    nt_room_close(&e->room, e->allocator);
    nt_room_close(&e->part_room, e->allocator);
    nt_net_free(e->part);
    nt_net_free(e->up_to);
    nt_release(e->allocator, e);
}

/* ---- Going on. ---- */

/* The first unit: the image's own pass, which tells the class. */
static enum nt_status look(nt_explain *e) {
    uint32_t classes = e->result.classes, top = 0;
    float *logit = e->answer, *probability = e->answer + classes;
    if (e->net == NULL) {
        return NT_OK;
    }
    memcpy(e->room.input, e->pixel, e->size * sizeof *e->pixel);
    NT_TRY(nt_room_forward(&e->room, 1));
    memcpy(logit, e->room.logit, classes * sizeof *logit);
    memcpy(probability, logit, classes * sizeof *logit);
    nt_softmax(probability, classes);
    for (uint32_t c = 1; c < classes; c++) {
        top = logit[c] > logit[top] ? c : top;
    }
    e->result.label = e->request.label == NT_EXPLAIN_TOP ? top : e->request.label;
    e->result.logit = logit[e->result.label];
    e->result.probability = probability[e->result.label];
    e->result.logits = logit;
    e->result.probabilities = probability;
    return NT_OK;
}

/* The last unit: values, and their range. */
static enum nt_status finish(nt_explain *e, struct nt_error *error) {
    struct nt_explanation *result = &e->result;
    NT_TRY(e->kind->finish(e, error));
    size_t count = (size_t)result->shape.channels * result->shape.height * result->shape.width;
    result->low = result->high = e->values[0];
    for (size_t i = 1; i < count; i++) {
        result->low = e->values[i] < result->low ? e->values[i] : result->low;
        result->high = e->values[i] > result->high ? e->values[i] : result->high;
    }
    result->values = e->values;
    return NT_OK;
}

enum nt_status nt_explain_step(nt_explain *e, uint32_t units, struct nt_error *error) {
    struct nt_explanation *result = &e->result;
    uint32_t rows = e->net != NULL ? e->room.rows : e->kind->rows, left = result->units - result->done;
    units = units > 0 ? units : 1;
    for (uint32_t goal = result->done + (units < left ? units : left), count; result->done < goal;
         result->done += count) {
        if (result->done == 0) {
            count = 1;
            NT_TRY(look(e));
        } else {
            count = goal - result->done < rows ? goal - result->done : rows;
            NT_TRY(e->kind->advance(e, result->done - 1, count, error));
        }
        if (result->done + count == result->units) {
            NT_TRY(finish(e, error));
        }
    }
    return NT_OK;
}

const struct nt_explanation *nt_explain_result(const nt_explain *e) { return &e->result; }
