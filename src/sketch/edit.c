#include "ntrace/edit.h"

#include <math.h>

#include "ntrace/random.h"

static uint8_t to_byte(float value) { return (uint8_t)(fminf(fmaxf(value, 0), 255) + 0.5f); }

static float ink_at(const uint8_t *in, uint32_t height, uint32_t width, int64_t y, int64_t x) {
    return y >= 0 && x >= 0 && y < (int64_t)height && x < (int64_t)width ? in[(size_t)y * width + (size_t)x] : 0;
}

static float look_up(const uint8_t *in, uint32_t height, uint32_t width, float y, float x) {
    if (!(y > -1 && x > -1 && y < (float)height && x < (float)width)) {
        return 0;
    }
    int64_t row = (int64_t)floorf(y), column = (int64_t)floorf(x);
    float v = y - (float)row, u = x - (float)column;
    float above = ink_at(in, height, width, row, column) * (1 - u) + ink_at(in, height, width, row, column + 1) * u;
    float below =
        ink_at(in, height, width, row + 1, column) * (1 - u) + ink_at(in, height, width, row + 1, column + 1) * u;
    return above * (1 - v) + below * v;
}

void nt_edit_move(uint8_t *out, const uint8_t *in, uint32_t height, uint32_t width, float degrees, float x, float y) {
    double angle = (double)degrees * 3.14159265358979323846 / 180;
    float c = (float)cos(angle), s = (float)sin(angle);
    float middle_x = (float)(width - 1) / 2, middle_y = (float)(height - 1) / 2;
    for (uint32_t row = 0; row < height; row++) {
        for (uint32_t column = 0; column < width; column++) {
            float from_x = (float)column - middle_x - x, from_y = (float)row - middle_y - y;
            float at_x = c * from_x + s * from_y + middle_x, at_y = c * from_y - s * from_x + middle_y;
            out[(size_t)row * width + column] = to_byte(look_up(in, height, width, at_y, at_x));
        }
    }
}

void nt_edit_thicken(uint8_t *out, const uint8_t *in, uint32_t height, uint32_t width, float share) {
    for (uint32_t row = 0; row < height; row++) {
        for (uint32_t column = 0; column < width; column++) {
            float own = in[(size_t)row * width + column], most = own, least = own;
            for (int side = 0; side < 4; side++) {
                int64_t y = (int64_t)row + (side == 0) - (side == 1), x = (int64_t)column + (side == 2) - (side == 3);
                float ink = ink_at(in, height, width, y, x);
                most = fmaxf(most, ink);
                least = fminf(least, ink);
            }
            out[(size_t)row * width + column] =
                to_byte(share >= 0 ? own + share * (most - own) : own - share * (least - own));
        }
    }
}

void nt_edit_noise(uint8_t *image, size_t count, float deviation, uint32_t seed) {
    struct nt_random random;
    nt_random_seed(&random, seed, 1);
    for (size_t i = 0; i < count; i++) {
        image[i] = to_byte((float)image[i] + deviation * nt_random_normal(&random));
    }
}
