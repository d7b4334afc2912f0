/* The k nearest of all samples at one layer: leading axes in 7 bits propose, all axes thin out, in 7 bits and then as
 * they are, exact distances decide. The exact ones are worked out for the samples of one block at a time, with all
 * others passing by. */
#include <math.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/parallel.h"
#include "knn/rough.h"
#include "ntrace/knn.h"

enum { SAMPLES_AT_ONCE = 32, PASSING_ROWS = 4096, TILES_AT_ONCE = 8 };

/* What one thread works with. */
struct helper {
    struct nt_pack_proposer *proposer;
    uint32_t *proposed; /* [NT_PACK_TILE, proposed] */
    uint32_t *bits;     /* [N / 32 + 1] zero between uses */
    uint32_t *room;     /* [4 proposed] */
    uint8_t *raised;    /* [stride of values in 7 bits] */
};

struct search {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    struct nt_pack_shortlist shortlist;
    uint32_t first;               /* number of the block's sample that work starts at */
    uint32_t *candidate;          /* [block, kept] ascending by number, UINT32_MAX behind the last */
    uint32_t *key;                /* [block, kept] exact */
    uint32_t *next;               /* [block] the first candidate whose row has not passed */
    struct helper *helper;        /* [workers] */
    struct nt_pack_block passing; /* rows of other blocks */
    const float *row;             /* rows from .. to, which pass now */
    uint32_t from, to;
    nt_graph *graph;
};

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
}

