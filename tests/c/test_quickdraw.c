#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ntrace/quickdraw.h"

static struct nt_drawing drawing;

static enum nt_status line(const char *text, struct nt_error *error) {
    return nt_quickdraw_line(&drawing, text, strlen(text), "cat.ndjson, line 3 (byte 910)", nt_allocator_default(),
                             error);
}

/* From memory of exactly that size, so that reading beyond it is seen. */
static enum nt_status record(size_t *used, const uint8_t *bytes, size_t size, struct nt_error *error) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, bytes, size);
    enum nt_status status =
        nt_quickdraw_record(&drawing, used, copy, size, "cat.bin, drawing 3 (byte 910)", nt_allocator_default(), error);
    free(copy);
    return status;
}

static int clear(void **state) {
    (void)state;
    nt_drawing_clear(&drawing, nt_allocator_default());
    return 0;
}

static void a_simplified_line_gives_its_strokes_and_word(void **state) {
    (void)state;
    static const float expected[] = {0, 5, 255, 9, 7, 200, 30, 31, 32, 33};
    struct nt_error error = {0};
    assert_int_equal(line("{\"word\":\"wine bottle\",\"countrycode\":\"VE\",\"timestamp\":\"2017-03-02 23:25:10.07453 "
                          "UTC\",\"recognized\":true,\"key_id\":\"5201136883597312\",\"drawing\":[[[0,255,7],[5,9,200]]"
                          ",[[30,32],[31,33]]]}",
                          &error),
                     NT_OK);
    assert_string_equal(drawing.word, "wine bottle");
    assert_int_equal(drawing.raw, 0);
    assert_int_equal(drawing.strokes, 2);
    assert_int_equal(drawing.count[0], 3);
    assert_int_equal(drawing.count[1], 2);
    assert_int_equal(drawing.points, 5);
    assert_memory_equal(drawing.point, expected, sizeof expected);
}

static void a_raw_line_is_known_by_its_times(void **state) {
    (void)state;
    assert_int_equal(line("{\"drawing\":[[[10.5,700.25],[5,9],[0,13]]]}", NULL), NT_OK);
    assert_int_equal(drawing.raw, 1);
    assert_string_equal(drawing.word, "");
    assert_true(drawing.point[2] == 700.25f);
    assert_int_equal(line("{\"drawing\":[]}", NULL), NT_OK);
    assert_int_equal(drawing.strokes, 0);
    assert_int_equal(drawing.raw, 0);
}

static void refuses(const char *text, enum nt_status status, const char *words) {
    struct nt_error error = {0};
    assert_int_equal(line(text, &error), status);
    if (strstr(error.text, "cat.ndjson, line 3 (byte 910)") == NULL || strstr(error.text, words) == NULL) {
        fail_msg("'%s' does not say where and '%s'", error.text, words);
    }
}

static void lines_of_other_shapes_are_refused_with_their_place(void **state) {
    (void)state;
    refuses("", NT_E_FORMAT, "no JSON");
    refuses("{\"drawing\":[[[0],[1]]", NT_E_FORMAT, "no JSON");
    refuses("[]", NT_E_FORMAT, "\"drawing\"");
    refuses("{\"drawing\":{}}", NT_E_FORMAT, "\"drawing\"");
    refuses("{\"drawing\":[[[1,2],[3,4]],7]}", NT_E_FORMAT, "stroke 1: expected [[x...], [y...]]");
    refuses("{\"drawing\":[[[1,2]]]}", NT_E_FORMAT, "stroke 0: expected [[x...], [y...]]");
    refuses("{\"drawing\":[[[1],[2],[3],[4]]]}", NT_E_FORMAT, "stroke 0");
    refuses("{\"drawing\":[[[1],[2],3]]}", NT_E_FORMAT, "stroke 0");
    refuses("{\"drawing\":[[[1,2],[3]]]}", NT_E_SHAPE, "stroke 0: 2 x and 1 y");
    refuses("{\"drawing\":[[[1,\"2\"],[3,4]]]}", NT_E_FORMAT, "numbers as coordinates");
    refuses("{\"drawing\":[[[1,2],[3,-1e7]]]}", NT_E_VALUE, "coordinate -1e+07 of point 1");
    refuses("{\"drawing\":[[[1,2],[3,1e999]]]}", NT_E_VALUE, "expected -1e6 to 1e6");
    refuses("{\"word\":\"0123456789012345678901234567890123456789012345678901234567890123\",\"drawing\":[]}",
            NT_E_VALUE, "at most 63 bytes, found 64");
}

