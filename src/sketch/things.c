/* Pianos, umbrellas, wine bottles. */
#include <math.h>

#include "sketch/pen.h"

/* ---- Piano ---- */

/* Keys in a strip: dividing lines, and black keys as short thick ones. */
static void keys(struct nt_pen *pen, double x0, double x1, double y0, double y1) {
    unsigned count = 4 + nt_pick(pen, 7);
    bool white = nt_chance(pen, 0.9), black = !white || nt_chance(pen, 0.4);
    double short_key = nt_vary(pen, 0.4, 0.7), start = nt_chance(pen, 0.15) ? nt_vary(pen, 0, 0.5) : 0;
    for (unsigned i = 1; white && i < count; i++) {
        double x = x0 + (x1 - x0) * (start + (1 - start) * i / count);
        nt_pen_line(pen, x, y0, x, y1);
    }
    unsigned kind = nt_pick(pen, 3);
    for (unsigned i = 1; black && i < count; i++) {
        double x = x0 + (x1 - x0) * (start + (1 - start) * i / count), w = 0.2 * (x1 - x0) / count,
               end = y0 + short_key * (y1 - y0);
        if (nt_chance(pen, 0.2)) {
            continue;
        }
        if (kind == 0) {
            nt_pen_scribble(pen, x, 0.5 * (y0 + end), w, 0.5 * (end - y0));
        } else if (kind == 1) {
            NT_PATH(pen, NT_OPEN, x - w, y0, x - w, end, x + w, end, x + w, y0);
        } else {
            nt_pen_line(pen, x, y0, x, end);
        }
    }
}

static void frame(struct nt_pen *pen, double x0, double y0, double x1, double y1) {
    NT_PATH(pen, NT_CLOSED, x0, y0, x1, y0, x1, y1, x0, y1);
}

static void legs(struct nt_pen *pen, double x0, double x1, double y, double length) {
    bool stout = nt_chance(pen, 0.3);
    unsigned count = NT_CHOOSE(pen, 0, 0, 6, 2, 1);
    double splay = nt_spread(pen, 0, 0.06);
    for (unsigned i = 0; i < count; i++) {
        double t = (double)i / (count - 1), x = x0 + (x1 - x0) * t, out = splay * (2 * t - 1);
        if (stout) {
            NT_PATH(pen, NT_OPEN, x - 0.05, y, x - 0.05 + out, y + length, x + 0.06 + out, y + length, x + 0.06, y);
        } else {
            nt_pen_line(pen, x, y, x + out, y + length);
        }
    }
}

static void keyboard(struct nt_pen *pen) {
    double h = nt_vary(pen, 0.14, 0.5), top = nt_chance(pen, 0.2) ? h * nt_vary(pen, 0.2, 0.5) : 0;
    if (nt_chance(pen, 0.9)) {
        frame(pen, -1, -h - top, 1, h);
    }
    if (top > 0) {
        nt_pen_line(pen, -1, -h, 1, -h);
    }
    keys(pen, -1, 1, -h, h);
    if (nt_chance(pen, 0.15)) {
        legs(pen, -0.85, 0.85, h, nt_vary(pen, 0.3, 0.8));
    }
}

/* A case with a strip of keys that may stand out, and legs. */
static void upright(struct nt_pen *pen) {
    double top = nt_vary(pen, 0.3, 0.95), strip = nt_vary(pen, 0.12, 0.35),
           out = nt_chance(pen, 0.4) ? nt_vary(pen, 0, 0.15) : 0, length = nt_vary(pen, 0.2, 0.75);
    bool low_case = nt_chance(pen, 0.35);
    unsigned mode = nt_chance(pen, 0.2) ? NT_CLOSED | NT_SMOOTH : NT_CLOSED;
    NT_PATH(pen, mode, -1, -top, 0, -top - 0.02, 1, -top, 1, 0, 0, 0, -1, 0);
    if (nt_chance(pen, 0.75)) {
        NT_PATH(pen, NT_OPEN, -1, 0, -1 - out, strip, 1 + out, strip, 1, 0);
    }
    if (nt_chance(pen, 0.8)) {
        keys(pen, -0.97, 0.97, 0, strip);
    }
    if (low_case) {
        NT_PATH(pen, NT_OPEN, -0.95, strip, -0.95, strip + length, 0.95, strip + length, 0.95, strip);
    } else if (nt_chance(pen, 0.85)) {
        legs(pen, -0.9, 0.9, strip, length);
    }
    if (nt_chance(pen, 0.15)) {
        frame(pen, -0.3, -0.75 * top, 0.3, -0.25 * top);
    }
    if (nt_chance(pen, 0.08)) { /* pedals */
        nt_pen_dot(pen, -0.1, strip + length, 0.05);
        nt_pen_dot(pen, 0.1, strip + length, 0.05);
    }
}

