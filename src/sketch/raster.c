/* Each stroke is the union of convex pieces (a rectangle per segment, a fan of the round pen per join and cap), marked
 * as spans in a grid of bits, 15 rows and 64 columns to the pixel; coverage is the count of bits. Rows, rounding and
 * the polygon that stands for the round pen are those of cairo at its best quality. */
#include "ntrace/raster.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    SIDE = NT_RASTER_SIDE,
    GRID = 15, /* rows in a pixel */
    ROWS = SIDE * GRID,
    FIXED = 256,      /* units in a pixel */
    PEN_VERTICES = 12 /* what cairo takes for this radius at its tolerance of 0.1 pixels */
};

static const double PI = 3.14159265358979323846;
static const double SCALE = 28.0 / 304.0;
static const double PEN = 8.0 * 28.0 / 304.0, ERASER = 16.0 * 28.0 / 304.0; /* radii */
static const double MARGIN = 24;
static const double LIMIT = 1e6;

struct canvas {
    uint64_t bits[ROWS][SIDE];
};

struct vertex {
    int32_t x, y; /* in units of 1 / FIXED pixels */
};

/* One stroke's marks: the canvas is clean outside of rows top .. bottom. */
struct marks {
    struct canvas *canvas;
    int top, bottom;
    double radius; /* of the pen */
};

struct piece {
    struct vertex vertex[PEN_VERTICES + 3];
    int count;
};

size_t nt_raster_bytes(void) { return sizeof(struct canvas); }

/* ---- Marking one convex piece ---- */

static int grid_row(int32_t y) { return (int)(((int64_t)y * GRID + FIXED / 2) >> 8); }

static int clamp(int value, int low, int high) { return value < low ? low : value > high ? high : value; }

static void mark_span(uint64_t *row, int from, int to) {
    from = clamp(from, 0, SIDE * 64);
    to = clamp(to, 0, SIDE * 64);
    if (from >= to) {
        return;
    }
    int first = from >> 6, last = (to - 1) >> 6;
    uint64_t head = ~UINT64_C(0) << (from & 63), tail = ~UINT64_C(0) >> (63 - ((to - 1) & 63));
    if (first == last) {
        row[first] |= head & tail;
        return;
    }
    row[first] |= head;
    for (int p = first + 1; p < last; p++) {
        row[p] = ~UINT64_C(0);
    }
    row[last] |= tail;
}

/* Widens the spans of the rows that an edge crosses. */
static void cross_edge(float *left, float *right, struct vertex a, struct vertex b) {
    if (a.y > b.y) {
        struct vertex kept = a;
        a = b;
        b = kept;
    }
    int from = clamp(grid_row(a.y), 0, ROWS), to = clamp(grid_row(b.y), 0, ROWS);
    if (from >= to) {
        return;
    }
    float slope = (float)(b.x - a.x) / (float)(b.y - a.y);
    float x = (float)a.x + slope * (((float)from + 0.5f) * ((float)FIXED / GRID) - (float)a.y);
    for (int r = from; r < to; r++) {
        left[r] = x < left[r] ? x : left[r];
        right[r] = x > right[r] ? x : right[r];
        x += slope * ((float)FIXED / GRID);
    }
}

static void mark_piece(struct marks *marks, const struct piece *piece) {
    float left[ROWS], right[ROWS];
    int32_t low = piece->vertex[0].y, high = low;
    for (int i = 1; i < piece->count; i++) {
        low = piece->vertex[i].y < low ? piece->vertex[i].y : low;
        high = piece->vertex[i].y > high ? piece->vertex[i].y : high;
    }
    int top = clamp(grid_row(low), 0, ROWS), bottom = clamp(grid_row(high), 0, ROWS);
    for (int r = top; r < bottom; r++) {
        left[r] = INFINITY;
        right[r] = -INFINITY;
    }
    for (int i = 0; i < piece->count; i++) {
        cross_edge(left, right, piece->vertex[i], piece->vertex[i + 1 < piece->count ? i + 1 : 0]);
    }
    const float edge = (float)SIDE * FIXED;
    for (int r = top; r < bottom; r++) {
        if (left[r] < edge && right[r] > 0) {
            float from = fmaxf(left[r], 0) * (64.0f / FIXED), to = fminf(right[r], edge) * (64.0f / FIXED);
            mark_span(marks->canvas->bits[r], (int)(from + 0.5f), (int)(to + 0.5f));
        }
    }
    marks->top = top < marks->top ? top : marks->top;
    marks->bottom = bottom > marks->bottom ? bottom : marks->bottom;
}

