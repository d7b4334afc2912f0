/* Which samples of a dataset are taken. */
#ifndef NTRACE_SELECTION_H
#define NTRACE_SELECTION_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/labels.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct nt_selection_options {
    uint32_t per_class; /* first: only the first so many samples of each class; 0 keeps all */
    const char *rows;   /* then: an integer .npy [M] of numbers among those kept, each once, in the order in which the
                           samples are wanted; NULL keeps all */
    uint32_t limit;     /* at last: at most so many, drawn by chance from each class in proportion to its share, of each
                           class at least one where the limit allows it; 0 keeps all */
    uint64_t seed;      /* of that chance */
};

struct nt_selection {
    uint32_t count;
    uint32_t *sample; /* [count] numbers of samples, each once; NULL where all are taken in their order */
};

/* Selects among `samples` samples.
 *
 * selection  out  to be given to nt_selection_clear; zeroed on failure
 * label      in   [samples] < NT_LABELS_MAX_CLASSES; NULL: all are of one class
 *
 * Returns NT_OK, NT_E_MEMORY, NT_E_VALUE (a row out of range or there twice), NT_E_SHAPE (not one number a row) or what
 * reading the .npy returns. O(samples) and sorting. */
enum nt_status nt_select(struct nt_selection *selection, const uint16_t *label, uint32_t samples,
                         const struct nt_selection_options *options, const struct nt_allocator *allocator,
                         struct nt_error *error);

/* Frees what a selection holds. A zeroed one is fine. */
void nt_selection_clear(struct nt_selection *selection, const struct nt_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
