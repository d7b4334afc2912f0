/* The last level: exact distances of what is left on the shortlists. Rows that were not reduced are there already;
 * others are read again, group by group where they do not all fit in the room, and every two groups meet once. */
#include <math.h>
#include <string.h>

#include "knn/graph_search.h"
#include "ntrace/knn.h"

enum { ROWS = NT_REDUCTION_BATCH, QUERIES = 128 };

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t groups(const nt_graph_search *s) { return (s->samples + s->group - 1) / s->group; }

/* ---- Shortlists by position, and nothing measured. ---- */

static void sort_list(struct nt_shortlist *l, struct nt_short *copy, uint32_t *room) {
    uint32_t *key = room, *order = key + l->count, *scratch = order + l->count;
    for (uint32_t i = 0; i < l->count; i++) {
        key[i] = l->item[i].position;
    }
    nt_knn_order(order, key, l->count, scratch);
    memcpy(copy, l->item, l->count * sizeof *copy);
    for (uint32_t i = 0; i < l->count; i++) {
        l->item[i] = (struct nt_short){copy[order[i]].position, -copy[order[i]].square};
    }
}

enum nt_status nt_search_end_lists(nt_graph_search *s) {
    uint32_t longest = 0;
    for (uint32_t i = 0; i < s->samples; i++) {
        NT_TRY(nt_shortlists_prune(&s->lists, i));
        longest = s->lists.list[i].count > longest ? s->lists.list[i].count : longest;
    }
    s->longest = longest;
    s->list_room = nt_allocate(s->allocator, 5 * (size_t)longest, sizeof *s->list_room);
    if (s->list_room == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < s->samples; i++) {
        sort_list(&s->lists.list[i], (struct nt_short *)s->list_room, s->list_room + 2 * (size_t)longest);
    }
    return NT_OK;
}

/* ---- Groups. ---- */

/* Units of a pair of groups: reading the second's rows, then comparing. */
static uint32_t reads(const nt_graph_search *s) { return s->kept ? 0 : (s->group + ROWS - 1) / ROWS; }
static uint32_t compares(const nt_graph_search *s) { return (s->group + QUERIES - 1) / QUERIES; }

uint32_t nt_search_exact_units(const nt_graph_search *s) {
    uint32_t g = groups(s);
    return g * (g + 1) / 2 * (reads(s) + compares(s));
}

enum nt_status nt_search_start_exact(nt_graph_search *s) {
    size_t row = s->size * sizeof(float), rows = s->room / row;
    nt_release(s->allocator, s->z);
    s->z = NULL;
    s->group = rows >= s->samples || s->kept ? s->samples : rows < 2 * ROWS ? ROWS : (uint32_t)(rows / 2);
    if (s->kept) {
        return NT_OK;
    }
    s->exact[0] = nt_allocate(s->allocator, s->group, row);
    s->exact[1] = s->group < s->samples ? nt_allocate(s->allocator, s->group, row) : NULL;
    return s->exact[0] != NULL && (s->exact[1] != NULL || s->group == s->samples) ? NT_OK : NT_E_MEMORY;
}

static enum nt_status read_rows(nt_graph_search *s, uint32_t group, float *out, uint32_t unit, struct nt_error *error) {
    uint32_t first = group * s->group + unit * ROWS, end = min(s->samples, min((group + 1) * s->group, first + ROWS));
    if (first >= end) {
        return NT_OK;
    }
    return s->rows.read(s->rows.context, out + (size_t)unit * ROWS * s->size, s->sample + first, end - first, error);
}

/* Where positions from `position` on begin in a list. */
static uint32_t find(const struct nt_shortlist *l, uint32_t position) {
    uint32_t low = 0, high = l->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (l->item[middle].position < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Measures one position against those of its list in another group that may still be near enough, and tells their
 * lists. */
static enum nt_status measure(nt_graph_search *s, uint32_t i, const float *row, const float *others, uint32_t group) {
    struct nt_shortlist *l = &s->lists.list[i];
    uint32_t first = group * s->group, end = first + s->group;
    if (groups(s) > 1) {
        NT_TRY(nt_shortlists_tighten(&s->lists, i));
    }
    for (uint32_t at = find(l, first); at < l->count && l->item[at].position < end; at++) {
        struct nt_short *item = &l->item[at];
        if (!signbit(item->square) || -item->square > l->limit) {
            continue;
        }
        item->square = nt_distance_squared(row, others + (size_t)(item->position - first) * s->size, s->size);
        s->work.exact++;
        struct nt_shortlist *back = &s->lists.list[item->position];
        uint32_t there = find(back, i);
        if (there < back->count && back->item[there].position == i) {
            back->item[there].square = item->square;
        }
    }
    return NT_OK;
}

static enum nt_status measure_group(nt_graph_search *s, uint32_t a, const float *rows, const float *others, uint32_t b,
                                    uint32_t unit) {
    uint32_t first = a * s->group, from = first + unit * QUERIES;
    uint32_t end = min(s->samples, min(first + s->group, from + QUERIES));
    for (uint32_t i = from; i < end; i++) {
        NT_TRY(measure(s, i, rows + (size_t)(i - first) * s->size, others, b));
    }
    return NT_OK;
}

enum nt_status nt_search_exact(nt_graph_search *s, uint32_t unit, struct nt_error *error) {
    uint32_t each = reads(s) + compares(s), pair = unit / each, within = unit % each, a = 0;
    for (; pair >= groups(s) - a; a++) {
        pair -= groups(s) - a;
    }
    uint32_t b = a + pair;
    float *own = s->exact[0], *other = s->exact[b > a];
    if (within < reads(s)) {
        return read_rows(s, b, other, within, error);
    }
    NT_TRY(measure_group(s, a, own, other, b, within - reads(s)));
    return b > a ? measure_group(s, b, other, own, a, within - reads(s)) : NT_OK;
}

/* ---- The graph's rows. ---- */

/* The k nearest of a list by (distance, sample): sorted by sample first, and then by distance, which keeps ties. What
 * was not measured is farther. */
void nt_search_end_row(nt_graph_search *s, uint32_t position) {
    const struct nt_shortlist *l = &s->lists.list[position];
    uint32_t *key = s->list_room, *by_sample = key + s->longest, *by_square = by_sample + s->longest,
             *scratch = by_square + s->longest, *index = scratch + s->longest, count = 0;
    float *distance = (float *)scratch;
    for (uint32_t i = 0; i < l->count; i++) {
        l->item[count] = l->item[i];
        count += !signbit(l->item[i].square);
    }
    for (uint32_t i = 0; i < count; i++) {
        key[i] = s->sample[l->item[i].position];
    }
    nt_knn_order(by_sample, key, count, scratch);
    for (uint32_t i = 0; i < count; i++) {
        key[i] = nt_knn_key(l->item[by_sample[i]].square);
    }
    nt_knn_order(by_square, key, count, scratch);
    for (uint32_t i = 0; i < s->k; i++) {
        const struct nt_short *item = &l->item[by_sample[by_square[i]]];
        index[i] = s->sample[item->position];
        distance[i] = sqrtf(item->square);
    }
    nt_graph_set(s->graph, s->sample[position], index, distance);
}
