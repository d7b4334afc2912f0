/* The curve of the map's memberships: L. McInnes, J. Healy and J. Melville, "UMAP", arXiv:1802.03426, 2018, definition
 * 11, fitted by the method of Levenberg and Marquardt (D. W. Marquardt, "An Algorithm for Least-Squares Estimation of
 * Nonlinear Parameters", 1963) on the 300 points that umap-learn takes. */
#include "project/curve.h"

#include "core/exponent.h"

enum { POINTS = 300, MAX_STEPS = 200 };

static const double LN2 = 0.693147180559945309417, LOG2_E = 1.44269504088896340736;

/* Squared errors of a and b, with the normal equations of the linearised problem: JᵀJ as three numbers, Jᵀr as two. */
static double errors(double normal[5], double a, double b, double min_dist, double spread) {
    double sum = 0;
    for (int i = 0; i < 5; i++) {
        normal[i] = 0;
    }
    for (int i = 0; i < POINTS; i++) {
        double x = 3 * spread * i / (POINTS - 1);
        double wanted = x < min_dist ? 1 : nt_exp2(-(x - min_dist) / spread * LOG2_E);
        double log_x = x > 0 ? nt_log2(x) : 0, power = x > 0 ? nt_exp2(2 * b * log_x) : 0;
        double found = 1 / (1 + a * power), rest = wanted - found;
        double by_a = -found * found * power, by_b = by_a * a * 2 * log_x * LN2;
        sum += rest * rest;
        normal[0] += by_a * by_a;
        normal[1] += by_a * by_b;
        normal[2] += by_b * by_b;
        normal[3] += by_a * rest;
        normal[4] += by_b * rest;
    }
    return sum;
}

void nt_curve_fit(float *a, float *b, double min_dist, double spread) {
    double p = 1, q = 1, damping = 1e-3, normal[5], tried[5], error = errors(normal, p, q, min_dist, spread);
    for (int step = 0; step < MAX_STEPS && damping < 1e12; step++) {
        double aa = normal[0] * (1 + damping), bb = normal[2] * (1 + damping), ab = normal[1];
        double determinant = aa * bb - ab * ab;
        double next_p = p + (bb * normal[3] - ab * normal[4]) / determinant;
        double next_q = q + (aa * normal[4] - ab * normal[3]) / determinant;
        double next = next_p > 0 && next_q > 0 ? errors(tried, next_p, next_q, min_dist, spread) : error;
        if (!(next < error)) {
            damping *= 10;
            continue;
        }
        p = next_p;
        q = next_q;
        error = next;
        damping *= 0.1;
        for (int i = 0; i < 5; i++) {
            normal[i] = tried[i];
        }
    }
    *a = (float)p;
    *b = (float)q;
}
