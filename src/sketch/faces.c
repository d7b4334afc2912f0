/* Moustaches, mouths, smiley faces. */
#include <math.h>

#include "sketch/pen.h"

/* ---- Moustache ---- */

/* Two bows from the middle outwards, closed below: the usual handlebar. */
static void solid_moustache(struct nt_pen *pen) {
    double top = nt_vary(pen, 0.15, 0.45), notch = top * nt_vary(pen, 0.1, 0.8), base = nt_vary(pen, 0.05, 0.35);
    double tip = nt_vary(pen, -0.35, 0.45), hollow = nt_vary(pen, -0.15, 0.2), sag = nt_vary(pen, 0.3, 0.55);
    NT_PATH(pen, NT_SMOOTH | NT_CLOSED, 0, -top + notch, 0.25, -top, 0.55, -0.5 * top + hollow * 0.3, 0.8, tip * 0.3, 1,
            tip, 0.75, 0.25 * tip + base * 0.8, sag, base, 0, base * 0.55, -sag, base, -0.75, 0.25 * tip + base * 0.8,
            -1, tip, -0.8, tip * 0.3, -0.55, -0.5 * top + hollow * 0.3, -0.25, -top);
}

static void pointed_moustache(struct nt_pen *pen) {
    double top = nt_vary(pen, 0.15, 0.5), notch = nt_vary(pen, 0, 0.25), base = nt_vary(pen, 0, 0.3),
           tip = nt_vary(pen, -0.2, 0.4);
    unsigned mode = nt_chance(pen, 0.5) ? NT_OPEN : NT_SMOOTH;
    double hump = nt_vary(pen, 0.2, 0.5);
    NT_PATH(pen, mode, 0, -top + notch, hump, -top, 1, tip, 0.45, base, 0, base * 0.3, -0.45, base, -1, tip, -hump,
            -top, 0, -top + notch);
}

static void curled_moustache(struct nt_pen *pen) {
    double rise = nt_chance(pen, 0.75) ? nt_vary(pen, 0.05, 0.35) : 0, r = nt_vary(pen, 0.12, 0.28),
           turns = nt_vary(pen, 0.3, 1.4), low = nt_vary(pen, 0.05, 0.35);
    bool joined = nt_chance(pen, 0.5);
    for (int side = -1; side <= 1; side += 2) {
        struct nt_frame before = nt_pen_move(pen, 0, 0, side, 1, 0);
        NT_PATH(pen, NT_SMOOTH | (joined && side == 1 ? NT_ON : 0), 0, 0, 0.25, -rise, 0.55, 0.3 * low, 1 - r, low);
        nt_pen_spiral(pen, NT_ON, 1 - r, low - r, r, 90, -turns);
        nt_pen_back(pen, before);
        if (joined && side == -1) {
            NT_PATH(pen, NT_ON, 0, 0);
        }
    }
    if (nt_chance(pen, 0.5)) {
        double thick = nt_vary(pen, 0.1, 0.3);
        NT_PATH(pen, NT_SMOOTH, r - 1, low, -0.5, low + 0.6 * thick, 0, thick * 0.5, 0.5, low + 0.6 * thick, 1 - r,
                low);
    }
}

/* One line: an M or a W with soft or hard corners, tips up or down. */
static void line_moustache(struct nt_pen *pen) {
    double rise = nt_vary(pen, 0.1, 0.45), dip = nt_vary(pen, 0.3, 1), tip = nt_vary(pen, -0.6, 0.8),
           flip = nt_chance(pen, 0.25) ? -1 : 1;
    double out = nt_vary(pen, 0.3, 0.55);
    unsigned mode = nt_chance(pen, 0.8) ? NT_SMOOTH : NT_OPEN;
    NT_PATH(pen, mode, -1, flip * rise * tip, -out - 0.25, -flip * rise * 0.1, -out, -flip * rise, -0.15,
            -flip * rise * (1 - 0.8 * dip), 0, -flip * rise * (1 - dip), 0.15, -flip * rise * (1 - 0.8 * dip), out,
            -flip * rise, out + 0.25, -flip * rise * 0.1, 1, flip * rise * tip);
}

static void two_leaves(struct nt_pen *pen) {
    double width = nt_vary(pen, 0.08, 0.25), drop = nt_spread(pen, 0, 0.2), gap = nt_vary(pen, 0, 0.08);
    nt_pen_petal(pen, -gap, 0, -1, drop, width);
    nt_pen_petal(pen, gap, 0, 1, drop, width);
}

