/* Work shared between threads, where there are threads (WebAssembly runs it in the calling one). */
#ifndef NTRACE_CORE_PARALLEL_H
#define NTRACE_CORE_PARALLEL_H

#include <stddef.h>

/* Number of processors that this process may use, at least 1. */
unsigned nt_parallel_processors(void);

/* Calls task(context, item, worker) once for each item 0 .. items-1, on `workers` threads (0: one per processor; the
 * caller is worker 0). Items are taken in ascending order, each by whichever worker is free: results must not
 * depend on which one. Returns when all are done. Where threads cannot be started, fewer do the work. */
void nt_parallel_for(size_t items, unsigned workers, void (*task)(void *context, size_t item, unsigned worker),
                     void *context);

#endif
