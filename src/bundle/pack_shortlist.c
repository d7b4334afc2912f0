/* By what neighbours are proposed: where the truth of some samples stands by fewer and more leading axes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/pack.h"
#include "bundle/standing.h"
#include "core/matrix.h"
#include "core/parallel.h"
#include "knn/rough.h"
#include "ntrace/knn.h"

enum { ROUGH_STAGES = 6, STAGES = ROUGH_STAGES + 1, COLUMNS = 512 };

/* Numbers of leading axes that neighbours may be proposed by, in 7 bits, the last of them all axes. The last stage is
 * all axes as they are. */
static const uint32_t STAGE_AXES[ROUGH_STAGES] = {64, 128, 192, 256, 384, UINT32_MAX};

static const double REFINED_RECALL = 0.9999;

/* What steps of proposing cost, in products of one value in 7 bits: for each pair, besides its products, a look at the
 * distance; for each that is proposed, lists and a row that lies anywhere; for each line of such a row. */
static const double COST_PAIR = 30, COST_PROPOSED = 12000, COST_LINE = 600;

struct stages {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    const struct nt_pack_truth *truth;
    uint32_t axes;                /* of the stage at work */
    uint32_t first, count;        /* samples that pass */
    uint32_t *rank;               /* [STAGES, queries, k] places of the truth */
    struct nt_standing *standing; /* [queries] */
    uint64_t *pairs;              /* theirs */
    float *ratio;                 /* [queries, k] of squared distances by all axes, to that of the k-th nearest */
    float *y, *product;           /* [queries, axes], [queries, COLUMNS] */
    uint8_t *left;                /* [queries, stride] */
    int8_t *right;                /* [COLUMNS, stride] */
    int32_t *start;               /* [COLUMNS] */
};

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
}

