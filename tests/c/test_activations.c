#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/activations.h"
#include "ntrace/npy.h"
#include "ntrace/safetensors.h"
#include "scratch.h"

static const struct nt_allocator *allocator;

static int start(void **state) {
    allocator = nt_allocator_default();
    return scratch_make(state);
}

static const char *npy(const char *name, const void *items, enum nt_npy_type type, const uint64_t *shape,
                       uint32_t dimensions) {
    const char *path = scratch_path(name);
    assert_int_equal(nt_npy_write(path, items, type, shape, dimensions, allocator, NULL), NT_OK);
    return path;
}

static nt_activations *opened(const char *path) {
    nt_activations *activations;
    struct nt_error error = {0};
    if (nt_activations_open(&activations, &path, 1, allocator, &error) != NT_OK) {
        fail_msg("%s", error.text);
    }
    return activations;
}

static void refuses(const char *path, enum nt_status status, const char *words) {
    nt_activations *activations;
    struct nt_error error = {0};
    assert_int_equal(nt_activations_open(&activations, &path, 1, allocator, &error), status);
    assert_null(activations);
    if (strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.text, words);
    }
}

static void is_layer(const nt_activations *a, uint32_t layer, const char *name, uint32_t channels, uint32_t height,
                     uint32_t width) {
    const struct nt_activations_layer *found = nt_activations_layer(a, layer);
    assert_string_equal(found->name, name);
    assert_int_equal(found->shape.channels, channels);
    assert_int_equal(found->shape.height, height);
    assert_int_equal(found->shape.width, width);
    assert_int_equal(found->size, channels * height * width);
}

static float some(uint32_t i) { return (float)(i % 512) * 0.25f - 40; } /* exact as float16 */

static void a_folder_is_layers_in_the_order_of_its_numbers(void **state) {
    (void)state;
    static const float zeros[4 * 2 * 3 * 2 * 2];
    const uint64_t flat[] = {4, 6}, text[] = {4, 2, 3}, image[] = {4, 2, 3, 2}, film[] = {4, 2, 3, 2, 2}, one[] = {4};
    const char *path = scratch_make_folder("a");
    (void)npy("a/10_fc.npy", zeros, NT_NPY_FLOAT32, flat, 2);
    (void)npy("a/2 layer1.0.relu.npy", zeros, NT_NPY_FLOAT32, image, 4);
    (void)npy("a/0.npy", zeros, NT_NPY_FLOAT32, text, 3);
    (void)npy("a/03-films.npy", zeros, NT_NPY_FLOAT32, film, 5);
    (void)npy("a/z.npy", zeros, NT_NPY_FLOAT32, one, 1);
    (void)scratch_text("a/notes.txt", "no layer");
    nt_activations *a = opened(path);
    assert_int_equal(nt_activations_samples(a), 4);
    assert_int_equal(nt_activations_layers(a), 5);
    is_layer(a, 0, "0", 2, 3, 1);
    is_layer(a, 1, "layer1.0.relu", 2, 3, 2);
    is_layer(a, 2, "films", 2, 3, 4);
    is_layer(a, 3, "fc", 6, 1, 1);
    is_layer(a, 4, "z", 1, 1, 1);
    assert_non_null(strstr(nt_activations_path(a, 3), "/10_fc.npy"));
    nt_activations_close(a);
}

