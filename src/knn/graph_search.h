/* What the parts of a graph search share. */
#ifndef NTRACE_KNN_GRAPH_SEARCH_H
#define NTRACE_KNN_GRAPH_SEARCH_H

#include <stdbool.h>

#include "knn/bound.h"
#include "knn/distance.h"
#include "knn/fixed.h"
#include "knn/reduction.h"
#include "knn/shortlist.h"
#include "ntrace/codes.h"
#include "ntrace/graph.h"

enum {
    NT_SEARCH_AXES = 254,                /* leading axes of level one, to which two norms come */
    NT_SEARCH_TYPICAL = 1536,            /* rows that the axes are found on */
    NT_SEARCH_LOCAL = 384,               /* rows that the reduction is found on */
    NT_SEARCH_REDUCED = 4800,            /* values of a reduced row, where there is room for them */
    NT_SEARCH_BLOCK = NT_BOUND_MOST_ROWS /* samples of a block, at most */
};

/* Three levels, each a lower bound of the next:
 * y: leading principal axes of the reduced rows, and the norms of what they and the reduction leave out;
 * z: reduced rows in 16 bits, and the norm of what the reduction leaves out;
 * x: the rows themselves.
 * Once sorted, samples stand by position, in blocks of near ones. */
struct nt_graph_search {
    const struct nt_allocator *allocator;
    struct nt_rows rows;
    uint32_t k, samples, size;
    size_t room;
    uint32_t phase, at, units; /* a step takes unit `at` of `units` of a phase */
    struct nt_reduction reduction;
    struct nt_axes axes;
    uint32_t reduced, width, columns; /* values of a reduced row, and filled up; floats of a row of y: axes + 2 */
    uint32_t leading;                 /* values of a reduced row, the strongest, that the axes are found in */
    float unit;                       /* of the values of z */
    float per_unit;                   /* 1 / unit^2 */
    int16_t *z;                       /* [samples, width] in strips */
    float *y, *rest, *norm;           /* [samples, columns], [samples], [samples] squared, of y */
    int16_t *bound;                   /* y in 16 bits by position, packed */
    float *half, *own; /* [samples, filled up], half of its squared norm; [samples] how far rounding moves it */
    float bound_unit;
    uint32_t depth;   /* columns, filled up to an even number */
    float *slack;     /* [samples] how far rounding can move a reduced row */
    float *plane;     /* [samples, 2] by sample */
    float axes_slack; /* the same for y, per unit of norm */
    uint32_t *sample; /* [samples] by position */
    uint32_t *start;  /* [blocks + 1] positions */
    uint32_t blocks;
    struct nt_shortlists lists;
    float *buffer;                 /* a batch of rows and of reduced ones, or a tile of products */
    struct nt_fixed_pair *passed;  /* [NT_SEARCH_BLOCK ^ 2] */
    int16_t *row;                  /* [width] */
    uint32_t longest;              /* shortlist */
    uint32_t *list_room;           /* [5 longest] */
    bool kept;                     /* whether all rows stay in exact[0] from the first reading on */
    uint32_t group[2];             /* rows of a group that stays for a while, and of one that passes by it */
    float *exact[2];               /* rows of two groups of positions, in strips, in one piece */
    struct nt_distance_pair *pair; /* collected to be measured together */
    float *sums;
    uint32_t pairs;
    nt_graph *graph;
    struct nt_graph_work work;
};

/* Puts samples in blocks: halves along one leading axis after the other, as in a k-d tree. Allocates and fills sample
 * and start, and moves what belongs to samples to their positions. */
enum nt_status nt_search_sort(nt_graph_search *search);

/* Puts y, by position, into 16 bits. */
enum nt_status nt_search_pack(nt_graph_search *search);

/* Compares all pairs of two blocks and fills the shortlists. */
enum nt_status nt_search_tile(nt_graph_search *search, uint32_t a, uint32_t b);

/* Prunes the shortlists for good and sorts them by position. */
enum nt_status nt_search_end_lists(nt_graph_search *search);

/* Exact distances of what the shortlists hold: room for rows, units of work, and one of them. */
enum nt_status nt_search_start_exact(nt_graph_search *search);
uint32_t nt_search_exact_units(const nt_graph_search *search);
enum nt_status nt_search_exact(nt_graph_search *search, uint32_t unit, struct nt_error *error);

/* The k nearest of the sample at a position, by exact distance, into the graph. */
void nt_search_end_row(nt_graph_search *search, uint32_t position);

#endif
