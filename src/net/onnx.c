/* ONNX models as networks: the graph as a whole. */
#include "net/onnx.h"

#include <math.h>
#include <string.h>

#include "ntrace/net.h"

/* ---- Which nodes are needed. ---- */

static bool gives(const struct nt_onnx_node *node, struct nt_onnx_text name) {
    for (uint32_t i = 0; i < node->outputs; i++) {
        if (name.size > 0 && nt_onnx_same(node->output[i], name)) {
            return true;
        }
    }
    return false;
}

/* Marks the node that gives a value; none where it is an input or an initialiser. */
static void need(struct nt_onnx_reader *r, struct nt_onnx_text name) {
    for (uint32_t n = 0; n < r->model.nodes; n++) {
        if (gives(&r->model.node[n], name)) {
            r->needed[n] = true;
            return;
        }
    }
}

static void find_needed(struct nt_onnx_reader *r) {
    need(r, r->model.output[0].name);
    for (uint32_t n = r->model.nodes; n-- > 0;) {
        for (uint32_t i = 0; r->needed[n] && i < r->model.node[n].inputs; i++) {
            need(r, r->model.node[n].input[i]);
        }
    }
}

uint32_t nt_onnx_users(const struct nt_onnx_reader *r, struct nt_onnx_text name, uint32_t *node) {
    uint32_t users = nt_onnx_same(r->model.output[0].name, name);
    *node = 0;
    for (uint32_t n = 0; n < r->model.nodes; n++) {
        for (uint32_t i = 0; r->needed[n] && i < r->model.node[n].inputs; i++) {
            if (nt_onnx_same(r->model.node[n].input[i], name)) {
                users++;
                *node = n;
            }
        }
    }
    return users;
}

/* ---- Input and output. ---- */

static enum nt_status check_model(const struct nt_onnx_model *m) {
    if (m->opset < NT_ONNX_OLDEST || m->opset > NT_ONNX_NEWEST) {
        return nt_error_set(m->error, NT_E_VERSION, "%s: operators of version %lld; versions %d to %d are read",
                            m->name, (long long)m->opset, NT_ONNX_OLDEST, NT_ONNX_NEWEST);
    }
    if (m->inputs != 1 || m->outputs != 1) {
        return nt_error_set(m->error, NT_E_FORMAT,
                            "%s: a graph with %u inputs and %u outputs; expected one image in and "
                            "one vector out",
                            m->name, m->inputs, m->outputs);
    }
    return NT_OK;
}

static enum nt_status refuse_input(const struct nt_onnx_model *m, enum nt_status status, const char *found) {
    const struct nt_onnx_value *in = &m->input[0];
    return nt_error_set(
        m->error, status,
        "%s: byte %zu: input '%s' %s; expected floats of a shape batch x channels x height x width, all "
        "but the batch fixed",
        m->name, in->offset, nt_onnx_show(in->name).text, found);
}

