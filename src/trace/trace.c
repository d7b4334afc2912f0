#include "ntrace/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const float TURN = 6.28318530717958647692f;

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

uint32_t nt_trace_overlap(const uint32_t *a, const uint32_t *b, uint32_t k, uint32_t *scratch) {
    uint32_t *x = scratch, *y = scratch + k, common = 0;
    memcpy(x, a, k * sizeof *x);
    memcpy(y, b, k * sizeof *y);
    qsort(x, k, sizeof *x, ascending);
    qsort(y, k, sizeof *y, ascending);
    for (uint32_t i = 0, j = 0; i < k && j < k;) {
        common += x[i] == y[j];
        uint32_t low = x[i] < y[j] ? x[i] : y[j];
        i += x[i] == low;
        j += y[j] == low;
    }
    return common;
}

/* A well-mixed hash of a sample's number (the finaliser of MurmurHash3, Appleby 2011): its place in its sector. */
static uint32_t place_of(uint32_t sample) {
    uint32_t h = sample + 0x9e3779b9u;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
}

static int by_sample(const void *a, const void *b) {
    return ascending(&((const struct nt_trace_point *)a)->sample, &((const struct nt_trace_point *)b)->sample);
}

static int by_place(const void *a, const void *b) {
    const struct nt_trace_point *x = a, *y = b;
    if (x->label != y->label) {
        return x->label < y->label ? -1 : 1;
    }
    uint32_t p = place_of(x->sample), q = place_of(y->sample);
    return p != q ? (p < q ? -1 : 1) : by_sample(a, b);
}

/* Distance min-max normalised over the layer's k nearest to [0.5, 1.5]. */
static float radius_of(float distance, const struct nt_trace_side *side, uint32_t k) {
    float nearest = side->distance[0], farthest = side->distance[k - 1];
    return farthest > nearest ? 0.5f + (distance - nearest) / (farthest - nearest) : 0.5f;
}

static void gather(struct nt_trace *trace, const struct nt_trace_side side[2], const uint16_t *labels, uint32_t k) {
    struct nt_trace_point *points = trace->points;
    for (uint32_t s = 0; s < 2; s++) {
        for (uint32_t r = 0; r < k; r++) {
            struct nt_trace_point *p = &points[s * k + r];
            *p = (struct nt_trace_point){.sample = side[s].index[r], .label = labels[side[s].index[r]]};
            p->member = s == 0 ? NT_TRACE_IN_FROM : NT_TRACE_IN_TO;
            p->rank[s] = r;
            p->distance[s] = side[s].distance[r];
            p->rank[1 - s] = side[s].other_rank[r];
            p->distance[1 - s] = side[s].other_distance[r];
        }
    }
    qsort(points, 2 * (size_t)k, sizeof *points, by_sample);
    uint32_t count = 0;
    for (uint32_t i = 0; i < 2 * k; i++) {
        if (count > 0 && points[count - 1].sample == points[i].sample) {
            struct nt_trace_point *kept = &points[count - 1];
            uint32_t s = points[i].member == NT_TRACE_IN_TO;
            kept->member |= points[i].member;
            kept->rank[s] = points[i].rank[s];
            kept->distance[s] = points[i].distance[s];
            trace->overlap++;
        } else {
            points[count++] = points[i];
        }
    }
    trace->points_count = count;
}

static void measure(struct nt_trace *trace, const struct nt_trace_side side[2], uint32_t k) {
    for (uint32_t i = 0; i < trace->points_count; i++) {
        struct nt_trace_point *p = &trace->points[i];
        p->radius[0] = radius_of(p->distance[0], &side[0], k);
        p->radius[1] = radius_of(p->distance[1], &side[1], k);
        p->change = p->radius[1] - p->radius[0];
        trace->closer += p->change < 0;
        trace->farther += p->change > 0;
    }
    qsort(trace->points, trace->points_count, sizeof *trace->points, by_place);
}

/* Splits the sorted points into sectors and spreads each sector's points evenly over it. */
static void split(struct nt_trace *trace) {
    float total = 0;
    for (uint32_t i = 0; i < trace->points_count; i++) {
        const struct nt_trace_point *p = &trace->points[i];
        if (i == 0 || p->label != trace->points[i - 1].label) {
            trace->sectors[trace->sectors_count++] = (struct nt_trace_sector){.label = p->label};
        }
        struct nt_trace_sector *sector = &trace->sectors[trace->sectors_count - 1];
        sector->count[0] += (p->member & NT_TRACE_IN_FROM) != 0;
        sector->count[1] += (p->member & NT_TRACE_IN_TO) != 0;
    }
    for (uint32_t s = 0; s < trace->sectors_count; s++) {
        total += trace->sectors[s].count[1] > 0 ? (float)trace->sectors[s].count[1] : 0.5f;
    }
    float start = 0;
    struct nt_trace_point *p = trace->points;
    const struct nt_trace_point *end = trace->points + trace->points_count;
    for (uint32_t s = 0; s < trace->sectors_count; s++) {
        struct nt_trace_sector *sector = &trace->sectors[s];
        float share = sector->count[1] > 0 ? (float)sector->count[1] : 0.5f;
        sector->start = start;
        sector->end = s + 1 == trace->sectors_count ? TURN : start + TURN * share / total;
        start = sector->end;
        uint32_t members = 0;
        while (p + members < end && p[members].label == sector->label) {
            members++;
        }
        for (uint32_t i = 0; i < members; i++, p++) {
            p->angle = sector->start + (sector->end - sector->start) * ((float)i + 0.5f) / (float)members;
        }
    }
}

enum nt_status nt_trace_layout(struct nt_trace *trace, const struct nt_trace_side side[2], const uint16_t *labels,
                               uint32_t sample, uint32_t from, uint32_t to, uint32_t k,
                               const struct nt_allocator *allocator) {
    assert(k > 0);
    *trace = (struct nt_trace){.sample = sample, .from = from, .to = to, .k = k};
    trace->points = nt_allocate(allocator, 2 * (size_t)k, sizeof *trace->points);
    trace->sectors = nt_allocate(allocator, 2 * (size_t)k, sizeof *trace->sectors);
    if (trace->points == NULL || trace->sectors == NULL) {
        nt_trace_clear(trace, allocator);
        return NT_E_MEMORY;
    }
    gather(trace, side, labels, k);
    measure(trace, side, k);
    split(trace);
    return NT_OK;
}

void nt_trace_clear(struct nt_trace *trace, const struct nt_allocator *allocator) {
    nt_release(allocator, trace->points);
    nt_release(allocator, trace->sectors);
    *trace = (struct nt_trace){0};
}
