/* Windows of any size, stride and padding that slide over one image: pooling, and convolutions of each channel by
 * itself. Part of layers_kernels.h. */

/* The part of a window, along one direction, that lies in the image. */
struct reach {
    size_t first, end; /* taps */
    size_t at;         /* place of the first of them in the image */
};

/* One window, and what a kernel does with its channels c .. c + some - 1. */
struct spot {
    const struct nt_slide *s;
    struct reach y, x;
    size_t pixel; /* of the output */
    size_t c, some;
    float *out;         /* in passes back, the gradient by the image, added to */
    const float *in;    /* the image */
    const float *peak;  /* the output */
    const float *given; /* the gradient by it */
    const float *weight, *bias;
};

INLINE struct reach reach_of(const struct nt_slide *s, size_t output, int way) {
    size_t side = way == 0 ? s->height : s->width, pad = s->window.pad[way], hop = s->window.dilation[way];
    size_t start = output * s->window.stride[way], first = start < pad ? (pad - start + hop - 1) / hop : 0;
    struct reach reach = {first, first, start + first * hop - pad};
    for (size_t place = reach.at; reach.end < s->window.kernel[way] && place < side; place += hop) {
        reach.end++;
    }
    return reach;
}

INLINE void each_window(struct spot spot, void (*visit)(const struct spot *)) {
    const struct nt_slide *s = spot.s;
    for (size_t down = 0; down < s->down; down++) {
        spot.y = reach_of(s, down, 0);
        for (size_t across = 0; across < s->across; across++, spot.pixel++) {
            spot.x = reach_of(s, across, 1);
            for (spot.c = 0; spot.c < s->channels; spot.c += NT_LANES) {
                spot.some = s->channels - spot.c < NT_LANES ? s->channels - spot.c : NT_LANES;
                visit(&spot);
            }
        }
    }
}

INLINE nt_vf load_some(const float *from, size_t some) {
    float kept[NT_LANES] = {0};
    if (some >= NT_LANES) {
        return nt_vf_load(from);
    }
    memcpy(kept, from, some * sizeof *kept);
    return nt_vf_load(kept);
}

/* Where a tap's channels are in the image, and in the output of this window. */
INLINE size_t tap_at(const struct spot *p, size_t row, size_t column) {
    const struct nt_slide *s = p->s;
    size_t y = p->y.at + (row - p->y.first) * s->window.dilation[0];
    size_t x = p->x.at + (column - p->x.first) * s->window.dilation[1];
    return (y * s->width + x) * s->channels + p->c;
}
INLINE size_t pixel_at(const struct spot *p) { return p->pixel * p->s->channels + p->c; }
INLINE size_t weight_at(const struct spot *p, size_t row, size_t column) {
    return (row * p->s->window.kernel[1] + column) * p->s->channels + p->c;
}

static void visit_max(const struct spot *p) {
    nt_vf most = load_some(p->in + tap_at(p, p->y.first, p->x.first), p->some);
    for (size_t row = p->y.first; row < p->y.end; row++) {
        for (size_t column = p->x.first; column < p->x.end; column++) {
            most = nt_vf_max(load_some(p->in + tap_at(p, row, column), p->some), most);
        }
    }
    write(p->out + pixel_at(p), most, p->some);
}

/* The gradient goes to the first maximum, after which nothing is left to give. */
static void visit_max_backward(const struct spot *p) {
    nt_vf most = load_some(p->peak + pixel_at(p), p->some), left = load_some(p->given + pixel_at(p), p->some);
    const nt_vf none = nt_vf_splat(0);
    for (size_t row = p->y.first; row < p->y.end; row++) {
        for (size_t column = p->x.first; column < p->x.end; column++) {
            size_t at = tap_at(p, row, column);
            nt_vf value = load_some(p->in + at, p->some), sum = load_some(p->out + at, p->some);
            write(p->out + at, sum + where_equal(value, most, left, none), p->some);
            left = where_equal(value, most, none, left);
        }
    }
}