/* A vector is taken for a square grey image, flattened: as networks of linear layers alone have it. */
static enum nt_status read_input(struct nt_onnx_reader *r) {
    const struct nt_onnx_model *m = &r->model;
    const struct nt_onnx_value *in = &m->input[0];
    struct nt_onnx_meaning meaning = {.name = in->name, .kind = NT_ONNX_LAYER};
    if (in->type != NT_ONNX_FLOAT && in->type != NT_ONNX_FLOAT16 && in->type != NT_ONNX_DOUBLE) {
        return refuse_input(m, NT_E_FORMAT, "holds other elements");
    }
    if (!in->shaped || (in->dimensions != 4 && in->dimensions != 2)) {
        return refuse_input(m, NT_E_SHAPE, "has another number of dimensions");
    }
    r->batch = in->shape[0];
    for (uint32_t d = 1; d < in->dimensions; d++) {
        if (in->shape[d] < 1 || in->shape[d] > NT_NET_MAX_SIZE) {
            return refuse_input(m, NT_E_SHAPE, in->shape[d] < 0 ? "has a free size" : "has a size out of range");
        }
    }
    struct nt_shape shape = {(uint32_t)in->shape[1], (uint32_t)in->shape[2], (uint32_t)in->shape[3]};
    if (in->dimensions == 2) {
        uint32_t side = (uint32_t)(sqrt((double)in->shape[1]) + 0.5);
        if ((int64_t)side * side != in->shape[1]) {
            return refuse_input(m, NT_E_SHAPE, "is a vector that is no square image");
        }
        shape = (struct nt_shape){1, side, side};
    }
    struct nt_error cause = {0};
    if (nt_net_plan_start(r->net, shape, &cause) != NT_OK) {
        return refuse_input(m, NT_E_SHAPE, cause.text);
    }
    if (in->dimensions == 2) {
        const struct nt_layer flatten = {.kind = NT_LAYER_FLATTEN};
        NT_TRY(nt_net_plan_layer(r->net, &flatten, m->error));
        meaning.layer = 1;
    }
    r->meaning[r->meanings++] = meaning;
    return NT_OK;
}

static enum nt_status check_output(const struct nt_onnx_reader *r) {
    const struct nt_onnx_model *m = &r->model;
    const struct nt_onnx_value *out = &m->output[0];
    const struct nt_onnx_meaning *found = NULL;
    for (uint32_t i = 0; i < r->meanings; i++) {
        found = nt_onnx_same(r->meaning[i].name, out->name) ? &r->meaning[i] : found;
    }
    if (found == NULL || found->kind != NT_ONNX_LAYER || found->layer == 0) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: output '%s' is given by no layer", m->name,
                            out->offset, nt_onnx_show(out->name).text);
    }
    const struct nt_layer *layer = &r->net->layer[found->layer].layer;
    const int64_t sides[4] = {r->batch, layer->shape.channels, layer->shape.height, layer->shape.width};
    bool fits = true;
    if (layer->order.height * layer->order.width > 1) {
        return nt_error_set(
            m->error, NT_E_SHAPE,
            "%s: byte %zu: output '%s' is a flattened image, whose values lie in another order here; end "
            "with a linear layer or with the mean of each channel",
            m->name, out->offset, nt_onnx_show(out->name).text);
    }
    for (uint32_t d = 1; out->shaped && d < out->dimensions; d++) {
        fits = fits && d < 4 && (out->shape[d] < 0 || out->shape[d] == sides[d]);
    }
    if (!fits || found->layer + 1 != r->net->layers) {
        return nt_error_set(m->error, NT_E_SHAPE, "%s: byte %zu: output '%s' is not %u x %u x %u, which layer %u gives",
                            m->name, out->offset, nt_onnx_show(out->name).text, layer->shape.channels,
                            layer->shape.height, layer->shape.width, found->layer);
    }
    return NT_OK;
}

/* ---- Nodes. ---- */

static const struct nt_onnx_operator *find_operator(struct nt_onnx_text type) {
    const struct nt_onnx_operator *const tables[2] = {nt_onnx_layers, nt_onnx_parts};
    for (int t = 0; t < 2; t++) {
        for (const struct nt_onnx_operator *o = tables[t]; o->name != NULL; o++) {
            if (nt_onnx_is(type, o->name)) {
                return o;
            }
        }
    }
    return NULL;
}

static enum nt_status unsupported(const struct nt_onnx_reader *r) {
    char known[360] = "";
    const struct nt_onnx_operator *const tables[2] = {nt_onnx_layers, nt_onnx_parts};
    for (int t = 0; t < 2; t++) {
        for (const struct nt_onnx_operator *o = tables[t]; o->name != NULL; o++) {
            if (strlen(known) + strlen(o->name) + 2 < sizeof known) {
                (void)strcat(strcat(known, known[0] != 0 ? " " : ""), o->name);
            }
        }
    }
    return nt_onnx_refuse(r, NT_E_FORMAT, "this operator is not read. Read are: %s", known);
}

