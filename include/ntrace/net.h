/* Image networks: layers, the forward pass, gradients, and their files.
 *
 * Layer 0 is the input; layer l is what the l-th module makes of layer l - 1, or of an earlier one, and of two where it
 * adds them up: layers stand in the order in which they can be computed. Activations are stored channel last ([H, W, C]
 * a sample), weights in the order that the kernels read. Every sum is taken in one order, and exponentials are computed
 * here, whatever the target and the batch: native and WebAssembly give the same bits, and a sample's activations do not
 * depend on its neighbours in a batch. */
#ifndef NTRACE_NET_H
#define NTRACE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NT_NET_MAX_LAYERS = 128,
    NT_NET_MAX_SIZE = 1 << 24, /* floats in one sample's activation, and parameters of a layer */
    NT_NET_MAX_WINDOW = 4096   /* sides, strides, dilations and paddings of kernels and pooling windows */
};

struct nt_shape {
    uint32_t channels, height, width;
};

/* As PyTorch's modules of the same names compute them in evaluation. */
enum nt_layer_kind {
    NT_LAYER_INPUT,
    NT_LAYER_CONV2D, /* zero padding */
    NT_LAYER_RELU,
    NT_LAYER_MAXPOOL2D,
    NT_LAYER_FLATTEN,
    NT_LAYER_LINEAR,
    NT_LAYER_BATCHNORM2D, /* each channel times its weight plus its bias: mean and variance are folded into these */
    NT_LAYER_LEAKYRELU,
    NT_LAYER_GELU,
    NT_LAYER_SILU,
    NT_LAYER_AVGPOOL2D,
    NT_LAYER_GLOBALAVGPOOL2D, /* the mean of each channel: channels x 1 x 1 */
    NT_LAYER_DROPOUT,         /* its input, as in evaluation */
    NT_LAYER_IDENTITY,
    NT_LAYER_ADD,        /* the sum of two layers of the same shape */
    NT_LAYER_SOFTMAX,    /* over the channels */
    NT_LAYER_LOGSOFTMAX, /* likewise */
    NT_LAYER_KIND_COUNT
};

/* How a kernel, or a pooling window, moves over an image. */
struct nt_window {
    uint32_t kernel[2], stride[2], dilation[2]; /* down, across; strides and dilations of 0 count as 1 */
    uint32_t pad[4];                            /* top, left, bottom, right */
};

struct nt_layer {
    enum nt_layer_kind kind;
    char name[64];           /* "Conv2d(1,16,3)", "ReLU", "Add(layer 4)": worked out where it is empty */
    struct nt_shape shape;   /* of the output; a vector has height and width 1 */
    uint32_t size;           /* floats of one sample's output */
    uint32_t kernel;         /* conv2d, pooling: the side of a square window, else 0 */
    uint32_t parameters;     /* weights and biases */
    struct nt_window window; /* conv2d, pooling. All zero: a square `kernel`, for a convolution with stride 1 and
                                padding that keeps height and width, for pooling with stride `kernel` and no padding */
    uint32_t groups;         /* conv2d; 0 counts as 1 */
    uint32_t back[2];        /* how many layers before this one its input is, 0 counting as 1; add: both inputs */
    float slope;             /* leakyrelu: the factor below 0 */
    bool no_bias;            /* conv2d, linear */
    bool ceil;               /* pooling: a window that is only partly in the image at its end counts */
    bool skip_pad;           /* avgpool2d: the mean leaves padding out */
    bool tanh;               /* gelu: its approximation by a tanh */
    struct nt_shape order;   /* the image that a flattened layer was: its numbers lie in this order, channel last; of
                                height and width 1 for all others */
};

typedef struct nt_net nt_net;

/* "input", "conv2d"...: PyTorch's name in lower case. */
const char *nt_layer_kind_name(enum nt_layer_kind kind);

/* Makes a network with all parameters zero.
 *
 * layer  in  [layers] layers 1 .. layers: kind, for conv2d and linear shape.channels (outputs), and what else belongs
 * to the kind, see nt_layer; the rest is worked out input  in  shape of one sample
 *
 * Returns NT_OK; NT_E_SHAPE when layers do not fit each other or sizes pass NT_NET_MAX_SIZE; NT_E_ARG; NT_E_MEMORY. */
enum nt_status nt_net_create(nt_net **net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                             const struct nt_allocator *allocator, struct nt_error *error);

/* The reference network: 28 x 28 grey images, 13 layers after the input, `classes` outputs. */
enum nt_status nt_net_create_reference(nt_net **net, uint32_t classes, const struct nt_allocator *allocator,
                                       struct nt_error *error);

