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
    NT_SEARCH_AXES = 32,                 /* leading axes that samples are sorted by, and their plane is found in */
    NT_SEARCH_TYPICAL = 1536,            /* rows that the axes are found on, */
    NT_SEARCH_TYPICAL_VALUES = 6 << 20,  /* and how many values they have at most */
    NT_SEARCH_LOCAL = 384,               /* rows that the reduction is found on */
    NT_SEARCH_REDUCED = 4800,            /* values of a reduced row, where there is room for them */
    NT_SEARCH_BLOCK = NT_BOUND_MOST_ROWS /* samples of a block, at most */
};

/* Three levels, each a lower bound of the next:
 * the strongest values of reduced rows, in 16 bits, and the norm of what follows them;
 * z: the reduced rows' other values, and the norm of what the reduction leaves out;
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
    uint32_t reduced, depth, width; /* values of a reduced row: all, the leading ones, the others filled up */
    float unit;                     /* of them */
    float per_unit;                 /* 1 / unit^2 */
    double *spread;                 /* [reduced] squares over typical rows, while the order of values is found */
    uint32_t filled;                /* samples, filled up to whole groups */
    int16_t *lead;                  /* [filled, depth] by sample, then by position and packed */
    int16_t *z;                     /* [samples, width] in strips; behind lead, in one piece */
    float *y, *rest;                /* [samples, axes], [samples] */
    float *beyond;                  /* [samples] squared norm of what follows the leading values, in units */
    float *half, *tail;             /* [filled], [chunks, filled] as in struct nt_bound_block */
    uint32_t *square;               /* [filled] alike */
    float *slack;                   /* [samples] how far rounding can move a reduced row */
    float *rest_slack;              /* [samples] by how much rest can be off */
    float *lead_slack;              /* [samples] slack where only leading values are looked at */
    float *plane;                   /* [samples, 2] by sample */
    uint32_t *sample;               /* [samples] by position */
    uint32_t *start;                /* [blocks + 1] positions */
    uint32_t blocks;
    uint32_t *hint; /* [samples, k] who may be near, until limits follow from that; NULL where nothing is known */
    struct nt_shortlists lists;
    float *buffer;                 /* a batch of rows and of reduced ones, or a tile of products */
    struct nt_fixed_pair *passed;  /* [NT_SEARCH_BLOCK ^ 2] */
    int16_t *row;                  /* [depth + width] */
    uint32_t longest;              /* shortlist */
    uint32_t *list_room;           /* [4 longest] */
    bool kept;                     /* whether all rows stay in exact[0] from the first reading on */
    uint32_t group[2];             /* rows of a group that stays for a while, and of one that passes by it */
    float *exact[2];               /* rows of two groups of positions, in strips, in one piece */
    struct nt_distance_pair *pair; /* collected to be measured together */
    float *sums;
    uint32_t pairs;
    nt_graph *graph;
    uint32_t *again; /* [work.again] samples whose list is not complete */
    float *own;      /* rows of some of them */
    uint32_t *key;   /* and their distances */
    struct nt_graph_work work;
};

/* Puts samples in blocks: halves along one leading axis after the other, as in a k-d tree. Allocates and fills sample
 * and start, and moves what belongs to samples to their positions. */
enum nt_status nt_search_sort(nt_graph_search *search);

/* Lowers limits by what was hinted at: units of work, and one of them. */
uint32_t nt_search_seed_units(const nt_graph_search *search);
enum nt_status nt_search_seed(nt_graph_search *search, uint32_t unit);

/* Compares `pairs` pairs of rows from two positions on, whose leading values are compared already, in the other reduced
 * values, and puts on the shortlists which of them belong there. */
enum nt_status nt_search_compare(nt_graph_search *search, uint32_t first, uint32_t from, size_t pairs);

/* Packs the leading values, and finds their norms. */
enum nt_status nt_search_pack(nt_graph_search *search);

/* Compares all pairs of two blocks and fills the shortlists. */
enum nt_status nt_search_tile(nt_graph_search *search, uint32_t a, uint32_t b);

/* Prunes the shortlists for good and sorts them by position. */
enum nt_status nt_search_end_lists(nt_graph_search *search);

/* Exact distances of what the shortlists hold: room for rows, units of work, and one of them. */
enum nt_status nt_search_start_exact(nt_graph_search *search);
uint32_t nt_search_exact_units(const nt_graph_search *search);
enum nt_status nt_search_exact(nt_graph_search *search, uint32_t unit, struct nt_error *error);

/* The k nearest of the sample at a position, by exact distance, into the graph; or the sample among those that are
 * searched again. */
void nt_search_end_row(nt_graph_search *search, uint32_t position);

/* All distances of samples whose list is not complete: units of work, and one of them. */
uint32_t nt_search_again_units(const nt_graph_search *search);
enum nt_status nt_search_again(nt_graph_search *search, uint32_t unit, struct nt_error *error);

#endif
