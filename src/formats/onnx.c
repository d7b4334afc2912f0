#include "formats/onnx.h"

#include <string.h>

#include "formats/onnx_wire.h"

/* Numbers of fields in onnx.proto. */
enum { MODEL_GRAPH = 7, MODEL_OPSET = 8, OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum { GRAPH_NODE = 1, GRAPH_TENSOR = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12, GRAPH_SPARSE = 15 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_TYPE = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7 };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_NUMBER = 2,
    ATTRIBUTE_INTEGER = 3,
    ATTRIBUTE_TEXT = 4,
    ATTRIBUTE_TENSOR = 5,
    ATTRIBUTE_INTEGERS = 8
};
enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIMENSION = 1, DIMENSION_VALUE = 1 };

/* ---- Errors. ---- */

struct nt_onnx_shown nt_onnx_show(struct nt_onnx_text text) {
    struct nt_onnx_shown shown = {""};
    size_t most = sizeof shown.text - 4, length = text.size < most ? text.size : most;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        shown.text[i] = c < 0x20 || c > 0x7e ? '?' : (char)c;
    }
    if (text.size > most) {
        memcpy(shown.text + most, "...", 4);
    }
    return shown;
}

enum nt_status nt_onnx_check(const struct nt_wire *wire, const struct nt_onnx_model *m) {
    return wire->why == NULL ? NT_OK
                             : nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: not an ONNX model: %s", m->name,
                                            nt_onnx_offset(m, wire->at), wire->why);
}

static enum nt_status wrong_type(const struct nt_field *field, const struct nt_onnx_model *m, const char *what) {
    return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: not an ONNX model: %s: expected another type of field",
                        m->name, nt_onnx_offset(m, field->start), what);
}

enum nt_status nt_onnx_expect(const struct nt_field *field, enum nt_wire_type a, enum nt_wire_type b, const char *what,
                              const struct nt_onnx_model *m) {
    return field->type == a || field->type == b ? NT_OK : wrong_type(field, m, what);
}

enum nt_status nt_onnx_get_text(struct nt_onnx_text *text, const struct nt_field *field, const char *what,
                                const struct nt_onnx_model *m) {
    NT_TRY(nt_onnx_expect(field, NT_WIRE_BYTES, NT_WIRE_BYTES, what, m));
    *text = (struct nt_onnx_text){(const char *)field->bytes, field->size};
    return NT_OK;
}

bool nt_onnx_same(struct nt_onnx_text a, struct nt_onnx_text b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool nt_onnx_is(struct nt_onnx_text text, const char *word) {
    return nt_onnx_same(text, (struct nt_onnx_text){word, strlen(word)});
}

/* ---- Nodes. ---- */

static enum nt_status add_name(struct nt_onnx_text *list, uint32_t *count, const struct nt_field *field,
                               const struct nt_onnx_model *m) {
    if (*count == NT_ONNX_MAX_INPUTS) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: a node of more than %d inputs or outputs", m->name,
                            nt_onnx_offset(m, field->start), NT_ONNX_MAX_INPUTS);
    }
    return nt_onnx_get_text(&list[(*count)++], field, "a node's inputs and outputs", m);
}

static enum nt_status read_node(struct nt_onnx_node *node, const struct nt_field *message,
                                const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    uint32_t attributes = 0;
    *node = (struct nt_onnx_node){.message = message->bytes, .message_bytes = message->size};
    node->offset = nt_onnx_offset(m, message->start);
    while (nt_wire_next(&field, &wire)) {
        switch (field.number) {
        case NODE_INPUT:
            NT_TRY(add_name(node->input, &node->inputs, &field, m));
            break;
        case NODE_OUTPUT:
            NT_TRY(add_name(node->output, &node->outputs, &field, m));
            break;
        case NODE_NAME:
            NT_TRY(nt_onnx_get_text(&node->name, &field, "a node's name", m));
            break;
        case NODE_TYPE:
            NT_TRY(nt_onnx_get_text(&node->type, &field, "a node's operator", m));
            break;
        case NODE_DOMAIN:
            NT_TRY(nt_onnx_get_text(&node->domain, &field, "a node's domain", m));
            break;
        case NODE_ATTRIBUTE:
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "a node's attribute", m));
            attributes++;
            break;
        default:
            break;
        }
    }
    if (attributes > NT_ONNX_MAX_ATTRIBUTES) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: a node of more than %d attributes", m->name,
                            node->offset, NT_ONNX_MAX_ATTRIBUTES);
    }
    return nt_onnx_check(&wire, m);
}

