/* Bees and mosquitoes. */
#include <math.h>

#include "sketch/pen.h"

static const double RADIAN = 0.01745329;

/* ---- Bee ---- */

/* Stripes across an ellipse along x. */
static void stripes(struct nt_pen *pen, double rx, double ry, unsigned count) {
    bool filled = nt_chance(pen, 0.18), bowed = nt_chance(pen, 0.4);
    double from = nt_vary(pen, -0.8, -0.5), to = nt_vary(pen, 0.4, 0.8);
    for (unsigned i = 0; i < count; i++) {
        double t = count > 1 ? from + (to - from) * i / (count - 1.0) : 0,
               half = ry * sqrt(1 - t * t) * nt_vary(pen, 0.85, 1.1);
        if (filled && i % 2 == 0) {
            nt_pen_scribble(pen, t * rx, 0, 0.09, half);
        } else if (bowed) {
            NT_PATH(pen, NT_SMOOTH, t * rx, -half, t * rx + 0.09, 0, t * rx, half);
        } else {
            nt_pen_line(pen, t * rx, -half, t * rx, half);
        }
    }
}

/* Wings on the upper side; `thin` ones are long. */
static void wings_above(struct nt_pen *pen, double x, double y, unsigned count, double length, double width) {
    double angle = nt_vary(pen, -125, -55), apart = nt_vary(pen, 25, 70);
    bool loops = nt_chance(pen, 0.6);
    for (unsigned i = 0; i < count; i++) {
        double a = (angle + apart * (i - 0.5 * (count - 1.0))) * RADIAN, reach = length * nt_vary(pen, 0.75, 1.1),
               root = x + 0.12 * i;
        double tip_x = root + reach * cos(a), tip_y = y + reach * sin(a);
        if (loops) {
            struct nt_frame before = nt_pen_move(pen, 0.5 * (root + tip_x), 0.5 * (y + tip_y), 1, 1, a / RADIAN);
            nt_pen_loop(pen, 0, 0, reach * 0.55, width);
            nt_pen_back(pen, before);
        } else {
            nt_pen_petal(pen, root, y, tip_x, tip_y, width);
        }
    }
}

static void antennae(struct nt_pen *pen, double x, double y, double size) {
    for (unsigned i = 0; i < 2; i++) {
        double dx = size * (0.1 + 0.5 * i);
        NT_PATH(pen, NT_SMOOTH, x, y, x + 0.4 * dx, y - 0.7 * size, x + dx, y - size);
        if (nt_chance(pen, 0.15)) {
            nt_pen_loop(pen, x + dx, y - size, 0.05, 0.05);
        }
    }
}

/* Side view, head to the right. */
static void bee_from_side(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.32, 0.72), head = nt_vary(pen, 0.2, 0.4);
    bool round_head = nt_chance(pen, 0.5), pointed = nt_chance(pen, 0.25);
    if (pointed) {
        NT_PATH(pen, NT_SMOOTH, -1, 0.1 * ry, -0.5, -0.75 * ry, 0.2, -ry, 0.85, -0.6 * ry, 1, 0, 0.8, 0.65 * ry, 0.1,
                ry, -0.6, 0.7 * ry, -1, 0.1 * ry);
    } else {
        nt_pen_loop(pen, 0, 0, 1, ry);
    }
    double eye_x = 0.8, eye_y = -0.2 * ry;
    if (round_head) {
        eye_x = 1 + head * nt_vary(pen, 0.4, 0.9);
        eye_y = nt_spread(pen, -0.1, 0.15);
        nt_pen_loop(pen, eye_x, eye_y, head, head * nt_vary(pen, 0.85, 1.1));
    }
    bool wings_later = nt_chance(pen, 0.5);
    double length = nt_vary(pen, 0.6, 1.4), width = nt_vary(pen, 0.18, 0.45), at = nt_vary(pen, -0.2, 0.3);
    unsigned count = 1 + (nt_chance(pen, 0.65) ? 1 : 0), lines = 2 + nt_pick(pen, 4);
    for (int part = 0; part < 2; part++) {
        if ((part == 0) == wings_later) {
            stripes(pen, 1, ry, lines);
        } else {
            wings_above(pen, at, -0.85 * ry, count, length, width);
        }
    }
    if (nt_chance(pen, 0.45)) {
        nt_pen_dot(pen, eye_x + 0.05, eye_y - 0.05, 0.05);
    }
    if (nt_chance(pen, 0.5)) {
        antennae(pen, eye_x, eye_y - (round_head ? head : 0.5 * ry), nt_vary(pen, 0.2, 0.5));
    }
    if (nt_chance(pen, 0.5)) {
        double reach = nt_vary(pen, 0.15, 0.45);
        NT_PATH(pen, NT_OPEN, -0.95, -0.12, -1 - reach, 0.05, -0.95, 0.15);
    }
    if (nt_chance(pen, 0.2)) {
        for (unsigned i = 0, n = 2 + nt_pick(pen, 4); i < n; i++) {
            double x = -0.5 + i * 0.25;
            nt_pen_line(pen, x, 0.9 * ry, x + 0.05, ry + 0.25);
        }
    }
}

