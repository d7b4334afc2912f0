/* The exact graph of all k nearest neighbours of a layer: candidates by lower bounds that are cheap to compute, then
 * exact distances until no other sample can be nearer. */
#include "knn/graph_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "codes/eigen.h"
#include "core/matrix.h"

enum phase { CENTRE, LOCAL_AXES, UNIT, REDUCE, AXES, PROJECT, PLANE, SORT, TILES, LISTS, EXACT, ROWS, DONE, PHASES };

/* About how long each phase takes, in hundredths. */
static const double SHARE[PHASES] = {1, 1, 1, 12, 6, 6, 2, 1, 45, 1, 23, 1, 0};

enum { BATCH = NT_REDUCTION_BATCH, MEASURED = 128, PROJECTED = 288, FINISHED = 256, SEED = 1, ROUNDS = 2 };

static const float LARGER = 1.25f;

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for the neighbours of all samples");
}

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t local(const nt_graph_search *s) { return min(s->samples, NT_SEARCH_LOCAL); }
static uint32_t batches(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

/* ---- One unit of each phase. ---- */

/* The at-th batch of `typical` rows that stand for all, into the buffer. */
static enum nt_status read_typical(nt_graph_search *s, uint32_t *count, uint32_t typical, struct nt_error *error) {
    uint32_t sample[BATCH], first = s->at * BATCH;
    *count = min(BATCH, typical - first);
    for (uint32_t i = 0; i < *count; i++) {
        sample[i] = (uint32_t)((uint64_t)(first + i) * s->samples / typical);
    }
    return s->rows.read(s->rows.context, s->buffer, sample, *count, error);
}

static enum nt_status not_finite(struct nt_error *error) {
    return nt_error_set(error, NT_E_VALUE, "this layer has activations that are not finite");
}

static enum nt_status add_to_centre(nt_graph_search *s, struct nt_error *error) {
    uint32_t count;
    NT_TRY(read_typical(s, &count, local(s), error));
    nt_reduction_add_to_centre(&s->reduction, s->buffer, count);
    if (s->at + 1 < s->units) {
        return NT_OK;
    }
    return nt_reduction_end_centre(&s->reduction, local(s)) == NT_OK ? NT_OK : not_finite(error);
}

static enum nt_status add_to_local_axes(nt_graph_search *s, struct nt_error *error) {
    uint32_t count;
    NT_TRY(read_typical(s, &count, local(s), error));
    NT_TRY(nt_reduction_add_to_axes(&s->reduction, s->buffer, count, s->allocator));
    return s->at + 1 < s->units ? NT_OK : nt_reduction_end_axes(&s->reduction, s->allocator);
}

static float *reduced_rows(const nt_graph_search *s) { return s->buffer + (size_t)BATCH * s->size; }

/* The unit of z, such that values somewhat larger than any typical one can be held. */
static enum nt_status find_unit(nt_graph_search *s, struct nt_error *error) {
    uint32_t count;
    float rest[BATCH], *z = reduced_rows(s), most = s->unit * NT_FIXED_MOST;
    NT_TRY(read_typical(s, &count, min(s->samples, MEASURED), error));
    NT_TRY(nt_reduction_apply(z, rest, &s->reduction, s->buffer, count, s->allocator));
    for (size_t i = 0; i < (size_t)count * s->reduced; i++) {
        most = LARGER * fabsf(z[i]) > most ? LARGER * fabsf(z[i]) : most;
    }
    s->unit = most / NT_FIXED_MOST;
    if (s->at + 1 == s->units) {
        s->unit = s->unit < FLT_MIN ? 1 : s->unit;
        s->per_unit = 1 / (s->unit * s->unit);
    }
    return NT_OK;
}

/* A reduced row's values in the strip that begins with the value `from`. */
static int16_t *strip_of(const nt_graph_search *s, uint32_t from, size_t sample) {
    return s->z + (size_t)from * s->samples + sample * nt_fixed_strip_width(from, s->width);
}

static enum nt_status reduce(nt_graph_search *s, struct nt_error *error) {
    uint32_t sample[BATCH], first = s->at * BATCH, count = min(BATCH, s->samples - first);
    float *z = reduced_rows(s);
    for (uint32_t i = 0; i < count; i++) {
        sample[i] = first + i;
    }
    NT_TRY(s->rows.read(s->rows.context, s->buffer, sample, count, error));
    if (s->kept) {
        nt_strips_put(s->exact[0], s->samples, first, s->buffer, count, s->size);
    }
    NT_TRY(nt_reduction_apply(z, s->rest + first, &s->reduction, s->buffer, count, s->allocator));
    for (uint32_t i = 0; i < count; i++) {
        s->slack[first + i] = nt_fixed_round(s->row, z + (size_t)i * s->reduced, s->reduced, s->unit);
        if (!isfinite(s->slack[first + i])) {
            return not_finite(error);
        }
        for (uint32_t from = 0; from < s->width; from += NT_FIXED_STRIP) {
            memcpy(strip_of(s, from, first + i), s->row + from, nt_fixed_strip_width(from, s->width) * sizeof *s->row);
        }
    }
    return NT_OK;
}

/* Leading values of a reduced row as floats again: out [leading]. Returns the squared norm of the others. */
static double restore(float *out, const nt_graph_search *s, size_t sample) {
    uint64_t sum = 0;
    for (uint32_t from = 0; from < s->width; from += NT_FIXED_STRIP) {
        const int16_t *z = strip_of(s, from, sample);
        uint32_t width = nt_fixed_strip_width(from, s->width), lead = s->leading > from ? s->leading - from : 0;
        lead = min(lead, width);
        for (uint32_t i = 0; i < lead; i++) {
            out[from + i] = s->unit * (float)z[i];
        }
        for (uint32_t i = lead; i < width; i++) {
            sum += (uint64_t)(z[i] * z[i]);
        }
    }
    return (double)sum * (double)s->unit * (double)s->unit;
}

/* How far the axes are from orthonormal: the Frobenius norm of A·Aᵀ - 1. */
static enum nt_status deviation(float *out, const struct nt_axes *axes, const struct nt_allocator *al) {
    size_t count = axes->count;
    float *gram = nt_allocate(al, count, count * sizeof *gram);
    struct nt_matrix rows = {axes->axis, axes->size, 1};
    enum nt_status status =
        gram != NULL ? nt_matrix_product(gram, rows, rows, count, count, axes->size, 1, al) : NT_E_MEMORY;
    double sum = 0;
    for (size_t i = 0; status == NT_OK && i < count * count; i++) {
        double gap = (double)gram[i] - (i / count == i % count);
        sum += gap * gap;
    }
    *out = (float)sqrt(sum);
    nt_release(al, gram);
    return status;
}

/* For rows without spread, which have no axes: any one is right. */
static enum nt_status take_any_axis(nt_graph_search *s) {
    s->axes.size = s->leading;
    s->axes.count = 1;
    s->axes.centre = nt_allocate_zeroed(s->allocator, s->leading, sizeof(float));
    s->axes.axis = nt_allocate_zeroed(s->allocator, s->leading, sizeof(float));
    if (s->axes.centre == NULL || s->axes.axis == NULL) {
        return NT_E_MEMORY;
    }
    s->axes.axis[0] = 1;
    return NT_OK;
}

static enum nt_status find_axes(nt_graph_search *s) {
    uint32_t n = min(s->samples, NT_SEARCH_TYPICAL);
    float *rows = nt_allocate(s->allocator, n, s->leading * sizeof *rows), off = 0;
    if (rows == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        (void)restore(rows + (size_t)i * s->leading, s, (size_t)((uint64_t)i * s->samples / n));
    }
    struct nt_random random;
    nt_random_seed(&random, SEED, s->leading);
    enum nt_status status =
        nt_axes_find(&s->axes, rows, n, s->leading, min(NT_SEARCH_AXES, s->leading), ROUNDS, &random, 1, s->allocator);
    nt_release(s->allocator, rows);
    NT_TRY(status == NT_E_VALUE ? take_any_axis(s) : status);
    NT_TRY(deviation(&off, &s->axes, s->allocator));
    float terms = NT_MATRIX_DEPTH + (float)s->leading / NT_MATRIX_DEPTH + 2;
    s->axes_slack = terms * 0x1p-24f * sqrtf((float)s->axes.count) + off;
    s->columns = s->axes.count + 2;
    s->y = nt_allocate(s->allocator, s->samples, s->columns * sizeof *s->y);
    return s->y != NULL ? NT_OK : NT_E_MEMORY;
}

static enum nt_status project(nt_graph_search *s) {
    uint32_t first = s->at * PROJECTED, count = min(PROJECTED, s->samples - first), axes = s->axes.count;
    float *x = s->buffer, *y = x + (size_t)PROJECTED * s->leading, *left = y + (size_t)PROJECTED * axes;
    double others[PROJECTED];
    for (uint32_t i = 0; i < count; i++) {
        others[i] = restore(x + (size_t)i * s->leading, s, first + i);
    }
    NT_TRY(nt_axes_project(y, left, x, &s->axes, count, 1, s->allocator));
    for (uint32_t i = 0; i < count; i++) {
        float *out = s->y + (size_t)(first + i) * s->columns, rest = s->rest[first + i];
        memcpy(out, y + (size_t)i * axes, axes * sizeof *out);
        out[axes] = (float)sqrt((double)left[i] * (double)left[i] + others[i]);
        out[axes + 1] = rest;
        double sum = 0;
        for (uint32_t j = 0; j < s->columns; j++) {
            sum += (double)out[j] * (double)out[j];
        }
        s->norm[first + i] = (float)sum;
        s->slack[first + i] += nt_reduction_slack(&s->reduction) * (float)sqrt(sum);
    }
    return NT_OK;
}

/* Leading components of all samples, inside the axes. The largest coordinate of each is positive. */
static void fill_plane(nt_graph_search *s, const double *vector, const double *mean) {
    uint32_t axes = s->axes.count;
    for (uint32_t c = 0; c < 2; c++) {
        float most = 0;
        for (uint32_t i = 0; i < s->samples; i++) {
            double sum = 0;
            for (uint32_t j = 0; j < axes && c < axes; j++) {
                sum += vector[c * axes + j] * ((double)s->y[(size_t)i * s->columns + j] - mean[j]);
            }
            s->plane[2 * (size_t)i + c] = (float)sum;
            most = fabsf((float)sum) > fabsf(most) ? (float)sum : most;
        }
        for (uint32_t i = 0; most < 0 && i < s->samples; i++) {
            s->plane[2 * (size_t)i + c] = -s->plane[2 * (size_t)i + c];
        }
    }
}

static enum nt_status find_plane(nt_graph_search *s) {
    uint32_t axes = s->axes.count, n = s->samples;
    float *gram = nt_allocate(s->allocator, axes, axes * sizeof *gram);
    double *covariance = nt_allocate(s->allocator, axes, axes * sizeof *covariance);
    double *mean = nt_allocate_zeroed(s->allocator, 2 * (size_t)axes, sizeof *mean), *value = mean + axes;
    struct nt_matrix columns = {s->y, 1, s->columns};
    enum nt_status status = gram != NULL && covariance != NULL && mean != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        status = nt_matrix_product(gram, columns, columns, axes, axes, n, 1, s->allocator);
    }
    for (size_t i = 0; status == NT_OK && i < (size_t)n * axes; i++) {
        mean[i % axes] += (double)s->y[i / axes * s->columns + i % axes] / n;
    }
    for (size_t i = 0; status == NT_OK && i < (size_t)axes * axes; i++) {
        covariance[i] = (double)gram[i] - n * mean[i / axes] * mean[i % axes];
    }
    if (status == NT_OK) {
        status = nt_eigen_symmetric(value, covariance, axes, s->allocator);
    }
    if (status == NT_OK) {
        fill_plane(s, covariance, mean);
    }
    nt_release(s->allocator, gram);
    nt_release(s->allocator, covariance);
    nt_release(s->allocator, mean);
    return status;
}

