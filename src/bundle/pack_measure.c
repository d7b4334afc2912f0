/* How well a layer's codes find neighbours: the truth of some samples by brute force, and where it stands on codes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/matrix.h"
#include "core/parallel.h"
#include "ntrace/knn.h"

enum { FEWEST_QUERIES = 20, STAGES = 4, COLUMNS = 512 };

/* Numbers of leading axes that neighbours may be proposed by; the last stage is all axes. */
static const uint32_t STAGE_AXES[STAGES] = {64, 128, 256, UINT32_MAX};

static const double DEFAULT_RECALL = 0.9995, REFINED_RECALL = 0.9999;

/* The nearest so far, as key and number in one word: the first `want` of what there is room for twice. */
struct nearest {
    uint64_t *pair; /* [2 want] */
    uint32_t want, count;
    uint64_t limit; /* what does not stay below is not among the nearest */
};

/* Where the truth stands among all samples by other keys. */
struct standing {
    uint32_t count;
    uint64_t *pair;   /* [count] key and number of the true neighbours, ascending */
    uint32_t *before; /* [count + 1] how many samples come before each, but not before the one before it */
};

struct measuring {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    const uint32_t *query;                   /* sample numbers whose truth is found */
    uint32_t queries, many, queries_of_many; /* many: 1,000; found for the first of the queries only */
    float *row, *square;                     /* [queries, size] activations, [queries] their squared norms */
    float *zero;                             /* [size] */
    struct nearest *nearest;                 /* [queries] */
    uint64_t *pairs;                         /* theirs */
    /* What passes: samples first .. first + count, and the products of all queries with them [queries, count]. */
    uint32_t first, count;
    const float *passing;
    float passing_square[COLUMNS];
    float *product;
    /* Places of the truth on codes, by leading axes, and of the many on codes: [queries, k], [STAGES, queries, k],
     * [queries_of_many, many]. */
    uint32_t *rank, *stage_rank, *rank_of_many;
    uint32_t axes;
    float *query_y;            /* [queries, axes] */
    struct standing *standing; /* [queries] */
    uint64_t *standing_room;   /* theirs */
    uint32_t *room;            /* [workers, room_words] */
    size_t room_words;
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

/* Products of all queries with what passes. */
static enum nt_status multiply(struct measuring *m, struct nt_matrix left, struct nt_matrix right, size_t depth) {
    const struct nt_packer *p = m->packer;
    return nt_matrix_product(m->product, left, right, m->queries, m->count, depth, p->workers, p->allocator) == NT_OK
               ? NT_OK
               : no_memory(p);
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

/* Squared norms of rows [count, size]. zero [size]. */
static void find_squares(float *square, const float *x, const float *zero, uint32_t count, uint32_t size) {
    for (uint32_t i = 0; i < count; i++) {
        square[i] = nt_distance_squared(x + (size_t)i * size, zero, size);
    }
}

/* One query against the rows whose products with it are known: distances from products are a little off, so that what
 * may be among the nearest is measured. */
static void compare(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    struct nearest *n = &m->nearest[item];
    uint32_t size = m->space->size;
    const float *query = m->row + item * size, *product = m->product + item * m->count;
    float own = m->square[item], slack = 1e-6f * sqrtf((float)size) + 1e-6f;
    (void)worker;
    for (uint32_t i = 0; i < m->count; i++) {
        float both = own + m->passing_square[i], rough = both - 2 * product[i] - slack * both;
        if (nt_knn_key(rough > 0 ? rough : 0) <= n->limit >> 32 && m->first + i != m->query[item]) {
            uint32_t key = nt_knn_key(nt_distance_squared(query, m->passing + (size_t)i * size, size));
            offer(n, key, m->first + i);
        }
    }
}

/* All queries against `rows` rows at x. */
static enum nt_status compare_rows(struct measuring *m, const float *x, uint32_t first, uint32_t rows) {
    const struct nt_packer *p = m->packer;
    size_t size = m->space->size;
    for (uint32_t at = 0; at < rows; at += COLUMNS) {
        m->first = first + at;
        m->count = at_most(rows - at, COLUMNS);
        m->passing = x + at * size;
        find_squares(m->passing_square, m->passing, m->zero, m->count, m->space->size);
        struct nt_matrix left = {m->row, size, 1}, right = {m->passing, size, 1};
        NT_TRY(multiply(m, left, right, size));
        nt_parallel_for(m->queries, p->workers, compare, m);
    }
    return NT_OK;
}

static enum nt_status find_truth(struct measuring *m, struct nt_pack_space *space) {
    const struct nt_packer *p = m->packer;
    NT_TRY(nt_pack_read(m->row, p, space->layer, m->query, m->queries));
    find_squares(m->square, m->row, m->zero, m->queries, space->size);
    for (uint32_t first = 0; first < p->samples; first += space->block.room) {
        NT_TRY(nt_pack_block_read(&space->block, p, space->layer, first));
        NT_TRY(compare_rows(m, space->block.x, first, space->block.rows));
        NT_TRY(nt_pack_progress(p, space->layer, NT_PACK_MEASURING, 0.7 * (first + space->block.rows) / p->samples));
    }
    for (uint32_t q = 0; q < m->queries; q++) {
        keep_nearest(&m->nearest[q]);
    }
    return NT_OK;
}

/* ---- Where it stands. ---- */

static void start_standing(struct standing *s) {
    qsort(s->pair, s->count, sizeof *s->pair, by_pair);
    memset(s->before, 0, (s->count + 1) * sizeof *s->before);
}

static void count_sample(struct standing *s, uint64_t pair) {
    uint32_t low = 0, high = s->count; /* the first true neighbour that does not come before it */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        low = s->pair[middle] < pair ? middle + 1 : low;
        high = s->pair[middle] < pair ? high : middle;
    }
    s->before[low]++;
}

/* Counts samples from .. from + count by their keys; the query itself is left out. */
static void count_keys(struct standing *s, const uint32_t *key, uint32_t from, uint32_t count, uint32_t self) {
    uint32_t last = (uint32_t)(s->pair[s->count - 1] >> 32);
    for (uint32_t i = 0; i < count; i++) {
        if (key[i] <= last && from + i != self) {
            count_sample(s, (uint64_t)key[i] << 32 | (from + i));
        }
    }
}

/* Place of each true neighbour, ascending: those before it, without itself and the true ones among them counted twice.
 */
static void end_standing(uint32_t *place, const struct standing *s) {
    uint32_t before = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        before += s->before[i];                 /* the true neighbour is counted in its own */
        place[i] = before > 0 ? before - 1 : 0; /* none where its key was rounded otherwise */
    }
}

