/* Rows of images made shorter with orthonormal axes, block by block. */
#ifndef NTRACE_KNN_REDUCTION_H
#define NTRACE_KNN_REDUCTION_H

#include <stdbool.h>

#include "ntrace/net.h"

/* A row [H,W,C] is cut into square blocks of all channels (filled up with zeros at the edge), and all blocks are
 * projected on the same axes. What an activation holds is local: a few axes keep most of each block, at a small part of
 * the cost of axes over whole rows. Rows within the limit are only centred. */
struct nt_reduction {
    struct nt_shape shape;
    uint32_t side, across, down, blocks; /* side 0: rows are not cut */
    uint32_t depth, axes;                /* floats of a block, and what is kept of them */
    uint32_t size, reduced;              /* floats of a row, and of a reduced one */
    float *centre;                       /* [size] */
    float *axis;                         /* [axes, depth] orthonormal */
    uint32_t *place;                     /* [reduced] where each value of a reduced row stands */
    double *sum;                         /* [size] while the centre is found, then [depth, depth] */
    float *room;                         /* for NT_REDUCTION_BATCH rows */
};

enum { NT_REDUCTION_BATCH = 32 };

/* Decides on the blocks. limit: floats of a reduced row, at least 64. Returns NT_OK or NT_E_MEMORY. */
enum nt_status nt_reduction_create(struct nt_reduction *reduction, struct nt_shape shape, uint32_t limit,
                                   const struct nt_allocator *allocator);
void nt_reduction_clear(struct nt_reduction *reduction, const struct nt_allocator *allocator);

/* First the centre, then the axes where rows are cut into blocks, from the same typical rows, some at a time (at most
 * NT_REDUCTION_BATCH). */
void nt_reduction_add_to_centre(struct nt_reduction *reduction, const float *x, uint32_t rows);
enum nt_status nt_reduction_end_centre(struct nt_reduction *reduction, uint32_t rows);
/* x [rows, size] is centred in place. */
enum nt_status nt_reduction_add_to_axes(struct nt_reduction *reduction, float *x, uint32_t rows,
                                        const struct nt_allocator *allocator);
enum nt_status nt_reduction_end_axes(struct nt_reduction *reduction, const struct nt_allocator *allocator);

/* From now on the values of reduced rows stand by falling `spread` [reduced]: their sum of squares over typical rows,
 * as they stood before. */
enum nt_status nt_reduction_order(struct nt_reduction *reduction, const float *spread,
                                  const struct nt_allocator *allocator);

/* Reduces rows.
 *
 * z     out  [rows, reduced]
 * rest  out  [rows] norm of what the axes leave out
 * x     in   [rows, size] at most NT_REDUCTION_BATCH rows; undefined afterwards */
enum nt_status nt_reduction_apply(float *z, float *rest, struct nt_reduction *reduction, float *x, uint32_t rows,
                                  const struct nt_allocator *allocator);

/* By how much the distance of two reduced rows can differ from that of the projections that they stand for, per unit of
 * the rows' norms: rounding in products of `depth` terms. */
float nt_reduction_slack(const struct nt_reduction *reduction);

/* By how much the square of what is given as the norm of what the axes leave out can differ from it: a small difference
 * of large numbers. norm: of the reduced row. */
double nt_reduction_rest_error(const struct nt_reduction *reduction, double norm, double rest);

#endif
