#include "ntrace/permutation.h"

enum { WORDS = 624, MIDDLE = 397 };

struct twister {
    uint32_t word[WORDS];
    uint32_t at;
};

static void seed_twister(struct twister *t, uint32_t seed) {
    t->word[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++) {
        t->word[i] = 1812433253u * (t->word[i - 1] ^ t->word[i - 1] >> 30) + i;
    }
    t->at = WORDS;
}

static void twist(struct twister *t) {
    for (uint32_t i = 0; i < WORDS; i++) {
        uint32_t joined = (t->word[i] & 0x80000000u) | (t->word[(i + 1) % WORDS] & 0x7fffffffu);
        t->word[i] = t->word[(i + MIDDLE) % WORDS] ^ joined >> 1 ^ (joined & 1u ? 0x9908b0dfu : 0);
    }
    t->at = 0;
}

static uint32_t draw(struct twister *t) {
    if (t->at == WORDS) {
        twist(t);
    }
    uint32_t y = t->word[t->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

enum nt_status nt_permutation_torch(uint32_t *permutation, uint32_t count, uint64_t seed) {
    struct twister twister;
    if (count > NT_PERMUTATION_MAX_COUNT) {
        return NT_E_ARG;
    }
    seed_twister(&twister, (uint32_t)seed);
    for (uint32_t i = 0; i < count; i++) {
        permutation[i] = i;
    }
    for (uint32_t i = 0; i + 1 < count; i++) {
        uint32_t j = i + draw(&twister) % (count - i), kept = permutation[i];
        permutation[i] = permutation[j];
        permutation[j] = kept;
    }
    return NT_OK;
}
