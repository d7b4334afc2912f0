/* The parts of an explanation: room for passes, the handle, and what each method fills in. */
#ifndef NTRACE_EXPLAIN_EXPLAIN_H
#define NTRACE_EXPLAIN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "ntrace/explain.h"

enum nt_room_kind {
    NT_ROOM_FORWARD,
    NT_ROOM_GRADIENT, /* by the input */
    NT_ROOM_BACKWARD  /* by layer `at`, all activations being kept */
};

/* Room for passes of a batch through a network. */
struct nt_room {
    const nt_net *net;
    enum nt_room_kind kind;
    uint32_t rows; /* samples that it has room for */
    uint32_t at;
    float *input;                         /* [rows, size of the input] */
    float *logit;                         /* [rows, classes] the last layer: any layer of a network cut off */
    float *seed;                          /* [rows, classes] gradient by the last layer, zero at first */
    float *gradient;                      /* [rows, size of layer `at`] */
    float *activation[NT_NET_MAX_LAYERS]; /* [rows, size] of the layers that a pass forward keeps */
    float *floats;                        /* holds all of these */
    void *scratch;
};

/* Takes room for at most `most` samples at a time, fewer where they are large. `at` is 0 but for NT_ROOM_BACKWARD.
 * Returns NT_OK or NT_E_MEMORY; nt_room_close is needed in both cases. */
enum nt_status nt_room_open(struct nt_room *room, const nt_net *net, uint32_t most, enum nt_room_kind kind, uint32_t at,
                            const struct nt_allocator *allocator, struct nt_error *error);
/* A zeroed room is fine. */
void nt_room_close(struct nt_room *room, const struct nt_allocator *allocator);

/* From input to logit; from seed to gradient, which for NT_ROOM_BACKWARD takes a pass forward before. */
enum nt_status nt_room_forward(struct nt_room *room, uint32_t samples);
enum nt_status nt_room_backward(struct nt_room *room, uint32_t samples);

struct nt_explain {
    const struct nt_allocator *allocator;
    const nt_net *whole; /* as it was given */
    const nt_net *net;   /* up to the logits */
    nt_net *up_to;       /* the same, where a softmax follows them; else NULL */
    const nt_bundle *bundle;
    const struct nt_explain_kind *kind;
    struct nt_explain_request request; /* its images are the copies below */
    struct nt_shape shape;             /* of the image */
    size_t size;                       /* values in the image */
    uint8_t *image, *other;            /* [size] */
    float *pixel;                      /* [size] image as the network sees it */
    float *answer;                     /* [2, classes] logits, probabilities */
    float *values, *map;
    struct nt_room room;
    struct nt_explanation result;

    double *sum;      /* integrated gradients, occlusion: [size of values]; NT_EXPLAIN_LAYER: as `own` */
    uint32_t *window; /* occlusion: top left corners, as pixel numbers */
    nt_net *part;     /* NT_EXPLAIN_LAYER: the network up to the layer */
    struct nt_room part_room;
    float *own;     /* [size + channels] the image's own activation there, and what each channel adds */
    uint32_t *list; /* [lefts + arrivals] the samples compared with */
    struct nt_nearest *nearest;
};

/* What a method does once the image's own logits are there. */
struct nt_explain_kind {
    enum nt_room_kind room;
    uint32_t rows; /* samples in a batch, at most */
    /* Checks the request, takes memory, adds its units to result.units and says the shape of the values. May be NULL.
     */
    enum nt_status (*plan)(nt_explain *e, struct nt_error *error);
    /* Does units first .. first + count - 1 of its own; count is at most `rows`. May be NULL. */
    enum nt_status (*advance)(nt_explain *e, uint32_t first, uint32_t count, struct nt_error *error);
    /* After the last unit: fills in what is left of the result. */
    enum nt_status (*finish)(nt_explain *e, struct nt_error *error);
};

extern const struct nt_explain_kind nt_explain_gradient, nt_explain_integrated, nt_explain_grad_cam,
    nt_explain_occlusion, nt_explain_neighbor_mean, nt_explain_layer;

/* A network of layers 1 .. layer, with the same parameters. For layer 0 it flattens the input, and that is all. */
enum nt_status nt_explain_cut_off(nt_net **part, const nt_net *net, uint32_t layer,
                                  const struct nt_allocator *allocator, struct nt_error *error);

enum nt_status nt_explain_no_memory(struct nt_error *error);

#endif
