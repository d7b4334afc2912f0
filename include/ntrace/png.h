/* PNG pictures as bytes, grey or colour. Decoded by libpng; native builds only. */
#ifndef NTRACE_PNG_H
#define NTRACE_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_PNG_HEADER_BYTES = 33, NT_PNG_MAX_SIDE = 1024, NT_PNG_MAX_BYTES = 64 << 20 };

struct nt_png_header {
    uint32_t width, height; /* 1 to NT_PNG_MAX_SIDE */
    bool colour;            /* RGB, RGBA or a palette; else grey, with alpha or without */
};

/* Reads what a picture's first NT_PNG_HEADER_BYTES bytes say: signature and IHDR.
 *
 * header  out  zeroed on failure
 * name    in   what to call the file in errors
 *
 * Returns NT_OK, NT_E_FORMAT (signature, truncated, a header that PNG does not allow) or NT_E_SHAPE (too large). */
enum nt_status nt_png_parse(struct nt_png_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error);

/* Decodes a picture: every type of pixel, 1 to 16 bits, interlaced or not.
 *
 * pixels    out  [height, width, channels]; undefined on failure
 * bytes     in   [size] the whole file
 * header    in   what nt_png_parse gave
 * channels  in   1: grey, colours weighted 0.299, 0.587 and 0.114; 3: RGB. 16 bits are rounded to 8. Transparency is
 *                left out, as Pillow's convert("L") and convert("RGB") do, and no gamma is applied.
 *
 * Returns NT_OK, NT_E_FORMAT (a broken file; the text gives the place and libpng's words) or NT_E_MEMORY. */
enum nt_status nt_png_decode(uint8_t *pixels, const void *bytes, size_t size, const struct nt_png_header *header,
                             uint32_t channels, const char *name, const struct nt_allocator *allocator,
                             struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
