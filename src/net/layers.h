/* The arithmetic of layers: what one target's kernels offer to the passes forward and backward. */
#ifndef NTRACE_NET_LAYERS_H
#define NTRACE_NET_LAYERS_H

#include <stddef.h>

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

struct nt_layer_kernels {
    void (*product)(const struct nt_product *product);
    void (*outer)(const struct nt_outer *outer);
    void (*rectify)(float *out, const float *in, size_t count);
    void (*rectify_backward)(float *gradient, const float *out, const float *out_gradient, size_t count);
    void (*pool)(float *out, const float *in, const struct nt_pool *shape);
    void (*pool_backward)(float *gradient, const float *in, const float *out, const float *out_gradient,
                          const struct nt_pool *shape);
};

extern const struct nt_layer_kernels nt_layer_kernels_scalar, nt_layer_kernels_simd128, nt_layer_kernels_avx2,
    nt_layer_kernels_avx512;

/* Those of the target in force. */
const struct nt_layer_kernels *nt_layer_kernels(void);

#endif
