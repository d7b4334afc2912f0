/* The arithmetic of layers: what one target's kernels offer to the passes forward and backward. */
#ifndef NTRACE_NET_LAYERS_H
#define NTRACE_NET_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/net.h"

/* Columns of one packed panel of weights. A multiple of every target's lanes, so that one packing serves all. */
enum { NT_PANEL = 16 };

/* Convolution, or a linear layer, over rows (pixels, or samples):
 *
 *   out[r, c] = bias[c] + sum over segments s and terms t of in[r's start + s * stride + t] * weight[s, t, c]
 *
 * A row's start is (r / width) * line + (r % width) * step. A convolution has a segment for each row of its kernel,
 * whose terms run over kernel columns and input channels, contiguous in a padded image; a linear layer has one segment.
 */
struct nt_product {
    float *out, *rectified; /* [rows, columns] the sums, and max(sum, 0); either may be NULL */
    const float *in;
    const float *weight; /* [panels][segments * length][NT_PANEL], zero beyond `columns` */
    const float *bias;   /* [panels * NT_PANEL] */
    size_t rows, columns;
    size_t width, step, line;
    size_t segments, length, stride;
};

/* Gradient by weights: sum[t, c] += sum over rows r of in[r's start + t] * gradient[r, c]. */
struct nt_outer {
    float *sum; /* [terms, columns] */
    const float *in;
    const float *gradient; /* [lines * width, gradient_step], zero beyond `columns`; a multiple of NT_PANEL */
    size_t terms, columns, gradient_step;
    size_t lines, width, step, line;
};

/* Max-pooling of one sample [height, width, channels] with a square window. */
struct nt_pool {
    size_t height, width, channels, window;
};

/* Windows of any kind over one sample [height, width, channels], each giving one pixel of [down, across, channels]. */
struct nt_slide {
    size_t height, width, channels, down, across;
    struct nt_window window; /* strides and dilations at least 1; some tap of each window is in the image */
    bool skip_pad;           /* a mean leaves padding out */
};

/* Activation functions of one value. */
enum nt_curve { NT_CURVE_LEAKY, NT_CURVE_SILU, NT_CURVE_GELU, NT_CURVE_GELU_TANH };

/* What a convolution writes, window by window of 2 x 2 pixels, while its sums are at hand. Any but `place` alone may be
 * NULL. */
struct nt_windows {
    float *out, *rectified; /* [height, width, columns] the sums, and max(sum, 0) */
    float *pooled;          /* [height / 2, width / 2, columns] the largest max(sum, 0) of each window */
    uint32_t *place;        /* as pooled: which of the window's pixels has it, row by row, the first of equals; or */
    size_t height, width, columns;
};

enum { NT_NO_PLACE = 4 /* none: the whole window is 0 */, NT_PLACES };

/* Convolution by Winograd's minimal filtering, see winograd_kernels.h. */
struct nt_winograd {
    struct nt_windows to;
    const float *in;     /* [height, width, inputs] */
    const float *weight; /* [panels][NT_FREQUENCIES][inputs][NT_PANEL], transformed; zero beyond `columns` */
    const float *bias;   /* [panels * NT_PANEL] */
    float *scratch;      /* nt_winograd_floats(...) */
    size_t inputs;       /* a multiple of NT_PANEL */
    size_t down, across; /* tiles, of 2 x 2 outputs each */
};

enum { NT_FREQUENCIES = 16 };

static inline size_t nt_winograd_floats(size_t height, size_t width, size_t inputs) {
    return ((height + 1) / 2 * ((width + 1) / 2) * NT_FREQUENCIES + width) * inputs;
}

/* Gradient by the input of a convolution, ReLU and pooling by 2 x 2: each pooled value passes its gradient to one
 * output of the convolution, and this to the inputs around it. */
struct nt_spread {
    float *sum;            /* [2 down + kernel - 1, line] padded on all sides by half a kernel; added to */
    const float *gradient; /* [down, gradient_line], in a line [across, columns] */
    const uint32_t *place; /* [down, across, columns] */
    const float *weight;   /* spread: [columns][kernel][kernel * inputs]; spread_patches: [columns][NT_PLACES][16] */
    size_t down, across, columns, gradient_line;
    size_t kernel, inputs, line;
};

struct nt_layer_kernels {
    void (*product)(const struct nt_product *product);
    void (*product_windows)(const struct nt_windows *to, const struct nt_product *product); /* pooled and place alone */
    void (*winograd)(const struct nt_winograd *winograd);
    void (*spread)(const struct nt_spread *spread);
    void (*spread_patches)(const struct nt_spread *spread); /* one input channel, kernel 3 */
    void (*outer)(const struct nt_outer *outer);
    void (*rectify)(float *out, const float *in, size_t count);
    void (*rectify_backward)(float *gradient, const float *out, const float *out_gradient, size_t count);
    void (*pool)(float *out, const float *in, const struct nt_pool *shape);
    void (*pool_backward)(float *gradient, const float *in, const float *out, const float *out_gradient,
                          const struct nt_pool *shape);
    void (*slide_max)(float *out, const float *in, const struct nt_slide *slide);
    void (*slide_max_backward)(float *gradient, const float *in, const float *out, const float *out_gradient,
                               const struct nt_slide *slide);
    void (*slide_mean)(float *out, const float *in, const struct nt_slide *slide);
    void (*slide_mean_backward)(float *gradient, const float *out_gradient, const struct nt_slide *slide);
    /* A convolution of each channel by itself: weight [kernel, kernel, channels], bias [channels]. */
    void (*depthwise)(float *out, const float *in, const float *weight, const float *bias,
                      const struct nt_slide *slide);
    void (*depthwise_backward)(float *gradient, const float *out_gradient, const float *weight,
                               const struct nt_slide *slide);
    void (*curve)(float *out, const float *in, enum nt_curve curve, float below, size_t count);
    void (*curve_backward)(float *gradient, const float *in, const float *out_gradient, enum nt_curve curve,
                           float below, size_t count);
    /* out[r, c] = in[r, c] * factor[c] + shift[c]; shift may be NULL. */
    void (*scale)(float *out, const float *in, const float *factor, const float *shift, size_t rows, size_t columns);
    void (*add)(float *sum, const float *a, const float *b, size_t count);
    /* Of each row, or its logarithm. */
    void (*softmax)(float *out, const float *in, size_t rows, size_t columns, bool logarithm);
    void (*softmax_backward)(float *gradient, const float *out, const float *out_gradient, size_t rows, size_t columns,
                             bool logarithm);
};

extern const struct nt_layer_kernels nt_layer_kernels_scalar, nt_layer_kernels_simd128, nt_layer_kernels_avx2,
    nt_layer_kernels_avx512;

/* Those of the target in force. */
const struct nt_layer_kernels *nt_layer_kernels(void);

#endif
