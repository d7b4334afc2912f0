/* Weights as PyTorch has them, and ONNX: channels first. */
#ifndef NTRACE_NET_TORCH_H
#define NTRACE_NET_TORCH_H

#include "net/network.h"

/* How one weight of a layer lies in PyTorch: [outputs][channels][height][width], where a layer after a Flatten has the
 * shape of what was flattened, and the library's own order is [height][width][channels][outputs]. */
struct nt_shape nt_torch_kernel(const nt_net *net, uint32_t number);

/* Reorders the weights of `outputs` outputs, each of `shape`, and back. */
void nt_torch_read(float *own, const float *torch, struct nt_shape shape, size_t outputs);
void nt_torch_write(float *torch, const float *own, struct nt_shape shape, size_t outputs);

/* What a normalisation was trained to: (x - mean) / sqrt(variance + eps) * weight + bias. */
struct nt_torch_norm {
    const float *weight, *bias; /* [channels], NULL for 1 and 0 */
    const float *mean, *variance;
    double eps;
};

/* Sets a layer to one factor and one addend a channel. room [2 channels]. Returns the first channel for which there are
 * none (a variance that is not positive, or what overflows), or the number of channels. */
size_t nt_torch_fold(nt_net *net, uint32_t number, const struct nt_torch_norm *norm, float *room);

#endif
