#include "ntrace/codes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
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

/* Numbers of the axes that are more than `zero` from 0 for some sample; returns how many. */
static uint32_t live_axes(uint32_t *live, const float *y, uint32_t samples, uint32_t axes, float zero) {
    uint32_t count = 0;
    for (uint32_t j = 0; j < axes; j++) {
        uint32_t i = 0;
        while (i < samples && fabsf(y[(size_t)i * axes + j]) <= zero) {
            i++;
        }
        if (i < samples) {
            live[count++] = j;
        }
    }
    return count;
}

/* ---- Quantising. ----
 *
 * Most coordinates of a wide layer are so small that they become 0, differently many of each sample. A squared distance
 * taken as the difference of codes lacks them; taken as two true norms less twice the product of the codes it has them.
 * So a rest makes a code's norm up to the sample's own. As a rest cannot make it smaller, a code that rounding made
 * longer than its sample is shortened: where that changes it least, which spares bytes too. For the same reason a
 * coordinate little above half a step is taken as 0 there (a dead zone, Sullivan, "Efficient scalar quantization of
 * exponential and Laplacian random variables", IEEE Trans. Information Theory 42(5), 1996): with a step finer by so
 * much that as many neighbours are found, codes take a tenth less. Where few coordinates become 0, differences of codes
 * are better, and the rest is what the axes leave out. */

enum { SHADES = 32 };
static const float DEAD_ZONE = 0.6f;

/* Whether most coordinates become 0. */
static bool is_sparse(const float *y, uint32_t samples, uint32_t axes, float step) {
    size_t all = (size_t)samples * axes, zero = 0;
    for (size_t i = 0; i < all; i++) {
        zero += fabsf(y[i]) <= 0.5f * step;
    }
    return 2 * zero > all;
}

/* How much a coordinate that was rounded away from zero was changed, in shades, most first; SHADES where it was not. */
static uint32_t shade_of(float y, int code, float step) {
    float size = (float)abs(code), up = size - fabsf(y) / step;
    return code == 0 || !(up > 0) ? SHADES : up >= 0.5f ? 0 : (uint32_t)((0.5f - up) * 2 * SHADES);
}

/* Brings coordinates that were rounded up one nearer to zero, most rounded first, until `excess` is gone from the
 * squared norm; returns what remains of it, which is not positive where there were enough of them. */
static double shorten(int8_t *code, const float *row, const uint32_t *live, uint32_t count, float step, double excess) {
    uint32_t drop[SHADES + 1] = {0}, last = 0;
    for (uint32_t j = 0; j < count; j++) {
        drop[shade_of(row[live[j]], code[j], step)] += 2 * (uint32_t)abs(code[j]) - 1;
    }
    for (double sum = drop[0]; sum < excess && last + 1 < SHADES; last++) {
        sum += drop[last + 1];
    }
    for (int final = 0; final < 2; final++) { /* of the last shade only as many as it takes */
        for (uint32_t j = 0; j < count; j++) {
            uint32_t shade = shade_of(row[live[j]], code[j], step);
            if (excess > 0 && (final ? shade == last : shade < last)) {
                excess -= 2 * abs(code[j]) - 1;
                code[j] = (int8_t)(code[j] > 0 ? code[j] - 1 : code[j] + 1);
            }
        }
    }
    return excess;
}

/* One sample: its code, and its rest in steps. */
static float quantise_row(int8_t *code, const float *row, float rest, uint32_t axes, const uint32_t *live,
                          uint32_t count, float step, float zero, bool sparse) {
    double own = (double)rest * (double)rest, kept = 0, length = 0;
    for (uint32_t j = 0; j < axes; j++) {
        own += (double)row[j] * (double)row[j];
    }
    for (uint32_t j = 0; j < count; j++) {
        float y = row[live[j]];
        code[j] = fabsf(y) <= zero ? 0 : (int8_t)quantise(y, step, -127, 127);
        kept += (double)y * (double)y;
        length += code[j] * code[j];
    }
    double square = (double)step * (double)step, left = (own - kept) / square;
    if (sparse) {
        left = -shorten(code, row, live, count, step, length - own / square);
    }
    return left > 0 ? (float)sqrt(left) : 0;
}

enum nt_status nt_codes_quantise(struct nt_codes *codes, const float *y, const float *rest, uint32_t samples,
                                 uint32_t axes, float step, const struct nt_allocator *allocator) {
    *codes = (struct nt_codes){0};
    if (axes > NT_CODES_MAX_AXES || !(step > 0)) {
        return NT_E_ARG;
    }
    bool sparse = is_sparse(y, samples, axes, step);
    float zero = (sparse ? DEAD_ZONE : 0.5f) * step;
    uint32_t live[NT_CODES_MAX_AXES], count = live_axes(live, y, samples, axes, zero);
    NT_TRY(nt_codes_create(codes, samples, count, step, allocator));
    for (uint32_t i = 0; i < samples; i++) {
        int8_t *code = codes->code + (size_t)i * codes->stride;
        float left = quantise_row(code, y + (size_t)i * axes, rest[i], axes, live, count, step, zero, sparse);
        codes->rest[i] = (uint8_t)quantise(left, 1, 0, 255);
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

void nt_codes_scan_rows(uint32_t *square, const int8_t *code, const uint32_t *norm, const int16_t *query,
                        uint32_t query_norm, uint32_t samples, uint32_t stride) {
    scanner()(square, code, norm, query, query_norm, samples, stride);
}

void nt_codes_scan(uint32_t *square, const struct nt_codes *codes, uint32_t sample) {
    int16_t query[NT_CODES_MAX_AXES];
    const int8_t *code = codes->code + (size_t)sample * codes->stride;
    for (uint32_t j = 0; j < codes->stride; j++) {
        query[j] = code[j];
    }
    nt_codes_scan_rows(square, codes->code, codes->norm, query, codes->norm[sample], codes->samples, codes->stride);
}

void nt_codes_scan_point(uint32_t *square, const struct nt_codes *codes, const int16_t *point, double square_norm) {
    nt_codes_scan_rows(square, codes->code, codes->norm, point, 0, codes->samples, codes->stride);
    int64_t own = (int64_t)(NT_CODES_FINER * square_norm + 0.5);
    for (uint32_t i = 0; i < codes->samples; i++) {
        int64_t norm = codes->norm[i], product = (int32_t)(square[i] - codes->norm[i]); /* -2 point · code */
        int64_t sum = NT_CODES_FINER * norm + own + product;
        square[i] = sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
    }
}

float nt_codes_distance(const struct nt_codes *codes, uint32_t square) { return codes->step * sqrtf((float)square); }
