/* Checkpoints: safetensors that hold a trainer's whole state, and what it was made of in words. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ntrace/safetensors.h"
#include "ntrace/sha256.h"
#include "train/trainer.h"

enum { DESCRIPTION_BYTES = 512 };

/* All that the result depends on. A checkpoint continues only what has the same. */
static void describe(char *text, const nt_trainer *t) {
    const struct nt_train_options *o = &t->options;
    const struct nt_dataset *d = t->dataset;
    uint8_t digest[NT_SHA256_BYTES];
    char data[33];
    struct nt_sha256 hash;
    nt_sha256_start(&hash);
    nt_sha256_add(&hash, d->image, (size_t)d->samples * nt_net_layer(t->net, 0)->size);
    nt_sha256_add(&hash, d->label, d->samples * sizeof *d->label);
    nt_sha256_finish(digest, &hash);
    nt_sha256_hex(data, digest, 16);
    (void)snprintf(text, DESCRIPTION_BYTES,
                   "%zu parameters, %u samples (%s), %u epochs, batch %u, rate %.7g, smoothing %.7g, decay %.7g, seed "
                   "%" PRIu64 "%s",
                   t->values, d->samples, data, o->epochs, o->batch, (double)o->rate, (double)o->smoothing,
                   (double)o->decay, o->seed, o->augment ? ", augmented" : "");
}

static struct nt_tensor tensor_of(const char *name, enum nt_npy_type type, uint64_t count, const void *data) {
    struct nt_tensor tensor = {.type = type, .dimensions = 1, .shape = {count}, .data = data};
    (void)snprintf(tensor.name, sizeof tensor.name, "%s", name);
    return tensor;
}

enum nt_status nt_trainer_save(uint8_t **bytes, size_t *size, const nt_trainer *t, struct nt_error *error) {
    char description[DESCRIPTION_BYTES];
    const uint64_t counts[3] = {t->step, t->hit_sum, t->seen};
    const struct nt_tensor tensor[5] = {
        tensor_of("counts", NT_NPY_UINT64, 3, counts),
        tensor_of("loss", NT_NPY_FLOAT64, 1, &t->loss_sum),
        tensor_of("values", NT_NPY_FLOAT32, t->values, nt_net_values(t->net)),
        tensor_of("mean", NT_NPY_FLOAT32, t->values, t->mean),
        tensor_of("square", NT_NPY_FLOAT32, t->values, t->square),
    };
    describe(description, t);
    const char *text[1][2] = {{"ntrace.training", description}};
    return nt_safetensors_write(bytes, size, tensor, 5, (const char *const(*)[2])text, 1, t->allocator, error);
}

/* Finds the checkpoint's tensors, in the order of nt_trainer_save, and checks each. */
static enum nt_status find_tensors(const struct nt_tensor **found, const nt_trainer *t, const nt_safetensors *file,
                                   const char *name, struct nt_error *error) {
    const struct nt_tensor wanted[5] = {
        tensor_of("counts", NT_NPY_UINT64, 3, NULL),          tensor_of("loss", NT_NPY_FLOAT64, 1, NULL),
        tensor_of("values", NT_NPY_FLOAT32, t->values, NULL), tensor_of("mean", NT_NPY_FLOAT32, t->values, NULL),
        tensor_of("square", NT_NPY_FLOAT32, t->values, NULL),
    };
    for (int i = 0; i < 5; i++) {
        found[i] = nt_safetensors_find(file, wanted[i].name);
        if (found[i] == NULL || found[i]->type != wanted[i].type || found[i]->dimensions != 1 ||
            found[i]->shape[0] != wanted[i].shape[0]) {
            return nt_error_set(error, NT_E_SHAPE,
                                "%s: not a checkpoint of this training: expected %" PRIu64
                                " numbers of type %s in '%s'",
                                name, wanted[i].shape[0], nt_npy_type_name(wanted[i].type), wanted[i].name);
        }
        if (i > 0) {
            NT_TRY(nt_safetensors_check_finite(found[i], name, error));
        }
    }
    return NT_OK;
}

static enum nt_status load(nt_trainer *t, struct nt_train_report *report, const nt_safetensors *file, const char *name,
                           struct nt_error *error) {
    char description[DESCRIPTION_BYTES];
    const char *text = nt_safetensors_text(file, "ntrace.training");
    const struct nt_tensor *found[5];
    uint64_t counts[3];
    double loss;
    describe(description, t);
    if (text == NULL || strcmp(text, description) != 0) {
        return nt_error_set(error, NT_E_VALUE, "%s: a checkpoint of other training: expected %s; found %.200s", name,
                            description, text != NULL ? text : "none at all");
    }
    NT_TRY(find_tensors(found, t, file, name, error));
    memcpy(counts, found[0]->data, sizeof counts);
    memcpy(&loss, found[1]->data, sizeof loss);
    uint32_t steps = nt_trainer_steps(t);
    if (counts[0] == 0 || counts[0] > (uint64_t)steps * t->options.epochs) {
        return nt_error_set(error, NT_E_VALUE, "%s: %" PRIu64 " steps taken; expected 1 to %" PRIu64, name, counts[0],
                            (uint64_t)steps * t->options.epochs);
    }
    t->step = counts[0];
    t->hit_sum = counts[1];
    t->seen = counts[2];
    t->loss_sum = loss;
    memcpy(nt_net_values(t->net), found[2]->data, t->values * sizeof(float));
    memcpy(t->mean, found[3]->data, t->values * sizeof(float));
    memcpy(t->square, found[4]->data, t->values * sizeof(float));
    nt_net_changed(t->net);
    uint64_t last = t->step - 1, in_epoch = (last % steps + 1) * t->options.batch;
    double seen = (double)(in_epoch < t->dataset->samples ? in_epoch : t->dataset->samples);
    *report = (struct nt_train_report){(uint32_t)(last / steps),
                                       (uint32_t)(last % steps),
                                       steps,
                                       (last + 1) % steps == 0,
                                       last + 1 == (uint64_t)steps * t->options.epochs,
                                       t->seen,
                                       loss / seen,
                                       (double)t->hit_sum / seen};
    nt_trainer_shuffle(t, report->epoch);
    return NT_OK;
}

enum nt_status nt_trainer_load(nt_trainer *t, struct nt_train_report *report, const void *bytes, size_t size,
                               const char *name, struct nt_error *error) {
    nt_safetensors *file;
    NT_TRY(nt_safetensors_parse(&file, bytes, size, name, t->allocator, error));
    enum nt_status status = load(t, report, file, name, error);
    nt_safetensors_free(file);
    return status;
}
