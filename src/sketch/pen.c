#include "sketch/pen.h"

#include <assert.h>
#include <math.h>

static const double DEGREE = 3.14159265358979323846 / 180;
static const double STEP = 0.04; /* between points laid down, in units of the box */

enum { MAX_CONTROL = 64 };

/* ---- Chance ---- */

double nt_vary(struct nt_pen *pen, double low, double high) {
    return low + (high - low) * (double)nt_random_uniform(&pen->random);
}

double nt_spread(struct nt_pen *pen, double mean, double deviation) {
    double normal = (double)nt_random_normal(&pen->random);
    return mean + deviation * fmin(fmax(normal, -2), 2);
}

bool nt_chance(struct nt_pen *pen, double share) { return (double)nt_random_uniform(&pen->random) < share; }

unsigned nt_pick(struct nt_pen *pen, unsigned count) { return nt_random_below(&pen->random, count); }

double nt_side(struct nt_pen *pen) { return nt_chance(pen, 0.5) ? 1 : -1; }

unsigned nt_choose(struct nt_pen *pen, const double *weights, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) {
        total += weights[i];
    }
    double left = nt_vary(pen, 0, total);
    unsigned chosen = 0;
    while (chosen + 1 < count && left >= weights[chosen]) {
        left -= weights[chosen++];
    }
    return chosen;
}

void nt_pen_start(struct nt_pen *pen, uint64_t seed, uint64_t stream) {
    nt_random_seed(&pen->random, seed, stream);
    pen->frame = (struct nt_frame){{1, 0, 0, 1, 0, 0}};
    pen->strokes = 0;
    pen->total = 0;
    pen->mess = 0.6 * exp(nt_spread(pen, 0, 0.4));
    double haste = nt_vary(pen, 0, 1), closing = nt_vary(pen, 0, 1);
    pen->haste = haste * haste;
    pen->closing = closing * closing * closing;
    pen->lifting = nt_chance(pen, 0.15) ? 0.3 : 0.02;
    pen->tilt = 6;
}

/* ---- Laying down points ---- */

struct nt_frame nt_pen_move(struct nt_pen *pen, double x, double y, double scale_x, double scale_y, double degrees) {
    struct nt_frame before = pen->frame;
    const double *m = before.m;
    double c = cos(degrees * DEGREE), s = sin(degrees * DEGREE);
    pen->frame = (struct nt_frame){{
        (m[0] * c + m[2] * s) * scale_x,
        (m[1] * c + m[3] * s) * scale_x,
        (m[2] * c - m[0] * s) * scale_y,
        (m[3] * c - m[1] * s) * scale_y,
        m[0] * x + m[2] * y + m[4],
        m[1] * x + m[3] * y + m[5],
    }};
    return before;
}

void nt_pen_back(struct nt_pen *pen, struct nt_frame frame) { pen->frame = frame; }

static void lower(struct nt_pen *pen, unsigned mode) {
    bool on = (mode & NT_ON) != 0 || nt_chance(pen, pen->lifting);
    if ((on && pen->strokes > 0) || pen->strokes == NT_PEN_STROKES) {
        return;
    }
    pen->counts[pen->strokes++] = 0;
}

static void put(struct nt_pen *pen, double x, double y) {
    if (pen->total == NT_PEN_POINTS) {
        return;
    }
    const double *m = pen->frame.m;
    double *point = pen->points + 2 * (size_t)pen->total++;
    point[0] = m[0] * x + m[2] * y + m[4];
    point[1] = m[1] * x + m[3] * y + m[5];
    pen->counts[pen->strokes - 1]++;
}

/* Points on the way to (x, y), so that later bends bend straight lines too. */
static void put_straight(struct nt_pen *pen, double x0, double y0, double x1, double y1) {
    unsigned steps = (unsigned)(hypot(x1 - x0, y1 - y0) / STEP) + 1;
    for (unsigned i = 1; i <= steps; i++) {
        double t = (double)i / steps;
        put(pen, x0 + t * (x1 - x0), y0 + t * (y1 - y0));
    }
}

/* Catmull-Rom through b and c. */
static void put_curve(struct nt_pen *pen, const double *a, const double *b, const double *c, const double *d) {
    unsigned steps = (unsigned)(hypot(c[0] - b[0], c[1] - b[1]) / STEP) + 2;
    for (unsigned i = 1; i <= steps; i++) {
        double t = (double)i / steps, out[2];
        for (int k = 0; k < 2; k++) {
            out[k] = b[k] + 0.5 * t *
                                (c[k] - a[k] +
                                 t * (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k] + t * (3 * (b[k] - c[k]) + d[k] - a[k])));
        }
        put(pen, out[0], out[1]);
    }
}

/* ---- Paths ---- */

static double extent_of(const double *points, size_t count) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < 2 * count; i++) {
        low[i & 1] = fmin(low[i & 1], points[i]);
        high[i & 1] = fmax(high[i & 1], points[i]);
    }
    return hypot(high[0] - low[0], high[1] - low[1]);
}

