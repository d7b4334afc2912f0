/* One layer's neighbours: how well codes find them, and the k nearest of all samples. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/parallel.h"
#include "ntrace/knn.h"

/* Brute force takes so many queries along one pass over the activations, which are more than the cache holds. */
enum { QUERIES_AT_ONCE = 8 };

static const double DEFAULT_RECALL = 0.9995, REFINED_RECALL = 0.9999;

struct search {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    const uint32_t *query;                   /* sample numbers whose truth is found */
    uint32_t queries, many, queries_of_many; /* many: 1,000; found for the first of the queries only */
    uint32_t *rank, *refined,
        *rank_of_many;         /* [queries, k], [queries, k], [queries_of_many, many]: where the truth stands */
    uint32_t candidates, kept; /* taken from the codes, and left by the coordinates before the exact distances */
    nt_graph *graph;
    uint32_t *room; /* [workers, room_words] */
    size_t room_words;
};

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t exact_key(const struct nt_pack_space *s, uint32_t a, uint32_t b) {
    return nt_knn_key(nt_distance_squared(s->x + (size_t)a * s->size, s->x + (size_t)b * s->size, s->size));
}

/* By coordinates that are not quantised; the rests are taken as orthogonal, as on codes. */
static uint32_t refined_key(const struct nt_pack_space *s, uint32_t a, uint32_t b) {
    float square = nt_distance_squared(s->y + (size_t)a * s->axes, s->y + (size_t)b * s->axes, s->axes);
    return nt_knn_key(square + s->rest[a] * s->rest[a] + s->rest[b] * s->rest[b]);
}

/* ---- The truth, and where it stands. ---- */

/* Places of all samples by key, `self` left out: place [N]; order, scratch [N]. */
static void find_places(uint32_t *place, const uint32_t *key, uint32_t n, uint32_t self, uint32_t *order,
                        uint32_t *scratch) {
    uint32_t at = 0;
    nt_knn_order(order, key, n, scratch);
    for (uint32_t i = 0; i < n; i++) {
        place[order[i]] = at;
        at += order[i] != self;
    }
}

/* Where one query's true neighbours stand on codes and by coordinates. truth [N] keys; room [5 N]. */
static void place_truth(const struct search *s, uint32_t query, const uint32_t *truth, uint32_t *room) {
    const struct nt_packer *p = s->packer;
    uint32_t n = p->samples, k = p->k, self = s->query[query];
    uint32_t *nearest = room, *key = nearest + n, *place = key + n, *order = place + n, *scratch = order + n;
    nt_codes_scan(key, &s->space->codes, self);
    find_places(place, key, n, self, order, scratch);
    if (query < s->queries_of_many) {
        nt_knn_select(nearest, truth, n, s->many, self, order);
        for (uint32_t i = 0; i < s->many; i++) {
            s->rank_of_many[(size_t)query * s->many + i] = place[nearest[i]];
        }
    }
    nt_knn_select(nearest, truth, n, k, self, order);
    for (uint32_t i = 0; i < k; i++) {
        s->rank[(size_t)query * k + i] = place[nearest[i]];
    }
    for (uint32_t i = 0; i < n; i++) {
        key[i] = refined_key(s->space, self, i);
    }
    find_places(place, key, n, self, order, scratch);
    for (uint32_t i = 0; i < k; i++) {
        s->refined[(size_t)query * k + i] = place[nearest[i]];
    }
}

static void search_all(void *context, size_t item, unsigned worker) {
    const struct search *s = context;
    uint32_t n = s->packer->samples, first = (uint32_t)item * QUERIES_AT_ONCE;
    uint32_t count = s->queries - first < QUERIES_AT_ONCE ? s->queries - first : QUERIES_AT_ONCE;
    uint32_t *truth = s->room + worker * s->room_words, *room = truth + (size_t)QUERIES_AT_ONCE * n;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t q = 0; q < count; q++) {
            truth[(size_t)q * n + i] = exact_key(s->space, s->query[first + q], i);
        }
    }
    for (uint32_t q = 0; q < count; q++) {
        place_truth(s, first + q, truth + (size_t)q * n, room);
    }
}

/* The number of candidates that hold the wanted share of `count` sorted ranks, at least k. */
static uint32_t candidates_for(const uint32_t *rank, size_t count, double recall, uint32_t k) {
    uint32_t candidates = rank[(size_t)ceil(recall * (double)count) - 1] + 1;
    return candidates < k ? k : candidates;
}

static double share_within(const uint32_t *rank, size_t count, uint32_t candidates) {
    size_t within = 0;
    while (within < count && rank[within] < candidates) {
        within++;
    }
    return (double)within / (double)count;
}

