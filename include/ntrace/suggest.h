/* Suggestions: samples worth a look, each with its reason and the figures behind it.
 *
 * The layers to look at are listed once, ascending; "first" and "last" are the ends of that list, usually input and
 * output. Neighbourhoods come from one graph a layer (ntrace/graph.h), each layer being stepped through in short turns.
 * The same graphs, labels and predictions give the same suggestions, on every target. */
#ifndef NTRACE_SUGGEST_H
#define NTRACE_SUGGEST_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/graph.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a sample is suggested, what its figures mean, and by what suggestions of one reason are ranked. "Majority" is the
 * label that most of the k nearest have (nt_measure_majority), its share that of the k. Shares are 0 to 1. */
enum nt_reason {
    /* Loses most neighbours from one layer (`from`) to the next (`layer`); `count` samples for each such step, but none
     * that keeps more than the average. figure: {neighbours kept, the same on average over all samples, -}. Ranked by
     * the fewest kept. */
    NT_REASON_CHANGES_MOST,
    /* The majority's label flips from one layer to the next, from label[0] to label[1]; `count` for each step.
     * figure: {share of label[0] before, share of label[1] after, -}. Ranked by the smaller of the two: both sides
     * clear. */
    NT_REASON_CHANGES_CLASS,
    /* The same from the first layer to the last. */
    NT_REASON_CHANGES_CLASS_OVERALL,
    /* Keeps most, and fewest, of its neighbours at the first layer, on average over the others. figure: {kept on
     * average, the same over all samples, -}. from: the first layer, layer: the last. */
    NT_REASON_MOST_STABLE,
    NT_REASON_LEAST_STABLE,
    /* Far from its own class at `layer`, which is the first or the last: `count` for each. label[0] is its class,
     * label[1] the majority's. figure: {purity, mean distance to those of its class among the k nearest over the
     * median of that in its class, -}; where none is of its class the distance to the k-th stands in. Ranked by the
     * lowest purity, then by the greatest ratio. */
    NT_REASON_UNUSUAL,
    /* Among the k nearest of many: `count` for each layer. figure: {of how many samples, share of these with its own
     * label, -}. Ranked by the number. */
    NT_REASON_HUB,
    /* Probably labelled wrongly: neighbours at the last layer and network agree on label[1], the label says label[0].
     * figure: {share of label[1] among neighbours, the network's probability of label[1], share of label[0]}. Ranked
     * by the product of the first two. */
    NT_REASON_MISLABELLED,
    /* Between two classes at the last layer: label[0] the majority's, label[1] the second most frequent. figure: {share
     * of label[0], share of label[1], the network's probability of its prediction}. Ranked by the smallest difference
     * of the shares, then by the lowest probability. */
    NT_REASON_AMBIGUOUS,
    /* Corrected by the network: the majority at the first layer is another class, label[0]; at the last layer majority
     * and prediction are its own, label[1]. figure: {share of label[0] at the first layer, share of label[1] at the
     * first, the same at the last}. Ranked by the gain of the own label's share. */
    NT_REASON_CORRECTED,
    /* Typical of its class, label[0], at the last layer: `count` for each class. figure: {of how many samples of its
     * class it is among the k nearest, purity, -}. Ranked by the number. */
    NT_REASON_TYPICAL,
    NT_REASON_COUNT
};

/* One suggestion. 36 bytes, no padding. What a reason does not speak of is 0; without another word label[0] and
 * label[1] are the sample's true class. */
struct nt_suggestion {
    uint32_t reason; /* enum nt_reason */
    uint32_t sample;
    uint32_t from, layer; /* the same number twice where one layer is spoken of */
    uint32_t label[2];
    float figure[3];
};

/* What is known of the samples; borrowed, valid until the suggestions are freed. */
struct nt_suggest_data {
    const uint16_t *label, *prediction; /* [samples] below classes */
    const float *confidence;            /* [samples] probability of the prediction */
    uint32_t samples, classes;
};

typedef struct nt_suggest nt_suggest;

/* Starts.
 *
 * suggest  out  to be freed with nt_suggest_free; NULL on failure
 * layer    in   [layers] ascending, at least 2, numbers as they are to stand in the suggestions
 * k        in   1 <= k < samples
 * count    in   how many of each reason (and step, layer or class, as said there), 1 to 1,000
 *
 * Returns NT_OK, NT_E_ARG or NT_E_MEMORY. */
enum nt_status nt_suggest_create(nt_suggest **suggest, const struct nt_suggest_data *data, const uint32_t *layer,
                                 uint32_t layers, uint32_t k, uint32_t count, const struct nt_allocator *allocator,
                                 struct nt_error *error);
void nt_suggest_free(nt_suggest *suggest); /* NULL is fine */

/* Looks at up to `rows` more samples of one layer. Layers are to be looked at in order, each to its end.
 *
 * done      out  how many of this layer's samples are done; at N the next call begins the next layer
 * first     in   the graph of the first layer
 * previous  in   of the layer before; at the first layer ignored (may be NULL)
 * graph     in   of this layer
 *
 * Returns NT_OK; NT_E_ARG where graphs do not hold N samples and k neighbours, or all layers are done. O(rows k), and
 * O(N log N) at a layer's end. */
enum nt_status nt_suggest_step(uint32_t *done, nt_suggest *suggest, const nt_graph *first, const nt_graph *previous,
                               const nt_graph *graph, uint32_t rows, struct nt_error *error);

/* The suggestions when all layers are done: sorted by reason, then layer (then class, where said so), then rank;
 * of equally ranked samples the smaller number first. *count is how many. Borrowed; NULL and 0 before all are done. */
const struct nt_suggestion *nt_suggest_result(const nt_suggest *suggest, uint32_t *count);

#ifdef __cplusplus
}
#endif
#endif
