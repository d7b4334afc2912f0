/* Airplanes, cars, trains. */
#include <math.h>

#include "sketch/pen.h"

/* ---- Airplane ---- */

/* Both wings of a plane seen from above or aslant; the fuselage lies along x, nose at 1. */
static void wings(struct nt_pen *pen, double x, double root, double span, double sweep, double chord, unsigned kind) {
    double lower = span * nt_vary(pen, 0.7, 1.2), tip = chord * nt_vary(pen, 0.3, 1);
    for (int side = -1; side <= 1; side += 2) {
        double reach = side < 0 ? span : lower, y = side * root;
        switch (kind) {
        case 0: /* open at the fuselage */
            NT_PATH(pen, NT_OPEN, x + chord, y, x - sweep + tip, side * reach, x - sweep, side * reach, x, y);
            break;
        case 1:
            nt_pen_petal(pen, x + chord / 2, y, x - sweep + chord / 2, side * reach, chord * 0.6);
            break;
        case 2: /* a triangle */
            NT_PATH(pen, NT_OPEN, x + chord, y, x - sweep, side * reach, x - 0.2 * chord, y);
            break;
        case 3:
            NT_PATH(pen, NT_SMOOTH, x + chord, y, x - sweep + chord, side * reach * 0.85, x - sweep + chord / 2,
                    side * reach, x - sweep, side * reach * 0.8, x, y);
            break;
        default:
            nt_pen_line(pen, x, 0, x - sweep, side * reach);
        }
    }
}

static void fuselage(struct nt_pen *pen, double r) {
    double nose = nt_vary(pen, 0.5, 0.95), taper = nt_vary(pen, 0.1, 1);
    switch (NT_CHOOSE(pen, 3, 4, 2, 0.4)) {
    case 0:
        nt_pen_loop(pen, 0, 0, 1, r);
        break;
    case 1:
        NT_PATH(pen, NT_SMOOTH | NT_CLOSED, nose, -r * 0.8, 1, 0, nose, r * 0.8, 0, r, -0.6, r * (0.4 + 0.5 * taper),
                -1, r * taper, -1, -r * taper, -0.6, -r * (0.4 + 0.5 * taper), 0, -r);
        break;
    case 2:
        NT_PATH(pen, NT_CLOSED, 1, 0, nose, -r, -1, -r * taper, -1, r * taper, nose, r);
        break;
    default:
        nt_pen_line(pen, -1, 0, 1, 0);
    }
}

static void windows(struct nt_pen *pen, double x0, double x1, double y, double size) {
    unsigned count = 2 + nt_pick(pen, 4);
    for (unsigned i = 0; i < count; i++) {
        nt_pen_dot(pen, x0 + (x1 - x0) * i / (count - 1.0), y, size);
    }
}

/* From above: cross of fuselage and wings, and a small pair of wings at the tail. */
static void plane_from_above(struct nt_pen *pen) {
    double r = nt_vary(pen, 0.08, 0.36), span = r + nt_vary(pen, 0.3, 0.85),
           sweep = nt_chance(pen, 0.6) ? nt_spread(pen, 0.05, 0.1) : nt_vary(pen, 0.1, 0.6),
           chord = nt_vary(pen, 0.2, 0.5);
    unsigned kind = NT_CHOOSE(pen, 3, 1, 2.5, 4, 0.2);
    double place = nt_vary(pen, -0.15, 0.35);
    fuselage(pen, r);
    if (nt_chance(pen, 0.15)) { /* one blade across */
        nt_pen_loop(pen, place, 0, chord * 0.5, span);
    } else {
        wings(pen, place - chord / 2, r * nt_vary(pen, 0, 1), span, sweep, chord, kind);
    }
    if (nt_chance(pen, 0.7)) {
        double small = nt_vary(pen, 0.2, 0.45);
        wings(pen, -0.9, r * 0.5, span * small, sweep * small, chord * 0.6, kind);
    }
    if (nt_chance(pen, 0.25)) {
        windows(pen, -0.4, 0.6, 0, 0.04);
    }
}