/* From above: wings on both sides. */
static void bee_from_above(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.22, 0.55), length = nt_vary(pen, 0.4, 1), width = nt_vary(pen, 0.18, 0.42),
           head = nt_vary(pen, 0.15, 0.32);
    unsigned pairs = 1 + (nt_chance(pen, 0.35) ? 1 : 0), lines = 2 + nt_pick(pen, 4);
    nt_pen_loop(pen, 0, 0, 0.9, ry);
    if (nt_chance(pen, 0.6)) {
        nt_pen_loop(pen, 0.9 + 0.7 * head, 0, head, head);
    }
    stripes(pen, 0.9, ry, lines);
    bool loops = nt_chance(pen, 0.6);
    for (int side = -1; side <= 1; side += 2) {
        for (unsigned i = 0; i < pairs; i++) {
            double x = 0.2 - 0.3 * i, back = nt_vary(pen, -0.1, 0.5);
            if (loops) {
                nt_pen_loop(pen, x - 0.5 * back, side * (ry + 0.45 * length), width, 0.6 * length);
            } else {
                nt_pen_petal(pen, x, side * 0.8 * ry, x - back, side * (ry + length), width);
            }
        }
    }
    if (nt_chance(pen, 0.4)) {
        nt_pen_line(pen, -0.9, 0, -1.25, 0);
    }
    if (nt_chance(pen, 0.5)) {
        nt_pen_line(pen, 1, -0.1, 1.4, -0.3);
        nt_pen_line(pen, 1, 0.1, 1.4, 0.3);
    }
}

void nt_draw_bee(struct nt_pen *pen) {
    double side = nt_side(pen), turn = nt_spread(pen, 0, 15);
    if (nt_chance(pen, 0.15)) {
        turn -= nt_vary(pen, 20, 60);
    }
    pen->tilt = 6;
    bool above = nt_chance(pen, 0.3);
    if (above && nt_chance(pen, 0.5)) {
        turn = -90;
    }
    struct nt_frame before = nt_pen_move(pen, 0, 0, side, 1, turn);
    if (above) {
        bee_from_above(pen);
    } else {
        bee_from_side(pen);
    }
    nt_pen_back(pen, before);
}

/* ---- Mosquito ---- */

static void thin_legs(struct nt_pen *pen, double x0, double x1, double y, double length, unsigned count, double side) {
    bool bent = nt_chance(pen, 0.6);
    for (unsigned i = 0; i < count; i++) {
        double t = count > 1 ? (double)i / (count - 1) : 0.5, x = x0 + (x1 - x0) * t,
               out = (t - 0.5) * nt_vary(pen, 0.2, 1);
        if (bent) {
            double knee = nt_vary(pen, 0.1, 0.5);
            NT_PATH(pen, NT_OPEN, x, y, x + out * 0.7 * length + 0.1, y + side * knee * length * 0.6, x + out * length,
                    y + side * length);
        } else {
            nt_pen_line(pen, x, y, x + out * length, y + side * length);
        }
    }
}

