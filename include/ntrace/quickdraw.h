/* QuickDraw's drawings as strokes: lines of .ndjson, simplified or raw, and the official binary files.
 *
 * Formats: https://github.com/googlecreativelab/quickdraw-dataset. A line of .ndjson is an object whose "drawing" is a
 * list of strokes [[x...], [y...]], in raw files [[x...], [y...], [t...]]. A binary drawing, little-endian: key u64,
 * country 2 bytes, recognised u8, time u32, strokes u16, and for each stroke points u16, x u8 [points], y u8 [points].
 */
#ifndef NTRACE_QUICKDRAW_H
#define NTRACE_QUICKDRAW_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/labels.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NT_QUICKDRAW_MAX_POINTS = 1 << 17,      /* of one drawing */
    NT_QUICKDRAW_MAX_LINE_BYTES = 8 << 20,  /* of .ndjson */
    NT_QUICKDRAW_MAX_RECORD_BYTES = 1 << 20 /* of a binary file */
};

struct nt_drawing {
    uint32_t strokes, points;
    uint32_t *count; /* [strokes] points of each stroke */
    float *point;    /* [points, 2] x and y (downwards), stroke after stroke */
    /* Raw drawings come in pixels of a screen of any size: nt_raster_fit brings them to 0 .. 255. */
    int raw;
    char word[NT_LABELS_NAME_BYTES];  /* what was to be drawn; empty where it is not given */
    uint32_t stroke_room, point_room; /* what the arrays hold at most */
};

/* Reads one line of .ndjson.
 *
 * drawing  inout  zeroed before its first use; its arrays grow and are used again; to be given to nt_drawing_clear.
 *                 Undefined on failure, but for that.
 * line     in     [bytes]
 * where    in     stands before errors: "cat.ndjson, line 3 (byte 910)"
 *
 * Returns NT_OK, NT_E_FORMAT, NT_E_SHAPE (x and y of different length, too many points), NT_E_VALUE (coordinates that
 * are not between -1e6 and 1e6), NT_E_MEMORY. */
enum nt_status nt_quickdraw_line(struct nt_drawing *drawing, const char *line, size_t bytes, const char *where,
                                 const struct nt_allocator *allocator, struct nt_error *error);

/* Reads one drawing of a binary file.
 *
 * size   out  bytes that it takes; 0 on failure
 * bytes  in   [left] from its first byte
 * where  in   stands before errors: "cat.bin, drawing 3 (byte 910)"
 *
 * Returns NT_OK, NT_E_FORMAT, NT_E_SHAPE (too many points), NT_E_DAMAGED (truncated), NT_E_MEMORY. */
enum nt_status nt_quickdraw_record(struct nt_drawing *drawing, size_t *size, const uint8_t *bytes, size_t left,
                                   const char *where, const struct nt_allocator *allocator, struct nt_error *error);

/* Frees the arrays. A zeroed drawing is fine. */
void nt_drawing_clear(struct nt_drawing *drawing, const struct nt_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
