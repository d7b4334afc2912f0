/* Dragons: there is no agreement on what they look like. */
#include <math.h>

#include "sketch/pen.h"

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
        double x = nt_vary(pen, -0.2, 0.3);
        dragon_wing(pen, x, -0.7 * ry, nt_chance(pen, 0.7) ? -1 : 1);
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

/* ---- One long line that goes around the whole beast: spikes and wings above, the tail, legs below ---- */

struct outline {
    double xy[2 * 60];
    size_t count;
};

static void add(struct outline *outline, double x, double y) {
    outline->xy[2 * outline->count] = x;
    outline->xy[2 * outline->count++ + 1] = y;
}

/* Up to six spikes, one of which may be a wing. */
static void add_spine(struct outline *outline, struct nt_pen *pen, double ry) {
    unsigned wing = nt_pick(pen, 9), spikes = 2 + nt_pick(pen, 5);
    bool spiky = nt_chance(pen, 0.6);
    for (unsigned i = 0; i < spikes; i++) {
        double x0 = 0.45 - 1.1 * i / spikes, w = 1.1 / spikes;
        double rise = i == wing ? nt_vary(pen, 0.4, 1) : spiky ? nt_vary(pen, 0, 0.3) : 0;
        add(outline, x0 - w * nt_vary(pen, 0, 0.8), -ry - rise);
        add(outline, x0 - w, -ry + nt_spread(pen, 0, 0.03));
    }
}

static void add_tail(struct outline *outline, struct nt_pen *pen, double ry) {
    double tail = nt_vary(pen, 0.2, 0.8), y = nt_vary(pen, -0.6, 0.5);
    add(outline, -0.7 - 0.5 * tail, 0.5 * y - 0.1);
    add(outline, -0.7 - tail, y);
    add(outline, -0.7 - 0.4 * tail, 0.5 * y + 0.15);
    add(outline, -0.6, ry);
}

static void add_feet(struct outline *outline, struct nt_pen *pen, double ry) {
    unsigned feet = nt_pick(pen, 5);
    double length = nt_vary(pen, 0.15, 0.5), foot = nt_vary(pen, 0, 0.12);
    for (unsigned i = 0; i < feet; i++) {
        double x = -0.5 + 1.0 * i / feet;
        add(outline, x, ry);
        add(outline, x, ry + length);
        add(outline, x + foot, ry + length);
        add(outline, x + foot + 0.04, ry);
    }
}

static void outlined_dragon(struct nt_pen *pen) {
    struct outline outline = {.count = 0};
    double h = nt_vary(pen, -0.1, 0.6), ry = nt_vary(pen, 0.15, 0.35), snout = nt_vary(pen, 0.2, 0.5);
    add(&outline, 0.75 + snout, -h);
    add(&outline, 0.75 + snout, -h - 0.15);
    add(&outline, 0.8, -h - 0.35);
    add(&outline, 0.6, -h - 0.2);
    add(&outline, 0.5, -ry);
    add_spine(&outline, pen, ry);
    add_tail(&outline, pen, ry);
    add_feet(&outline, pen, ry);
    add(&outline, 0.6, 0.6 * ry);
    add(&outline, 0.7, -h + 0.2);
    add(&outline, 0.75 + snout, -h + 0.1);
    nt_pen_path(pen, nt_chance(pen, 0.4) ? NT_SMOOTH : NT_OPEN, outline.xy, outline.count);
    if (nt_chance(pen, 0.5)) {
        nt_pen_dot(pen, 0.85, -h - 0.12, 0.04);
    }
    if (nt_chance(pen, 0.4)) {
        dragon_wing(pen, 0, -0.2, -1);
    }
}

/* ---- Others ---- */

/* Hardly more than an animal: body, head, tail, legs as they come. */
static void plain_beast(struct nt_pen *pen) {
    double ry = nt_vary(pen, 0.15, 0.5), hx = nt_vary(pen, 0.6, 1), hy = nt_vary(pen, -0.7, 0.1),
           size = nt_vary(pen, 0.12, 0.3);
    if (nt_chance(pen, 0.7)) {
        nt_pen_loop(pen, 0, 0, 0.65, ry);
    } else {
        NT_PATH(pen, NT_SMOOTH, 0.65, 0.1, 0.2, -ry, -0.6, -0.5 * ry, -0.7, 0.4 * ry, 0, 0.8 * ry, 0.6, 0.4 * ry);
    }
    if (nt_chance(pen, 0.6)) {
        nt_pen_loop(pen, hx, hy, size * 1.2, size);
    } else {
        dragon_head(pen, hx, hy);
    }
    double tail = nt_vary(pen, 0.3, 1), tail_y = nt_vary(pen, -0.5, 0.5), swing = nt_spread(pen, 0, 0.3);
    NT_PATH(pen, NT_SMOOTH, -0.6, 0, -0.6 - 0.5 * tail, swing, -0.6 - tail, tail_y);
    if (nt_chance(pen, 0.75)) {
        dragon_legs(pen, -0.4, 0.4, 0.8 * ry);
    }
    if (nt_chance(pen, 0.35)) {
        nt_pen_zigzag(pen, NT_OPEN, 0.5, -0.7 * ry, -0.5, -0.8 * ry, 3 + nt_pick(pen, 4), 0.18);
    }
    if (nt_chance(pen, 0.4)) {
        dragon_wing(pen, 0, -0.6 * ry, nt_side(pen));
    }
}

/* Two wings like sails and a body between them, or aslant behind. */
static void sailing_dragon(struct nt_pen *pen) {
    double reach = nt_vary(pen, 0.6, 1.1), lift = nt_vary(pen, 0.2, 0.8), drop = nt_vary(pen, 0, 0.5),
           slant = nt_spread(pen, 0, 0.4);
    for (int side = -1; side <= 1; side += 2) {
        NT_PATH(pen, nt_chance(pen, 0.3) ? NT_SMOOTH : NT_OPEN, 0, -0.2, side * 0.5 * reach, -0.2 - lift, side * reach,
                -lift * 0.5, side * 0.75 * reach, drop * 0.5, side * 0.45 * reach, 0.1, side * 0.3, drop, 0, 0.2);
    }
    NT_PATH(pen, NT_SMOOTH, -slant, -0.8, -0.5 * slant, -0.4, 0, 0.1, 0.6 * slant, 0.6, slant, 1);
    if (nt_chance(pen, 0.6)) {
        nt_pen_loop(pen, -slant, -0.85, 0.15, 0.15);
    }
}

void nt_draw_dragon(struct nt_pen *pen) {
    double side = nt_side(pen);
    struct nt_frame before = nt_pen_move(pen, 0, 0, side, nt_vary(pen, 0.8, 1.35), 0);
    pen->tilt = 10;
    pen->mess *= 1.2;
    switch (NT_CHOOSE(pen, 6, 3.5, 1.5, 4, 3, 0.8)) {
    case 0:
        walking_dragon(pen);
        break;
    case 1:
        winding_dragon(pen);
        break;
    case 2:
        flying_dragon(pen);
        break;
    case 3:
        outlined_dragon(pen);
        break;
    case 4:
        plain_beast(pen);
        break;
    default:
        sailing_dragon(pen);
    }
    if (nt_chance(pen, 0.06)) {
        nt_pen_scribble(pen, 0, 0, 0.5, 0.3);
    }
    nt_pen_back(pen, before);
}
