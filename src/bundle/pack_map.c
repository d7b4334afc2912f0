/* One layer's map: UMAP from the map of the layer before, and how true it is to each sample's neighbourhood. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bundle/pack.h"
#include "bundle/planes.h"
#include "core/parallel.h"
#include "ntrace/measures.h"
#include "ntrace/project.h"
#include "trace/map_trust.h"

/* Of more samples than these, ranks are counted among some: see trace/map_trust.h. */
enum { MOST_JUDGED = 20000, LANDMARKS = 2048 };

static enum nt_status no_memory(const struct nt_packer *p) {
    return nt_error_set(p->error, NT_E_MEMORY, "not enough memory for a map of %u samples", p->samples);
}

/* ---- Where the points are. ---- */

static enum nt_status run(nt_umap *umap, const struct nt_packer *p, uint32_t epochs, uint32_t layer) {
    for (uint32_t epoch = 0; epoch < epochs;) {
        NT_TRY(nt_umap_step(&epoch, umap, p->error));
        NT_TRY(nt_pack_progress(p, layer, NT_PACK_MAPPING, 0.7 * nt_umap_done(umap)));
    }
    return NT_OK;
}

/* Puts the layer's map in the place of the one before. */
static enum nt_status lay_out(struct nt_packer *p, uint32_t layer) {
    struct nt_bundle_map *map = &p->manifest.layer[layer].map;
    struct nt_umap_options options;
    nt_umap *umap;
    nt_umap_defaults(&options, p->samples, p->mapped ? NT_UMAP_MAP : NT_UMAP_SPECTRAL);
    options.neighbors = options.neighbors <= p->k + 1 ? options.neighbors : p->k + 1;
    NT_TRY(nt_umap_create(&umap, p->graph, &options, p->mapped ? p->map : NULL, p->allocator, p->error));
    enum nt_status status = run(umap, p, options.epochs, layer);
    size_t numbers = 2 * (size_t)p->samples;
    float *points = status == NT_OK ? nt_allocate(p->allocator, numbers, sizeof *points) : NULL;
    if (points != NULL) {
        memcpy(points, nt_umap_map(umap), numbers * sizeof *points);
        map->moved = p->mapped ? nt_map_align(points, p->map, p->samples) : -1;
        map->neighbors = options.neighbors;
        map->epochs = options.epochs;
        memcpy(p->map, points, numbers * sizeof *points);
        p->mapped = true;
    }
    nt_umap_free(umap);
    nt_release(p->allocator, points);
    return status == NT_OK && points == NULL ? no_memory(p) : status;
}

/* ---- How far they can be trusted. ---- */

struct trust {
    const struct nt_packer *packer;
    const struct nt_codes *codes;
    uint32_t k;
    float *trustworthiness, *continuity; /* [N] */
    uint32_t *room;                      /* [workers, 5 N] */
};

static void judge(void *context, size_t item, unsigned worker) {
    const struct trust *t = context;
    const struct nt_packer *p = t->packer;
    uint32_t n = p->samples, *key = t->room + (size_t)worker * 5 * n;
    nt_codes_scan(key, t->codes, (uint32_t)item);
    (void)nt_measure_map(t->trustworthiness + item, t->continuity + item, key, p->graph, p->map, (uint32_t)item, n,
                         t->k, key + n);
}

/* trust [2, N] trustworthiness, continuity */
static enum nt_status judge_all(float *trust, struct nt_packer *p, const struct nt_codes *codes, uint32_t layer) {
    struct nt_bundle_map *map = &p->manifest.layer[layer].map;
    uint32_t n = p->samples, most = (n - 1) / 2;
    struct trust t = {p, codes, p->k < most ? p->k : most, trust, trust + n, NULL};
    map->k = t.k;
    if (n > MOST_JUDGED) {
        const struct nt_map_trust of = {p->map, p->graph, codes, t.k, LANDMARKS};
        return nt_map_trust(trust, trust + n, &of, p->workers, p->allocator) == NT_OK ? NT_OK : no_memory(p);
    }
    t.room = nt_allocate(p->allocator, p->workers, 5 * (size_t)n * sizeof *t.room);
    if (t.room == NULL) {
        return no_memory(p);
    }
    nt_parallel_for(n, p->workers, judge, &t);
    nt_release(p->allocator, t.room);
    return NT_OK;
}

/* ---- The chunk. ---- */

/* One step for both axes, so that the map keeps its shape. */
static void find_range(struct nt_bundle_map *map, const float *point, uint32_t n) {
    double low[2] = {(double)point[0], (double)point[1]}, high[2] = {low[0], low[1]};
    for (size_t i = 0; i < 2 * (size_t)n; i++) {
        double x = (double)point[i];
        low[i % 2] = x < low[i % 2] ? x : low[i % 2];
        high[i % 2] = x > high[i % 2] ? x : high[i % 2];
    }
    double width = high[0] - low[0], height = high[1] - low[1], extent = width > height ? width : height;
    map->left = low[0];
    map->bottom = low[1];
    map->step = extent > 0 ? extent / UINT16_MAX : 1;
}

static enum nt_status write_map(struct nt_packer *p, const float *trust, uint32_t layer) {
    const struct nt_bundle_map *map = &p->manifest.layer[layer].map;
    size_t n = p->samples;
    uint8_t *raw = nt_allocate(p->allocator, n, NT_MAP_PLANES);
    if (raw == NULL) {
        return no_memory(p);
    }
    for (size_t i = 0; i < n; i++) {
        double x = ((double)p->map[2 * i] - map->left) / map->step;
        double y = ((double)p->map[2 * i + 1] - map->bottom) / map->step;
        nt_planes_put(raw, n, i, 2, (uint32_t)(x + 0.5));
        nt_planes_put(raw + 2 * n, n, i, 2, (uint32_t)(y + 0.5));
        raw[4 * n + i] = (uint8_t)(255 * trust[i] + 0.5f);
        raw[5 * n + i] = (uint8_t)(255 * trust[n + i] + 0.5f);
    }
    struct nt_bundle_chunk what = {.role = NT_ROLE_MAP,
                                   .layer = layer,
                                   .rows = p->samples,
                                   .columns = NT_MAP_PLANES,
                                   .raw_bytes = NT_MAP_PLANES * p->samples};
    enum nt_status status = nt_pack_chunk(p, &what, raw, n);
    nt_release(p->allocator, raw);
    return status;
}

enum nt_status nt_pack_map(struct nt_packer *p, const struct nt_codes *codes, uint32_t layer) {
    NT_TRY(lay_out(p, layer));
    float *trust = nt_allocate(p->allocator, p->samples, 2 * sizeof *trust);
    enum nt_status status = trust != NULL ? judge_all(trust, p, codes, layer) : no_memory(p);
    if (status == NT_OK) {
        struct nt_bundle_map *map = &p->manifest.layer[layer].map;
        map->trustworthiness = nt_measure_mean(trust, p->samples);
        map->continuity = nt_measure_mean(trust + p->samples, p->samples);
        find_range(map, p->map, p->samples);
        status = write_map(p, trust, layer);
    }
    nt_release(p->allocator, trust);
    return status;
}