static enum nt_status add_integer(struct nt_onnx_attribute *a, uint64_t value, const struct nt_onnx_model *m,
                                  const struct nt_field *field) {
    if (a->integers == NT_ONNX_MAX_DIMENSIONS) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: attribute '%s': more than %d numbers", m->name,
                            nt_onnx_offset(m, field->start), nt_onnx_show(a->name).text, NT_ONNX_MAX_DIMENSIONS);
    }
    a->list[a->integers++] = (int64_t)value;
    return NT_OK;
}

static enum nt_status read_integers(struct nt_onnx_attribute *a, const struct nt_field *field,
                                    const struct nt_onnx_model *m) {
    NT_TRY(nt_onnx_expect(field, NT_WIRE_VARINT, NT_WIRE_BYTES, "an attribute's numbers", m));
    a->has_list = true;
    struct nt_wire packed = nt_wire_open(field->bytes, field->size);
    uint64_t value;
    while (packed.at < packed.end && nt_wire_varint(&value, &packed)) {
        NT_TRY(add_integer(a, value, m, field));
    }
    return nt_onnx_check(&packed, m);
}

static enum nt_status read_attribute(struct nt_onnx_attribute *a, const struct nt_field *message,
                                     const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    *a = (struct nt_onnx_attribute){.has_tensor = false};
    while (nt_wire_next(&field, &wire)) {
        uint32_t bits = (uint32_t)field.value;
        switch (field.number) {
        case ATTRIBUTE_NAME:
            NT_TRY(nt_onnx_get_text(&a->name, &field, "an attribute's name", m));
            break;
        case ATTRIBUTE_NUMBER:
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_32, NT_WIRE_32, "an attribute's number", m));
            memcpy(&a->number, &bits, sizeof bits);
            a->has_number = true;
            break;
        case ATTRIBUTE_INTEGER:
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_VARINT, NT_WIRE_VARINT, "an attribute's number", m));
            a->integer = (int64_t)field.value;
            a->has_integer = true;
            break;
        case ATTRIBUTE_TEXT:
            NT_TRY(nt_onnx_get_text(&a->text, &field, "an attribute's text", m));
            break;
        case ATTRIBUTE_TENSOR:
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "an attribute's tensor", m));
            NT_TRY(nt_onnx_read_tensor(&a->tensor, &field, m));
            a->has_tensor = true;
            break;
        case ATTRIBUTE_INTEGERS:
            NT_TRY(read_integers(a, &field, m));
            break;
        default:
            break;
        }
    }
    return nt_onnx_check(&wire, m);
}

/* The name alone, for the message of an attribute that is well-formed as far as that. */
static struct nt_onnx_text name_of(const struct nt_field *message) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    struct nt_onnx_text name = {NULL, 0};
    while (nt_wire_next(&field, &wire)) {
        if (field.number == ATTRIBUTE_NAME && field.type == NT_WIRE_BYTES) {
            name = (struct nt_onnx_text){(const char *)field.bytes, field.size};
        }
    }
    return name;
}

enum nt_status nt_onnx_attribute(struct nt_onnx_attribute *attribute, bool *found, const struct nt_onnx_model *m,
                                 const struct nt_onnx_node *node, const char *name) {
    struct nt_wire wire = nt_wire_open(node->message, node->message_bytes);
    struct nt_field field;
    *found = false;
    while (nt_wire_next(&field, &wire)) {
        if (field.number == NODE_ATTRIBUTE && nt_onnx_is(name_of(&field), name)) {
            *found = true;
            return read_attribute(attribute, &field, m);
        }
    }
    return NT_OK;
}

uint32_t nt_onnx_attributes(struct nt_onnx_text name[NT_ONNX_MAX_ATTRIBUTES], const struct nt_onnx_node *node) {
    struct nt_wire wire = nt_wire_open(node->message, node->message_bytes);
    struct nt_field field;
    uint32_t count = 0;
    while (count < NT_ONNX_MAX_ATTRIBUTES && nt_wire_next(&field, &wire)) {
        if (field.number == NODE_ATTRIBUTE) {
            name[count++] = name_of(&field);
        }
    }
    return count;
}

/* ---- The graph. ---- */

static enum nt_status read_dimension(int64_t *side, const struct nt_field *message, const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    *side = -1;
    while (nt_wire_next(&field, &wire)) {
        if (field.number == DIMENSION_VALUE) {
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_VARINT, NT_WIRE_VARINT, "a dimension", m));
            *side = field.value <= INT64_MAX ? (int64_t)field.value : -1;
        }
    }
    return nt_onnx_check(&wire, m);
}

