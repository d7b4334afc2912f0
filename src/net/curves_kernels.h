/* Layers that go value by value, or channel by channel: activation functions, normalisation, sums, softmax. Part of
 * layers_kernels.h.
 *
 * The exponential is computed here: the C libraries of the native build and of WebAssembly differ in its last bit. Its
 * polynomial and that of the error function were fitted to them by least squares, reweighted towards the smallest
 * largest relative error: 3e-9 and 4e-8 before rounding to float32. */

#if NT_LANES == 1
typedef uint32_t pattern;
#else
typedef uint32_t pattern __attribute__((vector_size(4 * NT_LANES)));
#endif

INLINE nt_vf least(nt_vf a, nt_vf b) { return -nt_vf_max(-a, -b); }

/* a > 0 ? yes : no, lane by lane. */
#if NT_LANES == 1
INLINE nt_vf where_positive(nt_vf a, nt_vf yes, nt_vf no) { return a > 0 ? yes : no; }
#else
INLINE nt_vf where_positive(nt_vf a, nt_vf yes, nt_vf no) {
    nt_vi mask = a > nt_vf_splat(0);
    return (nt_vf)(((nt_vi)yes & mask) | ((nt_vi)no & ~mask));
}
#endif

/* e^x; e^86 beyond 86, e^-86 below -86. */
INLINE nt_vf exponential(nt_vf x) {
    const nt_vf shift = nt_vf_splat(12582912.0f); /* 3 * 2^22: adding it rounds to a whole number, in the low bits */
    x = least(nt_vf_max(x, nt_vf_splat(-86)), nt_vf_splat(86));
    nt_vf shifted = x * nt_vf_splat(1.44269504f) + shift, whole = shifted - shift;
    nt_vf r = x - whole * nt_vf_splat(0.693359375f) + whole * nt_vf_splat(2.12194440e-4f);
    nt_vf p = nt_vf_splat(0.0013813144760206342f);
    p = p * r + nt_vf_splat(0.008369418792426586f);
    p = p * r + nt_vf_splat(0.04166845604777336f);
    p = p * r + nt_vf_splat(0.16666515171527863f);
    p = p * r + nt_vf_splat(0.4999999403953552f);
    p = p * r * r + r + nt_vf_splat(1);
    pattern bits, power;
    memcpy(&bits, &p, sizeof bits);
    memcpy(&power, &shifted, sizeof power);
    bits += power << 23;
    memcpy(&p, &bits, sizeof p);
    return p;
}

INLINE nt_vf sigmoid(nt_vf x) { return nt_vf_splat(1) / (nt_vf_splat(1) + exponential(-x)); }

/* The share of a normal distribution below x; *density is its density there. */
INLINE nt_vf share_below(nt_vf *density, nt_vf x) {
    static const float fitted[] = {0.2837013006210327f,    -0.4853823482990265f, 0.2759765684604645f,
                                   -0.025176558643579483f, 0.20206935703754425f, 0.24326112866401672f,
                                   0.2823534607887268f,    0.28208768367767334f};
    nt_vf z = nt_vf_max(x, -x) * nt_vf_splat(0.70710678f), gauss = exponential(-z * z);
    nt_vf t = nt_vf_splat(1) / (nt_vf_splat(1) + nt_vf_splat(0.5f) * z), p = nt_vf_splat(-0.05889064446091652f);
    for (size_t i = 0; i < sizeof fitted / sizeof *fitted; i++) {
        p = p * t + nt_vf_splat(fitted[i]);
    }
    nt_vf tail = nt_vf_splat(0.5f) * t * p * gauss;
    *density = gauss * nt_vf_splat(0.39894228f);
    return where_positive(x, nt_vf_splat(1) - tail, tail);
}

/* One activation function at x, and its slope there. */
INLINE nt_vf curve_at(nt_vf *slope, nt_vf x, enum nt_curve curve, float below) {
    const nt_vf one = nt_vf_splat(1);
    nt_vf share, density;
    switch (curve) {
    case NT_CURVE_LEAKY:
        *slope = where_positive(x, one, nt_vf_splat(below));
        return x * *slope;
    case NT_CURVE_SILU:
        share = sigmoid(x);
        *slope = share * (one + x * (one - share));
        return x * share;
    case NT_CURVE_GELU:
        share = share_below(&density, x);
        *slope = share + x * density;
        return x * share;
    default: { /* 0.5 (1 + tanh u) is the sigmoid of 2 u */
        const nt_vf root = nt_vf_splat(1.59576912f), cubic = nt_vf_splat(0.044715f);
        share = sigmoid(root * (x + cubic * x * x * x));
        *slope = share + x * share * (one - share) * root * (one + nt_vf_splat(3) * cubic * x * x);
        return x * share;
    }
    }
}

