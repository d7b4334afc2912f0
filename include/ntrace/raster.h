/* Strokes to bitmaps, exactly as QuickDraw makes its 28 x 28 ones: the drawing centred by its bounding box in a square
 * of 256 with a margin of 24 on every side, each stroke a polyline 16 wide with round caps and joins, antialiased by
 * coverage, painted one over the other, scaled to 28 x 28. */
#ifndef NTRACE_RASTER_H
#define NTRACE_RASTER_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_RASTER_SIDE = 28, NT_RASTER_PIXELS = NT_RASTER_SIDE * NT_RASTER_SIDE };

/* Bytes of scratch that nt_raster needs, whatever it draws. */
size_t nt_raster_bytes(void);

/* Draws strokes.
 *
 * image    out  [28,28] ink 255 on 0; all 0 on failure
 * points   in   [sum of counts, 2] x and y (downwards), stroke after stroke; QuickDraw's are 0 to 255 in the longer
 *               direction: what lies outside of the square after centring is cut off
 * counts   in   [strokes] points of each stroke; one point is a dot, none is nothing
 * scratch  out  [nt_raster_bytes()] aligned to 8
 *
 * Strokes none of which holds a point give an empty image. The image does not depend on where the drawing lies.
 * Returns NT_OK, or NT_E_VALUE for a coordinate that is not between -1e6 and 1e6. Thread-safe for distinct outputs. */
enum nt_status nt_raster(uint8_t *image, const float *points, const uint32_t *counts, uint32_t strokes, void *scratch);

enum nt_raster_tool {
    NT_RASTER_PEN,
    NT_RASTER_ERASER /* twice as wide; takes ink away by its coverage */
};

/* Draws one stroke over an image, where it lies: (0, 0) to (255, 255) is the square within the margin.
 *
 * image    inout  [28,28] ink 255 on 0; unchanged on failure
 * points   in     [count, 2]; none is nothing
 * scratch  out    [nt_raster_bytes()] aligned to 8
 *
 * Strokes of a drawing whose middle is at 128 that are drawn one after the other give what nt_raster gives. Returns as
 * nt_raster does. */
enum nt_status nt_raster_stroke(uint8_t *image, const float *points, uint32_t count, enum nt_raster_tool tool,
                                void *scratch);

/* Moves and scales a drawing in place, so that it begins at 0 and its longer side ends at 255, as QuickDraw does before
 * it keeps a drawing. A drawing without extent is only moved.
 *
 * points  inout  [count, 2] */
void nt_raster_fit(float *points, size_t count);

/* The same for a drawing that may be finished already: one whose longer side is 251 to 255 stays as it is, for
 * QuickDraw thins drawings after it has fitted them, which can take 2 off each end. What was fitted and thinned once is
 * thus drawn as it is, to the bit. */
void nt_raster_refit(float *points, size_t count);

#ifdef __cplusplus
}
#endif
#endif
