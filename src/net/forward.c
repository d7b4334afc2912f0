/* The pass forward: sample by sample through the convolutions, so that activations stay in the cache, and in batches
 * through the linear layers, so that weights do. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "net/network.h"

static size_t rounded(size_t floats) { return (floats + 15) & ~(size_t)15; }

size_t nt_net_largest_padded(const nt_net *net) {
    size_t largest = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        size_t more = l->layer.kind == NT_LAYER_CONV2D ? l->layer.kernel - 1u : 0;
        size_t size = (l->in.height + more) * (l->in.width + more) * l->in.channels;
        largest = more > 0 && size > largest ? size : largest;
    }
    return largest;
}

uint32_t nt_net_head(const nt_net *net) {
    uint32_t l = 1;
    while (l < net->layers && net->layer[l].layer.kind != NT_LAYER_LINEAR) {
        l++;
    }
    return l - 1;
}

static size_t widest(const nt_net *net, uint32_t from, uint32_t to) {
    size_t most = 0;
    for (uint32_t l = from; l <= to; l++) {
        most = net->layer[l].layer.size > most ? net->layer[l].layer.size : most;
    }
    return most;
}

size_t nt_net_widest(const nt_net *net) { return widest(net, 0, net->layers - 1); }

/* Floats of the parts of the scratch. */
struct layout {
    size_t one;  /* one of two activations of a sample on its way to the first linear layer */
    size_t many; /* one of two of a batch on its way from there */
    size_t convolve;
};

static struct layout layout(const nt_net *net, uint32_t samples) {
    uint32_t head = nt_net_head(net), batch = samples < NT_NET_BATCH ? samples : NT_NET_BATCH;
    return (struct layout){rounded(widest(net, 0, head)), rounded(widest(net, head, net->layers - 1) * batch),
                           rounded(nt_net_convolve_floats(net))};
}

size_t nt_net_forward_bytes(const nt_net *net, uint32_t samples) {
    struct layout sizes = layout(net, samples);
    return (2 * sizes.one + 2 * sizes.many + sizes.convolve) * sizeof(float);
}

struct pass {
    const nt_net *net;
    float *const *activation;
    float *one[2], *many[2], *convolve;
    uint32_t head, last; /* the last layer that is wanted */
};

/* Where layer l of a batch goes that begins with sample `first`: to the caller where it is wanted, else to a buffer
 * that `from` is not in. `at` is a sample's number in its batch. */
static float *place(const struct pass *pass, uint32_t l, size_t first, size_t at, const float *from) {
    size_t size = pass->net->layer[l].layer.size;
    if (pass->activation[l] != NULL) {
        return pass->activation[l] + (first + at) * size;
    }
    if (l < pass->head) {
        return pass->one[from == pass->one[0]];
    }
    return pass->many[from == pass->many[0]] + at * size;
}

/* Whether what follows layer i is computed with it, in the same kernel. */
static bool rectifies(const struct pass *pass, uint32_t i) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    return l->outputs > 0 && i < pass->last && l[1].layer.kind == NT_LAYER_RELU;
}
static bool pools(const struct pass *pass, uint32_t i) { return pass->net->layer[i].windows && i + 2 <= pass->last; }

/* Computes layer i and what goes with it; returns the last layer computed, and where it is. */
static uint32_t apply(float **to, const struct pass *pass, uint32_t i, size_t first, size_t at, const float *from,
                      size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    const struct nt_pool shape = {l->in.height, l->in.width, l->in.channels, l->layer.kernel};
    uint32_t end = pools(pass, i) ? i + 2 : rectifies(pass, i) ? i + 1 : i;
    float *result[3] = {NULL};
    for (uint32_t r = i; r <= end; r++) {
        result[r - i] = r == end || pass->activation[r] != NULL ? place(pass, r, first, at, from) : NULL;
    }
    *to = result[end - i];
    switch (l->layer.kind) {
    case NT_LAYER_CONV2D:
        nt_net_convolve(&(struct nt_net_outputs){result[0], result[1], result[2], NULL}, pass->net, l, from,
                        pass->convolve);
        break;
    case NT_LAYER_LINEAR:
        nt_net_multiply(result[0], result[1], l, from, samples);
        break;
    case NT_LAYER_RELU:
        kernels->rectify(*to, from, samples * l->layer.size);
        break;
    case NT_LAYER_MAXPOOL2D:
        kernels->pool(*to, from, &shape);
        break;
    default:
        memcpy(*to, from, samples * l->layer.size * sizeof *from);
        break;
    }
    return end;
}