static enum nt_status sort(nt_graph_search *s) {
    NT_TRY(nt_search_sort(s));
    NT_TRY(nt_search_pack(s));
    nt_release(s->allocator, s->y);
    s->y = NULL;
    nt_axes_clear(&s->axes, s->allocator);
    nt_reduction_clear(&s->reduction, s->allocator);
    return nt_shortlists_create(&s->lists, s->samples, s->k, s->rest, s->slack, s->allocator);
}

/* Pairs of blocks, nearest in the tree first: a with a ^ 0, a ^ 1 and so on. One unit is all pairs of one distance and
 * one a. */
static enum nt_status tile(nt_graph_search *s) {
    uint32_t apart = s->at / s->blocks, a = s->at % s->blocks, b = a ^ apart;
    return b >= a ? nt_search_tile(s, a, b) : NT_OK;
}

/* Tables of the bounds are no longer needed. */
static enum nt_status end_lists(nt_graph_search *s) {
    NT_TRY(nt_search_end_lists(s));
    nt_release(s->allocator, s->bound);
    s->bound = NULL;
    return nt_search_start_exact(s);
}

static enum nt_status end_rows(nt_graph_search *s) {
    uint32_t first = s->at * FINISHED, end = min(s->samples, first + FINISHED);
    for (uint32_t i = first; i < end; i++) {
        nt_search_end_row(s, i);
    }
    return NT_OK;
}

