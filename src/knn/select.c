#include <assert.h>
#include <string.h>

#include "ntrace/knn.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* One stable counting pass over 11 bits. */
static void pass(uint32_t *out, const uint32_t *in, const uint32_t *key, uint32_t n, unsigned shift) {
    uint32_t start[DIGITS] = {0}, sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        start[(key[in[i]] >> shift) & (DIGITS - 1)]++;
    }
    for (uint32_t d = 0; d < DIGITS; d++) {
        uint32_t count = start[d];
        start[d] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++) {
        out[start[(key[in[i]] >> shift) & (DIGITS - 1)]++] = in[i];
    }
}

/* Sorts `order`, which holds sample numbers in ascending order, by key; stable, so that ties stay ascending. */
static void sort(uint32_t *order, const uint32_t *key, uint32_t n, uint32_t *scratch) {
    uint32_t any = 0;
    for (uint32_t i = 0; i < n; i++) {
        any |= key[order[i]];
    }
    for (unsigned shift = 0; shift < 32 && any >> shift != 0; shift += DIGIT_BITS) {
        pass(scratch, order, key, n, shift);
        memcpy(order, scratch, n * sizeof *order);
    }
}

void nt_knn_order(uint32_t *order, const uint32_t *key, uint32_t n, uint32_t *scratch) {
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    sort(order, key, n, scratch);
}

/* The key that the m-th smallest does not exceed, from two histograms: first of the high bits, then of the low ones in
 * that bucket. Exact to 2^10 of the key's range, so that few more than m pass. */
static uint32_t threshold(const uint32_t *key, uint32_t n, uint32_t m) {
    uint32_t low = UINT32_MAX, high = 0;
    for (uint32_t i = 0; i < n; i++) {
        low = key[i] < low ? key[i] : low;
        high = key[i] > high ? key[i] : high;
    }
    for (;;) {
        uint32_t count[DIGITS] = {0}, seen = 0, bucket = 0;
        unsigned shift = 0;
        while ((high - low) >> shift >= DIGITS) {
            shift++;
        }
        for (uint32_t i = 0; i < n; i++) {
            if (key[i] >= low && key[i] <= high) {
                count[(key[i] - low) >> shift]++;
            }
        }
        while (seen + count[bucket] < m) {
            seen += count[bucket++];
        }
        uint32_t last = low + (bucket << shift) + ((1u << shift) - 1);
        if (shift == 0 || count[bucket] <= m / 8 + 16) {
            return last;
        }
        m -= seen;
        low += bucket << shift;
        high = last < high ? last : high;
    }
}

void nt_knn_select(uint32_t *index, const uint32_t *key, uint32_t n, uint32_t m, uint32_t self, uint32_t *scratch) {
    assert(m >= 1 && m < n);
    uint32_t limit = threshold(key, n, m + 1), count = 0; /* one more, for self may be among them */
    for (uint32_t i = 0; i < n; i++) {
        scratch[count] = i;
        count += key[i] <= limit && i != self;
    }
    sort(scratch, key, count, scratch + n);
    memcpy(index, scratch, m * sizeof *index);
}
