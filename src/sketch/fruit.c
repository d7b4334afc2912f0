/* Apples, pears, pineapples. */
#include <math.h>

#include "sketch/pen.h"

/* ---- Apple ---- */

/* Half-width and dents vary; the top dent is at (0, -top). */
static void apple_body(struct nt_pen *pen, double w, double h) {
    double dent = nt_chance(pen, 0.35) ? 0 : nt_vary(pen, 0.03, 0.28),
           base = nt_chance(pen, 0.45) ? nt_vary(pen, 0.03, 0.2) : 0;
    double narrow = nt_vary(pen, 0.35, 0.8), shoulder = nt_vary(pen, 0.35, 0.7), lean = nt_spread(pen, 0, 0.08);
    double belly = nt_vary(pen, -0.25, 0.15);
    NT_PATH(pen, NT_SMOOTH | (nt_chance(pen, 0.5) ? 0u : 1u), lean, -h + dent, shoulder * w, -h, 0.97 * w, -0.55 * h, w,
            belly * h, (narrow + 0.3) * w, 0.6 * h, narrow * w * 0.6, h, lean, h - base, -narrow * w * 0.6, h,
            -(narrow + 0.3) * w, 0.6 * h, -w, belly * h, -0.97 * w, -0.55 * h, -shoulder * w, -h, lean, -h + dent);
}

static void apple_stem(struct nt_pen *pen, double h, double dent) {
    double x = nt_spread(pen, 0, 0.08), reach = nt_vary(pen, 0.25, 0.85), bend = nt_spread(pen, 0.05, 0.2);
    double y = -h + dent + nt_spread(pen, 0, 0.06);
    switch (NT_CHOOSE(pen, 4, 3, 1)) {
    case 0:
        nt_pen_line(pen, x, y, x + bend, y - reach);
        break;
    case 1:
        NT_PATH(pen, NT_SMOOTH, x, y, x + 0.1 * bend, y - 0.6 * reach, x + 1.5 * bend, y - reach);
        break;
    default: /* a thick stem */
        NT_PATH(pen, NT_OPEN, x - 0.06, y, x - 0.06 + bend, y - reach, x + 0.08 + bend, y - reach, x + 0.08, y);
    }
}

static void apple_leaf(struct nt_pen *pen, double h) {
    double side = nt_side(pen), angle = nt_vary(pen, 0, 1.1), length = nt_vary(pen, 0.3, 0.95);
    double y = -h - nt_vary(pen, -0.05, 0.4), x = nt_spread(pen, 0, 0.06), width = nt_vary(pen, 0.06, 0.22);
    nt_pen_petal(pen, x, y, x + side * length * cos(angle), y - length * sin(angle), width);
    if (nt_chance(pen, 0.1)) {
        nt_pen_line(pen, x, y, x + side * 0.7 * length * cos(angle), y - 0.7 * length * sin(angle));
    }
}

static void bitten_apple(struct nt_pen *pen, double w, double h) {
    double size = nt_vary(pen, 0.2, 0.4), y = nt_spread(pen, -0.1, 0.15), deep = nt_vary(pen, 0.12, 0.2);
    NT_PATH(pen, NT_SMOOTH, 0.9 * w, y - size, 0.7 * w, -0.9 * h, 0.3 * w, -h, 0, -0.85 * h, -0.4 * w, -h, -0.9 * w,
            -0.7 * h, -w, 0, -0.7 * w, 0.75 * h, -0.25 * w, h, 0, 0.93 * h, 0.3 * w, h, 0.75 * w, 0.7 * h, 0.9 * w,
            y + size);
    if (nt_chance(pen, 0.5)) {
        nt_pen_bows(pen, NT_OPEN, 0.9 * w, y - size, 0.9 * w, y + size, 1 + nt_pick(pen, 3), deep);
    } else {
        nt_pen_arc(pen, NT_OPEN, 0.95 * w, y, 0.9 * size, size, -90, -270);
    }
}

void nt_draw_apple(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.8, 1.15), h = nt_vary(pen, 0.75, 0.95);
    pen->tilt = 7;
    bool stem_first = nt_chance(pen, 0.1);
    if (stem_first) {
        apple_stem(pen, h, 0.1);
    }
    switch (NT_CHOOSE(pen, 6, 3, 0.5)) {
    case 0:
        apple_body(pen, w, h);
        break;
    case 1:
        nt_pen_loop(pen, 0, 0, w, h);
        break;
    default:
        bitten_apple(pen, w, h);
    }
    if (!stem_first && nt_chance(pen, 0.93)) {
        apple_stem(pen, h, nt_vary(pen, 0, 0.15));
    }
    for (unsigned leaves = NT_CHOOSE(pen, 4, 5, 2); leaves > 0; leaves--) {
        apple_leaf(pen, h);
    }
    if (nt_chance(pen, 0.08)) {
        double x = nt_side(pen) * 0.5 * w, y = nt_vary(pen, -0.5, 0);
        nt_pen_arc(pen, NT_OPEN, x, y, 0.2, 0.3, 180, 280);
    }
    if (nt_chance(pen, 0.04)) {
        nt_pen_scribble(pen, 0, 0, w, h);
    }
}

