#include "ntrace/sketch.h"

#include <assert.h>
#include <string.h>

#include "core/parallel.h"
#include "sketch/pen.h"

static const struct {
    const char *name;
    void (*draw)(struct nt_pen *pen);
} CLASSES[NT_SKETCH_CLASSES] = {
    {"airplane", nt_draw_airplane},
    {"apple", nt_draw_apple},
    {"bee", nt_draw_bee},
    {"car", nt_draw_car},
    {"dragon", nt_draw_dragon},
    {"mosquito", nt_draw_mosquito},
    {"moustache", nt_draw_moustache},
    {"mouth", nt_draw_mouth},
    {"pear", nt_draw_pear},
    {"piano", nt_draw_piano},
    {"pineapple", nt_draw_pineapple},
    {"smiley face", nt_draw_smiley_face},
    {"train", nt_draw_train},
    {"umbrella", nt_draw_umbrella},
    {"wine bottle", nt_draw_wine_bottle},
};

_Static_assert((int)NT_SKETCH_POINTS == (int)NT_PEN_POINTS && (int)NT_SKETCH_STROKES == (int)NT_PEN_STROKES,
               "callers have room for all that a pen draws");

enum { CHUNK = 16 }; /* sketches that a worker takes at a time */

struct desk {
    struct nt_pen pen;
    float points[2 * NT_PEN_POINTS];
    uint32_t counts[NT_PEN_STROKES];
};

struct batch {
    uint8_t *images, *raster; /* raster: scratch for each worker */
    struct desk *desks;       /* one for each worker */
    size_t raster_bytes;
    uint64_t first, seed;
    uint32_t label, count;
    double noise;
};

const char *nt_sketch_class_name(uint32_t label) {
    assert(label < NT_SKETCH_CLASSES);
    return CLASSES[label].name;
}

uint32_t nt_sketch_class_find(const char *name) {
    uint32_t label = 0;
    while (label < NT_SKETCH_CLASSES && strcmp(CLASSES[label].name, name) != 0) {
        label++;
    }
    return label;
}

/* SplitMix64's finaliser (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014): neighbouring
 * samples must not have neighbouring sequences. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Returns the strokes, which lie on the desk. */
static uint32_t draw_strokes(struct desk *desk, uint32_t label, uint64_t number, uint64_t seed, double noise) {
    uint64_t key = mix(mix(seed + UINT64_C(0x9e3779b97f4a7c15)) + label);
    nt_pen_start(&desk->pen, mix(key + number), key);
    if (nt_chance(&desk->pen, noise)) {
        label = (label + 1 + nt_pick(&desk->pen, NT_SKETCH_CLASSES - 1)) % NT_SKETCH_CLASSES;
    }
    CLASSES[label].draw(&desk->pen);
    return nt_pen_finish(desk->points, desk->counts, &desk->pen);
}

static void draw_one(struct batch *batch, uint32_t i, unsigned worker) {
    struct desk *desk = &batch->desks[worker];
    uint32_t strokes = draw_strokes(desk, batch->label, batch->first + i, batch->seed, batch->noise);
    enum nt_status status = nt_raster(batch->images + (size_t)i * NT_RASTER_PIXELS, desk->points, desk->counts, strokes,
                                      batch->raster + worker * batch->raster_bytes);
    assert(status == NT_OK); /* fitted points are within 0 to 255 */
    (void)status;
}

static void draw_chunk(void *context, size_t item, unsigned worker) {
    struct batch *batch = context;
    for (uint32_t i = (uint32_t)item * CHUNK; i < batch->count && i < (uint32_t)(item + 1) * CHUNK; i++) {
        draw_one(batch, i, worker);
    }
}

enum nt_status nt_sketch_draw(uint8_t *images, uint32_t label, uint64_t first, uint32_t count, uint64_t seed,
                              double noise, unsigned workers, const struct nt_allocator *allocator) {
    enum { MOST_WORKERS = 64 };
    if (label >= NT_SKETCH_CLASSES || !(noise >= 0 && noise <= 1) || first > UINT64_MAX - count) {
        return NT_E_ARG;
    }
    workers = workers == 0 ? nt_parallel_processors() : workers;
    workers = workers < MOST_WORKERS ? workers : MOST_WORKERS;
    struct batch batch = {
        .images = images, .first = first, .seed = seed, .label = label, .count = count, .noise = noise};
    batch.raster_bytes = (nt_raster_bytes() + 63) & ~(size_t)63;
    batch.raster = nt_allocate(allocator, workers, batch.raster_bytes);
    batch.desks = nt_allocate(allocator, workers, sizeof *batch.desks);
    enum nt_status status = batch.raster != NULL && batch.desks != NULL ? NT_OK : NT_E_MEMORY;
    if (status == NT_OK) {
        nt_parallel_for(((size_t)count + CHUNK - 1) / CHUNK, workers, draw_chunk, &batch);
    }
    nt_release(allocator, batch.raster);
    nt_release(allocator, batch.desks);
    return status;
}

enum nt_status nt_sketch_strokes(float *points, uint32_t *counts, uint32_t *strokes, uint32_t label, uint64_t number,
                                 uint64_t seed, double noise, const struct nt_allocator *allocator) {
    if (label >= NT_SKETCH_CLASSES || !(noise >= 0 && noise <= 1)) {
        return NT_E_ARG;
    }
    struct desk *desk = nt_allocate(allocator, 1, sizeof *desk);
    if (desk == NULL) {
        return NT_E_MEMORY;
    }
    size_t total = 0;
    *strokes = draw_strokes(desk, label, number, seed, noise);
    for (uint32_t s = 0; s < *strokes; s++) {
        total += desk->counts[s];
    }
    memcpy(points, desk->points, 2 * total * sizeof *points);
    memcpy(counts, desk->counts, *strokes * sizeof *counts);
    nt_release(allocator, desk);
    return NT_OK;
}