/* ---- Steps. ---- */

static uint32_t units(const nt_graph_search *s) {
    switch ((enum phase)s->phase) {
    case CENTRE:
        return batches(local(s), BATCH);
    case LOCAL_AXES:
        return s->reduction.side == 0 ? 0 : batches(local(s), BATCH);
    case UNIT:
        return batches(min(s->samples, MEASURED), BATCH);
    case REDUCE:
        return batches(s->samples, BATCH);
    case PROJECT:
        return batches(s->samples, PROJECTED);
    case TILES:
        return s->blocks * s->blocks;
    case EXACT:
        return nt_search_exact_units(s);
    case ROWS:
        return batches(s->samples, FINISHED);
    default:
        return 1;
    }
}

static enum nt_status take_unit(nt_graph_search *s, struct nt_error *error) {
    switch ((enum phase)s->phase) {
    case CENTRE:
        return add_to_centre(s, error);
    case LOCAL_AXES:
        return add_to_local_axes(s, error);
    case UNIT:
        return find_unit(s, error);
    case REDUCE:
        return reduce(s, error);
    case AXES:
        return find_axes(s);
    case PROJECT:
        return project(s);
    case PLANE:
        return find_plane(s);
    case SORT:
        return sort(s);
    case TILES:
        return tile(s);
    case LISTS:
        return end_lists(s);
    case EXACT:
        return nt_search_exact(s, s->at, error);
    case ROWS:
        return end_rows(s);
    default:
        return NT_OK;
    }
}

