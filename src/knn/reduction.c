#include "knn/reduction.h"

#include <math.h>
#include <string.h>

#include "codes/eigen.h"
#include "core/matrix.h"
#include "core/norm.h"
#include "ntrace/knn.h"

enum { BLOCK_FLOATS = 256, BLOCK_LIMIT = 512 };

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

enum nt_status nt_reduction_create(struct nt_reduction *r, struct nt_shape shape, uint32_t limit,
                                   const struct nt_allocator *al) {
    *r = (struct nt_reduction){.shape = shape, .size = shape.channels * shape.height * shape.width};
    uint32_t side = (uint32_t)sqrt((double)BLOCK_FLOATS / shape.channels);
    r->side = min(side > 0 ? side : 1, min(shape.height, shape.width));
    r->depth = r->side * r->side * shape.channels;
    r->across = (shape.width + r->side - 1) / r->side;
    r->down = (shape.height + r->side - 1) / r->side;
    r->blocks = r->across * r->down;
    r->axes = min(limit / r->blocks, r->depth);
    if (r->size <= limit || r->axes == 0 || r->depth > BLOCK_LIMIT) {
        r->side = 0;
    }
    r->reduced = r->side == 0 ? r->size : r->axes * r->blocks;
    size_t sums = (size_t)r->depth * r->depth > r->size ? (size_t)r->depth * r->depth : r->size;
    size_t blocks = (size_t)NT_REDUCTION_BATCH * r->blocks, products = blocks * r->axes;
    size_t squares = (size_t)r->depth * r->depth;
    r->place = nt_allocate(al, r->reduced, sizeof *r->place);
    for (uint32_t i = 0; r->place != NULL && i < r->reduced; i++) {
        r->place[i] = i;
    }
    r->centre = nt_allocate(al, r->size, sizeof *r->centre);
    r->sum = nt_allocate_zeroed(al, r->side == 0 ? r->size : sums, sizeof *r->sum);
    if (r->side != 0) {
        r->axis = nt_allocate(al, r->axes, r->depth * sizeof *r->axis);
        r->room = nt_allocate(al, blocks * r->depth + (products > squares ? products : squares), sizeof *r->room);
    }
    bool there = r->place != NULL && r->centre != NULL && r->sum != NULL &&
                 (r->side == 0 || (r->axis != NULL && r->room != NULL));
    return there ? NT_OK : NT_E_MEMORY;
}

void nt_reduction_clear(struct nt_reduction *r, const struct nt_allocator *al) {
    nt_release(al, r->centre);
    nt_release(al, r->axis);
    nt_release(al, r->place);
    nt_release(al, r->sum);
    nt_release(al, r->room);
    *r = (struct nt_reduction){0};
}

void nt_reduction_add_to_centre(struct nt_reduction *r, const float *x, uint32_t rows) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < r->size; j++) {
            r->sum[j] += (double)x[i * r->size + j];
        }
    }
}

enum nt_status nt_reduction_end_centre(struct nt_reduction *r, uint32_t rows) {
    for (size_t j = 0; j < r->size; j++) {
        r->centre[j] = (float)(r->sum[j] / rows);
        if (!isfinite(r->centre[j])) {
            return NT_E_VALUE;
        }
    }
    memset(r->sum, 0, (r->side == 0 ? r->size : (size_t)r->depth * r->depth) * sizeof *r->sum);
    return NT_OK;
}

static void subtract_centre(const struct nt_reduction *r, float *x, uint32_t rows) {
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < r->size; j++) {
            x[i * r->size + j] -= r->centre[j];
        }
    }
}

/* The blocks of rows, [rows * blocks, depth]. */
static void cut(float *out, const struct nt_reduction *r, const float *x, uint32_t rows) {
    size_t channels = r->shape.channels, line = r->shape.width * channels, piece = r->side * channels;
    if (r->across * r->side > r->shape.width || r->down * r->side > r->shape.height) {
        memset(out, 0, (size_t)rows * r->blocks * r->depth * sizeof *out);
    }
    for (uint32_t i = 0; i < rows; i++, x += r->size) {
        for (uint32_t block = 0; block < r->blocks; block++, out += r->depth) {
            uint32_t top = block / r->across * r->side, left = block % r->across * r->side;
            size_t floats = min(r->side, r->shape.width - left) * channels;
            for (uint32_t y = 0; y < min(r->side, r->shape.height - top); y++) {
                memcpy(out + y * piece, x + (top + y) * line + left * channels, floats * sizeof *out);
            }
        }
    }
}

