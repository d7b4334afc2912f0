#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/dataset.h"
#include "ntrace/images.h"
#include "ntrace/npy.h"
#include "ntrace/quickdraw.h"
#include "ntrace/raster.h"
#include "png_file.h"
#include "scratch.h"

enum { SIDE = 5, AREA = SIDE * SIDE };

static const struct nt_allocator *allocator;

static const char *npy(const char *name, const void *items, enum nt_npy_type type, const uint64_t *shape,
                       uint32_t dimensions) {
    const char *path = scratch_path(name);
    assert_int_equal(nt_npy_write(path, items, type, shape, dimensions, allocator, NULL), NT_OK);
    return path;
}

static nt_images *opened(struct nt_images_options options) {
    nt_images *images;
    struct nt_error error = {0};
    if (nt_images_open(&images, &options, allocator, &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return images;
}

static void refuses(struct nt_images_options options, enum nt_status status, const char *words) {
    nt_images *images;
    struct nt_error error = {0};
    assert_int_equal(nt_images_open(&images, &options, allocator, &error), status);
    assert_null(images);
    if (strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
}

static void has_shape(const nt_images *images, uint32_t count, uint32_t channels, uint32_t height, uint32_t width) {
    struct nt_shape shape = nt_images_shape(images);
    assert_int_equal(nt_images_count(images), count);
    assert_int_equal(shape.channels, channels);
    assert_int_equal(shape.height, height);
    assert_int_equal(shape.width, width);
}

/* Keeps what comes, by its place, and the order in which the places came. */
struct kept {
    size_t bytes;
    uint8_t image[64][1024];
    uint32_t order[64], count;
};
static struct kept kept;

static enum nt_status keep(void *context, uint32_t place, const uint8_t *image, struct nt_error *error) {
    struct kept *k = context;
    (void)error;
    memcpy(k->image[place], image, k->bytes);
    k->order[k->count++] = place;
    return NT_OK;
}

static enum nt_status take(nt_images *images, const uint32_t *wanted, uint32_t count, struct nt_error *error) {
    struct nt_shape s = nt_images_shape(images);
    memset(&kept, 0, sizeof kept);
    kept.bytes = (size_t)s.channels * s.height * s.width;
    assert_true(kept.bytes <= sizeof kept.image[0]);
    return nt_images_each(images, keep, &kept, wanted, count, NULL, error);
}

static void fails(nt_images *images, enum nt_status status, const char *words) {
    struct nt_error error = {0};
    assert_int_equal(take(images, NULL, 0, &error), status);
    if (strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
    nt_images_close(images);
}

static uint8_t planes[4 * 3 * AREA]; /* [4, 3, 5, 5] */

static int fill(void **state) {
    allocator = nt_allocator_default();
    for (size_t i = 0; i < sizeof planes; i++) {
        planes[i] = (uint8_t)(i * 7);
    }
    return scratch_make(state);
}

/* [4, 3, 5, 5] to [4, 5, 5, 3], by its definition. */
static uint8_t pixel_of(uint32_t image, uint32_t pixel, uint32_t channel) {
    return planes[(image * 3 + channel) * AREA + pixel];
}

static void is_channel_last(void) {
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t p = 0; p < AREA; p++) {
            for (uint32_t c = 0; c < 3; c++) {
                assert_int_equal(kept.image[i][3 * p + c], pixel_of(i, p, c));
            }
        }
    }
}

static void arrays_of_every_shape_are_read(void **state) {
    (void)state;
    const uint64_t grey[] = {12, SIDE, SIDE}, one[] = {12, 1, SIDE, SIDE}, colour[] = {4, 3, SIDE, SIDE};
    nt_images *images = opened((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, grey, 3)});
    has_shape(images, 12, 1, SIDE, SIDE);
    assert_int_equal(nt_images_labels(images)->count, 0);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    assert_memory_equal(kept.image[11], planes + 11 * AREA, AREA);
    nt_images_close(images);
    images = opened((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, one, 4)});
    has_shape(images, 12, 1, SIDE, SIDE);
    nt_images_close(images);
    images = opened((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, colour, 4)});
    has_shape(images, 4, 3, SIDE, SIDE);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    is_channel_last();
    nt_images_close(images);
}

