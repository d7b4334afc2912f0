#include "formats/protobuf.h"

bool nt_wire_varint(uint64_t *value, struct nt_wire *wire) {
    *value = 0;
    const uint8_t *at = wire->at;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at == wire->end) {
            wire->why = "a number that is cut off";
            return false;
        }
        uint8_t byte = *at++;
        if (shift == 63 && byte > 1) {
            break;
        }
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            wire->at = at;
            return true;
        }
    }
    wire->why = "a number of more than 64 bits";
    return false;
}

static bool read_fixed(struct nt_field *field, struct nt_wire *wire, size_t bytes) {
    if ((size_t)(wire->end - wire->at) < bytes) {
        wire->why = "a number that is cut off";
        return false;
    }
    for (size_t i = bytes; i-- > 0;) {
        field->value = field->value << 8 | wire->at[i];
    }
    field->bytes = wire->at;
    field->size = bytes;
    wire->at += bytes;
    return true;
}

static bool read_bytes(struct nt_field *field, struct nt_wire *wire) {
    uint64_t size;
    if (!nt_wire_varint(&size, wire)) {
        return false;
    }
    if (size > (uint64_t)(wire->end - wire->at)) {
        wire->why = "a field that ends beyond what it is part of: truncated or damaged";
        return false;
    }
    field->bytes = wire->at;
    field->size = (size_t)size;
    wire->at += size;
    return true;
}

bool nt_wire_next(struct nt_field *field, struct nt_wire *wire) {
    uint64_t tag;
    *field = (struct nt_field){.start = wire->at};
    if (wire->why != NULL || wire->at == wire->end || !nt_wire_varint(&tag, wire)) {
        return false;
    }
    uint32_t type = tag & 7;
    bool known = type == NT_WIRE_VARINT || type == NT_WIRE_64 || type == NT_WIRE_BYTES || type == NT_WIRE_32;
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff || !known) {
        wire->at = field->start;
        wire->why = "a tag that protocol buffers do not have";
        return false;
    }
    field->number = (uint32_t)(tag >> 3);
    field->type = (enum nt_wire_type)type;
    switch (field->type) {
    case NT_WIRE_VARINT:
        field->bytes = wire->at;
        if (!nt_wire_varint(&field->value, wire)) {
            return false;
        }
        field->size = (size_t)(wire->at - field->bytes);
        return true;
    case NT_WIRE_64:
        return read_fixed(field, wire, 8);
    case NT_WIRE_32:
        return read_fixed(field, wire, 4);
    default:
        return read_bytes(field, wire);
    }
}
