/* Training by Adam: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015; its decoupled weight decay
 * after Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; its schedule after the same authors'
 * "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, with one cosine and a linear warm-up. */
#include "train/trainer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/parallel.h"
#include "ntrace/random.h"

/* Streams of random numbers, one for each use. */
enum { STREAM_WEIGHTS = 11, STREAM_ORDER = 12 };

struct nt_train_options nt_train_defaults(void) {
    return (struct nt_train_options){.epochs = 10, .batch = 128, .rate = 0.002f, .seed = 1};
}

void nt_train_initialise(nt_net *net, uint64_t seed) {
    struct nt_random random;
    float *at = nt_net_values(net);
    nt_random_seed(&random, seed, STREAM_WEIGHTS);
    for (uint32_t l = 1; l < nt_net_layers(net); l++) {
        const struct nt_layer *layer = nt_net_layer(net, l);
        if (layer->parameters == 0) {
            continue;
        }
        uint32_t outputs = layer->shape.channels, weights = layer->parameters - outputs;
        float deviation = sqrtf(2.0f / (float)(weights / outputs));
        for (uint32_t i = 0; i < weights; i++) {
            at[i] = deviation * nt_random_normal(&random);
        }
        memset(at + weights, 0, outputs * sizeof *at);
        at += layer->parameters;
    }
    nt_net_changed(net);
}

uint32_t nt_trainer_steps(const nt_trainer *trainer) {
    return (trainer->dataset->samples + trainer->options.batch - 1) / trainer->options.batch;
}

void nt_trainer_shuffle(nt_trainer *trainer, uint32_t epoch) {
    struct nt_random random;
    for (uint32_t i = 0; i < trainer->dataset->samples; i++) {
        trainer->order[i] = i;
    }
    nt_random_seed(&random, trainer->options.seed + epoch, STREAM_ORDER);
    nt_random_shuffle(trainer->order, trainer->dataset->samples, &random);
}

/* Writes the gradient by one sample's logits; returns its loss, and adds to *hits where the largest logit is the
 * label's. */
static double cross_entropy(float *gradient, uint32_t *hits, const float *logit, uint32_t label, uint32_t classes,
                            float smoothing) {
    uint32_t best = 0;
    double sum = 0, loss = 0;
    for (uint32_t c = 1; c < classes; c++) {
        best = logit[c] > logit[best] ? c : best;
    }
    for (uint32_t c = 0; c < classes; c++) {
        sum += exp((double)logit[c] - (double)logit[best]);
    }
    for (uint32_t c = 0; c < classes; c++) {
        double wanted = (double)smoothing / classes + (c == label ? 1 - (double)smoothing : 0);
        double log_probability = (double)logit[c] - (double)logit[best] - log(sum);
        loss -= wanted * log_probability;
        gradient[c] = (float)(exp(log_probability) - wanted);
    }
    *hits += best == label;
    return loss;
}

static void load_image(float *pixel, const nt_trainer *t, const struct nt_train_worker *worker, uint32_t sample) {
    const struct nt_dataset *d = t->dataset;
    size_t size = nt_net_layer(t->net, 0)->size;
    const uint8_t *image = d->image + sample * size;
    if (t->options.augment) {
        uint64_t epoch = t->step / nt_trainer_steps(t);
        nt_train_augment(pixel, image, d->shape, t->options.seed, epoch * d->samples + sample, worker->bent);
    } else {
        nt_net_input(pixel, image, size);
    }
}

/* Where a step's batch begins in the epoch's order, and how many samples it has. */
static uint32_t batch_of(uint32_t *first, const nt_trainer *t) {
    *first = (uint32_t)(t->step % nt_trainer_steps(t)) * t->options.batch;
    uint32_t left = t->dataset->samples - *first;
    return left < t->options.batch ? left : t->options.batch;
}

static void run_shard(void *context, size_t shard, unsigned number) {
    nt_trainer *t = context;
    const struct nt_train_worker *worker = &t->worker[number];
    uint32_t first, batch = batch_of(&first, t), begin = (uint32_t)shard * NT_TRAIN_SHARD;
    uint32_t count = batch - begin < NT_TRAIN_SHARD ? batch - begin : NT_TRAIN_SHARD, layers = nt_net_layers(t->net);
    uint32_t classes = nt_net_classes(t->net);
    const uint32_t *sample = t->order + first + begin;
    for (uint32_t s = 0; s < count; s++) {
        load_image(worker->activation[0] + (size_t)s * nt_net_layer(t->net, 0)->size, t, worker, sample[s]);
    }
    float *wanted[NT_NET_MAX_LAYERS] = {NULL}, *none[NT_NET_MAX_LAYERS] = {NULL};
    memcpy(wanted + 1, worker->activation + 1, (layers - 1) * sizeof *wanted); /* the input is there already */
    (void)nt_net_forward(wanted, t->net, worker->activation[0], count, worker->scratch);
    t->loss[shard] = 0;
    t->hits[shard] = 0;
    for (uint32_t s = 0; s < count; s++) {
        t->loss[shard] +=
            cross_entropy(worker->seed + s * classes, &t->hits[shard], worker->activation[layers - 1] + s * classes,
                          t->dataset->label[sample[s]], classes, t->options.smoothing);
    }
    (void)nt_net_backward(none, t->gradient + shard * t->values, t->net, worker->activation, worker->seed, count,
                          worker->scratch);
}

