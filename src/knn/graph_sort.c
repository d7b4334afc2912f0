/* Blocks of near samples: Bentley, "Multidimensional Binary Search Trees Used for Associative Searching", CACM 18(9),
 * 1975, split at medians down to blocks. Only the order of work depends on it: near pairs first keep limits low. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "knn/graph_search.h"
#include "ntrace/knn.h"

/* A float as an integer that sorts alike, negative ones too. */
static uint32_t sortable(float x) {
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u & 0x80000000u ? ~u : u | 0x80000000u;
}

/* Sorts the samples at positions first .. first+count by one column of y. room [4 count]. */
static void sort_part(nt_graph_search *s, uint32_t first, uint32_t count, uint32_t column, uint32_t *room) {
    uint32_t *key = room, *order = room + count, *scratch = order + count, *sorted = scratch + count;
    for (uint32_t i = 0; i < count; i++) {
        key[i] = sortable(s->y[(size_t)s->sample[first + i] * s->columns + column]);
    }
    nt_knn_order(order, key, count, scratch);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = s->sample[first + order[i]];
    }
    memcpy(s->sample + first, sorted, count * sizeof *sorted);
}

/* Moves rows [samples] of so many bytes to their positions, cycle by cycle. moved [samples], row [bytes] are room. */
static void move_rows(void *rows, const uint32_t *sample, uint32_t samples, size_t bytes, uint32_t *moved, void *row) {
    char *to = rows;
    memset(moved, 0, samples * sizeof *moved);
    for (uint32_t first = 0; first < samples; first++) {
        if (moved[first]) {
            continue;
        }
        memcpy(row, to + first * bytes, bytes);
        uint32_t at = first;
        for (; sample[at] != first; at = sample[at]) {
            memcpy(to + at * bytes, to + sample[at] * bytes, bytes);
            moved[at] = 1;
        }
        memcpy(to + at * bytes, row, bytes);
        moved[at] = 1;
    }
}

/* Everything that belongs to samples. row holds the longest of the rows. */
static void move_all(nt_graph_search *s, uint32_t *moved, void *row) {
    for (uint32_t from = 0; from < s->width; from += NT_FIXED_STRIP) {
        size_t bytes = nt_fixed_strip_width(from, s->width) * sizeof *s->z;
        move_rows(s->z + (size_t)from * s->samples, s->sample, s->samples, bytes, moved, row);
    }
    move_rows(s->rest, s->sample, s->samples, sizeof *s->rest, moved, row);
    move_rows(s->slack, s->sample, s->samples, sizeof *s->slack, moved, row);
    move_rows(s->norm, s->sample, s->samples, sizeof *s->norm, moved, row);
    for (size_t from = 0; s->kept && from < s->size; from += NT_DISTANCE_STRIP) {
        float *strip = s->exact[0] + nt_strip_at(from, s->samples);
        move_rows(strip, s->sample, s->samples, nt_strip_width(from, s->size) * sizeof *strip, moved, row);
    }
}

/* Where part p of so many begins: blocks are whole groups of rows. */
static uint32_t start_of(const nt_graph_search *s, uint32_t p, uint32_t parts) {
    uint32_t at = (uint32_t)((uint64_t)s->samples * p / parts);
    return p == parts ? s->samples : at / NT_BOUND_GROUP * NT_BOUND_GROUP;
}

enum nt_status nt_search_sort(nt_graph_search *s) {
    uint32_t n = s->samples;
    for (s->blocks = 1; (n + s->blocks - 1) / s->blocks > NT_SEARCH_BLOCK - NT_BOUND_GROUP;) {
        s->blocks *= 2;
    }
    s->sample = nt_allocate(s->allocator, n, sizeof *s->sample);
    s->start = nt_allocate(s->allocator, s->blocks + 1, sizeof *s->start);
    uint32_t *room = nt_allocate(s->allocator, 4 * (size_t)n, sizeof *room);
    void *row = nt_allocate(s->allocator, NT_FIXED_STRIP + NT_SEARCH_AXES + NT_DISTANCE_STRIP, sizeof(float));
    bool there = s->sample != NULL && s->start != NULL && room != NULL && row != NULL;
    for (uint32_t i = 0; there && i < n; i++) {
        s->sample[i] = i;
    }
    for (uint32_t parts = 1, level = 0; there && parts < s->blocks; parts *= 2, level++) {
        for (uint32_t p = 0; p < parts; p++) {
            uint32_t first = start_of(s, p, parts), end = start_of(s, p + 1, parts);
            sort_part(s, first, end - first, level % s->axes.count, room);
        }
    }
    for (uint32_t b = 0; there && b <= s->blocks; b++) {
        s->start[b] = start_of(s, b, s->blocks);
    }
    if (there) {
        move_all(s, room, row);
    }
    nt_release(s->allocator, room);
    nt_release(s->allocator, row);
    return there ? NT_OK : NT_E_MEMORY;
}

/* A unit in which every coordinate and every norm can be held. */
static float bound_unit(const nt_graph_search *s) {
    float norm = 0, most = 0;
    for (uint32_t i = 0; i < s->samples; i++) {
        norm = s->norm[i] > norm ? s->norm[i] : norm;
    }
    for (size_t i = 0; i < (size_t)s->samples * s->columns; i++) {
        most = fabsf(s->y[i]) > most ? fabsf(s->y[i]) : most;
    }
    float unit = sqrtf(norm) * 1.0001f / NT_BOUND_MOST_NORM;
    unit = most / INT16_MAX > unit ? most / INT16_MAX : unit;
    return unit < FLT_MIN ? 1 : unit;
}

/* One row of y in 16 bits. */
static void pack_row(nt_graph_search *s, uint32_t position, int16_t *value) {
    const float *y = s->y + (size_t)s->sample[position] * s->columns;
    double norm = 0, changed = 0;
    value[s->depth - 1] = 0;
    for (uint32_t j = 0; j < s->columns; j++) {
        value[j] = (int16_t)rintf(y[j] / s->bound_unit);
        double gap = (double)y[j] - (double)s->bound_unit * value[j];
        norm += (double)value[j] * value[j];
        changed += gap * gap;
    }
    nt_bound_put(s->bound, position, value, s->depth);
    s->half[position] = (float)(norm / 2);
    s->own[position] = s->slack[position] + s->axes_slack * sqrtf(s->norm[position]) + (float)sqrt(changed) * 1.0001f;
}

enum nt_status nt_search_pack(nt_graph_search *s) {
    uint32_t filled = (s->samples + NT_BOUND_GROUP - 1) / NT_BOUND_GROUP * NT_BOUND_GROUP;
    int16_t value[NT_SEARCH_AXES + 2];
    s->depth = (s->columns + 1) / 2 * 2;
    s->bound_unit = bound_unit(s);
    s->bound = nt_allocate_zeroed(s->allocator, filled, s->depth * sizeof *s->bound);
    s->half = nt_allocate(s->allocator, filled, sizeof *s->half);
    s->own = nt_allocate(s->allocator, s->samples, sizeof *s->own);
    if (s->bound == NULL || s->half == NULL || s->own == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < s->samples; i++) {
        pack_row(s, i, value);
    }
    for (uint32_t i = s->samples; i < filled; i++) {
        s->half[i] = INFINITY;
    }
    return NT_OK;
}
