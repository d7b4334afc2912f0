#include "trace/map_trust.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/parallel.h"
#include "ntrace/knn.h"

enum { PER_CELL = 16, MOST_CELLS = 1024 };

/* The map in square cells, the samples of a cell one after the other. */
struct grid {
    uint32_t side; /* cells across and down */
    float left, bottom, step;
    uint32_t *start;  /* [side * side + 1] */
    uint32_t *sample; /* [N] */
};

struct work {
    const struct nt_map_trust *of;
    float *trustworthiness, *continuity;
    uint32_t samples, landmarks;
    uint32_t *landmark; /* [landmarks] their numbers, ascending */
    struct grid grid;
    struct nt_codes some; /* the landmarks' */
    uint32_t *room;       /* [workers, room_words] */
    size_t room_words;
};

/* ---- The nearest on the map. ---- */

static uint32_t cell_of(const struct grid *g, float at, float from) {
    float cell = (at - from) / g->step;
    return cell < 0 ? 0 : cell >= (float)g->side ? g->side - 1 : (uint32_t)cell;
}

static uint32_t cell_number(const struct grid *g, const float *point) {
    return cell_of(g, point[1], g->bottom) * g->side + cell_of(g, point[0], g->left);
}

static void measure_map(struct grid *g, const float *map, uint32_t n) {
    float low[2] = {map[0], map[1]}, high[2] = {map[0], map[1]};
    for (size_t i = 0; i < 2 * (size_t)n; i++) {
        low[i % 2] = map[i] < low[i % 2] ? map[i] : low[i % 2];
        high[i % 2] = map[i] > high[i % 2] ? map[i] : high[i % 2];
    }
    double side = sqrt((double)n / PER_CELL) + 1;
    float extent = fmaxf(high[0] - low[0], high[1] - low[1]);
    g->side = side < MOST_CELLS ? (uint32_t)side : MOST_CELLS;
    g->left = low[0];
    g->bottom = low[1];
    g->step = extent > 0 ? extent / (float)g->side : 1;
}

static enum nt_status make_grid(struct grid *g, const float *map, uint32_t n, const struct nt_allocator *allocator) {
    measure_map(g, map, n);
    size_t cells = (size_t)g->side * g->side;
    g->start = nt_allocate_zeroed(allocator, cells + 1, sizeof *g->start);
    g->sample = nt_allocate(allocator, n, sizeof *g->sample);
    if (g->start == NULL || g->sample == NULL) {
        return NT_E_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        g->start[cell_number(g, map + 2 * (size_t)i) + 1]++;
    }
    for (size_t c = 0; c < cells; c++) {
        g->start[c + 1] += g->start[c];
    }
    for (uint32_t i = n; i-- > 0;) { /* backwards, counting down from the end of each cell */
        g->sample[--g->start[cell_number(g, map + 2 * (size_t)i) + 1]] = i;
    }
    memmove(g->start, g->start + 1, cells * sizeof *g->start);
    g->start[cells] = n;
    return NT_OK;
}

static float map_square(const float *map, uint32_t a, uint32_t b) {
    float x = map[2 * (size_t)a] - map[2 * (size_t)b], y = map[2 * (size_t)a + 1] - map[2 * (size_t)b + 1];
    return x * x + y * y;
}

/* Adds a cell's samples to found and key; returns how many there are now. */
static uint32_t add_cell(uint32_t *found, uint32_t *key, uint32_t count, const struct work *w, int64_t x, int64_t y,
                         uint32_t self) {
    const struct grid *g = &w->grid;
    if (x < 0 || y < 0 || x >= g->side || y >= g->side) {
        return count;
    }
    size_t cell = (size_t)y * g->side + (size_t)x;
    for (uint32_t i = g->start[cell]; i < g->start[cell + 1]; i++) {
        found[count] = g->sample[i];
        key[count] = nt_knn_key(map_square(w->of->map, self, g->sample[i]));
        count += g->sample[i] != self;
    }
    return count;
}

