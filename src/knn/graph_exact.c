/* The last level: exact distances of what is left on the shortlists. Rows that were not reduced are there already;
 * others are read again, group by group where they do not all fit in the room, and every two groups meet once. */
#include <math.h>
#include <string.h>

#include "knn/distance.h"
#include "knn/graph_search.h"
#include "ntrace/knn.h"

enum { ROWS = NT_REDUCTION_BATCH, PASSING = 512, SIDE = 512, PAIRS = 16384 };

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* ---- Shortlists by position, and nothing measured. ---- */

/* Ascending, by insertion over shrinking gaps: Shell, "A High-Speed Sorting Procedure", CACM 2(7), 1959. Some hundred
 * keys are sorted faster so than by their digits. */
static void sort_keys(uint64_t *key, uint32_t count) {
    static const uint32_t GAP[] = {701, 301, 132, 57, 23, 10, 4, 1}; /* Ciura's */
    for (uint32_t g = 0; g < sizeof GAP / sizeof *GAP; g++) {
        for (uint32_t i = GAP[g], gap = GAP[g]; i < count; i++) {
            uint64_t own = key[i];
            uint32_t at = i;
            for (; at >= gap && key[at - gap] > own; at -= gap) {
                key[at] = key[at - gap];
            }
            key[at] = own;
        }
    }
}

static void sort_list(struct nt_shortlist *l, uint64_t *key) {
    for (uint32_t i = 0; i < l->count; i++) {
        key[i] = (uint64_t)l->item[i].position << 32 | nt_knn_key(l->item[i].square);
    }
    sort_keys(key, l->count);
    for (uint32_t i = 0; i < l->count; i++) {
        uint32_t square = (uint32_t)key[i];
        l->item[i].position = (uint32_t)(key[i] >> 32);
        memcpy(&l->item[i].square, &square, sizeof square);
        l->item[i].square = -l->item[i].square;
    }
}

enum nt_status nt_search_end_lists(nt_graph_search *s) {
    uint32_t longest = 0;
    for (uint32_t i = 0; i < s->samples; i++) {
        NT_TRY(nt_shortlists_prune(&s->lists, i));
        longest = s->lists.list[i].count > longest ? s->lists.list[i].count : longest;
    }
    s->longest = longest;
    s->list_room = nt_allocate(s->allocator, 4 * (size_t)longest, sizeof *s->list_room);
    if (s->list_room == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < s->samples; i++) {
        sort_list(&s->lists.list[i], (uint64_t *)(void *)s->list_room);
    }
    return NT_OK;
}

/* ---- Groups of rows that are in memory together, cut into parts. ----
 *
 * A group that stays for a while is read and compared with itself; then all rows after it pass by in smaller groups,
 * each read and compared with it. */