/* From the side, aslant: a table with a step and keys drawn on the slope. */
static void oblique_piano(struct nt_pen *pen) {
    double depth = nt_vary(pen, 0.15, 0.5), rise = nt_vary(pen, 0.15, 0.5), h = nt_vary(pen, 0.1, 0.4),
           slope = nt_spread(pen, 0, 0.1);
    NT_PATH(pen, NT_CLOSED, -1, 0, 1, slope, 1 + depth * 0.5, slope - rise, -1 + depth, -rise);
    keys(pen, -0.9, 1, -0.7 * rise, 0);
    if (nt_chance(pen, 0.7)) {
        NT_PATH(pen, NT_OPEN, -1, 0, -1, h, 1, h + slope, 1, slope);
    }
    if (nt_chance(pen, 0.4)) {
        NT_PATH(pen, NT_OPEN, -1 + depth, -rise, -1 + depth, -rise - 0.4, 1 + depth * 0.5, slope - rise - 0.4,
                1 + depth * 0.5, slope - rise);
    }
    if (nt_chance(pen, 0.5)) {
        legs(pen, -0.95, 0.95, h, nt_vary(pen, 0.3, 0.7));
    }
}

/* The wing-shaped case, from above or with its lid up. */
static void grand(struct nt_pen *pen) {
    double waist = nt_vary(pen, 0.1, 0.5), length = nt_vary(pen, 0.8, 1.3);
    if (nt_chance(pen, 0.5)) {
        NT_PATH(pen, NT_SMOOTH, -0.8, 0.6, -0.8, 0, -0.75, -length * 0.8, -0.4, -length, -0.1, -length * 0.8,
                waist - 0.1, -0.35, 0.5 + waist, -0.1, 0.8, 0.2, 0.8, 0.6);
        nt_pen_line(pen, -0.8, 0.6, 0.8, 0.6);
        if (nt_chance(pen, 0.8)) {
            nt_pen_line(pen, -0.8, 0.3, 0.8, 0.3);
            keys(pen, -0.8, 0.8, 0.3, 0.6);
        }
        return;
    }
    double lid = nt_vary(pen, 0.3, 0.8);
    NT_PATH(pen, NT_OPEN, -1, 0, 1, 0, 1, 0.2, -1, 0.2, -1, 0);
    NT_PATH(pen, NT_OPEN, -0.9, 0, 0.5, -lid, 1, 0);
    if (nt_chance(pen, 0.5)) {
        nt_pen_line(pen, 0.6, 0, 0.4, -0.7 * lid);
    }
    legs(pen, -0.85, 0.85, 0.2, nt_vary(pen, 0.35, 0.7));
    if (nt_chance(pen, 0.5)) {
        keys(pen, -1, -0.2, 0, 0.2);
    }
}

void nt_draw_piano(struct nt_pen *pen) {
    double side = nt_side(pen);
    struct nt_frame before = nt_pen_move(pen, 0, 0, side, nt_vary(pen, 0.85, 1.2), 0);
    pen->tilt = 4;
    if (nt_chance(pen, 0.3)) {
        pen->frame.m[1] += nt_spread(pen, 0, 0.1); /* seen aslant */
    }
    switch (NT_CHOOSE(pen, 9, 8, 1.5, 1.5)) {
    case 0:
        keyboard(pen);
        break;
    case 1:
        upright(pen);
        break;
    case 2:
        oblique_piano(pen);
        break;
    default:
        grand(pen);
    }
    nt_pen_back(pen, before);
}

/* ---- Umbrella ---- */

static void handle(struct nt_pen *pen, double top, double low) {
    double hook = nt_vary(pen, 0.1, 0.28), side = nt_side(pen), thick = nt_vary(pen, 0.06, 0.14),
           x = nt_spread(pen, 0, 0.06);
    struct nt_frame before = nt_pen_move(pen, x, 0, side, 1, 0);
    switch (NT_CHOOSE(pen, 7, 2, 1.2, 0.7)) {
    case 0:
        NT_PATH(pen, NT_SMOOTH, 0, top, 0, 0.6 * low, 0, low - hook, -0.3 * hook, low, -hook, low + 0.15 * hook,
                -1.8 * hook, low, -2 * hook, low - hook);
        break;
    case 1:
        nt_pen_line(pen, 0, top, 0, low);
        break;
    case 2: /* two lines */
        NT_PATH(pen, NT_SMOOTH, -thick, top, -thick, low - hook, -0.5 * hook - thick, low, -1.5 * hook,
                low - 0.5 * hook);
        NT_PATH(pen, NT_SMOOTH, thick, top, thick, low - hook, -0.3 * hook, low + 0.15, -2 * hook, low - 0.3 * hook);
        break;
    default:
        NT_PATH(pen, NT_OPEN, -thick, top, -thick, low, thick, low, thick, top);
    }
    nt_pen_back(pen, before);
}