/* The k nearest of a sample: rings of cells, until none beyond can be nearer. near out [k]; room [5 N]. */
static void find_near(uint32_t *near, const struct work *w, uint32_t self, uint32_t *room) {
    const struct grid *g = &w->grid;
    const float *point = w->of->map + 2 * (size_t)self;
    uint32_t n = w->samples, k = w->of->k, count = 0, *found = room, *key = found + n, *index = key + n;
    int64_t x = cell_of(g, point[0], g->left), y = cell_of(g, point[1], g->bottom);
    for (int64_t ring = 0; ring <= g->side; ring++) {
        for (int64_t j = -ring; j <= ring; j++) {
            int64_t apart = j == -ring || j == ring || ring == 0 ? 1 : 2 * ring;
            for (int64_t i = -ring; i <= ring; i += apart) {
                count = add_cell(found, key, count, w, x + i, y + j, self);
            }
        }
        if (count <= k && ring < g->side) {
            continue;
        }
        nt_knn_select(index, key, count, k, UINT32_MAX, index + n);
        float clear = (float)ring * g->step; /* nothing beyond the ring is nearer than that */
        if (nt_knn_value(key[index[k - 1]]) <= clear * clear || ring == g->side) {
            break;
        }
    }
    for (uint32_t i = 0; i < k; i++) {
        near[i] = found[index[i]];
    }
}

/* ---- Ranks. ---- */

static uint32_t code_square(const struct nt_codes *c, uint32_t a, uint32_t b) {
    const int8_t *x = c->code + (size_t)a * c->stride, *y = c->code + (size_t)b * c->stride;
    int32_t product = 0;
    for (uint32_t j = 0; j < c->stride; j++) {
        product += x[j] * y[j];
    }
    return c->norm[a] + c->norm[b] - 2 * (uint32_t)product;
}

static uint32_t count_below(const uint32_t *key, uint32_t count, uint32_t limit) {
    uint32_t below = 0;
    for (uint32_t i = 0; i < count; i++) {
        below += key[i] < limit;
    }
    return below;
}

/* The sample's own place among the landmarks, or as many as there are. */
static uint32_t place_among(const struct work *w, uint32_t self) {
    uint32_t before = count_below(w->landmark, w->landmarks, self);
    return before < w->landmarks && w->landmark[before] == self ? before : w->landmarks;
}

/* How far beyond k a rank is, estimated by how many landmarks are nearer; `at` is the sample's own place among them. */
static double beyond(const struct work *w, const uint32_t *key, uint32_t own, uint32_t at) {
    uint32_t nearer = count_below(key, w->landmarks, own) - (at < w->landmarks && key[at] < own);
    double rank = 1 + (double)nearer * w->samples / w->landmarks, k = w->of->k;
    return rank > k + 1 ? rank - k : 1;
}

/* Marks a list in bits, or takes the marks away. */
static void mark(uint32_t *bits, const uint32_t *list, uint32_t count, bool there) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = 1u << list[i] % 32;
        bits[list[i] / 32] = there ? bits[list[i] / 32] | bit : bits[list[i] / 32] & ~bit;
    }
}

static bool is_marked(const uint32_t *bits, uint32_t sample) { return bits[sample / 32] >> sample % 32 & 1; }

/* Penalty of those of a list that are not marked. */
static double penalty(const struct work *w, const uint32_t *list, const uint32_t *bits, const uint32_t *key,
                      uint32_t self, uint32_t at, bool on_map) {
    double sum = 0;
    for (uint32_t i = 0; i < w->of->k; i++) {
        if (!is_marked(bits, list[i])) {
            uint32_t own = on_map ? nt_knn_key(map_square(w->of->map, self, list[i]))
                                  : NT_CODES_FINER * code_square(w->of->codes, self, list[i]);
            sum += beyond(w, key, own, at);
        }
    }
    return sum;
}

