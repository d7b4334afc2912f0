/* The pass forward: sample by sample through the convolutions, so that activations stay in the cache, and in batches
 * through the linear layers, so that weights do. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "net/network.h"

size_t nt_net_largest_padded(const nt_net *net) {
    size_t largest = 0;
    for (uint32_t i = 1; i < net->layers; i++) {
        const struct nt_net_layer *l = &net->layer[i];
        size_t more = l->layer.kind == NT_LAYER_CONV2D && !l->general ? l->layer.kernel - 1u : 0;
        size_t size = (l->in.height + more) * (l->in.width + more) * l->in.channels;
        largest = more > 0 && size > largest ? size : largest;
    }
    return largest;
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
    size_t one;  /* one of `slots` activations of a sample on its way to the first linear layer */
    size_t many; /* one of as many of a batch on its way from there */
    size_t convolve;
};

/* The layers up to the head, less those at its end that cost nothing. */
static uint32_t shortened(const nt_net *net, float *const *activation) {
    uint32_t head = net->head;
    while (head > 0 && net->layer[head].same && net->layer[head].from[0] + 1 == head &&
           (activation == NULL || activation[head] == NULL)) {
        head--;
    }
    return head;
}

static struct layout layout(const nt_net *net, uint32_t samples) {
    uint32_t head = shortened(net, NULL), batch = samples < NT_NET_BATCH ? samples : NT_NET_BATCH;
    return (struct layout){nt_net_round(widest(net, 0, net->head)),
                           nt_net_round(widest(net, head, net->layers - 1) * batch),
                           nt_net_round(nt_net_convolve_floats(net))};
}

size_t nt_net_forward_bytes(const nt_net *net, uint32_t samples) {
    struct layout sizes = layout(net, samples);
    return (net->slots * (sizes.one + sizes.many) + sizes.convolve) * sizeof(float);
}

struct pass {
    const nt_net *net;
    float *const *activation;
    float *one, *many, *convolve; /* one and many: `slots` places of each */
    struct layout sizes;
    uint32_t head, last;                 /* the last layer that is wanted */
    uint32_t one_of[NT_NET_MAX_LAYERS];  /* [slots] whose values a place holds, 0 for nobody's */
    uint32_t many_of[NT_NET_MAX_LAYERS]; /* likewise */
    const float *at[NT_NET_MAX_LAYERS];  /* where the layers of this sample, or of this batch, are */
};

/* A place for layer l's values: its own, or one whose holder nobody needs from layer i on. */
static uint32_t find_slot(uint32_t *holder, const nt_net *net, uint32_t l, uint32_t i) {
    uint32_t free = 0;
    for (uint32_t s = net->slots; s-- > 0;) {
        if (holder[s] == l) {
            return s;
        }
        free = holder[s] == 0 || net->layer[holder[s]].last < i ? s : free;
    }
    holder[free] = l;
    return free;
}

/* Where layer l of a batch goes that begins with sample `first`, when it is computed with layer i: to the caller where
 * it is wanted. `at` is a sample's number in its batch. */
static float *place(struct pass *pass, uint32_t l, uint32_t i, size_t first, size_t at) {
    size_t size = pass->net->layer[l].layer.size;
    if (pass->activation[l] != NULL) {
        return pass->activation[l] + (first + at) * size;
    }
    if (l < pass->head) {
        return pass->one + find_slot(pass->one_of, pass->net, l, i) * pass->sizes.one;
    }
    return pass->many + find_slot(pass->many_of, pass->net, l, i) * pass->sizes.many + at * size;
}

/* Whether what follows layer i is computed with it, in the same kernel. */
static bool rectifies(const struct pass *pass, uint32_t i) { return pass->net->layer[i].rectified && i < pass->last; }
static bool pools(const struct pass *pass, uint32_t i) { return pass->net->layer[i].windows && i + 2 <= pass->last; }

enum nt_curve nt_net_curve(const struct nt_layer *layer) {
    return layer->kind == NT_LAYER_LEAKYRELU ? NT_CURVE_LEAKY
           : layer->kind == NT_LAYER_SILU    ? NT_CURVE_SILU
           : layer->tanh                     ? NT_CURVE_GELU_TANH
                                             : NT_CURVE_GELU;
}

static void pool(float *to, const struct nt_net_layer *l, const float *from) {
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    const struct nt_pool shape = {l->in.height, l->in.width, l->in.channels, l->layer.kernel};
    struct nt_slide slide = nt_net_slide(l);
    if (l->layer.kind == NT_LAYER_MAXPOOL2D && !l->general) {
        kernels->pool(to, from, &shape);
    } else {
        (l->layer.kind == NT_LAYER_MAXPOOL2D ? kernels->slide_max : kernels->slide_mean)(to, from, &slide);
    }
}

