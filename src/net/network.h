/* A network's insides, shared by the passes and the files. */
#ifndef NTRACE_NET_NETWORK_H
#define NTRACE_NET_NETWORK_H

#include <stdbool.h>

#include "net/layers.h"
#include "ntrace/net.h"

enum {
    NT_NET_BLOCK = 14,      /* samples that go through the layers together: their activations stay in the cache */
    NT_NET_CLASS_BYTES = 64 /* longest class name and its end */
};

struct nt_net_layer {
    struct nt_layer layer;
    struct nt_shape in;
    size_t inputs, outputs; /* channels of a convolution; sizes of a linear layer, else 0 */
    size_t terms;           /* of one output's sum: kernel * kernel * inputs */
    float *weight, *bias;   /* in `values`: [terms, outputs], [outputs] */
    float *packed;          /* [panels][terms][NT_PANEL] */
    float *packed_bias;     /* [panels * NT_PANEL] */
    float *backward;        /* packed for the gradient by the input, see nt_net_changed */
    bool flat;              /* a vector: flattened before, or the output of a linear layer */
    bool taps;              /* whether `backward` gives the terms apart, to be added up where they overlap */
};

struct nt_net {
    const struct nt_allocator *allocator;
    uint32_t layers;
    uint64_t parameters;
    float *values, *zeros; /* zeros: a bias for gradients, as long as the widest layer */
    char (*classes)[NT_NET_CLASS_BYTES];
    struct nt_net_layer layer[NT_NET_MAX_LAYERS];
};

static inline size_t nt_net_panels(size_t columns) { return (columns + NT_PANEL - 1) / NT_PANEL * NT_PANEL; }

/* Works out shapes, names and parameter counts; allocates nothing. `net` is zeroed before. */
enum nt_status nt_net_plan(nt_net *net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                           struct nt_error *error);

/* Allocates the parameters of a planned network, and sets them to zero. */
enum nt_status nt_net_allocate(nt_net *net, struct nt_error *error);

/* Writes the reference network's layers into layer[NT_NET_MAX_LAYERS], and returns how many. */
uint32_t nt_net_reference_layers(struct nt_layer *layer, struct nt_shape *input, uint32_t classes);

/* Copies one sample into the middle of zeros: padded [height + 2 margin, width + 2 margin, channels]. */
void nt_net_pad(float *padded, const float *in, struct nt_shape shape, size_t margin);

/* Floats of the widest activation, and of the largest padded image met in a pass forward. */
size_t nt_net_widest(const nt_net *net);
size_t nt_net_largest_padded(const nt_net *net);

#endif
