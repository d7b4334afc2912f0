/* Labelled images in memory: what training and packing read. */
#ifndef NTRACE_DATASET_H
#define NTRACE_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/images.h"
#include "ntrace/net.h"
#include "ntrace/selection.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_DATASET_MAX_CLASSES = NT_LABELS_MAX_CLASSES, NT_DATASET_MAX_SAMPLES = 1 << 24 };

struct nt_dataset {
    uint32_t samples, classes;
    struct nt_shape shape; /* of one image */
    uint8_t *image;        /* [samples, H, W, C] */
    uint16_t *label;       /* [samples] */
    char (*name)[64];      /* [classes] */
    bool named;            /* whether the names are the files' own; else they are "0", "1"... */
};

/* Reads a dataset: see images.h for what is read, and selection.h for what is taken of it.
 *
 * dataset    out  to be given to nt_dataset_clear; zeroed on failure
 * selection  in   NULL takes all
 *
 * Returns NT_OK, or what nt_images_open, nt_select or nt_images_each return; NT_E_MISSING also for images without
 * labels, NT_E_SHAPE for more than NT_DATASET_MAX_SAMPLES. */
enum nt_status nt_dataset_read(struct nt_dataset *dataset, const struct nt_images_options *images,
                               const struct nt_selection_options *selection, const struct nt_allocator *allocator,
                               struct nt_error *error);

/* Frees what a read allocated. A zeroed dataset is fine. */
void nt_dataset_clear(struct nt_dataset *dataset, const struct nt_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
