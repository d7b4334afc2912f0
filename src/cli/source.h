/* What `ntrace pack` packs, made from files: images and a network, or activations of any model. */
#ifndef NTRACE_CLI_SOURCE_H
#define NTRACE_CLI_SOURCE_H

#include "cli/network.h"
#include "cli/options.h"
#include "ntrace/activations.h"
#include "ntrace/images.h"
#include "ntrace/pack.h"
#include "ntrace/selection.h"
#include "ntrace/spool.h"

struct nt_source_options {
    const char *images, *labels, *classes;
    struct nt_network_options network;
    struct nt_texts activations; /* files and folders; none: images and a network */
    const char *predictions, *probabilities, *thumbnails, *layers;
    const char *everything; /* what the one class is called where nothing tells samples apart: "sample" */
    struct nt_selection_options selection;
    const struct nt_pack_options *pack; /* its state is the folder for images, decoded once and read many times */
    const struct nt_progress *progress; /* of reading and checking all that is packed */
};

struct nt_source {
    struct nt_pack_data data;
    uint8_t inputs[32]; /* changes with what the data's callbacks read */
    struct nt_network network;
    nt_images *images;
    nt_spool *spool;
    struct nt_selection selection;
    struct nt_labels labels; /* those of files, before the selection */
    uint16_t *label, *prediction;
    float *confidence;
    char (*class_name)[NT_LABELS_NAME_BYTES];
    nt_activations *activations;
    struct nt_pack_activations rows;
    struct nt_pack_layer *layer;
    uint32_t *layer_number; /* [layers] of each chosen layer among those of the network or the files */
    uint32_t layers;
};

/* Opens, checks and reads all that can be wrong before packing starts. To be given to nt_source_close in any case.
 * Returns NT_OK, or what is wrong, in words; what is wrong with several layers goes to standard error line by line. */
enum nt_status nt_source_open(struct nt_source *source, const struct nt_source_options *options,
                              const struct nt_allocator *allocator, struct nt_error *error);

/* Closes it, and removes its images from the state's folder, and the folder where nothing else is in it. */
void nt_source_close(struct nt_source *source, const struct nt_source_options *options,
                     const struct nt_allocator *allocator);

/* ---- Parts. ---- */

/* The images of the samples that were selected, in the order of the selection: into a file, and its hash to the
 * inputs. Sets data.images. */
enum nt_status nt_source_spool(struct nt_source *source, const struct nt_source_options *options,
                               const struct nt_allocator *allocator, struct nt_error *error);

/* Chooses layers: names, numbers and ranges separated by commas; NULL: all. */
enum nt_status nt_source_choose(struct nt_source *source, const char *chosen, const struct nt_allocator *allocator,
                                struct nt_error *error);

/* Selects by labels [samples] (NULL: all are of one class), and takes the labels of those selected. */
enum nt_status nt_source_select(struct nt_source *source, const struct nt_source_options *options,
                                const uint16_t *label, uint32_t samples, const struct nt_allocator *allocator,
                                struct nt_error *error);

/* The number of the sample that was selected at place i. */
static inline uint32_t nt_source_sample(const struct nt_source *source, uint32_t i) {
    return source->selection.sample != NULL ? source->selection.sample[i] : i;
}

/* Activations, their layers, labels and answers. */
enum nt_status nt_source_open_activations(struct nt_source *source, const struct nt_source_options *options,
                                          const struct nt_allocator *allocator, struct nt_error *error);

/* Labels, predictions and probabilities of `samples` samples, where there are files of them; then the selection. */
enum nt_status nt_source_read_answers(struct nt_source *source, const struct nt_source_options *options,
                                      uint32_t samples, const struct nt_allocator *allocator, struct nt_error *error);

#endif
