/* What suggestions know of every sample while the layers go by. */
#ifndef NTRACE_TRACE_SUGGEST_H
#define NTRACE_TRACE_SUGGEST_H

#include <stdbool.h>

#include "ntrace/suggest.h"

/* One sample's neighbourhood at one layer. Of k neighbours: */
struct nt_hood {
    uint16_t majority, times;      /* most frequent label, and how often */
    uint16_t second, second_times; /* the next; 0 times where all have one label */
    uint16_t own;                  /* how many have the sample's own label */
    uint16_t kept, kept_first;     /* how many were there at the layer before, and at the first */
    float distance;                /* mean to those of the own label; to the k-th where there is none */
    uint32_t occurrence;           /* in how many neighbourhoods the sample is */
    uint32_t occurrence_own;       /* of samples with its own label */
};

struct nt_ranked {
    struct nt_suggestion suggestion;
    float score[2]; /* the greater the better; the second where the first are equal */
};

struct nt_suggest {
    const struct nt_allocator *allocator;
    struct nt_suggest_data data;
    uint32_t *layer; /* [layers] */
    uint32_t layers, k, count;
    uint32_t at, done;                    /* layer being looked at, and its samples looked at */
    struct nt_hood *first, *before, *now; /* [samples] at the first layer, the one before, this one */
    uint32_t *kept_first;                 /* [samples] summed over the layers after the first */
    float *median;                        /* [classes] of nt_hood.distance at this layer */
    uint32_t *scratch;                    /* [samples + classes, and the greater of 2 samples and 4k] */
    struct nt_ranked *best;               /* [count] of the ranking under way */
    uint32_t best_count;
    struct nt_suggestion *found, *sorted; /* [capacity] as they came; by reason */
    uint32_t found_count, capacity;
};

/* Ranks what this layer has shown, when all its samples have been looked at. */
void nt_suggest_rank(nt_suggest *suggest);

#endif
