/* Proposes neighbours for all samples of a tile at once: distances over the leading coordinates come from one matrix
 * product, what the other coordinates add being taken as orthogonal, which in many dimensions it nearly is. A sample's
 * limit is guessed from some, spread over all, so that one pass collects little more than is wanted. */
#include <math.h>
#include <string.h>

#include "bundle/pack.h"
#include "core/matrix.h"
#include "ntrace/knn.h"

enum { COLUMNS = 512, TOGETHER = 8, GUESSES = 2048 };

/* One sample's list: of what stays within the limit, at least the `wanted` nearest. */
struct list {
    float limit;
    uint32_t count, self;
    uint32_t *sample, *key; /* [room] */
};

struct nt_pack_proposer {
    const struct nt_packer *packer;
    const struct nt_pack_space *space;
    uint32_t axes, wanted, room, guesses;
    uint32_t *guess;   /* [guesses] samples whose distances tell the limit */
    float *guess_row;  /* [guesses, axes] */
    float *product;    /* [NT_PACK_TILE, columns] */
    uint32_t *lists;   /* [NT_PACK_TILE, 2 room] */
    uint32_t *scratch; /* [4 N] */
    struct list list[NT_PACK_TILE];
};

static uint32_t at_most(size_t value, uint32_t most) { return value < most ? (uint32_t)value : most; }

/* One sample of each stretch, by chance, so that an order of the samples with a period of its own does no harm. */
static void take_guesses(struct nt_pack_proposer *o) {
    const struct nt_pack_space *s = o->space;
    struct nt_random random;
    nt_random_seed(&random, 0, 0x9e55);
    for (uint32_t i = 0; i < o->guesses; i++) {
        uint32_t first = (uint32_t)((uint64_t)i * o->packer->samples / o->guesses),
                 end = (uint32_t)((i + UINT64_C(1)) * o->packer->samples / o->guesses);
        o->guess[i] = first + nt_random_below(&random, end - first);
        memcpy(o->guess_row + (size_t)i * o->axes, s->y + (size_t)o->guess[i] * s->axes, o->axes * sizeof *s->y);
    }
}

enum nt_status nt_pack_proposer_create(struct nt_pack_proposer **proposer, const struct nt_packer *p,
                                       const struct nt_pack_space *space, uint32_t axes, uint32_t wanted) {
    struct nt_pack_proposer *o = nt_allocate_zeroed(p->allocator, 1, sizeof *o);
    *proposer = o;
    if (o == NULL) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
    }
    *o = (struct nt_pack_proposer){.packer = p, .space = space, .axes = axes, .wanted = wanted};
    o->room = at_most(4 * (size_t)wanted + 1024, p->samples + TOGETHER);
    o->guesses = at_most(p->samples, GUESSES);
    uint32_t columns = o->guesses > COLUMNS ? o->guesses : COLUMNS;
    o->product = nt_allocate(p->allocator, NT_PACK_TILE, columns * sizeof *o->product);
    o->lists = nt_allocate(p->allocator, NT_PACK_TILE, 2 * (size_t)o->room * sizeof *o->lists);
    o->scratch = nt_allocate(p->allocator, 4 * (size_t)p->samples + 4 * TOGETHER, sizeof *o->scratch);
    o->guess = nt_allocate(p->allocator, o->guesses, sizeof *o->guess);
    o->guess_row = nt_allocate(p->allocator, o->guesses, axes * sizeof *o->guess_row);
    for (uint32_t i = 0; o->lists != NULL && i < NT_PACK_TILE; i++) {
        o->list[i].sample = o->lists + 2 * (size_t)i * o->room;
        o->list[i].key = o->list[i].sample + o->room;
    }
    if (!o->product || !o->lists || !o->scratch || !o->guess || !o->guess_row) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory to compare %u samples", p->samples);
    }
    take_guesses(o);
    return NT_OK;
}

void nt_pack_proposer_free(struct nt_pack_proposer *o) {
    if (o != NULL) {
        nt_release(o->packer->allocator, o->product);
        nt_release(o->packer->allocator, o->lists);
        nt_release(o->packer->allocator, o->scratch);
        nt_release(o->packer->allocator, o->guess);
        nt_release(o->packer->allocator, o->guess_row);
        nt_release(o->packer->allocator, o);
    }
}

/* Scalar products of rows first .. first + rows with `count` rows of another matrix. */
static enum nt_status multiply(struct nt_pack_proposer *o, uint32_t first, uint32_t rows, struct nt_matrix right,
                               uint32_t count) {
    const struct nt_pack_space *s = o->space;
    struct nt_matrix left = {s->y + (size_t)first * s->axes, s->axes, 1};
    enum nt_status status = nt_matrix_product(o->product, left, right, rows, count, o->axes, 1, o->packer->allocator);
    return status == NT_OK ? NT_OK : nt_error_set(o->packer->error, status, "not enough memory for a product");
}

