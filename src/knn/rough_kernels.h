/* Rough products, written once: included by each target's file after its NAME, ROWS, LANES, nt_rough_vector (sums of
 * LANES rows), zero, add (eight bytes of a row on the left times eight of each of LANES rows on the right, which come
 * as two times four), sums (the LANES sums, written with what they start from), and dot and within of nt_rough_kernel.
 */
#include <string.h>

enum { VECTORS = 2, COLUMNS = LANES * VECTORS };
_Static_assert(NT_ROUGH_LEFT % ROWS == 0 && NT_ROUGH_RIGHT % COLUMNS == 0, "groups of whole tiles");

static inline int32_t four(const uint8_t *value) {
    int32_t all;
    memcpy(&all, value, sizeof all);
    return all;
}

/* ROWS rows of a group on the left with COLUMNS of one on the right. */
static inline void tile(int32_t *product, size_t width, const uint8_t *left, const int8_t *right, const int32_t *start,
                        uint32_t depth) {
    nt_rough_vector sum[ROWS][VECTORS];
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t v = 0; v < VECTORS; v++) {
            sum[i][v] = zero();
        }
    }
    for (uint32_t at = 0; at < depth; at += 8, left += 8 * NT_ROUGH_LEFT, right += 8 * NT_ROUGH_RIGHT) {
        NT_UNROLL
        for (uint32_t v = 0; v < VECTORS; v++) {
            NT_UNROLL
            for (uint32_t i = 0; i < ROWS; i++) {
                sum[i][v] = add(sum[i][v], four(left + 4 * i), four(left + 4 * (NT_ROUGH_LEFT + i)),
                                right + v * LANES * 4, right + (NT_ROUGH_RIGHT + v * LANES) * 4);
            }
        }
    }
    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t v = 0; v < VECTORS; v++) {
            sums(product + i * width + v * LANES, sum[i][v], start + v * LANES);
        }
    }
}

static void multiply(int32_t *product, const uint8_t *left, uint32_t lefts, const int8_t *right, const int32_t *start,
                     uint32_t rights, uint32_t depth) {
    size_t width = (size_t)rights * NT_ROUGH_RIGHT;
    for (uint32_t j = 0; j < width; j += COLUMNS) {
        const int8_t *b = right + (size_t)(j / NT_ROUGH_RIGHT) * NT_ROUGH_RIGHT * depth + j % NT_ROUGH_RIGHT * 4;
        for (uint32_t i = 0; i < lefts * NT_ROUGH_LEFT; i += ROWS) {
            const uint8_t *a = left + (size_t)(i / NT_ROUGH_LEFT) * NT_ROUGH_LEFT * depth + i % NT_ROUGH_LEFT * 4;
            tile(product + i * width + j, width, a, b, start + j, depth);
        }
    }
}

static void dots(int32_t *product, const uint8_t *raised, const int8_t *row, const int32_t *start,
                 const uint32_t *which, uint32_t count, uint32_t stride) {
    for (uint32_t i = 0; i < count; i++) {
        product[i] = start[which[i]] + dot(raised, row + (size_t)which[i] * stride, stride);
    }
}

const struct nt_rough_kernel NAME = {multiply, dots, within};