static uint32_t at_most(size_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

static uint32_t groups(uint32_t count, uint32_t size) { return (count + size - 1) / size; }

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int smaller(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void end_stage(struct stages *s, size_t stage) {
    uint32_t k = s->packer->k;
    for (uint32_t q = 0; q < s->truth->queries; q++) {
        nt_standing_end(s->rank + (stage * s->truth->queries + q) * k, &s->standing[q]);
    }
}

/* ---- All axes as they are. ---- */

static uint32_t key_of(const struct nt_pack_space *s, float product, uint32_t a, uint32_t b) {
    return nt_knn_key(nt_pack_square(s, 2 * product, a, b));
}

/* Where the k-th nearest is as near as noise, so may all be: no ratio is told by them. */
static void note_ratios(const struct stages *s, size_t item) {
    float reach = s->truth->reach[item], norm = s->space->norm[s->truth->query[item]];
    const struct nt_standing *standing = &s->standing[item];
    for (uint32_t i = 0; i < standing->count; i++) {
        float square = nt_knn_value((uint32_t)(standing->pair[i] >> 32));
        s->ratio[item * standing->count + i] = reach > NT_PACK_NOISE * norm ? square / reach : 0;
    }
}

static void start_all(void *context, size_t item, unsigned worker) {
    const struct stages *s = context;
    const struct nt_pack_space *space = s->space;
    struct nt_standing *standing = &s->standing[item];
    uint32_t self = s->truth->query[item];
    (void)worker;
    for (uint32_t i = 0; i < standing->count; i++) {
        uint32_t sample = s->truth->nearest[item * standing->count + i];
        float product = 0; /* in the order in which the matrix product adds, to the same bits */
        for (uint32_t j = 0; j < space->axes; j++) {
            product += space->y[(size_t)self * space->axes + j] * space->y[(size_t)sample * space->axes + j];
        }
        standing->pair[i] = nt_standing_pair(key_of(space, product, self, sample), sample);
    }
    note_ratios(s, item);
    nt_standing_start(standing);
}

static void count_all(void *context, size_t item, unsigned worker) {
    const struct stages *s = context;
    const float *product = s->product + item * s->count;
    uint32_t key[COLUMNS], self = s->truth->query[item];
    (void)worker;
    for (uint32_t i = 0; i < s->count; i++) {
        key[i] = key_of(s->space, product[i], self, s->first + i);
    }
    nt_standing_count(&s->standing[item], key, s->first, s->count, self);
}

static enum nt_status place_by_all(struct stages *s) {
    const struct nt_packer *p = s->packer;
    const struct nt_pack_space *space = s->space;
    uint32_t axes = space->axes;
    for (uint32_t q = 0; q < s->truth->queries; q++) {
        memcpy(s->y + (size_t)q * axes, space->y + (size_t)s->truth->query[q] * axes, axes * sizeof *space->y);
    }
    nt_parallel_for(s->truth->queries, p->workers, start_all, s);
    for (s->first = 0; s->first < p->samples; s->first += COLUMNS) {
        struct nt_matrix left = {s->y, axes, 1}, right = {space->y + (size_t)s->first * axes, axes, 1};
        s->count = at_most(p->samples - s->first, COLUMNS);
        if (nt_matrix_product(s->product, left, right, s->truth->queries, s->count, axes, p->workers, p->allocator) !=
            NT_OK) {
            return no_memory(p);
        }
        nt_parallel_for(s->truth->queries, p->workers, count_all, s);
    }
    end_stage(s, STAGES - 1);
    return NT_OK;
}

/* ---- Leading axes in 7 bits. ---- */

static uint32_t axes_of(const struct stages *s, size_t stage) {
    return at_most(STAGE_AXES[stage], groups(s->space->axes, NT_ROUGH_DEPTH) * NT_ROUGH_DEPTH);
}

static void start_rough(void *context, size_t item, unsigned worker) {
    const struct stages *s = context;
    const struct nt_pack_rough *rough = &s->space->rough;
    struct nt_standing *standing = &s->standing[item];
    uint32_t self = s->truth->query[item];
    const int8_t *own = rough->value + (size_t)self * rough->stride;
    (void)worker;
    for (uint32_t i = 0; i < standing->count; i++) {
        uint32_t sample = s->truth->nearest[item * standing->count + i];
        const int8_t *other = rough->value + (size_t)sample * rough->stride;
        int32_t product = 0;
        for (uint32_t j = 0; j < s->axes; j++) {
            product += own[j] * other[j];
        }
        float square = nt_pack_rough_square(s->space, product, self, sample);
        standing->pair[i] = nt_standing_pair(nt_knn_key(square), sample);
    }
    nt_standing_start(standing);
}

/* A group of queries with what passes. */
static void count_rough(void *context, size_t item, unsigned worker) {
    const struct stages *s = context;
    uint32_t first = (uint32_t)item * NT_ROUGH_LEFT, end = at_most(first + NT_ROUGH_LEFT, s->truth->queries);
    uint32_t rights = groups(s->count, NT_ROUGH_RIGHT), key[COLUMNS];
    int32_t product[NT_ROUGH_LEFT * COLUMNS], *own = product;
    (void)worker;
    nt_rough_multiply(product, s->left + (size_t)first * s->axes, 1, s->right, s->start, rights, s->axes);
    for (uint32_t q = first; q < end; q++, own += rights * NT_ROUGH_RIGHT) {
        for (uint32_t i = 0; i < s->count; i++) {
            key[i] = nt_knn_key(nt_pack_rough_square(s->space, own[i], s->truth->query[q], s->first + i));
        }
        nt_standing_count(&s->standing[q], key, s->first, s->count, s->truth->query[q]);
    }
}

static void place_roughly(struct stages *s, size_t stage) {
    const struct nt_packer *p = s->packer;
    const struct nt_pack_rough *rough = &s->space->rough;
    s->axes = axes_of(s, stage);
    nt_rough_pack_left(s->left, rough->value, s->truth->query, s->truth->queries, rough->stride, s->axes);
    nt_parallel_for(s->truth->queries, p->workers, start_rough, s);
    for (s->first = 0; s->first < p->samples; s->first += COLUMNS) {
        const int8_t *row = rough->value + (size_t)s->first * rough->stride;
        s->count = at_most(p->samples - s->first, COLUMNS);
        nt_rough_pack_right(s->right, s->start, row, NULL, s->count, rough->stride, s->axes);
        nt_parallel_for(groups(s->truth->queries, NT_ROUGH_LEFT), p->workers, count_rough, s);
    }
    end_stage(s, stage);
}

/* ---- The choice. ---- */

/* The leading axes that cost least: products over them for all pairs, and all axes of what they propose. */
static void choose(struct nt_pack_shortlist *shortlist, const struct stages *s) {
    uint32_t wanted[STAGES], all = axes_of(s, ROUGH_STAGES - 1);
    size_t count = (size_t)s->truth->queries * s->packer->k;
    double least = INFINITY;
    for (size_t stage = STAGES; stage-- > 0;) {
        uint32_t *rank = s->rank + stage * count, fewest = stage + 2 > STAGES ? s->packer->k : wanted[stage + 1];
        qsort(rank, count, sizeof *rank, ascending);
        wanted[stage] = nt_standing_within(rank, count, REFINED_RECALL, fewest);
    }
    qsort(s->ratio, count, sizeof *s->ratio, smaller);
    shortlist->reach = fmaxf(s->ratio[(size_t)ceil(REFINED_RECALL * (double)count) - 1], 1);
    shortlist->kept = wanted[STAGES - 1];
    shortlist->left = wanted[ROUGH_STAGES - 1];
    for (size_t stage = ROUGH_STAGES; stage-- > 0;) {
        uint32_t axes = axes_of(s, stage);
        double further = axes < all ? s->space->rough.stride / 64.0 * COST_LINE : 0;
        double cost = s->packer->samples * (axes + COST_PAIR) + wanted[stage] * (COST_PROPOSED + further);
        if (cost < least) {
            least = cost;
            shortlist->axes = axes;
            shortlist->proposed = wanted[stage];
        }
    }
}

static enum nt_status allocate(struct stages *s) {
    const struct nt_packer *p = s->packer;
    size_t q = s->truth->queries, k = p->k, pairs = k + (k + 2) / 2, stride = s->space->rough.stride;
    s->rank = nt_allocate(p->allocator, STAGES * q, k * sizeof *s->rank);
    s->ratio = nt_allocate(p->allocator, q, k * sizeof *s->ratio);
    s->standing = nt_allocate(p->allocator, q, sizeof *s->standing);
    s->pairs = nt_allocate(p->allocator, q, pairs * sizeof *s->pairs);
    s->y = nt_allocate(p->allocator, q, s->space->axes * sizeof *s->y);
    s->product = nt_allocate(p->allocator, q, COLUMNS * sizeof *s->product);
    s->left = nt_allocate(p->allocator, groups(s->truth->queries, NT_ROUGH_LEFT) * NT_ROUGH_LEFT, stride);
    s->right = nt_allocate(p->allocator, COLUMNS, stride);
    s->start = nt_allocate(p->allocator, COLUMNS, sizeof *s->start);
    if (!s->rank || !s->ratio || !s->standing || !s->pairs || !s->y || !s->product || !s->left || !s->right ||
        !s->start) {
        return no_memory(p);
    }
    for (size_t i = 0; i < q; i++) {
        uint64_t *own = s->pairs + i * pairs;
        s->standing[i] = (struct nt_standing){p->k, own, (uint32_t *)(own + k)};
    }
    return NT_OK;
}

static enum nt_status find(struct nt_pack_shortlist *shortlist, struct stages *s) {
    NT_TRY(allocate(s));
    for (size_t stage = 0; stage < ROUGH_STAGES; stage++) {
        place_roughly(s, stage);
    }
    NT_TRY(place_by_all(s));
    choose(shortlist, s);
    return NT_OK;
}

enum nt_status nt_pack_find_shortlist(struct nt_pack_shortlist *shortlist, const struct nt_packer *p,
                                      const struct nt_pack_space *space, const struct nt_pack_truth *truth) {
    struct stages s = {.packer = p, .space = space, .truth = truth};
    enum nt_status status = find(shortlist, &s);
    void *const held[] = {s.rank, s.standing, s.pairs, s.y, s.product, s.left, s.right, s.start, s.ratio};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(p->allocator, held[i]);
    }
    return status;
}