/* From the side: tail fin up, the near wing hanging down over the fuselage, the far one behind it. */
static void plane_from_side(struct nt_pen *pen) {
    double r = nt_vary(pen, 0.12, 0.36), fin = nt_vary(pen, 0.2, 0.5), sweep = nt_vary(pen, 0.1, 0.6),
           reach = nt_vary(pen, 0.25, 0.75), chord = nt_vary(pen, 0.2, 0.45);
    double x = nt_vary(pen, -0.1, 0.3), y = nt_vary(pen, -0.3, 0.8) * r, tip = nt_vary(pen, 0.2, 1) * chord;
    if (nt_chance(pen, 0.5)) {
        NT_PATH(pen, NT_SMOOTH | NT_CLOSED, 1, 0.2 * r, 0.75, -0.8 * r, 0.3, -r, -0.6, -r * 0.9, -0.85, -r - fin, -1,
                -r - fin, -0.95, -0.3 * r, -0.6, r * 0.7, 0, r, 0.75, 0.9 * r);
    } else {
        fuselage(pen, r);
        NT_PATH(pen, NT_OPEN, -0.65, -r * 0.6, -0.9, -r - fin, -1.08, -r - fin, -0.95, -r * 0.3);
    }
    if (nt_chance(pen, 0.85)) {
        NT_PATH(pen, NT_OPEN, x + chord, y, x - sweep + tip, y + reach, x - sweep, y + reach, x, y);
    }
    if (nt_chance(pen, 0.65)) {
        double far_reach = reach * nt_vary(pen, 0.5, 1);
        NT_PATH(pen, NT_OPEN, x + chord, -r, x - sweep + tip, -r - far_reach, x - sweep, -r - far_reach, x, -r);
    }
    if (nt_chance(pen, 0.3)) {
        double small = nt_vary(pen, 0.1, 0.3);
        NT_PATH(pen, NT_OPEN, -0.7, 0, -0.95, small, -1.05, small, -0.9, 0);
    }
    if (nt_chance(pen, 0.35)) {
        windows(pen, -0.4, 0.6, -0.3 * r, 0.04);
    }
    if (nt_chance(pen, 0.1)) {
        nt_pen_loop(pen, 0.1, r + 0.1, 0.1, 0.1);
    }
}

/* One outline, wings and tail in it. */
static void plane_outline(struct nt_pen *pen) {
    double r = nt_vary(pen, 0.06, 0.18), span = nt_vary(pen, 0.55, 1), sweep = nt_vary(pen, 0.05, 0.6),
           chord = nt_vary(pen, 0.2, 0.4), tail = nt_vary(pen, 0.2, 0.45);
    double x = nt_vary(pen, 0, 0.35), c = nt_vary(pen, 0.3, 1) * chord;
    NT_PATH(pen, nt_chance(pen, 0.6) ? NT_CLOSED : NT_CLOSED | NT_SMOOTH, 1, 0, 0.85, -r, x, -r, x - sweep, -span,
            x - sweep - c, -span, x - chord, -r, -0.75, -r, -0.95, -tail, -1.05, -tail, -0.98, 0, -1.05, tail, -0.95,
            tail, -0.75, r, x - chord, r, x - sweep - c, span, x - sweep, span, x, r, 0.85, r);
}

static void plane_of_lines(struct nt_pen *pen) {
    double span = nt_vary(pen, 0.5, 1), sweep = nt_vary(pen, -0.1, 0.5), tail = nt_vary(pen, 0.15, 0.4);
    nt_pen_line(pen, -1, 0, 1, 0);
    if (nt_chance(pen, 0.5)) {
        NT_PATH(pen, NT_OPEN, 0.2 - sweep, -span, 0.2, 0, 0.2 - sweep, span);
    } else {
        wings(pen, 0.1, 0, span, sweep, 0.25, nt_pick(pen, 4));
    }
    if (nt_chance(pen, 0.7)) {
        NT_PATH(pen, NT_OPEN, -1 - 0.3 * sweep, -tail, -0.9, 0, -1 - 0.3 * sweep, tail);
    }
}

static void dart(struct nt_pen *pen) {
    double span = nt_vary(pen, 0.35, 0.7), fold = nt_vary(pen, 0, 0.3), back = nt_vary(pen, -1, -0.6);
    NT_PATH(pen, NT_CLOSED, 1, 0, -1, -span, back, 0, -1, span);
    if (nt_chance(pen, 0.6)) {
        nt_pen_line(pen, 1, 0, back, fold - 0.1);
    }
    if (nt_chance(pen, 0.5)) {
        NT_PATH(pen, NT_OPEN, 0.4, 0, -0.7, fold, -0.75, fold + 0.3, -0.4, fold);
    }
}