/* Makes a network that subtracts a mean from each channel of the image, divides it by a deviation (a layer of its own,
 * "Normalise"), and then computes what `net` does: images are taken as bytes / 255, others were trained otherwise.
 *
 * mean       in  [channels of the input]
 * deviation  in  [channels] above 0
 *
 * Returns NT_OK; NT_E_VALUE for numbers out of range; NT_E_ARG where there is no room for a layer; NT_E_MEMORY. */
enum nt_status nt_net_normalise(nt_net **normalised, const nt_net *net, const float *mean, const float *deviation,
                                const struct nt_allocator *allocator, struct nt_error *error);

void nt_net_free(nt_net *net);

/* Whether convolutions are summed term by term, as training does, or by Winograd's minimal filtering where that is
 * faster: by filtering unless this says otherwise. Activations differ by rounding alone, at most about 1e-6 of the
 * largest of their layer. Not to be called during a pass. */
void nt_net_set_direct(nt_net *net, bool direct);

uint32_t nt_net_layers(const nt_net *net); /* input included */
/* Borrowed, valid until the network is freed. Asserts that the number is in range. */
const struct nt_layer *nt_net_layer(const nt_net *net, uint32_t layer);
uint32_t nt_net_classes(const nt_net *net); /* size of the last layer */
uint64_t nt_net_parameters(const nt_net *net);

/* The layer whose softmax are the class probabilities: the last, or the input of a softmax or logarithm of one that is
 * the last. */
uint32_t nt_net_logits(const nt_net *net);

/* The layer that layer `layer` takes as input `which` (0, and 1 where it adds two up). */
uint32_t nt_net_from(const nt_net *net, uint32_t layer, uint32_t which);

/* Whether a layer's values are those of its input, in the same order: flatten, dropout, identity. */
bool nt_net_same(const nt_net *net, uint32_t layer);

/* Whether nt_net_backward gives gradients by the parameters: one layer after the other, of the kinds up to linear, with
 * convolutions of odd square kernels, stride 1 and padding that keeps height and width. */
bool nt_net_trainable(const nt_net *net);

/* ---- Forward. ---- */

/* Bytes of scratch that a pass over `samples` at a time needs. */
size_t nt_net_forward_bytes(const nt_net *net, uint32_t samples);

/* Computes the layers of a batch.
 *
 * activation  out  [layers] pointers, input included: where to write layer l as [samples, size], or NULL where it is
 *                  not wanted (entry 0 gets a copy of the input). Layers after the last wanted one are not computed.
 * input       in   [samples, H, W, C], finite
 * scratch          nt_net_forward_bytes(net, samples) bytes, aligned to 64
 *
 * Returns NT_OK. Allocates nothing; thread-safe for distinct outputs and scratch. */
enum nt_status nt_net_forward(float *const *activation, const nt_net *net, const float *input, uint32_t samples,
                              void *scratch);

/* Bytes as inputs: value / 255 in float32. image [count], pixel [count]. */
void nt_net_input(float *pixel, const uint8_t *image, size_t count);

/* Reorders one activation [samples, H, W, C] to PyTorch's [samples, C, H, W], and back. */
void nt_net_to_chw(float *chw, const float *hwc, struct nt_shape shape, uint32_t samples);
void nt_net_to_hwc(float *hwc, const float *chw, struct nt_shape shape, uint32_t samples);

/* ---- Backward. ---- */

size_t nt_net_backward_bytes(const nt_net *net, uint32_t samples);

/* Gradients of a function of the last layer, given its gradient there.
 *
 * gradient    out  [layers] pointers: where to write the gradient by layer l's activation as [samples, size], or NULL
 * parameter   out  [nt_net_parameters] gradient by the parameters, summed over the batch, in the order of
 *                  nt_net_values; may be NULL
 * activation  in   [layers] what nt_net_forward gave for all layers (none NULL)
 * seed        in   [samples, classes] gradient by the last layer
 *
 * ReLU passes no gradient where its output is 0; max-pooling passes it to the first maximum of its window, as PyTorch
 * does. Returns NT_OK, or NT_E_ARG where gradients by the parameters are asked of a network that is not trainable. */
enum nt_status nt_net_backward(float *const *gradient, float *parameter, const nt_net *net, float *const *activation,
                               const float *seed, uint32_t samples, void *scratch);

size_t nt_net_input_gradient_bytes(const nt_net *net, uint32_t samples);

