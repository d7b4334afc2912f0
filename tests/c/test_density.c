/* Distance densities against SciPy's gaussian_kde. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntrace/density.h"

enum { POINTS = 8, VALUES = 8 };

static const float value[VALUES] = {0.3f, 1.7f, 2.2f, 2.25f, 3.9f, 4.1f, 9.5f, 2.2f};
static const double at[POINTS] = {-1, 0, 1.5, 2.2, 3, 5.5, 9.5, 14};

static void densities_equal_those_of_scipy(void **state) {
    (void)state;
    /* scipy.stats.gaussian_kde(value)(at), SciPy 1.10.1, the values being the float32 above */
    const double expected[POINTS] = {0.049384854002386111, 0.088920734441993471, 0.14572607979422486,
                                     0.15685122851712061,  0.15131595386019728,  0.061701959137672277,
                                     0.02775364192037966,  0.0013663393676638747};
    double density[POINTS];
    assert_int_equal(nt_density(density, at, POINTS, value, VALUES), NT_OK);
    for (int i = 0; i < POINTS; i++) {
        assert_true(fabs(density[i] - expected[i]) <= 1e-9 * expected[i]);
    }
}

static void densities_integrate_to_one(void **state) {
    (void)state;
    double sum = 0, density, x;
    for (x = -30; x < 40; x += 0.05) {
        assert_int_equal(nt_density(&density, &x, 1, value, VALUES), NT_OK);
        sum += 0.05 * density;
    }
    assert_true(fabs(sum - 1) < 1e-6);
}

static void values_without_spread_are_refused(void **state) {
    (void)state;
    const float equal[3] = {2, 2, 2};
    double density;
    assert_int_equal(nt_density(&density, at, 1, value, 1), NT_E_ARG);
    assert_int_equal(nt_density(&density, at, 1, equal, 3), NT_E_VALUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(densities_equal_those_of_scipy),
        cmocka_unit_test(densities_integrate_to_one),
        cmocka_unit_test(values_without_spread_are_refused),
    };
    return cmocka_run_group_tests_name("density", tests, NULL, NULL);
}
