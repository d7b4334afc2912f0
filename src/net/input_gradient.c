/* The gradient by the input alone, forward and backward in one. Of a convolution, ReLU and pooling by 2 x 2 only the
 * pooled values and their places are kept: all other outputs of the convolution pass nothing back. Networks of other
 * layers go through the general passes. */
#include <assert.h>
#include <string.h>

#include "net/network.h"

/* The head's last layer that is more than a flattening: the input, or the last pooling. */
static uint32_t top_of(const nt_net *net) {
    uint32_t top = net->head;
    while (net->layer[top].same) {
        top--;
    }
    return top;
}

static bool special(const nt_net *net) {
    uint32_t top = top_of(net), i = 1;
    while (i <= top && net->layer[i].windows) {
        i += 3;
    }
    bool special = net->chain && i == top + 1;
    for (; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        special = special && (l->same || l->layer.kind == NT_LAYER_LINEAR || l->layer.kind == NT_LAYER_RELU);
    }
    return special;
}

struct work {
    const nt_net *net;
    uint32_t top, last;                   /* the last layer that is computed */
    float *one[2];                        /* a sample's pooled values on their way forward */
    float *sum[2];                        /* its padded gradients on their way back */
    float *many[2];                       /* a batch's gradients on their way back to the head */
    float *convolve;                      /* scratch of convolutions */
    float *activation[NT_NET_MAX_LAYERS]; /* [batch, size] from the head's end on; in the general way, all */
    uint32_t *place[NT_NET_MAX_LAYERS];   /* [batch, size] of pooling layers */
    void *scratch;                        /* of the general passes */
};

/* The next part of the scratch, aligned; NULL while it is only counted. */
static void *take(size_t *used, char *scratch, size_t floats) {
    void *part = scratch != NULL ? scratch + *used : NULL;
    *used += ((floats + 15) & ~(size_t)15) * sizeof(float);
    return part;
}

static size_t divide_head(struct work *w, size_t batch, size_t used, char *scratch) {
    size_t pooled = 0, padded = 0;
    for (uint32_t i = 1; i <= w->top; i += 3) {
        const struct nt_net_layer *l = &w->net->layer[i];
        size_t more = l->layer.kernel - 1u;
        pooled = nt_net_max(pooled, l[2].layer.size);
        padded = nt_net_max(padded, (l->in.height + more) * (l->in.width + more) * l->inputs);
        w->place[i + 2] = take(&used, scratch, batch * l[2].layer.size);
    }
    for (int i = 0; i < 2; i++) {
        w->one[i] = take(&used, scratch, pooled);
        w->sum[i] = take(&used, scratch, padded);
    }
    w->convolve = take(&used, scratch, nt_net_convolve_floats(w->net));
    return used;
}

/* Deals the scratch out; returns its bytes. */
static size_t divide(struct work *w, const nt_net *net, size_t batch, char *scratch) {
    size_t used = 0, widest = 0;
    bool general = !special(net);
    *w = (struct work){.net = net, .top = general ? 0 : top_of(net), .last = net->layers - 1};
    for (uint32_t i = w->top; i < net->layers; i++) {
        w->activation[i] = take(&used, scratch, batch * net->layer[i].layer.size);
        widest = nt_net_max(widest, net->layer[i].layer.size);
    }
    if (general) {
        size_t forward = nt_net_forward_bytes(net, (uint32_t)batch);
        size_t backward = nt_net_backward_bytes(net, (uint32_t)batch);
        w->scratch = take(&used, scratch, nt_net_max(forward, backward) / sizeof(float) + 1);
        return used;
    }
    for (int i = 0; i < 2; i++) {
        w->many[i] = take(&used, scratch, batch * widest);
    }
    return divide_head(w, batch, used, scratch);
}

static uint32_t batch_of(uint32_t samples) { return samples < NT_NET_BLOCK ? samples : NT_NET_BLOCK; }

size_t nt_net_input_gradient_bytes(const nt_net *net, uint32_t samples) {
    struct work w;
    return divide(&w, net, batch_of(samples), NULL);
}

/* Sample number `at` of a batch up to the head's end. */
static void forward_head(const struct work *w, const float *input, size_t at) {
    const float *from = input;
    for (uint32_t i = 1; i <= w->top; i += 3) {
        size_t size = w->net->layer[i + 2].layer.size;
        struct nt_net_outputs to = {.place = w->place[i + 2] + at * size};
        to.pooled = i + 2 == w->top ? w->activation[w->top] + at * size : w->one[from == w->one[0]];
        nt_net_convolve(&to, w->net, &w->net->layer[i], from, w->convolve);
        from = to.pooled;
    }
}

