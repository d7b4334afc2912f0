/* Limits before the first tile, from a graph of another layer: whoever is near there is mostly near here, and the k-th
 * of so many upper bounds is close to what it will be in the end. Without it every list begins with what comes first.
 */
#include <string.h>

#include "knn/graph_search.h"

enum { SEEDED = 256, MOST_PAIRS = NT_SEARCH_BLOCK * NT_SEARCH_BLOCK }; /* positions of a unit, pairs at once */

enum nt_status nt_graph_search_hint(nt_graph_search *s, const nt_graph *graph) {
    if (s->phase != 0 || s->at != 0 || nt_graph_samples(graph) != s->samples || nt_graph_k(graph) < s->k ||
        s->k > MOST_PAIRS) {
        return NT_E_ARG;
    }
    if (s->reduction.side == 0) {
        return NT_OK; /* where rows are short, seeding takes as long as it saves */
    }
    nt_release(s->allocator, s->hint);
    s->hint = nt_allocate(s->allocator, s->samples, s->k * sizeof *s->hint);
    for (uint32_t i = 0; s->hint != NULL && i < s->samples; i++) {
        nt_graph_get(s->hint + (size_t)i * s->k, NULL, graph, i, s->k);
    }
    return s->hint != NULL ? NT_OK : NT_E_MEMORY;
}

uint32_t nt_search_seed_units(const nt_graph_search *s) {
    return s->hint != NULL ? (s->samples + SEEDED - 1) / SEEDED : 0;
}

static const uint32_t *hints_of(const nt_graph_search *s, uint32_t position) {
    return s->hint + (size_t)s->sample[position] * s->k;
}

/* Hints name samples, the search positions. */
static enum nt_status hint_by_position(nt_graph_search *s) {
    uint32_t *place = nt_allocate(s->allocator, s->samples, sizeof *place);
    if (place == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t p = 0; p < s->samples; p++) {
        place[s->sample[p]] = p;
    }
    for (size_t i = 0; i < (size_t)s->samples * s->k; i++) {
        s->hint[i] = place[s->hint[i]];
    }
    nt_release(s->allocator, place);
    return NT_OK;
}

/* Whether `other` is hinted at by a position. */
static bool names(const nt_graph_search *s, uint32_t position, uint32_t other) {
    const uint32_t *hint = hints_of(s, position);
    bool found = false;
    for (uint32_t i = 0; i < s->k; i++) {
        found |= hint[i] == other;
    }
    return found;
}

/* Whether the pair of a position and one of its hints is to be compared there: of two that name each other once. */
static bool leads(const nt_graph_search *s, uint32_t position, uint32_t hint) {
    return hint > position || !names(s, hint, position);
}

/* The pairs of positions first .. end - 1 into s->passed, by the other position: a row that several of them name is
 * read once for all. next [samples + 1] is room. Returns how many. */
static size_t gather(nt_graph_search *s, uint32_t *next, uint32_t first, uint32_t end) {
    memset(next, 0, (s->samples + 1) * sizeof *next);
    for (uint32_t i = first; i < end; i++) {
        for (uint32_t n = 0; n < s->k; n++) {
            next[hints_of(s, i)[n] + 1] += leads(s, i, hints_of(s, i)[n]);
        }
    }
    for (uint32_t p = 0; p < s->samples; p++) {
        next[p + 1] += next[p];
    }
    size_t pairs = next[s->samples];
    for (uint32_t i = first; i < end; i++) {
        for (uint32_t n = 0; n < s->k; n++) {
            uint32_t other = hints_of(s, i)[n];
            if (leads(s, i, other)) {
                s->passed[next[other]++] = (struct nt_fixed_pair){0, UINT64_MAX, other, i};
            }
        }
    }
    return pairs;
}

/* Widest piece of the leading values, which are not packed yet, that rows can be cut into evenly. */
static uint32_t piece_of(const nt_graph_search *s) {
    uint32_t width = s->depth < NT_FIXED_STRIP ? s->depth : NT_FIXED_STRIP;
    while (s->depth % width != 0) {
        width -= NT_FIXED_ALIGN;
    }
    return width;
}

/* Distances of pairs in all reduced values, which then are on the shortlists. */
static enum nt_status compare(nt_graph_search *s, size_t pairs) {
    uint32_t piece = piece_of(s), pieces = s->depth / piece;
    for (size_t p = 0; p < pairs; p++) {
        s->passed[p].a *= pieces;
        s->passed[p].b *= pieces;
    }
    for (uint32_t at = 0; at < pieces; at++) {
        const int16_t *lead = s->lead + (size_t)at * piece;
        (void)nt_fixed_compare(s->passed, pairs, lead, lead, piece);
    }
    for (size_t p = 0; p < pairs; p++) {
        s->passed[p].a /= pieces;
        s->passed[p].b /= pieces;
    }
    return nt_search_compare(s, 0, 0, pairs);
}

/* Once all is seeded, lists begin again with their limits: tiles come to every pair. */
static enum nt_status end_seeds(nt_graph_search *s) {
    for (uint32_t i = 0; i < s->samples; i++) {
        NT_TRY(nt_shortlists_prune(&s->lists, i));
        s->lists.list[i].count = 0;
    }
    nt_release(s->allocator, s->hint);
    s->hint = NULL;
    return NT_OK;
}

enum nt_status nt_search_seed(nt_graph_search *s, uint32_t unit) {
    uint32_t end = s->samples - unit * SEEDED < SEEDED ? s->samples : (unit + 1) * SEEDED;
    uint32_t most = MOST_PAIRS / s->k, *next = nt_allocate(s->allocator, s->samples + 1, sizeof *next);
    enum nt_status status = next == NULL ? NT_E_MEMORY : unit == 0 ? hint_by_position(s) : NT_OK;
    for (uint32_t from = unit * SEEDED; status == NT_OK && from < end;) {
        uint32_t to = end - from < most ? end : from + most;
        status = compare(s, gather(s, next, from, to));
        from = to;
    }
    nt_release(s->allocator, next);
    return status != NT_OK || end < s->samples ? status : end_seeds(s);
}