static void judge(void *context, size_t item, unsigned worker) {
    const struct work *w = context;
    const struct nt_codes *codes = w->of->codes;
    uint32_t n = w->samples, k = w->of->k, self = (uint32_t)item, at = place_among(w, self);
    uint32_t *bits = w->room + worker * w->room_words, *near = bits + n / 32 + 1, *at_layer = near + k,
             *key = at_layer + k, *room = key + w->landmarks;
    int16_t point[NT_CODES_MAX_AXES];
    double scale = 2 / ((double)k * (2.0 * n - 3.0 * k - 1));
    find_near(near, w, self, room);
    nt_graph_get(at_layer, NULL, w->of->graph, self, k);
    for (uint32_t j = 0; j < codes->stride; j++) {
        point[j] = (int16_t)(codes->code[(size_t)self * codes->stride + j] * NT_CODES_FINER);
    }
    nt_codes_scan_point(key, &w->some, point, codes->norm[self]);
    mark(bits, at_layer, k, true);
    w->trustworthiness[self] = (float)(1 - scale * penalty(w, near, bits, key, self, at, false));
    mark(bits, at_layer, k, false);
    for (uint32_t l = 0; l < w->landmarks; l++) {
        key[l] = nt_knn_key(map_square(w->of->map, self, w->landmark[l]));
    }
    mark(bits, near, k, true);
    w->continuity[self] = (float)(1 - scale * penalty(w, at_layer, bits, key, self, at, true));
    mark(bits, near, k, false);
}

/* ---- The whole. ---- */

/* One landmark of each stretch of samples, by chance, so that an order of the samples with a period of its own does no
 * harm. */
static enum nt_status take_landmarks(struct work *w, const struct nt_allocator *allocator) {
    const struct nt_codes *codes = w->of->codes;
    struct nt_random random;
    nt_random_seed(&random, 0, 0x1a4d);
    w->landmark = nt_allocate(allocator, w->landmarks, sizeof *w->landmark);
    if (w->landmark == NULL) {
        return NT_E_MEMORY;
    }
    NT_TRY(nt_codes_create(&w->some, w->landmarks, codes->axes, codes->step, allocator));
    for (uint32_t l = 0; l < w->landmarks; l++) {
        uint32_t first = (uint32_t)((uint64_t)l * w->samples / w->landmarks),
                 end = (uint32_t)((l + UINT64_C(1)) * w->samples / w->landmarks);
        size_t from = first + nt_random_below(&random, end - first);
        w->landmark[l] = (uint32_t)from;
        memcpy(w->some.code + (size_t)l * codes->stride, codes->code + from * codes->stride, codes->stride);
        w->some.norm[l] = codes->norm[from];
    }
    return NT_OK;
}

enum nt_status nt_map_trust(float *trustworthiness, float *continuity, const struct nt_map_trust *of, unsigned workers,
                            const struct nt_allocator *allocator) {
    uint32_t n = nt_graph_samples(of->graph);
    if (of->k < 1 || of->k > nt_graph_k(of->graph) || of->k >= n - of->k || of->landmarks < 1 || of->landmarks > n) {
        return NT_E_ARG;
    }
    struct work w = {.of = of, .trustworthiness = trustworthiness, .continuity = continuity, .samples = n};
    w.landmarks = of->landmarks;
    w.room_words = n / 32 + 1 + 2 * (size_t)of->k + w.landmarks + 5 * (size_t)n;
    workers = workers > 0 ? workers : nt_parallel_processors();
    w.room = nt_allocate_zeroed(allocator, workers, w.room_words * sizeof *w.room);
    enum nt_status status = w.room != NULL ? make_grid(&w.grid, of->map, n, allocator) : NT_E_MEMORY;
    status = status == NT_OK ? take_landmarks(&w, allocator) : status;
    if (status == NT_OK) {
        nt_parallel_for(n, workers, judge, &w);
    }
    nt_codes_clear(&w.some, allocator);
    nt_release(allocator, w.landmark);
    nt_release(allocator, w.grid.start);
    nt_release(allocator, w.grid.sample);
    nt_release(allocator, w.room);
    return status;
}
