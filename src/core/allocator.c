#include "ntrace/allocator.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *default_allocate(void *context, size_t bytes) {
    (void)context;
    if (bytes > SIZE_MAX - 63) {
        return NULL;
    }
    return aligned_alloc(64, (bytes + 63) & ~(size_t)63);
}

static void default_release(void *context, void *pointer) {
    (void)context;
    free(pointer);
}

const struct nt_allocator *nt_allocator_default(void) {
    static const struct nt_allocator allocator = {default_allocate, default_release, NULL};
    return &allocator;
}

void *nt_allocate(const struct nt_allocator *allocator, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    size_t bytes = count * size;
    return allocator->allocate(allocator->context, bytes != 0 ? bytes : 1);
}

void *nt_allocate_zeroed(const struct nt_allocator *allocator, size_t count, size_t size) {
    void *pointer = nt_allocate(allocator, count, size);
    if (pointer != NULL) {
        memset(pointer, 0, count * size);
    }
    return pointer;
}

void nt_release(const struct nt_allocator *allocator, void *pointer) {
    if (pointer != NULL) {
        allocator->release(allocator->context, pointer);
    }
}
