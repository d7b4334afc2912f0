/* Packing: samples and what a model makes of them become a bundle. */
#ifndef NTRACE_PACK_H
#define NTRACE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/bundle.h"
#include "ntrace/dataset.h"
#include "ntrace/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Images on demand: what the network takes, and what a page shows. */
struct nt_pack_images {
    struct nt_shape shape; /* of one; channels is 0 where there are none */
    /* Writes images [count, H, W, C] of the samples asked for, the same bytes each time. */
    enum nt_status (*read)(void *context, uint8_t *out, const uint32_t *sample, uint32_t count, struct nt_error *error);
    void *context;
};

/* One layer, where activations are not a network's. */
struct nt_pack_layer {
    char name[64];
    struct nt_shape shape;
    uint32_t size;
};

/* Activations on demand, where there is no network to compute them. */
struct nt_pack_activations {
    uint32_t layers; /* 2 to NT_BUNDLE_MAX_LAYERS */
    const struct nt_pack_layer *layer;
    /* Writes rows [count, size] of the samples asked for, the same bits each time. */
    enum nt_status (*read)(void *context, float *out, uint32_t layer, const uint32_t *sample, uint32_t count,
                           struct nt_error *error);
    void *context;
};

/* What is packed; all of it borrowed. */
struct nt_pack_data {
    uint32_t samples, classes;
    const uint16_t *label;        /* [samples] < classes */
    const char (*class_name)[64]; /* [classes] */
    bool named;                   /* whether the names are the dataset's own; else the network's go before them */
    struct nt_pack_images images; /* needed for a network */
    const nt_net *net;            /* the network whose layers are packed, or NULL */
    /* [parts] which of its layers, each once; the network itself then stays out of the bundle, which answers from
     * codes. NULL: all of them, and the network with them. */
    const uint32_t *part;
    uint32_t parts;
    const uint8_t *weights; /* [weights_bytes] the file that it was read from, which goes into the bundle */
    size_t weights_bytes;
    const struct nt_pack_activations *activations; /* what is packed where there is no network */
    /* [samples] what the model answers and how sure it is; NULL where that is not known. A network tells both itself.
     */
    const uint16_t *prediction;
    const float *confidence;
};

struct nt_pack_options {
    const char *title, *source, *licence, *command; /* as they stand in the manifest */
    const char *noun, *nouns;                       /* what one sample is called, and many: both or neither (NULL) */
    bool synthetic;
    float step;    /* quantiser step as a share of a layer's root-mean-square norm; 0 takes the default */
    double recall; /* share of the true 100 nearest that the candidates must hold, 0 < recall < 1; 0 takes the default,
                      0.9995. Where there is no network, also the share that codes alone must find, as far as codes of
                      8 bits can: then 0 asks for nothing */
    uint64_t seed; /* of the samples on which axes and recall are measured */
    size_t memory; /* bytes for the activations of one layer, which are read in blocks; 0 takes the default, 2 GiB */
    /* A folder, made where it is missing, for what was finished when packing is interrupted: the next call with the
     * same folder goes on from there, if all that the bundle depends on is the same. NULL keeps nothing. */
    const char *state;
    uint8_t inputs[32]; /* a hash of the files that the data's callbacks read: they cannot be looked into here */
    unsigned workers;   /* threads, 0 for one per processor; the bundle does not depend on it */
    /* Called between steps with what is being done, in words, and the share done; non-zero cancels. May be NULL. */
    int (*report)(void *context, const char *doing, double done);
    void *context;
};

/* What was packed, for the report at the end. */
struct nt_pack_result {
    uint64_t bytes, code_bytes; /* of all chunks; of the codes alone */
    double accuracy, balanced_accuracy;
    uint32_t layers, chunks;
    uint32_t resumed; /* layers that were taken up from the state */
    struct nt_bundle_layer layer[NT_BUNDLE_MAX_LAYERS];
    uint64_t layer_bytes[NT_BUNDLE_MAX_LAYERS];
};

/* What nt_pack would refuse before it reads any image or activation: NT_OK, NT_E_ARG, NT_E_SHAPE or NT_E_VALUE. */
enum nt_status nt_pack_check(const struct nt_pack_data *data, const struct nt_pack_options *options,
                             struct nt_error *error);

/* Packs into the folder `path`, made where it is missing. Chunks go in first; current.json changes last, so that a
 * bundle that was there before stays whole until the new one is complete. Files of the former bundle are then removed.
 * On failure the new chunks are removed instead, unless packing can go on from its state: after cancelling, after a
 * full disk or for want of memory.
 *
 * Returns NT_OK; NT_E_SHAPE when images, labels and network do not fit; NT_E_VALUE for activations that are not finite
 * or labels out of range; NT_E_IO; NT_E_MEMORY; NT_E_CANCELLED. Beyond `memory` it holds about 6 kB a sample, however
 * wide the layers are. */
enum nt_status nt_pack(struct nt_pack_result *result, const char *path, const struct nt_pack_data *data,
                       const struct nt_pack_options *options, const struct nt_allocator *allocator,
                       struct nt_error *error);

/* The data of a dataset in memory and a network. The dataset must outlive it. */
struct nt_pack_data nt_pack_dataset(const struct nt_dataset *dataset, const nt_net *net, const uint8_t *weights,
                                    size_t weights_bytes);

#ifdef __cplusplus
}
#endif
#endif
