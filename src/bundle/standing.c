#include "bundle/standing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_pair(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void nt_standing_start(struct nt_standing *s) {
    qsort(s->pair, s->count, sizeof *s->pair, by_pair);
    memset(s->before, 0, (s->count + 1) * sizeof *s->before);
}

static void count_sample(struct nt_standing *s, uint64_t pair) {
    uint32_t low = 0, high = s->count; /* the first true neighbour that does not come before it */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        low = s->pair[middle] < pair ? middle + 1 : low;
        high = s->pair[middle] < pair ? high : middle;
    }
    s->before[low]++;
}

void nt_standing_count(struct nt_standing *s, const uint32_t *key, uint32_t from, uint32_t count, uint32_t self) {
    uint32_t last = (uint32_t)(s->pair[s->count - 1] >> 32);
    for (uint32_t i = 0; i < count; i++) {
        if (key[i] <= last && from + i != self) {
            count_sample(s, nt_standing_pair(key[i], from + i));
        }
    }
}

void nt_standing_end(uint32_t *place, const struct nt_standing *s) {
    uint32_t before = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        before += s->before[i];                 /* the true neighbour is counted in its own */
        place[i] = before > 0 ? before - 1 : 0; /* none where its key was rounded otherwise */
    }
}

uint32_t nt_standing_within(const uint32_t *place, size_t count, double share, uint32_t least) {
    uint32_t within = place[(size_t)ceil(share * (double)count) - 1] + 1;
    return within < least ? least : within;
}
