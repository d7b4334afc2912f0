/* How well a layer's codes find neighbours: the truth of some samples, certified, and where it stands on codes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pack.h"
#include "bundle/standing.h"
#include "core/matrix.h"
#include "core/parallel.h"
#include "ntrace/knn.h"

enum { FEWEST_QUERIES = 20, COLUMNS = 512 };

static const double DEFAULT_RECALL = 0.9995;

/* How much further than coordinates tell the truth is looked for at first, of squared distances. */
static const float MARGIN = 1.25f;

/* The nearest so far, as key and number in one word: the first `want` of what there is room for twice. */
struct nearest {
    uint64_t *pair; /* [2 want] */
    uint32_t want, count;
    uint64_t limit; /* what does not stay below is not among the nearest */
    bool found;     /* all of them */
};

struct measuring {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    const uint32_t *query;                   /* sample numbers whose truth is found */
    uint32_t queries, many, queries_of_many; /* many: 1,000; found for the first of the queries only */
    float *row, *y;                          /* [queries, size] activations, [queries, axes] their coordinates */
    struct nearest *nearest;                 /* [queries] */
    uint64_t *pairs;                         /* theirs */
    /* What passes: samples first .. first + count, and the products of all queries with them [queries, count]. */
    uint32_t first, count;
    const float *passing;
    float passing_rest[COLUMNS]; /* see rest_of */
    float *product;
    /* Places of the truth on codes, and of the many: [queries, k], [queries_of_many, many]. */
    uint32_t *rank, *rank_of_many;
    uint32_t *truth; /* [queries, k] numbers of the nearest */
    float *reach;    /* [queries] squared distance of the k-th nearest by coordinates */
    uint32_t *room;  /* [workers, room_words] */
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

/* Products of the coordinates of all queries with those of samples first .. first + count. */
static enum nt_status multiply(struct measuring *m, uint32_t first, uint32_t count) {
    const struct nt_packer *p = m->packer;
    const struct nt_pack_space *s = m->space;
    struct nt_matrix left = {m->y, s->axes, 1}, right = {s->y + (size_t)first * s->axes, s->axes, 1};
    m->first = first;
    m->count = count;
    return nt_matrix_product(m->product, left, right, m->queries, count, s->axes, p->workers, p->allocator) == NT_OK
               ? NT_OK
               : no_memory(p);
}

/* One query's nearest by coordinates, what these leave out being taken as orthogonal. */
static void estimate(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nt_pack_space *s = m->space;
    const float *product = m->product + item * m->count;
    uint32_t self = m->query[item];
    (void)worker;
    for (uint32_t i = 0; i < m->count; i++) {
        uint32_t other = m->first + i;
        if (other != self) {
            offer(&m->nearest[item], nt_knn_key(nt_pack_square(s, 2 * product[i], self, other)), other);
        }
    }
}

static float square_of(uint64_t pair) { return nt_knn_value((uint32_t)(pair >> 32)); }

/* Up to where the truth is looked for. */
static enum nt_status estimate_limits(struct measuring *m) {
    const struct nt_packer *p = m->packer;
    for (uint32_t first = 0; first < p->samples; first += COLUMNS) {
        NT_TRY(multiply(m, first, at_most(p->samples - first, COLUMNS)));
        nt_parallel_for(m->queries, p->workers, estimate, m);
    }
    for (uint32_t q = 0; q < m->queries; q++) {
        struct nearest *n = &m->nearest[q];
        keep_nearest(n);
        m->reach[q] = square_of(n->pair[p->k - 1]);
        n->limit = (uint64_t)nt_knn_key(MARGIN * square_of(n->pair[n->want - 1])) << 32 | UINT32_MAX;
        n->count = 0;
    }
    return NT_OK;
}

/* Rounding of coordinates and products, per unit of squared norms. */
static float slack_of(const struct nt_pack_space *s) { return 1e-6f * sqrtf((float)s->size) + 1e-6f; }

/* At most the norm of what coordinates leave out, which is found as a small difference of large numbers. */
static float rest_of(const struct nt_pack_space *s, uint32_t sample) {
    return sqrtf(s->rest[sample] * s->rest[sample] + slack_of(s) * s->norm[sample]);
}

/* One query against the rows whose products with it are known. No pair is nearer than coordinates tell when what they
 * leave out points the same way; whoever may be among the nearest even so is measured. */
static void compare(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nt_pack_space *s = m->space;
    struct nearest *n = &m->nearest[item];
    uint32_t size = s->size, self = m->query[item];
    const float *query = m->row + item * size, *product = m->product + item * m->count;
    float own = s->norm[self], rest = rest_of(s, self), slack = slack_of(s);
    (void)worker;
    for (uint32_t i = 0; i < m->count && !n->found; i++) {
        float both = own + s->norm[m->first + i];
        float least = both - 2 * (product[i] + rest * m->passing_rest[i]) - slack * both;
        if (nt_knn_key(least > 0 ? least : 0) <= n->limit >> 32 && m->first + i != self) {
            uint32_t key = nt_knn_key(nt_distance_squared(query, m->passing + (size_t)i * size, size));
            offer(n, key, m->first + i);
        }
    }
}

/* All queries against `rows` rows at x. */
static enum nt_status compare_rows(struct measuring *m, const float *x, uint32_t first, uint32_t rows) {
    for (uint32_t at = 0; at < rows; at += COLUMNS) {
        NT_TRY(multiply(m, first + at, at_most(rows - at, COLUMNS)));
        m->passing = x + (size_t)at * m->space->size;
        for (uint32_t i = 0; i < m->count; i++) {
            m->passing_rest[i] = rest_of(m->space, m->first + i);
        }
        nt_parallel_for(m->queries, m->packer->workers, compare, m);
    }
    return NT_OK;
}

/* Passes all rows by. Whoever has not found all, because the limit was too narrow, has none the next time. */
static enum nt_status pass_rows(bool *found, struct measuring *m, struct nt_pack_space *space) {
    const struct nt_packer *p = m->packer;
    for (uint32_t first = 0; first < p->samples; first += space->block.room) {
        NT_TRY(nt_pack_block_read(&space->block, p, space->layer, first));
        NT_TRY(compare_rows(m, space->block.x, first, space->block.rows));
        NT_TRY(nt_pack_progress(p, space->layer, NT_PACK_MEASURING, 0.7 * (first + space->block.rows) / p->samples));
    }
    *found = true;
    for (uint32_t q = 0; q < m->queries; q++) {
        struct nearest *n = &m->nearest[q];
        keep_nearest(n);
        n->found = n->count == n->want;
        if (!n->found) {
            *found = false;
            n->count = 0;
            n->limit = UINT64_MAX;
        }
    }
    return NT_OK;
}

static enum nt_status find_truth(struct measuring *m, struct nt_pack_space *space) {
    size_t axes = space->axes;
    bool found = false;
    NT_TRY(nt_pack_read(m->row, m->packer, space->layer, m->query, m->queries));
    for (uint32_t q = 0; q < m->queries; q++) {
        memcpy(m->y + q * axes, space->y + m->query[q] * axes, axes * sizeof *m->y);
    }
    NT_TRY(estimate_limits(m));
    while (!found) {
        NT_TRY(pass_rows(&found, m, space));
    }
    return NT_OK;
}

/* ---- On codes. ---- */

static void place_on_codes(void *context, size_t item, unsigned worker) {
    const struct measuring *m = context;
    const struct nearest *truth = &m->nearest[item];
    uint32_t n = m->packer->samples, self = m->query[item], *key = m->room + worker * m->room_words;
    struct nt_standing s = {.pair = (uint64_t *)(void *)(key + n + n % 2)};
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
            s.pair[i] = nt_standing_pair(key[sample], sample);
        }
        nt_standing_start(&s);
        nt_standing_count(&s, key, 0, n, self);
        nt_standing_end(place + item * want, &s);
    }
}

