/* The exact graph of all k nearest neighbours of a layer: candidates by lower bounds that are cheap to compute, then
 * exact distances until no other sample can be nearer. */
#include "knn/graph_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "codes/eigen.h"
#include "core/matrix.h"
#include "core/norm.h"

enum phase {
    CENTRE,
    LOCAL_AXES,
    UNIT,
    REDUCE,
    AXES,
    PROJECT,
    PLANE,
    SORT,
    HINT,
    PACK,
    TILES,
    LISTS,
    EXACT,
    ROWS,
    AGAIN,
    DONE,
    PHASES
};

/* About how long each phase takes, in hundredths. */
static const double SHARE[PHASES] = {1, 1, 1, 17, 1, 1, 1, 1, 4, 1, 40, 1, 30, 1, 1, 0};

enum { BATCH = NT_REDUCTION_BATCH, MEASURED = 128, PROJECTED = 48, FINISHED = 256, SEED = 1, ROUNDS = 3 };

static const float LARGER = 1.25f;
static const double LEAD = 0.84, SHORTER = 0.999;

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

/* How many leading values hold LEAD of the spread, which falls: whole chunks, where there are more. */
static uint32_t leading(const nt_graph_search *s, const float *spread) {
    uint32_t count = 0;
    double all = 0, sum = 0;
    for (uint32_t i = 0; i < s->reduced; i++) {
        all += (double)spread[i];
    }
    while (count < s->reduced && (count % NT_BOUND_CHUNK != 0 || sum <= LEAD * all)) {
        sum += (double)spread[count++];
    }
    return nt_fixed_filled(count);
}

/* Puts the strongest values of reduced rows first, and makes room for the rows. */
static enum nt_status order_values(nt_graph_search *s) {
    float *spread = s->buffer, *falling = spread + s->reduced;
    for (uint32_t i = 0; i < s->reduced; i++) {
        spread[i] = (float)s->spread[i];
    }
    NT_TRY(nt_reduction_order(&s->reduction, spread, s->allocator));
    for (uint32_t i = 0; i < s->reduced; i++) {
        falling[s->reduction.place[i]] = spread[i];
    }
    s->depth = leading(s, falling);
    s->width = nt_fixed_filled(s->reduced) - s->depth;
    s->filled = (s->samples + NT_BOUND_GROUP - 1) / NT_BOUND_GROUP * NT_BOUND_GROUP;
    size_t lead = (size_t)s->filled * s->depth, others = (size_t)s->samples * s->width;
    s->lead = nt_allocate_zeroed(s->allocator, lead + others, sizeof *s->lead);
    s->z = s->lead != NULL ? s->lead + lead : NULL;
    return s->lead != NULL ? NT_OK : NT_E_MEMORY;
}

/* The unit of reduced rows, such that values and norms somewhat larger than typical ones can be held; and how much each
 * value spreads. */
static enum nt_status find_unit(nt_graph_search *s, struct nt_error *error) {
    uint32_t count;
    float rest[BATCH], *z = reduced_rows(s);
    NT_TRY(read_typical(s, &count, min(s->samples, MEASURED), error));
    NT_TRY(nt_reduction_apply(z, rest, &s->reduction, s->buffer, count, s->allocator));
    for (uint32_t i = 0; i < count; i++, z += s->reduced) {
        double sum = 0;
        for (uint32_t j = 0; j < s->reduced; j++) {
            double square = (double)z[j] * (double)z[j];
            s->unit = fmaxf(s->unit, LARGER * fabsf(z[j]) / NT_FIXED_MOST);
            s->spread[j] += square;
            sum += square;
        }
        s->unit = fmaxf(s->unit, LARGER * (float)sqrt(sum) / NT_BOUND_MOST_NORM);
    }
    if (s->at + 1 < s->units) {
        return NT_OK;
    }
    s->unit = s->unit < FLT_MIN ? 1 : s->unit;
    s->per_unit = 1 / (s->unit * s->unit);
    return order_values(s);
}

/* A reduced row's values in the strip that begins with the value `from` after the leading ones. */
static int16_t *strip_of(const nt_graph_search *s, uint32_t from, size_t sample) {
    return s->z + (size_t)from * s->samples + sample * nt_fixed_strip_width(from, s->width);
}

static double squares(const int16_t *value, uint32_t count) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (uint32_t)(value[i] * value[i]);
    }
    return (double)sum;
}

/* Rounds a reduced row into s->row, made shorter where products of its leading values would not fit. Returns by how far
 * that moved it, and its norm. */
