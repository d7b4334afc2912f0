/* Suggestions against a plain sort of every reason in full: tests/reference/measures.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measures_world.h"
#include "ntrace/suggest.h"

enum { COUNT = 3, FIELDS = 9, MOST = 200 };

static const uint32_t layers[LAYERS] = {2, 5, 9};

/* Looks at all layers, `rows` samples at a time. */
static nt_suggest *look(const struct nt_suggest_data *data, nt_graph *const graph[LAYERS], uint32_t k, uint32_t count,
                        uint32_t rows) {
    nt_suggest *s;
    assert_int_equal(nt_suggest_create(&s, data, layers, LAYERS, k, count, nt_allocator_default(), NULL), NT_OK);
    for (int l = 0; l < LAYERS; l++) {
        uint32_t done = 0, found;
        while (done < data->samples) {
            assert_null(nt_suggest_result(s, &found));
            assert_int_equal(found, 0);
            assert_int_equal(nt_suggest_step(&done, s, graph[0], l > 0 ? graph[l - 1] : NULL, graph[l], rows, NULL),
                             NT_OK);
        }
    }
    return s;
}

static struct nt_suggest_data data_of(const struct world *w) {
    static float known[N];
    world_floats(known, w, "known", N);
    return (struct nt_suggest_data){w->label, w->prediction, known, N, C};
}

static void suggestions_are_the_best_of_every_reason(void **state) {
    const struct world *w = *state;
    static double expected[MOST * FIELDS];
    struct nt_suggest_data data = data_of(w);
    nt_suggest *s = look(&data, w->graph, K, COUNT, 7);
    uint32_t found, seen[NT_REASON_COUNT] = {0};
    const struct nt_suggestion *one = nt_suggest_result(s, &found);
    assert_in_range(found, 1, MOST);
    world_numbers(expected, w, "suggestions", (int)(found * FIELDS));
    for (uint32_t i = 0; i < found; i++, one++) {
        const double *row = expected + i * FIELDS;
        const uint32_t whole[6] = {one->reason, one->sample, one->from, one->layer, one->label[0], one->label[1]};
        for (int f = 0; f < 6; f++) {
            assert_int_equal(whole[f], row[f]);
        }
        for (int f = 0; f < 3; f++) {
            assert_close((double)one->figure[f], row[6 + f], 1e-4); /* graphs keep distances in 65,536 steps */
        }
        seen[one->reason]++;
    }
    for (int reason = 0; reason < NT_REASON_COUNT; reason++) {
        assert_true(seen[reason] > 0);
    }
    nt_suggest_free(s);
}

static void the_size_of_steps_does_not_matter(void **state) {
    const struct world *w = *state;
    struct nt_suggest_data data = data_of(w);
    nt_suggest *one = look(&data, w->graph, 20, 9, 1), *all = look(&data, w->graph, 20, 9, N);
    uint32_t a, b;
    const struct nt_suggestion *p = nt_suggest_result(one, &a), *q = nt_suggest_result(all, &b);
    assert_int_equal(a, b);
    assert_memory_equal(p, q, a * sizeof *p);
    nt_suggest_free(one);
    nt_suggest_free(all);
}

static void fewer_suggestions_are_the_first_of_more(void **state) {
    const struct world *w = *state;
    struct nt_suggest_data data = data_of(w);
    nt_suggest *few = look(&data, w->graph, K, 2, N), *many = look(&data, w->graph, K, 1000, N);
    uint32_t a, b, j = 0;
    const struct nt_suggestion *p = nt_suggest_result(few, &a), *q = nt_suggest_result(many, &b);
    assert_true(b > a);
    for (uint32_t i = 0; i < a; i++, j++) { /* each of the few stands among the many, in the same order */
        while (j < b && memcmp(&p[i], &q[j], sizeof *p) != 0) {
            j++;
        }
        assert_true(j < b);
    }
    nt_suggest_free(few);
    nt_suggest_free(many);
}

static void what_is_out_of_range_is_refused_with_words(void **state) {
    const struct world *w = *state;
    struct nt_suggest_data data = data_of(w);
    const struct nt_allocator *al = nt_allocator_default();
    const uint32_t falling[2] = {5, 2};
    struct nt_error error = {0};
    nt_suggest *s;
    uint32_t done;
    assert_int_equal(nt_suggest_create(&s, &data, layers, LAYERS, N, 1, al, &error), NT_E_ARG);
    assert_int_equal(nt_suggest_create(&s, &data, layers, LAYERS, K, 0, al, &error), NT_E_ARG);
    assert_int_equal(nt_suggest_create(&s, &data, layers, 1, K, 1, al, &error), NT_E_ARG);
    assert_int_equal(nt_suggest_create(&s, &data, falling, 2, K, 1, al, &error), NT_E_ARG);
    assert_true(error.text[0] != 0);
    data.classes = 2;
    assert_int_equal(nt_suggest_create(&s, &data, layers, LAYERS, K, 1, al, &error), NT_E_ARG);
    assert_null(s);
    data.classes = C;
    nt_graph *small = brute_force(w->x[0], N, D, K - 1);
    assert_int_equal(nt_suggest_create(&s, &data, layers, LAYERS, K, 1, al, &error), NT_OK);
    assert_int_equal(nt_suggest_step(&done, s, NULL, NULL, small, N, &error), NT_E_ARG);
    assert_int_equal(nt_suggest_step(&done, s, NULL, NULL, w->graph[0], N, &error), NT_OK);
    assert_int_equal(nt_suggest_step(&done, s, w->graph[0], NULL, w->graph[1], N, &error), NT_E_ARG);
    nt_suggest_free(s);
    nt_graph_free(small);
    nt_suggest_free(NULL);
}

struct failing {
    unsigned left;
};

static void *fail_later(void *context, size_t bytes) {
    struct failing *failing = context;
    return failing->left-- == 0 ? NULL : malloc(bytes);
}

static void release(void *context, void *pointer) {
    (void)context;
    free(pointer);
}

static void lack_of_memory_is_reported_and_leaks_nothing(void **state) {
    const struct world *w = *state;
    struct nt_suggest_data data = data_of(w);
    for (unsigned n = 0; n < 11; n++) {
        struct failing failing = {n};
        struct nt_allocator allocator = {fail_later, release, &failing};
        nt_suggest *s;
        assert_int_equal(nt_suggest_create(&s, &data, layers, LAYERS, K, 1, &allocator, NULL), NT_E_MEMORY);
        assert_null(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggestions_are_the_best_of_every_reason),
        cmocka_unit_test(the_size_of_steps_does_not_matter),
        cmocka_unit_test(fewer_suggestions_are_the_first_of_more),
        cmocka_unit_test(what_is_out_of_range_is_refused_with_words),
        cmocka_unit_test(lack_of_memory_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests_name("suggest", tests, world_open, world_close);
}
