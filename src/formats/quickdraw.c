#include "ntrace/quickdraw.h"

#include <stdbool.h>
#include <string.h>

#include <cjson/cJSON.h>

enum { RECORD_HEADER_BYTES = 17, FEWEST = 64 };

static const double LARGEST = 1e6; /* coordinate that the rasteriser takes */

/* Where the reader stands. */
struct reading {
    struct nt_drawing *drawing;
    const char *where;
    const struct nt_allocator *allocator;
    struct nt_error *error;
};

void nt_drawing_clear(struct nt_drawing *drawing, const struct nt_allocator *allocator) {
    nt_release(allocator, drawing->count);
    nt_release(allocator, drawing->point);
    *drawing = (struct nt_drawing){0};
}

static void *grow(void *old, size_t used, size_t room, size_t item_bytes, const struct nt_allocator *allocator) {
    void *grown = nt_allocate(allocator, room, item_bytes);
    if (grown != NULL && used > 0) {
        memcpy(grown, old, used * item_bytes);
    }
    if (grown != NULL) {
        nt_release(allocator, old);
    }
    return grown;
}

static enum nt_status no_memory(const struct reading *r) {
    return nt_error_set(r->error, NT_E_MEMORY, "%s: not enough memory for its strokes", r->where);
}

/* Adds a stroke of so many points, to be filled in; *point is where they go. */
static enum nt_status add_stroke(float **point, struct reading *r, size_t points) {
    struct nt_drawing *d = r->drawing;
    if (points > NT_QUICKDRAW_MAX_POINTS - (size_t)d->points) {
        return nt_error_set(r->error, NT_E_SHAPE, "%s: more than %d points", r->where, NT_QUICKDRAW_MAX_POINTS);
    }
    if (d->strokes == d->stroke_room) {
        uint32_t room = 2 * d->strokes + FEWEST;
        uint32_t *grown = grow(d->count, d->strokes, room, sizeof *d->count, r->allocator);
        if (grown == NULL) {
            return no_memory(r);
        }
        d->count = grown;
        d->stroke_room = room;
    }
    if (d->point == NULL || d->points + points > d->point_room) {
        uint32_t room = 2 * (d->points + (uint32_t)points) + FEWEST;
        float *grown = grow(d->point, d->points, room, 2 * sizeof *d->point, r->allocator);
        if (grown == NULL) {
            return no_memory(r);
        }
        d->point = grown;
        d->point_room = room;
    }
    *point = d->point + 2 * (size_t)d->points;
    d->count[d->strokes++] = (uint32_t)points;
    d->points += (uint32_t)points;
    return NT_OK;
}

static void start(struct nt_drawing *drawing) {
    drawing->strokes = drawing->points = 0;
    drawing->raw = 0;
    drawing->word[0] = 0;
}

/* ---- .ndjson. ---- */

static enum nt_status wrong(const struct reading *r, const char *expected) {
    return nt_error_set(r->error, NT_E_FORMAT, "%s: stroke %u: expected %s", r->where, r->drawing->strokes, expected);
}

/* One coordinate of all points of a stroke: every second place from `out`. */
static enum nt_status take_axis(float *out, const struct reading *r, const cJSON *axis) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, axis) {
        if (!cJSON_IsNumber(item)) {
            return wrong(r, "numbers as coordinates");
        }
        if (!(item->valuedouble >= -LARGEST && item->valuedouble <= LARGEST)) {
            return nt_error_set(r->error, NT_E_VALUE, "%s: stroke %u: coordinate %g of point %zu: expected -1e6 to 1e6",
                                r->where, r->drawing->strokes - 1, item->valuedouble, i);
        }
        out[2 * i++] = (float)item->valuedouble;
    }
    return NT_OK;
}