/* ---- What follows. ---- */

static double share_within(const uint32_t *rank, size_t count, uint32_t candidates) {
    size_t within = 0;
    while (within < count && rank[within] < candidates) {
        within++;
    }
    return (double)within / (double)count;
}

static void conclude(struct nt_bundle_layer *layer, struct measuring *m) {
    const struct nt_packer *p = m->packer;
    size_t count = (size_t)m->queries * p->k, count_of_many = (size_t)m->queries_of_many * m->many;
    double recall = p->options->recall > 0 ? p->options->recall : DEFAULT_RECALL;
    qsort(m->rank, count, sizeof *m->rank, ascending);
    qsort(m->rank_of_many, count_of_many, sizeof *m->rank_of_many, ascending);
    layer->candidates = nt_standing_within(m->rank, count, recall, p->k);
    layer->candidates_1000 = nt_standing_within(m->rank_of_many, count_of_many, recall, layer->candidates);
    layer->recall = share_within(m->rank, count, layer->candidates);
    layer->recall_codes = share_within(m->rank, count, p->k);
}

/* ---- The whole. ---- */

static uint32_t want_of(const struct measuring *m, uint32_t query) {
    return query < m->queries_of_many && m->many > m->packer->k ? m->many : m->packer->k;
}

/* Gives each query its part of what was allocated for all. */
static void share_out(struct measuring *m) {
    uint64_t *at = m->pairs;
    for (uint32_t q = 0; q < m->queries; q++) {
        m->nearest[q] = (struct nearest){.pair = at, .want = want_of(m, q), .limit = UINT64_MAX};
        at += 2 * (size_t)m->nearest[q].want;
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
    m->y = nt_allocate(p->allocator, q, m->space->axes * sizeof *m->y);
    m->nearest = nt_allocate(p->allocator, q, sizeof *m->nearest);
    m->pairs = nt_allocate(p->allocator, pairs, sizeof *m->pairs);
    m->product = nt_allocate(p->allocator, q, COLUMNS * sizeof *m->product);
    m->truth = nt_allocate(p->allocator, q, k * sizeof *m->truth);
    m->reach = nt_allocate(p->allocator, q, sizeof *m->reach);
    m->rank = nt_allocate(p->allocator, q, k * sizeof *m->rank);
    m->rank_of_many = nt_allocate(p->allocator, m->queries_of_many, m->many * sizeof *m->rank_of_many);
    m->room = nt_allocate(p->allocator, p->workers, (m->room_words + m->room_words % 2) * sizeof *m->room);
    m->room_words += m->room_words % 2;
    if (!m->row || !m->y || !m->nearest || !m->pairs || !m->product || !m->rank || !m->rank_of_many || !m->truth ||
        !m->reach || !m->room) {
        return no_memory(p);
    }
    share_out(m);
    return NT_OK;
}

static void release(struct measuring *m) {
    void *const held[] = {m->row,          m->y,     m->nearest, m->pairs, m->product, m->rank,
                          m->rank_of_many, m->truth, m->reach,   m->room};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(m->packer->allocator, held[i]);
    }
}

static enum nt_status measure(struct nt_pack_shortlist *shortlist, struct measuring *m, struct nt_pack_space *space) {
    NT_TRY(allocate(m));
    NT_TRY(find_truth(m, space));
    nt_parallel_for(m->queries, m->packer->workers, place_on_codes, m);
    if (shortlist != NULL) {
        for (uint32_t i = 0, k = m->packer->k; i < m->queries * k; i++) {
            m->truth[i] = (uint32_t)m->nearest[i / k].pair[i % k];
        }
        const struct nt_pack_truth truth = {m->queries, m->query, m->truth, m->reach};
        return nt_pack_find_shortlist(shortlist, m->packer, space, &truth);
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
    enum nt_status status = measure(shortlist, &m, space);
    if (status == NT_OK) {
        conclude(&p->manifest.layer[space->layer], &m);
    }
    release(&m);
    return status;
}