static float rough_square(const struct nt_pack_space *s, float product, uint32_t a, uint32_t b) {
    float square = s->norm[a] + (s->norm[b] - 2 * product);
    return square > 0 ? square : 0;
}

/* ---- Limits. ---- */

/* The place among the guesses that holds the wanted ones with hardly an exception: the expected one and some standard
 * deviations. */
static uint32_t place_of(const struct nt_pack_proposer *o) {
    double expected = (double)o->wanted * o->guesses / o->packer->samples;
    return (uint32_t)(1.2 * expected + 4 * sqrt(expected) + 3);
}

static void set_limit(struct nt_pack_proposer *o, struct list *list, const float *product) {
    uint32_t n = o->packer->samples, count = o->guesses, place = place_of(o), *key = o->scratch, *index = key + n;
    list->count = 0;
    list->limit = INFINITY;
    if (place + 1 >= count) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        key[i] = nt_knn_key(rough_square(o->space, product[i], list->self, o->guess[i]));
    }
    nt_knn_select(index, key, count, place, UINT32_MAX, index + n);
    memcpy(&list->limit, &key[index[place - 1]], sizeof list->limit);
}

/* ---- Lists. ---- */

/* Keeps the wanted nearest of a list, and with them its limit. */
static void shorten(struct nt_pack_proposer *o, struct list *list) {
    uint32_t *index = o->scratch, count = 0;
    nt_knn_select(index, list->key, list->count, o->wanted, UINT32_MAX, index + o->room);
    memcpy(&list->limit, &list->key[index[o->wanted - 1]], sizeof list->limit);
    uint32_t last = list->key[index[o->wanted - 1]], last_at = index[o->wanted - 1];
    for (uint32_t i = 0; i < list->count; i++) { /* in their order, so that equal keys still go by number */
        bool kept = list->key[i] < last || (list->key[i] == last && i <= last_at);
        list->sample[count] = list->sample[i];
        list->key[count] = list->key[i];
        count += kept;
    }
    list->count = count;
}

/* Takes what stays within the limit of one row of products, with samples from .. from + count. */
static void collect(struct nt_pack_proposer *o, struct list *list, const float *product, uint32_t from,
                    uint32_t count) {
    const float *norm = o->space->norm + from;
    float own = o->space->norm[list->self];
    for (uint32_t at = 0; at < count; at += TOGETHER) {
        uint32_t some = at_most(count - at, TOGETHER);
        float square[TOGETHER];
        int any = 0;
        for (uint32_t i = 0; i < some; i++) {
            float s = own + (norm[at + i] - 2 * product[at + i]);
            square[i] = s > 0 ? s : 0;
            any |= square[i] <= list->limit;
        }
        if (!any) {
            continue;
        }
        if (list->count + TOGETHER > o->room) {
            shorten(o, list);
        }
        for (uint32_t i = 0; i < some; i++) {
            list->sample[list->count] = from + at + i;
            list->key[list->count] = nt_knn_key(square[i]);
            list->count += square[i] <= list->limit && from + at + i != list->self;
        }
    }
}

/* Where the guess was too narrow, which hardly happens: all samples once more. */
static void search_all(struct nt_pack_proposer *o, struct list *list) {
    const struct nt_pack_space *s = o->space;
    uint32_t n = o->packer->samples, *key = o->scratch, *index = key + n;
    for (uint32_t i = 0; i < n; i++) {
        float product = 0;
        for (uint32_t j = 0; j < o->axes; j++) {
            product += s->y[(size_t)list->self * s->axes + j] * s->y[(size_t)i * s->axes + j];
        }
        key[i] = nt_knn_key(rough_square(s, product, list->self, i));
    }
    nt_knn_select(index, key, n, o->wanted, list->self, index + n);
    memcpy(list->sample, index, o->wanted * sizeof *index);
    list->count = o->wanted;
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

enum nt_status nt_pack_propose(uint32_t *proposed, struct nt_pack_proposer *o, uint32_t first, uint32_t rows) {
    uint32_t n = o->packer->samples, count = o->guesses;
    NT_TRY(multiply(o, first, rows, (struct nt_matrix){o->guess_row, o->axes, 1}, count));
    for (uint32_t i = 0; i < rows; i++) {
        o->list[i].self = first + i;
        set_limit(o, &o->list[i], o->product + (size_t)i * count);
    }
    for (uint32_t from = 0; from < n; from += COLUMNS) {
        uint32_t columns = at_most(n - from, COLUMNS);
        const struct nt_pack_space *s = o->space;
        struct nt_matrix right = {s->y + (size_t)from * s->axes, s->axes, 1};
        NT_TRY(multiply(o, first, rows, right, columns));
        for (uint32_t i = 0; i < rows; i++) {
            collect(o, &o->list[i], o->product + (size_t)i * columns, from, columns);
        }
    }
    for (uint32_t i = 0; i < rows; i++) {
        finish(o, &o->list[i], proposed + (size_t)i * o->wanted);
    }
    return NT_OK;
}
