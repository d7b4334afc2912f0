/* How well a layer's codes find neighbours: the truth of some samples by brute force, and where it stands on codes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/parallel.h"
#include "ntrace/knn.h"

/* Brute force takes so many queries along one pass over the activations, which are more than the cache holds. */
enum { QUERIES_AT_ONCE = 8, FEWEST_QUERIES = 20, STAGES = 4 };

/* Numbers of leading axes that neighbours may be proposed by; the last stage is all axes. */
static const uint32_t STAGE_AXES[STAGES] = {64, 128, 256, UINT32_MAX};

static const double DEFAULT_RECALL = 0.9995, REFINED_RECALL = 0.9999;

/* The nearest so far, as key and number in one word: the first `want` of what there is room for twice. */
struct nearest {
    uint64_t *pair; /* [2 want] */
    uint32_t want, count;
    uint64_t limit; /* what does not stay below is not among the nearest */
};

struct measuring {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    const uint32_t *query;                      /* sample numbers whose truth is found */
    uint32_t queries, many, queries_of_many;    /* many: 1,000; found for the first of the queries only */
    float *row;                                 /* [queries, size] */
    struct nearest *nearest;                    /* [queries] */
    uint64_t *pairs;                            /* theirs */
    float *tail;                                /* [STAGES, N] what the other axes and the rest add to a norm */
    uint32_t *rank, *stage_rank, *rank_of_many; /* [queries, k], [STAGES, queries, k], [queries_of_many, many]:
                                                   places of the truth on codes and by leading axes */
    uint32_t *room;                             /* [workers, (3 + STAGES) N] */
};

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
}

