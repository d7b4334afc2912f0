/* Proposes neighbours for all samples of a tile at once: distances over the leading coordinates come from products in 7
 * bits, what the other coordinates add being taken as orthogonal, which in many dimensions it nearly is. A sample's
 * limit is guessed from some, spread over all, so that one pass collects little more than is wanted. */
#include <math.h>
#include <string.h>

#include "bundle/pack.h"
#include "knn/rough.h"
#include "ntrace/knn.h"

enum { COLUMNS = 512, GUESSES = 4096 };
_Static_assert(COLUMNS % NT_ROUGH_RIGHT == 0 && NT_PACK_TILE % NT_ROUGH_LEFT == 0, "whole groups of rows");

/* One sample's list: of what stays within the limit, at least the `wanted` nearest. */
struct list {
    float limit;
    uint32_t count, self;
    uint32_t *sample, *key; /* [room] */
};

/* Rows with which a tile is multiplied, side by side. */
struct others {
    int8_t *row;
    int32_t *start;
};

struct nt_pack_proposer {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    uint32_t axes, wanted, room, guesses;
    uint32_t *guess; /* [guesses] samples whose distances tell the limit */
    struct others guessed, passing;
    uint8_t *tile;     /* [NT_PACK_TILE, axes] */
    int32_t *product;  /* [NT_PACK_TILE, columns or guesses] */
    uint32_t *lists;   /* [NT_PACK_TILE, 2 room] */
    uint32_t *scratch; /* [4 N] */
    struct list list[NT_PACK_TILE];
};

static uint32_t at_most(size_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

static uint32_t filled(uint32_t count) { return (count + NT_ROUGH_RIGHT - 1) / NT_ROUGH_RIGHT * NT_ROUGH_RIGHT; }

/* One sample of each stretch, by chance, so that an order of the samples with a period of its own does no harm. */
static void choose_guesses(struct nt_pack_proposer *o) {
    struct nt_random random;
    nt_random_seed(&random, 0, 0x9e55);
    for (uint32_t i = 0; i < o->guesses; i++) {
        uint32_t first = (uint32_t)((uint64_t)i * o->packer->samples / o->guesses),
                 end = (uint32_t)((i + UINT64_C(1)) * o->packer->samples / o->guesses);
        o->guess[i] = first + nt_random_below(&random, end - first);
    }
}

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
}

static bool allocate_others(struct others *others, const struct nt_packer *p, uint32_t rows, uint32_t axes) {
    others->row = nt_allocate(p->allocator, rows, axes);
    others->start = nt_allocate(p->allocator, rows, sizeof *others->start);
    return others->row != NULL && others->start != NULL;
}

static enum nt_status allocate(struct nt_pack_proposer *o) {
    const struct nt_packer *p = o->packer;
    uint32_t guessed = filled(o->guesses);
    o->product = nt_allocate(p->allocator, NT_PACK_TILE, (guessed > COLUMNS ? guessed : COLUMNS) * sizeof *o->product);
    o->lists = nt_allocate(p->allocator, NT_PACK_TILE, 2 * (size_t)o->room * sizeof *o->lists);
    o->scratch = nt_allocate(p->allocator, 4 * (size_t)p->samples + 4 * NT_ROUGH_RIGHT, sizeof *o->scratch);
    o->guess = nt_allocate(p->allocator, o->guesses, sizeof *o->guess);
    o->tile = nt_allocate(p->allocator, NT_PACK_TILE, o->axes);
    bool there = allocate_others(&o->guessed, p, guessed, o->axes) && allocate_others(&o->passing, p, COLUMNS, o->axes);
    return there && o->product && o->lists && o->scratch && o->guess && o->tile ? NT_OK : no_memory(p);
}

enum nt_status nt_pack_proposer_create(struct nt_pack_proposer **proposer, const struct nt_packer *p,
                                       const struct nt_pack_space *space, uint32_t axes, uint32_t wanted) {
    struct nt_pack_proposer *o = nt_allocate_zeroed(p->allocator, 1, sizeof *o);
    *proposer = o;
    if (o == NULL) {
        return no_memory(p);
    }
    *o = (struct nt_pack_proposer){.packer = p, .space = space, .axes = axes, .wanted = wanted};
    o->room = at_most(4 * (size_t)wanted + 1024, p->samples + NT_ROUGH_RIGHT);
    o->guesses = at_most(p->samples, GUESSES);
    NT_TRY(allocate(o));
    for (uint32_t i = 0; i < NT_PACK_TILE; i++) {
        o->list[i].sample = o->lists + 2 * (size_t)i * o->room;
        o->list[i].key = o->list[i].sample + o->room;
    }
    choose_guesses(o);
    nt_rough_pack_right(o->guessed.row, o->guessed.start, space->rough.value, o->guess, o->guesses, space->rough.stride,
                        axes);
    return NT_OK;
}

void nt_pack_proposer_free(struct nt_pack_proposer *o) {
    if (o != NULL) {
        void *const held[] = {o->product,     o->lists,         o->scratch,     o->guess,         o->tile,
                              o->guessed.row, o->guessed.start, o->passing.row, o->passing.start, o};
        const struct nt_allocator *allocator = o->packer->allocator;
        for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
            nt_release(allocator, held[i]);
        }
    }
}

/* ---- Limits. ---- */

/* The place among the guesses that holds the wanted ones with hardly an exception: the expected one and some standard
 * deviations. */
static uint32_t place_of(const struct nt_pack_proposer *o) {
    double expected = (double)o->wanted * o->guesses / o->packer->samples;
    return (uint32_t)(1.2 * expected + 4 * sqrt(expected) + 3);
}