/* Copies control points, each a little off; a closed path begins at any of them and ends near there. */
static size_t unsteady(struct nt_pen *pen, double *out, unsigned mode, const double *points, size_t count) {
    bool closed = (mode & NT_CLOSED) != 0;
    double error = pen->mess * (0.01 + 0.03 * extent_of(points, count)) * sqrt(fmin(1, 6.0 / (double)count));
    double inertia = count > 6 ? 0.6 : 0; /* where points are close, neighbours err alike */
    assert(count > 0 && count < MAX_CONTROL);
    size_t first = closed && (mode & NT_ON) == 0 ? nt_pick(pen, (unsigned)count) : 0;
    double off_x = nt_spread(pen, 0, error), off_y = nt_spread(pen, 0, error);
    for (size_t i = 0; i < count; i++) {
        off_x = inertia * off_x + nt_spread(pen, 0, error);
        off_y = inertia * off_y + nt_spread(pen, 0, error);
        out[2 * i] = points[2 * ((first + i) % count)] + off_x;
        out[2 * i + 1] = points[2 * ((first + i) % count) + 1] + off_y;
    }
    if (!closed) {
        return count;
    }
    double miss = error * (0.5 + 3 * pen->closing);
    out[2 * count] = out[0] + nt_spread(pen, 0, miss);
    out[2 * count + 1] = out[1] + nt_spread(pen, 0, miss);
    return count + 1;
}

void nt_pen_path(struct nt_pen *pen, unsigned mode, const double *points, size_t count) {
    double p[2 * MAX_CONTROL] = {0};
    lower(pen, mode);
    size_t n = unsteady(pen, p, mode, points, count);
    put(pen, p[0], p[1]);
    bool closed = (mode & NT_CLOSED) != 0;
    for (size_t i = 0; i + 1 < n; i++) {
        const double *b = p + 2 * i, *c = b + 2;
        if ((mode & NT_SMOOTH) == 0) {
            put_straight(pen, b[0], b[1], c[0], c[1]);
            continue;
        }
        const double *a = i > 0 ? b - 2 : closed ? p + 2 * (n - 2) : b;
        const double *d = i + 2 < n ? c + 2 : closed ? p + 2 : c;
        put_curve(pen, a, b, c, d);
    }
}

void nt_pen_line(struct nt_pen *pen, double x0, double y0, double x1, double y1) {
    double length = hypot(x1 - x0, y1 - y0), bow = nt_spread(pen, 0, 0.04 * pen->mess * length);
    double over = nt_spread(pen, 0.01, 0.03 * pen->mess), dx = (x1 - x0) * over, dy = (y1 - y0) * over;
    double unit = length > 0 ? 1 / length : 0;
    NT_PATH(pen, NT_SMOOTH, x0 - dx, y0 - dy, (x0 + x1) / 2 - bow * (y1 - y0) * unit,
            (y0 + y1) / 2 + bow * (x1 - x0) * unit, x1 + dx, y1 + dy);
}

/* An arc whose radius wanders in slow waves. */
static void put_arc(struct nt_pen *pen, double x, double y, double rx, double ry, double from, double to,
                    double drift) {
    double waves[3], phase[3], wander = 0.035 * pen->mess;
    for (int k = 0; k < 3; k++) {
        waves[k] = nt_spread(pen, 0, wander / (k + 1));
        phase[k] = nt_vary(pen, 0, 360);
    }
    double length = fabs(to - from) * DEGREE * fmax(fabs(rx), fabs(ry));
    unsigned steps = (unsigned)(length / STEP) + 6;
    for (unsigned i = 0; i <= steps; i++) {
        double t = (double)i / steps, angle = from + t * (to - from), r = 1 + drift * t;
        for (int k = 0; k < 3; k++) {
            r += waves[k] * sin((k + 2) * angle * DEGREE + phase[k] * DEGREE);
        }
        put(pen, x + r * rx * cos(angle * DEGREE), y + r * ry * sin(angle * DEGREE));
    }
}

void nt_pen_loop(struct nt_pen *pen, double x, double y, double radius_x, double radius_y) {
    double from = nt_chance(pen, 0.6) ? nt_spread(pen, -90, 30) : nt_vary(pen, 0, 360);
    double turn = 360 + nt_spread(pen, 8, 12) * (0.5 + 2.5 * pen->closing);
    double drift = nt_spread(pen, 0, 0.05 * pen->mess * (0.3 + pen->closing)), side = nt_side(pen);
    double squeeze = 1 + nt_spread(pen, 0, 0.05 * pen->mess), shift = nt_spread(pen, 0, 0.06 * pen->mess);
    lower(pen, NT_OPEN);
    put_arc(pen, x + shift * radius_x, y, radius_x * squeeze, radius_y / squeeze, from, from + side * turn, drift);
}

void nt_pen_arc(struct nt_pen *pen, unsigned mode, double x, double y, double radius_x, double radius_y, double from,
                double to) {
    double error = 3 * pen->mess, drift = nt_spread(pen, 0, 0.05 * pen->mess);
    double start = from + nt_spread(pen, 0, error), end = to + nt_spread(pen, 0, error);
    lower(pen, mode);
    put_arc(pen, x, y, radius_x, radius_y, start, end, drift);
}

