#include "knn/fixed.h"

uint64_t nt_fixed_distance_scalar(const int16_t *a, const int16_t *b, uint32_t count, uint64_t stop) {
    uint64_t sum = 0;
    for (uint32_t from = 0; from < count && sum <= stop; from += NT_FIXED_STRETCH) {
        uint32_t end = count - from < NT_FIXED_STRETCH ? count : from + NT_FIXED_STRETCH, part[8] = {0};
        for (uint32_t i = from; i < end; i += 8) {
            for (uint32_t lane = 0; lane < 8; lane++) {
                int32_t gap = a[i + lane] - b[i + lane];
                part[lane] += (uint32_t)(gap * gap);
            }
        }
        for (uint32_t lane = 0; lane < 8; lane++) {
            sum += part[lane];
        }
    }
    return sum;
}
