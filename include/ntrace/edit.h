/* Changes of a grey image, ink on 0: moved, turned, thickened, made noisy. For asking what a network would have said.
 *
 * All work on [height, width] bytes, height and width at least 1, and allocate nothing. Thread-safe for distinct
 * outputs. */
#ifndef NTRACE_EDIT_H
#define NTRACE_EDIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Turns an image around its middle and then moves it.
 *
 * out      out  [height, width]; does not overlap `in`
 * degrees  in   clockwise, finite
 * x, y     in   pixels to the right and downwards, finite
 *
 * Every pixel looks up where it comes from, bilinearly, and is rounded; beyond the image is 0. Whole pixels without
 * turning move bytes as they are. */
void nt_edit_move(uint8_t *out, const uint8_t *in, uint32_t height, uint32_t width, float degrees, float x, float y);

/* Goes `share` of the way to the image in which every pixel is as inky as the inkiest of itself and its four
 * neighbours; for a negative share as the least inky.
 *
 * out    out  [height, width]; does not overlap `in`
 * share  in   -1 to 1 */
void nt_edit_thicken(uint8_t *out, const uint8_t *in, uint32_t height, uint32_t width, float share);

/* Adds normal noise to every value, rounds, and cuts at 0 and 255.
 *
 * image      inout  [count]
 * deviation  in     of 255, at least 0
 * seed       in     the same noise on every machine */
void nt_edit_noise(uint8_t *image, size_t count, float deviation, uint32_t seed);

#ifdef __cplusplus
}
#endif
#endif
