/* Explanations of one image: what the network answers, and which pixels the answer rests on.
 *
 * Any network that nt_net holds, grey or colour, any class, an image of a bundle or one from outside. The work is done
 * in short steps: create, nt_explain_step until `done` equals `units`, read the result, free.
 *
 * In what follows x is the image as the network sees it (byte / 255), f_c the logit of the class explained (what
 * comes before a softmax that is the network's last layer), h and w the image's sides. Sums run in double and in one
 * order: with the same logits and gradients every target gives the same bits. */
#ifndef NTRACE_EXPLAIN_H
#define NTRACE_EXPLAIN_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/bundle.h"
#include "ntrace/net.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum nt_explain_method {
    /* Softmax of the logits. values [classes]. */
    NT_EXPLAIN_PROBABILITIES,

    /* Gradient of f_c by x. values [h, w, channels], logits per unit of x.
     * K. Simonyan, A. Vedaldi, A. Zisserman: Deep Inside Convolutional Networks: Visualising Image Classification
     * Models and Saliency Maps, 2013. */
    NT_EXPLAIN_GRADIENT,

    /* x times the mean of the gradients at (j + 1/2) / steps of x, j = 0 .. steps - 1: the midpoint rule on the
     * straight way from black to x. values [h, w, channels], logits. Their sum should be f_c(x) - f_c(black); `gap` is
     * by how much it is larger. M. Sundararajan, A. Taly, Q. Yan: Axiomatic Attribution for Deep Networks, 2017. */
    NT_EXPLAIN_INTEGRATED_GRADIENTS,

    /* On the last convolution's output A, before any ReLU: a channel's weight is the spatial mean of the gradient of
     * f_c by it; map = max(0, mean over channels of weight * A), divided by its maximum (a map that is zero everywhere
     * stays so). map [map_shape], 0 to 1; values [h, w], the map stretched bilinearly to the image (centres of pixels
     * at half numbers, edges held, as PyTorch's interpolate without align_corners).
     * R. R. Selvaraju and others: Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization,
     * 2017. */
    NT_EXPLAIN_GRAD_CAM,

    /* A black window of 3 x 3 pixels and all channels slides over the image in steps of 1, wholly inside (an image
     * narrower than 3 gets a window as narrow). values [h, w], logits: f_c(x) - f_c(x behind the window), averaged over
     * the windows that cover the pixel. Windows that hide black pixels alone are not computed: they change nothing.
     * M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, 2014. */
    NT_EXPLAIN_OCCLUSION,

    /* Mean of the k images of the bundle with the largest cosine to this one, pixel by pixel, ties broken by number;
     * exact: all samples are looked at. A black image has cosine 0 to all. values [h, w, channels], 0 to 1. The bundle
     * must hold every image; a network is not needed. */
    NT_EXPLAIN_NEIGHBOR_MEAN,

    /* Gradient by x of `value`, which is one of three numbers, a being the activation of `layer`:
     *   |a|^2;
     *   |a - a'|^2, where a' is that of the image `other`;
     *   the mean of |a - a_j|^2 over the samples `left`, less the same mean over the samples `arrived` (a mean over
     * none is 0): by how much more the layer parts the image from neighbours that it lost than from those that it
     * gained. values [h, w, channels]: which pixels move the image at that layer, away from the other, or from those
     * who left towards those who arrived, where positive. moves [channels of the layer]: what each channel adds to
     * `value`, which is a sum over activations and so a sum over channels: who moved most. */
    NT_EXPLAIN_LAYER,

    NT_EXPLAIN_METHOD_COUNT
};

#define NT_EXPLAIN_TOP UINT32_MAX     /* as a class: the one with the largest logit, the first of equal ones */
#define NT_EXPLAIN_OUTSIDE UINT32_MAX /* as a sample: the image is not in the bundle */

enum {
    NT_EXPLAIN_STEPS = 64, /* what callers use for integrated gradients unless told otherwise */
    NT_EXPLAIN_MAX_STEPS = 100000
};

