#include "codes/scan.h"

void nt_codes_scan_scalar(uint32_t *square, const int8_t *code, const uint32_t *norm, const int16_t *query,
                          uint32_t query_norm, uint32_t samples, uint32_t stride) {
    for (uint32_t i = 0; i < samples; i++, code += stride) {
        int32_t dot = 0;
        for (uint32_t j = 0; j < stride; j++) {
            dot += code[j] * query[j];
        }
        square[i] = norm[i] + query_norm - 2 * (uint32_t)dot;
    }
}