static void hairy_moustache(struct nt_pen *pen) {
    double width = nt_vary(pen, 0.7, 1), height = nt_vary(pen, 0.15, 0.35);
    if (nt_chance(pen, 0.6)) {
        solid_moustache(pen);
    }
    for (unsigned i = 5 + nt_pick(pen, 12), n = i; i > 0; i--) {
        double t = 2.0 * i / n - 1, fan = nt_spread(pen, 0.12, 0.08);
        nt_pen_line(pen, t * width * 0.8, -height * (1 - fabs(t)), t * (width * 0.8 + fan), height);
    }
}

static void moustached_face(struct nt_pen *pen) {
    nt_pen_loop(pen, 0, -0.2, 0.9, 1.1);
    nt_pen_dot(pen, -0.3, -0.5, 0.07);
    nt_pen_dot(pen, 0.3, -0.5, 0.07);
    double size = nt_vary(pen, 0.5, 1.1);
    struct nt_frame before = nt_pen_move(pen, 0, 0.2, size, size * 0.8, 0);
    if (nt_chance(pen, 0.5)) {
        solid_moustache(pen);
    } else {
        line_moustache(pen);
    }
    nt_pen_back(pen, before);
    if (nt_chance(pen, 0.5)) {
        nt_pen_arc(pen, NT_OPEN, 0, 0.4, 0.3, 0.2, 20, 160);
    }
}

void nt_draw_moustache(struct nt_pen *pen) {
    double flat = nt_vary(pen, 0.8, 1.6);
    struct nt_frame before = nt_pen_move(pen, 0, 0, 1, flat, 0);
    pen->tilt = 6;
    switch (NT_CHOOSE(pen, 5, 4, 5, 5.5, 0.8, 0.6, 0.4)) {
    case 0:
        solid_moustache(pen);
        break;
    case 1:
        pointed_moustache(pen);
        break;
    case 2:
        curled_moustache(pen);
        break;
    case 3:
        line_moustache(pen);
        break;
    case 4:
        two_leaves(pen);
        break;
    case 5:
        hairy_moustache(pen);
        break;
    default:
        moustached_face(pen);
    }
    nt_pen_back(pen, before);
    if (nt_chance(pen, 0.07)) {
        nt_pen_scribble(pen, -0.45, 0, 0.45, 0.15);
        nt_pen_scribble(pen, 0.45, 0, 0.45, 0.15);
    }
    if (nt_chance(pen, 0.05)) {
        nt_pen_bows(pen, NT_OPEN, 0.25, -0.5, -0.25, -0.5, 1, 0.2);
    }
}

/* ---- Mouth ---- */

static void teeth_between(struct nt_pen *pen, double w, double top, double bottom, double bend) {
    unsigned teeth = 3 + nt_pick(pen, 6);
    for (unsigned i = 1; i < teeth; i++) {
        double t = 2.0 * i / teeth - 1, curve = bend * (1 - t * t), end = 1 - 0.6 * t * t;
        nt_pen_line(pen, t * w, top + curve, t * w, (top + curve) + (bottom - top) * end);
    }
}

static void lips(struct nt_pen *pen) {
    double upper = nt_vary(pen, 0.18, 0.6), bow = upper * nt_vary(pen, 0, 0.5), lower = nt_vary(pen, 0.2, 0.65),
           peak = nt_vary(pen, 0.2, 0.4);
    unsigned mode = nt_chance(pen, 0.75) ? NT_SMOOTH : NT_OPEN;
    double corner = nt_spread(pen, 0, 0.08);
    if (nt_chance(pen, 0.6)) {
        NT_PATH(pen, mode, -1, corner, -peak - 0.25, -upper * 0.7, -peak, -upper, 0, -upper + bow, peak, -upper,
                peak + 0.25, -upper * 0.7, 1, corner);
        NT_PATH(pen, NT_SMOOTH | (nt_chance(pen, 0.5) ? NT_ON : 0), 1, corner, 0.5, lower * 0.8, 0, lower, -0.5,
                lower * 0.8, -1, corner);
    } else {
        NT_PATH(pen, NT_SMOOTH | NT_CLOSED, -1, corner, -peak - 0.2, -upper * 0.75, -peak, -upper, 0, -upper + bow,
                peak, -upper, peak + 0.2, -upper * 0.75, 1, corner, 0.5, lower * 0.85, 0, lower, -0.5, lower * 0.85);
    }
    double dip = nt_spread(pen, 0, 0.1);
    switch (NT_CHOOSE(pen, 5, 2, 2, 1.5)) {
    case 0:
        NT_PATH(pen, NT_SMOOTH, -1, corner, -0.4, dip, 0, dip * 0.4, 0.4, dip, 1, corner);
        break;
    case 1: { /* opened */
        double open = nt_vary(pen, 0.3, 0.6);
        nt_pen_loop(pen, 0, 0, 0.75, open * fmin(upper, lower));
        if (nt_chance(pen, 0.5)) {
            teeth_between(pen, 0.7, -open * upper, open * lower, 0);
        }
        break;
    }
    case 2:
        break;
    default:
        nt_pen_line(pen, -1, corner, 1, corner);
        teeth_between(pen, 0.8, -0.6 * upper, 0.6 * lower, 0);
    }
}