/* The gradient by the input alone, forward and backward in one: several times faster than the two passes, because
 * nothing is kept that only other gradients need. It differs from theirs by rounding.
 *
 * gradient  out  [samples, H, W, C]
 * logit     out  [samples, classes] the last layer, as nt_net_forward gives it; may be NULL
 * input     in   [samples, H, W, C], finite
 * seed      in   [samples, classes] gradient by the last layer
 * scratch        nt_net_input_gradient_bytes(net, samples) bytes, aligned to 64
 *
 * Returns NT_OK. Allocates nothing; thread-safe for distinct outputs and scratch. */
enum nt_status nt_net_input_gradient(float *gradient, float *logit, const nt_net *net, const float *input,
                                     const float *seed, uint32_t samples, void *scratch);

/* The parameters [nt_net_parameters], layer by layer, weights before biases, in this library's own order; writable, for
 * training. After a change call nt_net_changed before the next pass. */
float *nt_net_values(nt_net *net);
void nt_net_changed(nt_net *net);

/* ---- Files: safetensors with the names and layouts of torch.nn.Sequential ("0.weight" [out, in, kh, kw]...). The
 * metadata hold the description of the network ("ntrace.network", JSON) and the class names ("ntrace.classes", a JSON
 * array). A description lists the layers after the input:
 *
 *   {"input": [channels, height, width], "layers": [
 *     {"kind": "conv2d", "outputs": 16, "kernel": 3, "stride": 2, "padding": 1},
 *     {"kind": "batchnorm2d"}, {"kind": "relu"},
 *     {"kind": "add", "from": 1}, {"kind": "globalavgpool2d"}, {"kind": "flatten"}, {"kind": "linear", "outputs": 10}]}
 *
 * Layers are numbered from 1, the input is 0. Every layer may have "name" (how it is shown) and "from" (the number of
 * the layer that it takes, the one before it unless given; of an add the second one, or a list of both). Besides, with
 * what holds where they are missing:
 *
 *   conv2d           outputs, kernel, stride 1, padding "same", dilation 1, groups 1, bias true, weights
 *   linear           outputs, bias true, weights
 *   batchnorm2d      eps 1e-5, affine true, weights (batchnorm1d is the same)
 *   maxpool2d        kernel, stride (the kernel), padding 0, dilation 1, ceil_mode false
 *   avgpool2d        kernel, stride (the kernel), padding 0, ceil_mode false, count_include_pad true
 *   globalavgpool2d  (adaptiveavgpool2d is the same: to 1 x 1)
 *   leakyrelu        slope 0.01
 *   gelu             approximate "none", or "tanh"
 *   relu, silu, softmax, logsoftmax, flatten, dropout, identity, add
 *
 * kernel, stride and dilation are a number or [down, across]; padding too, or [top, left, bottom, right], "valid", or
 * for convolutions "same". "weights" is what the layer's tensors are called before ".weight": its number from 0 unless
 * given. ---- */

/* Reads a network from memory.
 *
 * bytes  in  [size] a safetensors file, float32, float16 or float64 tensors
 * name   in  stands in the error's text
 *
 * Without "ntrace.network" the tensors must be those of the reference network, whatever the number of classes.
 * Returns NT_OK, NT_E_FORMAT, NT_E_SHAPE, NT_E_VALUE (not finite), NT_E_MEMORY. */
enum nt_status nt_net_parse(nt_net **net, const void *bytes, size_t size, const char *name,
                            const struct nt_allocator *allocator, struct nt_error *error);

/* The same with a description of the caller's, which goes before the file's own. */
enum nt_status nt_net_parse_described(nt_net **net, const void *bytes, size_t size, const char *description,
                                      const char *name, const struct nt_allocator *allocator, struct nt_error *error);

/* Reads a network from an ONNX model in one file: operators of versions 9 to 21 that are the layers above, also where
 * PyTorch's exporter spells them out; weights as float32, float16 or float64; one input, of fixed channels, height and
 * width, and one output. Errors name the file, the byte, the node and its operator.
 *
 * Returns NT_OK; NT_E_FORMAT (malformed, or a model that is not read), NT_E_VERSION, NT_E_SHAPE, NT_E_VALUE,
 * NT_E_MEMORY. */
enum nt_status nt_net_parse_onnx(nt_net **net, const void *bytes, size_t size, const char *name,
                                 const struct nt_allocator *allocator, struct nt_error *error);

/* Writes a network as safetensors into memory, to be released by the caller with `allocator`.
 * classes  in  [nt_net_classes] names, kept with the weights; may be NULL */
enum nt_status nt_net_serialize(uint8_t **bytes, size_t *size, const nt_net *net, const char *const *classes,
                                const struct nt_allocator *allocator, struct nt_error *error);

/* Class name that the file held, or NULL where it held none. Borrowed. */
const char *nt_net_class(const nt_net *net, uint32_t label);

#ifdef __cplusplus
}
#endif
#endif
