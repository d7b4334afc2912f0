/* Packing: a dataset and its network become a bundle. */
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

struct nt_pack_options {
    const char *title, *source, *licence, *command; /* as they stand in the manifest */
    const char *noun, *nouns; /* what one sample is called, and many: both or neither (NULL) */
    bool synthetic;
    float step;    /* quantiser step as a share of a layer's root-mean-square norm; 0 takes the default */
    double recall; /* share of the true 100 nearest that the candidates must hold, 0 < recall < 1; 0 takes the default,
                      0.9995 */
    uint64_t seed; /* of the samples on which axes and recall are measured */
    unsigned workers; /* threads, 0 for one per processor; the bundle does not depend on it */
    /* Called between steps with what is being done, in words, and the share done; non-zero cancels. May be NULL. */
    int (*report)(void *context, const char *doing, double done);
    void *context;
};

/* What was packed, for the report at the end. */
struct nt_pack_result {
    uint64_t bytes, code_bytes; /* of all chunks; of the codes alone */
    double accuracy, balanced_accuracy;
    uint32_t layers, chunks;
    struct nt_bundle_layer layer[NT_BUNDLE_MAX_LAYERS];
    uint64_t layer_bytes[NT_BUNDLE_MAX_LAYERS];
};

/* Packs a dataset into the folder `path`, made where it is missing. Chunks go in first; current.json changes last, so
 * that a bundle that was there before stays whole until the new one is complete. Files of the former bundle are then
 * removed.
 *
 * weights  in  [weights_bytes] the safetensors file that net was read from, kept as it is
 *
 * Returns NT_OK; NT_E_SHAPE when images, labels and network do not fit; NT_E_VALUE for activations that are not finite;
 * NT_E_IO; NT_E_MEMORY; NT_E_CANCELLED. Holds one layer's activations at a time: about 4 N D bytes for the widest, and
 * as much again for a sample of 4,000. */
enum nt_status nt_pack(struct nt_pack_result *result, const char *path, const struct nt_dataset *dataset,
                       const nt_net *net, const uint8_t *weights, size_t weights_bytes,
                       const struct nt_pack_options *options, const struct nt_allocator *allocator,
                       struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
