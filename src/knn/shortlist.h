/* For every sample, the samples that may be among its k nearest. */
#ifndef NTRACE_KNN_SHORTLIST_H
#define NTRACE_KNN_SHORTLIST_H

#include <stddef.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

/* Relative rounding of a distance of rows, reduced or not: at most 2^16 terms in 16 sums, the axes' own included. */
#define NT_SHORT_ROUNDING 2.5e-4f

struct nt_short {
    uint32_t position;
    float square; /* a lower bound of the squared distance; see nt_shortlists_tighten */
};

struct nt_shortlist {
    struct nt_short *item; /* [capacity] */
    uint32_t count, capacity;
    uint32_t fresh; /* items measured since the limit was lowered by what is known */
    float limit;    /* squared: the k-th nearest is likely no farther than this */
};

struct nt_shortlists {
    const struct nt_allocator *allocator;
    struct nt_shortlist *list; /* [samples] */
    uint32_t samples, k;
    const float *rest, *slack; /* [samples] */
    float *room;               /* [room_count] */
    uint32_t room_count;
};

/* rest, slack  in  [samples] borrowed: what the lower bounds were made with. From a lower bound l follows the upper
 * bound sqrt(l^2 + 4 rest_i rest_j) + 2 (slack_i + slack_j), but for rounding, where what is left out of two samples
 * points into opposite directions. Among near samples it mostly stands at a right angle or closer, for which half of
 * that product does; limits take 2.5 of it instead of 4. So a limit may turn out too low, but never unnoticed: a list
 * is complete when the k-th distance measured is within its limit, since nothing was left out that is. */
enum nt_status nt_shortlists_create(struct nt_shortlists *lists, uint32_t samples, uint32_t k, const float *rest,
                                    const float *slack, const struct nt_allocator *allocator);
void nt_shortlists_clear(struct nt_shortlists *lists);

/* Puts a sample on a list. A list that is full is pruned, and grows where that was not enough. */
enum nt_status nt_shortlists_add(struct nt_shortlists *lists, uint32_t to, struct nt_short item);

/* Lowers a list's limit to the k-th smallest upper bound, and drops what lies beyond it. */
enum nt_status nt_shortlists_prune(struct nt_shortlists *lists, uint32_t of);

/* Once distances are being measured: lowers a list's limit by those that are known, where several are fresh. Squares of
 * what is measured are positive or +0, the lower bounds of what is not are negative or -0. */
enum nt_status nt_shortlists_tighten(struct nt_shortlists *lists, uint32_t of);

#endif