static void deep_nesting_is_no_way_to_the_stack(void **state) {
    (void)state;
    static char text[200001];
    memset(text, '[', 200000);
    refuses(text, NT_E_FORMAT, "no JSON");
}

static void more_points_than_allowed_are_refused(void **state) {
    (void)state;
    size_t room = 8 * (size_t)NT_QUICKDRAW_MAX_POINTS, at = 0;
    char *text = malloc(room);
    at += (size_t)sprintf(text, "{\"drawing\":[");
    for (uint32_t s = 0; s < 3; s++) {
        for (int axis = 0; axis < 2; axis++) {
            at += (size_t)sprintf(text + at, axis == 0 ? "[[1" : "],[1");
            for (uint32_t i = 1; i < NT_QUICKDRAW_MAX_POINTS / 2; i++) {
                at += (size_t)sprintf(text + at, ",1");
            }
        }
        at += (size_t)sprintf(text + at, s < 2 ? "]]," : "]]]}");
    }
    assert_true(at < room);
    refuses(text, NT_E_SHAPE, "more than 131072 points");
    free(text);
}

/* Two strokes, of three points and of one. */
static const uint8_t RECORD[] = {1, 2, 3, 4, 5, 6,  7,   8,  'D', 'E', 1, 0x10, 0x20, 0x30, 0x40,
                                 2, 0, 3, 0, 0, 10, 255, 20, 30,  40,  1, 0,    99,   98};

static void a_binary_drawing_gives_its_strokes_and_its_size(void **state) {
    (void)state;
    static const float expected[] = {0, 20, 10, 30, 255, 40, 99, 98};
    uint8_t twice[2 * sizeof RECORD];
    size_t used;
    struct nt_error error = {0};
    memcpy(twice, RECORD, sizeof RECORD);
    memcpy(twice + sizeof RECORD, RECORD, sizeof RECORD);
    assert_int_equal(record(&used, twice, sizeof twice, &error), NT_OK);
    assert_int_equal(used, sizeof RECORD);
    assert_int_equal(drawing.strokes, 2);
    assert_int_equal(drawing.count[0], 3);
    assert_int_equal(drawing.count[1], 1);
    assert_memory_equal(drawing.point, expected, sizeof expected);
}

static void a_binary_drawing_cut_anywhere_is_damaged(void **state) {
    (void)state;
    for (size_t cut = 0; cut < sizeof RECORD; cut++) {
        size_t used = 1;
        struct nt_error error = {0};
        assert_int_equal(record(&used, RECORD, cut, &error), NT_E_DAMAGED);
        assert_int_equal(used, 0);
        assert_non_null(strstr(error.text, "cat.bin, drawing 3 (byte 910): truncated"));
    }
}

static void a_binary_drawing_out_of_step_is_noticed(void **state) {
    (void)state;
    uint8_t bytes[sizeof RECORD];
    size_t used;
    struct nt_error error = {0};
    memcpy(bytes, RECORD, sizeof bytes);
    bytes[10] = 7;
    assert_int_equal(record(&used, bytes, sizeof bytes, &error), NT_E_FORMAT);
    assert_non_null(strstr(error.text, "at its byte 10 expected 0 or 1"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_simplified_line_gives_its_strokes_and_word),
        cmocka_unit_test(a_raw_line_is_known_by_its_times),
        cmocka_unit_test(lines_of_other_shapes_are_refused_with_their_place),
        cmocka_unit_test(deep_nesting_is_no_way_to_the_stack),
        cmocka_unit_test(more_points_than_allowed_are_refused),
        cmocka_unit_test(a_binary_drawing_gives_its_strokes_and_its_size),
        cmocka_unit_test(a_binary_drawing_cut_anywhere_is_damaged),
        cmocka_unit_test(a_binary_drawing_out_of_step_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, clear);
}
