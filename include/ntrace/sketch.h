/* The synthetic sketch maker: seeded, hand-drawn-looking sketches of fifteen classes, as 28 x 28 bitmaps. */
#ifndef NTRACE_SKETCH_H
#define NTRACE_SKETCH_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/raster.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NT_SKETCH_CLASSES = 15,
    NT_SKETCH_POINTS = 8192,
    NT_SKETCH_STROKES = 160
}; /* the last two: of one sketch, at most */

/* Name of a class, 0 .. NT_SKETCH_CLASSES - 1 in alphabetical order ("airplane", ..., "wine bottle"). Asserts the
 * range. Valid for ever. */
const char *nt_sketch_class_name(uint32_t label);

/* Number of the class of that name, or NT_SKETCH_CLASSES where there is none. */
uint32_t nt_sketch_class_find(const char *name);

/* Draws sketches first .. first + count - 1 of a class.
 *
 * images   out  [count,28,28] ink 255 on 0; undefined on failure
 * label    in   the class, < NT_SKETCH_CLASSES
 * noise    in   share of the sketches that show another class, 0 to 1
 * workers  in   threads, 0 for one per processor
 *
 * Each sketch depends on (seed, label, its number) and noise alone. Returns NT_OK, NT_E_ARG or NT_E_MEMORY (about 400
 * kB a worker). Thread-safe for distinct outputs. */
enum nt_status nt_sketch_draw(uint8_t *images, uint32_t label, uint64_t first, uint32_t count, uint64_t seed,
                              double noise, unsigned workers, const struct nt_allocator *allocator);

/* The strokes of one sketch, from which nt_raster makes the image that nt_sketch_draw gives.
 *
 * points   out  [2 * NT_SKETCH_POINTS] x and y, stroke after stroke, whole numbers from 0 to 255
 * counts   out  [NT_SKETCH_STROKES] points of each stroke
 * strokes  out  how many there are
 *
 * Label, number, seed and noise as in nt_sketch_draw. Returns NT_OK, NT_E_ARG or NT_E_MEMORY; outputs are undefined on
 * failure. */
enum nt_status nt_sketch_strokes(float *points, uint32_t *counts, uint32_t *strokes, uint32_t label, uint64_t number,
                                 uint64_t seed, double noise, const struct nt_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