static void place_on_codes(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nearest *truth = &m->nearest[item];
    uint32_t n = m->packer->samples, self = m->query[item], *key = m->room + worker * m->room_words;
    struct standing s = {.pair = (uint64_t *)(void *)(key + n + n % 2)};
    s.before = (uint32_t *)(s.pair + m->many);
    nt_codes_scan(key, &m->space->codes, self);
    for (int many = 0; many < 2; many++) {
        uint32_t want = many ? m->many : m->packer->k, *place = many ? m->rank_of_many : m->rank;
        if (many && item >= m->queries_of_many) {
            continue;
        }
        s.count = want;
        for (uint32_t i = 0; i < want; i++) {
            uint32_t sample = (uint32_t)truth->pair[i];
            s.pair[i] = (uint64_t)key[sample] << 32 | sample;
        }
        start_standing(&s);
        count_keys(&s, key, 0, n, self);
        end_standing(place + item * want, &s);
    }
}

/* ---- By leading axes. ---- */

static uint32_t axes_of(const struct measuring *m, size_t stage) { return at_most(STAGE_AXES[stage], m->space->axes); }

/* Squared distance by products over leading axes, what is left out being taken as orthogonal. */
static uint32_t stage_key(const struct measuring *m, float product, uint32_t a, uint32_t b) {
    float square = m->space->norm[a] + (m->space->norm[b] - 2 * product);
    return nt_knn_key(square > 0 ? square : 0);
}

static void start_stage(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nt_pack_space *space = m->space;
    struct standing *s = &m->standing[item];
    uint32_t self = m->query[item];
    (void)worker;
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t sample = (uint32_t)m->nearest[item].pair[i];
        float product = 0; /* in the order in which the matrix product adds, to the same bits */
        for (uint32_t j = 0; j < m->axes; j++) {
            product += space->y[(size_t)self * space->axes + j] * space->y[(size_t)sample * space->axes + j];
        }
        s->pair[i] = (uint64_t)stage_key(m, product, self, sample) << 32 | sample;
    }
    start_standing(s);
}

static void count_stage(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const float *product = m->product + item * m->count;
    uint32_t key[COLUMNS], self = m->query[item];
    (void)worker;
    for (uint32_t i = 0; i < m->count; i++) {
        key[i] = stage_key(m, product[i], self, m->first + i);
    }
    count_keys(&m->standing[item], key, m->first, m->count, self);
}

/* Places of the truth by the leading axes of a stage. */
static enum nt_status place_by_axes(struct measuring *m, size_t stage) {
    const struct nt_packer *p = m->packer;
    const struct nt_pack_space *s = m->space;
    m->axes = axes_of(m, stage);
    for (uint32_t q = 0; q < m->queries; q++) {
        memcpy(m->query_y + (size_t)q * m->axes, s->y + (size_t)m->query[q] * s->axes, m->axes * sizeof *s->y);
    }
    nt_parallel_for(m->queries, p->workers, start_stage, m);
    for (m->first = 0; m->first < p->samples; m->first += COLUMNS) {
        struct nt_matrix left = {m->query_y, m->axes, 1}, right = {s->y + (size_t)m->first * s->axes, s->axes, 1};
        m->count = at_most(p->samples - m->first, COLUMNS);
        NT_TRY(multiply(m, left, right, m->axes));
        nt_parallel_for(m->queries, p->workers, count_stage, m);
    }
    for (uint32_t q = 0; q < m->queries; q++) {
        end_standing(m->stage_rank + (stage * m->queries + q) * p->k, &m->standing[q]);
    }
    return NT_OK;
}