static void channels_may_come_last_and_rows_flat(void **state) {
    (void)state;
    static uint8_t last[4][AREA][3], flat[2][784];
    const uint64_t shape[] = {4, SIDE, SIDE, 3}, rows[] = {2, 784};
    for (uint32_t i = 0; i < 4 * AREA * 3; i++) {
        last[i / (3 * AREA)][i / 3 % AREA][i % 3] = pixel_of(i / (3 * AREA), i / 3 % AREA, i % 3);
    }
    nt_images *images = opened((struct nt_images_options){.path = npy("a.npy", last, NT_NPY_UINT8, shape, 4)});
    has_shape(images, 4, 3, SIDE, SIDE);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    is_channel_last();
    nt_images_close(images);
    flat[1][783] = 9;
    images = opened((struct nt_images_options){.path = npy("a.npy", flat, NT_NPY_UINT8, rows, 2)});
    has_shape(images, 2, 1, 28, 28);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    assert_int_equal(kept.image[1][783], 9);
    nt_images_close(images);
}

static void floats_become_the_nearest_of_256_steps(void **state) {
    (void)state;
    static float value[12 * AREA];
    static double wide[12 * AREA];
    const uint64_t grey[] = {12, SIDE, SIDE};
    for (size_t i = 0; i < sizeof planes; i++) {
        wide[i] = planes[i] / 255.0;
        value[i] = (float)planes[i] / 255.0f;
    }
    for (int doubles = 0; doubles < 2; doubles++) {
        nt_images *images =
            opened((struct nt_images_options){.path = doubles ? npy("f.npy", wide, NT_NPY_FLOAT64, grey, 3)
                                                              : npy("f.npy", value, NT_NPY_FLOAT32, grey, 3)});
        assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
        for (uint32_t i = 0; i < 12; i++) {
            assert_memory_equal(kept.image[i], planes + i * AREA, AREA);
        }
        nt_images_close(images);
    }
}

static void floats_out_of_range_are_refused_with_their_place(void **state) {
    (void)state;
    static const float wrong[] = {1.001f, -0.1f, 0.0f / 0.0f, 1.0f / 0.0f};
    const uint64_t grey[] = {12, SIDE, SIDE};
    for (size_t i = 0; i < 4; i++) {
        static float value[12 * AREA];
        value[3 * AREA + 2] = wrong[i];
        /* 128 bytes of header, then 77 floats before it. */
        fails(opened((struct nt_images_options){.path = npy("f.npy", value, NT_NPY_FLOAT32, grey, 3)}), NT_E_VALUE,
              "f.npy: at byte 436, image 3: expected a float of 0 to 1");
    }
}

static void arrays_of_other_kinds_are_refused(void **state) {
    (void)state;
    const uint64_t two[] = {12, 25}, five[] = {1, 1, 1, 1, 1}, many[] = {1, 8, 5, 5}, none[] = {0, 5, 5};
    const uint64_t huge[] = {0, 5000, 5};
    refuses((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, two, 2)}, NT_E_SHAPE,
            "expected images of shape [N, 784]");
    refuses((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, five, 5)}, NT_E_SHAPE,
            "found 5 dimensions");
    refuses((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, many, 4)}, NT_E_SHAPE,
            "found 8 x 5 x 5");
    refuses((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, huge, 3)}, NT_E_SHAPE,
            "found 1 x 5000 x 5");
    refuses((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_UINT8, none, 3)}, NT_E_SHAPE, "found 0");
    const uint64_t grey[] = {6, SIDE, SIDE};
    refuses((struct nt_images_options){.path = npy("a.npy", planes, NT_NPY_INT16, grey, 3)}, NT_E_FORMAT,
            "expected uint8 images or floats of 0 to 1, found int16");
    refuses((struct nt_images_options){.path = scratch_text("x.txt", "hello there")}, NT_E_FORMAT,
            "begins with 68 65 6c 6c");
    refuses((struct nt_images_options){.path = scratch_path("absent")}, NT_E_IO, "no such file or folder");
}