static void hem(struct nt_pen *pen, double w) {
    unsigned bows = 2 + nt_pick(pen, 5);
    double sag = nt_vary(pen, 0.05, 0.25);
    switch (NT_CHOOSE(pen, 5, 5, 1.5, 1)) {
    case 0:
        nt_pen_line(pen, -w, 0, w, 0);
        break;
    case 1:
        nt_pen_bows(pen, nt_chance(pen, 0.3) ? NT_ON : NT_OPEN, w, 0, -w, 0, bows, 0.5 * w / bows);
        break;
    case 2:
        NT_PATH(pen, NT_SMOOTH, -w, 0, 0, sag * nt_side(pen), w, 0);
        break;
    default: /* open below */
        break;
    }
}

static void canopy(struct nt_pen *pen, double w, double h) {
    double shoulder = nt_vary(pen, 0.6, 0.85), flat = nt_vary(pen, 0.55, 1);
    switch (NT_CHOOSE(pen, 7, 3, 1.5)) {
    case 0:
        nt_pen_arc(pen, NT_OPEN, 0, 0, w, h, 180, 360);
        break;
    case 1:
        NT_PATH(pen, NT_SMOOTH, -w, 0, -shoulder * w, -flat * 0.7 * h, -0.35 * w, -0.95 * h, 0, -h, 0.35 * w, -0.95 * h,
                shoulder * w, -flat * 0.7 * h, w, 0);
        break;
    default:
        if (nt_chance(pen, 0.5)) {
            NT_PATH(pen, NT_OPEN, -w, 0, 0, -h, w, 0);
        } else {
            NT_PATH(pen, NT_OPEN, -w, 0, -0.6 * w, -h, 0.6 * w, -h, w, 0);
        }
    }
}

static void ribs(struct nt_pen *pen, double w, double h) {
    unsigned count = 1 + nt_pick(pen, 4);
    double bow = nt_vary(pen, 0, 0.12);
    for (unsigned i = 1; i <= count; i++) {
        double t = 2.0 * i / (count + 1) - 1, x = t * w;
        NT_PATH(pen, NT_SMOOTH, 0, -h, x * 0.75 + bow * t, -0.5 * h, x, 0);
    }
}

static void closed_umbrella(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.2, 0.45);
    NT_PATH(pen, NT_OPEN, 0, -1, -w, 0.35, w, 0.35, 0, -1);
    if (nt_chance(pen, 0.5)) {
        nt_pen_zigzag(pen, NT_OPEN, -w, 0.35, w, 0.35, 3, 0.1);
    }
    handle(pen, 0.35, 1);
}

void nt_draw_umbrella(struct nt_pen *pen) {
    pen->tilt = 9;
    if (nt_chance(pen, 0.04)) {
        closed_umbrella(pen);
        return;
    }
    double w = nt_vary(pen, 0.75, 1.05), h = nt_vary(pen, 0.4, 1), low = nt_vary(pen, 0.6, 1.15);
    if (nt_chance(pen, 0.25)) {
        pen->tilt = 25;
    }
    bool handle_first = nt_chance(pen, 0.12), through = nt_chance(pen, 0.2);
    if (handle_first) {
        handle(pen, 0, low);
    }
    canopy(pen, w, h);
    hem(pen, w);
    if (!handle_first) {
        handle(pen, through ? -h : 0, low);
    }
    if (nt_chance(pen, 0.3)) {
        ribs(pen, w, h);
    }
    if (nt_chance(pen, 0.2)) {
        nt_pen_line(pen, 0, -h, 0, -h - 0.15);
    }
    if (nt_chance(pen, 0.05)) {
        for (unsigned i = 3 + nt_pick(pen, 4); i > 0; i--) {
            double x = nt_vary(pen, -1, 1), y = -h - nt_vary(pen, 0.1, 0.4);
            nt_pen_line(pen, x, y, x - 0.04, y + 0.12);
        }
    }
    if (nt_chance(pen, 0.06)) {
        nt_pen_scribble(pen, 0, -0.45 * h, 0.8 * w, 0.4 * h);
    }
}

