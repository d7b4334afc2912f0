/* What the measures share: which samples are asked for. */
#ifndef NTRACE_TRACE_MEASURES_H
#define NTRACE_TRACE_MEASURES_H

#include <stdint.h>

#include "ntrace/graph.h"

/* The i-th sample asked for. */
static inline uint32_t nt_measure_sample(const uint32_t *sample, uint32_t i) { return sample != NULL ? sample[i] : i; }

/* NT_OK, or NT_E_ARG where the samples or k are not in the graph. */
enum nt_status nt_measure_check(const nt_graph *graph, const uint32_t *sample, uint32_t count, uint32_t k);

/* NT_OK, or NT_E_ARG where a sample is not below n, or all are asked for and count is not n. */
enum nt_status nt_measure_check_samples(const uint32_t *sample, uint32_t count, uint32_t n);

#endif
