/* Kernels of layers. Sums of ROWS rows by VECTORS vectors of columns stay in registers while the terms go by in
 * ascending order: what a target's width changes is only which outputs are computed side by side, never the order
 * within one sum. */
#include <stdbool.h>

#include "core/exponent.h"
#include "net/layers.h"

#if NT_LANES == 16
enum { ROWS = 14, VECTORS = 1 };
#elif NT_LANES == 8
enum { ROWS = 4, VECTORS = 2 };
#elif NT_LANES == 4
enum { ROWS = 4, VECTORS = 2 };
#else
enum { ROWS = 4, VECTORS = 1 };
#endif
enum {
    HALF = ROWS / 2,
    GROUP = VECTORS * NT_LANES, /* columns of one tile */
    TERMS = 8                   /* rows of a tile of weight gradients */
};

#define INLINE static inline __attribute__((always_inline))

/* Writes the first `columns` (all, if more than there are lanes) of a vector. */
INLINE void write(float *out, nt_vf v, size_t columns) {
    if (columns >= NT_LANES) {
        nt_vf_store(out, v);
    } else {
        float kept[NT_LANES];
        nt_vf_store(kept, v);
        memcpy(out, kept, columns * sizeof *out);
    }
}

/* Adds `length` terms to the sums of `rows` (constant, at most ROWS) rows. One term at a time: unrolled by hand, V8
 * loads what all of them need first, and runs out of registers; it unrolls by itself. */
INLINE void add_terms(nt_vf sum[][VECTORS], const float *const *in, const float *weight, size_t length, size_t rows) {
    for (size_t t = 0; t < length; t++, weight += NT_PANEL) {
        nt_vf right[VECTORS];
        NT_UNROLL
        for (size_t j = 0; j < VECTORS; j++) {
            right[j] = nt_vf_load(weight + j * NT_LANES);
        }
        NT_UNROLL
        for (size_t i = 0; i < rows; i++) {
            nt_vf left = nt_vf_splat(in[i][t]);
            NT_UNROLL
            for (size_t j = 0; j < VECTORS; j++) {
                sum[i][j] = sum[i][j] + left * right[j];
            }
        }
    }
}

/* Sums of rows that start at start[0] .. start[rows - 1], by the group of columns at `column`. */
INLINE void sums(nt_vf sum[][VECTORS], const struct nt_product *p, const float *const *start, size_t column,
                 size_t rows) {
    const float *weight = p->weight + (column / NT_PANEL * p->segments * p->length) * NT_PANEL + column % NT_PANEL;
    NT_UNROLL
    for (size_t i = 0; i < rows; i++) {
        NT_UNROLL
        for (size_t j = 0; j < VECTORS; j++) {
            sum[i][j] = nt_vf_load(p->bias + column + j * NT_LANES);
        }
    }
    for (size_t s = 0; s < p->segments; s++, weight += p->length * NT_PANEL) {
        const float *in[ROWS];
        NT_UNROLL
        for (size_t i = 0; i < rows; i++) {
            in[i] = start[i] + s * p->stride;
        }
        add_terms(sum, in, weight, p->length, rows);
    }
}

INLINE void write_sums(const struct nt_product *p, size_t column, nt_vf sum, size_t row) {
    size_t at = row * p->columns + column, left = p->columns - column;
    if (p->out != NULL) {
        write(p->out + at, sum, left);
    }
    if (p->rectified != NULL) {
        write(p->rectified + at, nt_vf_max(sum, nt_vf_splat(0)), left);
    }
}

/* One tile: rows first .. first + rows, columns column .. column + GROUP. */
INLINE void tile(const struct nt_product *p, size_t first, size_t column, size_t rows) {
    const float *start[ROWS];
    nt_vf sum[ROWS][VECTORS];
    size_t y = first / p->width, x = first - y * p->width;
    NT_UNROLL
    for (size_t i = 0; i < rows; i++) {
        start[i] = p->in + y * p->line + x * p->step;
        y += x + 1 == p->width;
        x = x + 1 == p->width ? 0 : x + 1;
    }
    sums(sum, p, start, column, rows);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < VECTORS && column + j * NT_LANES < p->columns; j++) {
            write_sums(p, column + j * NT_LANES, sum[i][j], first + i);
        }
    }
}

/* Rows of the next tile while `left` are left. Tiles of few rows wait for their own sums: two even ones are better than
 * a full one and a rest. */