static enum nt_status read_shape(struct nt_onnx_value *value, const struct nt_field *message,
                                 const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    value->shaped = true;
    while (nt_wire_next(&field, &wire)) {
        if (field.number != SHAPE_DIMENSION) {
            continue;
        }
        NT_TRY(nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "a shape", m));
        if (value->dimensions == NT_ONNX_MAX_DIMENSIONS) {
            return nt_error_set(m->error, NT_E_SHAPE, "%s: byte %zu: '%s' has more than %d dimensions", m->name,
                                value->offset, nt_onnx_show(value->name).text, NT_ONNX_MAX_DIMENSIONS);
        }
        NT_TRY(read_dimension(&value->shape[value->dimensions++], &field, m));
    }
    return nt_onnx_check(&wire, m);
}

/* The type of a tensor: its elements, and its shape. */
static enum nt_status read_tensor_type(struct nt_onnx_value *value, const struct nt_field *message,
                                       const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    while (nt_wire_next(&field, &wire)) {
        if (field.number == TENSOR_ELEMENT) {
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_VARINT, NT_WIRE_VARINT, "a type", m));
            value->type = field.value <= INT32_MAX ? (int32_t)field.value : INT32_MAX;
        } else if (field.number == TENSOR_SHAPE) {
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "a shape", m));
            NT_TRY(read_shape(value, &field, m));
        }
    }
    return nt_onnx_check(&wire, m);
}

static enum nt_status read_value(struct nt_onnx_value *value, const struct nt_field *message,
                                 const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field, inner;
    *value = (struct nt_onnx_value){.offset = nt_onnx_offset(m, message->start)};
    while (nt_wire_next(&field, &wire)) {
        if (field.number == VALUE_NAME) {
            NT_TRY(nt_onnx_get_text(&value->name, &field, "the name of an input or output", m));
        } else if (field.number == VALUE_TYPE) {
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "the type of an input or output", m));
            struct nt_wire type = nt_wire_open(field.bytes, field.size);
            while (nt_wire_next(&inner, &type)) {
                if (inner.number == TYPE_TENSOR) {
                    NT_TRY(nt_onnx_expect(&inner, NT_WIRE_BYTES, NT_WIRE_BYTES, "the type of an input or output", m));
                    NT_TRY(read_tensor_type(value, &inner, m));
                }
            }
            NT_TRY(nt_onnx_check(&type, m));
        }
    }
    return nt_onnx_check(&wire, m);
}

static enum nt_status add_value(struct nt_onnx_value *list, uint32_t *count, const struct nt_field *field,
                                const struct nt_onnx_model *m) {
    struct nt_onnx_value value;
    NT_TRY(nt_onnx_expect(field, NT_WIRE_BYTES, NT_WIRE_BYTES, "an input or output", m));
    NT_TRY(read_value(&value, field, m));
    if (nt_onnx_find(m, value.name) != NULL) {
        return NT_OK; /* older files list their weights as inputs */
    }
    if (*count == NT_ONNX_MAX_INPUTS) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: more than %d inputs or outputs", m->name,
                            value.offset, NT_ONNX_MAX_INPUTS);
    }
    list[(*count)++] = value;
    return NT_OK;
}

static enum nt_status count_parts(uint32_t *nodes, uint32_t *tensors, const struct nt_field *graph,
                                  const struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(graph->bytes, graph->size);
    struct nt_field field;
    while (nt_wire_next(&field, &wire)) {
        *nodes += field.number == GRAPH_NODE;
        *tensors += field.number == GRAPH_TENSOR;
        if (field.number == GRAPH_SPARSE) {
            return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: sparse tensors, which are not read", m->name,
                                nt_onnx_offset(m, field.start));
        }
        if ((field.number == GRAPH_NODE || field.number == GRAPH_TENSOR) && field.type != NT_WIRE_BYTES) {
            return wrong_type(&field, m, "a node or a tensor");
        }
    }
    NT_TRY(nt_onnx_check(&wire, m));
    if (*nodes > NT_ONNX_MAX_NODES || *tensors > NT_ONNX_MAX_TENSORS) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: byte %zu: %u nodes and %u tensors; at most %d and %d are read",
                            m->name, nt_onnx_offset(m, graph->start), *nodes, *tensors, NT_ONNX_MAX_NODES,
                            NT_ONNX_MAX_TENSORS);
    }
    return NT_OK;
}

