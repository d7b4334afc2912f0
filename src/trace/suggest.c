#include "trace/suggest.h"

#include <string.h>

#include "ntrace/knn.h"
#include "ntrace/measures.h"

enum { BLOCK = 512, COUNT_LIMIT = 1000 };

/* Most that can be suggested. */
static uint64_t capacity_of(const nt_suggest *s) {
    uint64_t lists = 2 * (uint64_t)(s->layers - 1) + s->layers + 8, typical = (uint64_t)s->count * s->data.classes;
    return lists * s->count + (typical < s->data.samples ? typical : s->data.samples);
}

static bool allocate(nt_suggest *s) {
    const struct nt_allocator *al = s->allocator;
    size_t n = s->data.samples, room = (4 * (size_t)s->k > 2 * n ? 4 * (size_t)s->k : 2 * n) + n + s->data.classes;
    s->layer = nt_allocate(al, s->layers, sizeof *s->layer);
    s->first = nt_allocate_zeroed(al, n, sizeof *s->first);
    s->before = nt_allocate_zeroed(al, n, sizeof *s->before);
    s->now = nt_allocate_zeroed(al, n, sizeof *s->now);
    s->kept_first = nt_allocate_zeroed(al, n, sizeof *s->kept_first);
    s->median = nt_allocate(al, s->data.classes, sizeof *s->median);
    s->scratch = nt_allocate(al, room, sizeof *s->scratch);
    s->best = nt_allocate(al, s->count, sizeof *s->best);
    s->found = nt_allocate(al, s->capacity, sizeof *s->found);
    s->sorted = nt_allocate(al, s->capacity, sizeof *s->sorted);
    return s->layer && s->first && s->before && s->now && s->kept_first && s->median && s->scratch && s->best &&
           s->found && s->sorted;
}

static enum nt_status check(const struct nt_suggest_data *data, const uint32_t *layer, uint32_t layers, uint32_t k,
                            uint32_t count, struct nt_error *error) {
    if (k < 1 || k >= data->samples || k > UINT16_MAX) {
        return nt_error_set(error, NT_E_ARG, "k = %u: expected 1 to %u", k, data->samples - 1);
    }
    if (count < 1 || count > COUNT_LIMIT) {
        return nt_error_set(error, NT_E_ARG, "%u suggestions of each kind: expected 1 to %d", count, COUNT_LIMIT);
    }
    bool ascending = layers >= 2;
    for (uint32_t l = 1; l < layers; l++) {
        ascending = ascending && layer[l] > layer[l - 1];
    }
    if (!ascending) {
        return nt_error_set(error, NT_E_ARG, "suggestions need at least two layers, ascending");
    }
    for (uint32_t i = 0; i < data->samples; i++) {
        if (data->label[i] >= data->classes || data->prediction[i] >= data->classes) {
            return nt_error_set(error, NT_E_ARG, "sample %u: label or prediction is not below %u", i, data->classes);
        }
    }
    return NT_OK;
}

enum nt_status nt_suggest_create(nt_suggest **suggest, const struct nt_suggest_data *data, const uint32_t *layer,
                                 uint32_t layers, uint32_t k, uint32_t count, const struct nt_allocator *allocator,
                                 struct nt_error *error) {
    *suggest = NULL;
    NT_TRY(check(data, layer, layers, k, count, error));
    nt_suggest *s = nt_allocate_zeroed(allocator, 1, sizeof *s);
    if (s == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for suggestions");
    }
    *s = (nt_suggest){.allocator = allocator, .data = *data, .layers = layers, .k = k, .count = count};
    uint64_t capacity = capacity_of(s);
    s->capacity = (uint32_t)capacity;
    if (s->capacity != capacity || !allocate(s)) {
        nt_suggest_free(s);
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for suggestions");
    }
    memcpy(s->layer, layer, layers * sizeof *layer);
    *suggest = s;
    return NT_OK;
}

void nt_suggest_free(nt_suggest *s) {
    if (s == NULL) {
        return;
    }
    void *const held[] = {s->layer,  s->first,   s->before, s->now,   s->kept_first,
                          s->median, s->scratch, s->best,   s->found, s->sorted};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        nt_release(s->allocator, held[i]);
    }
    nt_release(s->allocator, s);
}

/* The most frequent label of near [k] but `without`, of equals the one whose nearest member is nearer; *times is 0
 * where there is none. */
static uint16_t most_frequent(uint16_t *times, const nt_suggest *s, const uint32_t *near, const uint32_t *frequency,
                              uint32_t without) {
    uint16_t best = 0;
    *times = 0;
    for (uint32_t d = 0; d < s->k; d++) {
        uint16_t label = s->data.label[near[d]];
        if (label != without && frequency[label] > *times) {
            best = label;
            *times = (uint16_t)frequency[label];
        }
    }
    return best;
}

