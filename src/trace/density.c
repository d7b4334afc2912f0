#include "ntrace/density.h"

#include <math.h>

static const double ROOT_OF_TURN = 2.50662827463100050242; /* sqrt(2 pi) */

static double deviation(const float *value, uint32_t n) {
    double mean = 0, square = 0;
    for (uint32_t i = 0; i < n; i++) {
        mean += (double)value[i];
    }
    mean /= n;
    for (uint32_t i = 0; i < n; i++) {
        square += ((double)value[i] - mean) * ((double)value[i] - mean);
    }
    return sqrt(square / (n - 1));
}

double nt_density_bandwidth(const float *value, uint32_t n) { return n < 2 ? 0 : deviation(value, n) * pow(n, -0.2); }

enum nt_status nt_density(double *density, const double *at, uint32_t points, const float *value, uint32_t n) {
    if (n < 2) {
        return NT_E_ARG;
    }
    double width = nt_density_bandwidth(value, n);
    if (!(width > 0)) {
        return NT_E_VALUE;
    }
    for (uint32_t p = 0; p < points; p++) {
        double sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            double z = (at[p] - (double)value[i]) / width;
            sum += exp(-0.5 * z * z);
        }
        density[p] = sum / (n * width * ROOT_OF_TURN);
    }
    return NT_OK;
}
