#include "bundle/columns.h"

#include <math.h>
#include <string.h>

enum { WAYS = 6, MOST = 8 };

/* So many numbers of such a base fit into a byte. */
static const struct way {
    uint8_t join;
    uint16_t base;
} ways[WAYS] = {{1, 256}, {2, 16}, {3, 6}, {4, 4}, {5, 3}, {8, 2}};

static const struct way *way_of(uint8_t join) {
    for (int w = 0; w < WAYS; w++) {
        if (ways[w].join == join) {
            return &ways[w];
        }
    }
    return NULL;
}

size_t nt_column_bytes(struct nt_column how, size_t rows) {
    return way_of(how.join) == NULL ? 0 : (rows + how.join - 1) / how.join;
}

static uint8_t joined_at(const uint8_t *column, size_t at, size_t rows, struct nt_column how, unsigned base) {
    unsigned byte = 0;
    for (size_t end = at + how.join < rows ? at + how.join : rows; end > at; end--) {
        byte = byte * base + (uint8_t)(column[end - 1] - how.low);
    }
    return (uint8_t)byte;
}

void nt_column_join(uint8_t *joined, const uint8_t *column, size_t rows, struct nt_column how) {
    const struct way *way = way_of(how.join);
    for (size_t at = 0; at < rows; at += how.join) {
        *joined++ = joined_at(column, at, rows, how, way->base);
    }
}

bool nt_column_split(uint8_t *column, const uint8_t *joined, size_t rows, struct nt_column how) {
    const struct way *way = way_of(how.join);
    if (way->join == 1 && how.low == 0) {
        memcpy(column, joined, rows);
        return true;
    }
    uint8_t numbers[256][MOST] = {{0}};
    unsigned count = 1;
    for (unsigned j = 0; j < way->join; j++) {
        count *= way->base;
    }
    for (unsigned byte = 0; byte < count; byte++) {
        for (unsigned j = 0, left = byte; j < way->join; j++, left /= way->base) {
            numbers[byte][j] = (uint8_t)(how.low + left % way->base);
        }
    }
    size_t at = 0;
    for (; at + way->join <= rows; at += way->join, joined++) {
        if (*joined >= count) {
            return false;
        }
        memcpy(column + at, numbers[*joined], way->join);
    }
    if (at < rows) {
        if (*joined >= count) {
            return false;
        }
        memcpy(column + at, numbers[*joined], rows - at);
    }
    return true;
}

/* About what a Huffman code of these bytes takes, its table included, in parts of a bit: whole numbers, so that native
 * code and WebAssembly choose alike. */
static uint64_t cost_of(const size_t *count, size_t bytes) {
    enum { BIT = 4096, TABLE = 5 * BIT };
    uint64_t cost = 0;
    for (int v = 0; v < 256; v++) {
        if (count[v] > 0) {
            uint64_t own = (uint64_t)(BIT * log2((double)bytes / (double)count[v]) + 0.5);
            cost += TABLE + count[v] * (own > BIT ? own : BIT);
        }
    }
    return cost;
}

struct nt_column nt_column_plan(const uint8_t *column, size_t rows) {
    int low = 127, high = -128;
    for (size_t i = 0; i < rows; i++) {
        int v = (int8_t)column[i];
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    struct nt_column best = {1, 0};
    uint64_t least = UINT64_MAX;
    for (int w = 0; w < WAYS; w++) {
        struct nt_column how = {ways[w].join, w == 0 ? 0 : (uint8_t)low};
        if (high - low >= ways[w].base) {
            continue;
        }
        size_t count[256] = {0};
        for (size_t at = 0; at < rows; at += how.join) {
            count[joined_at(column, at, rows, how, ways[w].base)]++;
        }
        uint64_t cost = cost_of(count, nt_column_bytes(how, rows));
        if (cost < least) {
            least = cost;
            best = how;
        }
    }
    return best;
}