static uint32_t at_most(size_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_pair(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* ---- The truth. ---- */

static void keep_nearest(struct nearest *n) {
    qsort(n->pair, n->count, sizeof *n->pair, by_pair);
    n->count = at_most(n->count, n->want);
    n->limit = n->count == n->want ? n->pair[n->want - 1] : UINT64_MAX;
}

static void offer(struct nearest *n, uint32_t key, uint32_t sample) {
    uint64_t pair = (uint64_t)key << 32 | sample;
    if (pair < n->limit) {
        n->pair[n->count++] = pair;
        if (n->count == 2 * n->want) {
            keep_nearest(n);
        }
    }
}

/* Some queries against the rows that the block holds. */
static void compare(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nt_pack_block *block = &m->space->block;
    uint32_t size = m->space->size, first = (uint32_t)item * QUERIES_AT_ONCE,
             count = at_most(m->queries - first, QUERIES_AT_ONCE);
    (void)worker;
    for (uint32_t i = 0; i < block->rows; i++) {
        const float *x = block->x + (size_t)i * size;
        for (uint32_t q = first; q < first + count; q++) {
            if (m->query[q] != block->first + i) {
                uint32_t key = nt_knn_key(nt_distance_squared(m->row + (size_t)q * size, x, size));
                offer(&m->nearest[q], key, block->first + i);
            }
        }
    }
}

static enum nt_status find_truth(struct measuring *m, struct nt_pack_space *space) {
    const struct nt_packer *p = m->packer;
    NT_TRY(nt_pack_read(m->row, p, space->layer, m->query, m->queries));
    for (uint32_t first = 0; first < p->samples; first += space->block.room) {
        NT_TRY(nt_pack_block_read(&space->block, p, space->layer, first));
        nt_parallel_for((m->queries + QUERIES_AT_ONCE - 1) / QUERIES_AT_ONCE, p->workers, compare, m);
        NT_TRY(nt_pack_progress(p, space->layer, NT_PACK_MEASURING, 0.8 * (first + space->block.rows) / p->samples));
    }
    for (uint32_t q = 0; q < m->queries; q++) {
        keep_nearest(&m->nearest[q]);
    }
    return NT_OK;
}

/* ---- Where it stands. ---- */

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

static uint32_t axes_of(const struct measuring *m, int stage) { return at_most(STAGE_AXES[stage], m->space->axes); }

static void find_tails(struct measuring *m) {
    const struct nt_pack_space *s = m->space;
    uint32_t n = m->packer->samples;
    for (uint32_t i = 0; i < n; i++) {
        float left = s->norm[i];
        for (int stage = 0, j = 0; stage < STAGES; stage++) {
            for (; (uint32_t)j < axes_of(m, stage); j++) {
                float y = s->y[(size_t)i * s->axes + (uint32_t)j];
                left -= y * y;
            }
            m->tail[(size_t)stage * n + i] = left > 0 ? left : 0;
        }
    }
}

/* Keys by the leading axes of each stage, what is left out being taken as orthogonal: key [STAGES, N]. */
static void find_keys(uint32_t *key, const struct measuring *m, uint32_t self) {
    const struct nt_pack_space *s = m->space;
    uint32_t n = m->packer->samples;
    const float *own = s->y + (size_t)self * s->axes;
    for (uint32_t i = 0; i < n; i++) {
        const float *other = s->y + (size_t)i * s->axes;
        float square = 0;
        uint32_t from = 0;
        for (int stage = 0; stage < STAGES; stage++) {
            uint32_t to = axes_of(m, stage);
            const float *tail = m->tail + (size_t)stage * n;
            square += nt_distance_squared(own + from, other + from, to - from);
            key[(size_t)stage * n + i] = nt_knn_key(square + tail[self] + tail[i]);
            from = to;
        }
    }
}

static void place_truth(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nearest *truth = &m->nearest[item];
    uint32_t n = m->packer->samples, k = m->packer->k, self = m->query[item];
    uint32_t *place = m->room + worker * (3 + STAGES) * (size_t)n, *order = place + n, *scratch = order + n,
             *key = scratch + n;
    nt_codes_scan(key, &m->space->codes, self);
    find_places(place, key, n, self, order, scratch);
    for (uint32_t i = 0; i < truth->count; i++) {
        uint32_t at = place[(uint32_t)truth->pair[i]];
        if (i < k) {
            m->rank[item * k + i] = at;
        }
        if (item < m->queries_of_many && i < m->many) {
            m->rank_of_many[item * m->many + i] = at;
        }
    }
    find_keys(key, m, self);
    for (size_t stage = 0; stage < STAGES; stage++) {
        find_places(place, key + stage * n, n, self, order, scratch);
        for (uint32_t i = 0; i < k; i++) {
            m->stage_rank[(stage * m->queries + item) * k + i] = place[(uint32_t)truth->pair[i]];
        }
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

/* The stage that costs least: products over its axes for all pairs, and all axes of what it proposes, which lie
 * scattered. */
static void choose_stage(struct nt_pack_shortlist *shortlist, struct measuring *m, size_t count) {
    const struct nt_packer *p = m->packer;
    double least = INFINITY;
    for (int stage = STAGES; stage-- > 0;) {
        uint32_t *rank = m->stage_rank + (size_t)stage * count, axes = axes_of(m, stage);
        qsort(rank, count, sizeof *rank, ascending);
        uint32_t wanted = candidates_for(rank, count, REFINED_RECALL, p->k);
        if (stage == STAGES - 1) {
            shortlist->kept = wanted;
        }
        wanted = wanted < shortlist->kept ? shortlist->kept : wanted;
        double cost = (double)p->samples * (axes + 8.0) + 6.0 * wanted * m->space->axes;
        if (cost < least) {
            least = cost;
            shortlist->axes = axes;
            shortlist->proposed = wanted;
        }
    }
}

static void conclude(struct nt_pack_shortlist *shortlist, struct nt_bundle_layer *layer, struct measuring *m) {
    const struct nt_packer *p = m->packer;
    size_t count = (size_t)m->queries * p->k, count_of_many = (size_t)m->queries_of_many * m->many;
    double recall = p->options->recall > 0 ? p->options->recall : DEFAULT_RECALL;
    qsort(m->rank, count, sizeof *m->rank, ascending);
    qsort(m->rank_of_many, count_of_many, sizeof *m->rank_of_many, ascending);
    layer->candidates = candidates_for(m->rank, count, recall, p->k);
    layer->candidates_1000 = candidates_for(m->rank_of_many, count_of_many, recall, layer->candidates);
    layer->recall = share_within(m->rank, count, layer->candidates);
    layer->recall_codes = share_within(m->rank, count, p->k);
    choose_stage(shortlist, m, count);
}

/* ---- The whole. ---- */

static enum nt_status allocate(struct measuring *m) {
    const struct nt_packer *p = m->packer;
    size_t pairs = 0;
    m->row = nt_allocate(p->allocator, m->queries, m->space->size * sizeof *m->row);
    m->nearest = nt_allocate_zeroed(p->allocator, m->queries, sizeof *m->nearest);
    m->rank = nt_allocate(p->allocator, m->queries, p->k * sizeof *m->rank);
    m->tail = nt_allocate(p->allocator, STAGES, p->samples * sizeof *m->tail);
    m->stage_rank = nt_allocate(p->allocator, STAGES * m->queries, p->k * sizeof *m->stage_rank);
    m->rank_of_many = nt_allocate(p->allocator, m->queries_of_many, m->many * sizeof *m->rank_of_many);
    m->room = nt_allocate(p->allocator, p->workers, (3 + STAGES) * (size_t)p->samples * sizeof *m->room);
    for (uint32_t q = 0; m->nearest != NULL && q < m->queries; q++) {
        uint32_t want = q < m->queries_of_many && m->many > p->k ? m->many : p->k;
        m->nearest[q] = (struct nearest){.want = want, .limit = UINT64_MAX};
        pairs += 2 * (size_t)want;
    }
    m->pairs = nt_allocate(p->allocator, pairs, sizeof *m->pairs);
    if (!m->row || !m->nearest || !m->rank || !m->tail || !m->stage_rank || !m->rank_of_many || !m->room || !m->pairs) {
        return no_memory(p);
    }
    uint64_t *at = m->pairs;
    for (uint32_t q = 0; q < m->queries; q++) {
        m->nearest[q].pair = at;
        at += 2 * (size_t)m->nearest[q].want;
    }
    return NT_OK;
}

static void release(struct measuring *m) {
    void *const held[] = {m->row, m->nearest, m->pairs, m->tail, m->rank, m->stage_rank, m->rank_of_many, m->room};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(m->packer->allocator, held[i]);
    }
}

enum nt_status nt_pack_measure(struct nt_pack_shortlist *shortlist, struct nt_packer *p, struct nt_pack_space *space,
                               const uint32_t *pick) {
    struct measuring m = {.packer = p, .space = space, .query = pick};
    size_t fit = p->memory / (8 * space->size * sizeof(float));
    m.queries = at_most(at_most(fit < FEWEST_QUERIES ? FEWEST_QUERIES : fit, NT_PACK_QUERIES), p->samples);
    m.queries_of_many = at_most(m.queries, NT_PACK_QUERIES_1000);
    m.many = at_most(p->samples - 1, NT_BUNDLE_MAX_K);
    enum nt_status status = allocate(&m);
    status = status == NT_OK ? find_truth(&m, space) : status;
    if (status == NT_OK) {
        find_tails(&m);
        nt_parallel_for(m.queries, p->workers, place_truth, &m);
        conclude(shortlist, &p->manifest.layer[space->layer], &m);
    }
    release(&m);
    return status;
}