static float rate_at(const nt_trainer *t) {
    double total = (double)nt_trainer_steps(t) * t->options.epochs, done = (double)t->step / total;
    double warm = total / 20 < 1 ? 1 : total / 20, risen = ((double)t->step + 1) / warm;
    return (float)((double)t->options.rate * (risen < 1 ? risen : 1) * 0.5 * (1 + cos(3.14159265358979323846 * done)));
}

/* Adds up the shards' gradients in their order, and moves the parameters. */
static void adam(nt_trainer *t, size_t shards, uint32_t batch) {
    const float keep = 0.9f, keep_square = 0.999f, rate = rate_at(t), share = 1.0f / (float)batch;
    float correct = (float)(1 / (1 - pow((double)keep, (double)t->step + 1)));
    float correct_square = (float)(1 / (1 - pow((double)keep_square, (double)t->step + 1)));
    float *value = nt_net_values(t->net), *gradient = t->gradient;
    for (size_t shard = 1; shard < shards; shard++) {
        const float *more = t->gradient + shard * t->values;
        for (size_t i = 0; i < t->values; i++) {
            gradient[i] += more[i];
        }
    }
    for (size_t i = 0; i < t->values; i++) {
        float g = gradient[i] * share;
        t->mean[i] = keep * t->mean[i] + (1 - keep) * g;
        t->square[i] = keep_square * t->square[i] + (1 - keep_square) * (g * g);
        float move = t->mean[i] * correct / (sqrtf(t->square[i] * correct_square) + 1e-8f);
        value[i] -= rate * (move + (t->decays[i] ? t->options.decay * value[i] : 0));
    }
    nt_net_changed(t->net);
}

enum nt_status nt_trainer_step(nt_trainer *t, struct nt_train_report *report, struct nt_error *error) {
    uint32_t steps = nt_trainer_steps(t), first, batch = batch_of(&first, t);
    uint32_t epoch = (uint32_t)(t->step / steps), step = (uint32_t)(t->step % steps);
    size_t shards = (batch + NT_TRAIN_SHARD - 1) / NT_TRAIN_SHARD;
    assert(epoch < t->options.epochs);
    if (step == 0) {
        nt_trainer_shuffle(t, epoch);
        t->loss_sum = 0;
        t->hit_sum = 0;
    }
    nt_parallel_for(shards, t->threads, run_shard, t);
    for (size_t s = 0; s < shards; s++) {
        t->loss_sum += t->loss[s];
        t->hit_sum += t->hits[s];
    }
    if (!isfinite(t->loss_sum)) {
        return nt_error_set(error, NT_E_VALUE, "the loss is not finite after %llu steps; try a lower rate than %g",
                            (unsigned long long)t->step, (double)t->options.rate);
    }
    adam(t, shards, batch);
    t->step++;
    t->seen += batch;
    double seen = first + batch;
    *report = (struct nt_train_report){epoch,
                                       step,
                                       steps,
                                       step + 1 == steps,
                                       step + 1 == steps && epoch + 1 == t->options.epochs,
                                       t->seen,
                                       t->loss_sum / seen,
                                       (double)t->hit_sum / seen};
    return NT_OK;
}

static enum nt_status check(const nt_net *net, const struct nt_dataset *dataset, const struct nt_train_options *o,
                            struct nt_error *error) {
    const struct nt_shape *in = &nt_net_layer(net, 0)->shape, *image = &dataset->shape;
    if (o->epochs < 1 || o->epochs > 100000 || o->batch < 1 || o->batch > 65536 || !(o->rate > 0) ||
        !(o->smoothing >= 0 && o->smoothing < 1) || !(o->decay >= 0) || !isfinite(o->rate) || !isfinite(o->decay)) {
        return nt_error_set(error, NT_E_ARG, "training options are out of range");
    }
    if (!nt_net_trainable(net)) {
        return nt_error_set(error, NT_E_SHAPE, "a network that is not trained here: see nt_net_trainable");
    }
    if (dataset->samples == 0) {
        return nt_error_set(error, NT_E_SHAPE, "no samples to train on");
    }
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
    return NT_OK;
}

