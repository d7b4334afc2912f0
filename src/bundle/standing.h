/* Where true neighbours stand among all samples by other keys than exact distances. */
#ifndef NTRACE_BUNDLE_STANDING_H
#define NTRACE_BUNDLE_STANDING_H

#include <stddef.h>
#include <stdint.h>

struct nt_standing {
    uint32_t count;
    uint64_t *pair;   /* [count] key and number of the true neighbours, once started ascending */
    uint32_t *before; /* [count + 1] how many samples come before each, but not before the one before it */
};

static inline uint64_t nt_standing_pair(uint32_t key, uint32_t sample) { return (uint64_t)key << 32 | sample; }

/* From pairs in any order. */
void nt_standing_start(struct nt_standing *s);

/* Counts samples from .. from + count by their keys; the query itself is left out. */
void nt_standing_count(struct nt_standing *s, const uint32_t *key, uint32_t from, uint32_t count, uint32_t self);

/* place out [count] of each true neighbour, ascending: those before it, without itself and the true ones among them
 * counted twice. */
void nt_standing_end(uint32_t *place, const struct nt_standing *s);

/* The place within which the wanted share of `count` ascending places is, as a number of samples; at least `least`. */
uint32_t nt_standing_within(const uint32_t *place, size_t count, double share, uint32_t least);

#endif