/* ---- Pieces of a stroke ---- */

struct place {
    double x, y; /* in pixels */
};

static struct vertex fixed(double x, double y) {
    return (struct vertex){(int32_t)lrint(x * FIXED), (int32_t)lrint(y * FIXED)};
}

static void add_vertex(struct piece *piece, struct place at, double x, double y) {
    struct vertex center = fixed(at.x, at.y), offset = fixed(x, y);
    piece->vertex[piece->count++] = (struct vertex){center.x + offset.x, center.y + offset.y};
}

/* The part of the pen from one direction to another, `turn` radians on (0 to pi), around a point. */
static void mark_fan(struct marks *marks, struct place at, double from, double turn) {
    const double step = 2 * PI / PEN_VERTICES;
    struct piece piece = {.count = 0};
    add_vertex(&piece, at, 0, 0);
    add_vertex(&piece, at, marks->radius * cos(from), marks->radius * sin(from));
    for (double i = floor(from / step) + 1; i * step < from + turn && piece.count < PEN_VERTICES + 2; i++) {
        add_vertex(&piece, at, marks->radius * cos(i * step), marks->radius * sin(i * step));
    }
    add_vertex(&piece, at, marks->radius * cos(from + turn), marks->radius * sin(from + turn));
    mark_piece(marks, &piece);
}

static void mark_segment(struct marks *marks, struct place a, struct place b, double direction) {
    double x = -marks->radius * sin(direction), y = marks->radius * cos(direction);
    struct piece piece = {.count = 0};
    add_vertex(&piece, a, x, y);
    add_vertex(&piece, b, x, y);
    add_vertex(&piece, b, -x, -y);
    add_vertex(&piece, a, -x, -y);
    mark_piece(marks, &piece);
}

/* The outer side of a bend. */
static void mark_join(struct marks *marks, struct place at, double in, double out) {
    double turn = remainder(out - in, 2 * PI);
    if (turn > 0) {
        mark_fan(marks, at, in - PI / 2, turn);
    } else if (turn < 0) {
        mark_fan(marks, at, out + PI / 2, -turn);
    }
}

static struct place place_of(const float *point, struct place offset) {
    return (struct place){((double)point[0] + offset.x) * SCALE, ((double)point[1] + offset.y) * SCALE};
}

static void mark_stroke(struct marks *marks, const float *points, uint32_t count, struct place offset) {
    struct place at = place_of(points, offset);
    double direction = 0;
    uint32_t segments = 0;
    for (uint32_t i = 1; i < count; i++) {
        struct place to = place_of(points + 2 * (size_t)i, offset);
        struct vertex a = fixed(at.x, at.y), b = fixed(to.x, to.y);
        if (a.x == b.x && a.y == b.y) {
            continue;
        }
        double next = atan2(to.y - at.y, to.x - at.x);
        if (segments++ == 0) {
            mark_fan(marks, at, next + PI / 2, PI);
        } else {
            mark_join(marks, at, direction, next);
        }
        mark_segment(marks, at, to, next);
        direction = next;
        at = to;
    }
    if (segments == 0) {
        mark_fan(marks, at, PI / 2, PI);
    }
    mark_fan(marks, at, direction - PI / 2, PI);
}

/* ---- Painting ---- */

