/* One query's exact neighbours: a scan over rows in 8 bits gives a lower bound of every distance, by the triangle
 * inequality over what rounding changed of each row; the rows with the lowest bounds are measured, until no other can
 * be nearer. The idea of ranking by a bound and stopping at a certificate is that of Fagin, Lotem and Naor, "Optimal
 * Aggregation Algorithms for Middleware", PODS 2001. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "codes/scan.h"
#include "ntrace/knn.h"

enum {
    ALIGN = 32,             /* codes are filled up with zeros to a multiple of this */
    ROW_MOST = 127,         /* largest value of a row's code */
    QUERY_MOST = INT16_MAX, /* and of a query's, which is made once a search and may be finer */
    PRODUCT_MOST = 1 << 30, /* twice a product of codes fits into 32 bits, with its sign */
    BESIDE = 16             /* so many more than k, and a quarter of k, are measured at once */
};

/* Relative rounding of the bounds' own float32 arithmetic, of squares and of roots; and what may be lost to numbers too
 * small for float32, in units. */
static const float ROUNDING = 1e-6f, LOST = 1e-17f;

/* A row is centre + unit * scale * code, but for an error whose norm is known. */
struct nt_knn_table {
    const struct nt_allocator *allocator;
    const float *x;
    uint32_t n;
    size_t d, filled; /* values of a row, and of its code */
    double unit;      /* the largest row's step */
    float *centre;    /* [d] */
    int8_t *code;     /* [n, filled] */
    float *scale;     /* [n] step of a row, in units: 0 to 1 */
    float *norm;      /* [n] squared norm of scale * code */
    float *error;     /* [n] upper bound of what rounding changed, in units */
    uint32_t *zero;   /* [n] */
};

static size_t filled_up(size_t d) { return (d + ALIGN - 1) / ALIGN * ALIGN; }

/* ---- Making. ---- */

static enum nt_status find_centre(struct nt_knn_table *t) {
    double *sum = nt_allocate_zeroed(t->allocator, t->d, sizeof *sum);
    bool finite = true;
    if (sum == NULL) {
        return NT_E_MEMORY;
    }
    for (size_t i = 0; i < t->n; i++) {
        for (size_t j = 0; j < t->d; j++) {
            sum[j] += (double)t->x[i * t->d + j];
        }
    }
    for (size_t j = 0; j < t->d; j++) {
        t->centre[j] = (float)(sum[j] / t->n);
        finite = finite && isfinite(t->centre[j]);
    }
    nt_release(t->allocator, sum);
    return finite ? NT_OK : NT_E_VALUE;
}

static double largest_gap(const float *x, const float *centre, size_t d) {
    double most = 0;
    for (size_t j = 0; j < d; j++) {
        double gap = fabs((double)x[j] - (double)centre[j]);
        most = gap > most ? gap : most;
    }
    return most;
}

/* Rounds values to whole steps; any whole number nearby does, for what is changed is counted. Returns the squared norm
 * of that. */
