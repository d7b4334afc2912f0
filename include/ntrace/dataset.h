/* Labelled images from .npy files: what training and packing read. */
#ifndef NTRACE_DATASET_H
#define NTRACE_DATASET_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/net.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_DATASET_MAX_CLASSES = 1000, NT_DATASET_MAX_SAMPLES = 1 << 24 };

struct nt_dataset {
    uint32_t samples, classes;
    struct nt_shape shape; /* of one image */
    uint8_t *image;        /* [samples, H, W, C] */
    uint16_t *label;       /* [samples] */
    char (*name)[64];      /* [classes] */
};

/* Reads a dataset.
 *
 * dataset  out  to be given to nt_dataset_clear; zeroed on failure
 * path     in   a folder holding one .npy per class (classes in sorted order of file name, samples in that order and
 * then by row, a class being called as its file without ".npy"), or one .npy of all images labels   in   for one .npy
 * of images: an integer .npy [samples], classes then being called "0", "1"...; NULL for a folder limit    in   take at
 * most so many samples, evenly from each class; 0 takes all
 *
 * Images are uint8 [N, 784] (28 x 28), [N, H, W] or [N, C, H, W].
 * Returns NT_OK, NT_E_IO, NT_E_FORMAT, NT_E_SHAPE, NT_E_VALUE, NT_E_MISSING (no .npy in the folder, no labels),
 * NT_E_MEMORY. */
enum nt_status nt_dataset_read(struct nt_dataset *dataset, const char *path, const char *labels, uint32_t limit,
                               const struct nt_allocator *allocator, struct nt_error *error);

/* Frees what a read allocated. A zeroed dataset is fine. */
void nt_dataset_clear(struct nt_dataset *dataset, const struct nt_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