static void set_limit(struct nt_pack_proposer *o, struct list *list, const int32_t *product) {
    uint32_t n = o->packer->samples, count = o->guesses, place = place_of(o), *key = o->scratch, *index = key + n;
    list->count = 0;
    list->limit = INFINITY;
    if (place + 1 >= count) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        key[i] = nt_knn_key(nt_pack_rough_square(o->space, product[i], list->self, o->guess[i]));
    }
    nt_knn_select(index, key, count, place, UINT32_MAX, index + n);
    list->limit = nt_knn_value(key[index[place - 1]]);
}

/* ---- Lists. ---- */

/* Keeps the wanted nearest of a list, and with them its limit. */
static void shorten(struct nt_pack_proposer *o, struct list *list) {
    uint32_t *index = o->scratch, count = 0;
    nt_knn_select(index, list->key, list->count, o->wanted, UINT32_MAX, index + o->room);
    uint32_t last_at = index[o->wanted - 1], last = list->key[last_at];
    list->limit = nt_knn_value(last);
    for (uint32_t i = 0; i < list->count; i++) { /* in their order, so that equal keys still go by number */
        bool kept = list->key[i] < last || (list->key[i] == last && i <= last_at);
        list->sample[count] = list->sample[i];
        list->key[count] = list->key[i];
        count += kept;
    }
    list->count = count;
}

/* Takes what stays within the limit of one row of products, with samples from .. from + count. */
static void collect(struct nt_pack_proposer *o, struct list *list, const int32_t *product, uint32_t from,
                    uint32_t count) {
    const struct nt_pack_space *s = o->space;
    for (uint32_t at = 0; at < count; at += NT_ROUGH_RIGHT) {
        float reach = list->limit - s->norm[list->self];
        uint32_t mask = nt_rough_within(product + at, s->norm + from + at, s->rough.unit, reach);
        if (mask != 0 && list->count + NT_ROUGH_RIGHT > o->room) {
            shorten(o, list);
        }
        for (; mask != 0; mask &= mask - 1) {
            uint32_t i = at + (uint32_t)__builtin_ctz(mask);
            list->sample[list->count] = from + i;
            list->key[list->count] = nt_knn_key(nt_pack_rough_square(s, product[i], list->self, from + i));
            list->count += from + i != list->self;
        }
    }
}

/* Where the guess was too narrow, which hardly happens: all samples once more. */
static void search_all(struct nt_pack_proposer *o, struct list *list) {
    const struct nt_pack_rough *rough = &o->space->rough;
    const int8_t *own = rough->value + (size_t)list->self * rough->stride;
    uint32_t n = o->packer->samples, *key = o->scratch, *index = key + n, last;
    for (uint32_t i = 0; i < n; i++) {
        const int8_t *other = rough->value + (size_t)i * rough->stride;
        int32_t product = 0;
        for (uint32_t j = 0; j < o->axes; j++) {
            product += own[j] * other[j];
        }
        key[i] = nt_knn_key(nt_pack_rough_square(o->space, product, list->self, i));
    }
    nt_knn_select(index, key, n, o->wanted, list->self, index + n);
    last = index[o->wanted - 1];
    list->count = 0;
    for (uint32_t i = 0; i < n; i++) {
        list->sample[list->count] = i;
        list->count += i != list->self && (key[i] < key[last] || (key[i] == key[last] && i <= last));
    }
}

static void finish(struct nt_pack_proposer *o, struct list *list, uint32_t *proposed) {
    if (list->count < o->wanted) {
        search_all(o, list);
    } else if (list->count > o->wanted) {
        shorten(o, list);
    }
    memcpy(proposed, list->sample, o->wanted * sizeof *proposed);
}

/* ---- A tile. ---- */

static void multiply(struct nt_pack_proposer *o, uint32_t rows, const struct others *others, uint32_t count) {
    uint32_t lefts = (rows + NT_ROUGH_LEFT - 1) / NT_ROUGH_LEFT;
    nt_rough_multiply(o->product, o->tile, lefts, others->row, others->start, filled(count) / NT_ROUGH_RIGHT, o->axes);
}

static void set_limits(struct nt_pack_proposer *o, uint32_t first, uint32_t rows) {
    multiply(o, rows, &o->guessed, o->guesses);
    for (uint32_t i = 0; i < rows; i++) {
        o->list[i].self = first + i;
        set_limit(o, &o->list[i], o->product + (size_t)i * filled(o->guesses));
    }
}

void nt_pack_propose(uint32_t *proposed, struct nt_pack_proposer *o, uint32_t first, uint32_t rows) {
    const struct nt_pack_rough *rough = &o->space->rough;
    uint32_t n = o->packer->samples, stride = rough->stride;
    nt_rough_pack_left(o->tile, rough->value + (size_t)first * stride, NULL, rows, stride, o->axes);
    set_limits(o, first, rows);
    for (uint32_t from = 0; from < n; from += COLUMNS) {
        uint32_t columns = at_most(n - from, COLUMNS);
        nt_rough_pack_right(o->passing.row, o->passing.start, rough->value + (size_t)from * stride, NULL, columns,
                            stride, o->axes);
        multiply(o, rows, &o->passing, columns);
        for (uint32_t i = 0; i < rows; i++) {
            collect(o, &o->list[i], o->product + (size_t)i * filled(columns), from, columns);
        }
    }
    for (uint32_t i = 0; i < rows; i++) {
        finish(o, &o->list[i], proposed + (size_t)i * o->wanted);
    }
}
