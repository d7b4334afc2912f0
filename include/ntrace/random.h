/* Seeded random numbers: the only source of randomness, always passed as an argument.
 *
 * PCG32 (XSH-RR): O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
 * Random Number Generation", HMC-CS-2014-0905, 2014. */
#ifndef NTRACE_RANDOM_H
#define NTRACE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nt_random {
    uint64_t state;
    uint64_t stream; /* odd */
};

/* Starts a sequence. Different (seed, stream) pairs give independent sequences. */
void nt_random_seed(struct nt_random *random, uint64_t seed, uint64_t stream);

/* Uniform in 0 .. 2^32-1. */
uint32_t nt_random_u32(struct nt_random *random);

/* Uniform in 0 .. bound-1, without bias. Needs bound > 0. */
uint32_t nt_random_below(struct nt_random *random, uint32_t bound);

/* Uniform in [0, 1), 24 bits. */
float nt_random_uniform(struct nt_random *random);

/* Uniform in [low, high). */
float nt_random_between(struct nt_random *random, float low, float high);

/* Normal, mean 0, variance 1 (Marsaglia's polar method). */
float nt_random_normal(struct nt_random *random);

/* Fisher-Yates shuffle of `count` numbers in place. */
void nt_random_shuffle(uint32_t *values, size_t count, struct nt_random *random);

#ifdef __cplusplus
}
#endif
#endif
