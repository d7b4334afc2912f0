/* What a query holds: query.c makes it, query_exact.c evaluates it, query_guess.c chooses what is worth evaluating. */
#ifndef NTRACE_BUNDLE_QUERY_H
#define NTRACE_BUNDLE_QUERY_H

#include "bundle/pass.h"

/* One layer of a query. */
struct nt_query_side {
    uint32_t layer, candidates;
    float unit;        /* distance on codes = unit * sqrt(square); 0 where nothing is known on codes */
    uint32_t *square;  /* [N] on codes */
    uint32_t *order;   /* [N] on codes, nearest first, the sample that is left out at the end */
    uint32_t *rank;    /* [N] place in order */
    float *own;        /* [size] the centre's activation */
    float *exact;      /* [rows] squared distances, infinite while they are not known */
    uint32_t *nearest; /* [rows] slots by exact distance, once all are known; the sample left out is at the end */
    uint32_t *place;   /* [rows] place in nearest */
};

struct nt_query {
    nt_bundle *bundle;
    uint32_t sample, exclude; /* the centre, and who is left out; or NT_QUERY_NOBODY */
    uint8_t *image;           /* the centre where it is no sample */
    uint32_t k, sides, rows_count, done;
    enum nt_query_effort effort;
    struct nt_query_side side[NT_BUNDLE_MAX_LAYERS];
    uint32_t *rows; /* [rows_count] ascending: the centre and the candidates of all sides */
    uint32_t *slot; /* [N] where a sample stands in rows */
    struct nt_pass pass;
    bool prepared, ranked;
    struct {
        uint32_t round, count, at; /* how often samples were chosen; of those chosen last how many there are and done */
        uint32_t *slot;            /* [rows] chosen, those for the deepest layers first */
        nt_layer_bits *sides;      /* [rows] bits: at which sides */
        uint8_t *reason;           /* [rows] whether one of them is worth a pass by itself */
        uint32_t *room;            /* [3 rows] */
    } chosen;
};

static inline uint32_t nt_query_others(const nt_query *q) {
    return nt_bundle_samples(q->bundle) - (q->exclude != NT_QUERY_NOBODY);
}

/* Chooses the samples that the next round evaluates. *count is 0 when none are left that may be near. */
void nt_query_choose(nt_query *query);

#endif
