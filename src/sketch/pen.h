/* A pen in an unsteady hand: what the classes' drawings are made with.
 *
 * A drawing lives in a box of about -1 to 1, y downwards, angles in degrees, 0 to the right and 90 downwards. Every
 * mark is moved and bent a little by the hand that holds the pen, so drawings give the ideal shape and say how it
 * varies. The order in which C evaluates arguments is open: no more than one random number stands in one call. */
#ifndef NTRACE_SKETCH_PEN_H
#define NTRACE_SKETCH_PEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ntrace/random.h"

enum { NT_PEN_POINTS = 8192, NT_PEN_STROKES = 160 };

/* How a path is drawn; may be added up. */
enum nt_path_mode {
    NT_OPEN = 0,
    NT_CLOSED = 1, /* ends about where it began */
    NT_SMOOTH = 2, /* a curve through the points instead of straight lines */
    NT_ON = 4      /* goes on from the stroke before without lifting the pen */
};

/* Where marks go: x' = m[0] x + m[2] y + m[4], y' = m[1] x + m[3] y + m[5]. */
struct nt_frame {
    double m[6];
};

struct nt_pen {
    struct nt_random random;
    struct nt_frame frame;
    double mess;    /* unsteadiness, about 0.3 to 2 */
    double haste;   /* how much corners are cut, 0 to 1 */
    double closing; /* how far the ends of closed shapes miss each other, about 0 to 1 */
    double tilt;    /* degrees by which the finished drawing is typically turned; drawings may set it */
    double lifting; /* chance that the pen is not lifted between two strokes */
    uint32_t strokes, total;
    uint32_t counts[NT_PEN_STROKES];
    double points[2 * NT_PEN_POINTS];
};

/* A fresh sheet and a hand chosen at random. */
void nt_pen_start(struct nt_pen *pen, uint64_t seed, uint64_t stream);

double nt_vary(struct nt_pen *pen, double low, double high);
double nt_spread(struct nt_pen *pen, double mean, double deviation); /* normal, cut at two deviations */
bool nt_chance(struct nt_pen *pen, double share);
unsigned nt_pick(struct nt_pen *pen, unsigned count);
double nt_side(struct nt_pen *pen); /* -1 or 1 */

/* A choice by weights: `NT_CHOOSE(pen, 5, 2, 1)` gives 0 in five cases of eight. */
unsigned nt_choose(struct nt_pen *pen, const double *weights, size_t count);
#define NT_CHOOSE(pen, ...)                                                                                            \
    nt_choose(pen, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

/* Moves, scales and turns what is drawn next; returns the frame before, to be given to nt_pen_back. */
struct nt_frame nt_pen_move(struct nt_pen *pen, double x, double y, double scale_x, double scale_y, double degrees);
void nt_pen_back(struct nt_pen *pen, struct nt_frame frame);

/* A path through points given as x, y, x, y... */
void nt_pen_path(struct nt_pen *pen, unsigned mode, const double *points, size_t count);
#define NT_PATH(pen, mode, ...)                                                                                        \
    nt_pen_path(pen, mode, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / (2 * sizeof(double)))

void nt_pen_line(struct nt_pen *pen, double x0, double y0, double x1, double y1);

/* A closed ellipse, begun anywhere. */
void nt_pen_loop(struct nt_pen *pen, double x, double y, double radius_x, double radius_y);

void nt_pen_arc(struct nt_pen *pen, unsigned mode, double x, double y, double radius_x, double radius_y, double from,
                double to);

/* A closed blade or petal from a root to its tip. */
void nt_pen_petal(struct nt_pen *pen, double x0, double y0, double x1, double y1, double width);

/* A small mark: a point, a tick, a ring or a blob, alike within a drawing only by chance. */
void nt_pen_dot(struct nt_pen *pen, double x, double y, double size);

/* `teeth` teeth from one point to another; `height` to the right of the way; curved gives bows instead of points. */
void nt_pen_zigzag(struct nt_pen *pen, unsigned mode, double x0, double y0, double x1, double y1, unsigned teeth,
                   double height);
void nt_pen_bows(struct nt_pen *pen, unsigned mode, double x0, double y0, double x1, double y1, unsigned bows,
                 double height);

/* A spiral from its outer end inwards. */
void nt_pen_spiral(struct nt_pen *pen, unsigned mode, double x, double y, double radius, double from, double turns);

/* Fills an ellipse by going to and fro. */
void nt_pen_scribble(struct nt_pen *pen, double x, double y, double radius_x, double radius_y);

/* Finishes the drawing: what is left out, bends of the whole sheet, QuickDraw's fit, its thinning of points and
 * rounding. points out [2 * NT_PEN_POINTS], counts out [NT_PEN_STROKES]; returns the strokes. */
uint32_t nt_pen_finish(float *points, uint32_t *counts, struct nt_pen *pen);

/* The drawings, by class. */
void nt_draw_airplane(struct nt_pen *pen);
void nt_draw_apple(struct nt_pen *pen);
void nt_draw_bee(struct nt_pen *pen);
void nt_draw_car(struct nt_pen *pen);
void nt_draw_dragon(struct nt_pen *pen);
void nt_draw_mosquito(struct nt_pen *pen);
void nt_draw_moustache(struct nt_pen *pen);
void nt_draw_mouth(struct nt_pen *pen);
void nt_draw_pear(struct nt_pen *pen);
void nt_draw_piano(struct nt_pen *pen);
void nt_draw_pineapple(struct nt_pen *pen);
void nt_draw_smiley_face(struct nt_pen *pen);
void nt_draw_train(struct nt_pen *pen);
void nt_draw_umbrella(struct nt_pen *pen);
void nt_draw_wine_bottle(struct nt_pen *pen);

#endif