/* Side view, head to the right, a long sting. */
static void mosquito_from_side(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.08, 0.36), head = nt_vary(pen, 0.12, 0.32), droop = nt_vary(pen, 0, 0.5),
           sting = nt_vary(pen, 0.35, 1);
    switch (NT_CHOOSE(pen, 5, 2, 2)) {
    case 0:
        nt_pen_loop(pen, 0, 0, 0.8, ry);
        break;
    case 1:
        NT_PATH(pen, NT_SMOOTH, 0.75, 0, 0, -0.1, -0.9, droop);
        break;
    default:
        nt_pen_loop(pen, 0.35, 0, 0.35, ry + 0.05);
        nt_pen_petal(pen, 0, 0, -1, droop, 0.13);
    }
    double hy = nt_spread(pen, 0.05, 0.1);
    if (nt_chance(pen, 0.75)) {
        nt_pen_loop(pen, 0.8 + 0.6 * head, hy, head, head);
    }
    if (nt_chance(pen, 0.93)) {
        nt_pen_line(pen, 0.8 + 1.5 * head, hy + 0.3 * head, 0.8 + 1.2 * head + sting,
                    hy + sting * nt_vary(pen, -0.2, 1.1));
    }
    double length = nt_vary(pen, 0.6, 1.4), width = nt_vary(pen, 0.1, 0.34), at = nt_vary(pen, 0, 0.4);
    wings_above(pen, at, -0.8 * ry, 1 + (nt_chance(pen, 0.6) ? 1 : 0), length, width);
    if (nt_chance(pen, 0.6)) {
        double legs = nt_vary(pen, 0.3, 0.9);
        thin_legs(pen, -0.2, 0.55, 0.8 * ry, legs, 2 + nt_pick(pen, 4), 1);
    }
    if (nt_chance(pen, 0.15)) {
        antennae(pen, 0.8 + head, hy - head, 0.3);
    }
    if (nt_chance(pen, 0.05)) {
        stripes(pen, 0.8, ry, 2 + nt_pick(pen, 4));
    }
}

static void mosquito_from_above(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.07, 0.22), length = nt_vary(pen, 0.55, 1.1), width = nt_vary(pen, 0.1, 0.28),
           sting = nt_vary(pen, 0.25, 0.7);
    unsigned pairs = 1 + (nt_chance(pen, 0.3) ? 1 : 0), legs = NT_CHOOSE(pen, 2, 0, 2, 3);
    if (nt_chance(pen, 0.75)) {
        nt_pen_loop(pen, 0, 0, 0.8, ry);
    } else {
        nt_pen_line(pen, -0.9, 0, 0.8, 0);
    }
    if (nt_chance(pen, 0.65)) {
        double head = nt_vary(pen, 0.12, 0.25);
        nt_pen_loop(pen, 0.85 + 0.5 * head, 0, head, head);
    }
    if (nt_chance(pen, 0.95)) {
        nt_pen_line(pen, 0.95, 0, 1.1 + sting, nt_spread(pen, 0, 0.12));
    }
    for (int side = -1; side <= 1; side += 2) {
        for (unsigned i = 0; i < pairs; i++) {
            double x = 0.3 - 0.3 * i, back = nt_vary(pen, -0.2, 0.6);
            nt_pen_petal(pen, x, side * 0.8 * ry, x - back, side * (ry + length), width);
        }
        thin_legs(pen, -0.4, 0.5, side * 0.8 * ry, nt_vary(pen, 0.3, 0.7), legs, side);
    }
}

void nt_draw_mosquito(struct nt_pen *pen) {
    double side = nt_side(pen), turn = nt_spread(pen, 0, 18);
    bool above = nt_chance(pen, 0.3);
    if (above && nt_chance(pen, 0.5)) {
        turn += 90;
    } else if (nt_chance(pen, 0.25)) {
        turn += nt_vary(pen, 20, 60);
    }
    struct nt_frame before = nt_pen_move(pen, 0, 0, side, 1, turn);
    if (above) {
        mosquito_from_above(pen);
    } else {
        mosquito_from_side(pen);
    }
    nt_pen_back(pen, before);
}
