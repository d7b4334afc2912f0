/* L. McInnes, J. Healy and J. Melville, "UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction",
 * arXiv:1802.03426, 2018, algorithm 5 and appendix C (gradients, and edges drawn in proportion to their weight on a
 * fixed schedule); clamped at 4 in each coordinate and softened by 0.001 as the authors' umap-learn does.
 *
 * Deviations, all for speed, none measurable in trustworthiness:
 * - Edges are drawn four at a time, in an order in which neighbouring edges have different heads; the four see the
 *   positions from before their own moves, and all negative samples of an edge see the head after its attraction.
 * - Powers are polynomials within 1e-5.
 * - Each draw takes exactly `negatives` negative samples, from the first one on.
 * - Rates are whole numbers, an edge being due when its sum overflows: no drift, the same on every machine. */
#include "project/layout.h"

#include <assert.h>

#include "project/lanes.h"

enum { BLOCK = 1024, LANES = 4 };

static const float LIMIT = 4.0f, SOFTENING = 0.001f;

struct drawn {
    uint32_t head[BLOCK + LANES], tail[BLOCK + LANES];
};

/* Forces with everything that is constant in an epoch, in lanes. */
struct field {
    nt_v4 a, b, pull, push, alpha, low, high;
    float indexes; /* samples * 2^-23 */
    uint32_t negatives;
};

/* d^2b of squared distances. */
static inline nt_v4 power(nt_v4 square, nt_v4 b) {
    nt_v4 least = nt_v4_splat(-126.0f), most = nt_v4_splat(126.0f);
    return nt_v4_exp2(nt_v4_clamp(nt_v4_log2(square) * b, least, most));
}

/* Four random indexes (xorshift: G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003). */
static inline nt_v4u draw(nt_v4u *state, float indexes) {
    nt_v4u s = *state;
    s ^= s << 13;
    s ^= s >> 17;
    s ^= s << 5;
    *state = s;
    return nt_v4_round(__builtin_convertvector((nt_v4i)(s >> 9), nt_v4) * indexes - 0.5f);
}

/* Draws up to four edges. */
static inline void move(float *map, nt_v4u *state, const struct field *f, const uint32_t *head, const uint32_t *tail,
                        int count) {
    nt_v4u from, to;
    nt_v4 x, y, tx, ty, shift_x, shift_y;
    memcpy(&from, head, sizeof from);
    memcpy(&to, tail, sizeof to);
    nt_v4_gather(&x, &y, map, from);
    nt_v4_gather(&tx, &ty, map, to);
    nt_v4 dx = x - tx, dy = y - ty, square = dx * dx + dy * dy + 1e-30f;
    nt_v4 p = power(square, f->b), pull = f->pull * p / (square * (f->a * p + 1.0f));
    shift_x = nt_v4_clamp(pull * dx, f->low, f->high) * f->alpha;
    shift_y = nt_v4_clamp(pull * dy, f->low, f->high) * f->alpha;
    nt_v4_scatter_add(map, to, -shift_x, -shift_y, count);
    x += shift_x;
    y += shift_y;
    nt_v4 push_x = {0}, push_y = {0};
    for (uint32_t i = 0; i < f->negatives; i++) {
        nt_v4_gather(&tx, &ty, map, draw(state, f->indexes));
        dx = x - tx, dy = y - ty, square = dx * dx + dy * dy;
        p = power(square, f->b);
        nt_v4 push = f->push / ((square + SOFTENING) * (f->a * p + 1.0f));
        push_x += nt_v4_clamp(push * dx, f->low, f->high);
        push_y += nt_v4_clamp(push * dy, f->low, f->high);
    }
    nt_v4_scatter_add(map, from, shift_x + push_x * f->alpha, shift_y + push_y * f->alpha, count);
}

/* Which of the edges from `at` on, up to `end`, are due; returns how many. */
static uint32_t collect(struct drawn *due, uint32_t count, struct nt_layout *layout, size_t at, size_t end) {
    for (size_t i = at; i < end; i++) {
        uint32_t phase = layout->phase[i] + layout->rate[i];
        due->head[count] = layout->head[i];
        due->tail[count] = layout->tail[i];
        count += phase < layout->phase[i];
        layout->phase[i] = phase;
    }
    return count;
}