static void forward_tail(const struct work *w, size_t samples) {
    const float *from = w->activation[w->top];
    for (uint32_t i = w->top + 1; i <= w->last; i++) {
        const struct nt_net_layer *l = &w->net->layer[i];
        if (l->same) {
            continue;
        }
        if (l->layer.kind == NT_LAYER_RELU) {
            nt_layer_kernels()->rectify(w->activation[i], from, samples * l->layer.size);
        } else if (i < w->last && l[1].layer.kind == NT_LAYER_RELU) {
            nt_net_multiply(NULL, w->activation[++i], l, from, samples);
        } else {
            nt_net_multiply(w->activation[i], NULL, l, from, samples);
        }
        from = w->activation[i];
    }
}

/* The gradient by the head's end, [samples, size]. */
static const float *backward_tail(const struct work *w, const float *seed, size_t samples) {
    const float *from = seed;
    for (uint32_t i = w->net->layers - 1; i > w->top; i--) {
        const struct nt_net_layer *l = &w->net->layer[i];
        float *to = w->many[from == w->many[0]];
        if (l->layer.kind == NT_LAYER_LINEAR) {
            nt_net_multiply_input(to, w->net, l, from, samples);
            from = to;
        } else if (l->layer.kind == NT_LAYER_RELU) {
            nt_layer_kernels()->rectify_backward(to, w->activation[i], from, samples * l->layer.size);
            from = to;
        }
    }
    return from;
}

/* Sample number `at` of a batch back to its input. */
static void backward_head(float *gradient, const struct work *w, const float *from, size_t at) {
    const struct nt_shape *shape = &w->net->layer[0].layer.shape;
    size_t line = (size_t)shape->width * shape->channels, step = line;
    struct nt_spread s = {.gradient_line = (size_t)w->net->layer[w->top].layer.shape.width *
                                           w->net->layer[w->top].layer.shape.channels};
    for (uint32_t i = w->top; i > 0; i -= 3) {
        const struct nt_net_layer *l = &w->net->layer[i - 2], *pool = &w->net->layer[i];
        size_t margin = l->layer.kernel / 2u;
        s.gradient = from;
        s.place = w->place[i] + at * pool->layer.size;
        s.weight = l->spread;
        s.down = pool->layer.shape.height;
        s.across = pool->layer.shape.width;
        s.columns = l->outputs;
        s.kernel = l->layer.kernel;
        s.inputs = l->inputs;
        s.line = (l->in.width + 2 * margin) * l->inputs;
        s.sum = w->sum[i / 3 % 2];
        memset(s.sum, 0, (l->in.height + 2 * margin) * s.line * sizeof *s.sum);
        (nt_net_patched(l) ? nt_layer_kernels()->spread_patches : nt_layer_kernels()->spread)(&s);
        from = s.sum + margin * (s.line + l->inputs);
        s.gradient_line = step = s.line;
    }
    for (size_t y = 0; y < shape->height; y++) {
        memcpy(gradient + y * line, from + y * step, line * sizeof *gradient);
    }
}

static void run_batch(float *gradient, const struct work *w, const float *input, const float *seed, size_t samples) {
    size_t size = w->net->layer[0].layer.size, top_size = w->net->layer[w->top].layer.size;
    if (w->top == 0) {
        memcpy(w->activation[0], input, samples * size * sizeof *input);
    }
    for (size_t s = 0; s < samples; s++) {
        forward_head(w, input + s * size, s);
    }
    forward_tail(w, samples);
    const float *from = backward_tail(w, seed, samples);
    for (size_t s = 0; s < samples; s++) {
        backward_head(gradient + s * size, w, from + s * top_size, s);
    }
}

static enum nt_status run_general(float *gradient, const struct work *w, const float *input, const float *seed,
                                  uint32_t samples) {
    float *wanted[NT_NET_MAX_LAYERS] = {gradient};
    NT_TRY(nt_net_forward(w->activation, w->net, input, samples, w->scratch));
    return nt_net_backward(wanted, NULL, w->net, w->activation, seed, samples, w->scratch);
}

enum nt_status nt_net_input_gradient(float *gradient, float *logit, const nt_net *net, const float *input,
                                     const float *seed, uint32_t samples, void *scratch) {
    assert(((uintptr_t)scratch & 63) == 0);
    struct work w;
    uint32_t last = net->layers - 1, source = last;
    size_t size = net->layer[0].layer.size, classes = nt_net_classes(net);
    (void)divide(&w, net, batch_of(samples), scratch);
    while (source > w.top && net->layer[source].same) {
        source--; /* where the last layer's values are */
    }
    w.last -= logit == NULL && net->layer[last].layer.kind == NT_LAYER_LINEAR; /* nothing asks for its output */
    for (uint32_t first = 0; first < samples; first += NT_NET_BLOCK) {
        uint32_t count = batch_of(samples - first);
        if (w.scratch != NULL) {
            NT_TRY(run_general(gradient + first * size, &w, input + first * size, seed + first * classes, count));
        } else {
            run_batch(gradient + first * size, &w, input + first * size, seed + first * classes, count);
        }
        if (logit != NULL) {
            memcpy(logit + first * classes, w.activation[source], count * classes * sizeof *logit);
        }
    }
    return NT_OK;
}
