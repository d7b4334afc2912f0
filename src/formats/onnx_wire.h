/* What the readers of ONNX models share: errors that name the byte, and fields of the type that they must have. */
#ifndef NTRACE_FORMATS_ONNX_WIRE_H
#define NTRACE_FORMATS_ONNX_WIRE_H

#include "formats/onnx.h"
#include "formats/protobuf.h"

static inline size_t nt_onnx_offset(const struct nt_onnx_model *m, const uint8_t *at) {
    return (size_t)(at - m->bytes);
}

/* Forwards what is wrong with the wire format of a message, if anything. */
enum nt_status nt_onnx_check(const struct nt_wire *wire, const struct nt_onnx_model *m);

/* Fields of a kind must have one of two types of the wire. */
enum nt_status nt_onnx_expect(const struct nt_field *field, enum nt_wire_type a, enum nt_wire_type b, const char *what,
                              const struct nt_onnx_model *m);

enum nt_status nt_onnx_get_text(struct nt_onnx_text *text, const struct nt_field *field, const char *what,
                                const struct nt_onnx_model *m);

/* A tensor's description; its values are read later. */
enum nt_status nt_onnx_read_tensor(struct nt_onnx_tensor *tensor, const struct nt_field *message,
                                   const struct nt_onnx_model *m);

#endif
