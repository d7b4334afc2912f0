/* Sequential image networks: layers, the forward pass, gradients, and their files.
 *
 * Layer 0 is the input; layer l is what the l-th module makes of layer l - 1. Activations are stored channel last
 * ([H, W, C] a sample), weights in the order that the kernels read. Every sum is taken in one order, whatever the
 * target and the batch: native and WebAssembly give the same bits, and a sample's activations do not depend on its
 * neighbours in a batch. */
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
    NT_NET_MAX_LAYERS = 64,
    NT_NET_MAX_SIZE = 1 << 24 /* floats in one sample's activation, and parameters of a layer */
};

struct nt_shape {
    uint32_t channels, height, width;
};

enum nt_layer_kind {
    NT_LAYER_INPUT,
    NT_LAYER_CONV2D, /* square odd kernel, stride 1, zero padding that keeps height and width */
    NT_LAYER_RELU,
    NT_LAYER_MAXPOOL2D, /* window and stride `kernel`, a remainder at the right and at the bottom is left out */
    NT_LAYER_FLATTEN,
    NT_LAYER_LINEAR,
    NT_LAYER_KIND_COUNT
};

struct nt_layer {
    enum nt_layer_kind kind;
    char name[48];         /* "Input", "Conv2d(1,16,3)", "ReLU", "MaxPool2d(2)", "Flatten", "Linear(288,128)" */
    struct nt_shape shape; /* of the output; a vector has height and width 1 */
    uint32_t size;         /* floats of one sample's output */
    uint32_t kernel;       /* conv2d, maxpool2d; else 0 */
    uint32_t parameters;   /* weights and biases */
};

typedef struct nt_net nt_net;

/* "input", "conv2d", "relu", "maxpool2d", "flatten" or "linear". */
const char *nt_layer_kind_name(enum nt_layer_kind kind);

/* Makes a network with all parameters zero.
 *
 * layer  in  [layers] kind, kernel and, for conv2d and linear, shape.channels (outputs) of layers 1 .. layers; the rest
 * is worked out input  in  shape of one sample
 *
 * Returns NT_OK; NT_E_SHAPE when layers do not fit each other or sizes pass NT_NET_MAX_SIZE; NT_E_ARG; NT_E_MEMORY. */
enum nt_status nt_net_create(nt_net **net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                             const struct nt_allocator *allocator, struct nt_error *error);

/* The reference network: 28 x 28 grey images, 13 layers after the input, `classes` outputs. */
enum nt_status nt_net_create_reference(nt_net **net, uint32_t classes, const struct nt_allocator *allocator,
                                       struct nt_error *error);

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

/* ---- Forward. ---- */

/* Bytes of scratch that a pass over `samples` at a time needs. */
size_t nt_net_forward_bytes(const nt_net *net, uint32_t samples);

/* Computes the layers of a batch.
 *
 * activation  out  [layers] pointers, input included: where to write layer l as [samples, size], or NULL where it is
 * not wanted (entry 0 gets a copy of the input). Layers after the last wanted one are not computed. input       in
 * [samples, H, W, C], finite scratch          nt_net_forward_bytes(net, samples) bytes, aligned to 64
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
 * nt_net_values; may be NULL activation  in   [layers] what nt_net_forward gave for all layers (none NULL) seed in
 * [samples, classes] gradient by the last layer
 *
 * ReLU passes no gradient where its output is 0; max-pooling passes it to the first maximum of its window, as PyTorch
 * does. */
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
 * metadata hold the architecture ("ntrace.network", JSON) and the class names ("ntrace.classes", a JSON array). ---- */

/* Reads a network from memory.
 *
 * bytes  in  [size] a safetensors file, float32 or float16 tensors
 * name   in  stands in the error's text
 *
 * Without "ntrace.network" the tensors must be those of the reference network, whatever the number of classes.
 * Returns NT_OK, NT_E_FORMAT, NT_E_SHAPE, NT_E_VALUE (not finite), NT_E_MEMORY. */
enum nt_status nt_net_parse(nt_net **net, const void *bytes, size_t size, const char *name,
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