static void idx_images_and_labels_are_read_gzipped_too(void **state) {
    (void)state;
    static uint8_t file[16 + 12 * AREA] = {0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
    static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 12, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2};
    memcpy(file + 16, planes, 12 * AREA);
    nt_images *images = opened((struct nt_images_options){.path = scratch_gzip("i.gz", file, sizeof file),
                                                          .labels = scratch_gzip("l.gz", labels, sizeof labels)});
    has_shape(images, 12, 1, SIDE, SIDE);
    assert_int_equal(nt_images_labels(images)->classes, 8);
    assert_int_equal(nt_images_labels(images)->label[8], 7);
    assert_string_equal(nt_images_labels(images)->name[3], "3");
    assert_false(nt_images_labels(images)->named);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    assert_memory_equal(kept.image[7], planes + 7 * AREA, AREA);
    nt_images_close(images);
    refuses((struct nt_images_options){.path = scratch_write("i", file, sizeof file),
                                       .labels = scratch_write("l", labels, 8)},
            NT_E_DAMAGED, "truncated");
    refuses((struct nt_images_options){.path = scratch_write("l", labels, sizeof labels)}, NT_E_SHAPE,
            "found 1 dimensions");
    refuses((struct nt_images_options){.path = scratch_write("i", file, sizeof file),
                                       .labels = scratch_text("t", "1\n2\n")},
            NT_E_SHAPE, "expected 12 labels, one an image, found 2");
}

/* ---- Folders. ---- */

static void make_picture(const char *name, int type, uint32_t width, uint16_t first) {
    static uint8_t file[PNG_FILE_ROOM];
    uint16_t sample[4 * 64];
    for (uint16_t i = 0; i < 4 * 64; i++) {
        sample[i] = (uint16_t)((first + i) % 256);
    }
    size_t size = png_file(file, &(struct png_picture){width, 4, type, 8, 0, sample, NULL});
    (void)scratch_write(name, file, size);
}

static void folders_of_pictures_are_classes(void **state) {
    (void)state;
    const char *path = scratch_make_folder("pets");
    (void)scratch_make_folder("pets/dog");
    (void)scratch_make_folder("pets/cat");
    (void)scratch_text("pets/readme.txt", "not a class");
    (void)scratch_text("pets/cat/.hidden.png", "not a picture");
    make_picture("pets/cat/2.png", PNG_GREY, 6, 20);
    make_picture("pets/cat/1.PNG", PNG_GREY, 6, 10);
    make_picture("pets/dog/x.png", PNG_GREY_ALPHA, 6, 30);
    nt_images *images = opened((struct nt_images_options){.path = path});
    has_shape(images, 3, 1, 4, 6);
    const struct nt_labels *labels = nt_images_labels(images);
    assert_int_equal(labels->classes, 2);
    assert_string_equal(labels->name[0], "cat");
    assert_string_equal(labels->name[1], "dog");
    assert_int_equal(labels->label[1], 0);
    assert_int_equal(labels->label[2], 1);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    assert_int_equal(kept.image[0][0], 10);
    assert_int_equal(kept.image[1][1], 21);
    assert_int_equal(kept.image[2][1], 32); /* every second sample is alpha */
    nt_images_close(images);
    images = opened((struct nt_images_options){.path = path, .classes = scratch_text("n", "Katze\nHund")});
    assert_string_equal(nt_images_labels(images)->name[1], "Hund");
    nt_images_close(images);
    refuses((struct nt_images_options){.path = path, .classes = scratch_text("n", "Katze\n")}, NT_E_SHAPE,
            "expected the names of 2 classes, found 1");
}

static void one_coloured_picture_makes_all_coloured_unless_told(void **state) {
    (void)state;
    make_picture("pets/dog/y.png", PNG_RGB, 6, 40);
    nt_images *images = opened((struct nt_images_options){.path = scratch_path("pets")});
    has_shape(images, 4, 3, 4, 6);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    static const uint8_t grey[] = {10, 10, 10, 11, 11, 11}, colour[] = {40, 41, 42, 43, 44, 45};
    assert_memory_equal(kept.image[0], grey, sizeof grey);
    assert_memory_equal(kept.image[3], colour, sizeof colour);
    nt_images_close(images);
    images = opened((struct nt_images_options){.path = scratch_path("pets"), .channels = 1});
    has_shape(images, 4, 1, 4, 6);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    assert_int_equal(kept.image[3][0], 41); /* 0.299 * 40 + 0.587 * 41 + 0.114 * 42 = 40.8 */
    nt_images_close(images);
}

