/* What the parts of a graph search share. */
#ifndef NTRACE_KNN_GRAPH_SEARCH_H
#define NTRACE_KNN_GRAPH_SEARCH_H

#include "knn/reduction.h"
#include "knn/shortlist.h"
#include "ntrace/codes.h"
#include "ntrace/graph.h"

enum {
    NT_SEARCH_AXES = 190,     /* leading axes of level one, to which two norms come */
    NT_SEARCH_TYPICAL = 768,  /* rows that the axes are found on */
    NT_SEARCH_REDUCED = 1568, /* floats of a reduced row, where there is room for them */
    NT_SEARCH_BLOCK = 256     /* samples of a block, at most */
};

/* Three levels, each a lower bound of the next:
 * y: leading principal axes of the reduced rows, and the norms of what they and the reduction leave out;
 * z: reduced rows, and the norm of what the reduction leaves out;
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
    uint32_t reduced, columns;  /* floats of a row of z, and of y: axes + 2 */
    float *z, *y, *rest, *norm; /* [samples, reduced], [samples, columns], [samples], [samples] squared, of y */
    float *slack;               /* [samples] how much rounding can add to a distance of reduced rows */
    float *plane;               /* [samples, 2] by sample */
    float axes_slack;           /* the same for y, per unit of norm */
    uint32_t *sample;           /* [samples] by position */
    uint32_t *start;            /* [blocks + 1] positions */
    uint32_t blocks;
    struct nt_shortlists lists;
    float *buffer;       /* a batch of rows, or a tile of products */
    uint32_t *hit;       /* [NT_SEARCH_BLOCK] */
    uint32_t longest;    /* shortlist */
    uint32_t *list_room; /* [5 longest] */
    uint32_t group;      /* rows of a group */
    float *exact[2];     /* rows of two groups of positions */
    nt_graph *graph;
    struct nt_graph_work work;
};

/* Puts samples in blocks: halves along one leading axis after the other, as in a k-d tree. Allocates and fills sample
 * and start, and moves y, z, rest and slack to their positions. */
enum nt_status nt_search_sort(nt_graph_search *search);

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