static enum nt_status take_stroke(struct reading *r, const cJSON *stroke) {
    const cJSON *x = cJSON_IsArray(stroke) ? stroke->child : NULL, *y = x != NULL ? x->next : NULL,
                *t = y != NULL ? y->next : NULL;
    if (!cJSON_IsArray(x) || !cJSON_IsArray(y) || (t != NULL && (!cJSON_IsArray(t) || t->next != NULL))) {
        return wrong(r, "[[x...], [y...]], with a list of times after them or without");
    }
    int points = cJSON_GetArraySize(x);
    if (points != cJSON_GetArraySize(y)) {
        return nt_error_set(r->error, NT_E_SHAPE, "%s: stroke %u: %d x and %d y", r->where, r->drawing->strokes, points,
                            cJSON_GetArraySize(y));
    }
    float *point;
    r->drawing->raw |= t != NULL;
    NT_TRY(add_stroke(&point, r, (size_t)points));
    NT_TRY(take_axis(point, r, x));
    return take_axis(point + 1, r, y);
}

static enum nt_status take_object(struct reading *r, const cJSON *root) {
    const cJSON *drawing = cJSON_GetObjectItemCaseSensitive(root, "drawing"), *stroke,
                *word = cJSON_GetObjectItemCaseSensitive(root, "word");
    if (!cJSON_IsArray(drawing)) {
        return nt_error_set(r->error, NT_E_FORMAT, "%s: expected a JSON object with a list \"drawing\", found %s",
                            r->where, root == NULL ? "what is no JSON" : "none");
    }
    const char *text = cJSON_IsString(word) ? word->valuestring : "";
    if (strlen(text) >= sizeof r->drawing->word) {
        return nt_error_set(r->error, NT_E_VALUE, "%s: expected a word of at most %zu bytes, found %zu", r->where,
                            sizeof r->drawing->word - 1, strlen(text));
    }
    memcpy(r->drawing->word, text, strlen(text) + 1);
    cJSON_ArrayForEach(stroke, drawing) { NT_TRY(take_stroke(r, stroke)); }
    return NT_OK;
}

enum nt_status nt_quickdraw_line(struct nt_drawing *drawing, const char *line, size_t bytes, const char *where,
                                 const struct nt_allocator *allocator, struct nt_error *error) {
    struct reading r = {drawing, where, allocator, error};
    start(drawing);
    cJSON *root = bytes <= NT_QUICKDRAW_MAX_LINE_BYTES ? cJSON_ParseWithLength(line, bytes) : NULL;
    enum nt_status status = take_object(&r, root);
    cJSON_Delete(root);
    return status;
}

/* ---- Binary. ---- */

static enum nt_status truncated(const struct reading *r, size_t wanted, size_t left) {
    return nt_error_set(r->error, NT_E_DAMAGED, "%s: truncated: expected at least %zu bytes more, found %zu", r->where,
                        wanted, left);
}

static size_t two_bytes(const uint8_t *b) { return (size_t)b[0] | (size_t)b[1] << 8; }

static enum nt_status take_strokes(struct reading *r, size_t *at, const uint8_t *bytes, size_t left) {
    size_t strokes = two_bytes(bytes + RECORD_HEADER_BYTES - 2);
    for (size_t s = 0; s < strokes; s++) {
        float *point;
        if (left - *at < 2) {
            return truncated(r, *at + 2, left);
        }
        size_t points = two_bytes(bytes + *at);
        *at += 2;
        if (left - *at < 2 * points) {
            return truncated(r, *at + 2 * points, left);
        }
        NT_TRY(add_stroke(&point, r, points));
        for (size_t i = 0; i < points; i++) {
            point[2 * i] = bytes[*at + i];
            point[2 * i + 1] = bytes[*at + points + i];
        }
        *at += 2 * points;
    }
    return NT_OK;
}

enum nt_status nt_quickdraw_record(struct nt_drawing *drawing, size_t *size, const uint8_t *bytes, size_t left,
                                   const char *where, const struct nt_allocator *allocator, struct nt_error *error) {
    struct reading r = {drawing, where, allocator, error};
    size_t at = RECORD_HEADER_BYTES;
    *size = 0;
    start(drawing);
    if (left < RECORD_HEADER_BYTES) {
        return truncated(&r, RECORD_HEADER_BYTES, left);
    }
    if (bytes[10] > 1) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: at its byte 10 expected 0 or 1 for a drawing not recognised or recognised, found %u",
                            where, bytes[10]);
    }
    NT_TRY(take_strokes(&r, &at, bytes, left));
    *size = at;
    return NT_OK;
}
