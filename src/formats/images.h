/* The formats of images: each gives parts, a part being one file or one folder of files. */
#ifndef NTRACE_FORMATS_IMAGES_H
#define NTRACE_FORMATS_IMAGES_H

#include "ntrace/images.h"

struct nt_images_part;

struct nt_images_format {
    const char *ending; /* ".npy"; what the files of a folder end in */
    /* Opens a file, or a folder of .png files: fills count, shape and what the handle holds. */
    enum nt_status (*open)(struct nt_images_part *part, struct nt_error *error);
    size_t handle_bytes; /* zeroed before opening */
    /* Decodes one image [H, W, C]; numbers mostly ascend. */
    enum nt_status (*read)(uint8_t *image, const struct nt_images_part *part, uint32_t number, struct nt_error *error);
    void (*close)(struct nt_images_part *part); /* what the handle holds, also where opening failed */
    /* The word that one image is labelled with in the file itself; NULL where the format has none. */
    enum nt_status (*word)(char word[NT_LABELS_NAME_BYTES], const struct nt_images_part *part, uint32_t number,
                           struct nt_error *error);
    bool converts; /* whether shape.channels may be set to 1 or 3 after opening */
};

struct nt_images_part {
    const struct nt_images_format *format;
    const struct nt_allocator *allocator;
    char *path;
    void *handle;
    uint32_t count;
    struct nt_shape shape;
};

extern const struct nt_images_format nt_images_npy, nt_images_idx, nt_images_png, nt_images_ndjson, nt_images_binary;

/* Checks a shape [C, H, W] from a header and puts it into a part. */
enum nt_status nt_images_set_shape(struct nt_images_part *part, uint64_t channels, uint64_t height, uint64_t width,
                                   struct nt_error *error);

/* [C, H, W] to [H, W, C]. */
void nt_images_channel_last(uint8_t *image, const uint8_t *planes, struct nt_shape shape);

#endif
