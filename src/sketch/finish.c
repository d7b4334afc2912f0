/* From what the pen laid down to what QuickDraw would have kept. */
#include <math.h>
#include <string.h>

#include "ntrace/raster.h"
#include "sketch/pen.h"

static const double DEGREE = 3.14159265358979323846 / 180;

/* ---- What is left out and what is added ---- */

static void drop_stroke(struct nt_pen *pen, uint32_t stroke) {
    uint32_t start = 0;
    for (uint32_t s = 0; s < stroke; s++) {
        start += pen->counts[s];
    }
    uint32_t after = start + pen->counts[stroke];
    memmove(pen->points + 2 * (size_t)start, pen->points + 2 * (size_t)after,
            (size_t)(pen->total - after) * 2 * sizeof *pen->points);
    pen->total = start + pen->total - after;
    memmove(pen->counts + stroke, pen->counts + stroke + 1, (pen->strokes - stroke - 1) * sizeof *pen->counts);
    pen->strokes--;
}

/* The game ends when its judge is content: the last strokes are often missing. Now and then one in the middle is. */
static void leave_out(struct nt_pen *pen) {
    if (pen->strokes > 2 && nt_chance(pen, 0.07)) {
        double keep = nt_vary(pen, 0.6, 1);
        uint32_t kept = (uint32_t)ceil(keep * pen->strokes);
        while (pen->strokes > kept) {
            drop_stroke(pen, pen->strokes - 1);
        }
    }
    for (uint32_t s = pen->strokes; s-- > 1;) {
        if (nt_chance(pen, 0.008)) {
            drop_stroke(pen, s);
        }
    }
}

static void add_stray(struct nt_pen *pen) {
    if (nt_chance(pen, 0.985)) {
        return;
    }
    double x = nt_vary(pen, -1.3, 1.3), y = nt_vary(pen, -1.3, 1.3), reach = nt_vary(pen, 0, 0.25);
    double angle = nt_vary(pen, 0, 6.28);
    NT_PATH(pen, NT_OPEN, x, y, x + reach * cos(angle), y + reach * sin(angle));
}

/* ---- Shape ---- */

static void measure(const struct nt_pen *pen, double low[2], double high[2]) {
    low[0] = low[1] = INFINITY;
    high[0] = high[1] = -INFINITY;
    for (size_t i = 0; i < 2 * (size_t)pen->total; i++) {
        low[i & 1] = fmin(low[i & 1], pen->points[i]);
        high[i & 1] = fmax(high[i & 1], pen->points[i]);
    }
}

/* Puts the drawing into the box -1 to 1, its longer side from end to end. */
static void normalise(struct nt_pen *pen) {
    double low[2], high[2];
    measure(pen, low, high);
    double extent = fmax(fmax(high[0] - low[0], high[1] - low[1]), 1e-6);
    for (size_t i = 0; i < 2 * (size_t)pen->total; i++) {
        pen->points[i] = (2 * pen->points[i] - low[i & 1] - high[i & 1]) / extent;
    }
}

/* Fast hands cut corners: each stroke's points move towards their neighbours' mean. */
static void round_corners(struct nt_pen *pen) {
    unsigned passes = (unsigned)(pen->haste * 7);
    double *stroke = pen->points;
    for (uint32_t s = 0; s < pen->strokes; s++) {
        uint32_t n = pen->counts[s];
        for (unsigned pass = 0; pass < passes; pass++) {
            double before[2] = {stroke[0], stroke[1]};
            for (uint32_t i = 1; i + 1 < n; i++) {
                for (uint32_t k = 0; k < 2; k++) {
                    double here = stroke[2 * i + k];
                    stroke[2 * i + k] = 0.25 * before[k] + 0.5 * here + 0.25 * stroke[2 * i + 2 + k];
                    before[k] = here;
                }
            }
        }
        stroke += 2 * (size_t)n;
    }
}

/* Slow waves along each stroke: the hand's own tremor and drift. */
static void tremble(struct nt_pen *pen) {
    double *point = pen->points;
    for (uint32_t s = 0; s < pen->strokes; s++) {
        double phase[4], amplitude[4];
        for (int k = 0; k < 4; k++) {
            phase[k] = nt_vary(pen, 0, 6.283);
            amplitude[k] = nt_spread(pen, 0, 0.008 * pen->mess);
        }
        for (uint32_t i = 0; i < pen->counts[s]; i++, point += 2) {
            point[0] += amplitude[0] * sin(0.25 * i + phase[0]) + amplitude[1] * sin(0.6 * i + phase[1]);
            point[1] += amplitude[2] * sin(0.25 * i + phase[2]) + amplitude[3] * sin(0.6 * i + phase[3]);
        }
    }
}