static void pictures_of_another_size_or_broken_are_named(void **state) {
    (void)state;
    make_picture("pets/dog/z.png", PNG_GREY, 7, 0);
    refuses((struct nt_images_options){.path = scratch_path("pets")}, NT_E_SHAPE,
            "dog/z.png: expected 6 x 4 pixels as in 'x.png', found 7 x 4");
    (void)scratch_text("pets/dog/z.png", "no picture");
    refuses((struct nt_images_options){.path = scratch_path("pets")}, NT_E_FORMAT, "dog/z.png: not a PNG file");
    make_picture("pets/dog/z.png", PNG_GREY, 6, 0);
    assert_int_equal(truncate(scratch_path("pets/dog/z.png"), 60), 0);
    fails(opened((struct nt_images_options){.path = scratch_path("pets")}), NT_E_FORMAT, "dog/z.png");
    (void)scratch_make_folder("pets/empty");
    refuses((struct nt_images_options){.path = scratch_path("pets")}, NT_E_MISSING, "empty: expected 1 to");
}

static void a_folder_of_pictures_alone_takes_labels_from_elsewhere(void **state) {
    (void)state;
    const char *path = scratch_make_folder("flat");
    make_picture("flat/a.png", PNG_GREY, 6, 1);
    make_picture("flat/b.png", PNG_GREY, 6, 2);
    nt_images *images = opened((struct nt_images_options){.path = path});
    assert_int_equal(nt_images_labels(images)->count, 0);
    nt_images_close(images);
    images = opened((struct nt_images_options){.path = path, .labels = scratch_text("t", "yes\nno\n")});
    assert_int_equal(nt_images_labels(images)->label[0], 1);
    nt_images_close(images);
}

static void folders_of_arrays_are_classes_and_mixtures_are_refused(void **state) {
    (void)state;
    const char *path = scratch_make_folder("arrays");
    const uint64_t two[] = {2, SIDE, SIDE}, three[] = {3, SIDE, SIDE}, other[] = {1, SIDE, 2 * SIDE};
    refuses((struct nt_images_options){.path = path}, NT_E_MISSING, "expected one .npy file per class");
    (void)npy("arrays/wine bottle.npy", planes, NT_NPY_UINT8, three, 3);
    (void)npy("arrays/bee.npy", planes + 100, NT_NPY_UINT8, two, 3);
    nt_images *images = opened((struct nt_images_options){.path = path});
    has_shape(images, 5, 1, SIDE, SIDE);
    assert_string_equal(nt_images_labels(images)->name[1], "wine bottle");
    assert_int_equal(nt_images_labels(images)->label[1], 0);
    assert_int_equal(nt_images_labels(images)->label[2], 1);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    assert_memory_equal(kept.image[0], planes + 100, AREA);
    assert_memory_equal(kept.image[2], planes, AREA);
    nt_images_close(images);
    (void)npy("arrays/car.npy", planes, NT_NPY_UINT8, other, 3);
    refuses((struct nt_images_options){.path = path}, NT_E_SHAPE,
            "car.npy: expected images of 1 x 5 x 5 as in 'bee.npy', found 1 x 5 x 10");
    (void)scratch_text("arrays/car.ndjson", "{}");
    refuses((struct nt_images_options){.path = path}, NT_E_FORMAT,
            "expected files of one kind, found .npy and .ndjson");
}

static void wanted_images_come_to_their_places_in_the_order_of_the_files(void **state) {
    (void)state;
    static const uint32_t wanted[] = {4, 0, 3}, twice[] = {4, 0, 4}, far[] = {5};
    (void)remove(scratch_path("arrays/car.npy"));
    (void)remove(scratch_path("arrays/car.ndjson"));
    nt_images *images = opened((struct nt_images_options){.path = scratch_path("arrays")});
    assert_int_equal(take(images, wanted, 3, NULL), NT_OK);
    assert_memory_equal(kept.image[0], planes + 2 * AREA, AREA);
    assert_memory_equal(kept.image[1], planes + 100, AREA);
    assert_memory_equal(kept.image[2], planes + AREA, AREA);
    assert_int_equal(kept.order[0], 1);
    assert_int_equal(kept.order[1], 2);
    assert_int_equal(kept.order[2], 0);
    assert_int_equal(take(images, twice, 3, NULL), NT_E_ARG);
    assert_int_equal(take(images, far, 1, NULL), NT_E_ARG);
    nt_images_close(images);
}

/* ---- Strokes. ---- */

static const char SKETCH[] = "{\"word\":\"%s\",\"drawing\":[[[0,100,%d],[0,50,80]],[[20,30],[60,10]]]}\n";