/* ---- Wine bottle ---- */

static void bottle_outline(struct nt_pen *pen, double w, double neck, double shoulder, double foot, bool curved) {
    double foot_w = w * foot, rise = nt_vary(pen, 0.05, 0.35), mouth = neck * nt_vary(pen, 0.85, 1.25);
    unsigned mode = (curved ? NT_SMOOTH : NT_OPEN) | (nt_chance(pen, 0.5) ? NT_CLOSED : NT_OPEN);
    switch (NT_CHOOSE(pen, 6, 1.2, 1.2)) {
    case 0:
        NT_PATH(pen, mode, mouth, -1, neck, shoulder - rise, w * 0.9, shoulder, w, shoulder + 0.15, w, 0.5, foot_w, 1,
                -foot_w, 1, -w, 0.5, -w, shoulder + 0.15, -w * 0.9, shoulder, -neck, shoulder - rise, -mouth, -1);
        break;
    case 1: /* two sides, and a bottom or not */
        NT_PATH(pen, mode & NT_SMOOTH, -mouth, -1, -neck, shoulder - rise, -w, shoulder + 0.1, -foot_w, 1);
        NT_PATH(pen, mode & NT_SMOOTH, mouth, -1, neck, shoulder - rise, w, shoulder + 0.1, foot_w, 1);
        if (nt_chance(pen, 0.6)) {
            nt_pen_line(pen, -foot_w, 1, foot_w, 1);
        }
        break;
    default: /* neck and body apart */
        NT_PATH(pen, (curved ? NT_SMOOTH : NT_OPEN) | NT_CLOSED, -w, shoulder, w, shoulder, w, 0.6, foot_w, 1, -foot_w,
                1, -w, 0.6);
        NT_PATH(pen, NT_OPEN, -neck, shoulder, -mouth, -1, mouth, -1, neck, shoulder);
    }
}

void nt_draw_wine_bottle(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.22, 0.55), neck = fmin(w * nt_vary(pen, 0.25, 0.6), 0.2),
           shoulder = nt_vary(pen, -0.45, 0.1), foot = nt_vary(pen, 0.85, 1.15);
    bool curved = nt_chance(pen, 0.5), flask = nt_chance(pen, 0.15);
    pen->tilt = nt_chance(pen, 0.15) ? 25 : 6;
    if (flask) { /* a cone or a round belly under a neck */
        double belly = nt_vary(pen, 0.4, 0.75), low = nt_vary(pen, 0.3, 0.9);
        NT_PATH(pen, nt_chance(pen, 0.5) ? NT_OPEN : NT_SMOOTH, neck, -1, neck, shoulder - 0.1, belly, low, belly * 0.8,
                1, -belly * 0.8, 1, -belly, 0.7, -neck, shoulder - 0.1, -neck, -1);
    } else {
        bottle_outline(pen, w, neck, shoulder, foot, curved);
    }
    if (nt_chance(pen, 0.45)) { /* cap, rim or cork */
        double r = neck * nt_vary(pen, 0.9, 1.6), h = nt_vary(pen, 0.06, 0.2);
        NT_PATH(pen, NT_CLOSED, -r, -1, -r, -1 - h, r, -1 - h, r, -1);
    } else if (nt_chance(pen, 0.6)) {
        nt_pen_line(pen, -neck, -1, neck, -1);
    }
    if (nt_chance(pen, 0.15)) {
        nt_pen_line(pen, -neck, -0.85, neck, -0.85);
    }
    if (nt_chance(pen, 0.32)) { /* label */
        double y0 = shoulder + nt_vary(pen, 0.2, 0.4), y1 = y0 + nt_vary(pen, 0.25, 0.5), in = nt_vary(pen, 0.6, 1);
        if (nt_chance(pen, 0.5)) {
            NT_PATH(pen, NT_CLOSED, -in * w, y0, in * w, y0, in * w, y1, -in * w, y1);
        } else {
            nt_pen_line(pen, -w, y0, w, y0);
            nt_pen_line(pen, -w, y1, w, y1);
        }
        if (nt_chance(pen, 0.3)) {
            nt_pen_zigzag(pen, NT_OPEN, -0.5 * w, 0.5 * (y0 + y1), 0.5 * w, 0.5 * (y0 + y1), 3, 0.08);
        }
    }
    if (nt_chance(pen, 0.04)) {
        nt_pen_scribble(pen, 0, 0.35, w, 0.6);
    }
}