/* A smile that is open: upper line, lower bow, teeth, tongue. */
static void open_smile(struct nt_pen *pen) {
    double sag = nt_vary(pen, -0.05, 0.4), deep = sag + nt_vary(pen, 0.25, 0.9), full = nt_vary(pen, 0.5, 0.75);
    NT_PATH(pen, NT_SMOOTH, -1, 0, -0.5, sag * 0.8, 0, sag, 0.5, sag * 0.8, 1, 0);
    NT_PATH(pen, NT_SMOOTH | (nt_chance(pen, 0.5) ? NT_ON : 0), 1, 0, full + 0.1, deep * 0.65, 0, deep, -full - 0.1,
            deep * 0.65, -1, 0);
    switch (NT_CHOOSE(pen, 3, 3, 2, 2, 1)) {
    case 0:
        break;
    case 1:
        if (nt_chance(pen, 0.6)) {
            double y = 0.5 * (sag + deep);
            NT_PATH(pen, NT_SMOOTH, -0.75, 0.35 * deep, 0, y, 0.75, 0.35 * deep);
        }
        teeth_between(pen, 0.9, 0.1, 0.1 + 0.8 * (deep - sag), sag);
        break;
    case 2: /* teeth as a zigzag or bows */
        nt_pen_zigzag(pen, NT_OPEN, 0.9, 0.5 * sag, -0.9, 0.5 * sag, 3 + nt_pick(pen, 5), -0.35 * (deep - sag));
        break;
    case 3: {
        double r = nt_vary(pen, 0.25, 0.45);
        nt_pen_arc(pen, NT_OPEN, nt_spread(pen, 0, 0.1), deep, r, 0.6 * (deep - sag), 190, 350);
        break;
    }
    default: {
        double r = nt_vary(pen, 0.2, 0.35), x = nt_spread(pen, 0, 0.2);
        NT_PATH(pen, NT_SMOOTH, x - r, deep * 0.8, x - r, deep + 0.4, x, deep + 0.6, x + r, deep + 0.4, x + r,
                deep * 0.8);
        nt_pen_line(pen, x, deep * 0.9, x, deep + 0.35);
    }
    }
}

static void boxed_teeth(struct nt_pen *pen) {
    double h = nt_vary(pen, 0.2, 0.5), bend = nt_vary(pen, 0, 0.4);
    NT_PATH(pen, NT_SMOOTH | NT_CLOSED, -1, -h, -0.5, -h + bend * 0.7, 0, -h + bend, 0.5, -h + bend * 0.7, 1, -h, 0.95,
            h * 0.4, 0.5, h + bend * 0.7, 0, h + bend, -0.5, h + bend * 0.7, -0.95, h * 0.4);
    NT_PATH(pen, NT_SMOOTH, -1, 0, -0.5, bend * 0.7, 0, bend, 0.5, bend * 0.7, 1, 0);
    teeth_between(pen, 0.95, -h, h, bend);
}

static void round_mouth(struct nt_pen *pen) {
    double h = nt_vary(pen, 0.4, 1), inner = nt_vary(pen, 0.4, 0.8);
    nt_pen_loop(pen, 0, 0, 1, h);
    switch (NT_CHOOSE(pen, 2, 2, 0.3)) {
    case 0:
        nt_pen_loop(pen, 0, 0, inner, inner * h);
        break;
    case 1:
        nt_pen_line(pen, -1, 0, 1, 0);
        teeth_between(pen, 0.8, -0.6 * h, 0.6 * h, 0);
        break;
    default:
        nt_pen_arc(pen, NT_OPEN, 0, 0.6 * h, 0.5, 0.4 * h, 200, 340);
    }
    if (nt_chance(pen, 0.3)) {
        nt_pen_zigzag(pen, NT_OPEN, 0.7, -0.6 * h, -0.7, -0.6 * h, 4, -0.25);
    }
}

void nt_draw_mouth(struct nt_pen *pen) {
    double flat = nt_vary(pen, 0.75, 1.4);
    struct nt_frame before = nt_pen_move(pen, 0, 0, 1, flat, 0);
    switch (NT_CHOOSE(pen, 10, 6, 2, 1.5)) {
    case 0:
        lips(pen);
        break;
    case 1:
        open_smile(pen);
        break;
    case 2:
        boxed_teeth(pen);
        break;
    default:
        round_mouth(pen);
    }
    nt_pen_back(pen, before);
    if (nt_chance(pen, 0.07)) { /* what is around it */
        double y = -nt_vary(pen, 0.7, 1.1);
        nt_pen_arc(pen, NT_OPEN, 0, y, 0.2, 0.15, 10, 170);
    }
    if (nt_chance(pen, 0.06)) {
        nt_pen_line(pen, -1, -0.12, -1.1, 0.15);
        nt_pen_line(pen, 1, -0.12, 1.1, 0.15);
    }
    if (nt_chance(pen, 0.04)) {
        nt_pen_scribble(pen, 0, 0.05, 0.8, 0.25);
    }
}

