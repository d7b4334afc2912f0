/* Summary statistics of a network on a dataset: how its predictions compare with the true labels. */
#ifndef NTRACE_SUMMARY_H
#define NTRACE_SUMMARY_H

#include <stdint.h>

#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a summary is written to, the caller's. Shares are 0 to 1; a share of nothing is 0 (scikit-learn's
 * zero_division=0): the recall of a class without samples, the precision of one that is never predicted, the F1 where
 * both are 0. */
struct nt_summary {
    double accuracy;          /* share of samples predicted right */
    double balanced_accuracy; /* mean recall of the classes that have samples */
    double *recall;           /* [C] of class c's samples, those predicted as c */
    double *precision;        /* [C] of the samples predicted as c, those of class c */
    double *f1;               /* [C] 2 precision recall / (precision + recall) */
    uint32_t *support;        /* [C] samples of class c */
    uint32_t *confusion;      /* [C,C] row: true class, column: predicted class */
};

/* Summarises some samples, or all.
 *
 * label       in  [N] true classes, below `classes`
 * prediction  in  [N] predicted classes, below `classes`
 * sample      in  [count] below N, not checked; NULL: samples 0 .. count - 1
 *
 * Returns NT_OK; NT_E_ARG where count or classes is 0 or a label is not below classes (outputs undefined). O(count +
 * C^2). */
enum nt_status nt_summarise(struct nt_summary *summary, const uint16_t *label, const uint16_t *prediction,
                            const uint32_t *sample, uint32_t count, uint32_t classes);

#ifdef __cplusplus
}
#endif
#endif
