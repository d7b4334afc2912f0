#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/png.h"
#include "png_file.h"

enum { WIDTH = 13, HEIGHT = 11, PIXELS = WIDTH * HEIGHT };

static uint8_t palette[256 * 3];

static uint16_t some(uint32_t i, int depth) { return (uint16_t)((i * 2654435761u >> 7) & ((1u << depth) - 1)); }

/* A sample as 8 bits, as the decoder must give it. */
static uint8_t eight(uint16_t sample, int depth) {
    return (uint8_t)((sample * 255u * 2 + ((1u << depth) - 1)) / (2 * ((1u << depth) - 1)));
}

static uint8_t luma(const uint8_t *rgb) {
    return (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 32768u) / 65536u);
}

/* Pixel i of the picture as RGB, by its definition. */
static void colour_of(uint8_t *rgb, const struct png_picture *p, size_t i) {
    size_t samples = png_samples(p->type);
    for (size_t c = 0; c < 3; c++) {
        uint16_t sample = p->sample[i * samples + (samples > 2 ? c : 0)];
        rgb[c] = p->type == PNG_PALETTE ? palette[3 * sample + c] : eight(sample, p->depth);
    }
}

static void holds(const struct png_picture *p) {
    static uint8_t file[PNG_FILE_ROOM];
    uint8_t grey[PIXELS], rgb[3 * PIXELS];
    struct nt_png_header header;
    struct nt_error error = {0};
    size_t size = png_file(file, p);
    assert_int_equal(nt_png_parse(&header, file, NT_PNG_HEADER_BYTES, "x.png", &error), NT_OK);
    assert_int_equal(header.width, WIDTH);
    assert_int_equal(header.height, HEIGHT);
    assert_int_equal(header.colour, p->type != PNG_GREY && p->type != PNG_GREY_ALPHA);
    assert_int_equal(nt_png_decode(grey, file, size, &header, 1, "x.png", nt_allocator_default(), &error), NT_OK);
    assert_int_equal(nt_png_decode(rgb, file, size, &header, 3, "x.png", nt_allocator_default(), &error), NT_OK);
    for (size_t i = 0; i < PIXELS; i++) {
        uint8_t expected[3];
        colour_of(expected, p, i);
        assert_memory_equal(rgb + 3 * i, expected, 3);
        assert_int_equal(grey[i], header.colour ? luma(expected) : expected[0]);
    }
}

static void every_type_depth_and_interlacing_is_decoded(void **state) {
    (void)state;
    static const struct {
        int type, depth;
    } kinds[] = {{PNG_GREY, 1},    {PNG_GREY, 2},       {PNG_GREY, 4},        {PNG_GREY, 8},      {PNG_GREY, 16},
                 {PNG_RGB, 8},     {PNG_RGB, 16},       {PNG_PALETTE, 1},     {PNG_PALETTE, 2},   {PNG_PALETTE, 4},
                 {PNG_PALETTE, 8}, {PNG_GREY_ALPHA, 8}, {PNG_GREY_ALPHA, 16}, {PNG_RGB_ALPHA, 8}, {PNG_RGB_ALPHA, 16}};
    uint16_t sample[4 * PIXELS];
    for (uint32_t i = 0; i < sizeof palette; i++) {
        palette[i] = (uint8_t)some(i + 7, 8);
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (uint32_t i = 0; i < 4 * PIXELS; i++) {
            sample[i] = some(i, kinds[k].depth);
        }
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            holds(&(struct png_picture){WIDTH, HEIGHT, kinds[k].type, kinds[k].depth, interlaced, sample, palette});
        }
    }
}

static size_t plain(uint8_t *file) {
    static uint16_t sample[PIXELS];
    for (uint32_t i = 0; i < PIXELS; i++) {
        sample[i] = some(i, 8);
    }
    return png_file(file, &(struct png_picture){WIDTH, HEIGHT, PNG_GREY, 8, 0, sample, palette});
}