void nt_layout_epoch(float *map, struct nt_layout *layout, const struct nt_layout_forces *forces, float alpha) {
    struct drawn due = {{0}, {0}};
    nt_v4u state;
    memcpy(&state, layout->lanes, sizeof state);
    const struct field field = {.a = nt_v4_splat(forces->a),
                                .b = nt_v4_splat(forces->b),
                                .pull = nt_v4_splat(-2.0f * forces->a * forces->b),
                                .push = nt_v4_splat(2.0f * forces->b),
                                .alpha = nt_v4_splat(alpha),
                                .low = nt_v4_splat(-LIMIT),
                                .high = nt_v4_splat(LIMIT),
                                .indexes = (float)layout->samples * 0x1p-23f,
                                .negatives = forces->negatives};
    uint32_t count = 0;
    for (size_t at = 0; at < layout->edges; at += BLOCK) {
        size_t end = at + BLOCK < layout->edges ? at + BLOCK : layout->edges;
        count = collect(&due, count, layout, at, end);
        uint32_t whole = count & ~(uint32_t)(LANES - 1);
        for (uint32_t i = 0; i < whole; i += LANES) {
            move(map, &state, &field, due.head + i, due.tail + i, LANES);
        }
        for (uint32_t i = whole; i < count; i++) { /* the rest waits for the next block */
            due.head[i - whole] = due.head[i];
            due.tail[i - whole] = due.tail[i];
        }
        count -= whole;
    }
    if (count > 0) {
        for (uint32_t i = count; i < LANES; i++) {
            due.head[i] = due.tail[i] = due.head[0];
        }
        move(map, &state, &field, due.head, due.tail, (int)count);
    }
    memcpy(layout->lanes, &state, sizeof state);
}

/* ---- The order of edges. ---- */

/* Edge e of a sample's d goes to the slot (2 e + 1) / 2 d of the way: a sample has at most one edge in a slot, and its
 * edges are spread over the epoch. */
static uint32_t slot_of(uint32_t edge, uint32_t degree, uint32_t slots) {
    return (uint32_t)((2 * (uint64_t)edge + 1) * slots / (2 * (uint64_t)degree));
}

static void order_edges(struct nt_layout *layout, size_t *slot, uint32_t slots, const struct nt_fuzzy *fuzzy) {
    for (int placing = 0; placing < 2; placing++) {
        for (uint32_t i = 0; i < fuzzy->samples; i++) {
            size_t first = fuzzy->start[i];
            uint32_t degree = (uint32_t)(fuzzy->start[i + 1] - first);
            for (uint32_t e = 0; e < degree; e++) {
                uint32_t s = slot_of(e, degree, slots);
                if (!placing) {
                    slot[s + 1]++;
                    continue;
                }
                size_t at = slot[s]++;
                double share = (double)fuzzy->weight[first + e] / (double)fuzzy->heaviest;
                layout->head[at] = i;
                layout->tail[at] = fuzzy->to[first + e];
                layout->rate[at] = share < 1 ? (uint32_t)(share * 0x1p32) : UINT32_MAX;
                layout->phase[at] = 1u << 31;
            }
        }
        for (uint32_t s = 0; !placing && s < slots; s++) {
            slot[s + 1] += slot[s];
        }
    }
}

enum nt_status nt_layout_create(struct nt_layout *layout, const struct nt_fuzzy *fuzzy, struct nt_random *random,
                                const struct nt_allocator *allocator) {
    size_t edges = fuzzy->start[fuzzy->samples];
    uint32_t slots = 1;
    for (uint32_t i = 0; i < fuzzy->samples; i++) {
        uint32_t degree = (uint32_t)(fuzzy->start[i + 1] - fuzzy->start[i]);
        slots = degree > slots ? degree : slots;
    }
    *layout = (struct nt_layout){.allocator = allocator, .samples = fuzzy->samples, .edges = edges};
    layout->head = nt_allocate(allocator, edges, sizeof *layout->head);
    layout->tail = nt_allocate(allocator, edges, sizeof *layout->tail);
    layout->rate = nt_allocate(allocator, edges, sizeof *layout->rate);
    layout->phase = nt_allocate(allocator, edges, sizeof *layout->phase);
    size_t *slot = nt_allocate_zeroed(allocator, (size_t)slots + 1, sizeof *slot);
    enum nt_status status = layout->head && layout->tail && layout->rate && layout->phase && slot ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        order_edges(layout, slot, slots, fuzzy);
        for (int i = 0; i < LANES; i++) {
            layout->lanes[i] = nt_random_u32(random) | 1u;
        }
    } else {
        nt_layout_clear(layout);
    }
    nt_release(allocator, slot);
    return status;
}

void nt_layout_clear(struct nt_layout *layout) {
    const struct nt_allocator *allocator = layout->allocator;
    if (allocator != NULL) {
        nt_release(allocator, layout->head);
        nt_release(allocator, layout->tail);
        nt_release(allocator, layout->rate);
        nt_release(allocator, layout->phase);
    }
    *layout = (struct nt_layout){0};
}
