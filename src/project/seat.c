#include <assert.h>

#include "ntrace/project.h"
#include "project/fuzzy.h"

enum { MOST = 255 };

void nt_map_place(float *at, const float *map, const uint32_t *index, const float *distance, uint32_t count) {
    assert(count >= 1 && count <= MOST);
    float rho, sigma, strength[MOST];
    double x = 0, y = 0, sum = 0;
    nt_fuzzy_scale(&rho, &sigma, distance, count, 0);
    nt_fuzzy_strengths(strength, distance, count, rho, sigma);
    for (uint32_t j = 0; j < count; j++) {
        const float *point = map + 2 * (size_t)index[j];
        x += (double)strength[j] * (double)point[0];
        y += (double)strength[j] * (double)point[1];
        sum += (double)strength[j];
    }
    at[0] = (float)(x / sum);
    at[1] = (float)(y / sum);
}
