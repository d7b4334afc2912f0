/* Whole numbers byte plane after byte plane: all lowest bytes, then all next ones, which deflate packs better. */
#ifndef NTRACE_BUNDLE_PLANES_H
#define NTRACE_BUNDLE_PLANES_H

#include <stddef.h>
#include <stdint.h>

/* The i-th number of `bytes` planes of `rows` each. */
static inline uint32_t nt_planes_get(const uint8_t *plane, size_t rows, size_t i, unsigned bytes) {
    uint32_t value = 0;
    for (unsigned b = 0; b < bytes; b++) {
        value |= (uint32_t)plane[b * rows + i] << 8 * b;
    }
    return value;
}

static inline void nt_planes_put(uint8_t *plane, size_t rows, size_t i, unsigned bytes, uint32_t value) {
    for (unsigned b = 0; b < bytes; b++) {
        plane[b * rows + i] = (uint8_t)(value >> 8 * b);
    }
}

#endif