/* Five samples of seven numbers, in every type. */
static void rows_of_every_type_are_read_in_any_order(void **state) {
    (void)state;
    static const uint32_t wanted[] = {3, 4, 0, 1, 2, 2};
    float floats[35], out[6 * 7];
    double doubles[35];
    uint16_t halves[35];
    int32_t whole[35];
    const uint64_t shape[] = {5, 7};
    for (uint32_t i = 0; i < 35; i++) {
        floats[i] = some(i);
        doubles[i] = (double)some(i);
        whole[i] = (int32_t)i - 17;
        /* The bits of half a float: sign, exponent less 112, ten bits of fraction. */
        uint32_t bits;
        memcpy(&bits, &floats[i], sizeof bits);
        halves[i] =
            floats[i] == 0
                ? 0
                : (uint16_t)((bits >> 16 & 0x8000u) | (((bits >> 23 & 255u) - 112) << 10) | (bits >> 13 & 0x3ffu));
    }
    const void *items[] = {floats, doubles, halves, whole};
    static const enum nt_npy_type type[] = {NT_NPY_FLOAT32, NT_NPY_FLOAT64, NT_NPY_FLOAT16, NT_NPY_INT32};
    for (int t = 0; t < 4; t++) {
        nt_activations *a = opened(npy("x.npy", items[t], type[t], shape, 2));
        assert_int_equal(nt_activations_layer(a, 0)->type, type[t]);
        assert_int_equal(nt_activations_read(out, a, 0, wanted, 6, NULL), NT_OK);
        for (uint32_t i = 0; i < 42; i++) {
            uint32_t item = wanted[i / 7] * 7 + i % 7;
            assert_true(out[i] == (t == 3 ? (float)whole[item] : floats[item]));
        }
        static const uint32_t far[] = {4, 5};
        assert_int_equal(nt_activations_read(out, a, 0, far, 2, NULL), NT_E_ARG);
        nt_activations_close(a);
    }
}

static void tensors_of_one_file_are_layers(void **state) {
    (void)state;
    float x[6], y[3], out[2];
    uint8_t *bytes;
    size_t size;
    for (uint32_t i = 0; i < 6; i++) {
        x[i] = some(i);
        y[i % 3] = some(100 + i % 3);
    }
    const struct nt_tensor tensor[] = {
        {.name = "00_embed", .type = NT_NPY_FLOAT32, .dimensions = 2, .shape = {3, 2}, .data = x},
        {.name = "01_block.0", .type = NT_NPY_FLOAT32, .dimensions = 1, .shape = {3}, .data = y}};
    assert_int_equal(nt_safetensors_write(&bytes, &size, tensor, 2, NULL, 0, allocator, NULL), NT_OK);
    const char *path = scratch_write("all.safetensors", bytes, size);
    nt_release(allocator, bytes);
    nt_activations *a = opened(path);
    assert_int_equal(nt_activations_layers(a), 2);
    is_layer(a, 0, "embed", 2, 1, 1);
    is_layer(a, 1, "block.0", 1, 1, 1);
    static const uint32_t last[] = {2};
    assert_int_equal(nt_activations_read(out, a, 0, last, 1, NULL), NT_OK);
    assert_true(out[0] == x[4] && out[1] == x[5]);
    assert_int_equal(nt_activations_read(out, a, 1, last, 1, NULL), NT_OK);
    assert_true(out[0] == y[2]);
    nt_activations_close(a);
    (void)scratch_write("cut.safetensors", "\x40\0\0\0\0\0\0\0{}", 10);
    refuses(scratch_path("cut.safetensors"), NT_E_FORMAT, "cut.safetensors: truncated");
    refuses(scratch_text("empty.safetensors", ""), NT_E_FORMAT, "it is empty");
    refuses(scratch_write("none.safetensors", "\2\0\0\0\0\0\0\0{}", 10), NT_E_MISSING, "found none");
}

static void several_paths_follow_one_another(void **state) {
    (void)state;
    const float x[] = {1, 2, 3, 4};
    const uint64_t shape[] = {2, 2};
    const char *path[2];
    nt_activations *a;
    path[0] = npy("late.npy", x, NT_NPY_FLOAT32, shape, 2);
    path[1] = npy("early.npy", x, NT_NPY_FLOAT32, shape, 2);
    assert_int_equal(nt_activations_open(&a, path, 2, allocator, NULL), NT_OK);
    is_layer(a, 0, "late", 2, 1, 1);
    is_layer(a, 1, "early", 2, 1, 1);
    nt_activations_close(a);
    assert_int_equal(nt_activations_open(&a, path, 0, allocator, NULL), NT_E_ARG);
}