static void drawn(uint8_t *image, float x) {
    const float points[] = {0, 0, 100, 50, x, 80, 20, 60, 30, 10};
    static const uint32_t counts[] = {3, 2};
    void *canvas = nt_allocate(allocator, nt_raster_bytes(), 1);
    assert_int_equal(nt_raster(image, points, counts, 2, canvas), NT_OK);
    nt_release(allocator, canvas);
}

static void lines_of_strokes_are_drawn_and_labelled_by_their_words(void **state) {
    (void)state;
    char text[1024];
    uint8_t expected[784];
    size_t at = (size_t)sprintf(text, SKETCH, "pear", 255);
    at += (size_t)sprintf(text + at, SKETCH, "bee", 5);
    (void)sprintf(text + at, SKETCH, "pear", 130);
    nt_images *images = opened((struct nt_images_options){.path = scratch_text("all.ndjson", text)});
    has_shape(images, 3, 1, 28, 28);
    assert_int_equal(nt_images_labels(images)->classes, 2);
    assert_string_equal(nt_images_labels(images)->name[0], "bee");
    assert_int_equal(nt_images_labels(images)->label[0], 1);
    assert_int_equal(nt_images_labels(images)->label[1], 0);
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    drawn(expected, 5);
    assert_memory_equal(kept.image[1], expected, sizeof expected);
    drawn(expected, 130);
    assert_memory_equal(kept.image[2], expected, sizeof expected);
    nt_images_close(images);
}

static void raw_strokes_are_fitted_first(void **state) {
    (void)state;
    uint8_t expected[784];
    const char *line =
        "{\"drawing\":[[[300,500.4,810],[900,1000.8,1060],[0,10,20]],[[340.8,360],[1020,920],[30,40]]]}\n";
    nt_images *images = opened(
        (struct nt_images_options){.path = scratch_text("raw.ndjson", line), .labels = scratch_text("t", "bee")});
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    float points[] = {300, 900, 500.4f, 1000.8f, 810, 1060, 340.8f, 1020, 360, 920};
    static const uint32_t counts[] = {3, 2};
    void *canvas = nt_allocate(allocator, nt_raster_bytes(), 1);
    nt_raster_fit(points, 5);
    assert_true(points[4] == 255);
    assert_int_equal(nt_raster(expected, points, counts, 2, canvas), NT_OK);
    nt_release(allocator, canvas);
    assert_memory_equal(kept.image[0], expected, sizeof expected);
    nt_images_close(images);
}

static void folders_of_lines_are_classes_and_bad_lines_are_named(void **state) {
    (void)state;
    char text[1024];
    size_t at = (size_t)sprintf(text, SKETCH, "anything", 255);
    const char *path = scratch_make_folder("lines");
    (void)sprintf(text + at, SKETCH, "", 7);
    (void)scratch_text("lines/wine bottle.ndjson", text);
    (void)scratch_text("lines/ant.ndjson", text);
    nt_images *images = opened((struct nt_images_options){.path = path});
    has_shape(images, 4, 1, 28, 28);
    assert_string_equal(nt_images_labels(images)->name[1], "wine bottle");
    nt_images_close(images);
    (void)sprintf(text + at, "{\"drawing\":[[[1,2],[3]]]}");
    (void)scratch_text("lines/ant.ndjson", text);
    fails(opened((struct nt_images_options){.path = path}), NT_E_SHAPE,
          "lines/ant.ndjson, line 2 (byte 74): stroke 0: 2 x and 1 y");
    refuses((struct nt_images_options){.path = scratch_text("w.ndjson", "{\"drawing\":[]}")}, NT_E_MISSING,
            "w.ndjson, line 1 (byte 0): expected a \"word\"");
}

static size_t put_record(uint8_t *out, uint8_t x, uint8_t recognised) {
    static const uint8_t record[] = {1, 2, 3, 4, 5,   6, 7, 8,  'D', 'E', 1, 0,  0,  0,  0, 2,
                                     0, 3, 0, 0, 100, 0, 0, 50, 80,  2,   0, 20, 30, 60, 10};
    memcpy(out, record, sizeof record);
    out[10] = recognised;
    out[21] = x;
    return sizeof record;
}