static enum nt_status measure(struct nt_bundle_layer *layer, struct search *s) {
    const struct nt_packer *p = s->packer;
    size_t count = (size_t)s->queries * p->k, count_of_many = (size_t)s->queries_of_many * s->many;
    s->rank = nt_allocate(p->allocator, count, sizeof *s->rank);
    s->refined = nt_allocate(p->allocator, count, sizeof *s->refined);
    s->rank_of_many = nt_allocate(p->allocator, count_of_many, sizeof *s->rank_of_many);
    bool there = s->rank != NULL && s->refined != NULL && s->rank_of_many != NULL;
    if (there) {
        double recall = p->options->recall > 0 ? p->options->recall : DEFAULT_RECALL;
        nt_parallel_for((s->queries + QUERIES_AT_ONCE - 1) / QUERIES_AT_ONCE, p->workers, search_all, s);
        qsort(s->rank, count, sizeof *s->rank, ascending);
        qsort(s->refined, count, sizeof *s->refined, ascending);
        qsort(s->rank_of_many, count_of_many, sizeof *s->rank_of_many, ascending);
        layer->candidates = s->candidates = candidates_for(s->rank, count, recall, p->k);
        layer->candidates_1000 = candidates_for(s->rank_of_many, count_of_many, recall, layer->candidates);
        layer->recall = share_within(s->rank, count, layer->candidates);
        layer->recall_codes = share_within(s->rank, count, p->k);
        s->kept = candidates_for(s->refined, count, REFINED_RECALL, p->k);
        s->kept = s->kept < s->candidates ? s->kept : s->candidates;
    }
    nt_release(p->allocator, s->rank);
    nt_release(p->allocator, s->refined);
    nt_release(p->allocator, s->rank_of_many);
    return there ? NT_OK : no_memory(p);
}

/* ---- All samples. ---- */

/* Puts the `keep` nearest of `count` samples by a key to the front, ascending by number. room [3 count]. */
static void keep_nearest(uint32_t *sample, uint32_t count, uint32_t keep, uint32_t *key, uint32_t *room) {
    uint32_t *order = room, *scratch = order + count, *kept = scratch + count;
    nt_knn_order(order, key, count, scratch);
    for (uint32_t i = 0; i < keep; i++) {
        kept[i] = sample[order[i]];
    }
    qsort(kept, keep, sizeof *kept, ascending);
    memcpy(sample, kept, keep * sizeof *sample);
}

/* Codes propose, coordinates thin out, exact distances decide. */
static void search_one(void *context, size_t item, unsigned worker) {
    const struct search *s = context;
    const struct nt_packer *p = s->packer;
    uint32_t n = p->samples, self = (uint32_t)item, m = s->candidates, kept = s->kept;
    uint32_t *key = s->room + worker * s->room_words, *candidate = key + n, *room = candidate + n;
    nt_codes_scan(key, &s->space->codes, self);
    nt_knn_select(candidate, key, n, m, self, room);
    qsort(candidate, m, sizeof *candidate, ascending);
    for (uint32_t i = 0; i < m; i++) {
        key[i] = refined_key(s->space, self, candidate[i]);
    }
    keep_nearest(candidate, m, kept, key, room);
    for (uint32_t i = 0; i < kept; i++) {
        key[i] = exact_key(s->space, self, candidate[i]);
    }
    uint32_t *order = room, *index = room + kept;
    float *distance = (float *)(index + kept);
    nt_knn_order(order, key, kept, index);
    for (uint32_t i = 0; i < p->k; i++) {
        float square;
        memcpy(&square, &key[order[i]], sizeof square);
        index[i] = candidate[order[i]];
        distance[i] = sqrtf(square);
    }
    nt_graph_set(s->graph, self, index, distance);
}

static uint32_t at_most(uint32_t value, uint32_t most) { return value < most ? value : most; }

enum nt_status nt_pack_neighbours(nt_graph **graph, struct nt_packer *p, const struct nt_pack_space *space,
                                  uint32_t layer, const uint32_t *pick) {
    struct search s = {.packer = p, .space = space, .query = pick};
    s.queries = at_most(p->samples, NT_PACK_QUERIES);
    s.queries_of_many = at_most(p->samples, NT_PACK_QUERIES_1000);
    s.many = at_most(p->samples - 1, NT_BUNDLE_MAX_K);
    s.room_words = (size_t)(QUERIES_AT_ONCE + 5) * p->samples;
    s.room = nt_allocate(p->allocator, p->workers, s.room_words * sizeof *s.room);
    enum nt_status status = s.room != NULL ? measure(&p->manifest.layer[layer], &s) : no_memory(p);
    if (status == NT_OK) {
        status = nt_graph_create(&s.graph, p->samples, p->k, p->allocator) == NT_OK ? NT_OK : no_memory(p);
    }
    if (status == NT_OK) {
        nt_parallel_for(p->samples, p->workers, search_one, &s);
    }
    *graph = s.graph;
    nt_release(p->allocator, s.room);
    return status;
}