static enum nt_status allocate_worker(struct nt_train_worker *worker, const nt_trainer *t) {
    const struct nt_allocator *a = t->allocator;
    bool got = true;
    for (uint32_t l = 0; l < nt_net_layers(t->net); l++) {
        worker->activation[l] = nt_allocate(a, (size_t)NT_TRAIN_SHARD * nt_net_layer(t->net, l)->size, sizeof(float));
        got = got && worker->activation[l] != NULL;
    }
    size_t forward = nt_net_forward_bytes(t->net, NT_TRAIN_SHARD), back = nt_net_backward_bytes(t->net, NT_TRAIN_SHARD);
    worker->seed = nt_allocate(a, (size_t)NT_TRAIN_SHARD * nt_net_classes(t->net), sizeof(float));
    worker->bent = nt_allocate(a, (size_t)2 * t->dataset->shape.height * t->dataset->shape.width, sizeof(float));
    worker->scratch = nt_allocate(a, forward > back ? forward : back, 1);
    return got && worker->seed != NULL && worker->bent != NULL && worker->scratch != NULL ? NT_OK : NT_E_MEMORY;
}

static enum nt_status allocate(nt_trainer *t) {
    const struct nt_allocator *a = t->allocator;
    t->mean = nt_allocate_zeroed(a, t->values, sizeof(float));
    t->square = nt_allocate_zeroed(a, t->values, sizeof(float));
    t->gradient = nt_allocate(a, t->shards, t->values * sizeof(float));
    t->loss = nt_allocate(a, t->shards, sizeof *t->loss);
    t->hits = nt_allocate(a, t->shards, sizeof *t->hits);
    t->order = nt_allocate(a, t->dataset->samples, sizeof *t->order);
    t->decays = nt_allocate_zeroed(a, t->values, sizeof *t->decays);
    t->worker = nt_allocate_zeroed(a, t->threads, sizeof *t->worker);
    if (t->mean == NULL || t->square == NULL || t->gradient == NULL || t->loss == NULL || t->hits == NULL ||
        t->order == NULL || t->decays == NULL || t->worker == NULL) {
        return NT_E_MEMORY;
    }
    for (unsigned w = 0; w < t->threads; w++) {
        NT_TRY(allocate_worker(&t->worker[w], t));
    }
    return NT_OK;
}

enum nt_status nt_trainer_create(nt_trainer **trainer, nt_net *net, const struct nt_dataset *dataset,
                                 const struct nt_train_options *options, const struct nt_allocator *allocator,
                                 struct nt_error *error) {
    *trainer = NULL;
    NT_TRY(check(net, dataset, options, error));
    nt_trainer *t = nt_allocate_zeroed(allocator, 1, sizeof *t);
    enum nt_status status = NT_E_MEMORY;
    if (t != NULL) {
        *t = (nt_trainer){.allocator = allocator, .net = net, .dataset = dataset, .options = *options};
        t->threads = options->threads != 0 ? options->threads : nt_parallel_processors();
        t->threads = t->threads > 64 ? 64 : t->threads;
        t->shards = (options->batch + NT_TRAIN_SHARD - 1) / NT_TRAIN_SHARD;
        t->values = (size_t)nt_net_parameters(net);
        status = allocate(t);
    }
    if (status != NT_OK) {
        nt_trainer_free(t);
        return nt_error_set(error, status, "not enough memory to train on %u threads", options->threads);
    }
    size_t at = 0;
    for (uint32_t l = 1; l < nt_net_layers(net); l++) {
        const struct nt_layer *layer = nt_net_layer(net, l);
        for (uint32_t i = 0; i < layer->parameters; i++) {
            t->decays[at++] = i < layer->parameters - layer->shape.channels;
        }
    }
    nt_net_set_direct(net, true); /* what was trained once is trained again to the same bits */
    *trainer = t;
    return NT_OK;
}

void nt_trainer_free(nt_trainer *t) {
    if (t == NULL) {
        return;
    }
    const struct nt_allocator *a = t->allocator;
    for (unsigned w = 0; t->worker != NULL && w < t->threads; w++) {
        for (uint32_t l = 0; l < NT_NET_MAX_LAYERS; l++) {
            nt_release(a, t->worker[w].activation[l]);
        }
        nt_release(a, t->worker[w].seed);
        nt_release(a, t->worker[w].bent);
        nt_release(a, t->worker[w].scratch);
    }
    nt_release(a, t->mean);
    nt_release(a, t->square);
    nt_release(a, t->gradient);
    nt_release(a, t->loss);
    nt_release(a, t->hits);
    nt_release(a, t->order);
    nt_release(a, t->decays);
    nt_release(a, t->worker);
    nt_release(a, t);
}