void nt_draw_airplane(struct nt_pen *pen) {
    double turn = 0;
    switch (NT_CHOOSE(pen, 14, 3, 1.5)) {
    case 0:
        turn = nt_spread(pen, 0, 9);
        break;
    case 1:
        turn = nt_spread(pen, -38, 12) * nt_side(pen);
        break;
    default:
        turn = -90 + nt_spread(pen, 0, 10);
    }
    struct nt_frame before = nt_pen_move(pen, 0, 0, 1, nt_vary(pen, 0.75, 1.15), turn);
    (void)nt_pen_move(pen, 0, 0, nt_side(pen), 1, 0);
    if (nt_chance(pen, 0.4)) { /* seen aslant */
        pen->frame.m[2] += nt_spread(pen, 0, 0.25);
    }
    pen->tilt = 6;
    switch (NT_CHOOSE(pen, 12, 8, 3, 0.15, 0.3)) {
    case 0:
        plane_from_above(pen);
        break;
    case 1:
        plane_from_side(pen);
        break;
    case 2:
        plane_outline(pen);
        break;
    case 3:
        plane_of_lines(pen);
        break;
    default:
        dart(pen);
    }
    if (nt_chance(pen, 0.025)) {
        nt_pen_scribble(pen, 0, 0, 0.9, 0.15);
    }
    nt_pen_back(pen, before);
}

/* ---- Car ---- */

static void wheel(struct nt_pen *pen, double x, double y, double r) {
    nt_pen_loop(pen, x, y, r, r);
    if (nt_chance(pen, 0.2)) {
        nt_pen_dot(pen, x, y, r * 0.4);
    } else if (nt_chance(pen, 0.06)) {
        nt_pen_scribble(pen, x, y, r, r);
    }
}

/* Side view: hood, roof and boot over a flat bottom. */
static void saloon(struct nt_pen *pen, double belt, double base) {
    double roof = nt_vary(pen, 0.3, 0.65), front = nt_vary(pen, 0.2, 0.6), rear = nt_vary(pen, -0.75, -0.3),
           rake = nt_vary(pen, 0.02, 0.3), rear_rake = nt_vary(pen, 0, 0.25);
    unsigned mode = nt_chance(pen, 0.45) ? NT_CLOSED | NT_SMOOTH : NT_CLOSED;
    double hood = belt + nt_spread(pen, 0.03, 0.05);
    if (nt_chance(pen, 0.75)) {
        NT_PATH(pen, mode, -1, base, -1, belt, rear - rear_rake, belt, rear, belt - roof, front - rake, belt - roof,
                front, belt, 1, hood, 1, base, 0.3, base, -0.3, base);
    } else { /* a box and a cabin on it */
        NT_PATH(pen, NT_CLOSED, -1, belt, 1, belt, 1, base, -1, base);
        NT_PATH(pen, mode & NT_SMOOTH, rear - rear_rake, belt, rear, belt - roof, front - rake, belt - roof, front,
                belt);
    }
    if (nt_chance(pen, 0.45)) { /* windows */
        double in = 0.08, top = belt - roof + in, low = belt - 0.02;
        NT_PATH(pen, NT_CLOSED, rear - rear_rake + in, low, rear + in, top, front - rake - in, top, front - in, low);
        if (nt_chance(pen, 0.6)) {
            nt_pen_line(pen, 0.5 * (rear + front), top, 0.5 * (rear + front), low);
        }
    }
}

static void beetle(struct nt_pen *pen, double base) {
    double h = nt_vary(pen, 0.5, 1), nose = nt_vary(pen, 0, 0.25);
    NT_PATH(pen, NT_SMOOTH, -1, base, -0.95, base - 0.35 * h, -0.5, base - h * 0.9, 0, base - h, 0.5, base - 0.85 * h,
            0.8 + 0.3 * nose, base - 0.45 * h, 1, base - 0.25 * h, 1, base);
    nt_pen_line(pen, -1, base, 1, base);
    if (nt_chance(pen, 0.6)) {
        double low = base - h * 0.4;
        NT_PATH(pen, NT_SMOOTH, -0.6, low, -0.45, base - 0.75 * h, 0, base - 0.85 * h, 0.4, base - 0.72 * h, 0.55, low);
        nt_pen_line(pen, -0.6, low, 0.55, low);
        if (nt_chance(pen, 0.6)) {
            nt_pen_line(pen, 0, base - 0.85 * h, 0, low);
        }
    }
}

