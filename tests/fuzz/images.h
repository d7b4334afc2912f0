/* Opens and decodes images as any user of the library would. */
#ifndef NTRACE_TESTS_FUZZ_IMAGES_H
#define NTRACE_TESTS_FUZZ_IMAGES_H

#include "ntrace/images.h"

static inline enum nt_status look(void *context, uint32_t place, const uint8_t *image, struct nt_error *error) {
    uint32_t *left = context;
    (void)place;
    (void)image;
    return (*left)-- > 0 ? NT_OK : nt_error_set(error, NT_E_CANCELLED, "enough");
}

static inline void read_images(const char *path) {
    const struct nt_images_options options = {.path = path};
    struct nt_error error = {0};
    nt_images *images;
    uint32_t left = 64;
    if (nt_images_open(&images, &options, nt_allocator_default(), &error) == NT_OK) {
        (void)nt_images_each(images, look, &left, NULL, 0, NULL, &error);
        nt_images_close(images);
    }
}

#endif