/* ---- Pear ---- */

static void pear_body(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.55, 0.95), neck = w * nt_vary(pen, 0.3, 0.75), lean = nt_spread(pen, 0, 0.2);
    double waist = nt_vary(pen, -0.35, 0.1), head = nt_vary(pen, 0.75, 1.15), pinch = nt_vary(pen, 0.8, 1.1);
    double belly = nt_vary(pen, 0.4, 0.65), flat = nt_chance(pen, 0.3) ? nt_vary(pen, 0, 0.1) : 0;
    double skew = nt_chance(pen, 0.25) ? nt_vary(pen, 0.7, 1) : 1;
    NT_PATH(pen, NT_SMOOTH | (nt_chance(pen, 0.55) ? 0u : 1u), lean, -1, lean + neck * 0.8 * head, -0.85,
            lean + neck * head, -0.6, lean * 0.5 + neck * pinch, waist, skew * w, belly, skew * w * 0.75, 0.85, 0.3 * w,
            1, 0, 1 - flat, -0.35 * w, 1, -w * 0.8, 0.85, -w, belly, lean * 0.5 - neck * pinch, waist,
            lean - neck * head, -0.6, lean - neck * 0.8 * head, -0.85, lean, -1);
}

/* Two balls, one on the other. */
static void pear_of_two_balls(struct nt_pen *pen) {
    double top = nt_vary(pen, 0.35, 0.5), bottom = nt_vary(pen, 0.6, 0.8);
    NT_PATH(pen, NT_SMOOTH, 0, -1, top * 0.9, -0.85, top, -0.5, top * 0.85, -0.15, bottom, 0.2, bottom, 0.7, 0.3, 1,
            -0.3, 1, -bottom, 0.7, -bottom, 0.2, -top * 0.85, -0.15, -top, -0.5, -top * 0.9, -0.85, 0, -1);
}

static void pear_drop(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.5, 0.85), low = nt_vary(pen, 0.2, 0.5);
    NT_PATH(pen, NT_SMOOTH, 0.05, -1, 0.2 * w, -0.7, 0.55 * w, -0.2, w, low, 0.6 * w, 0.9, 0, 1, -0.6 * w, 0.9, -w, low,
            -0.55 * w, -0.2, -0.2 * w, -0.7, -0.05, -1);
}

void nt_draw_pear(struct nt_pen *pen) {
    pen->tilt = 10;
    switch (NT_CHOOSE(pen, 6, 2, 2)) {
    case 0:
        pear_body(pen);
        break;
    case 1:
        pear_of_two_balls(pen);
        break;
    default:
        pear_drop(pen);
    }
    double x = nt_spread(pen, 0, 0.08), reach = nt_vary(pen, 0.12, 0.5), bend = nt_spread(pen, 0, 0.15);
    if (nt_chance(pen, 0.85)) {
        NT_PATH(pen, NT_SMOOTH, x, -1 + nt_vary(pen, -0.05, 0.12), x + 0.3 * bend, -1 - 0.5 * reach, x + bend,
                -1 - reach);
    }
    if (nt_chance(pen, 0.18)) {
        double side = nt_side(pen), length = nt_vary(pen, 0.2, 0.5), width = nt_vary(pen, 0.05, 0.12),
               up = nt_vary(pen, -0.1, 0.3);
        nt_pen_petal(pen, x, -1.05, x + side * length, -1.05 - up, width);
    }
    if (nt_chance(pen, 0.025)) {
        nt_pen_scribble(pen, 0, 0.45, 0.55, 0.5);
    }
}

/* ---- Pineapple ---- */

static void crown_of_points(struct nt_pen *pen, double w, double y) {
    double spread = nt_vary(pen, 0.6, 1.4) * w, height = nt_vary(pen, 0.4, 1.05);
    double x0 = nt_vary(pen, 0.35, 1) * w;
    unsigned leaves = 3 + nt_pick(pen, 4);
    double points[2 * 16];
    size_t n = 0;
    for (unsigned i = 0; i <= 2 * leaves; i++) {
        double t = (double)i / (2 * leaves) * 2 - 1;
        bool tip = i % 2 == 1;
        points[2 * n] = tip ? t * spread * 1.2 : t * x0;
        points[2 * n++ + 1] = tip ? y - height * (1 - 0.35 * t * t) : y - 0.12 * height * (1 - t * t);
    }
    nt_pen_path(pen, nt_chance(pen, 0.25) ? NT_SMOOTH : NT_OPEN, points, n);
}