static void files_that_do_not_fit_are_named(void **state) {
    (void)state;
    static const float zeros[64];
    const uint64_t four[] = {4, 6}, five[] = {5, 6}, none[] = {0, 6}, empty[] = {4, 0}, single[] = {1};
    const uint64_t huge[] = {0, 1 << 13, 1 << 13};
    const char *path = scratch_make_folder("b");
    refuses(path, NT_E_MISSING, "expected one .npy file per layer");
    refuses(scratch_path("nowhere"), NT_E_IO, "no such file or folder");
    refuses(scratch_text("x.txt", "text"), NT_E_FORMAT, "expected a .npy or .safetensors file");
    (void)npy("b/1 input.npy", zeros, NT_NPY_FLOAT32, four, 2);
    (void)npy("b/2 relu.npy", zeros, NT_NPY_FLOAT32, five, 2);
    refuses(path, NT_E_SHAPE, "2 relu.npy: layer 'relu': expected 4 samples as in 'input' (1 input.npy), found 5");
    refuses(npy("n.npy", zeros, NT_NPY_FLOAT32, none, 2), NT_E_SHAPE, "expected 1 to 67108864 samples, found 0");
    refuses(npy("n.npy", zeros, NT_NPY_FLOAT32, single, 0), NT_E_SHAPE, "found 0");
    refuses(npy("n.npy", zeros, NT_NPY_FLOAT32, empty, 2), NT_E_SHAPE,
            "expected 1 to 16777216 numbers a sample, found none");
    refuses(npy("n.npy", zeros, NT_NPY_FLOAT32, huge, 3), NT_E_SHAPE, "samples, found 0");
    (void)scratch_text("b/2 relu.npy", "no array");
    refuses(path, NT_E_FORMAT, "2 relu.npy: not a .npy file");
}

static void more_layers_than_allowed_are_refused(void **state) {
    (void)state;
    const float x = 1;
    const uint64_t shape[] = {1};
    (void)scratch_make_folder("many");
    for (int i = 0; i <= NT_ACTIVATIONS_MAX_LAYERS; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "many/%d.npy", i);
        (void)npy(name, &x, NT_NPY_FLOAT32, shape, 1);
    }
    refuses(scratch_path("many"), NT_E_SHAPE, "more than 128 layers");
}

static void values_that_are_not_finite_are_counted_by_kind(void **state) {
    (void)state;
    double x[12] = {0};
    const uint64_t shape[] = {4, 3};
    static const uint32_t some_rows[] = {0, 3};
    struct nt_activations_faults faults;
    x[5] = 0.0 / 0.0;
    x[6] = 1e300;
    x[7] = -1.0 / 0.0;
    x[11] = 1.0 / 0.0;
    nt_activations *a = opened(npy("x.npy", x, NT_NPY_FLOAT64, shape, 2));
    assert_int_equal(nt_activations_check(&faults, a, 0, NULL, 0, NULL, NULL), NT_OK);
    assert_int_equal(faults.nan, 1);
    assert_int_equal(faults.infinite, 2);
    assert_int_equal(faults.too_large, 1);
    assert_int_equal(faults.first, 1);
    assert_int_equal(nt_activations_check(&faults, a, 0, some_rows, 2, NULL, NULL), NT_OK);
    assert_int_equal(faults.infinite, 1);
    assert_int_equal(faults.nan, 0);
    assert_int_equal(faults.first, 3);
    nt_activations_close(a);
}

static void rows_wider_than_a_block_are_read(void **state) {
    (void)state;
    enum { WIDE = 700000 };
    float *x = malloc(3 * WIDE * sizeof *x), *out = malloc(2 * WIDE * sizeof *out);
    const uint64_t shape[] = {3, WIDE};
    static const uint32_t rows[] = {1, 2};
    for (uint32_t i = 0; i < 3 * WIDE; i++) {
        x[i] = some(i);
    }
    nt_activations *a = opened(npy("wide.npy", x, NT_NPY_FLOAT32, shape, 2));
    assert_int_equal(nt_activations_read(out, a, 0, rows, 2, NULL), NT_OK);
    assert_memory_equal(out, x + WIDE, 2 * WIDE * sizeof *x);
    nt_activations_close(a);
    free(x);
    free(out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_layers_in_the_order_of_its_numbers),
        cmocka_unit_test(rows_of_every_type_are_read_in_any_order),
        cmocka_unit_test(tensors_of_one_file_are_layers),
        cmocka_unit_test(several_paths_follow_one_another),
        cmocka_unit_test(files_that_do_not_fit_are_named),
        cmocka_unit_test(more_layers_than_allowed_are_refused),
        cmocka_unit_test(values_that_are_not_finite_are_counted_by_kind),
        cmocka_unit_test(rows_wider_than_a_block_are_read),
    };
    return cmocka_run_group_tests(tests, start, scratch_remove);
}