/* A smooth field of displacements over the whole sheet. */
static void warp(struct nt_pen *pen) {
    enum { WAVES = 4 };
    double amount = 0.035 * pen->mess, wave[WAVES][5];
    for (int w = 0; w < WAVES; w++) {
        wave[w][0] = nt_spread(pen, 0, 1.6);
        wave[w][1] = nt_spread(pen, 0, 1.6);
        wave[w][2] = nt_vary(pen, 0, 6.283);
        wave[w][3] = nt_spread(pen, 0, amount);
        wave[w][4] = nt_spread(pen, 0, amount);
    }
    for (size_t i = 0; i < pen->total; i++) {
        double x = pen->points[2 * i], y = pen->points[2 * i + 1];
        for (int w = 0; w < WAVES; w++) {
            double s = sin(wave[w][0] * x + wave[w][1] * y + wave[w][2]);
            pen->points[2 * i] += wave[w][3] * s;
            pen->points[2 * i + 1] += wave[w][4] * s;
        }
    }
}

/* Turn, proportions and slant of the whole; people's boxes differ. */
static void distort(struct nt_pen *pen) {
    double tilt = nt_spread(pen, 0, nt_chance(pen, 0.1) ? 2.5 * pen->tilt : pen->tilt) * DEGREE;
    double aspect = exp(nt_spread(pen, 0, 0.11)), slant = nt_spread(pen, 0, 0.08), c = cos(tilt), s = sin(tilt);
    for (size_t i = 0; i < pen->total; i++) {
        double x = pen->points[2 * i] * aspect, y = pen->points[2 * i + 1] / aspect;
        x += slant * y;
        pen->points[2 * i] = c * x - s * y;
        pen->points[2 * i + 1] = s * x + c * y;
    }
}

/* ---- QuickDraw's thinning: Ramer, Douglas and Peucker with a tolerance of 2 of 255 ---- */

static float distance_to_chord(const float *p, const float *a, const float *b) {
    float dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
    float t = length > 0 ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length : 0;
    t = fminf(fmaxf(t, 0), 1);
    return hypotf(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

/* Thins one stroke in place; returns the points left. Ends still to be reached stand on a stack; a kept point
 * overwrites only what has been passed, except for the anchor, which is therefore copied. */
static uint32_t thin(float *points, uint32_t count) {
    static const float tolerance = 2;
    uint32_t ends[64], kept = 1, from = 0;
    size_t open = 0;
    if (count < 3) {
        return count;
    }
    ends[open++] = count - 1;
    while (open > 0) {
        uint32_t to = ends[open - 1], farthest = 0;
        float anchor[2] = {points[2 * (size_t)kept - 2], points[2 * (size_t)kept - 1]}, distance = tolerance;
        for (uint32_t i = from + 1; i < to; i++) {
            float d = distance_to_chord(points + 2 * (size_t)i, anchor, points + 2 * (size_t)to);
            if (d > distance) {
                distance = d;
                farthest = i;
            }
        }
        if (farthest != 0 && open < sizeof ends / sizeof *ends) {
            ends[open++] = farthest;
            continue;
        }
        memmove(points + 2 * (size_t)kept++, points + 2 * (size_t)to, 2 * sizeof *points);
        from = to;
        open--;
    }
    return kept;
}

uint32_t nt_pen_finish(float *points, uint32_t *counts, struct nt_pen *pen) {
    leave_out(pen);
    normalise(pen);
    add_stray(pen);
    round_corners(pen);
    tremble(pen);
    warp(pen);
    distort(pen);
    for (size_t i = 0; i < 2 * (size_t)pen->total; i++) {
        points[i] = (float)pen->points[i];
    }
    nt_raster_fit(points, pen->total);
    const float *in = points;
    float *out = points;
    for (uint32_t s = 0; s < pen->strokes; s++) {
        uint32_t count = pen->counts[s];
        memmove(out, in, 2 * (size_t)count * sizeof *out);
        in += 2 * (size_t)count;
        counts[s] = thin(out, count);
        for (size_t i = 0; i < 2 * (size_t)counts[s]; i++) {
            out[i] = rintf(out[i]);
        }
        out += 2 * (size_t)counts[s];
    }
    return pen->strokes;
}
