/* PNG files made by hand, to hold the decoder against: every type of pixel, interlaced or not. */
#ifndef NTRACE_TESTS_PNG_FILE_H
#define NTRACE_TESTS_PNG_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

enum { PNG_FILE_ROOM = 1 << 16, PNG_GREY = 0, PNG_RGB = 2, PNG_PALETTE = 3, PNG_GREY_ALPHA = 4, PNG_RGB_ALPHA = 6 };

struct png_picture {
    uint32_t width, height;
    int type, depth, interlaced;
    const uint16_t *sample; /* [height, width, samples a pixel] */
    const uint8_t *palette; /* [256, 3] */
};

static inline size_t png_samples(int type) {
    return type == PNG_RGB ? 3 : type == PNG_GREY_ALPHA ? 2 : type == PNG_RGB_ALPHA ? 4 : 1;
}

static inline void png_put32(uint8_t *out, uint32_t value) {
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static inline size_t png_chunk(uint8_t *out, const char *name, const uint8_t *bytes, size_t size) {
    png_put32(out, (uint32_t)size);
    memcpy(out + 4, name, 4);
    if (size > 0) {
        memcpy(out + 8, bytes, size);
    }
    png_put32(out + 8 + size, (uint32_t)crc32(crc32(0, NULL, 0), out + 4, (unsigned)size + 4));
    return 12 + size;
}

/* The pixels x0, x0 + dx ... of the rows y0, y0 + dy ...: each row a filter byte 0 and its samples in bits. */
static inline size_t png_rows(uint8_t *out, const struct png_picture *p, uint32_t x0, uint32_t y0, uint32_t dx,
                              uint32_t dy) {
    size_t at = 0, samples = png_samples(p->type);
    for (uint32_t y = y0; x0 < p->width && y < p->height; y += dy) {
        size_t bit = 0;
        out[at++] = 0;
        for (uint32_t x = x0; x < p->width; x += dx) {
            for (size_t s = 0; s < samples; s++) {
                for (int b = p->depth; b-- > 0; bit++) {
                    uint8_t *byte = &out[at + bit / 8];
                    *byte = bit % 8 == 0 ? 0 : *byte;
                    *byte |= (uint8_t)((p->sample[(y * p->width + x) * samples + s] >> b & 1) << (7 - bit % 8));
                }
            }
        }
        at += (bit + 7) / 8;
    }
    return at;
}

/* file out [PNG_FILE_ROOM]; returns its size. */
static inline size_t png_file(uint8_t *file, const struct png_picture *p) {
    static const uint8_t pass[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                       {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    static uint8_t raw[PNG_FILE_ROOM], packed[PNG_FILE_ROOM];
    size_t size = 0, at = 8;
    for (int i = 0; i < (p->interlaced ? 7 : 1); i++) {
        size += p->interlaced ? png_rows(raw + size, p, pass[i][0], pass[i][1], pass[i][2], pass[i][3])
                              : png_rows(raw + size, p, 0, 0, 1, 1);
    }
    uLongf packed_size = sizeof packed;
    if (compress(packed, &packed_size, raw, (uLong)size) != Z_OK) {
        abort();
    }
    uint8_t header[13] = {0};
    png_put32(header, p->width);
    png_put32(header + 4, p->height);
    header[8] = (uint8_t)p->depth;
    header[9] = (uint8_t)p->type;
    header[12] = (uint8_t)p->interlaced;
    memcpy(file, "\x89PNG\r\n\x1a\n", 8);
    at += png_chunk(file + at, "IHDR", header, sizeof header);
    if (p->type == PNG_PALETTE) {
        at += png_chunk(file + at, "PLTE", p->palette, (size_t)3 << p->depth);
    }
    at += png_chunk(file + at, "IDAT", packed, packed_size);
    return at + png_chunk(file + at, "IEND", NULL, 0);
}

#endif