/* ---- Smiley face ---- */

static void eyes(struct nt_pen *pen) {
    double apart = nt_vary(pen, 0.2, 0.45), y = -nt_vary(pen, 0.15, 0.5), size = nt_vary(pen, 0.05, 0.2),
           long_eye = nt_vary(pen, 0.1, 0.28);
    unsigned kind = NT_CHOOSE(pen, 4, 3, 3, 1, 1, 0.4);
    for (int side = -1; side <= 1; side += 2) {
        double x = side * apart + nt_spread(pen, 0, 0.04), ey = y + nt_spread(pen, 0, 0.04);
        switch (kind) {
        case 0:
            nt_pen_line(pen, x, ey - long_eye, x, ey + long_eye);
            break;
        case 1:
            nt_pen_loop(pen, x, ey, size, size * 1.2);
            break;
        case 2:
            NT_PATH(pen, NT_OPEN, x, ey, x + 0.02, ey + 0.02);
            break;
        case 3:
            nt_pen_scribble(pen, x, ey, size, size * 1.3);
            break;
        case 4:
            nt_pen_arc(pen, NT_OPEN, x, ey + 0.05, size + 0.05, size + 0.05, 200, 340);
            break;
        default:
            nt_pen_loop(pen, x, ey, size + 0.08, size + 0.08);
            nt_pen_dot(pen, x, ey, 0.05);
        }
    }
}

static void smile(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.3, 0.65), y = nt_vary(pen, 0, 0.3), deep = nt_vary(pen, 0.15, 0.5),
           corner = nt_vary(pen, 0, 0.3);
    switch (NT_CHOOSE(pen, 10, 2.5, 0.7, 0.7)) {
    case 0:
        NT_PATH(pen, NT_SMOOTH, -w, y, -0.75 * w, y + 0.6 * deep, -0.2 * w, y + deep, 0.3 * w, y + deep * 0.95, 0.8 * w,
                y + 0.55 * deep, w, y - corner * 0.3);
        break;
    case 1:
        NT_PATH(pen, NT_SMOOTH, -w, y, -0.6 * w, y + 0.8 * deep, 0, y + deep, 0.6 * w, y + 0.8 * deep, w, y);
        nt_pen_line(pen, w, y, -w, y);
        if (nt_chance(pen, 0.3)) {
            teeth_between(pen, 0.8 * w, y, y + 0.8 * deep, 0);
        }
        break;
    case 2:
        nt_pen_line(pen, -w, y + 0.2, w, y + 0.2);
        break;
    default:
        NT_PATH(pen, NT_SMOOTH, -w, y, 0, y + deep, w, y);
        NT_PATH(pen, NT_SMOOTH, 0.1 * w, y + deep, 0.25 * w, y + 1.7 * deep, 0.6 * w, y + 1.5 * deep, 0.6 * w,
                y + 0.8 * deep);
    }
}

void nt_draw_smiley_face(struct nt_pen *pen) {
    double w = nt_vary(pen, 0.92, 1.12), h = nt_vary(pen, 0.88, 1.05);
    bool bare = nt_chance(pen, 0.14), mouth_first = nt_chance(pen, 0.15);
    pen->tilt = 9;
    if (!bare) {
        nt_pen_loop(pen, 0, 0, w, h);
    }
    struct nt_frame before = nt_pen_move(pen, nt_spread(pen, 0, 0.06), 0, 1, 1, 0);
    if (mouth_first) {
        smile(pen);
        eyes(pen);
    } else {
        eyes(pen);
        smile(pen);
    }
    if (nt_chance(pen, 0.13)) {
        double size = nt_vary(pen, 0.05, 0.15);
        switch (nt_pick(pen, 3)) {
        case 0:
            nt_pen_dot(pen, 0, 0, size);
            break;
        case 1:
            nt_pen_line(pen, 0, -size, 0, size);
            break;
        default:
            NT_PATH(pen, NT_OPEN, 0, -size, -size, size, size * 0.5, size);
        }
    }
    nt_pen_back(pen, before);
    if (nt_chance(pen, 0.03)) {
        nt_pen_zigzag(pen, NT_OPEN, 0.5, -0.9 * h, -0.5, -0.9 * h, 4, -0.25);
    }
}