static float round_row(double *norm, nt_graph_search *s, float *z) {
    float moved = nt_fixed_round(s->row, z, s->reduced, s->unit);
    double most = (double)NT_BOUND_MOST_NORM;
    *norm = sqrt(nt_squared_norm(z, s->reduced));
    if (squares(s->row, s->depth) > most * most) {
        double share = SHORTER * most * (double)s->unit / *norm;
        for (uint32_t j = 0; j < s->reduced; j++) {
            z[j] *= (float)share;
        }
        moved = nt_fixed_round(s->row, z, s->reduced, s->unit) + (float)(*norm * (1 - share) * (1 + 1e-6));
    }
    return moved;
}

/* By how much a norm can be off whose square can be off by so much. */
static float norm_slack(double norm, double error) {
    double square = norm * norm, more = sqrt(square + error) - norm;
    double less = norm - sqrt(square > error ? square - error : 0);
    return (float)(more > less ? more : less);
}

/* Keeps a reduced row, its leading values apart. What the reduction leaves out is known the worse the less it is: that
 * counts where it is looked at for itself, and hardly where it is a part of all that follows the leading values. */
static void keep_row(nt_graph_search *s, uint32_t sample, float *z) {
    double norm, rest = (double)s->rest[sample];
    s->slack[sample] = round_row(&norm, s, z);
    s->slack[sample] += nt_reduction_slack(&s->reduction) * (float)sqrt(norm * norm + rest * rest);
    double error = nt_reduction_rest_error(&s->reduction, norm, rest);
    double beyond = squares(s->row + s->depth, s->width) + rest * rest * (double)s->per_unit;
    s->rest_slack[sample] = norm_slack(rest, error);
    s->lead_slack[sample] = s->slack[sample] + norm_slack((double)s->unit * sqrt(beyond), error);
    s->beyond[sample] = (float)beyond;
    memcpy(s->lead + (size_t)sample * s->depth, s->row, s->depth * sizeof *s->row);
    for (uint32_t from = 0; from < s->width; from += NT_FIXED_STRIP) {
        const int16_t *value = s->row + s->depth + from;
        memcpy(strip_of(s, from, sample), value, nt_fixed_strip_width(from, s->width) * sizeof *value);
    }
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
        keep_row(s, first + i, z + (size_t)i * s->reduced);
        if (!isfinite(s->lead_slack[first + i])) {
            return not_finite(error);
        }
    }
    return NT_OK;
}

static void put_values(float *out, const int16_t *value, uint32_t count, float unit) {
    for (uint32_t i = 0; i < count; i++) {
        out[i] = unit * (float)value[i];
    }
}

static uint32_t all_values(const nt_graph_search *s) { return s->depth + s->width; }

/* A reduced row as floats again. */
static void restore(float *out, const nt_graph_search *s, size_t sample) {
    put_values(out, s->lead + sample * s->depth, s->depth, s->unit);
    for (uint32_t from = 0; from < s->width; from += NT_FIXED_STRIP) {
        put_values(out + s->depth + from, strip_of(s, from, sample), nt_fixed_strip_width(from, s->width), s->unit);
    }
}

/* For rows without spread, which have no axes: any one is right. */
static enum nt_status take_any_axis(nt_graph_search *s) {
    s->axes.size = all_values(s);
    s->axes.count = 1;
    s->axes.centre = nt_allocate_zeroed(s->allocator, s->axes.size, sizeof(float));
    s->axes.axis = nt_allocate_zeroed(s->allocator, s->axes.size, sizeof(float));
    if (s->axes.centre == NULL || s->axes.axis == NULL) {
        return NT_E_MEMORY;
    }
    s->axes.axis[0] = 1;
    return NT_OK;
}

static enum nt_status find_axes(nt_graph_search *s) {
    uint32_t size = all_values(s), fitting = NT_SEARCH_TYPICAL_VALUES / size;
    uint32_t n = min(s->samples, min(NT_SEARCH_TYPICAL, fitting > 2 ? fitting : 2));
    float *rows = nt_allocate(s->allocator, n, size * sizeof *rows);
    if (rows == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        restore(rows + (size_t)i * size, s, (size_t)((uint64_t)i * s->samples / n));
    }
    struct nt_random random;
    nt_random_seed(&random, SEED, size);
    enum nt_status status =
        nt_axes_find(&s->axes, rows, n, size, min(NT_SEARCH_AXES, size), ROUNDS, &random, 1, s->allocator);
    nt_release(s->allocator, rows);
    NT_TRY(status == NT_E_VALUE ? take_any_axis(s) : status);
    s->y = nt_allocate(s->allocator, s->samples, s->axes.count * sizeof *s->y);
    return s->y != NULL ? NT_OK : NT_E_MEMORY;
}

