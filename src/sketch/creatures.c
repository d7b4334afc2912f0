/* Bees, dragons, mosquitoes. */
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
    double length = nt_vary(pen, 0.6, 1.15), width = nt_vary(pen, 0.18, 0.38), at = nt_vary(pen, -0.2, 0.3);
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
    double ry = nt_vary(pen, 0.25, 0.5), length = nt_vary(pen, 0.5, 1), width = nt_vary(pen, 0.15, 0.32),
           head = nt_vary(pen, 0.15, 0.32);
    unsigned pairs = 1 + (nt_chance(pen, 0.35) ? 1 : 0), lines = 2 + nt_pick(pen, 4);
    nt_pen_loop(pen, 0, 0, 0.9, ry);
    if (nt_chance(pen, 0.6)) {
        nt_pen_loop(pen, 0.9 + 0.7 * head, 0, head, head);
    }
    stripes(pen, 0.9, ry, lines);
    for (int side = -1; side <= 1; side += 2) {
        for (unsigned i = 0; i < pairs; i++) {
            double x = 0.2 - 0.3 * i, back = nt_vary(pen, -0.1, 0.5);
            nt_pen_petal(pen, x, side * 0.8 * ry, x - back, side * (ry + length), width);
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
    bool above = nt_chance(pen, 0.2);
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
    if (nt_chance(pen, 0.85)) {
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
    if (nt_chance(pen, 0.15)) {
        stripes(pen, 0.8, ry, 2 + nt_pick(pen, 4));
    }
}

static void mosquito_from_above(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.07, 0.22), length = nt_vary(pen, 0.55, 1.1), width = nt_vary(pen, 0.1, 0.28),
           sting = nt_vary(pen, 0.25, 0.7);
    unsigned pairs = 1 + (nt_chance(pen, 0.3) ? 1 : 0), legs = NT_CHOOSE(pen, 4, 0, 2, 2.5);
    if (nt_chance(pen, 0.75)) {
        nt_pen_loop(pen, 0, 0, 0.8, ry);
    } else {
        nt_pen_line(pen, -0.9, 0, 0.8, 0);
    }
    if (nt_chance(pen, 0.65)) {
        double head = nt_vary(pen, 0.12, 0.25);
        nt_pen_loop(pen, 0.85 + 0.5 * head, 0, head, head);
    }
    if (nt_chance(pen, 0.85)) {
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

/* ---- Dragon ---- */

static void dragon_wing(struct nt_pen *pen, double x, double y, double side) {
    double reach = nt_vary(pen, 0.5, 1), lift = nt_vary(pen, 0.4, 0.95), back = nt_vary(pen, 0.2, 0.6);
    unsigned points = 2 + nt_pick(pen, 3);
    NT_PATH(pen, NT_OPEN, x, y, x + side * 0.25 * reach, y - lift, x + side * reach, y - 0.75 * lift);
    if (nt_chance(pen, 0.5)) {
        nt_pen_zigzag(pen, NT_ON, x + side * reach, y - 0.75 * lift, x + side * back, y, points, side * 0.15);
    } else {
        nt_pen_bows(pen, NT_ON, x + side * reach, y - 0.75 * lift, x + side * back, y, points, side * 0.14);
    }
}

static void dragon_head(struct nt_pen *pen, double x, double y) {
    double size = nt_vary(pen, 0.18, 0.35), drop = nt_spread(pen, 0.05, 0.1);
    switch (NT_CHOOSE(pen, 3, 3, 2)) {
    case 0: /* a snout with an open mouth */
        NT_PATH(pen, NT_OPEN, x, y - 0.5 * size, x + 0.5 * size, y - 0.7 * size, x + 1.5 * size, y - 0.2 * size + drop,
                x + 0.6 * size, y + 0.1 * size, x + 1.3 * size, y + 0.5 * size + drop, x + 0.1 * size, y + 0.6 * size);
        break;
    case 1:
        nt_pen_loop(pen, x + 0.5 * size, y, size, 0.65 * size);
        break;
    default:
        NT_PATH(pen, NT_CLOSED, x, y - 0.6 * size, x + 1.4 * size, y + drop, x, y + 0.5 * size);
    }
    if (nt_chance(pen, 0.45)) {
        nt_pen_dot(pen, x + 0.3 * size, y - 0.2 * size, 0.04);
    }
    if (nt_chance(pen, 0.35)) {
        NT_PATH(pen, NT_OPEN, x, y - 0.5 * size, x - 0.5 * size, y - 1.3 * size, x + 0.3 * size, y - 0.6 * size);
    }
    if (nt_chance(pen, 0.3)) { /* fire */
        double reach = nt_vary(pen, 0.3, 0.7);
        nt_pen_zigzag(pen, NT_OPEN, x + 1.5 * size, y + 0.1, x + 1.5 * size + reach, y + 0.15, 2 + nt_pick(pen, 3),
                      0.18);
    }
}

static void dragon_legs(struct nt_pen *pen, double x0, double x1, double y) {
    unsigned count = 2 + nt_pick(pen, 3);
    double length = nt_vary(pen, 0.15, 0.5);
    bool stout = nt_chance(pen, 0.4);
    for (unsigned i = 0; i < count; i++) {
        double x = x0 + (x1 - x0) * i / (count - 1.0);
        if (stout) {
            NT_PATH(pen, NT_OPEN, x - 0.06, y, x - 0.06, y + length, x + 0.1, y + length, x + 0.08, y);
        } else {
            NT_PATH(pen, NT_OPEN, x, y, x + 0.05, y + 0.8 * length, x + 0.15, y + length);
        }
    }
}

/* On four legs, head to the right. */
static void walking_dragon(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.18, 0.4), neck = nt_vary(pen, 0.1, 0.7), tail = nt_vary(pen, 0.5, 1.1),
           tail_y = nt_vary(pen, -0.5, 0.4), hx = nt_vary(pen, 0.75, 1.15);
    if (nt_chance(pen, 0.5)) { /* body, neck and tail in one outline */
        NT_PATH(pen, NT_SMOOTH, hx, -neck - 0.1, 0.7, -neck * 0.6 - 0.1, 0.45, -ry, -0.2, -ry, -0.6, -0.1,
                -0.7 - 0.5 * tail, tail_y * 0.5, -0.7 - tail, tail_y, -0.7 - 0.45 * tail, tail_y * 0.5 + 0.2, -0.5, ry,
                0.1, ry, 0.6, 0.7 * ry, 0.85, -neck * 0.5 + 0.15, hx, -neck + 0.2);
    } else {
        nt_pen_loop(pen, 0, 0, 0.65, ry);
        NT_PATH(pen, NT_SMOOTH, 0.5, -0.5 * ry, 0.7, -neck * 0.5, hx, -neck);
        NT_PATH(pen, NT_SMOOTH, -0.6, 0, -0.6 - 0.5 * tail, 0.15, -0.7 - tail, tail_y);
    }
    dragon_head(pen, hx, -neck);
    if (nt_chance(pen, 0.75)) {
        dragon_legs(pen, -0.45, 0.45, 0.85 * ry);
    }
    if (nt_chance(pen, 0.65)) {
        dragon_wing(pen, nt_vary(pen, -0.2, 0.3), -0.7 * ry, nt_chance(pen, 0.7) ? -1 : 1);
    }
    if (nt_chance(pen, 0.4)) {
        nt_pen_zigzag(pen, NT_OPEN, 0.4, -ry, -0.9, -0.3 * ry, 3 + nt_pick(pen, 6), 0.16);
    }
    if (nt_chance(pen, 0.3)) {
        NT_PATH(pen, NT_CLOSED, -0.7 - tail, tail_y, -0.85 - tail, tail_y - 0.18, -0.95 - tail, tail_y + 0.12);
    }
}

/* A snake with legs, as a line or with two sides. */
static void winding_dragon(struct nt_pen *pen) {
    double wave = nt_vary(pen, 0.15, 0.5), width = nt_vary(pen, 0.1, 0.25);
    bool two_sides = nt_chance(pen, 0.65);
    for (int side = 0; side <= (two_sides ? 1 : 0); side++) {
        double y = side * width;
        NT_PATH(pen, NT_SMOOTH, 1, -wave + y, 0.7, -0.8 * wave + y, 0.4, wave + y, 0.05, wave * 0.9 + y, -0.3,
                -0.7 * wave + 0.8 * y, -0.65, -0.5 * wave + 0.6 * y, -0.9, wave, -1.25, 0.6 * wave);
    }
    dragon_head(pen, 1, 0.5 * width - wave);
    if (nt_chance(pen, 0.5)) {
        nt_pen_zigzag(pen, NT_OPEN, 0.7, -0.8 * wave, -0.5, -0.7 * wave, 4 + nt_pick(pen, 5), 0.15);
    }
    if (nt_chance(pen, 0.5)) {
        dragon_legs(pen, -0.4, 0.4, wave + width * 0.5);
    }
    if (nt_chance(pen, 0.45)) {
        dragon_wing(pen, 0, 0, -1);
    }
}

/* Upright, wings on both sides. */
static void flying_dragon(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.15, 0.35), tail = nt_side(pen);
    nt_pen_loop(pen, 0, 0.1, w, 0.5);
    nt_pen_loop(pen, 0, -0.6, 0.22, 0.22);
    dragon_wing(pen, -w * 0.8, -0.1, -1);
    dragon_wing(pen, w * 0.8, -0.1, 1);
    NT_PATH(pen, NT_SMOOTH, 0, 0.6, tail * 0.3, 0.85, tail * 0.7, 0.75, tail * 0.8, 1);
    if (nt_chance(pen, 0.5)) {
        nt_pen_line(pen, -0.12, -0.78, -0.2, -1);
        nt_pen_line(pen, 0.12, -0.78, 0.2, -1);
    }
    if (nt_chance(pen, 0.5)) {
        nt_pen_line(pen, -0.12, 0.55, -0.2, 0.85);
        nt_pen_line(pen, 0.12, 0.55, 0.2, 0.85);
    }
}

/* One long line that goes around the whole beast: spikes and wings above, the tail, legs below. */
static void outlined_dragon(struct nt_pen *pen) {
    enum { MOST = 60 };
    double p[2 * MOST], h = nt_vary(pen, -0.1, 0.6), ry = nt_vary(pen, 0.15, 0.35), snout = nt_vary(pen, 0.2, 0.5);
    const double head[] = {0.75 + snout, -h, 0.75 + snout, -h - 0.15, 0.8, -h - 0.35, 0.6, -h - 0.2, 0.5, -ry};
    size_t n = 0;
    for (; n < 5; n++) {
        p[2 * n] = head[2 * n];
        p[2 * n + 1] = head[2 * n + 1];
    }
    unsigned wing = nt_pick(pen, 9), spikes = 2 + nt_pick(pen, 5);
    bool spiky = nt_chance(pen, 0.6);
    for (unsigned i = 0; i < spikes; i++) {
        double x0 = 0.45 - 1.1 * i / spikes, w = 1.1 / spikes,
               rise = i == wing ? nt_vary(pen, 0.4, 1)
                      : spiky   ? nt_vary(pen, 0, 0.3)
                                : 0;
        p[2 * n] = x0 - w * nt_vary(pen, 0, 0.8);
        p[2 * n++ + 1] = -ry - rise;
        p[2 * n] = x0 - w;
        p[2 * n++ + 1] = -ry + nt_spread(pen, 0, 0.03);
    }
    double tail = nt_vary(pen, 0.2, 0.8), tail_y = nt_vary(pen, -0.6, 0.5);
    const double back[] = {-0.7 - 0.5 * tail, 0.5 * tail_y - 0.1,  -0.7 - tail, tail_y,
                           -0.7 - 0.4 * tail, 0.5 * tail_y + 0.15, -0.6,        ry};
    for (size_t i = 0; i < 4; i++, n++) {
        p[2 * n] = back[2 * i];
        p[2 * n + 1] = back[2 * i + 1];
    }
    unsigned feet = nt_pick(pen, 5);
    double length = nt_vary(pen, 0.15, 0.5), foot = nt_vary(pen, 0, 0.12);
    for (unsigned i = 0; i < feet; i++) {
        double x = -0.5 + 1.0 * i / feet;
        const double leg[] = {x, ry, x, ry + length, x + foot, ry + length, x + foot + 0.04, ry};
        for (size_t k = 0; k < 8; k++) {
            p[2 * n + k] = leg[k];
        }
        n += 4;
    }
    const double chest[] = {0.6, 0.6 * ry, 0.7, -h + 0.2, 0.75 + snout, -h + 0.1};
    for (size_t k = 0; k < 6; k++) {
        p[2 * n + k] = chest[k];
    }
    nt_pen_path(pen, nt_chance(pen, 0.4) ? NT_SMOOTH : NT_OPEN, p, n + 3);
    if (nt_chance(pen, 0.5)) {
        nt_pen_dot(pen, 0.85, -h - 0.12, 0.04);
    }
    if (nt_chance(pen, 0.4)) {
        dragon_wing(pen, 0, -0.2, -1);
    }
}

void nt_draw_dragon(struct nt_pen *pen) {
    struct nt_frame before = nt_pen_move(pen, 0, 0, nt_side(pen), 1, 0);
    pen->tilt = 10;
    pen->mess *= 1.2;
    switch (NT_CHOOSE(pen, 7, 4, 2, 5)) {
    case 0:
        walking_dragon(pen);
        break;
    case 1:
        winding_dragon(pen);
        break;
    case 2:
        flying_dragon(pen);
        break;
    default:
        outlined_dragon(pen);
    }
    if (nt_chance(pen, 0.06)) {
        nt_pen_scribble(pen, 0, 0, 0.5, 0.3);
    }
    nt_pen_back(pen, before);
}