/* What the sum of a window is divided by. */
INLINE float divisor_of(const struct spot *p) {
    const struct nt_slide *s = p->s;
    size_t product = 1, output[2] = {p->pixel / s->across, p->pixel % s->across}, side[2] = {s->height, s->width};
    if (s->skip_pad) {
        return (float)((p->y.end - p->y.first) * (p->x.end - p->x.first));
    }
    for (int way = 0; way < 2; way++) {
        size_t start = output[way] * s->window.stride[way], end = start + s->window.kernel[way];
        size_t padded = s->window.pad[way] + side[way] + s->window.pad[way + 2];
        product *= (end < padded ? end : padded) - start;
    }
    return (float)product;
}

/* Summed line by line: with large windows that keeps more digits than one long sum. */
static void visit_mean(const struct spot *p) {
    nt_vf sum = nt_vf_splat(0);
    for (size_t row = p->y.first; row < p->y.end; row++) {
        nt_vf line = nt_vf_splat(0);
        for (size_t column = p->x.first; column < p->x.end; column++) {
            line = line + load_some(p->in + tap_at(p, row, column), p->some);
        }
        sum = sum + line;
    }
    write(p->out + pixel_at(p), sum / nt_vf_splat(divisor_of(p)), p->some);
}

static void visit_mean_backward(const struct spot *p) {
    nt_vf share = load_some(p->given + pixel_at(p), p->some) / nt_vf_splat(divisor_of(p));
    for (size_t row = p->y.first; row < p->y.end; row++) {
        for (size_t column = p->x.first; column < p->x.end; column++) {
            float *at = p->out + tap_at(p, row, column);
            write(at, load_some(at, p->some) + share, p->some);
        }
    }
}

static void visit_depthwise(const struct spot *p) {
    nt_vf sum = load_some(p->bias + p->c, p->some);
    for (size_t row = p->y.first; row < p->y.end; row++) {
        for (size_t column = p->x.first; column < p->x.end; column++) {
            nt_vf weight = load_some(p->weight + weight_at(p, row, column), p->some);
            sum = sum + load_some(p->in + tap_at(p, row, column), p->some) * weight;
        }
    }
    write(p->out + pixel_at(p), sum, p->some);
}

static void visit_depthwise_backward(const struct spot *p) {
    nt_vf given = load_some(p->given + pixel_at(p), p->some);
    for (size_t row = p->y.first; row < p->y.end; row++) {
        for (size_t column = p->x.first; column < p->x.end; column++) {
            nt_vf weight = load_some(p->weight + weight_at(p, row, column), p->some);
            float *at = p->out + tap_at(p, row, column);
            write(at, load_some(at, p->some) + given * weight, p->some);
        }
    }
}

static void slide_max(float *out, const float *in, const struct nt_slide *s) {
    each_window((struct spot){.s = s, .out = out, .in = in}, visit_max);
}

static void slide_mean(float *out, const float *in, const struct nt_slide *s) {
    each_window((struct spot){.s = s, .out = out, .in = in}, visit_mean);
}

static void depthwise(float *out, const float *in, const float *weight, const float *bias, const struct nt_slide *s) {
    each_window((struct spot){.s = s, .out = out, .in = in, .weight = weight, .bias = bias}, visit_depthwise);
}

static void clear_image(float *gradient, const struct nt_slide *s) {
    memset(gradient, 0, s->height * s->width * s->channels * sizeof *gradient);
}

static void slide_max_backward(float *gradient, const float *in, const float *out, const float *out_gradient,
                               const struct nt_slide *s) {
    clear_image(gradient, s);
    each_window((struct spot){.s = s, .out = gradient, .in = in, .peak = out, .given = out_gradient},
                visit_max_backward);
}

static void slide_mean_backward(float *gradient, const float *out_gradient, const struct nt_slide *s) {
    clear_image(gradient, s);
    each_window((struct spot){.s = s, .out = gradient, .given = out_gradient}, visit_mean_backward);
}

static void depthwise_backward(float *gradient, const float *out_gradient, const float *weight,
                               const struct nt_slide *s) {
    clear_image(gradient, s);
    each_window((struct spot){.s = s, .out = gradient, .given = out_gradient, .weight = weight},
                visit_depthwise_backward);
}
