/* The drawing sheet, a WebAssembly module of its own: one image, changed by one mark after the other. sheet.js writes
 * points into nt_sheet_points, counts into nt_sheet_counts, pixels into nt_sheet_image, and reads pixels back. */
#include <assert.h>
#include <string.h>

#include "ntrace/edit.h"
#include "ntrace/raster.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

enum { POINTS = 8192, STROKES = 512, SCRATCH = 1 << 18 };

static uint8_t image[NT_RASTER_PIXELS], before[NT_RASTER_PIXELS];
static float points[2 * POINTS];
static uint32_t counts[STROKES];
static uint64_t scratch[SCRATCH / sizeof(uint64_t)];

uint8_t *EXPORT(nt_sheet_image)(void);
float *EXPORT(nt_sheet_points)(void);
uint32_t *EXPORT(nt_sheet_counts)(void);
enum nt_status EXPORT(nt_sheet_drawing)(uint32_t strokes);
enum nt_status EXPORT(nt_sheet_stroke)(uint32_t count, enum nt_raster_tool tool);
void EXPORT(nt_sheet_move)(float degrees, float x, float y);
void EXPORT(nt_sheet_thicken)(float share);
void EXPORT(nt_sheet_noise)(float deviation, uint32_t seed);

/* A failed assertion traps without a word: what prints it is three times the rest of this module. */
_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function);
_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function) {
    (void)condition, (void)file, (void)line, (void)function;
    __builtin_trap();
}

uint8_t *nt_sheet_image(void) { return image; }
float *nt_sheet_points(void) { return points; }
uint32_t *nt_sheet_counts(void) { return counts; }

/* Fits the strokes as QuickDraw does, and draws them on an empty sheet. */
enum nt_status nt_sheet_drawing(uint32_t strokes) {
    size_t total = 0;
    assert(nt_raster_bytes() <= sizeof scratch && strokes <= STROKES);
    for (uint32_t s = 0; s < strokes; s++) {
        total += counts[s];
    }
    assert(total <= POINTS);
    nt_raster_refit(points, total);
    return nt_raster(image, points, counts, strokes, scratch);
}

/* Draws or erases one stroke where it lies. */
enum nt_status nt_sheet_stroke(uint32_t count, enum nt_raster_tool tool) {
    assert(count <= POINTS);
    return nt_raster_stroke(image, points, count, tool, scratch);
}

void nt_sheet_move(float degrees, float x, float y) {
    memcpy(before, image, sizeof image);
    nt_edit_move(image, before, NT_RASTER_SIDE, NT_RASTER_SIDE, degrees, x, y);
}

void nt_sheet_thicken(float share) {
    memcpy(before, image, sizeof image);
    nt_edit_thicken(image, before, NT_RASTER_SIDE, NT_RASTER_SIDE, share);
}

void nt_sheet_noise(float deviation, uint32_t seed) { nt_edit_noise(image, sizeof image, deviation, seed); }
