/* Training of networks: softmax cross-entropy, Adam, cosine schedule with warm-up. The result depends on the seed
 * alone, not on the number of threads: a batch is cut into fixed shards whose gradients are added up in their order. */
#ifndef NTRACE_TRAIN_H
#define NTRACE_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/dataset.h"
#include "ntrace/net.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct nt_train_options {
    uint32_t epochs;  /* 1 to 100,000 */
    uint32_t batch;   /* 1 to 65,536 samples a step; an epoch's last one takes what is left */
    float rate;       /* highest learning rate, above 0 */
    float smoothing;  /* share of each label that is spread over all classes, 0 to below 1 */
    float decay;      /* decoupled weight decay, at least 0; biases are left alone */
    uint64_t seed;    /* of the initial weights, the order of samples and the augmentation */
    unsigned threads; /* 0: one per processor */
    bool augment;     /* see nt_train_augment */
};

/* Ten epochs of 128 samples a step at a rate of 0.002, seed 1. */
struct nt_train_options nt_train_defaults(void);

/* Where training stands after a step. */
struct nt_train_report {
    uint32_t epoch; /* of this step, from 0 */
    uint32_t step;  /* within the epoch, from 0 */
    uint32_t steps; /* in an epoch */
    bool epoch_done, done;
    uint64_t seen; /* samples since training began, in all sessions */
    double loss,
        accuracy; /* means over the epoch so far, before each step's change, on augmented images where they are */
};

typedef struct nt_trainer nt_trainer;

/* He's normal initialisation of weights, biases zero: He et al., "Delving Deep into Rectifiers", ICCV 2015. */
void nt_train_initialise(nt_net *net, uint64_t seed);

/* Starts training a network from its present parameters.
 *
 * trainer  out  to be freed with nt_trainer_free; NULL on failure
 * net           changed by every step; must outlive the trainer
 * dataset       must outlive the trainer, unchanged
 *
 * Returns NT_OK; NT_E_ARG (options out of range), NT_E_SHAPE (images or classes that do not fit the network),
 * NT_E_MEMORY. */
enum nt_status nt_trainer_create(nt_trainer **trainer, nt_net *net, const struct nt_dataset *dataset,
                                 const struct nt_train_options *options, const struct nt_allocator *allocator,
                                 struct nt_error *error);
void nt_trainer_free(nt_trainer *trainer);

/* Takes one step. Returns NT_OK, or NT_E_VALUE when the loss is not finite any more: the rate is too high. Not to be
 * called once report->done. */
enum nt_status nt_trainer_step(nt_trainer *trainer, struct nt_train_report *report, struct nt_error *error);

/* Writes all that is needed to go on: parameters, Adam's averages, where training stands, and what it is of.
 * bytes  out  [*size] safetensors, to be released with the trainer's allocator */
enum nt_status nt_trainer_save(uint8_t **bytes, size_t *size, const nt_trainer *trainer, struct nt_error *error);

/* Goes on from a checkpoint, to the same bits that training without a break gives.
 * Returns NT_OK; NT_E_FORMAT, NT_E_SHAPE or NT_E_VALUE (of another network, other data or other options; the number of
 * threads may differ). The trainer is then as before. */
enum nt_status nt_trainer_load(nt_trainer *trainer, struct nt_train_report *report, const void *bytes, size_t size,
                               const char *name, struct nt_error *error);

/* Draws a changed image: turned by up to 12 degrees, scaled by 0.85 to 1.1 along each axis, sheared, shifted by up
 * to 1.5 pixels, bent on a coarse grid, and its strokes made thinner or thicker by up to half a pixel.
 *
 * pixel    out  [H, W, C] 0 to 1
 * image    in   [H, W, C]
 * seed, number  in  determine the change; `number` tells samples and epochs apart
 * scratch       [2 H W] floats */
void nt_train_augment(float *pixel, const uint8_t *image, struct nt_shape shape, uint64_t seed, uint64_t number,
                      float *scratch);

/* Counts predictions: confusion [classes, classes], rows are labels, columns the network's largest output (the first of
 * equals). Returns NT_OK, NT_E_SHAPE (images that do not fit the network, labels beyond its classes) or NT_E_MEMORY. */
enum nt_status nt_train_evaluate(uint32_t *confusion, const nt_net *net, const struct nt_dataset *dataset,
                                 unsigned threads, const struct nt_allocator *allocator, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