static double round_values(int16_t *out, const float *x, const float *centre, size_t d, double step) {
    double inverse = step > 0 ? 1 / step : 0, changed = 0;
    for (size_t j = 0; j < d; j++) {
        double gap = (double)x[j] - (double)centre[j], scaled = gap * inverse;
        int32_t whole = (int32_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
        double left = gap - step * whole;
        out[j] = (int16_t)whole;
        changed += left * left;
    }
    return changed;
}

/* An upper bound, in units, of a norm whose square was summed up. */
static float error_of(double changed, double unit) {
    double error = sqrt(changed) / unit * (1 + 1e-6);
    return error < FLT_MAX ? (float)error + LOST : INFINITY;
}

static double squared_norm(const int16_t *value, size_t count) {
    int64_t sum = 0;
    for (size_t j = 0; j < count; j++) {
        sum += value[j] * value[j];
    }
    return (double)sum;
}

/* row [d] is room. */
static void keep_row(struct nt_knn_table *t, size_t i, int16_t *row) {
    double changed = round_values(row, t->x + i * t->d, t->centre, t->d, t->unit * (double)t->scale[i]);
    t->error[i] = error_of(changed, t->unit);
    t->norm[i] = (float)((double)t->scale[i] * (double)t->scale[i] * squared_norm(row, t->d));
    int8_t *code = t->code + i * t->filled;
    memset(code + t->d, 0, t->filled - t->d);
    for (size_t j = 0; j < t->d; j++) {
        code[j] = (int8_t)row[j];
    }
}

/* Steps of all rows in units of the largest one. */
static void find_scales(struct nt_knn_table *t, double *most) {
    t->unit = 0;
    for (size_t i = 0; i < t->n; i++) {
        most[i] = largest_gap(t->x + i * t->d, t->centre, t->d) / ROW_MOST;
        t->unit = most[i] > t->unit ? most[i] : t->unit;
    }
    t->unit = t->unit > 0 ? t->unit : 1;
    for (size_t i = 0; i < t->n; i++) {
        float scale = (float)(most[i] / t->unit);
        t->scale[i] = scale < FLT_MIN ? 0 : scale;
    }
}

static enum nt_status fill(struct nt_knn_table *t) {
    NT_TRY(find_centre(t));
    double *most = nt_allocate(t->allocator, t->n, sizeof *most);
    int16_t *row = nt_allocate(t->allocator, t->d, sizeof *row);
    bool there = most != NULL && row != NULL;
    if (there) {
        find_scales(t, most);
    }
    for (size_t i = 0; there && i < t->n; i++) {
        keep_row(t, i, row);
    }
    nt_release(t->allocator, most);
    nt_release(t->allocator, row);
    return there ? NT_OK : NT_E_MEMORY;
}

enum nt_status nt_knn_table_create(nt_knn_table **table, const float *x, uint32_t n, size_t d,
                                   const struct nt_allocator *al) {
    *table = NULL;
    if (n < 2 || d < 1 || d > PRODUCT_MOST / ROW_MOST) {
        return NT_E_ARG;
    }
    nt_knn_table *t = nt_allocate(al, 1, sizeof *t);
    if (t == NULL) {
        return NT_E_MEMORY;
    }
    *t = (nt_knn_table){.allocator = al, .x = x, .n = n, .d = d, .filled = filled_up(d)};
    t->centre = nt_allocate(al, d, sizeof *t->centre);
    t->code = nt_allocate(al, n, t->filled);
    t->scale = nt_allocate(al, n, sizeof *t->scale);
    t->norm = nt_allocate(al, n, sizeof *t->norm);
    t->error = nt_allocate(al, n, sizeof *t->error);
    t->zero = nt_allocate_zeroed(al, n, sizeof *t->zero);
    bool there = t->centre && t->code && t->scale && t->norm && t->error && t->zero;
    enum nt_status status = there ? fill(t) : NT_E_MEMORY;
    if (status != NT_OK) {
        nt_knn_table_free(t);
        return status;
    }
    *table = t;
    return NT_OK;
}

void nt_knn_table_free(nt_knn_table *t) {
    if (t != NULL) {
        void *const held[] = {t->centre, t->code, t->scale, t->norm, t->error, t->zero};
        for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
            nt_release(t->allocator, held[i]);
        }
        nt_release(t->allocator, t);
    }
}

size_t nt_knn_table_bytes(const nt_knn_table *t) {
    return sizeof *t + t->n * (t->filled + 3 * sizeof(float) + sizeof *t->zero) + t->d * sizeof *t->centre;
}

/* ---- Lower bounds of all distances. ---- */

/* A search's room: tables [n] and the query's code. */
struct search {
    const nt_knn_table *table;
    const float *query;
    uint32_t k, self, measured;
    uint32_t *lower;   /* keys of lower bounds, in units */
    uint32_t *exact;   /* keys of squared distances, or UNKNOWN */
    uint32_t *nearest; /* samples, those of the lowest bounds first */
    uint32_t *list;    /* [measured] samples, ascending */
    uint32_t *key;     /* [measured] their squared distances */
    uint32_t *order;   /* [measured] places in list, nearest first */
    uint32_t *scratch; /* [2 n] */
    int16_t *code;     /* [filled] */
};

enum { TABLES = 8 };
static const uint32_t UNKNOWN = UINT32_MAX; /* no float that is not negative has this key */

size_t nt_knn_table_scratch(const nt_knn_table *t) {
    return TABLES * (size_t)t->n * sizeof(uint32_t) + t->filled * sizeof(int16_t);
}

static struct search start(const nt_knn_table *t, const float *query, uint32_t k, uint32_t self, void *scratch) {
    size_t n = t->n;
    uint32_t *at = scratch;
    memset(at + n, 0xff, n * sizeof *at);
    return (struct search){.table = t,
                           .query = query,
                           .k = k,
                           .self = self,
                           .lower = at,
                           .exact = at + n,
                           .nearest = at + 2 * n,
                           .list = at + 3 * n,
                           .key = at + 4 * n,
                           .order = at + 5 * n,
                           .scratch = at + 6 * n,
                           .code = (int16_t *)(void *)(at + TABLES * n)};
}

