/* Densities by class: what nt_density is given for each class of one sample's distances. */
#include <assert.h>
#include <string.h>

#include "ntrace/density.h"
#include "ntrace/knn.h"

void nt_density_sort(uint32_t *order, float *value, uint32_t *start, const float *distance, const uint16_t *label,
                     uint32_t sample, uint32_t n, uint32_t classes, uint32_t *scratch) {
    uint32_t *key = scratch, *by_distance = scratch + n, *work = scratch + 2 * (size_t)n;
    memset(start, 0, ((size_t)classes + 1) * sizeof *start);
    for (uint32_t i = 0; i < n; i++) {
        assert(label[i] < classes);
        key[i] = nt_knn_key(distance[i]);
        start[label[i] + 1] += i != sample;
    }
    for (uint32_t c = 0; c < classes; c++) {
        start[c + 1] += start[c];
    }
    nt_knn_order(by_distance, key, n, work);
    for (uint32_t r = 0; r < n; r++) { /* start[c] is where class c's next goes: its end when all have gone */
        uint32_t i = by_distance[r];
        if (i != sample) {
            value[start[label[i]]] = distance[i];
            order[start[label[i]]++] = i;
        }
    }
    memmove(start + 1, start, classes * sizeof *start);
    start[0] = 0;
}

void nt_density_grid(double *at, double *bandwidth, const float *value, const uint32_t *start, uint32_t classes,
                     uint32_t points) {
    assert(points >= 2);
    double low = 0, high = 0;
    for (uint32_t c = 0, seen = 0; c < classes; c++) {
        uint32_t n = start[c + 1] - start[c];
        bandwidth[c] = nt_density_bandwidth(value + start[c], n);
        if (n == 0) {
            continue;
        }
        double from = (double)value[start[c]] - 3 * bandwidth[c],
               to = (double)value[start[c + 1] - 1] + 3 * bandwidth[c];
        low = !seen || from < low ? from : low;
        high = !seen || to > high ? to : high;
        seen = 1;
    }
    low = low > 0 ? low : 0;
    for (uint32_t p = 0; p < points; p++) {
        at[p] = low + (high - low) * p / (points - 1);
    }
}
