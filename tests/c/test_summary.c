/* Summary statistics against scikit-learn: tests/reference/measures.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measures_world.h"
#include "ntrace/summary.h"

static double recall[C], precision[C], f1[C];
static uint32_t support[C], confusion[C * C];

static struct nt_summary fresh(void) {
    return (struct nt_summary){
        .recall = recall, .precision = precision, .f1 = f1, .support = support, .confusion = confusion};
}

static void compare(const struct world *w, const char *name, const double *found) {
    double expected[C];
    world_numbers(expected, w, name, C);
    for (int c = 0; c < C; c++) {
        assert_true(fabs(found[c] - expected[c]) < 1e-12);
    }
}

static void a_summary_equals_that_of_scikit_learn(void **state) {
    const struct world *w = *state;
    struct nt_summary s = fresh();
    double expected[C * C];
    assert_int_equal(nt_summarise(&s, w->label, w->prediction, NULL, N, C), NT_OK);
    assert_true(fabs(s.accuracy - world_number(w, "accuracy")) < 1e-12);
    assert_true(fabs(s.balanced_accuracy - world_number(w, "balanced_accuracy")) < 1e-12);
    compare(w, "recall", recall);
    compare(w, "precision", precision);
    compare(w, "f1", f1);
    world_numbers(expected, w, "support", C);
    for (int c = 0; c < C; c++) {
        assert_int_equal(support[c], expected[c]);
    }
    world_numbers(expected, w, "confusion", C * C);
    for (int c = 0; c < C * C; c++) {
        assert_int_equal(confusion[c], expected[c]);
    }
}

static void shares_of_nothing_are_zero(void **state) {
    (void)state;
    /* class 1 is never predicted, class 2 has no samples, class 3 has neither */
    const uint16_t label[4] = {0, 0, 1, 1}, prediction[4] = {0, 2, 0, 2};
    struct nt_summary s = fresh();
    assert_int_equal(nt_summarise(&s, label, prediction, NULL, 4, C), NT_OK);
    const double expected_recall[C] = {0.5, 0, 0, 0}, expected_precision[C] = {0.5, 0, 0, 0};
    for (int c = 0; c < C; c++) {
        assert_close(recall[c], expected_recall[c], 0);
        assert_close(precision[c], expected_precision[c], 0);
        assert_close(f1[c], c == 0 ? 0.5 : 0, 0);
    }
    assert_close(s.balanced_accuracy, 0.25, 0);
}

static void a_summary_of_some_samples_counts_these_alone(void **state) {
    const struct world *w = *state;
    const uint32_t some[3] = {1, 8, 30};
    struct nt_summary s = fresh();
    assert_int_equal(nt_summarise(&s, w->label, w->prediction, some, 3, C), NT_OK);
    uint32_t total = 0, right = 0;
    for (int i = 0; i < 3; i++) {
        right += w->label[some[i]] == w->prediction[some[i]];
        assert_true(confusion[w->label[some[i]] * C + w->prediction[some[i]]] > 0);
    }
    for (int c = 0; c < C * C; c++) {
        total += confusion[c];
    }
    assert_int_equal(total, 3);
    assert_close(s.accuracy, right / 3.0, 1e-15);
}

static void no_samples_and_labels_beyond_the_classes_are_refused(void **state) {
    const struct world *w = *state;
    struct nt_summary s = fresh();
    assert_int_equal(nt_summarise(&s, w->label, w->prediction, NULL, 0, C), NT_E_ARG);
    assert_int_equal(nt_summarise(&s, w->label, w->prediction, NULL, N, C - 1), NT_E_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_summary_equals_that_of_scikit_learn),
        cmocka_unit_test(shares_of_nothing_are_zero),
        cmocka_unit_test(a_summary_of_some_samples_counts_these_alone),
        cmocka_unit_test(no_samples_and_labels_beyond_the_classes_are_refused),
    };
    return cmocka_run_group_tests_name("summary", tests, world_open, world_close);
}