/* Values of one curve (constant), and, where `in_gradient` is given, gradients. */
INLINE void run_curve(float *out, const float *in, const float *gradient, enum nt_curve curve, float below,
                      size_t count) {
    for (size_t i = 0; i < count; i += NT_LANES) {
        size_t some = count - i < NT_LANES ? count - i : NT_LANES;
        float x[NT_LANES] = {0}, g[NT_LANES] = {0};
        nt_vf slope, value;
        memcpy(x, in + i, some * sizeof *x);
        value = curve_at(&slope, nt_vf_load(x), curve, below);
        if (gradient != NULL) {
            memcpy(g, gradient + i, some * sizeof *g);
            value = nt_vf_load(g) * slope;
        }
        write(out + i, value, some);
    }
}

INLINE void curve_of(float *out, const float *in, const float *gradient, enum nt_curve kind, float below,
                     size_t count) {
    switch (kind) {
    case NT_CURVE_LEAKY:
        run_curve(out, in, gradient, NT_CURVE_LEAKY, below, count);
        break;
    case NT_CURVE_SILU:
        run_curve(out, in, gradient, NT_CURVE_SILU, below, count);
        break;
    case NT_CURVE_GELU:
        run_curve(out, in, gradient, NT_CURVE_GELU, below, count);
        break;
    case NT_CURVE_GELU_TANH:
        run_curve(out, in, gradient, NT_CURVE_GELU_TANH, below, count);
        break;
    }
}

static void curve(float *out, const float *in, enum nt_curve kind, float below, size_t count) {
    curve_of(out, in, NULL, kind, below, count);
}

static void curve_backward(float *gradient, const float *in, const float *out_gradient, enum nt_curve kind, float below,
                           size_t count) {
    curve_of(gradient, in, out_gradient, kind, below, count);
}

static void scale(float *out, const float *in, const float *factor, const float *shift, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++, out += columns, in += columns) {
        size_t c = 0;
        for (; c + NT_LANES <= columns; c += NT_LANES) {
            nt_vf value = nt_vf_load(in + c) * nt_vf_load(factor + c);
            nt_vf_store(out + c, shift != NULL ? value + nt_vf_load(shift + c) : value);
        }
        for (; c < columns; c++) {
            float value = in[c] * factor[c];
            out[c] = shift != NULL ? value + shift[c] : value;
        }
    }
}

static void add(float *sum, const float *a, const float *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        sum[i] = a[i] + b[i];
    }
}

/* out = e^(in - most) of one row; returns their sum. */
static double exponentials(float *out, const float *in, size_t columns) {
    float most = in[0];
    double sum = 0;
    for (size_t c = 1; c < columns; c++) {
        most = in[c] > most ? in[c] : most;
    }
    for (size_t c = 0; c < columns; c += NT_LANES) {
        size_t some = columns - c < NT_LANES ? columns - c : NT_LANES;
        float x[NT_LANES] = {0};
        memcpy(x, in + c, some * sizeof *x);
        nt_vf value = exponential(nt_vf_load(x) - nt_vf_splat(most));
        write(out + c, value, some);
    }
    for (size_t c = 0; c < columns; c++) {
        sum += (double)out[c];
    }
    return sum;
}

static void softmax(float *out, const float *in, size_t rows, size_t columns, bool logarithm) {
    for (size_t r = 0; r < rows; r++, out += columns, in += columns) {
        double sum = exponentials(out, in, columns);
        if (!logarithm) {
            for (size_t c = 0; c < columns; c++) {
                out[c] = (float)((double)out[c] / sum);
            }
            continue;
        }
        float most = in[0];
        for (size_t c = 1; c < columns; c++) {
            most = in[c] > most ? in[c] : most;
        }
        double whole = (double)most + nt_log2(sum) * 0.693147180559945309417;
        for (size_t c = 0; c < columns; c++) {
            out[c] = (float)((double)in[c] - whole);
        }
    }
}

static void softmax_backward(float *gradient, const float *out, const float *out_gradient, size_t rows, size_t columns,
                             bool logarithm) {
    for (size_t r = 0; r < rows; r++, gradient += columns, out += columns, out_gradient += columns) {
        double sum = 0;
        for (size_t c = 0; c < columns; c++) {
            sum += (double)out_gradient[c] * (logarithm ? 1 : (double)out[c]);
        }
        for (size_t c = 0; c < columns; c += NT_LANES) {
            size_t some = columns - c < NT_LANES ? columns - c : NT_LANES;
            float share[NT_LANES] = {0};
            memcpy(share, out + c, some * sizeof *share);
            if (logarithm) {
                nt_vf_store(share, exponential(nt_vf_load(share)));
            }
            for (size_t i = 0; i < some; i++) {
                double g = (double)out_gradient[c + i];
                gradient[c + i] = (float)(logarithm ? g - (double)share[i] * sum : (double)share[i] * (g - sum));
            }
        }
    }
}
