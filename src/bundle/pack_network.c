/* A network's activations on demand: every sum is taken in one order, so that rows are the same bits each time. */
#include <math.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/parallel.h"

enum { BATCHES = 16 }; /* for each worker at once */

struct pass {
    const struct nt_pack_network *network;
    float *out;
    uint32_t layer, count;
};

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static void forward_batch(void *context, size_t item, unsigned worker) {
    const struct pass *pass = context;
    const struct nt_pack_network *n = pass->network;
    uint32_t first = (uint32_t)item * NT_PACK_BATCH, left = pass->count - first;
    uint32_t count = left < NT_PACK_BATCH ? left : NT_PACK_BATCH;
    void *room = n->room + worker * n->room_bytes;
    float *activation[NT_BUNDLE_MAX_LAYERS] = {NULL};
    activation[pass->layer] = pass->out + (size_t)first * nt_net_layer(n->net, pass->layer)->size;
    nt_net_input(room, n->image + first * n->image_bytes, count * n->image_bytes);
    (void)nt_net_forward(activation, n->net, room, count, (uint8_t *)room + n->input_bytes);
}

/* Rows of one of the network's own layers. */
static enum nt_status compute(const struct nt_pack_network *n, float *out, uint32_t layer, const uint32_t *sample,
                              uint32_t count, struct nt_error *error) {
    uint32_t most = n->batches * NT_PACK_BATCH, size = nt_net_layer(n->net, layer)->size;
    for (uint32_t at = 0; at < count; at += most) {
        struct pass pass = {n, out + (size_t)at * size, layer, count - at < most ? count - at : most};
        NT_TRY(n->images->read(n->images->context, n->image, sample + at, pass.count, error));
        nt_parallel_for((pass.count + NT_PACK_BATCH - 1) / NT_PACK_BATCH, n->workers, forward_batch, &pass);
    }
    return NT_OK;
}

static enum nt_status read_rows(void *context, float *out, uint32_t layer, const uint32_t *sample, uint32_t count,
                                struct nt_error *error) {
    const struct nt_pack_network *n = context;
    return compute(n, out, n->part != NULL ? n->part[layer] : layer, sample, count, error);
}

enum nt_status nt_pack_network_answer(float *logits, const struct nt_packer *p, const uint32_t *sample,
                                      uint32_t count) {
    uint32_t classes = nt_net_classes(p->network.net);
    NT_TRY(compute(&p->network, logits, nt_net_logits(p->network.net), sample, count, p->error));
    for (size_t i = 0; i < (size_t)count * classes; i++) {
        if (!isfinite(logits[i])) {
            return nt_error_set(p->error, NT_E_VALUE,
                                "the network answers with numbers that are not finite to sample %u",
                                sample[i / classes]);
        }
    }
    return NT_OK;
}

enum nt_status nt_pack_network_open(struct nt_packer *p) {
    struct nt_pack_network *n = &p->network;
    const nt_net *net = p->data->net;
    n->net = net;
    n->part = p->data->part;
    n->images = &p->data->images;
    n->workers = p->workers;
    n->batches = BATCHES * p->workers;
    n->image_bytes = nt_net_layer(net, 0)->size;
    n->input_bytes = aligned(NT_PACK_BATCH * n->image_bytes * sizeof(float));
    n->room_bytes = n->input_bytes + aligned(nt_net_forward_bytes(net, NT_PACK_BATCH));
    n->image = nt_allocate(p->allocator, (size_t)n->batches * NT_PACK_BATCH, n->image_bytes);
    n->room = nt_allocate(p->allocator, p->workers, n->room_bytes);
    p->source = (struct nt_pack_activations){.layers = p->layers, .read = read_rows, .context = n};
    return n->image != NULL && n->room != NULL ? NT_OK
                                               : nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a pass");
}

void nt_pack_network_close(struct nt_packer *p) {
    nt_release(p->allocator, p->network.image);
    nt_release(p->allocator, p->network.room);
}

/* ---- Datasets in memory. ---- */

static enum nt_status read_images(void *context, uint8_t *out, const uint32_t *sample, uint32_t count,
                                  struct nt_error *error) {
    const struct nt_dataset *dataset = context;
    size_t bytes = (size_t)dataset->shape.channels * dataset->shape.height * dataset->shape.width;
    (void)error;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + i * bytes, dataset->image + sample[i] * bytes, bytes);
    }
    return NT_OK;
}

struct nt_pack_data nt_pack_dataset(const struct nt_dataset *dataset, const nt_net *net, const uint8_t *weights,
                                    size_t weights_bytes) {
    return (struct nt_pack_data){
        .samples = dataset->samples,
        .classes = dataset->classes,
        .label = dataset->label,
        .class_name = (const char(*)[64])dataset->name,
        .named = dataset->named,
        .images = {dataset->shape, read_images, (void *)(uintptr_t)dataset},
        .net = net,
        .weights = weights,
        .weights_bytes = weights_bytes,
    };
}