static size_t next_rows(size_t left) {
    if (ROWS == 4) {
        return left % 4 == 0 ? 4 : left % 4 == 2 && left < 6 ? 2 : left >= 3 ? 3 : left;
    }
    return left >= ROWS ? ROWS : left >= HALF && left != 9 ? HALF : left >= 3 ? 3 : 1;
}

static void tile_of(const struct nt_product *p, size_t row, size_t column, size_t rows) {
    switch (rows) {
    case ROWS:
        tile(p, row, column, ROWS);
        break;
    case HALF:
        tile(p, row, column, HALF);
        break;
    case 3:
        tile(p, row, column, 3);
        break;
    default:
        tile(p, row, column, 1);
    }
}

enum {
    LONE = NT_LANES == 1 ? 8 : 2 * NT_PANEL / NT_LANES /* vectors */,
    PANEL = NT_LANES == 1 ? 8 : NT_PANEL / NT_LANES
};

/* One row by `vectors` (constant) vectors of columns side by side: the sums of a tile of one row would wait for each
 * other. */
INLINE void lone_row(const struct nt_product *p, size_t column, size_t vectors) {
    nt_vf sum[LONE];
    size_t depth = p->segments * p->length * NT_PANEL;
    const float *weight = p->weight + column / NT_PANEL * depth + column % NT_PANEL;
    NT_UNROLL
    for (size_t j = 0; j < vectors; j++) {
        sum[j] = nt_vf_load(p->bias + column + j * NT_LANES);
    }
    for (size_t s = 0; s < p->segments; s++) {
        for (size_t t = 0; t < p->length; t++, weight += NT_PANEL) {
            nt_vf left = nt_vf_splat(p->in[s * p->stride + t]);
            NT_UNROLL
            for (size_t j = 0; j < vectors; j++) {
                sum[j] = sum[j] + left * nt_vf_load(weight + j / PANEL * depth + j % PANEL * NT_LANES);
            }
        }
    }
    for (size_t j = 0; j < vectors && column + j * NT_LANES < p->columns; j++) {
        write_sums(p, column + j * NT_LANES, sum[j], 0);
    }
}

static void product(const struct nt_product *p) {
    size_t column = 0, filled = (p->columns + NT_PANEL - 1) / NT_PANEL * NT_PANEL;
    for (; p->rows == 1 && column + LONE * NT_LANES <= filled; column += LONE * NT_LANES) {
        lone_row(p, column, LONE);
    }
    for (; p->rows == 1 && column < p->columns; column += PANEL * NT_LANES) {
        lone_row(p, column, PANEL);
    }
    for (; column < p->columns; column += GROUP) {
        for (size_t row = 0, rows; row < p->rows; row += rows) {
            rows = next_rows(p->rows - row);
            tile_of(p, row, column, rows);
        }
    }
}

/* A tile of `terms` (constant, at most TERMS) terms by one vector of columns of a weight gradient. */
INLINE void outer_tile(const struct nt_outer *o, size_t term, size_t column, size_t terms) {
    nt_vf sum[TERMS];
    NT_UNROLL
    for (size_t i = 0; i < terms; i++) {
        sum[i] = nt_vf_splat(0);
    }
    const float *gradient = o->gradient + column;
    for (size_t y = 0; y < o->lines; y++) {
        const float *in = o->in + y * o->line + term;
        for (size_t x = 0; x < o->width; x++) {
            nt_vf right = nt_vf_load(gradient);
            NT_UNROLL
            for (size_t i = 0; i < terms; i++) {
                sum[i] = sum[i] + nt_vf_splat(in[i]) * right;
            }
            in += o->step;
            gradient += o->gradient_step;
        }
    }
    for (size_t i = 0; i < terms; i++) {
        float *out = o->sum + (term + i) * o->columns + column, lanes[NT_LANES];
        nt_vf_store(lanes, sum[i]);
        for (size_t j = 0; j < NT_LANES && column + j < o->columns; j++) {
            out[j] += lanes[j];
        }
    }
}

static void outer(const struct nt_outer *o) {
    for (size_t column = 0; column < o->columns; column += NT_LANES) {
        size_t term = 0;
        for (; term + TERMS <= o->terms; term += TERMS) {
            outer_tile(o, term, column, TERMS);
        }
        for (; term + 3 <= o->terms; term += 3) {
            outer_tile(o, term, column, 3);
        }
        for (; term < o->terms; term++) {
            outer_tile(o, term, column, 1);
        }
    }
}