static uint32_t at_most(size_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

/* By coordinates; the rests are taken as orthogonal, as on codes. */
static uint32_t refined_key(const struct nt_pack_space *s, uint32_t a, uint32_t b) {
    float square = nt_distance_squared(s->y + (size_t)a * s->axes, s->y + (size_t)b * s->axes, s->axes);
    return nt_knn_key(square + s->rest[a] * s->rest[a] + s->rest[b] * s->rest[b]);
}

/* ---- Candidates. ---- */

/* Sorts numbers below n: marks them in bits [n / 32 + 1], which are zero before and after. */
static void sort_numbers(uint32_t *number, uint32_t count, uint32_t *bits, uint32_t n) {
    for (uint32_t i = 0; i < count; i++) {
        bits[number[i] / 32] |= 1u << number[i] % 32;
    }
    for (uint32_t w = 0, at = 0; w <= n / 32 && at < count; w++) {
        for (uint32_t word = bits[w]; word != 0; word &= word - 1) {
            number[at++] = w * 32 + (uint32_t)__builtin_ctz(word);
        }
        bits[w] = 0;
    }
}

/* The `wanted` nearest of `count` samples, in their place, by keys at the beginning of the helper's room; both
 * ascending by number. */
static void keep(struct helper *h, uint32_t *sample, uint32_t count, uint32_t wanted, uint32_t samples) {
    uint32_t *index = h->room + count;
    if (wanted < count) {
        nt_knn_select(index, h->room, count, wanted, UINT32_MAX, index + count);
        for (uint32_t i = 0; i < wanted; i++) {
            index[i] = sample[index[i]];
        }
        memcpy(sample, index, wanted * sizeof *sample);
        sort_numbers(sample, wanted, h->bits, samples);
    }
}

/* The rough distances of one sample to others, by all axes. */
static void find_rough_keys(struct helper *h, const struct nt_pack_space *s, uint32_t self, const uint32_t *other,
                            uint32_t count) {
    const struct nt_pack_rough *rough = &s->rough;
    int32_t *product = (int32_t *)(h->room + count);
    nt_rough_raise(h->raised, rough->value + (size_t)self * rough->stride, rough->stride);
    nt_rough_dots(product, h->raised, rough->value, rough->start, other, count, rough->stride);
    for (uint32_t i = 0; i < count; i++) {
        h->room[i] = nt_knn_key(nt_pack_rough_square(s, product[i], self, other[i]));
    }
}

/* Keeps those of what is left that are near enough by the keys in the helper's room, and k at least; returns how many.
 */
static uint32_t within_reach(const struct search *s, struct helper *h, uint32_t *left, uint32_t self) {
    const struct nt_pack_shortlist *m = &s->shortlist;
    uint32_t *index = h->room + m->left, count = s->packer->k;
    nt_knn_order(index, h->room, m->left, index + m->left);
    float reach = nt_knn_value(h->room[index[count - 1]]);
    uint32_t most = nt_knn_key(m->reach * reach + NT_PACK_NOISE * s->space->norm[self]);
    while (count < m->kept && h->room[index[count]] <= most) {
        count++;
    }
    for (uint32_t i = 0; i < count; i++) {
        index[i] = left[index[i]];
    }
    memcpy(left, index, count * sizeof *left);
    sort_numbers(left, count, h->bits, s->packer->samples);
    return count;
}

/* The kept ones of what was proposed for the block's sample `at`. */
static void thin_out(const struct search *s, struct helper *h, uint32_t *proposed, uint32_t at) {
    const struct nt_pack_shortlist *m = &s->shortlist;
    uint32_t n = s->packer->samples, self = s->space->block.first + at;
    if (m->left < m->proposed) {
        find_rough_keys(h, s->space, self, proposed, m->proposed);
        keep(h, proposed, m->proposed, m->left, n);
    }
    for (uint32_t i = 0; i < m->left; i++) {
        h->room[i] = refined_key(s->space, self, proposed[i]);
    }
    uint32_t count = within_reach(s, h, proposed, self), *candidate = s->candidate + (size_t)at * m->kept;
    memcpy(candidate, proposed, count * sizeof *proposed);
    memset(candidate + count, -1, (m->kept - count) * sizeof *candidate);
    s->next[at] = 0;
}

static void propose(void *context, size_t item, unsigned worker) {
    struct search *s = context;
    struct helper *h = &s->helper[worker];
    uint32_t first = s->first + (uint32_t)item * NT_PACK_TILE,
             rows = at_most(s->space->block.rows - first, NT_PACK_TILE);
    nt_pack_propose(h->proposed, h->proposer, s->space->block.first + first, rows);
    for (uint32_t i = 0; i < rows; i++) {
        thin_out(s, h, h->proposed + (size_t)i * s->shortlist.proposed, first + i);
    }
}

/* ---- Exact distances. ---- */

/* Some samples of the block with those of their candidates that pass. */
static void compare(void *context, size_t item, unsigned worker) {
    const struct search *s = context;
    const struct nt_pack_space *space = s->space;
    uint32_t kept = s->shortlist.kept, size = space->size,
             end = at_most(((uint32_t)item + 1) * SAMPLES_AT_ONCE, space->block.rows);
    (void)worker;
    for (uint32_t at = (uint32_t)item * SAMPLES_AT_ONCE; at < end; at++) {
        const float *x = space->block.x + (size_t)at * size;
        uint32_t i = s->next[at], *candidate = s->candidate + (size_t)at * kept, *key = s->key + (size_t)at * kept;
        for (; i < kept && candidate[i] < s->to; i++) {
            const float *other = s->row + (size_t)(candidate[i] - s->from) * size;
            key[i] = nt_knn_key(nt_distance_squared(x, other, size));
        }
        s->next[at] = i;
    }
}

/* Finds the rows from s->from on that pass next: the block's own, or read for it. */
static enum nt_status pass_rows(struct search *s) {
    const struct nt_packer *p = s->packer;
    const struct nt_pack_block *own = &s->space->block;
    uint32_t from = s->from;
    if (from >= own->first && from < own->first + own->rows) {
        s->row = own->x + (size_t)(from - own->first) * s->space->size;
        s->to = own->first + own->rows;
        return NT_OK;
    }
    NT_TRY(nt_pack_block_read(&s->passing, p, s->space->layer, from));
    s->row = s->passing.x;
    s->to = from + s->passing.rows;
    s->to = from < own->first && s->to > own->first ? own->first : s->to;
    return NT_OK;
}

static enum nt_status pass_all(struct search *s) {
    uint32_t rows = s->space->block.rows;
    for (s->from = 0; s->from < s->packer->samples; s->from = s->to) {
        NT_TRY(pass_rows(s));
        nt_parallel_for((rows + SAMPLES_AT_ONCE - 1) / SAMPLES_AT_ONCE, s->packer->workers, compare, s);
    }
    return NT_OK;
}

static void conclude(void *context, size_t item, unsigned worker) {
    const struct search *s = context;
    uint32_t kept = s->shortlist.kept, k = s->packer->k, at = (uint32_t)item;
    const uint32_t *candidate = s->candidate + (size_t)at * kept, *key = s->key + (size_t)at * kept;
    uint32_t *order = s->helper[worker].room, *index = order + kept, count = s->next[at]; /* all have passed */
    float *distance = (float *)(index + kept);
    nt_knn_order(order, key, count, index);
    for (uint32_t i = 0; i < k; i++) {
        index[i] = candidate[order[i]];
        distance[i] = sqrtf(nt_knn_value(key[order[i]]));
    }
    nt_graph_set(s->graph, s->space->block.first + at, index, distance);
}

/* ---- The whole. ---- */

static enum nt_status search_block(struct search *s) {
    const struct nt_packer *p = s->packer;
    const struct nt_pack_block *block = &s->space->block;
    for (s->first = 0; s->first < block->rows; s->first += TILES_AT_ONCE * NT_PACK_TILE) {
        uint32_t tiles = (block->rows - s->first + NT_PACK_TILE - 1) / NT_PACK_TILE;
        nt_parallel_for(at_most(tiles, TILES_AT_ONCE), p->workers, propose, s);
        NT_TRY(nt_pack_progress(p, s->space->layer, NT_PACK_SEARCHING, (double)(block->first + s->first) / p->samples));
    }
    NT_TRY(pass_all(s));
    nt_parallel_for(block->rows, p->workers, conclude, s);
    return NT_OK;
}

static enum nt_status allocate_helpers(struct search *s) {
    const struct nt_packer *p = s->packer;
    uint32_t m = s->shortlist.proposed;
    s->helper = nt_allocate_zeroed(p->allocator, p->workers, sizeof *s->helper);
    for (unsigned w = 0; s->helper != NULL && w < p->workers; w++) {
        struct helper *h = &s->helper[w];
        h->proposed = nt_allocate(p->allocator, NT_PACK_TILE, m * sizeof *h->proposed);
        h->bits = nt_allocate_zeroed(p->allocator, p->samples / 32 + 1, sizeof *h->bits);
        h->room = nt_allocate(p->allocator, 4, m * sizeof *h->room);
        h->raised = nt_allocate(p->allocator, s->space->rough.stride, 1);
        if (h->proposed == NULL || h->bits == NULL || h->room == NULL || h->raised == NULL) {
            return no_memory(p);
        }
        NT_TRY(nt_pack_proposer_create(&h->proposer, p, s->space, s->shortlist.axes, m));
    }
    return s->helper != NULL ? NT_OK : no_memory(p);
}

static enum nt_status allocate(struct search *s) {
    const struct nt_packer *p = s->packer;
    uint32_t n = p->samples, rows = s->space->block.room, kept = s->shortlist.kept;
    s->candidate = nt_allocate(p->allocator, rows, kept * sizeof *s->candidate);
    s->key = nt_allocate(p->allocator, rows, kept * sizeof *s->key);
    s->next = nt_allocate(p->allocator, rows, sizeof *s->next);
    if (s->candidate == NULL || s->key == NULL || s->next == NULL ||
        nt_graph_create(&s->graph, n, p->k, p->allocator) != NT_OK) {
        return no_memory(p);
    }
    NT_TRY(allocate_helpers(s));
    size_t most = PASSING_ROWS * (size_t)s->space->size * sizeof(float), bytes = p->memory / 8;
    return rows < n ? nt_pack_block_open(&s->passing, p, s->space->layer, bytes < most ? bytes : most) : NT_OK;
}

static void release(struct search *s) {
    const struct nt_packer *p = s->packer;
    for (unsigned w = 0; s->helper != NULL && w < p->workers; w++) {
        nt_pack_proposer_free(s->helper[w].proposer);
        nt_release(p->allocator, s->helper[w].proposed);
        nt_release(p->allocator, s->helper[w].bits);
        nt_release(p->allocator, s->helper[w].room);
        nt_release(p->allocator, s->helper[w].raised);
    }
    nt_pack_block_close(&s->passing, p);
    nt_release(p->allocator, s->helper);
    nt_release(p->allocator, s->candidate);
    nt_release(p->allocator, s->key);
    nt_release(p->allocator, s->next);
}

enum nt_status nt_pack_graph(nt_graph **graph, struct nt_packer *p, struct nt_pack_space *space,
                             struct nt_pack_shortlist shortlist) {
    struct search s = {.packer = p, .space = space, .shortlist = shortlist};
    enum nt_status status = allocate(&s);
    for (uint32_t first = 0; status == NT_OK && first < p->samples; first += space->block.room) {
        status = nt_pack_block_read(&space->block, p, space->layer, first);
        status = status == NT_OK ? search_block(&s) : status;
    }
    release(&s);
    if (status != NT_OK) {
        nt_graph_free(s.graph);
        s.graph = NULL;
    }
    *graph = s.graph;
    return status;
}