struct nt_explain_request {
    enum nt_explain_method method;
    uint32_t label;       /* class to explain, or NT_EXPLAIN_TOP */
    uint32_t steps;       /* NT_EXPLAIN_INTEGRATED_GRADIENTS: 1 to NT_EXPLAIN_MAX_STEPS */
    uint32_t layer;       /* NT_EXPLAIN_LAYER: a layer of the network, 0 is the input */
    uint32_t k;           /* NT_EXPLAIN_NEIGHBOR_MEAN: 1 to NT_BUNDLE_MAX_K, less than the samples */
    uint32_t sample;      /* NT_EXPLAIN_NEIGHBOR_MEAN: never its own neighbour; or NT_EXPLAIN_OUTSIDE */
    const uint8_t *image; /* [h, w, channels] */
    const uint8_t *other; /* NT_EXPLAIN_LAYER: [h, w, channels], or NULL */
    /* NT_EXPLAIN_LAYER, instead of `other`: samples of the bundle, [lefts] and [arrivals]; copied */
    const uint32_t *left, *arrived;
    uint32_t lefts, arrivals;
};

/* What is known so far; complete when done == units. Arrays are NULL, and numbers 0, where a method has none. */
struct nt_explanation {
    uint32_t done, units;       /* about one pass forward, or forward and backward, each */
    uint32_t label;             /* class explained; NT_EXPLAIN_TOP where there is no network */
    float logit, probability;   /* of that class */
    uint32_t classes;           /* 0 where there is no network */
    const float *logits;        /* [classes] */
    const float *probabilities; /* [classes] */
    struct nt_shape shape;      /* of values */
    const float *values;        /* [height, width, channels] */
    float low, high;            /* smallest and largest of values */
    uint32_t layer;             /* whose output is explained: Grad-CAM's convolution, or the request's layer */
    struct nt_shape map_shape;  /* Grad-CAM: one channel, the convolution's height and width */
    const float *map;           /* [map_shape] */
    float baseline, gap;        /* integrated gradients: f_c(black); sum of values - (f_c(x) - f_c(black)) */
    float value;                /* NT_EXPLAIN_LAYER: see there, as the last four */
    uint32_t k;                 /* neighbours in the mean */
    const uint32_t *index;      /* [k] nearest first */
    const float *cosine;        /* [k] */
    uint32_t channels, size;    /* of the layer */
    const float *moves;         /* [channels] */
    const float *activation;    /* [size] the image's own, channel last */
};

typedef struct nt_explain nt_explain;

/* Starts an explanation; the images are copied.
 *
 * explain  out  handle, to be freed with nt_explain_free; NULL on failure
 * net      in   may be NULL for NT_EXPLAIN_NEIGHBOR_MEAN; must outlive the handle
 * bundle   in   for NT_EXPLAIN_NEIGHBOR_MEAN, and for samples to compare with; else ignored; must outlive the handle
 *
 * Returns NT_OK; NT_E_ARG where the request is out of range, or where Grad-CAM meets a network without a convolution;
 * NT_E_MISSING without a network or a bundle that is needed; NT_E_MEMORY. */
enum nt_status nt_explain_create(nt_explain **explain, const nt_net *net, const nt_bundle *bundle,
                                 const struct nt_explain_request *request, const struct nt_allocator *allocator,
                                 struct nt_error *error);
/* NULL is fine. */
void nt_explain_free(nt_explain *explain);

/* Does at least one more unit and at most `units`, where any is left.
 * Returns NT_OK; NT_E_MISSING where an image of the bundle is not loaded; NT_E_MEMORY. After a failure the same step
 * can be tried again. */
enum nt_status nt_explain_step(nt_explain *explain, uint32_t units, struct nt_error *error);

/* Borrowed, valid until the handle is freed. */
const struct nt_explanation *nt_explain_result(const nt_explain *explain);

#ifdef __cplusplus
}
#endif
#endif