static void van(struct nt_pen *pen, double base) {
    double h = nt_vary(pen, 0.5, 1), hood = nt_chance(pen, 0.6) ? nt_vary(pen, 0.2, 0.55) : 0,
           low = base - h * nt_vary(pen, 0.35, 0.6);
    NT_PATH(pen, nt_chance(pen, 0.3) ? NT_CLOSED | NT_SMOOTH : NT_CLOSED, -1, base, -1, base - h, 1 - hood - 0.1,
            base - h, 1 - hood, low, 1, low, 1, base);
    for (unsigned i = nt_pick(pen, 4), n = i; i > 0; i--) {
        double x = -0.85 + 1.5 * (i - 1.0) / n;
        NT_PATH(pen, NT_CLOSED, x, base - 0.9 * h, x + 0.9 / n, base - 0.9 * h, x + 0.9 / n, base - 0.5 * h, x,
                base - 0.5 * h);
    }
}

/* One line over hood, roof and boot, dipping around the wheels. */
static void car_in_one_line(struct nt_pen *pen, double belt, double base, double wheel_x, double r) {
    double roof = nt_vary(pen, 0.3, 0.6), rear = nt_vary(pen, -0.7, -0.3), front = nt_vary(pen, 0.15, 0.5);
    NT_PATH(pen, NT_SMOOTH, wheel_x + r, base, 1, base, 1, belt, front + 0.1, belt - 0.05, front - 0.1, belt - roof,
            rear + 0.1, belt - roof, rear - 0.15, belt - 0.05, -1, belt, -1, base, -wheel_x - r, base);
    nt_pen_line(pen, r - wheel_x, base, wheel_x - r, base);
}

void nt_draw_car(struct nt_pen *pen) {
    double belt = nt_vary(pen, -0.15, 0.05), base = belt + nt_vary(pen, 0.18, 0.5), r = nt_vary(pen, 0.13, 0.3);
    double wheel_x = nt_vary(pen, 0.4, 0.7), drop = nt_vary(pen, -0.5, 0.9) * r;
    struct nt_frame before = nt_pen_move(pen, 0, 0, nt_side(pen), 1, 0);
    bool wheels_first = nt_chance(pen, 0.12);
    pen->tilt = 4;
    for (int part = 0; part < 2; part++) {
        if ((part == 0) == wheels_first) {
            wheel(pen, -wheel_x + nt_spread(pen, 0, 0.06), base + drop, r);
            double size = r * nt_vary(pen, 0.85, 1.1);
            wheel(pen, wheel_x + nt_spread(pen, 0, 0.06), base + drop, size);
            continue;
        }
        switch (NT_CHOOSE(pen, 7, 2.5, 2, 1.5)) {
        case 0:
            saloon(pen, belt, base);
            break;
        case 1:
            beetle(pen, base);
            break;
        case 2:
            van(pen, base);
            break;
        default:
            car_in_one_line(pen, belt, base, wheel_x, r);
        }
    }
    if (nt_chance(pen, 0.12)) {
        nt_pen_line(pen, 0, belt, 0, base);
    }
    if (nt_chance(pen, 0.1)) {
        nt_pen_loop(pen, 0.92, belt + 0.08, 0.07, 0.07);
    }
    nt_pen_back(pen, before);
}

/* ---- Train ---- */

static void wheels_under(struct nt_pen *pen, double x0, double x1, double y, double r, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        double x = count > 1 ? x0 + (x1 - x0) * i / (count - 1.0) : 0.5 * (x0 + x1);
        nt_pen_loop(pen, x, y, r, r);
    }
}

static void box(struct nt_pen *pen, double x0, double y0, double x1, double y1) {
    NT_PATH(pen, nt_chance(pen, 0.1) ? NT_OPEN : NT_CLOSED, x0, y1, x0, y0, x1, y0, x1, y1);
}

static void panes(struct nt_pen *pen, double x0, double x1, double y0, double y1, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        double x = x0 + (x1 - x0) * (i + 0.2) / count, w = 0.6 * (x1 - x0) / count;
        NT_PATH(pen, NT_CLOSED, x, y0, x + w, y0, x + w, y1, x, y1);
    }
}