/* |x - y| is at least the distance of what codes stand for, less both errors. What is not a number, where numbers are
 * too large for float32, bounds nothing. */
static void bound_all(struct search *s) {
    const nt_knn_table *t = s->table;
    size_t most = PRODUCT_MOST / ROW_MOST / t->d;
    double step = largest_gap(s->query, t->centre, t->d) / (double)(most < QUERY_MOST ? most : QUERY_MOST);
    float scale = (float)(step / t->unit);
    scale = scale < FLT_MIN || scale > FLT_MAX ? 0 : scale;
    float error = error_of(round_values(s->code, s->query, t->centre, t->d, t->unit * (double)scale), t->unit);
    float norm = (float)((double)scale * (double)scale * squared_norm(s->code, t->d));
    memset(s->code + t->d, 0, (t->filled - t->d) * sizeof *s->code);
    nt_codes_scan_rows(s->lower, t->code, t->zero, s->code, 0, t->n, (uint32_t)t->filled);
    for (uint32_t i = 0; i < t->n; i++) {
        float norms = norm + t->norm[i], twice = (float)(int32_t)s->lower[i]; /* - 2 product */
        float square = norms + scale * t->scale[i] * twice - ROUNDING * norms;
        float lower = sqrtf(square > 0 ? square : 0) * (1 - ROUNDING) - (error + t->error[i]);
        s->lower[i] = nt_knn_key(lower > 0 ? lower : 0);
    }
}

/* ---- Exact distances. ---- */

static void measure(struct search *s, uint32_t i) {
    const nt_knn_table *t = s->table;
    if (i != s->self && s->exact[i] == UNKNOWN) {
        s->exact[i] = nt_knn_key(nt_distance_squared(s->query, t->x + i * t->d, t->d));
    }
}

/* Measures the m rows of the lowest bounds, or all. */
static void measure_lowest(struct search *s, uint32_t m) {
    uint32_t n = s->table->n;
    if (m + 1 >= n) {
        for (uint32_t i = 0; i < n; i++) {
            measure(s, i);
        }
        return;
    }
    nt_knn_select(s->nearest, s->lower, n, m, s->self, s->scratch);
    for (uint32_t i = 0; i < m; i++) {
        measure(s, s->nearest[i]);
    }
}

/* Orders what was measured by (distance, index). */
static void rank(struct search *s) {
    s->measured = 0;
    for (uint32_t i = 0; i < s->table->n; i++) {
        s->list[s->measured] = i;
        s->key[s->measured] = s->exact[i];
        s->measured += s->exact[i] != UNKNOWN;
    }
    nt_knn_order(s->order, s->key, s->measured, s->scratch);
}

/* How many rows have no bound above the k-th distance, as nt_distance_squared rounds it: d / 16 + 16 roundings, and
 * squares too small for float32. */
static uint32_t count_possible(const struct search *s) {
    const nt_knn_table *t = s->table;
    double share = 1 - (double)(t->d / 16 + 16) * 0x1p-24, lost = (double)t->d * 0x1p-149;
    double square = ((double)nt_knn_value(s->key[s->order[s->k - 1]]) + lost) / share;
    double most = sqrt(square) / t->unit * (1 + 1e-6);
    uint32_t count = 0, limit = nt_knn_key(most < FLT_MAX ? (float)most : INFINITY);
    for (uint32_t i = 0; i < t->n; i++) {
        count += s->lower[i] <= limit && i != s->self;
    }
    return count;
}

void nt_knn_table_search(uint32_t *index, float *square, const nt_knn_table *t, const float *query, uint32_t k,
                         uint32_t self, void *scratch) {
    assert(k >= 1 && k < t->n);
    struct search s = start(t, query, k, self, scratch);
    bound_all(&s);
    for (uint32_t m = k + k / 4 + BESIDE, possible = t->n;; m = 2 * m < possible ? 2 * m : possible) {
        measure_lowest(&s, m);
        rank(&s);
        possible = count_possible(&s);
        if (possible <= m) {
            break;
        }
    }
    for (uint32_t i = 0; i < k; i++) {
        index[i] = s.list[s.order[i]];
        if (square != NULL) {
            square[i] = nt_knn_value(s.key[s.order[i]]);
        }
    }
}
