#include "ntrace/codes.h"

#include <math.h>
#include <string.h>

#include "codes/scan.h"
#include "core/target.h"

enum nt_status nt_codes_create(struct nt_codes *codes, uint32_t samples, uint32_t axes, float step,
                               const struct nt_allocator *allocator) {
    *codes = (struct nt_codes){0};
    if (axes > NT_CODES_MAX_AXES) {
        return NT_E_ARG;
    }
    uint32_t stride = (axes + NT_CODES_ALIGN - 1) / NT_CODES_ALIGN * NT_CODES_ALIGN;
    *codes = (struct nt_codes){.samples = samples, .axes = axes, .stride = stride, .step = step};
    codes->code = nt_allocate_zeroed(allocator, samples, stride);
    codes->rest = nt_allocate_zeroed(allocator, samples, 1);
    codes->norm = nt_allocate_zeroed(allocator, samples, sizeof *codes->norm);
    if (codes->code == NULL || codes->rest == NULL || codes->norm == NULL) {
        nt_codes_clear(codes, allocator);
        return NT_E_MEMORY;
    }
    return NT_OK;
}

void nt_codes_clear(struct nt_codes *codes, const struct nt_allocator *allocator) {
    nt_release(allocator, codes->code);
    nt_release(allocator, codes->rest);
    nt_release(allocator, codes->norm);
    *codes = (struct nt_codes){0};
}

static float quantise(float y, float step, float low, float high) {
    float q = rintf(y / step);
    return q < low ? low : q > high ? high : q;
}

static void find_norm(struct nt_codes *codes, uint32_t sample) {
    const int8_t *code = codes->code + (size_t)sample * codes->stride;
    uint32_t sum = (uint32_t)codes->rest[sample] * codes->rest[sample];
    for (uint32_t j = 0; j < codes->axes; j++) {
        sum += (uint32_t)(code[j] * code[j]);
    }
    codes->norm[sample] = sum;
}

/* Numbers of the axes that are not zero everywhere; returns how many. */
static uint32_t live_axes(uint32_t *live, const float *y, uint32_t samples, uint32_t axes, float step) {
    uint32_t count = 0;
    for (uint32_t j = 0; j < axes; j++) {
        uint32_t i = 0;
        while (i < samples && fabsf(y[(size_t)i * axes + j]) <= 0.5f * step) {
            i++;
        }
        if (i < samples) {
            live[count++] = j;
        }
    }
    return count;
}

enum nt_status nt_codes_quantise(struct nt_codes *codes, const float *y, const float *rest, uint32_t samples,
                                 uint32_t axes, float step, const struct nt_allocator *allocator) {
    *codes = (struct nt_codes){0};
    if (axes > NT_CODES_MAX_AXES || !(step > 0)) {
        return NT_E_ARG;
    }
    uint32_t live[NT_CODES_MAX_AXES], count = live_axes(live, y, samples, axes, step);
    NT_TRY(nt_codes_create(codes, samples, count, step, allocator));
    for (uint32_t i = 0; i < samples; i++) {
        const float *row = y + (size_t)i * axes;
        int8_t *code = codes->code + (size_t)i * codes->stride;
        double left = (double)rest[i] * (double)rest[i];
        for (uint32_t j = 0; j < axes; j++) {
            left += (double)row[j] * (double)row[j];
        }
        for (uint32_t j = 0; j < count; j++) {
            float kept = row[live[j]];
            code[j] = (int8_t)quantise(kept, step, -127, 127);
            left -= (double)kept * (double)kept;
        }
        codes->rest[i] = (uint8_t)quantise(left > 0 ? (float)sqrt(left) : 0, step, 0, 255);
        find_norm(codes, i);
    }
    return NT_OK;
}

void nt_codes_get(uint8_t *raw, const struct nt_codes *codes, uint32_t row, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) {
        const int8_t *code = codes->code + (size_t)(row + i) * codes->stride;
        for (uint32_t j = 0; j < codes->axes; j++) {
            raw[(size_t)j * rows + i] = (uint8_t)code[j];
        }
    }
    memcpy(raw + (size_t)codes->axes * rows, codes->rest + row, rows);
}

void nt_codes_put(struct nt_codes *codes, const uint8_t *raw, uint32_t row, uint32_t rows) {
    for (uint32_t i = 0; i < rows; i++) {
        int8_t *code = codes->code + (size_t)(row + i) * codes->stride;
        for (uint32_t j = 0; j < codes->axes; j++) {
            code[j] = (int8_t)raw[(size_t)j * rows + i];
        }
        codes->rest[row + i] = raw[(size_t)codes->axes * rows + i];
        find_norm(codes, row + i);
    }
}

static nt_codes_scanner *scanner(void) {
    switch (nt_target()) {
#if defined(__wasm_simd128__)
    case NT_SIMD128:
        return nt_codes_scan_simd128;
#endif
#if defined(__x86_64__)
    case NT_AVX2:
        return nt_codes_scan_avx2;
    case NT_AVX512:
        return nt_codes_scan_avx512;
#endif
    default:
        return nt_codes_scan_scalar;
    }
}

void nt_codes_scan(uint32_t *square, const struct nt_codes *codes, uint32_t sample) {
    int16_t query[NT_CODES_MAX_AXES];
    const int8_t *code = codes->code + (size_t)sample * codes->stride;
    for (uint32_t j = 0; j < codes->stride; j++) {
        query[j] = code[j];
    }
    scanner()(square, codes->code, codes->norm, query, codes->norm[sample], codes->samples, codes->stride);
}

void nt_codes_scan_point(uint32_t *square, const struct nt_codes *codes, const int16_t *point, double square_norm) {
    scanner()(square, codes->code, codes->norm, point, 0, codes->samples, codes->stride);
    int64_t own = (int64_t)(NT_CODES_FINER * square_norm + 0.5);
    for (uint32_t i = 0; i < codes->samples; i++) {
        int64_t norm = codes->norm[i], product = (int32_t)(square[i] - codes->norm[i]); /* -2 point · code */
        int64_t sum = NT_CODES_FINER * norm + own + product;
        square[i] = sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
    }
}

float nt_codes_distance(const struct nt_codes *codes, uint32_t square) { return codes->step * sqrtf((float)square); }