/* ---- What follows. ---- */

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
        uint32_t *rank = m->stage_rank + (size_t)stage * count, axes = axes_of(m, (size_t)stage);
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

static uint32_t want_of(const struct measuring *m, uint32_t query) {
    return query < m->queries_of_many && m->many > m->packer->k ? m->many : m->packer->k;
}

/* Gives each query its part of what was allocated for all. */
static void share_out(struct measuring *m) {
    uint64_t *at = m->pairs, *standing = m->standing_room;
    uint32_t k = m->packer->k;
    for (uint32_t q = 0; q < m->queries; q++) {
        m->nearest[q] = (struct nearest){.pair = at, .want = want_of(m, q), .limit = UINT64_MAX};
        at += 2 * (size_t)m->nearest[q].want;
        m->standing[q] = (struct standing){k, standing, (uint32_t *)(standing + k)};
        standing += k + (k + 2) / 2;
    }
}

static enum nt_status allocate(struct measuring *m) {
    const struct nt_packer *p = m->packer;
    size_t pairs = 0, q = m->queries, size = m->space->size, k = p->k, n = p->samples;
    for (uint32_t i = 0; i < q; i++) {
        pairs += 2 * (size_t)want_of(m, i);
    }
    m->room_words = n + 1 + 3 * (size_t)m->many + 2;
    m->row = nt_allocate(p->allocator, q, size * sizeof *m->row);
    m->square = nt_allocate(p->allocator, q, sizeof *m->square);
    m->zero = nt_allocate_zeroed(p->allocator, size, sizeof *m->zero);
    m->nearest = nt_allocate(p->allocator, q, sizeof *m->nearest);
    m->pairs = nt_allocate(p->allocator, pairs, sizeof *m->pairs);
    m->product = nt_allocate(p->allocator, q, COLUMNS * sizeof *m->product);
    m->rank = nt_allocate(p->allocator, q, k * sizeof *m->rank);
    m->stage_rank = nt_allocate(p->allocator, STAGES * q, k * sizeof *m->stage_rank);
    m->rank_of_many = nt_allocate(p->allocator, m->queries_of_many, m->many * sizeof *m->rank_of_many);
    m->query_y = nt_allocate(p->allocator, q, m->space->axes * sizeof *m->query_y);
    m->standing = nt_allocate(p->allocator, q, sizeof *m->standing);
    m->standing_room = nt_allocate(p->allocator, q, (k + (k + 2) / 2) * sizeof *m->standing_room);
    m->room = nt_allocate(p->allocator, p->workers, (m->room_words + m->room_words % 2) * sizeof *m->room);
    m->room_words += m->room_words % 2;
    if (!m->row || !m->square || !m->zero || !m->nearest || !m->pairs || !m->product || !m->rank || !m->stage_rank ||
        !m->rank_of_many || !m->query_y || !m->standing || !m->standing_room || !m->room) {
        return no_memory(p);
    }
    share_out(m);
    return NT_OK;
}

static void release(struct measuring *m) {
    void *const held[] = {m->row,      m->square,        m->zero,       m->nearest,      m->pairs,
                          m->product,  m->rank,          m->stage_rank, m->rank_of_many, m->query_y,
                          m->standing, m->standing_room, m->room};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(m->packer->allocator, held[i]);
    }
}

static enum nt_status measure(struct measuring *m, struct nt_pack_space *space) {
    NT_TRY(allocate(m));
    NT_TRY(find_truth(m, space));
    nt_parallel_for(m->queries, m->packer->workers, place_on_codes, m);
    for (size_t stage = 0; stage < STAGES; stage++) {
        NT_TRY(place_by_axes(m, stage));
    }
    return NT_OK;
}

enum nt_status nt_pack_measure(struct nt_pack_shortlist *shortlist, struct nt_packer *p, struct nt_pack_space *space,
                               const uint32_t *pick) {
    struct measuring m = {.packer = p, .space = space, .query = pick};
    size_t fit = p->memory / (8 * space->size * sizeof(float));
    m.queries = at_most(at_most(fit < FEWEST_QUERIES ? FEWEST_QUERIES : fit, NT_PACK_QUERIES), p->samples);
    m.queries_of_many = at_most(m.queries, NT_PACK_QUERIES_1000);
    m.many = at_most(p->samples - 1, NT_BUNDLE_MAX_K);
    enum nt_status status = measure(&m, space);
    if (status == NT_OK) {
        conclude(shortlist, &p->manifest.layer[space->layer], &m);
    }
    release(&m);
    return status;
}
