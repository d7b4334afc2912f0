/* Winograd's minimal filtering F(2 x 2, 3 x 3): Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 * CVPR 2016. Tiles of 4 x 4 inputs, two apart, are transformed into 16 frequencies; at each frequency the channels are
 * summed up as in a product of matrices; the sums are transformed back into 2 x 2 outputs: 16 multiplications in place
 * of 36. A sum runs over the channels in ascending order, and the transforms add in one order too. Part of
 * layers_kernels.h. */

enum { FREQUENCIES = NT_FREQUENCIES, MIDDLE = 5 /* the frequency that adds to all four outputs alike */ };

/* Vectors of one line of tiles at a row of frequencies, from two rows of the image: a - b, or a + b. */
INLINE void transform_row(float *out, const struct nt_winograd *p, const float *a, const float *b, bool plus) {
    size_t n = p->inputs, width = p->to.width;
    const nt_vf zero = nt_vf_splat(0);
    nt_vf first = zero, second = plus ? nt_vf_load(a) + nt_vf_load(b) : nt_vf_load(a) - nt_vf_load(b);
    for (size_t x = 0; x < p->across; x++, out += FREQUENCIES * n) {
        nt_vf third = zero, fourth = zero;
        if (2 * x + 1 < width) {
            size_t at = (2 * x + 1) * n;
            third = plus ? nt_vf_load(a + at) + nt_vf_load(b + at) : nt_vf_load(a + at) - nt_vf_load(b + at);
        }
        if (2 * x + 2 < width) {
            size_t at = (2 * x + 2) * n;
            fourth = plus ? nt_vf_load(a + at) + nt_vf_load(b + at) : nt_vf_load(a + at) - nt_vf_load(b + at);
        }
        nt_vf_store(out, first - third);
        nt_vf_store(out + n, second + third);
        nt_vf_store(out + 2 * n, third - second);
        nt_vf_store(out + 3 * n, second - fourth);
        first = third;
        second = fourth;
    }
}

/* The image as [tiles][FREQUENCIES][inputs]. Beyond its edges lie zeros. */
static void transform(float *out, const struct nt_winograd *p, const float *zeros) {
    size_t n = p->inputs, line = p->to.width * n;
    for (size_t y = 0; y < p->down; y++, out += p->across * FREQUENCIES * n) {
        const float *row[4];
        for (size_t i = 0; i < 4; i++) {
            size_t at = 2 * y + i; /* one more than the row in the image */
            row[i] = at > 0 && at <= p->to.height ? p->in + (at - 1) * line : zeros;
        }
        for (size_t c = 0; c < n; c += NT_LANES) {
            transform_row(out + c, p, row[0] + c, row[2] + c, false);
            transform_row(out + 4 * n + c, p, row[1] + c, row[2] + c, true);
            transform_row(out + 8 * n + c, p, row[2] + c, row[1] + c, false);
            transform_row(out + 12 * n + c, p, row[1] + c, row[3] + c, false);
        }
    }
}

/* Writes those of a window's four outputs that are in the image. */
static void write_pixels(float *to, const struct nt_windows *w, size_t y, size_t x, size_t column, const nt_vf *value) {
    for (size_t i = 0; i < 4; i++) {
        size_t down = 2 * y + i / 2, right = 2 * x + i % 2;
        if (down < w->height && right < w->width) {
            write(to + (down * w->width + right) * w->columns + column, value[i], w->columns - column);
        }
    }
}

/* Back from the frequencies, `step` floats apart, of one tile and one vector of columns. */
INLINE void finish(const struct nt_windows *to, const float *frequency, size_t step, size_t y, size_t x,
                   size_t column) {
    nt_vf up[4], low[4], value[4];
    NT_UNROLL
    for (size_t i = 0; i < 4; i++) {
        nt_vf m0 = nt_vf_load(frequency + i * step), m1 = nt_vf_load(frequency + (4 + i) * step);
        nt_vf m2 = nt_vf_load(frequency + (8 + i) * step), m3 = nt_vf_load(frequency + (12 + i) * step);
        up[i] = m0 + m1 + m2;
        low[i] = m1 - m2 - m3;
    }
    value[0] = up[0] + up[1] + up[2];
    value[1] = up[1] - up[2] - up[3];
    value[2] = low[0] + low[1] + low[2];
    value[3] = low[1] - low[2] - low[3];
    if (to->out != NULL) {
        write_pixels(to->out, to, y, x, column, value);
    }
    if (to->pooled != NULL && y < to->height / 2 && x < to->width / 2) {
        write_pooled(to, y, x, column, value);
    }
    if (to->rectified != NULL) {
        NT_UNROLL
        for (size_t i = 0; i < 4; i++) {
            value[i] = nt_vf_max(value[i], nt_vf_splat(0));
        }
        write_pixels(to->rectified, to, y, x, column, value);
    }
}

/* Tiles first .. first + rows (constant), a group of columns. */
INLINE void winograd_tile(const struct nt_winograd *p, const float *in, size_t first, size_t column, size_t rows) {
    float frequency[FREQUENCIES][ROWS][GROUP];
    size_t n = p->inputs;
    const float *weight = p->weight + column / NT_PANEL * FREQUENCIES * n * NT_PANEL + column % NT_PANEL;
    for (size_t f = 0; f < FREQUENCIES; f++, weight += n * NT_PANEL) {
        const float *start[ROWS];
        nt_vf sum[ROWS][VECTORS];
        NT_UNROLL
        for (size_t i = 0; i < rows; i++) {
            start[i] = in + ((first + i) * FREQUENCIES + f) * n;
            NT_UNROLL
            for (size_t j = 0; j < VECTORS; j++) {
                sum[i][j] = nt_vf_splat(0);
                if (f == MIDDLE) {
                    sum[i][j] = nt_vf_load(p->bias + column + j * NT_LANES);
                }
            }
        }
        add_terms(sum, start, weight, n, rows);
        NT_UNROLL
        for (size_t i = 0; i < rows; i++) {
            NT_UNROLL
            for (size_t j = 0; j < VECTORS; j++) {
                nt_vf_store(frequency[f][i] + j * NT_LANES, sum[i][j]);
            }
        }
    }
    size_t y = first / p->across, x = first - y * p->across;
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < VECTORS && column + j * NT_LANES < p->to.columns; j++) {
            finish(&p->to, frequency[0][i] + j * NT_LANES, ROWS * GROUP, y, x, column + j * NT_LANES);
        }
        y += x + 1 == p->across;
        x = x + 1 == p->across ? 0 : x + 1;
    }
}

static void winograd_tile_of(const struct nt_winograd *p, const float *in, size_t first, size_t column, size_t rows) {
    switch (rows) {
    case ROWS:
        winograd_tile(p, in, first, column, ROWS);
        break;
    case HALF:
        winograd_tile(p, in, first, column, HALF);
        break;
    case 3:
        winograd_tile(p, in, first, column, 3);
        break;
    default:
        winograd_tile(p, in, first, column, 1);
    }
}

static void winograd(const struct nt_winograd *p) {
    float *zeros = p->scratch, *in = zeros + p->to.width * p->inputs;
    size_t tiles = p->down * p->across;
    memset(zeros, 0, p->to.width * p->inputs * sizeof *zeros);
    transform(in, p, zeros);
    for (size_t column = 0; column < p->to.columns; column += GROUP) {
        for (size_t first = 0, rows; first < tiles; first += rows) {
            rows = next_rows(tiles - first);
            winograd_tile_of(p, in, first, column, rows);
        }
    }
}