/* Labels, distance and occurrences of one sample's neighbourhood. */
static void look_at(nt_suggest *s, const nt_graph *graph, uint32_t sample) {
    struct nt_hood *hood = &s->now[sample];
    uint32_t k = s->k, *near = s->scratch, *frequency = near + 2 * (size_t)k;
    float *distance = (float *)(near + k);
    uint16_t own = s->data.label[sample];
    double sum = 0;
    nt_graph_get(near, distance, graph, sample, k);
    memset(frequency, 0, s->data.classes * sizeof *frequency);
    for (uint32_t d = 0; d < k; d++) {
        uint16_t label = s->data.label[near[d]];
        frequency[label]++;
        s->now[near[d]].occurrence++;
        s->now[near[d]].occurrence_own += label == own;
        sum += label == own ? (double)distance[d] : 0;
    }
    hood->own = (uint16_t)frequency[own];
    hood->distance = hood->own > 0 ? (float)(sum / hood->own) : distance[k - 1];
    hood->majority = most_frequent(&hood->times, s, near, frequency, UINT32_MAX);
    hood->second = most_frequent(&hood->second_times, s, near, frequency, hood->majority);
}

/* What a block of samples kept of its neighbours at two layers. */
static enum nt_status count_kept(nt_suggest *s, const nt_graph *first, const nt_graph *previous, const nt_graph *graph,
                                 uint32_t from, uint32_t rows) {
    uint32_t sample[BLOCK];
    float kept[BLOCK], kept_first[BLOCK];
    for (uint32_t i = 0; i < rows; i++) {
        sample[i] = from + i;
    }
    NT_TRY(nt_measure_agreement(&(struct nt_agreement){.overlap = kept}, previous, graph, sample, rows, s->k, 0.5,
                                s->scratch));
    NT_TRY(nt_measure_agreement(&(struct nt_agreement){.overlap = kept_first}, first, graph, sample, rows, s->k, 0.5,
                                s->scratch));
    for (uint32_t i = 0; i < rows; i++) {
        s->now[from + i].kept = (uint16_t)kept[i];
        s->now[from + i].kept_first = (uint16_t)kept_first[i];
        s->kept_first[from + i] += s->now[from + i].kept_first;
    }
    return NT_OK;
}

/* Median distance to the own class's neighbours, of the samples of each class that have any. */
static void find_medians(nt_suggest *s) {
    uint32_t n = s->data.samples, *key = s->scratch, *order = key + n, *work = order + n, *left = work + n;
    memset(left, 0, s->data.classes * sizeof *left);
    for (uint32_t i = 0; i < n; i++) {
        key[i] = nt_knn_key(s->now[i].distance);
        left[s->data.label[i]] += s->now[i].own > 0;
    }
    for (uint32_t c = 0; c < s->data.classes; c++) {
        s->median[c] = 0;
        left[c] = (left[c] + 1) / 2; /* up to the middle one, that included */
    }
    nt_knn_order(order, key, n, work);
    for (uint32_t r = 0; r < n; r++) {
        uint32_t c = s->data.label[order[r]];
        if (s->now[order[r]].own > 0 && left[c] > 0 && --left[c] == 0) {
            s->median[c] = s->now[order[r]].distance;
        }
    }
}

static void sort_by_reason(nt_suggest *s) {
    uint32_t at = 0;
    for (uint32_t reason = 0; reason < NT_REASON_COUNT; reason++) {
        for (uint32_t i = 0; i < s->found_count; i++) {
            if (s->found[i].reason == reason) {
                s->sorted[at++] = s->found[i];
            }
        }
    }
}

static void end_layer(nt_suggest *s) {
    size_t bytes = s->data.samples * sizeof *s->now;
    find_medians(s);
    if (s->at == 0) {
        memcpy(s->first, s->now, bytes);
    }
    nt_suggest_rank(s);
    struct nt_hood *before = s->before;
    s->before = s->now;
    s->now = before;
    memset(s->now, 0, bytes);
    s->done = 0;
    if (++s->at == s->layers) {
        sort_by_reason(s);
    }
}

static bool fits(const nt_suggest *s, const nt_graph *graph) {
    return graph != NULL && nt_graph_samples(graph) == s->data.samples && nt_graph_k(graph) >= s->k;
}

enum nt_status nt_suggest_step(uint32_t *done, nt_suggest *s, const nt_graph *first, const nt_graph *previous,
                               const nt_graph *graph, uint32_t rows, struct nt_error *error) {
    uint32_t n = s->data.samples;
    *done = s->done;
    if (s->at == s->layers || !fits(s, graph) || (s->at > 0 && !(fits(s, first) && fits(s, previous)))) {
        return nt_error_set(error, NT_E_ARG, "suggestions need graphs of %u samples and at least %u neighbours", n,
                            s->k);
    }
    while (rows > 0 && s->done < n) {
        uint32_t count = n - s->done < BLOCK ? n - s->done : BLOCK;
        count = count < rows ? count : rows;
        for (uint32_t i = 0; i < count; i++) {
            look_at(s, graph, s->done + i);
        }
        if (s->at > 0) {
            NT_TRY(count_kept(s, first, previous, graph, s->done, count));
        }
        s->done += count;
        rows -= count;
    }
    *done = s->done;
    if (s->done == n) {
        end_layer(s);
    }
    return NT_OK;
}

const struct nt_suggestion *nt_suggest_result(const nt_suggest *s, uint32_t *count) {
    bool complete = s->at == s->layers;
    *count = complete ? s->found_count : 0;
    return complete ? s->sorted : NULL;
}
