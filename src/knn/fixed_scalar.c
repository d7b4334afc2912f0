#include "knn/fixed.h"

enum { STRETCH = 256, LANES = 8 }; /* values whose squares are summed in 32 bits, lane by lane */

static uint64_t distance(const int16_t *a, const int16_t *b, uint32_t width) {
    uint64_t sum = 0;
    for (uint32_t from = 0; from < width; from += STRETCH) {
        uint32_t end = width - from < STRETCH ? width : from + STRETCH, part[LANES] = {0};
        for (uint32_t i = from; i < end; i += LANES) {
            for (uint32_t lane = 0; lane < LANES; lane++) {
                int32_t gap = a[i + lane] - b[i + lane];
                part[lane] += (uint32_t)(gap * gap);
            }
        }
        for (uint32_t lane = 0; lane < LANES; lane++) {
            sum += part[lane];
        }
    }
    return sum;
}

NT_FIXED_COMPARE(nt_fixed_compare_scalar, distance)