static enum nt_status project(nt_graph_search *s) {
    uint32_t first = s->at * PROJECTED, count = min(PROJECTED, s->samples - first);
    float *x = s->buffer, *left = x + (size_t)PROJECTED * all_values(s);
    for (uint32_t i = 0; i < count; i++) {
        restore(x + (size_t)i * all_values(s), s, first + i);
    }
    return nt_axes_project(s->y + (size_t)first * s->axes.count, left, x, &s->axes, count, 1, s->allocator);
}

/* Leading components of all samples, inside the axes. The largest coordinate of each is positive. */
static void fill_plane(nt_graph_search *s, const double *vector, const double *mean) {
    uint32_t axes = s->axes.count;
    for (uint32_t c = 0; c < 2; c++) {
        float most = 0;
        for (uint32_t i = 0; i < s->samples; i++) {
            double sum = 0;
            for (uint32_t j = 0; j < axes && c < axes; j++) {
                sum += vector[c * axes + j] * ((double)s->y[(size_t)i * axes + j] - mean[j]);
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
    struct nt_matrix columns = {s->y, 1, axes};
    enum nt_status status = gram != NULL && covariance != NULL && mean != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        status = nt_matrix_product(gram, columns, columns, axes, axes, n, 1, s->allocator);
    }
    for (size_t i = 0; status == NT_OK && i < (size_t)n * axes; i++) {
        mean[i % axes] += (double)s->y[i] / n;
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

static enum nt_status end_lists(nt_graph_search *s) {
    NT_TRY(nt_search_end_lists(s));
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
    case HINT:
        return nt_search_seed_units(s);
    case TILES:
        return s->blocks * s->blocks;
    case EXACT:
        return nt_search_exact_units(s);
    case ROWS:
        return batches(s->samples, FINISHED);
    case AGAIN:
        return nt_search_again_units(s);
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
    case HINT:
        return nt_search_seed(s, s->at);
    case PACK:
        return nt_search_pack(s);
    case TILES:
        return tile(s);
    case LISTS:
        return end_lists(s);
    case EXACT:
        return nt_search_exact(s, s->at, error);
    case ROWS:
        return end_rows(s);
    case AGAIN:
        return nt_search_again(s, s->at, error);
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
    s->kept = s->reduction.side == 0 && rows <= s->room / 3 * 2;
    uint32_t filled = nt_fixed_filled(s->reduced);
    size_t batch = (size_t)BATCH * (s->size + s->reduced), projected = (size_t)PROJECTED * (filled + 1);
    s->buffer = nt_allocate(s->allocator, batch > projected ? batch : projected, sizeof *s->buffer);
    s->passed = nt_allocate(s->allocator, (size_t)NT_SEARCH_BLOCK * NT_SEARCH_BLOCK, sizeof *s->passed);
    s->row = nt_allocate(s->allocator, filled, sizeof *s->row);
    s->spread = nt_allocate_zeroed(s->allocator, s->reduced, sizeof *s->spread);
    s->exact[0] = s->kept ? nt_allocate(s->allocator, rows, 1) : NULL;
    s->rest = nt_allocate(s->allocator, s->samples, sizeof *s->rest);
    s->beyond = nt_allocate(s->allocator, s->samples, sizeof *s->beyond);
    s->slack = nt_allocate(s->allocator, s->samples, sizeof *s->slack);
    s->rest_slack = nt_allocate(s->allocator, s->samples, sizeof *s->rest_slack);
    s->lead_slack = nt_allocate(s->allocator, s->samples, sizeof *s->lead_slack);
    s->plane = nt_allocate(s->allocator, s->samples, 2 * sizeof *s->plane);
    s->again = nt_allocate(s->allocator, s->samples, sizeof *s->again);
    bool there = s->again && s->buffer && s->passed && s->row && s->spread && s->rest && s->beyond && s->slack &&
                 s->rest_slack && s->lead_slack && s->plane;
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
    void *const held[] = {s->lead,     s->spread,    s->y,          s->rest,      s->beyond, s->slack,  s->plane,
                          s->sample,   s->start,     s->buffer,     s->half,      s->tail,   s->square, s->passed,
                          s->exact[0], s->list_room, s->pair,       s->sums,      s->row,    s->hint,   s->again,
                          s->own,      s->key,       s->rest_slack, s->lead_slack};
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