static void smoke(struct nt_pen *pen, double x, double y) {
    unsigned puffs = 2 + nt_pick(pen, 3);
    if (nt_chance(pen, 0.5)) {
        double reach = nt_vary(pen, 0.3, 1.2);
        nt_pen_bows(pen, NT_OPEN, x, y, x - reach, y - 0.15, puffs, -0.12);
        return;
    }
    for (unsigned i = 0; i < puffs; i++) {
        double r = 0.05 + 0.03 * i;
        nt_pen_loop(pen, x - 0.18 * i, y - 0.1 * i, r, r);
    }
}

/* A steam engine facing right between x0 and x1, standing on y = 0. */
static void locomotive(struct nt_pen *pen, double x0, double x1) {
    double h = nt_vary(pen, 0.3, 0.5), cab = x0 + (x1 - x0) * nt_vary(pen, 0.3, 0.5), roof = h * nt_vary(pen, 1.3, 2.1),
           chimney = nt_vary(pen, 0.1, 0.35);
    double cx = x1 - (x1 - x0) * nt_vary(pen, 0.12, 0.3), cw = nt_vary(pen, 0.04, 0.08), flare = nt_vary(pen, 0, 0.06);
    bool whole = nt_chance(pen, 0.3); /* the chimney in the same line */
    if (whole) {
        NT_PATH(pen, nt_chance(pen, 0.25) ? NT_CLOSED | NT_SMOOTH : NT_CLOSED, x0, 0, x0, -roof, cab, -roof, cab, -h,
                cx - cw, -h, cx - cw - flare, -h - chimney, cx + cw + flare, -h - chimney, cx + cw, -h, x1, -h, x1, 0);
    } else if (nt_chance(pen, 0.6)) {
        NT_PATH(pen, NT_CLOSED, x0, 0, x0, -roof, cab, -roof, cab, -h, x1, -h, x1, 0);
    } else {
        box(pen, x0, -roof, cab, 0);
        NT_PATH(pen, nt_chance(pen, 0.3) ? NT_SMOOTH : NT_OPEN, cab, -h, x1, -h, x1, 0, cab, 0);
    }
    if (!whole && nt_chance(pen, 0.75)) {
        NT_PATH(pen, NT_OPEN, cx - cw, -h, cx - cw - flare, -h - chimney, cx + cw + flare, -h - chimney, cx + cw, -h);
        if (nt_chance(pen, 0.45)) {
            smoke(pen, cx, -h - chimney - 0.1);
        }
    }
    if (nt_chance(pen, 0.35)) {
        panes(pen, x0, cab, -0.85 * roof, -0.5 * roof, 1);
    }
    if (nt_chance(pen, 0.2)) {
        double reach = nt_vary(pen, 0.1, 0.2);
        NT_PATH(pen, NT_OPEN, x1, -0.2 * h, x1 + reach, 0.12, x1 - 0.05, 0.1);
    }
    double r = nt_vary(pen, 0.07, 0.14);
    double y = r * nt_vary(pen, 0, 1);
    wheels_under(pen, x0 + r, x1 - r, y, r, 2 + nt_pick(pen, 3));
}

static void wagons(struct nt_pen *pen, double x1, unsigned count, double w, double gap) {
    double h = nt_vary(pen, 0.25, 0.5), r = nt_vary(pen, 0.05, 0.11);
    unsigned wheels = NT_CHOOSE(pen, 1, 0, 5, 1);
    for (unsigned i = 0; i < count; i++) {
        double right = x1 - i * (w + gap) - gap, top = -h * nt_vary(pen, 0.8, 1.15);
        nt_pen_line(pen, right + gap, -0.06, right, -0.06);
        box(pen, right - w, top, right, 0);
        wheels_under(pen, right - w + r, right - r, r, r, wheels);
        if (nt_chance(pen, 0.2)) {
            panes(pen, right - w, right, -0.8 * h, -0.4 * h, 1 + nt_pick(pen, 3));
        }
    }
}

static void steam_train(struct nt_pen *pen) {
    double length = nt_vary(pen, 0.7, 1.2), w = nt_vary(pen, 0.35, 0.7), gap = nt_vary(pen, 0.05, 0.2);
    unsigned count = NT_CHOOSE(pen, 4, 4, 3, 1);
    locomotive(pen, 0, length);
    wagons(pen, 0, count, w, gap);
}

