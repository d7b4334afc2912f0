/* Images from files, whatever their format, one at a time: memory does not grow with them. */
#ifndef NTRACE_IMAGES_H
#define NTRACE_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/labels.h"
#include "ntrace/net.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_IMAGES_MAX_COUNT = NT_LABELS_MAX_COUNT, NT_IMAGES_MAX_SIDE = 1024 };

typedef struct nt_images nt_images;

struct nt_images_options {
    /* A folder that holds one file a class, named after it: .npy, .ndjson or .bin; or one folder a class with .png
     * files in it; or .png files. Or one file: .npy, IDX (gzipped or not), .ndjson, or .bin. Classes and the files in
     * them come in the order of their names' bytes. */
    const char *path;
    const char *labels;  /* labels in the order of the images, as nt_labels_read takes them; NULL: from the names */
    const char *classes; /* names of the classes, one a line; NULL: the files' own */
    uint32_t channels;   /* 1 or 3: what .png files are turned into; 0: colour where any of them has it */
};

/* Opens images: every header is read and every size checked, no image decoded yet.
 *
 * images  out  to be closed with nt_images_close; NULL on failure
 *
 *  - .npy: [N, H, W], [N, C, H, W], [N, H, W, C] (C 1, 3 or 4) or [N, 784] (28 x 28), uint8, or float of 0 to 1, which
 *    is kept as the nearest of 256 steps;
 *  - IDX: unsigned bytes [N, H, W] or [N, C, H, W];
 *  - .png: of one size;
 *  - .ndjson and .bin: QuickDraw's strokes, drawn as its own 28 x 28 bitmaps are. One .ndjson without labels takes them
 *    from its words.
 *
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY, NT_E_FORMAT, NT_E_SHAPE (images of several sizes, counts that differ),
 * NT_E_VALUE, NT_E_DAMAGED, NT_E_MISSING (nothing to read in a folder). */
enum nt_status nt_images_open(nt_images **images, const struct nt_images_options *options,
                              const struct nt_allocator *allocator, struct nt_error *error);
void nt_images_close(nt_images *images);

uint32_t nt_images_count(const nt_images *images);
struct nt_shape nt_images_shape(const nt_images *images);

/* Their labels; zeroed where there are none (one file, or a folder of .png files, without labels). Borrowed, valid
 * until the images are closed. */
const struct nt_labels *nt_images_labels(const nt_images *images);

/* What takes images: number `place` of those that were wanted, [H, W, C], valid until it returns. */
typedef enum nt_status nt_images_take(void *context, uint32_t place, const uint8_t *image, struct nt_error *error);

/* Decodes images, each once, in the order in which they lie in the files.
 *
 * take    in   called with each; a status other than NT_OK ends the call
 * wanted  in   [count] numbers of images in any order, each once; NULL: all
 *
 * Returns NT_OK, what `take` returned, NT_E_ARG (a number out of range or there twice), NT_E_CANCELLED, or what is
 * wrong with an image: NT_E_IO, NT_E_FORMAT, NT_E_SHAPE, NT_E_VALUE (floats that are not between 0 and 1, coordinates
 * out of range), NT_E_DAMAGED, NT_E_MEMORY. */
enum nt_status nt_images_each(nt_images *images, nt_images_take *take, void *context, const uint32_t *wanted,
                              uint32_t count, const struct nt_progress *progress, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
