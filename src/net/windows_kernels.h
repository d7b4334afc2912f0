/* Kernels that go by windows of 2 x 2 pixels: convolution, ReLU and max-pooling in one, and their gradient. Part of
 * layers_kernels.h. */

#if NT_LANES == 1
typedef int32_t places;
INLINE places greater(nt_vf a, nt_vf b) { return a > b ? -1 : 0; }
#else
typedef nt_vi places;
INLINE places greater(nt_vf a, nt_vf b) { return a > b; }
#endif

INLINE places choose(places mask, places yes, places no) { return (yes & mask) | (no & ~mask); }

/* Writes the largest of a window's sums, and where it is. */
INLINE void write_pooled(const struct nt_windows *to, size_t y, size_t x, size_t column, const nt_vf *sum) {
    size_t at = (y * (to->width / 2) + x) * to->columns + column, left = to->columns - column;
    nt_vf most = nt_vf_max(sum[0], nt_vf_splat(0));
    places place = choose(greater(sum[0], nt_vf_splat(0)), (places){0}, (places){0} + NT_NO_PLACE);
    NT_UNROLL
    for (int i = 1; i < 4; i++) {
        place = choose(greater(sum[i], most), (places){0} + i, place);
        most = nt_vf_max(sum[i], most);
    }
    write(to->pooled + at, most, left);
    if (to->place != NULL) {
        float kept[NT_LANES];
        memcpy(kept, &place, sizeof kept);
        memcpy(to->place + at, kept, (left < NT_LANES ? left : NT_LANES) * sizeof *to->place);
    }
}

enum { WINDOWS = ROWS / 4 /* in a tile */ };

/* `windows` (constant) windows side by side. */
INLINE void window_tile(const struct nt_windows *to, const struct nt_product *p, size_t y, size_t x, size_t column,
                        size_t windows) {
    const float *start[4 * WINDOWS];
    nt_vf sum[4 * WINDOWS][VECTORS];
    NT_UNROLL
    for (size_t i = 0; i < 4 * windows; i++) {
        start[i] = p->in + (2 * y + i % 4 / 2) * p->line + (2 * (x + i / 4) + i % 2) * p->step;
    }
    sums(sum, p, start, column, 4 * windows);
    NT_UNROLL
    for (size_t i = 0; i < windows; i++) {
        NT_UNROLL
        for (size_t j = 0; j < VECTORS; j++) {
            nt_vf four[4] = {sum[4 * i][j], sum[4 * i + 1][j], sum[4 * i + 2][j], sum[4 * i + 3][j]};
            if (column + j * NT_LANES < p->columns) {
                write_pooled(to, y, x + i, column + j * NT_LANES, four);
            }
        }
    }
}

INLINE void all_windows(const struct nt_windows *to, const struct nt_product *p) {
    for (size_t column = 0; column < p->columns; column += GROUP) {
        for (size_t y = 0; y < to->height / 2; y++) {
            size_t x = 0;
            for (; x + WINDOWS <= to->width / 2; x += WINDOWS) {
                window_tile(to, p, y, x, column, WINDOWS);
            }
            for (; x < to->width / 2; x++) {
                window_tile(to, p, y, x, column, 1);
            }
        }
    }
}

static void product_windows(const struct nt_windows *to, const struct nt_product *p) {
    if (p->segments == 3 && p->length == 3) { /* one channel: all nine terms in a row */
        struct nt_product nine = *p;
        nine.segments = nine.length = 3;
        nine.step = 1;
        all_windows(to, &nine);
    } else {
        all_windows(to, p);
    }
}

/* sum[i] += gradient * weight[i]. */
INLINE void add_scaled(float *sum, const float *weight, float gradient, size_t count) {
    nt_vf factor = nt_vf_splat(gradient);
    size_t i = 0;
    for (; i + NT_LANES <= count; i += NT_LANES) {
        nt_vf_store(sum + i, nt_vf_load(sum + i) + factor * nt_vf_load(weight + i));
    }
    for (; i < count; i++) {
        sum[i] += gradient * weight[i];
    }
}

static void spread(const struct nt_spread *s) {
    size_t length = s->kernel * s->inputs, terms = s->kernel * length;
    const uint32_t *place = s->place;
    for (size_t y = 0; y < s->down; y++) {
        for (size_t x = 0; x < s->across; x++) {
            const float *gradient = s->gradient + y * s->gradient_line + x * s->columns;
            for (size_t c = 0; c < s->columns; c++) {
                uint32_t at = *place++;
                if (at == NT_NO_PLACE) {
                    continue;
                }
                float *sum = s->sum + (2 * y + at / 2) * s->line + (2 * x + at % 2) * s->inputs;
                for (size_t k = 0; k < s->kernel; k++) {
                    add_scaled(sum + k * s->line, s->weight + c * terms + k * length, gradient[c], length);
                }
            }
        }
    }
}

enum { PATCH = 16 };

/* A window's outputs see a patch of 4 x 4 inputs: the weights lie ready at each of their places in it. */
static void spread_patches(const struct nt_spread *s) {
    const uint32_t *place = s->place;
    for (size_t y = 0; y < s->down; y++) {
        for (size_t x = 0; x < s->across; x++, place += s->columns) {
            const float *gradient = s->gradient + y * s->gradient_line + x * s->columns, *weight = s->weight;
            nt_vf patch[PATCH / NT_LANES] = {0};
            float kept[PATCH], *sum = s->sum + 2 * y * s->line + 2 * x;
            for (size_t c = 0; c < s->columns; c++, weight += NT_PLACES * PATCH) {
                nt_vf factor = nt_vf_splat(gradient[c]);
                NT_UNROLL
                for (size_t j = 0; j < PATCH / NT_LANES; j++) {
                    patch[j] = patch[j] + factor * nt_vf_load(weight + place[c] * PATCH + j * NT_LANES);
                }
            }
            memcpy(kept, patch, sizeof kept);
            for (size_t i = 0; i < PATCH; i++) {
                sum[i / 4 * s->line + i % 4] += kept[i];
            }
        }
    }
}