static double share_done(const nt_graph_search *s) {
    double before = 0, all = 0;
    for (uint32_t p = 0; p < PHASES; p++) {
        all += SHARE[p];
        before += p < s->phase ? SHARE[p] : 0;
    }
    return s->phase == DONE ? 1 : (before + SHARE[s->phase] * s->at / s->units) / all;
}

enum nt_status nt_graph_search_step(double *done, nt_graph_search *s, struct nt_error *error) {
    *done = share_done(s);
    if (s->phase == DONE) {
        return NT_OK;
    }
    enum nt_status status = take_unit(s, error);
    if (status != NT_OK) {
        return status == NT_E_MEMORY ? no_memory(error) : status;
    }
    for (s->at++; s->at >= s->units && s->phase != DONE; s->units = units(s)) {
        s->phase++;
        s->at = 0;
    }
    *done = share_done(s);
    return NT_OK;
}

/* ---- Beginning and end. ---- */

/* The graph, which stays, comes first: it then lies below the tables, and a heap that is gone through once more finds
 * their place in one piece. */
static enum nt_status allocate(nt_graph_search *s) {
    NT_TRY(nt_graph_create(&s->graph, s->samples, s->k, s->allocator));
    size_t limit = s->room / sizeof *s->z / s->samples, rows = (size_t)s->samples * s->size * sizeof(float);
    limit = limit < 64 ? 64 : limit > NT_SEARCH_REDUCED ? NT_SEARCH_REDUCED : limit;
    NT_TRY(nt_reduction_create(&s->reduction, s->rows.shape, (uint32_t)limit, s->allocator));
    s->reduced = s->reduction.reduced;
    s->width = nt_fixed_filled(s->reduced);
    s->leading = s->reduction.side == 0 ? s->reduced : (2 * s->reduction.axes + 2) / 3 * s->reduction.blocks;
    s->kept = s->reduction.side == 0 && rows <= s->room / 3 * 2;
    size_t batch = (size_t)BATCH * (s->size + s->reduced), tile = (size_t)NT_SEARCH_BLOCK * NT_SEARCH_BLOCK;
    size_t projected = (size_t)PROJECTED * (s->leading + NT_SEARCH_AXES + 1), buffer = batch > tile ? batch : tile;
    s->buffer = nt_allocate(s->allocator, buffer > projected ? buffer : projected, sizeof *s->buffer);
    s->passed = nt_allocate(s->allocator, tile, sizeof *s->passed);
    s->row = nt_allocate(s->allocator, s->width, sizeof *s->row);
    s->z = nt_allocate(s->allocator, s->samples, s->width * sizeof *s->z);
    s->exact[0] = s->kept ? nt_allocate(s->allocator, rows, 1) : NULL;
    s->rest = nt_allocate(s->allocator, s->samples, sizeof *s->rest);
    s->norm = nt_allocate(s->allocator, s->samples, sizeof *s->norm);
    s->slack = nt_allocate(s->allocator, s->samples, sizeof *s->slack);
    s->plane = nt_allocate(s->allocator, s->samples, 2 * sizeof *s->plane);
    bool there = s->buffer && s->passed && s->row && s->z && s->rest && s->norm && s->slack && s->plane;
    return there && (s->exact[0] != NULL || !s->kept) ? NT_OK : NT_E_MEMORY;
}