static uint32_t over(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

/* Units of the group that begins with position `first`, with itself (how = 0) or with one that passes by (how = 1). */
static uint32_t reads(const nt_graph_search *s, uint32_t how) { return s->kept ? 0 : over(s->group[how], ROWS); }
static uint32_t parts(const nt_graph_search *s, uint32_t how) { return over(s->group[how], SIDE); }
static uint32_t each(const nt_graph_search *s, uint32_t how) { return reads(s, how) + parts(s, 0) * parts(s, how); }

/* How many groups pass by the one that begins with `first`. */
static uint32_t passing(const nt_graph_search *s, uint32_t first) {
    uint32_t end = first + s->group[0];
    return end < s->samples ? over(s->samples - end, s->group[1]) : 0;
}

uint32_t nt_search_exact_units(const nt_graph_search *s) {
    uint32_t units = 0;
    for (uint32_t first = 0; first < s->samples; first += s->group[0]) {
        units += each(s, 0) + passing(s, first) * each(s, 1);
    }
    return units;
}

/* Rows of groups take the room of the reduced rows, where that is enough: the shortlists are longest now. */
static enum nt_status room_for_groups(nt_graph_search *s, size_t held) {
    size_t row = s->size * sizeof(float), passing = s->group[0] < s->samples ? s->group[1] : 0;
    if ((s->group[0] + passing) * row <= held) {
        s->exact[0] = (float *)s->lead;
    } else {
        nt_release(s->allocator, s->lead);
        s->exact[0] = nt_allocate(s->allocator, s->group[0] + passing, row);
    }
    s->lead = s->z = NULL;
    s->exact[1] = s->exact[0] != NULL ? s->exact[0] + s->group[0] * (size_t)s->size : NULL;
    return s->exact[0] != NULL ? NT_OK : NT_E_MEMORY;
}

enum nt_status nt_search_start_exact(nt_graph_search *s) {
    size_t held = ((size_t)s->filled * s->depth + (size_t)s->samples * s->width) * sizeof *s->z,
           rows = held / sizeof(float) / s->size;
    if (rows >= s->samples || s->kept) {
        s->group[0] = s->group[1] = s->samples;
    } else {
        s->group[1] = rows < 8 * ROWS ? ROWS : min((uint32_t)(rows / 4), PASSING);
        s->group[0] = rows < 8 * ROWS ? ROWS : (uint32_t)rows - s->group[1];
    }
    s->pair = nt_allocate(s->allocator, PAIRS, sizeof *s->pair);
    s->sums = nt_allocate(s->allocator, PAIRS, (NT_DISTANCE_SUMS + 1) * sizeof *s->sums);
    if (s->pair == NULL || s->sums == NULL) {
        return NT_E_MEMORY;
    }
    if (!s->kept) {
        return room_for_groups(s, held);
    }
    nt_release(s->allocator, s->lead);
    s->lead = s->z = NULL;
    return NT_OK;
}

/* Rows of a group that begins with position `first`. */
static enum nt_status read_rows(nt_graph_search *s, uint32_t how, uint32_t first, uint32_t unit,
                                struct nt_error *error) {
    uint32_t from = first + unit * ROWS, end = min(s->samples, min(first + s->group[how], from + ROWS));
    if (from >= end) {
        return NT_OK;
    }
    NT_TRY(s->rows.read(s->rows.context, s->buffer, s->sample + from, end - from, error));
    nt_strips_put(s->exact[how], s->group[how], (size_t)unit * ROWS, s->buffer, end - from, s->size);
    return NT_OK;
}

/* ---- Pairs of two parts. ---- */

/* Positions first .. end - 1, and the rows of their group, which begins with position `base`. */
struct part {
    uint32_t first, end, base;
    struct nt_strips rows;
};

static struct part part_of(const nt_graph_search *s, uint32_t how, uint32_t base, uint32_t number) {
    uint32_t last = min(s->samples, base + s->group[how]), first = min(base + number * SIDE, last);
    struct nt_strips rows = {s->exact[how], s->group[how], s->size};
    return (struct part){first, min(last, first + SIDE), base, rows};
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

static struct nt_short *item_of(const nt_graph_search *s, uint32_t of, uint32_t position) {
    const struct nt_shortlist *l = &s->lists.list[of];
    uint32_t at = find(l, position);
    return at < l->count && l->item[at].position == position ? &l->item[at] : NULL;
}

/* Whether an item was not measured yet and may still be near enough. */
static bool wanted(const nt_graph_search *s, uint32_t by, const struct nt_short *item) {
    return item != NULL && signbit(item->square) && -item->square <= s->lists.list[by].limit;
}

/* Measures the pairs that were collected, and tells their lists. */
static void measure(nt_graph_search *s, const struct part *a, const struct part *b) {
    float *square = s->sums + (size_t)PAIRS * NT_DISTANCE_SUMS;
    nt_distance_of_pairs(square, s->sums, s->pair, s->pairs, a->rows, b->rows);
    for (uint32_t p = 0; p < s->pairs; p++) {
        uint32_t i = a->base + s->pair[p].a, j = b->base + s->pair[p].b;
        struct nt_short *there = item_of(s, i, j), *back = item_of(s, j, i);
        if (there != NULL) {
            there->square = square[p];
            s->lists.list[i].fresh++;
        }
        if (back != NULL) {
            back->square = square[p];
            s->lists.list[j].fresh++;
        }
    }
    s->work.exact += s->pairs;
    s->pairs = 0;
}

static void collect(nt_graph_search *s, const struct part *a, const struct part *b, uint32_t i, uint32_t j) {
    s->pair[s->pairs++] = (struct nt_distance_pair){i - a->base, j - b->base};
    if (s->pairs == PAIRS) {
        measure(s, a, b);
    }
}

/* A pair i < j is collected for the list of i where that wants it, else for the one of j. */
static void collect_for(nt_graph_search *s, const struct part *a, const struct part *b, uint32_t by, bool first) {
    const struct nt_shortlist *l = &s->lists.list[by];
    uint32_t end = first ? b->end : a->end;
    for (uint32_t at = find(l, first ? b->first : a->first); at < l->count && l->item[at].position < end; at++) {
        uint32_t other = l->item[at].position;
        if (!wanted(s, by, &l->item[at])) {
            continue;
        }
        if (first && other > by) {
            collect(s, a, b, by, other);
        } else if (!first && other < by && !wanted(s, other, item_of(s, other, by))) {
            collect(s, a, b, other, by);
        }
    }
}

static enum nt_status measure_parts(nt_graph_search *s, struct part a, struct part b) {
    for (uint32_t i = a.first; i < a.end; i++) {
        NT_TRY(nt_shortlists_tighten(&s->lists, i));
    }
    for (uint32_t j = b.first; j < b.end && b.first != a.first; j++) {
        NT_TRY(nt_shortlists_tighten(&s->lists, j));
    }
    for (uint32_t i = a.first; i < a.end; i++) {
        collect_for(s, &a, &b, i, true);
    }
    for (uint32_t j = b.first; j < b.end; j++) {
        collect_for(s, &a, &b, j, false);
    }
    measure(s, &a, &b);
    return NT_OK;
}

enum nt_status nt_search_exact(nt_graph_search *s, uint32_t unit, struct nt_error *error) {
    uint32_t first = 0, how = 0, base = 0;
    for (;; first += s->group[0]) { /* the group that stays */
        uint32_t units = each(s, 0) + passing(s, first) * each(s, 1);
        if (unit < units) {
            break;
        }
        unit -= units;
    }
    base = first;
    if (unit >= each(s, 0)) { /* the one that passes by */
        unit -= each(s, 0);
        how = 1;
        base = first + s->group[0] + unit / each(s, 1) * s->group[1];
        unit %= each(s, 1);
    }
    if (unit < reads(s, how)) {
        return read_rows(s, how, base, unit, error);
    }
    unit -= reads(s, how);
    struct part left = part_of(s, 0, first, unit / parts(s, how)), right = part_of(s, how, base, unit % parts(s, how));
    return left.first <= right.first ? measure_parts(s, left, right) : NT_OK;
}

/* ---- The graph's rows. ---- */

/* The k nearest of a list by (distance, sample). What was not measured, and what is not on the list, is farther than
 * its limit. */
void nt_search_end_row(nt_graph_search *s, uint32_t position) {
    const struct nt_shortlist *l = &s->lists.list[position];
    uint64_t *key = (uint64_t *)(void *)s->list_room;
    uint32_t *index = s->list_room + 2 * (size_t)s->longest, count = 0;
    float *distance = (float *)(index + s->longest);
    for (uint32_t i = 0; i < l->count; i++) {
        key[count] = (uint64_t)nt_knn_key(l->item[i].square) << 32 | s->sample[l->item[i].position];
        count += !signbit(l->item[i].square);
    }
    sort_keys(key, count);
    if (count < s->k || (uint32_t)(key[s->k - 1] >> 32) > nt_knn_key(l->limit)) {
        s->again[s->work.again++] = s->sample[position];
        return;
    }
    for (uint32_t i = 0; i < s->k; i++) {
        uint32_t square = (uint32_t)(key[i] >> 32);
        memcpy(&distance[i], &square, sizeof square);
        distance[i] = sqrtf(distance[i]);
        index[i] = (uint32_t)key[i];
    }
    nt_graph_set(s->graph, s->sample[position], index, distance);
}