void nt_pen_petal(struct nt_pen *pen, double x0, double y0, double x1, double y1, double width) {
    double dx = x1 - x0, dy = y1 - y0, length = hypot(dx, dy), belly = nt_vary(pen, 0.45, 0.75);
    double unit = length > 0 ? width / length : 0, nx = -dy * unit, ny = dx * unit;
    NT_PATH(pen, NT_SMOOTH, x0, y0, x0 + belly * dx * 0.6 + 0.8 * nx, y0 + belly * dy * 0.6 + 0.8 * ny,
            x0 + belly * dx * 1.25 + nx, y0 + belly * dy * 1.25 + ny, x1, y1, x0 + belly * dx * 1.25 - nx,
            y0 + belly * dy * 1.25 - ny, x0 + belly * dx * 0.6 - 0.8 * nx, y0 + belly * dy * 0.6 - 0.8 * ny, x0, y0);
}

void nt_pen_dot(struct nt_pen *pen, double x, double y, double size) {
    switch (NT_CHOOSE(pen, 2, 2, 2, 1)) {
    case 0:
        lower(pen, NT_OPEN);
        put(pen, x, y);
        break;
    case 1:
        nt_pen_line(pen, x, y - size, x, y + size);
        break;
    case 2:
        nt_pen_loop(pen, x, y, size, size);
        break;
    default:
        nt_pen_scribble(pen, x, y, size, size);
    }
}

void nt_pen_zigzag(struct nt_pen *pen, unsigned mode, double x0, double y0, double x1, double y1, unsigned teeth,
                   double height) {
    double p[2 * MAX_CONTROL] = {0}, dx = x1 - x0, dy = y1 - y0, length = hypot(dx, dy);
    double unit = length > 0 ? height / length : 0;
    size_t n = 0;
    teeth = teeth < MAX_CONTROL / 2 - 1 ? teeth : MAX_CONTROL / 2 - 1;
    for (unsigned i = 0; i <= 2 * teeth; i++) {
        double t = (double)i / (2 * teeth), out = i % 2 == 0 ? 0 : 1 + nt_spread(pen, 0, 0.2);
        p[2 * n] = x0 + t * dx - out * dy * unit;
        p[2 * n++ + 1] = y0 + t * dy + out * dx * unit;
    }
    nt_pen_path(pen, mode, p, n);
}

void nt_pen_bows(struct nt_pen *pen, unsigned mode, double x0, double y0, double x1, double y1, unsigned bows,
                 double height) {
    double p[2 * MAX_CONTROL] = {0}, dx = x1 - x0, dy = y1 - y0, length = hypot(dx, dy);
    double unit = length > 0 ? height / length : 0;
    size_t n = 0;
    bows = bows < MAX_CONTROL / 4 - 1 ? bows : MAX_CONTROL / 4 - 1;
    for (unsigned i = 0; i <= 4 * bows; i++) {
        static const double rise[4] = {0, 0.75, 1, 0.75};
        double t = (double)i / (4 * bows), out = rise[i % 4];
        p[2 * n] = x0 + t * dx - out * dy * unit;
        p[2 * n++ + 1] = y0 + t * dy + out * dx * unit;
    }
    double mess = pen->mess;
    pen->mess *= 0.4; /* the bows themselves are small */
    nt_pen_path(pen, mode, p, n);
    pen->mess = mess;
}

void nt_pen_spiral(struct nt_pen *pen, unsigned mode, double x, double y, double radius, double from, double turns) {
    lower(pen, mode);
    unsigned steps = (unsigned)(fabs(turns) * 16) + 4;
    for (unsigned i = 0; i <= steps; i++) {
        double t = (double)i / steps, r = radius * (1 - 0.8 * t), angle = (from + t * turns * 360) * DEGREE;
        put(pen, x + r * cos(angle), y + r * sin(angle));
    }
}

void nt_pen_scribble(struct nt_pen *pen, double x, double y, double radius_x, double radius_y) {
    double angle = nt_vary(pen, 0, 180), gap = nt_vary(pen, 0.05, 0.1);
    double largest = fmax(fabs(radius_x), fabs(radius_y));
    unsigned turns = (unsigned)(2 * largest / gap) + 2;
    turns = turns < 24 ? turns : 24;
    struct nt_frame before = nt_pen_move(pen, x, y, radius_x, radius_y, 0);
    (void)nt_pen_move(pen, 0, 0, 1, 1, angle);
    lower(pen, NT_OPEN);
    double last_x = 0, last_y = -1;
    put(pen, last_x, last_y);
    for (unsigned i = 1; i <= turns; i++) {
        double v = -1 + 2.0 * i / turns, half = sqrt(fmax(0, 1 - v * v)) * (0.8 + nt_vary(pen, 0, 0.3));
        double u = i % 2 == 0 ? half : -half;
        put(pen, (last_x + u) / 2, (last_y + v) / 2);
        put(pen, u, v);
        last_x = u;
        last_y = v;
    }
    nt_pen_back(pen, before);
}
