/* libpng reports errors by longjmp: everything between setjmp and the jump lives in one struct. */
#include "ntrace/png.h"

#include <png.h>
#include <string.h>

struct decoding {
    const uint8_t *bytes;
    size_t size, at;
    const char *name;
    const struct nt_png_header *header;
    uint32_t channels, row_bytes; /* wanted; bytes of a row as libpng gives it */
    const struct nt_allocator *allocator;
    struct nt_error *error;
    png_structp png;
    png_infop info;
    png_bytepp row;
    uint8_t *room; /* [height, width, 3] where colours become grey */
    enum nt_status status;
};

/* ---- The header. ---- */

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

enum nt_status nt_png_parse(struct nt_png_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error) {
    static const uint8_t start[16] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
    const uint8_t *b = bytes;
    *header = (struct nt_png_header){0};
    if (size < 8 || memcmp(b, start, 8) != 0) {
        uint8_t found[4] = {0};
        memcpy(found, b, size < 4 ? size : 4);
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: not a PNG file: at byte 0 expected 89 50 4e 47, found %02x %02x %02x %02x", name,
                            found[0], found[1], found[2], found[3]);
    }
    if (size < NT_PNG_HEADER_BYTES) {
        return nt_error_set(error, NT_E_FORMAT, "%s: truncated: its header takes %d bytes, %zu are there", name,
                            NT_PNG_HEADER_BYTES, size);
    }
    if (memcmp(b + 8, start + 8, 8) != 0) {
        return nt_error_set(error, NT_E_FORMAT, "%s: at byte 8 expected the chunk IHDR of 13 bytes", name);
    }
    uint32_t width = big_endian(b + 16), height = big_endian(b + 20);
    if (width < 1 || width > NT_PNG_MAX_SIDE || height < 1 || height > NT_PNG_MAX_SIDE) {
        return nt_error_set(error, NT_E_SHAPE, "%s: at byte 16 expected 1 to %d pixels a side, found %u x %u", name,
                            NT_PNG_MAX_SIDE, width, height);
    }
    if (b[25] > 6 || b[25] == 1 || b[25] == 5) {
        return nt_error_set(error, NT_E_FORMAT, "%s: at byte 25 expected a colour type of 0, 2, 3, 4 or 6, found %u",
                            name, b[25]);
    }
    *header = (struct nt_png_header){width, height, b[25] != 0 && b[25] != 4};
    return NT_OK;
}

/* ---- What libpng calls. ---- */

static _Noreturn void fail(png_structp png, png_const_charp text) {
    struct decoding *d = png_get_error_ptr(png);
    if (d->status == NT_OK) {
        d->status =
            nt_error_set(d->error, NT_E_FORMAT, "%s: broken PNG file, before byte %zu: %s", d->name, d->at, text);
    }
    png_longjmp(png, 1);
}

static void warn(png_structp png, png_const_charp text) {
    (void)png;
    (void)text; /* about chunks that are not needed */
}

static void take(png_structp png, png_bytep out, size_t bytes) {
    struct decoding *d = png_get_io_ptr(png);
    if (bytes > d->size - d->at) {
        d->status = nt_error_set(d->error, NT_E_FORMAT,
                                 "%s: truncated: %zu bytes are wanted after byte %zu, %zu are "
                                 "there",
                                 d->name, bytes, d->at, d->size - d->at);
        png_error(png, "truncated");
    }
    memcpy(out, d->bytes + d->at, bytes);
    d->at += bytes;
}

static void *allocate(png_structp png, png_alloc_size_t bytes) {
    const struct decoding *d = png_get_mem_ptr(png);
    return nt_allocate(d->allocator, bytes, 1);
}

static void release(png_structp png, void *pointer) {
    const struct decoding *d = png_get_mem_ptr(png);
    nt_release(d->allocator, pointer);
}

/* ---- Pixels. ---- */

/* Pillow's weights, in 1/65536. */
static void to_grey(uint8_t *grey, const uint8_t *rgb, size_t pixels) {
    for (size_t i = 0; i < pixels; i++, rgb += 3) {
        grey[i] = (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
    }
}

static enum nt_status no_memory(const struct decoding *d) {
    return nt_error_set(d->error, NT_E_MEMORY, "%s: not enough memory to decode it", d->name);
}

/* Rows as libpng gives them: grey or RGB of 8 bits. What goes wrong is kept by `fail`. */
static void read_rows(struct decoding *d) {
    if (setjmp(png_jmpbuf(d->png)) != 0) {
        return;
    }
    png_set_user_limits(d->png, NT_PNG_MAX_SIDE, NT_PNG_MAX_SIDE);
    png_set_read_fn(d->png, d, take);
    png_read_info(d->png, d->info);
    png_set_expand(d->png);
    png_set_scale_16(d->png);
    png_set_strip_alpha(d->png);
    if (d->channels == 3 && !d->header->colour) {
        png_set_gray_to_rgb(d->png);
    }
    (void)png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    if (png_get_rowbytes(d->png, d->info) != d->row_bytes) {
        png_error(d->png, "rows of a length that its header does not give");
    }
    png_read_image(d->png, d->row);
    png_read_end(d->png, NULL);
}

static void read_pixels(uint8_t *pixels, struct decoding *d) {
    const struct nt_png_header *h = d->header;
    bool convert = h->colour && d->channels == 1;
    d->row_bytes = h->width * (d->channels == 3 || h->colour ? 3 : 1);
    d->row = nt_allocate(d->allocator, h->height, sizeof *d->row);
    d->room = convert ? nt_allocate(d->allocator, h->height, d->row_bytes) : NULL;
    if (d->row == NULL || (convert && d->room == NULL)) {
        d->status = no_memory(d);
        return;
    }
    for (uint32_t y = 0; y < h->height; y++) {
        d->row[y] = (convert ? d->room : pixels) + (size_t)y * d->row_bytes;
    }
    read_rows(d);
    if (convert && d->status == NT_OK) {
        to_grey(pixels, d->room, (size_t)h->width * h->height);
    }
}

enum nt_status nt_png_decode(uint8_t *pixels, const void *bytes, size_t size, const struct nt_png_header *header,
                             uint32_t channels, const char *name, const struct nt_allocator *allocator,
                             struct nt_error *error) {
    struct decoding d = {.bytes = bytes, .size = size, .name = name, .header = header, .channels = channels};
    d.allocator = allocator;
    d.error = error;
    d.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &d, fail, warn, &d, allocate, release);
    d.info = d.png != NULL ? png_create_info_struct(d.png) : NULL;
    if (d.info != NULL) {
        read_pixels(pixels, &d);
    } else {
        d.status = no_memory(&d);
    }
    png_destroy_read_struct(&d.png, &d.info, NULL);
    nt_release(allocator, d.row);
    nt_release(allocator, d.room);
    return d.status;
}