static void binary_drawings_are_drawn(void **state) {
    (void)state;
    uint8_t file[256], expected[784];
    size_t size = put_record(file, 255, 1);
    size += put_record(file + size, 5, 0);
    const char *path = scratch_make_folder("binary");
    (void)scratch_write("binary/bee.bin", file, size);
    nt_images *images = opened((struct nt_images_options){.path = path});
    has_shape(images, 2, 1, 28, 28);
    assert_string_equal(nt_images_labels(images)->name[0], "bee");
    assert_int_equal(take(images, NULL, 0, NULL), NT_OK);
    drawn(expected, 5);
    assert_memory_equal(kept.image[1], expected, sizeof expected);
    nt_images_close(images);
    (void)scratch_write("binary/bee.bin", file, size - 1);
    refuses((struct nt_images_options){.path = path}, NT_E_DAMAGED, "bee.bin, drawing 1 (byte 31): truncated");
    file[41] = 9;
    (void)scratch_write("binary/bee.bin", file, size);
    refuses((struct nt_images_options){.path = path}, NT_E_FORMAT, "at its byte 10 expected 0 or 1");
}

static void a_binary_file_larger_than_a_window_is_walked_through(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    uint8_t *file = malloc(COUNT * 32), expected[784];
    size_t size = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        size += put_record(file + size, (uint8_t)i, 1);
    }
    nt_images *images = opened((struct nt_images_options){.path = scratch_write("large.bin", file, size)});
    free(file);
    has_shape(images, COUNT, 1, 28, 28);
    static const uint32_t wanted[] = {COUNT - 1};
    assert_int_equal(take(images, wanted, 1, NULL), NT_OK);
    drawn(expected, (uint8_t)(COUNT - 1));
    assert_memory_equal(kept.image[0], expected, sizeof expected);
    nt_images_close(images);
}

/* ---- Whole datasets. ---- */

static void a_dataset_holds_what_was_selected(void **state) {
    (void)state;
    struct nt_dataset dataset;
    const struct nt_images_options images = {.path = scratch_path("arrays")};
    const struct nt_selection_options one_each = {.per_class = 1};
    assert_int_equal(nt_dataset_read(&dataset, &images, NULL, allocator, NULL), NT_OK);
    assert_int_equal(dataset.samples, 5);
    assert_memory_equal(dataset.image, planes + 100, 2 * AREA);
    nt_dataset_clear(&dataset, allocator);
    assert_int_equal(nt_dataset_read(&dataset, &images, &one_each, allocator, NULL), NT_OK);
    assert_int_equal(dataset.samples, 2);
    assert_int_equal(dataset.label[1], 1);
    assert_memory_equal(dataset.image + AREA, planes, AREA);
    nt_dataset_clear(&dataset, allocator);
}

static void images_without_labels_are_no_dataset(void **state) {
    (void)state;
    struct nt_dataset dataset;
    struct nt_error error = {0};
    const struct nt_images_options images = {.path = scratch_path("flat")};
    assert_int_equal(nt_dataset_read(&dataset, &images, NULL, allocator, &error), NT_E_MISSING);
    assert_non_null(strstr(error.text, "labels"));
    assert_null(dataset.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_of_every_shape_are_read),
        cmocka_unit_test(channels_may_come_last_and_rows_flat),
        cmocka_unit_test(floats_become_the_nearest_of_256_steps),
        cmocka_unit_test(floats_out_of_range_are_refused_with_their_place),
        cmocka_unit_test(arrays_of_other_kinds_are_refused),
        cmocka_unit_test(idx_images_and_labels_are_read_gzipped_too),
        cmocka_unit_test(folders_of_pictures_are_classes),
        cmocka_unit_test(one_coloured_picture_makes_all_coloured_unless_told),
        cmocka_unit_test(pictures_of_another_size_or_broken_are_named),
        cmocka_unit_test(a_folder_of_pictures_alone_takes_labels_from_elsewhere),
        cmocka_unit_test(folders_of_arrays_are_classes_and_mixtures_are_refused),
        cmocka_unit_test(wanted_images_come_to_their_places_in_the_order_of_the_files),
        cmocka_unit_test(lines_of_strokes_are_drawn_and_labelled_by_their_words),
        cmocka_unit_test(raw_strokes_are_fitted_first),
        cmocka_unit_test(folders_of_lines_are_classes_and_bad_lines_are_named),
        cmocka_unit_test(binary_drawings_are_drawn),
        cmocka_unit_test(a_binary_file_larger_than_a_window_is_walked_through),
        cmocka_unit_test(a_dataset_holds_what_was_selected),
        cmocka_unit_test(images_without_labels_are_no_dataset),
    };
    return cmocka_run_group_tests(tests, fill, scratch_remove);
}