static void rectify(float *out, const float *in, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[i] = in[i] > 0 ? in[i] : 0;
    }
}

static void rectify_backward(float *gradient, const float *out, const float *out_gradient, size_t count) {
    for (size_t i = 0; i < count; i++) {
        gradient[i] = out[i] > 0 ? out_gradient[i] : 0;
    }
}

static void pool(float *out, const float *in, const struct nt_pool *shape) {
    size_t channels = shape->channels, window = shape->window, line = shape->width * channels;
    for (size_t y = 0; y < shape->height / window; y++) {
        for (size_t x = 0; x < shape->width / window; x++, out += channels) {
            const float *corner = in + y * window * line + x * window * channels;
            memcpy(out, corner, channels * sizeof *out);
            for (size_t tap = 1; tap < window * window; tap++) {
                const float *from = corner + tap / window * line + tap % window * channels;
                size_t c = 0;
                for (; c + NT_LANES <= channels; c += NT_LANES) {
                    nt_vf_store(out + c, nt_vf_max(nt_vf_load(from + c), nt_vf_load(out + c)));
                }
                for (; c < channels; c++) {
                    out[c] = from[c] > out[c] ? from[c] : out[c];
                }
            }
        }
    }
}

/* Lane by lane a == b ? yes : no. */
#if NT_LANES == 1
INLINE nt_vf where_equal(nt_vf a, nt_vf b, nt_vf yes, nt_vf no) { return a == b ? yes : no; }
#else
INLINE nt_vf where_equal(nt_vf a, nt_vf b, nt_vf yes, nt_vf no) {
    nt_vi mask = a == b;
    return (nt_vf)(((nt_vi)yes & mask) | ((nt_vi)no & ~mask));
}
#endif

/* One window's gradient for a vector of channels: given to the first maximum, after which nothing is left to give. */
INLINE void unpool(float *gradient, const float *in, const float *out, const float *out_gradient,
                   const struct nt_pool *shape) {
    size_t line = shape->width * shape->channels;
    nt_vf most = nt_vf_load(out), left = nt_vf_load(out_gradient), none = nt_vf_splat(0);
    for (size_t y = 0; y < shape->window; y++) {
        for (size_t x = 0; x < shape->window; x++) {
            size_t at = y * line + x * shape->channels;
            nt_vf value = nt_vf_load(in + at);
            nt_vf_store(gradient + at, where_equal(value, most, left, none));
            left = where_equal(value, most, none, left);
        }
    }
}

/* The same for one channel. */
static void unpool_one(float *gradient, const float *in, float most, float left, const struct nt_pool *shape) {
    size_t line = shape->width * shape->channels;
    for (size_t y = 0; y < shape->window; y++) {
        for (size_t x = 0; x < shape->window; x++) {
            size_t at = y * line + x * shape->channels;
            bool found = in[at] == most;
            gradient[at] = found ? left : 0;
            left = found ? 0 : left;
        }
    }
}

static void pool_backward(float *gradient, const float *in, const float *out, const float *out_gradient,
                          const struct nt_pool *shape) {
    size_t channels = shape->channels, window = shape->window, line = shape->width * channels;
    memset(gradient, 0, shape->height * line * sizeof *gradient);
    for (size_t y = 0; y < shape->height / window; y++) {
        for (size_t x = 0; x < shape->width / window; x++, out += channels, out_gradient += channels) {
            size_t corner = y * window * line + x * window * channels, c = 0;
            for (; c + NT_LANES <= channels; c += NT_LANES) {
                unpool(gradient + corner + c, in + corner + c, out + c, out_gradient + c, shape);
            }
            for (; c < channels; c++) {
                unpool_one(gradient + corner + c, in + corner + c, out[c], out_gradient[c], shape);
            }
        }
    }
}

#include "net/curves_kernels.h"
#include "net/slides_kernels.h"
#include "net/windows_kernels.h"
#include "net/winograd_kernels.h"

const struct nt_layer_kernels NT_KERNEL(nt_layer_kernels) = {product,        product_windows,
                                                             winograd,       spread,
                                                             spread_patches, outer,
                                                             rectify,        rectify_backward,
                                                             pool,           pool_backward,
                                                             slide_max,      slide_max_backward,
                                                             slide_mean,     slide_mean_backward,
                                                             depthwise,      depthwise_backward,
                                                             curve,          curve_backward,
                                                             scale,          add,
                                                             softmax,        softmax_backward};
