/* A network's insides, shared by the passes and the files. */
#ifndef NTRACE_NET_NETWORK_H
#define NTRACE_NET_NETWORK_H

#include <stdbool.h>

#include "net/layers.h"
#include "ntrace/net.h"

enum {
    NT_NET_BLOCK = 14,      /* samples that go backward together: their activations stay in the cache */
    NT_NET_BATCH = 28,      /* samples that go forward through linear layers together: whole tiles on every target */
    NT_NET_CLASS_BYTES = 64 /* longest class name and its end */
};

struct nt_net_layer {
    struct nt_layer layer;
    struct nt_shape in;     /* of its input, or of its two */
    uint32_t from[2];       /* its inputs */
    uint32_t inputs_count;  /* 1, or 2 */
    uint32_t users, top;    /* how many layers take its values, and the last of them */
    uint32_t last;          /* the last layer that needs its values, which others may pass on */
    size_t inputs, outputs; /* channels of a convolution; sizes of a linear layer, else 0 */
    size_t terms;           /* of one output's sum: kernel * kernel * inputs, of its group */
    float *weight, *bias;   /* in `values`: [terms, outputs], [outputs], or zeros; a normalisation's: [channels] both */
    float *packed;          /* [groups][panels][terms][NT_PANEL] */
    float *packed_bias;     /* [groups][panels * NT_PANEL] */
    float *backward;        /* packed for the gradient by the input, see nt_net_changed */
    float *frequencies;     /* a convolution's weights as nt_winograd takes them; NULL where it is summed directly */
    bool named;             /* its name was given */
    bool flat;              /* a vector: flattened before, or the output of a linear layer */
    bool same;              /* its values are its input's, in the same order */
    bool general;           /* a convolution, or pooling, that the fast kernels do not know */
    bool depthwise;         /* each channel by itself */
    bool taps;              /* whether `backward` gives the terms apart, to be added up where they overlap */
    bool rectified;         /* has weights, and ReLU alone takes its values, as the next layer */
    bool windows;           /* a convolution with ReLU and pooling by 2 x 2 after it, which alone take its values */
    float *spread;          /* with windows: weights as nt_spread takes them */
};

struct nt_net {
    const struct nt_allocator *allocator;
    uint32_t layers;
    uint32_t head;         /* up to it samples go forward one by one, from there in batches */
    uint32_t slots;        /* activations that are needed at the same time, at most */
    uint32_t back_slots;   /* gradients likewise */
    bool chain, trainable; /* each layer takes the one before; see nt_net_trainable */
    uint64_t parameters;
    bool direct;           /* see nt_net_set_direct */
    float *values, *zeros; /* zeros: a bias for gradients, as long as the widest layer */
    char (*classes)[NT_NET_CLASS_BYTES];
    struct nt_net_layer layer[NT_NET_MAX_LAYERS];
};

/* Whether its gradient goes by patches, see nt_spread. */
static inline bool nt_net_patched(const struct nt_net_layer *l) { return l->inputs == 1 && l->layer.kernel == 3; }

static inline size_t nt_net_panels(size_t columns) { return (columns + NT_PANEL - 1) / NT_PANEL * NT_PANEL; }

/* Works out shapes, names and parameter counts; allocates nothing. `net` is zeroed before. */
enum nt_status nt_net_plan(nt_net *net, struct nt_shape input, const struct nt_layer *layer, uint32_t layers,
                           struct nt_error *error);

/* The same layer by layer: what is known of one is known before the next. */
enum nt_status nt_net_plan_start(nt_net *net, struct nt_shape input, struct nt_error *error);
enum nt_status nt_net_plan_layer(nt_net *net, const struct nt_layer *layer, struct nt_error *error);
void nt_net_plan_finish(nt_net *net);

/* Allocates the parameters of a planned network, and sets them to zero. */
enum nt_status nt_net_allocate(nt_net *net, struct nt_error *error);

/* Writes the reference network's layers into layer[NT_NET_MAX_LAYERS], and returns how many. */
uint32_t nt_net_reference_layers(struct nt_layer *layer, struct nt_shape *input, uint32_t classes);

/* ---- Convolutions, one sample at a time. ---- */

/* Copies one sample into the middle of zeros: padded [height + 2 margin, width + 2 margin, channels]. */
void nt_net_pad(float *padded, const float *in, struct nt_shape shape, size_t margin);

static inline size_t nt_net_round(size_t floats) { return (floats + 15) & ~(size_t)15; }
static inline size_t nt_net_max(size_t a, size_t b) { return a > b ? a : b; }

/* Which of the activation functions a layer is. */
enum nt_curve nt_net_curve(const struct nt_layer *layer);

/* How a layer's window slides over its input. */
struct nt_slide nt_net_slide(const struct nt_net_layer *l);

/* Convolutions of any kind: see general.c. Either output may be NULL. */
size_t nt_net_general_floats(const struct nt_net_layer *l);
void nt_net_general(float *out, float *rectified, const struct nt_net_layer *l, const float *in, float *scratch);
size_t nt_net_general_input_floats(const struct nt_net_layer *l);
void nt_net_general_input(float *out, const nt_net *net, const struct nt_net_layer *l, const float *gradient,
                          float *scratch);

/* What is wanted of a convolution and what follows it; any may be NULL, but for place there must be pooled. */
struct nt_net_outputs {
    float *out, *rectified; /* its own layer, and the ReLU after it */
    float *pooled;          /* and the pooling by 2 x 2 after both */
    uint32_t *place;        /* as pooled, see nt_windows; only where neither out nor rectified is wanted */
};

/* Floats of scratch that any convolution of the network needs. */
size_t nt_net_convolve_floats(const nt_net *net);

void nt_net_convolve(const struct nt_net_outputs *to, const nt_net *net, const struct nt_net_layer *l, const float *in,
                     float *scratch);

/* out [samples, outputs] of a linear layer, and the ReLU after it; either may be NULL. */
void nt_net_multiply(float *out, float *rectified, const struct nt_net_layer *l, const float *in, size_t samples);

/* Gradient by a linear layer's input [samples, inputs], from that by its output. */
void nt_net_multiply_input(float *out, const nt_net *net, const struct nt_net_layer *l, const float *gradient,
                           size_t samples);

/* ---- Sizes. ---- */

/* Floats of the widest activation, and of the largest padded image met in a pass forward. */
size_t nt_net_widest(const nt_net *net);
size_t nt_net_largest_padded(const nt_net *net);

#endif
