/* Blocks of near samples: Bentley, "Multidimensional Binary Search Trees Used for Associative Searching", CACM 18(9),
 * 1975, split at medians down to blocks. Only the order of work depends on it: near pairs first keep limits low. */
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
        key[i] = sortable(s->y[(size_t)s->sample[first + i] * s->axes.count + column]);
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
    move_rows(s->lead, s->sample, s->samples, s->depth * sizeof *s->lead, moved, row);
    move_rows(s->rest, s->sample, s->samples, sizeof *s->rest, moved, row);
    float *const slack[] = {s->slack, s->rest_slack, s->lead_slack};
    for (size_t i = 0; i < sizeof slack / sizeof *slack; i++) {
        move_rows(slack[i], s->sample, s->samples, sizeof(float), moved, row);
    }
    move_rows(s->beyond, s->sample, s->samples, sizeof *s->beyond, moved, row);
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
    void *row = nt_allocate(s->allocator, s->depth + NT_FIXED_STRIP + NT_DISTANCE_STRIP, sizeof(float));
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

/* Norms of the row at a position, from its leading values. */
static void find_norms(nt_graph_search *s, uint32_t position, const int16_t *lead) {
    uint32_t sum = 0, end = s->depth;
    double beyond = (double)s->beyond[position];
    for (uint32_t chunk = (end + NT_BOUND_CHUNK - 1) / NT_BOUND_CHUNK; chunk-- > 0; end = chunk * NT_BOUND_CHUNK) {
        s->tail[(size_t)chunk * s->filled + position] = (float)sqrt(beyond + sum);
        for (uint32_t j = chunk * NT_BOUND_CHUNK; j < end; j++) {
            sum += (uint32_t)(lead[j] * lead[j]);
        }
    }
    s->square[position] = sum;
    s->half[position] = (float)((beyond + sum) / 2);
}

/* Packs a group of rows where it is; row [NT_BOUND_GROUP, depth] is room. */
static void pack_group(nt_graph_search *s, uint32_t first, int16_t *row) {
    int16_t *lead = s->lead + (size_t)first * s->depth;
    memcpy(row, lead, (size_t)NT_BOUND_GROUP * s->depth * sizeof *row);
    for (uint32_t i = 0; i < NT_BOUND_GROUP; i++) {
        nt_bound_put(lead, i, row + (size_t)i * s->depth, s->depth);
        if (first + i < s->samples) {
            find_norms(s, first + i, row + (size_t)i * s->depth);
        }
    }
}

enum nt_status nt_search_pack(nt_graph_search *s) {
    uint32_t chunks = (s->depth + NT_BOUND_CHUNK - 1) / NT_BOUND_CHUNK;
    int16_t *row = nt_allocate(s->allocator, NT_BOUND_GROUP, s->depth * sizeof *row);
    s->half = nt_allocate(s->allocator, s->filled, sizeof *s->half);
    s->tail = nt_allocate_zeroed(s->allocator, s->filled, chunks * sizeof *s->tail);
    s->square = nt_allocate_zeroed(s->allocator, s->filled, sizeof *s->square);
    bool there = row != NULL && s->half != NULL && s->tail != NULL && s->square != NULL;
    for (uint32_t first = 0; there && first < s->filled; first += NT_BOUND_GROUP) {
        pack_group(s, first, row);
    }
    for (uint32_t i = s->samples; there && i < s->filled; i++) {
        s->half[i] = INFINITY;
    }
    nt_release(s->allocator, row);
    return there ? NT_OK : NT_E_MEMORY;
}
