/* PyTorch's random permutations, so that a split that was drawn there can be drawn again here.
 *
 * The generator is the Mersenne Twister: Matsumoto and Nishimura, "Mersenne Twister: A 623-Dimensionally
 * Equidistributed Uniform Pseudo-Random Number Generator", ACM Transactions on Modeling and Computer Simulation 8(1),
 * 1998, with the seeding of 2002. Nothing else in this project draws from it: see random.h. */
#ifndef NTRACE_PERMUTATION_H
#define NTRACE_PERMUTATION_H

#include <stdint.h>

#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From 2^32 / 20 on PyTorch draws otherwise. */
enum { NT_PERMUTATION_MAX_COUNT = 214748363 };

/* What torch.manual_seed(seed); torch.randperm(count) gives on the CPU.
 *
 * permutation  out  [count] the numbers 0 .. count-1
 *
 * Returns NT_OK, or NT_E_ARG for more than NT_PERMUTATION_MAX_COUNT. O(count). */
enum nt_status nt_permutation_torch(uint32_t *permutation, uint32_t count, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