/* Layers that no other is computed with. */
static void apply_alone(float *to, const struct pass *pass, uint32_t i, size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    const struct nt_layer_kernels *kernels = nt_layer_kernels();
    const float *from = pass->at[l->from[0]];
    size_t channels = l->in.channels, count = samples * l->layer.size;
    switch (l->layer.kind) {
    case NT_LAYER_RELU:
        kernels->rectify(to, from, count);
        break;
    case NT_LAYER_MAXPOOL2D:
    case NT_LAYER_AVGPOOL2D:
    case NT_LAYER_GLOBALAVGPOOL2D:
        pool(to, l, from);
        break;
    case NT_LAYER_BATCHNORM2D:
        kernels->scale(to, from, l->weight, l->bias, count / channels, channels);
        break;
    case NT_LAYER_LEAKYRELU:
    case NT_LAYER_GELU:
    case NT_LAYER_SILU:
        kernels->curve(to, from, nt_net_curve(&l->layer), l->layer.slope, count);
        break;
    case NT_LAYER_ADD:
        kernels->add(to, from, pass->at[l->from[1]], count);
        break;
    case NT_LAYER_SOFTMAX:
    case NT_LAYER_LOGSOFTMAX:
        kernels->softmax(to, from, count / channels, channels, l->layer.kind == NT_LAYER_LOGSOFTMAX);
        break;
    default:
        memcpy(to, from, count * sizeof *from);
        break;
    }
}

/* Computes layer i and what goes with it; returns the last layer computed. */
static uint32_t apply(struct pass *pass, uint32_t i, size_t first, size_t at, size_t samples) {
    const struct nt_net_layer *l = &pass->net->layer[i];
    uint32_t end = pools(pass, i) ? i + 2 : rectifies(pass, i) ? i + 1 : i;
    float *result[3] = {NULL};
    for (uint32_t r = i; r <= end; r++) {
        result[r - i] = r == end || pass->activation[r] != NULL ? place(pass, r, i, first, at) : NULL;
        pass->at[r] = result[r - i];
    }
    const float *from = pass->at[l->from[0]];
    if (l->layer.kind == NT_LAYER_CONV2D) {
        nt_net_convolve(&(struct nt_net_outputs){result[0], result[1], result[2], NULL}, pass->net, l, from,
                        pass->convolve);
    } else if (l->layer.kind == NT_LAYER_LINEAR) {
        nt_net_multiply(result[0], result[1], l, from, samples);
    } else {
        apply_alone(result[0], pass, i, samples);
    }
    return end;
}

/* Layers begin .. end of a batch, or of its sample number `at`. */
static void run(struct pass *pass, uint32_t begin, uint32_t end, size_t first, size_t at, size_t samples) {
    for (uint32_t i = begin; i <= end; i++) {
        if (pass->net->layer[i].same && pass->activation[i] == NULL) {
            pass->at[i] = pass->at[pass->net->layer[i].from[0]]; /* the same floats in the same order */
        } else {
            i = apply(pass, i, first, at, samples);
        }
    }
}

static void forward_batch(struct pass *pass, const float *input, size_t first, size_t samples) {
    size_t size = pass->net->layer[0].layer.size;
    const float *from = input + first * size, *head = from;
    if (pass->activation[0] != NULL) {
        memcpy(pass->activation[0] + first * size, from, samples * size * sizeof *from);
    }
    memset(pass->many_of, 0, pass->net->slots * sizeof *pass->many_of);
    for (size_t s = 0; pass->head > 0 && s < samples; s++) {
        memset(pass->one_of, 0, pass->net->slots * sizeof *pass->one_of);
        pass->at[0] = from + s * size;
        run(pass, 1, pass->head, first, s, 1);
        head = s == 0 ? pass->at[pass->head] : head;
    }
    pass->at[pass->head] = head;
    run(pass, pass->head + 1, pass->last, first, 0, samples);
}

enum nt_status nt_net_forward(float *const *activation, const nt_net *net, const float *input, uint32_t samples,
                              void *scratch) {
    assert(((uintptr_t)scratch & 63) == 0);
    struct pass pass = {.net = net, .activation = activation, .sizes = layout(net, samples)};
    pass.one = scratch;
    pass.many = pass.one + net->slots * pass.sizes.one;
    pass.convolve = pass.many + net->slots * pass.sizes.many;
    for (uint32_t l = 0; l < net->layers; l++) {
        pass.last = activation[l] != NULL ? l : pass.last;
    }
    pass.head = shortened(net, activation);
    pass.head = pass.head < pass.last ? pass.head : pass.last;
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