static enum nt_status check(const nt_graph_search *s, struct nt_error *error) {
    if (s->k < 1 || s->k >= s->samples) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", s->k, s->samples - 1);
    }
    if (s->room < NT_GRAPH_ROOM_MIN) {
        return nt_error_set(error, NT_E_ARG, "%zu bytes of room: expected at least %d", s->room, NT_GRAPH_ROOM_MIN);
    }
    return NT_OK;
}

static void release_rows(const struct nt_rows *rows) {
    if (rows->release != NULL) {
        rows->release(rows->context);
    }
}

enum nt_status nt_graph_search_create(nt_graph_search **search, const struct nt_rows *rows, uint32_t k, size_t room,
                                      const struct nt_allocator *al, struct nt_error *error) {
    *search = NULL;
    nt_graph_search *s = nt_allocate_zeroed(al, 1, sizeof *s);
    if (s == NULL) {
        release_rows(rows);
        return no_memory(error);
    }
    *s = (nt_graph_search){.allocator = al, .rows = *rows, .samples = rows->samples, .k = k, .room = room};
    s->size = rows->shape.channels * rows->shape.height * rows->shape.width;
    s->units = units(s);
    enum nt_status status = check(s, error);
    if (status == NT_OK && allocate(s) != NT_OK) {
        status = no_memory(error);
    }
    if (status != NT_OK) {
        nt_graph_search_free(s);
        return status;
    }
    *search = s;
    return NT_OK;
}

void nt_graph_search_free(nt_graph_search *s) {
    if (s == NULL) {
        return;
    }
    release_rows(&s->rows);
    nt_reduction_clear(&s->reduction, s->allocator);
    nt_axes_clear(&s->axes, s->allocator);
    nt_shortlists_clear(&s->lists);
    nt_graph_free(s->graph);
    void *const held[] = {s->z,      s->y,      s->rest,   s->norm,     s->slack,     s->plane,
                          s->sample, s->start,  s->buffer, s->exact[0], s->list_room, s->pair,
                          s->sums,   s->passed, s->row,    s->bound,    s->half,      s->own};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(s->allocator, held[i]);
    }
    nt_release(s->allocator, s);
}

nt_graph *nt_graph_search_take(nt_graph_search *s) {
    nt_graph *graph = s->phase == DONE ? s->graph : NULL;
    s->graph = graph != NULL ? NULL : s->graph;
    return graph;
}

const float *nt_graph_search_plane(const nt_graph_search *s) { return s->plane; }

struct nt_graph_work nt_graph_search_work(const nt_graph_search *s) {
    return s->work;
}
