/* Changed images for training: an affine map and a bending on a coarse grid, after Simard, Steinkraus and Platt, "Best
 * Practices for Convolutional Neural Networks Applied to Visual Document Analysis", ICDAR 2003 (whose displacements are
 * smoothed by a Gaussian; here they are interpolated between grid points), and strokes made thinner or thicker. */
#include <math.h>
#include <string.h>

#include "ntrace/random.h"
#include "ntrace/train.h"

enum { GRID = 4, STREAM_AUGMENT = 1u << 20 };

struct bend {
    float xx, xy, yx, yy, x, y; /* from a pixel of the changed image, seen from its centre, to one of the image */
    float dx[GRID][GRID], dy[GRID][GRID];
};

static void draw_bend(struct bend *bend, struct nt_random *random, struct nt_shape shape) {
    float angle = nt_random_between(random, -0.21f, 0.21f), shear = nt_random_between(random, -0.15f, 0.15f);
    float wide = 1 / nt_random_between(random, 0.85f, 1.1f), high = 1 / nt_random_between(random, 0.85f, 1.1f);
    float c = cosf(angle), s = sinf(angle), unit = (float)shape.width / 28;
    *bend = (struct bend){.xx = c * wide, .xy = (shear * c - s) * wide, .yx = s * high, .yy = (shear * s + c) * high};
    bend->x = unit * nt_random_between(random, -1.5f, 1.5f);
    bend->y = unit * nt_random_between(random, -1.5f, 1.5f);
    for (int i = 0; i < GRID; i++) {
        for (int j = 0; j < GRID; j++) {
            bend->dx[i][j] = unit * nt_random_between(random, -1.2f, 1.2f);
            bend->dy[i][j] = unit * nt_random_between(random, -1.2f, 1.2f);
        }
    }
}

/* A displacement at a place in the grid, 0 to GRID - 1 along each side. */
static float between(float field[GRID][GRID], float y, float x) {
    int i = (int)y < GRID - 2 ? (int)y : GRID - 2, j = (int)x < GRID - 2 ? (int)x : GRID - 2;
    float v = y - (float)i, u = x - (float)j;
    float top = field[i][j] + u * (field[i][j + 1] - field[i][j]);
    float bottom = field[i + 1][j] + u * (field[i + 1][j + 1] - field[i + 1][j]);
    return top + v * (bottom - top);
}

static float pixel_at(const uint8_t *image, struct nt_shape shape, uint32_t channel, int y, int x) {
    bool inside = y >= 0 && x >= 0 && y < (int)shape.height && x < (int)shape.width;
    return inside ? (float)image[((size_t)y * shape.width + (size_t)x) * shape.channels + channel] : 0;
}

/* The image between its pixels, black around it; 0 to 255. */
static float sample_at(const uint8_t *image, struct nt_shape shape, uint32_t channel, float y, float x) {
    int i = (int)floorf(y), j = (int)floorf(x);
    float v = y - (float)i, u = x - (float)j;
    float top = pixel_at(image, shape, channel, i, j) * (1 - u) + pixel_at(image, shape, channel, i, j + 1) * u;
    float bottom =
        pixel_at(image, shape, channel, i + 1, j) * (1 - u) + pixel_at(image, shape, channel, i + 1, j + 1) * u;
    return top + v * (bottom - top);
}

static void warp(float *out, const uint8_t *image, struct nt_shape shape, uint32_t channel, struct bend *bend) {
    float middle_y = ((float)shape.height - 1) / 2, middle_x = ((float)shape.width - 1) / 2;
    float grid_y = (GRID - 1) / (2 * middle_y + 1e-6f), grid_x = (GRID - 1) / (2 * middle_x + 1e-6f);
    for (uint32_t y = 0; y < shape.height; y++) {
        for (uint32_t x = 0; x < shape.width; x++) {
            float v = (float)y - middle_y + bend->y, u = (float)x - middle_x + bend->x;
            float from_y = bend->yx * u + bend->yy * v + middle_y, from_x = bend->xx * u + bend->xy * v + middle_x;
            from_y += between(bend->dy, (float)y * grid_y, (float)x * grid_x);
            from_x += between(bend->dx, (float)y * grid_y, (float)x * grid_x);
            *out++ = sample_at(image, shape, channel, from_y, from_x);
        }
    }
}

/* The largest (or smallest) of a pixel and its four neighbours, mixed in by `share`: thicker (or thinner) strokes. */
static void thicken(float *out, const float *in, struct nt_shape shape, float share, bool thicker) {
    static const int around[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
    int height = (int)shape.height, width = (int)shape.width;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            float own = in[y * width + x], most = own;
            for (int n = 0; n < 4; n++) {
                int i = y + around[n][0], j = x + around[n][1];
                float other = i >= 0 && j >= 0 && i < height && j < width ? in[i * width + j] : 0;
                most = (thicker ? other > most : other < most) ? other : most;
            }
            out[y * width + x] = own + share * (most - own);
        }
    }
}

void nt_train_augment(float *pixel, const uint8_t *image, struct nt_shape shape, uint64_t seed, uint64_t number,
                      float *scratch) {
    size_t area = (size_t)shape.height * shape.width;
    struct nt_random random;
    struct bend bend;
    nt_random_seed(&random, seed, STREAM_AUGMENT + number);
    draw_bend(&bend, &random, shape);
    float share = nt_random_between(&random, -0.4f, 0.5f);
    for (uint32_t channel = 0; channel < shape.channels; channel++) {
        warp(scratch, image, shape, channel, &bend);
        thicken(scratch + area, scratch, shape, fabsf(share), share > 0);
        for (size_t i = 0; i < area; i++) {
            pixel[i * shape.channels + channel] = scratch[area + i] * (1.0f / 255);
        }
    }
}
