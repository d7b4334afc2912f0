/* Strokes, drawn as QuickDraw draws them. Opening a file finds where its drawings begin. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "formats/images.h"
#include "formats/lines.h"
#include "ntrace/quickdraw.h"
#include "ntrace/raster.h"

enum { WINDOW_BYTES = 4 * NT_QUICKDRAW_MAX_RECORD_BYTES };

struct drawings {
    uint64_t *offset; /* [count + 1] where each begins, and the end */
    size_t room;
    struct nt_lines lines; /* of .ndjson */
    FILE *file;            /* binary */
    uint8_t *window;       /* [WINDOW_BYTES] binary */
    struct nt_drawing drawing;
    void *canvas;
};

static enum nt_status no_memory(const struct nt_images_part *part, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for its drawings", part->path);
}

static void close_drawings(struct nt_images_part *part) {
    struct drawings *d = part->handle;
    nt_lines_close(&d->lines);
    if (d->file != NULL) {
        (void)fclose(d->file);
    }
    nt_drawing_clear(&d->drawing, part->allocator);
    nt_release(part->allocator, d->offset);
    nt_release(part->allocator, d->window);
    nt_release(part->allocator, d->canvas);
}

static enum nt_status start(struct nt_images_part *part, struct nt_error *error) {
    struct drawings *d = part->handle;
    part->shape = (struct nt_shape){1, NT_RASTER_SIDE, NT_RASTER_SIDE};
    d->canvas = nt_allocate(part->allocator, nt_raster_bytes(), 1);
    return d->canvas != NULL ? NT_OK : no_memory(part, error);
}

/* Keeps where drawing number part->count begins. */
static enum nt_status keep_offset(struct nt_images_part *part, uint64_t offset, struct nt_error *error) {
    struct drawings *d = part->handle;
    if (part->count == NT_IMAGES_MAX_COUNT) {
        return nt_error_set(error, NT_E_SHAPE, "%s: more than %d drawings", part->path, NT_IMAGES_MAX_COUNT);
    }
    if (part->count == d->room) {
        size_t room = 2 * d->room + 1024;
        uint64_t *grown = nt_allocate(part->allocator, room, sizeof *grown);
        if (grown == NULL) {
            return no_memory(part, error);
        }
        if (part->count > 0) {
            memcpy(grown, d->offset, part->count * sizeof *grown);
        }
        nt_release(part->allocator, d->offset);
        d->offset = grown;
        d->room = room;
    }
    d->offset[part->count] = offset;
    return NT_OK;
}

static enum nt_status draw(uint8_t *image, struct drawings *d, const char *where, struct nt_error *error) {
    if (d->drawing.raw) {
        nt_raster_fit(d->drawing.point, d->drawing.points);
    }
    enum nt_status status = nt_raster(image, d->drawing.point, d->drawing.count, d->drawing.strokes, d->canvas);
    return status == NT_OK ? NT_OK : nt_error_set(error, status, "%s: coordinates out of range", where);
}

/* ---- .ndjson. ---- */

static enum nt_status open_lines(struct nt_images_part *part, struct nt_error *error) {
    bool more;
    NT_TRY(start(part, error));
    struct nt_lines *lines = &((struct drawings *)part->handle)->lines;
    NT_TRY(nt_lines_open(lines, part->path, NT_QUICKDRAW_MAX_LINE_BYTES, part->allocator, error));
    NT_TRY(nt_lines_next(&more, lines, error));
    for (; more; part->count++) {
        NT_TRY(keep_offset(part, lines->offset, error));
        NT_TRY(nt_lines_next(&more, lines, error));
    }
    return NT_OK;
}

static enum nt_status read_line(char *where, const struct nt_images_part *part, uint32_t number,
                                struct nt_error *error) {
    struct drawings *d = part->handle;
    bool more;
    NT_TRY(nt_lines_seek(&d->lines, d->offset[number], (uint64_t)number + 1, error));
    NT_TRY(nt_lines_next(&more, &d->lines, error));
    (void)nt_lines_where(where, &d->lines);
    return more ? nt_quickdraw_line(&d->drawing, d->lines.text, d->lines.bytes, where, part->allocator, error)
                : nt_error_set(error, NT_E_IO, "%s: it changed while it was read", part->path);
}