/* Decodes from memory of exactly that size, so that reading beyond it is seen. */
static enum nt_status decode(const uint8_t *bytes, size_t size, struct nt_error *error) {
    uint8_t *copy = malloc(size + 1), pixels[PIXELS];
    struct nt_png_header header;
    memcpy(copy, bytes, size);
    copy = realloc(copy, size > 0 ? size : 1);
    enum nt_status status = nt_png_parse(&header, copy, size, "x.png", error);
    if (status == NT_OK && (header.width != WIDTH || header.height != HEIGHT)) {
        status =
            nt_error_set(error, NT_E_SHAPE, "x.png: byte 16: other sides"); /* as who reads a folder of them says */
    } else if (status == NT_OK) {
        status = nt_png_decode(pixels, copy, size, &header, 1, "x.png", nt_allocator_default(), error);
    }
    free(copy);
    return status;
}

static void a_file_cut_anywhere_is_refused(void **state) {
    (void)state;
    static uint8_t file[PNG_FILE_ROOM];
    size_t size = plain(file);
    for (size_t cut = 0; cut < size; cut++) {
        struct nt_error error = {0};
        assert_int_equal(decode(file, cut, &error), NT_E_FORMAT);
        assert_non_null(strstr(error.text, "x.png"));
    }
    struct nt_error error = {0};
    assert_int_equal(decode(file, size - 20, &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "truncated"));
}

static void every_changed_byte_is_noticed(void **state) {
    (void)state;
    static uint8_t file[PNG_FILE_ROOM];
    size_t size = plain(file);
    for (size_t i = 0; i < size; i++) {
        struct nt_error error = {0};
        file[i] ^= 0x5a;
        enum nt_status status = decode(file, size, &error);
        if (status == NT_OK) {
            fail_msg("byte %zu of %zu may be changed", i, size);
        }
        assert_true(status == NT_E_FORMAT || status == NT_E_SHAPE);
        assert_non_null(strstr(error.text, "byte"));
        file[i] ^= 0x5a;
    }
}

static void what_is_no_png_or_too_large_is_named_with_its_place(void **state) {
    (void)state;
    uint8_t file[PNG_FILE_ROOM];
    struct nt_png_header header;
    struct nt_error error = {0};
    (void)plain(file);
    assert_int_equal(nt_png_parse(&header, "\xff\xd8\xff\xe0 a JPEG", 12, "a.png", &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "a.png: not a PNG file: at byte 0 expected 89 50 4e 47, found ff d8 ff e0"));
    png_put32(file + 16, 100000);
    assert_int_equal(nt_png_parse(&header, file, 100, "a.png", &error), NT_E_SHAPE);
    assert_non_null(strstr(error.text, "found 100000 x 11"));
    png_put32(file + 16, 0);
    assert_int_equal(nt_png_parse(&header, file, 100, "a.png", &error), NT_E_SHAPE);
    png_put32(file + 16, 13);
    file[25] = 5;
    assert_int_equal(nt_png_parse(&header, file, 100, "a.png", &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "at byte 25"));
    assert_int_equal(header.width, 0);
}

static void *no_memory(void *context, size_t bytes) {
    (void)context;
    (void)bytes;
    return NULL;
}
static void nothing(void *context, void *pointer) {
    (void)context;
    (void)pointer;
}

static void lack_of_memory_is_a_status(void **state) {
    (void)state;
    static uint8_t file[PNG_FILE_ROOM];
    const struct nt_allocator poor = {no_memory, nothing, NULL};
    uint8_t pixels[PIXELS];
    struct nt_png_header header;
    size_t size = plain(file);
    assert_int_equal(nt_png_parse(&header, file, size, "x.png", NULL), NT_OK);
    assert_int_equal(nt_png_decode(pixels, file, size, &header, 1, "x.png", &poor, NULL), NT_E_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_depth_and_interlacing_is_decoded),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(what_is_no_png_or_too_large_is_named_with_its_place),
        cmocka_unit_test(lack_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