/* Layers begin .. end of a batch, or of its sample number `at`, from layer begin - 1; returns where layer `end` is. */
static const float *run(const struct pass *pass, uint32_t begin, uint32_t end, size_t first, size_t at,
                        const float *from, size_t samples) {
    for (uint32_t i = begin; i <= end; i++) {
        float *to;
        if (pass->net->layer[i].layer.kind == NT_LAYER_FLATTEN && pass->activation[i] == NULL) {
            continue; /* the same floats in the same order */
        }
        i = apply(&to, pass, i, first, at, from, samples);
        from = to;
    }
    return from;
}

static void forward_batch(const struct pass *pass, const float *input, size_t first, size_t samples) {
    size_t size = pass->net->layer[0].layer.size;
    const float *from = input + first * size;
    if (pass->activation[0] != NULL) {
        memcpy(pass->activation[0] + first * size, from, samples * size * sizeof *from);
    }
    if (pass->head > 0) {
        const float *begin = from;
        for (size_t s = 0; s < samples; s++) {
            const float *to = run(pass, 1, pass->head, first, s, begin + s * size, 1);
            from = s == 0 ? to : from;
        }
    }
    (void)run(pass, pass->head + 1, pass->last, first, 0, from, samples);
}

/* The layers up to the head, less those at its end that cost nothing. */
static uint32_t shortened(const struct pass *pass, uint32_t head) {
    while (head > 0 && pass->net->layer[head].layer.kind == NT_LAYER_FLATTEN && pass->activation[head] == NULL) {
        head--;
    }
    return head < pass->last ? head : pass->last;
}

enum nt_status nt_net_forward(float *const *activation, const nt_net *net, const float *input, uint32_t samples,
                              void *scratch) {
    assert(((uintptr_t)scratch & 63) == 0);
    struct pass pass = {.net = net, .activation = activation};
    struct layout sizes = layout(net, samples);
    pass.one[0] = scratch;
    pass.one[1] = pass.one[0] + sizes.one;
    pass.many[0] = pass.one[1] + sizes.one;
    pass.many[1] = pass.many[0] + sizes.many;
    pass.convolve = pass.many[1] + sizes.many;
    for (uint32_t l = 0; l < net->layers; l++) {
        pass.last = activation[l] != NULL ? l : pass.last;
    }
    pass.head = shortened(&pass, nt_net_head(net));
    for (size_t first = 0; first < samples; first += NT_NET_BATCH) {
        size_t left = samples - first;
        forward_batch(&pass, input, first, left < NT_NET_BATCH ? left : NT_NET_BATCH);
    }
    return NT_OK;
}

void nt_net_input(float *pixel, const uint8_t *image, size_t count) {
    for (size_t i = 0; i < count; i++) {
        pixel[i] = (float)image[i] / 255.0f;
    }
}

void nt_net_to_chw(float *chw, const float *hwc, struct nt_shape shape, uint32_t samples) {
    size_t area = (size_t)shape.height * shape.width, size = area * shape.channels;
    for (size_t s = 0; s < samples; s++) {
        for (size_t i = 0; i < size; i++) {
            chw[s * size + i] = hwc[s * size + i % area * shape.channels + i / area];
        }
    }
}

void nt_net_to_hwc(float *hwc, const float *chw, struct nt_shape shape, uint32_t samples) {
    size_t area = (size_t)shape.height * shape.width, size = area * shape.channels;
    for (size_t s = 0; s < samples; s++) {
        for (size_t i = 0; i < size; i++) {
            hwc[s * size + i % area * shape.channels + i / area] = chw[s * size + i];
        }
    }
}
