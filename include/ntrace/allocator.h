/* The one way to memory. Every handle keeps the allocator that it was made with. */
#ifndef NTRACE_ALLOCATOR_H
#define NTRACE_ALLOCATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nt_allocator {
    /* Returns `bytes` (> 0) bytes aligned to 64, or NULL. Contents are undefined. */
    void *(*allocate)(void *context, size_t bytes);
    /* Gives back what `allocate` returned. NULL is fine. */
    void (*release)(void *context, void *pointer);
    void *context;
};

/* The C library's memory. Thread-safe. Valid for ever. */
const struct nt_allocator *nt_allocator_default(void);

/* Allocates `count` elements of `size` bytes, checked for overflow; a zero count gives one byte.
 * Returns NULL when the product overflows or memory is short. */
void *nt_allocate(const struct nt_allocator *allocator, size_t count, size_t size);

/* The same, filled with zeros. */
void *nt_allocate_zeroed(const struct nt_allocator *allocator, size_t count, size_t size);

/* Gives memory back. NULL is fine. */
void nt_release(const struct nt_allocator *allocator, void *pointer);

#ifdef __cplusplus
}
#endif
#endif