static uint32_t count_bits(uint64_t x) {
    x -= (x >> 1) & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + ((x >> 2) & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((x * UINT64_C(0x0101010101010101)) >> 56);
}

/* a * b / 255, rounded. */
static uint32_t scale_byte(uint32_t a, uint32_t b) {
    uint32_t t = a * b + 128;
    return (t + (t >> 8)) >> 8;
}

/* Paints what is marked over the image, or takes it away, and wipes the marks. */
static void paint(uint8_t *image, struct marks *marks, enum nt_raster_tool tool) {
    for (int y = marks->top / GRID; y * GRID < marks->bottom; y++) {
        for (int x = 0; x < SIDE; x++) {
            uint32_t ink = 0;
            for (int r = y * GRID; r < (y + 1) * GRID; r++) {
                ink += count_bits(marks->canvas->bits[r][x]);
            }
            uint32_t coverage = (ink * 255 + 32 * GRID) / (64 * GRID);
            uint8_t *pixel = &image[y * SIDE + x];
            *pixel = (uint8_t)((tool == NT_RASTER_PEN ? coverage : 0) + scale_byte(*pixel, 255 - coverage));
        }
        memset(marks->canvas->bits[y * GRID], 0, sizeof marks->canvas->bits[0] * GRID);
    }
    marks->top = ROWS;
    marks->bottom = 0;
}

/* What centres the drawing in the square of 304. Without points it is anything. */
static enum nt_status find_offset(struct place *offset, const float *points, size_t count) {
    double low[2] = {LIMIT, LIMIT}, high[2] = {-LIMIT, -LIMIT};
    for (size_t i = 0; i < 2 * count; i++) {
        double value = (double)points[i];
        if (!(value >= -LIMIT && value <= LIMIT)) {
            return NT_E_VALUE;
        }
        low[i & 1] = fmin(low[i & 1], value);
        high[i & 1] = fmax(high[i & 1], value);
    }
    *offset = (struct place){152 - (low[0] + high[0]) / 2, 152 - (low[1] + high[1]) / 2};
    return NT_OK;
}

enum nt_status nt_raster(uint8_t *image, const float *points, const uint32_t *counts, uint32_t strokes, void *scratch) {
    assert((uintptr_t)scratch % sizeof(uint64_t) == 0);
    memset(image, 0, NT_RASTER_PIXELS);
    size_t total = 0;
    for (uint32_t s = 0; s < strokes; s++) {
        total += counts[s];
    }
    struct place offset;
    NT_TRY(find_offset(&offset, points, total));
    struct marks marks = {scratch, ROWS, 0, PEN};
    memset(marks.canvas, 0, sizeof *marks.canvas);
    for (uint32_t s = 0; s < strokes; s++) {
        if (counts[s] != 0) {
            mark_stroke(&marks, points, counts[s], offset);
            paint(image, &marks, NT_RASTER_PEN);
        }
        points += 2 * (size_t)counts[s];
    }
    return NT_OK;
}

enum nt_status nt_raster_stroke(uint8_t *image, const float *points, uint32_t count, enum nt_raster_tool tool,
                                void *scratch) {
    assert((uintptr_t)scratch % sizeof(uint64_t) == 0);
    struct place middle;
    NT_TRY(find_offset(&middle, points, count));
    struct marks marks = {scratch, ROWS, 0, tool == NT_RASTER_PEN ? PEN : ERASER};
    memset(marks.canvas, 0, sizeof *marks.canvas);
    if (count != 0) {
        mark_stroke(&marks, points, count, (struct place){MARGIN, MARGIN});
        paint(image, &marks, tool);
    }
    return NT_OK;
}

void nt_raster_fit(float *points, size_t count) {
    float low[2] = {INFINITY, INFINITY}, extent = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        low[i & 1] = fminf(low[i & 1], points[i]);
    }
    for (size_t i = 0; i < 2 * count; i++) {
        points[i] -= low[i & 1];
        extent = fmaxf(extent, points[i]);
    }
    float scale = extent > 0 ? 255.0f / extent : 1.0f;
    for (size_t i = 0; i < 2 * count; i++) {
        points[i] *= scale;
    }
}

void nt_raster_refit(float *points, size_t count) {
    float low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < 2 * count; i++) {
        low[i & 1] = fminf(low[i & 1], points[i]);
        high[i & 1] = fmaxf(high[i & 1], points[i]);
    }
    float extent = count > 0 ? fmaxf(high[0] - low[0], high[1] - low[1]) : 0;
    if (!(extent >= 251 && extent <= 255)) {
        nt_raster_fit(points, count);
    }
}