/* Whether a list of words has this one. */
static bool has_word(const char *list, struct nt_onnx_text word) {
    for (const char *at = list; *at != 0;) {
        size_t length = strcspn(at, " ");
        if (length == word.size && memcmp(at, word.at, length) == 0) {
            return true;
        }
        at += length + (at[length] == ' ');
    }
    return false;
}

static enum nt_status read_node(struct nt_onnx_reader *r) {
    const struct nt_onnx_operator *o = find_operator(r->node->type);
    bool own = r->node->domain.size == 0 || nt_onnx_is(r->node->domain, "ai.onnx");
    struct nt_onnx_text name[NT_ONNX_MAX_ATTRIBUTES];
    if (o == NULL || !own) {
        return unsupported(r);
    }
    if (r->node->inputs < o->least || r->node->inputs > o->most || r->node->outputs < 1) {
        return nt_onnx_refuse(r, NT_E_FORMAT, "%u inputs and %u outputs; expected %u to %u inputs", r->node->inputs,
                              r->node->outputs, o->least, o->most);
    }
    for (uint32_t i = 1; i < r->node->outputs; i++) {
        uint32_t user;
        if (r->node->output[i].size > 0 && nt_onnx_users(r, r->node->output[i], &user) > 0) {
            return nt_onnx_refuse(r, NT_E_FORMAT, "its output number %u is used, which is not computed here", i + 1);
        }
    }
    uint32_t attributes = nt_onnx_attributes(name, r->node);
    for (uint32_t a = 0; a < attributes; a++) {
        if (!has_word(o->attributes, name[a])) {
            return nt_onnx_refuse(r, NT_E_FORMAT, "attribute '%s' is not read", nt_onnx_show(name[a]).text);
        }
    }
    return o->read(r);
}

static enum nt_status read_graph(struct nt_onnx_reader *r) {
    NT_TRY(check_model(&r->model));
    find_needed(r);
    NT_TRY(read_input(r));
    for (r->number = 0; r->number < r->model.nodes; r->number++) {
        r->node = &r->model.node[r->number];
        NT_TRY(r->needed[r->number] ? read_node(r) : NT_OK);
    }
    NT_TRY(check_output(r));
    nt_net_plan_finish(r->net);
    NT_TRY(nt_net_allocate(r->net, r->model.error));
    NT_TRY(nt_onnx_load(r));
    nt_net_changed(r->net);
    return NT_OK;
}

enum nt_status nt_net_parse_onnx(nt_net **net, const void *bytes, size_t size, const char *name,
                                 const struct nt_allocator *allocator, struct nt_error *error) {
    *net = NULL;
    struct nt_onnx_reader *r = nt_allocate_zeroed(allocator, 1, sizeof *r);
    nt_net *made = r != NULL ? nt_allocate_zeroed(allocator, 1, sizeof *made) : NULL;
    enum nt_status status = NT_E_MEMORY;
    if (made != NULL) {
        made->allocator = allocator;
        r->net = made;
        status = nt_onnx_open(&r->model, bytes, size, name, allocator, error);
        r->needed = nt_allocate_zeroed(allocator, r->model.nodes, sizeof *r->needed);
        r->meaning = nt_allocate_zeroed(allocator, r->model.nodes + (size_t)2, sizeof *r->meaning);
        status = status != NT_OK ? status : r->needed != NULL && r->meaning != NULL ? read_graph(r) : NT_E_MEMORY;
        nt_onnx_close(&r->model);
        nt_release(allocator, r->needed);
        nt_release(allocator, r->meaning);
    }
    if (status == NT_E_MEMORY) {
        (void)nt_error_set(error, status, "%s: not enough memory for a network", name);
    }
    nt_release(allocator, r);
    if (status != NT_OK) {
        nt_net_free(made);
        return status;
    }
    *net = made;
    return NT_OK;
}
