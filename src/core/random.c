#include "ntrace/random.h"

#include <math.h>

void nt_random_seed(struct nt_random *random, uint64_t seed, uint64_t stream) {
    random->state = 0;
    random->stream = (stream << 1) | 1u;
    (void)nt_random_u32(random);
    random->state += seed;
    (void)nt_random_u32(random);
}

uint32_t nt_random_u32(struct nt_random *random) {
    uint64_t old = random->state;
    random->state = old * 6364136223846793005u + random->stream;
    uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t turn = (uint32_t)(old >> 59);
    return (shifted >> turn) | (shifted << ((32u - turn) & 31u));
}

uint32_t nt_random_below(struct nt_random *random, uint32_t bound) {
    uint32_t reject_below = (0u - bound) % bound;
    for (;;) {
        uint32_t value = nt_random_u32(random);
        if (value >= reject_below) {
            return value % bound;
        }
    }
}

float nt_random_uniform(struct nt_random *random) { return (float)(nt_random_u32(random) >> 8) * 0x1p-24f; }

float nt_random_between(struct nt_random *random, float low, float high) {
    return low + (high - low) * nt_random_uniform(random);
}

float nt_random_normal(struct nt_random *random) {
    for (;;) {
        float x = nt_random_between(random, -1.0f, 1.0f);
        float y = nt_random_between(random, -1.0f, 1.0f);
        float square = x * x + y * y;
        if (square > 0.0f && square < 1.0f) {
            return x * sqrtf(-2.0f * logf(square) / square);
        }
    }
}

void nt_random_shuffle(uint32_t *values, size_t count, struct nt_random *random) {
    for (size_t i = count; i > 1; i--) {
        size_t j = nt_random_below(random, (uint32_t)i);
        uint32_t kept = values[i - 1];
        values[i - 1] = values[j];
        values[j] = kept;
    }
}
