/* A trainer's insides, shared by its steps and its checkpoints. */
#ifndef NTRACE_TRAIN_TRAINER_H
#define NTRACE_TRAIN_TRAINER_H

#include "ntrace/train.h"

enum { NT_TRAIN_SHARD = 16 /* samples whose gradient one thread computes at a time */ };

/* What one thread works in. */
struct nt_train_worker {
    float *activation[NT_NET_MAX_LAYERS];
    float *seed, *bent;
    void *scratch;
};

struct nt_trainer {
    const struct nt_allocator *allocator;
    nt_net *net;
    const struct nt_dataset *dataset;
    struct nt_train_options options;
    unsigned threads;
    uint32_t shards; /* of a whole batch */
    size_t values;   /* parameters */
    uint64_t step;   /* since training began */
    float *mean;     /* [values] of the gradient, as Adam averages it */
    float *square;   /* [values] of its square */
    float *gradient; /* [shards, values] */
    double *loss;    /* [shards] sums */
    uint32_t *hits;  /* [shards] samples predicted right */
    uint32_t *order; /* [samples] this epoch's */
    bool *decays;    /* [values] whether weight decay applies */
    double loss_sum; /* over this epoch so far */
    uint64_t hit_sum, seen;
    struct nt_train_worker *worker; /* [threads] */
};

uint32_t nt_trainer_steps(const nt_trainer *trainer); /* in an epoch */

/* Draws the order of an epoch's samples. */
void nt_trainer_shuffle(nt_trainer *trainer, uint32_t epoch);

#endif