static enum nt_status draw_line(uint8_t *image, const struct nt_images_part *part, uint32_t number,
                                struct nt_error *error) {
    char where[NT_LINES_WHERE_BYTES];
    NT_TRY(read_line(where, part, number, error));
    return draw(image, part->handle, where, error);
}

static enum nt_status line_word(char word[NT_LABELS_NAME_BYTES], const struct nt_images_part *part, uint32_t number,
                                struct nt_error *error) {
    char where[NT_LINES_WHERE_BYTES];
    const struct drawings *d = part->handle;
    NT_TRY(read_line(where, part, number, error));
    memcpy(word, d->drawing.word, NT_LABELS_NAME_BYTES);
    return word[0] != 0 ? NT_OK
                        : nt_error_set(error, NT_E_MISSING, "%s: expected a \"word\", or labels of their own", where);
}

const struct nt_images_format nt_images_ndjson = {.ending = ".ndjson",
                                                  .handle_bytes = sizeof(struct drawings),
                                                  .open = open_lines,
                                                  .read = draw_line,
                                                  .close = close_drawings,
                                                  .word = line_word};

/* ---- Binary. ---- */

static enum nt_status cannot_read(const struct nt_images_part *part, struct nt_error *error) {
    return nt_error_set(error, NT_E_IO, "%s: cannot be read: %s", part->path,
                        errno != 0 ? strerror(errno) : "input/output error");
}

static void say_where(char *where, const struct nt_images_part *part, uint32_t number, uint64_t offset) {
    (void)snprintf(where, NT_LINES_WHERE_BYTES, "%.256s, drawing %u (byte %" PRIu64 ")", part->path, number, offset);
}

/* The next drawing in the window, which slides on where it may hold less than one. */
static enum nt_status next_record(uint64_t *offset, size_t *at, size_t *end, struct nt_images_part *part,
                                  struct nt_error *error) {
    struct drawings *d = part->handle;
    char where[NT_LINES_WHERE_BYTES];
    size_t size;
    say_where(where, part, part->count, *offset);
    NT_TRY(keep_offset(part, *offset, error));
    NT_TRY(nt_quickdraw_record(&d->drawing, &size, d->window + *at, *end - *at, where, part->allocator, error));
    part->count++;
    *offset += size;
    *at += size;
    if (*end - *at < NT_QUICKDRAW_MAX_RECORD_BYTES) {
        memmove(d->window, d->window + *at, *end - *at);
        *end -= *at;
        *at = 0;
        errno = 0;
        *end += fread(d->window + *end, 1, WINDOW_BYTES - *end, d->file);
        return ferror(d->file) ? cannot_read(part, error) : NT_OK;
    }
    return NT_OK;
}

static enum nt_status open_records(struct nt_images_part *part, struct nt_error *error) {
    NT_TRY(start(part, error));
    struct drawings *d = part->handle;
    errno = 0;
    d->file = fopen(part->path, "rb");
    d->window = nt_allocate(part->allocator, WINDOW_BYTES, 1);
    if (d->file == NULL || d->window == NULL) {
        return d->file == NULL ? cannot_read(part, error) : no_memory(part, error);
    }
    uint64_t offset = 0;
    size_t at = 0, end = fread(d->window, 1, WINDOW_BYTES, d->file);
    if (ferror(d->file)) {
        return cannot_read(part, error);
    }
    while (at < end) {
        NT_TRY(next_record(&offset, &at, &end, part, error));
    }
    return keep_offset(part, offset, error);
}

static enum nt_status draw_record(uint8_t *image, const struct nt_images_part *part, uint32_t number,
                                  struct nt_error *error) {
    struct drawings *d = part->handle;
    char where[NT_LINES_WHERE_BYTES];
    size_t wanted = (size_t)(d->offset[number + 1] - d->offset[number]), size;
    errno = 0;
    if (fseeko(d->file, (off_t)d->offset[number], SEEK_SET) != 0 || fread(d->window, 1, wanted, d->file) != wanted) {
        return cannot_read(part, error);
    }
    say_where(where, part, number, d->offset[number]);
    NT_TRY(nt_quickdraw_record(&d->drawing, &size, d->window, wanted, where, part->allocator, error));
    return draw(image, d, where, error);
}

const struct nt_images_format nt_images_binary = {.ending = ".bin",
                                                  .handle_bytes = sizeof(struct drawings),
                                                  .open = open_records,
                                                  .read = draw_record,
                                                  .close = close_drawings};
