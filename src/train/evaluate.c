/* What a network makes of labelled images. */
#include <string.h>

#include "core/parallel.h"
#include "ntrace/train.h"

enum { BLOCK = 64, MAX_THREADS = 64 };

struct evaluation {
    const nt_net *net;
    const struct nt_dataset *dataset;
    uint32_t *prediction;  /* [samples] */
    float *input, *output; /* [threads, BLOCK, ...] */
    char *scratch;
    size_t scratch_bytes;
};

static void run_block(void *context, size_t item, unsigned worker) {
    const struct evaluation *e = context;
    uint32_t first = (uint32_t)item * BLOCK, left = e->dataset->samples - first, count = left < BLOCK ? left : BLOCK;
    uint32_t classes = nt_net_classes(e->net);
    size_t size = nt_net_layer(e->net, 0)->size;
    float *input = e->input + worker * BLOCK * size, *output = e->output + (size_t)worker * BLOCK * classes;
    float *wanted[NT_NET_MAX_LAYERS] = {NULL};
    wanted[nt_net_layers(e->net) - 1] = output;
    nt_net_input(input, e->dataset->image + first * size, count * size);
    (void)nt_net_forward(wanted, e->net, input, count, e->scratch + worker * e->scratch_bytes);
    for (uint32_t s = 0; s < count; s++) {
        uint32_t best = 0;
        for (uint32_t c = 1; c < classes; c++) {
            best = output[s * classes + c] > output[s * classes + best] ? c : best;
        }
        e->prediction[first + s] = best;
    }
}

static enum nt_status run(uint32_t *confusion, struct evaluation *e, unsigned threads,
                          const struct nt_allocator *allocator) {
    uint32_t samples = e->dataset->samples, classes = nt_net_classes(e->net);
    size_t size = nt_net_layer(e->net, 0)->size;
    e->scratch_bytes = (nt_net_forward_bytes(e->net, BLOCK) + 63) & ~(size_t)63;
    e->prediction = nt_allocate(allocator, samples, sizeof *e->prediction);
    e->input = nt_allocate(allocator, (size_t)threads * BLOCK, size * sizeof(float));
    e->output = nt_allocate(allocator, (size_t)threads * BLOCK, classes * sizeof(float));
    e->scratch = nt_allocate(allocator, threads, e->scratch_bytes);
    bool got = e->prediction != NULL && e->input != NULL && e->output != NULL && e->scratch != NULL;
    if (got) {
        memset(confusion, 0, (size_t)classes * classes * sizeof *confusion);
        nt_parallel_for((samples + BLOCK - 1) / BLOCK, threads, run_block, e);
        for (uint32_t i = 0; i < samples; i++) {
            confusion[(size_t)e->dataset->label[i] * classes + e->prediction[i]]++;
        }
    }
    nt_release(allocator, e->prediction);
    nt_release(allocator, e->input);
    nt_release(allocator, e->output);
    nt_release(allocator, e->scratch);
    return got ? NT_OK : NT_E_MEMORY;
}

enum nt_status nt_train_evaluate(uint32_t *confusion, const nt_net *net, const struct nt_dataset *dataset,
                                 unsigned threads, const struct nt_allocator *allocator, struct nt_error *error) {
    struct evaluation e = {.net = net, .dataset = dataset};
    const struct nt_shape *in = &nt_net_layer(net, 0)->shape, *image = &dataset->shape;
    if (memcmp(in, image, sizeof *in) != 0) {
        return nt_error_set(error, NT_E_SHAPE, "images of %u x %u x %u; the network takes %u x %u x %u",
                            image->channels, image->height, image->width, in->channels, in->height, in->width);
    }
    for (uint32_t i = 0; i < dataset->samples; i++) {
        if (dataset->label[i] >= nt_net_classes(net)) {
            return nt_error_set(error, NT_E_SHAPE, "sample %u has label %u; the network has %u classes", i,
                                dataset->label[i], nt_net_classes(net));
        }
    }
    threads = threads != 0 ? threads : nt_parallel_processors();
    threads = threads > MAX_THREADS ? MAX_THREADS : threads;
    return run(confusion, &e, threads, allocator) == NT_OK
               ? NT_OK
               : nt_error_set(error, NT_E_MEMORY, "not enough memory to evaluate on %u threads", threads);
}
