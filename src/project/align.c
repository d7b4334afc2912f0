/* Schönemann's solution in the plane, where the best turn and the best mirrored turn have closed forms. */
#include <math.h>
#include <stdbool.h>

#include "ntrace/project.h"

struct cloud {
    double x, y, square; /* centre, sum of squared distances from it */
};

static struct cloud cloud_of(const float *map, uint32_t n) {
    struct cloud c = {0};
    for (size_t i = 0; i < n; i++) {
        c.x += (double)map[2 * i];
        c.y += (double)map[2 * i + 1];
    }
    c.x /= n;
    c.y /= n;
    for (size_t i = 0; i < n; i++) {
        double x = (double)map[2 * i] - c.x, y = (double)map[2 * i + 1] - c.y;
        c.square += x * x + y * y;
    }
    return c;
}

/* The matrix [a b; c d], a multiple of a turn with or without mirroring, that brings one cloud nearest to the other. */
static void best_turn(double turn[4], const float *map, const float *other, uint32_t n, struct cloud from,
                      struct cloud to) {
    double xx = 0, xy = 0, yx = 0, yy = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)map[2 * i] - from.x, y = (double)map[2 * i + 1] - from.y;
        double u = (double)other[2 * i] - to.x, v = (double)other[2 * i + 1] - to.y;
        xx += x * u;
        xy += x * v;
        yx += y * u;
        yy += y * v;
    }
    double plain[2] = {xx + yy, xy - yx}, mirrored[2] = {xx - yy, xy + yx};
    double plain_length = sqrt(plain[0] * plain[0] + plain[1] * plain[1]);
    double mirrored_length = sqrt(mirrored[0] * mirrored[0] + mirrored[1] * mirrored[1]);
    bool mirror = mirrored_length > plain_length;
    double length = mirror ? mirrored_length : plain_length, scale = sqrt(to.square / from.square);
    double c = length > 0 ? (mirror ? mirrored[0] : plain[0]) / length : 1;
    double s = length > 0 ? (mirror ? mirrored[1] : plain[1]) / length : 0;
    turn[0] = scale * c;
    turn[1] = mirror ? scale * s : -scale * s;
    turn[2] = scale * s;
    turn[3] = mirror ? -scale * c : scale * c;
}

double nt_map_align(float *map, const float *other, uint32_t n) {
    struct cloud from = cloud_of(map, n), to = cloud_of(other, n);
    double turn[4] = {1, 0, 0, 1}, rest = 0;
    if (from.square > 0 && to.square > 0) {
        best_turn(turn, map, other, n, from, to);
    }
    for (size_t i = 0; i < n; i++) {
        double x = (double)map[2 * i] - from.x, y = (double)map[2 * i + 1] - from.y;
        map[2 * i] = (float)(to.x + turn[0] * x + turn[1] * y);
        map[2 * i + 1] = (float)(to.y + turn[2] * x + turn[3] * y);
        double u = (double)map[2 * i] - (double)other[2 * i], v = (double)map[2 * i + 1] - (double)other[2 * i + 1];
        rest += u * u + v * v;
    }
    return to.square > 0 ? sqrt(rest / to.square) : sqrt(rest / n);
}