/* A carriage: long, with windows; a rounded or slanted nose. */
static void carriage(struct nt_pen *pen) {
    double h = nt_vary(pen, 0.25, 0.6), nose = nt_vary(pen, 0, 0.5), r = nt_vary(pen, 0.05, 0.13);
    NT_PATH(pen, nt_chance(pen, 0.2) ? NT_CLOSED | NT_SMOOTH : NT_CLOSED, -1, 0, -1, -h, 1 - nose, -h, 1 - 0.3 * nose,
            -0.6 * h, 1, 0, 0, 0);
    if (nt_chance(pen, 0.65)) {
        panes(pen, -0.95, 0.9 - nose, -0.8 * h, -0.4 * h, 3 + nt_pick(pen, 4));
    }
    if (nt_chance(pen, 0.25)) {
        nt_pen_line(pen, -1, -0.3 * h, 1, -0.3 * h);
    }
    if (nt_chance(pen, 0.93)) {
        double y = r * nt_vary(pen, 0.4, 1);
        wheels_under(pen, -0.85, 0.8, y, r, 2 + nt_pick(pen, 5));
    }
    if (nt_chance(pen, 0.25)) {
        unsigned more = 1 + nt_pick(pen, 2);
        wagons(pen, -1, more, nt_vary(pen, 0.6, 1.6), 0.12);
    }
}

/* Boxes in a row, the first a little different. */
static void toy_train(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.4, 0.6), gap = nt_vary(pen, 0.08, 0.25), h = nt_vary(pen, 0.3, 0.5);
    if (nt_chance(pen, 0.6)) {
        NT_PATH(pen, NT_CLOSED, 0, 0, 0, -h, w * 0.6, -h, w, -0.4 * h, w, 0);
    } else {
        box(pen, 0, -h, w, 0);
        NT_PATH(pen, NT_OPEN, 0.7 * w, -h, 0.7 * w, -h - 0.2, 0.85 * w, -h - 0.2, 0.85 * w, -h);
    }
    wheels_under(pen, 0.15 * w, 0.85 * w, 0.08, 0.08, 2);
    wagons(pen, 0, 2 + nt_pick(pen, 3), w, gap);
}

static void tracks(struct nt_pen *pen, double y) {
    double x0 = nt_vary(pen, -1.6, -0.9), x1 = nt_vary(pen, 0.9, 1.6);
    nt_pen_line(pen, x0, y, x1, y);
    if (nt_chance(pen, 0.5)) {
        for (unsigned i = 0, n = 5 + nt_pick(pen, 8); i < n; i++) {
            double x = x0 + (x1 - x0) * i / n;
            nt_pen_line(pen, x, y - 0.02, x - 0.05, y + 0.12);
        }
    }
    if (nt_chance(pen, 0.4)) {
        nt_pen_line(pen, x0, y + 0.1, x1, y + 0.1);
    }
}

static void train_from_front(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.45, 0.65);
    NT_PATH(pen, NT_SMOOTH | NT_CLOSED, -w, 0.7, -w, -0.5, -0.5 * w, -0.9, 0.5 * w, -0.9, w, -0.5, w, 0.7);
    panes(pen, -w, w, -0.6, -0.1, 1 + nt_pick(pen, 2));
    nt_pen_dot(pen, -0.6 * w, 0.4, 0.1);
    nt_pen_dot(pen, 0.6 * w, 0.4, 0.1);
    NT_PATH(pen, NT_OPEN, -w, 0.8, -1, 1.2);
    NT_PATH(pen, NT_OPEN, w, 0.8, 1, 1.2);
}

void nt_draw_train(struct nt_pen *pen) {
    double side = nt_side(pen);
    struct nt_frame before = nt_pen_move(pen, 0, 0, side, nt_vary(pen, 0.85, 1.5), 0);
    pen->tilt = 4;
    switch (NT_CHOOSE(pen, 9, 4.5, 6, 0.2)) {
    case 0:
        steam_train(pen);
        break;
    case 1:
        carriage(pen);
        break;
    case 2:
        toy_train(pen);
        break;
    default:
        train_from_front(pen);
    }
    if (nt_chance(pen, 0.28)) {
        tracks(pen, 0.16);
    }
    nt_pen_back(pen, before);
}
