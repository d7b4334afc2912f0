/* The wire format of protocol buffers: fields one after the other, each a tag and a value. Reads only, and only what
 * lies in the bytes it was given.
 *
 * Format: "Encoding", Protocol Buffers Documentation. Groups, which proto3 has no more, are refused. */
#ifndef NTRACE_FORMATS_PROTOBUF_H
#define NTRACE_FORMATS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nt_wire_type { NT_WIRE_VARINT = 0, NT_WIRE_64 = 1, NT_WIRE_BYTES = 2, NT_WIRE_32 = 5 };

/* A message, or what is left of it. */
struct nt_wire {
    const uint8_t *at, *end;
    const char *why; /* what is wrong at `at`; NULL while nothing is */
};

struct nt_field {
    uint32_t number;
    enum nt_wire_type type;
    uint64_t value;       /* of numbers: a varint, or the bits of a fixed one */
    const uint8_t *bytes; /* [size] of NT_WIRE_BYTES; of a number what spells it: a list of one */
    size_t size;
    const uint8_t *start; /* of its tag */
};

static inline struct nt_wire nt_wire_open(const uint8_t *bytes, size_t size) {
    return (struct nt_wire){bytes, bytes + size, NULL};
}

/* Reads the next field. False at the end, and where the bytes are not in the format: then `why` says so. */
bool nt_wire_next(struct nt_field *field, struct nt_wire *wire);

/* Reads a varint; false where it is cut off or longer than 64 bits. */
bool nt_wire_varint(uint64_t *value, struct nt_wire *wire);

#endif