enum nt_status nt_reduction_add_to_axes(struct nt_reduction *r, float *x, uint32_t rows,
                                        const struct nt_allocator *al) {
    subtract_centre(r, x, rows);
    cut(r->room, r, x, rows);
    size_t blocks = (size_t)rows * r->blocks;
    float *square = r->room + blocks * r->depth;
    struct nt_matrix columns = {r->room, 1, r->depth};
    NT_TRY(nt_matrix_product(square, columns, columns, r->depth, r->depth, blocks, 1, al));
    for (size_t i = 0; i < (size_t)r->depth * r->depth; i++) {
        r->sum[i] += (double)square[i];
    }
    return NT_OK;
}

enum nt_status nt_reduction_end_axes(struct nt_reduction *r, const struct nt_allocator *al) {
    double *value = nt_allocate(al, r->depth, sizeof *value);
    enum nt_status status = value != NULL ? nt_eigen_symmetric(value, r->sum, r->depth, al) : NT_E_MEMORY;
    for (size_t i = 0; status == NT_OK && i < (size_t)r->axes * r->depth; i++) {
        r->axis[i] = (float)r->sum[i];
    }
    nt_release(al, value);
    return status;
}

enum nt_status nt_reduction_order(struct nt_reduction *r, const float *spread, const struct nt_allocator *al) {
    uint32_t n = r->reduced, *key = nt_allocate(al, 4 * (size_t)n, sizeof *key);
    if (key == NULL) {
        return NT_E_MEMORY;
    }
    uint32_t *order = key + n, *scratch = order + n, *rank = scratch + n;
    for (uint32_t i = 0; i < n; i++) {
        key[i] = ~nt_knn_key(spread[i]);
    }
    nt_knn_order(order, key, n, scratch);
    for (uint32_t i = 0; i < n; i++) {
        rank[order[i]] = i;
    }
    for (uint32_t i = 0; i < n; i++) {
        r->place[i] = rank[r->place[i]];
    }
    nt_release(al, key);
    return NT_OK;
}

enum nt_status nt_reduction_apply(float *z, float *rest, struct nt_reduction *r, float *x, uint32_t rows,
                                  const struct nt_allocator *al) {
    subtract_centre(r, x, rows);
    if (r->side == 0) {
        for (size_t i = 0; i < rows; i++) {
            for (size_t j = 0; j < r->size; j++) {
                z[i * r->size + r->place[j]] = x[i * r->size + j];
            }
        }
        memset(rest, 0, rows * sizeof *rest);
        return NT_OK;
    }
    cut(r->room, r, x, rows);
    size_t blocks = (size_t)rows * r->blocks, count = r->blocks;
    float *product = r->room + blocks * r->depth;
    struct nt_matrix a = {r->room, r->depth, 1}, b = {r->axis, r->depth, 1};
    NT_TRY(nt_matrix_product(product, a, b, blocks, r->axes, r->depth, 1, al));
    for (size_t i = 0; i < rows; i++) {
        for (size_t block = 0; block < count; block++) {
            for (size_t axis = 0; axis < r->axes; axis++) {
                z[i * r->reduced + r->place[axis * count + block]] = product[(i * count + block) * r->axes + axis];
            }
        }
        double left = nt_squared_norm(x + i * r->size, r->size) - nt_squared_norm(z + i * r->reduced, r->reduced);
        rest[i] = left > 0 ? (float)sqrt(left) : 0;
    }
    return NT_OK;
}

float nt_reduction_slack(const struct nt_reduction *r) {
    return 0x1p-22f + (r->side == 0 ? 0 : (float)r->depth * 0x1p-24f * sqrtf((float)r->axes));
}

double nt_reduction_rest_error(const struct nt_reduction *r, double norm, double rest) {
    double off = r->side == 0 ? 0 : (double)nt_reduction_slack(r) * sqrt(norm * norm + rest * rest);
    return off * (2 * norm + off);
}