/* Inputs and outputs come last: which of them are tensors must be known. */
static enum nt_status read_graph(struct nt_onnx_model *m, const struct nt_field *graph) {
    uint32_t nodes = 0, tensors = 0;
    struct nt_field field;
    NT_TRY(count_parts(&nodes, &tensors, graph, m));
    m->node = nt_allocate(m->allocator, nodes, sizeof *m->node);
    m->tensor = nt_allocate(m->allocator, tensors, sizeof *m->tensor);
    if (m->node == NULL || m->tensor == NULL) {
        return nt_error_set(m->error, NT_E_MEMORY, "%s: not enough memory for %u nodes", m->name, nodes);
    }
    for (int pass = 0; pass < 2; pass++) {
        struct nt_wire wire = nt_wire_open(graph->bytes, graph->size);
        while (nt_wire_next(&field, &wire)) {
            if (pass == 0 && field.number == GRAPH_NODE) {
                NT_TRY(read_node(&m->node[m->nodes], &field, m));
                m->nodes++;
            } else if (pass == 0 && field.number == GRAPH_TENSOR) {
                NT_TRY(nt_onnx_read_tensor(&m->tensor[m->tensors], &field, m));
                m->tensors++;
            } else if (pass == 1 && field.number == GRAPH_INPUT) {
                NT_TRY(add_value(m->input, &m->inputs, &field, m));
            } else if (pass == 1 && field.number == GRAPH_OUTPUT) {
                NT_TRY(add_value(m->output, &m->outputs, &field, m));
            }
        }
    }
    return NT_OK;
}

static enum nt_status read_opset(struct nt_onnx_model *m, const struct nt_field *message) {
    struct nt_wire wire = nt_wire_open(message->bytes, message->size);
    struct nt_field field;
    struct nt_onnx_text domain = {NULL, 0};
    int64_t version = 0;
    while (nt_wire_next(&field, &wire)) {
        if (field.number == OPSET_DOMAIN) {
            NT_TRY(nt_onnx_get_text(&domain, &field, "a set of operators", m));
        } else if (field.number == OPSET_VERSION) {
            NT_TRY(nt_onnx_expect(&field, NT_WIRE_VARINT, NT_WIRE_VARINT, "a set of operators", m));
            version = (int64_t)field.value;
        }
    }
    if (domain.size == 0 || nt_onnx_is(domain, "ai.onnx")) {
        m->opset = version;
    }
    return nt_onnx_check(&wire, m);
}

static enum nt_status read_model(struct nt_onnx_model *m) {
    struct nt_wire wire = nt_wire_open(m->bytes, m->size);
    struct nt_field field, graph = {.bytes = NULL};
    if (m->size >= 4 && memcmp(m->bytes, "PK\3\4", 4) == 0) {
        return nt_error_set(m->error, NT_E_FORMAT,
                            "%s: byte 0: a zip archive, as PyTorch's own files are, not an ONNX model: export it with "
                            "torch.onnx.export",
                            m->name);
    }
    while (nt_wire_next(&field, &wire)) {
        bool opset = field.number == MODEL_OPSET, body = field.number == MODEL_GRAPH;
        NT_TRY(opset || body ? nt_onnx_expect(&field, NT_WIRE_BYTES, NT_WIRE_BYTES, "the graph", m) : NT_OK);
        NT_TRY(opset ? read_opset(m, &field) : NT_OK);
        graph = body ? field : graph;
    }
    NT_TRY(nt_onnx_check(&wire, m));
    if (graph.bytes == NULL) {
        return nt_error_set(m->error, NT_E_FORMAT, "%s: not an ONNX model: it holds no graph", m->name);
    }
    return read_graph(m, &graph);
}

enum nt_status nt_onnx_open(struct nt_onnx_model *model, const void *bytes, size_t size, const char *name,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    *model = (struct nt_onnx_model){.bytes = bytes, .size = size, .name = name, .error = error};
    model->allocator = allocator;
    return read_model(model);
}

void nt_onnx_close(struct nt_onnx_model *model) {
    nt_release(model->allocator, model->node);
    nt_release(model->allocator, model->tensor);
}

const struct nt_onnx_tensor *nt_onnx_find(const struct nt_onnx_model *m, struct nt_onnx_text name) {
    for (uint32_t t = 0; t < m->tensors; t++) {
        if (nt_onnx_same(m->tensor[t].name, name)) {
            return &m->tensor[t];
        }
    }
    return NULL;
}