static void crown_of_leaves(struct nt_pen *pen, double y, bool lines) {
    unsigned leaves = nt_chance(pen, 0.1) ? 2 : 3 + nt_pick(pen, 4);
    double fan = nt_vary(pen, 25, 75), length = nt_vary(pen, 0.45, 1.15), width = nt_vary(pen, 0.07, 0.2);
    for (unsigned i = 0; i < leaves; i++) {
        double t = leaves > 1 ? 2.0 * i / (leaves - 1) - 1 : 0;
        double angle = (t * fan + nt_spread(pen, 0, 6)) * 0.01745, reach = length * nt_vary(pen, 0.75, 1.15);
        double x = 0.12 * t, tip_x = x + reach * sin(angle), tip_y = y - reach * cos(angle);
        if (lines) {
            NT_PATH(pen, NT_SMOOTH, x, y, 0.3 * x + 0.7 * tip_x - 0.05 * t, 0.35 * y + 0.65 * tip_y - 0.05, tip_x,
                    tip_y);
        } else {
            nt_pen_petal(pen, x, y, tip_x, tip_y, width);
        }
    }
}

static void pineapple_body(struct nt_pen *pen, double w, double h) {
    double square = nt_vary(pen, 0.5, 0.95);
    switch (NT_CHOOSE(pen, 5, 2, 1)) {
    case 0:
        nt_pen_loop(pen, 0, 0, w, h);
        break;
    case 1:
        NT_PATH(pen, NT_SMOOTH | NT_CLOSED, -0.5 * w, -h, 0.5 * w, -h, square * w, -0.7 * h, w, 0, square * w, 0.7 * h,
                0.5 * w, h, -0.5 * w, h, -square * w, 0.7 * h, -w, 0, -square * w, -0.7 * h);
        break;
    default: { /* a bumpy edge */
        double points[2 * 40];
        unsigned bumps = 8 + nt_pick(pen, 8);
        for (unsigned i = 0; i < 2 * bumps; i++) {
            double angle = 3.14159 * i / bumps, r = i % 2 == 0 ? 1 : 1.14;
            points[2 * i] = r * w * cos(angle);
            points[2 * i + 1] = r * h * sin(angle);
        }
        nt_pen_path(pen, NT_CLOSED | NT_SMOOTH, points, 2 * (size_t)bumps);
    }
    }
}

/* Lines across an ellipse, in a direction given by its cosine and sine. */
static void rake(struct nt_pen *pen, double w, double h, double angle, unsigned lines) {
    double c = cos(angle * 0.01745), s = sin(angle * 0.01745);
    for (unsigned i = 1; i <= lines; i++) {
        double v = -1 + 2.0 * i / (lines + 1), half = sqrt(1 - v * v) * nt_vary(pen, 0.85, 1.08);
        nt_pen_line(pen, w * (v * -s - half * c), h * (v * c - half * s), w * (v * -s + half * c),
                    h * (v * c + half * s));
    }
}

static void pineapple_skin(struct nt_pen *pen, double w, double h) {
    double angle = nt_vary(pen, 25, 60);
    unsigned lines = 2 + nt_pick(pen, 4);
    switch (NT_CHOOSE(pen, 8, 3.5, 2, 1.5, 2, 1, 0.4)) {
    case 0:
        break;
    case 1:
        rake(pen, w, h, angle, lines);
        rake(pen, w, h, -angle, lines);
        break;
    case 2:
        rake(pen, w, h, 0, lines);
        rake(pen, w, h, 90, 2 + nt_pick(pen, 3));
        break;
    case 3:
        rake(pen, w, h, nt_chance(pen, 0.5) ? angle : nt_pick(pen, 2) * 90.0, lines);
        break;
    case 4:
        for (unsigned i = 4 + nt_pick(pen, 8); i > 0; i--) {
            double x = nt_vary(pen, -0.6, 0.6) * w, y = nt_vary(pen, -0.75, 0.75) * h;
            nt_pen_dot(pen, x, y, 0.04);
        }
        break;
    case 5:
        for (unsigned i = 1; i <= lines; i++) {
            double y = h * (-1 + 2.0 * i / (lines + 1));
            nt_pen_zigzag(pen, NT_OPEN, -0.8 * w, y, 0.8 * w, y, 3 + nt_pick(pen, 3), 0.15);
        }
        break;
    default:
        nt_pen_scribble(pen, 0, 0, w, h);
    }
}

void nt_draw_pineapple(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.42, 0.8), h = nt_vary(pen, 0.65, 0.95);
    bool crown_first = nt_chance(pen, 0.15);
    pen->tilt = 9;
    for (int part = 0; part < 2; part++) {
        if ((part == 0) == crown_first) {
            double y = -h + nt_vary(pen, -0.05, 0.1);
            switch (NT_CHOOSE(pen, 5, 3, 3)) {
            case 0:
                crown_of_points(pen, w, y);
                break;
            case 1:
                crown_of_leaves(pen, y, false);
                break;
            default:
                crown_of_leaves(pen, y, true);
            }
        } else {
            pineapple_body(pen, w, h);
        }
    }
    pineapple_skin(pen, w, h);
}
