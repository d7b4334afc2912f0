/* The reasons of include/ntrace/suggest.h, one small judge each, and the ranking they share. */
#include "trace/suggest.h"

static bool before(const struct nt_ranked *a, const struct nt_ranked *b) {
    for (int i = 0; i < 2; i++) {
        if (a->score[i] < b->score[i] || a->score[i] > b->score[i]) {
            return a->score[i] > b->score[i];
        }
    }
    return a->suggestion.sample < b->suggestion.sample;
}

static void offer(nt_suggest *s, const struct nt_ranked *candidate) {
    if (s->best_count == s->count && !before(candidate, &s->best[s->count - 1])) {
        return;
    }
    uint32_t at = s->best_count < s->count ? s->best_count++ : s->count - 1;
    for (; at > 0 && before(candidate, &s->best[at - 1]); at--) {
        s->best[at] = s->best[at - 1];
    }
    s->best[at] = *candidate;
}

/* Fills in figures and scores of a sample, or returns false where the reason does not hold. `of` is what the ranking
 * was started with: a mean, a class. */
typedef bool judge(struct nt_ranked *r, const nt_suggest *s, uint32_t sample, double of);

static void rank(nt_suggest *s, enum nt_reason reason, uint32_t from, judge *holds, double of) {
    s->best_count = 0;
    for (uint32_t i = 0; i < s->data.samples; i++) {
        struct nt_ranked r = {.suggestion = {.reason = reason, .sample = i, .from = from, .layer = s->layer[s->at]}};
        r.suggestion.label[0] = r.suggestion.label[1] = s->data.label[i];
        if (holds(&r, s, i, of)) {
            offer(s, &r);
        }
    }
    for (uint32_t i = 0; i < s->best_count; i++) {
        s->found[s->found_count++] = s->best[i].suggestion;
    }
}

static void set_labels(struct nt_ranked *r, uint32_t first, uint32_t second) {
    r->suggestion.label[0] = first;
    r->suggestion.label[1] = second;
}

static void set_figures(struct nt_ranked *r, float first, float second, float third) {
    r->suggestion.figure[0] = first;
    r->suggestion.figure[1] = second;
    r->suggestion.figure[2] = third;
}

static float share(uint32_t part, uint32_t whole) { return whole > 0 ? (float)part / (float)whole : 0; }

static float lesser(float a, float b) { return a < b ? a : b; }

static bool changes_most(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double mean) {
    set_figures(r, s->now[i].kept, (float)mean, 0);
    r->score[0] = -(float)s->now[i].kept;
    return s->now[i].kept < mean;
}

/* From one neighbourhood's majority to another's. */
static bool flips(struct nt_ranked *r, const nt_suggest *s, const struct nt_hood *from, const struct nt_hood *to) {
    float left = share(from->times, s->k), joined = share(to->times, s->k);
    set_labels(r, from->majority, to->majority);
    set_figures(r, left, joined, 0);
    r->score[0] = lesser(left, joined);
    return from->majority != to->majority;
}

static bool changes_class(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    return flips(r, s, &s->before[i], &s->now[i]);
}

static bool changes_class_overall(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    return flips(r, s, &s->first[i], &s->now[i]);
}

static float kept_of_first(const nt_suggest *s, uint32_t i) { return share(s->kept_first[i], s->layers - 1); }

static bool most_stable(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double mean) {
    r->score[0] = kept_of_first(s, i);
    set_figures(r, r->score[0], (float)mean, 0);
    return (double)r->score[0] >= mean;
}

static bool least_stable(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double mean) {
    r->score[0] = -kept_of_first(s, i);
    set_figures(r, -r->score[0], (float)mean, 0);
    return (double)-r->score[0] < mean;
}

static bool unusual(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    const struct nt_hood *hood = &s->now[i];
    float median = s->median[s->data.label[i]], ratio = median > 0 ? hood->distance / median : 0;
    set_labels(r, s->data.label[i], hood->majority);
    set_figures(r, share(hood->own, s->k), ratio, 0);
    r->score[0] = -share(hood->own, s->k);
    r->score[1] = ratio;
    return hood->own < s->k;
}

static bool hub(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    const struct nt_hood *hood = &s->now[i];
    set_figures(r, (float)hood->occurrence, share(hood->occurrence_own, hood->occurrence), 0);
    r->score[0] = (float)hood->occurrence;
    return hood->occurrence > s->k;
}

static bool mislabelled(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    const struct nt_hood *hood = &s->now[i];
    float agreeing = share(hood->times, s->k);
    set_labels(r, s->data.label[i], hood->majority);
    set_figures(r, agreeing, s->data.confidence[i], share(hood->own, s->k));
    r->score[0] = agreeing * s->data.confidence[i];
    return hood->majority != s->data.label[i] && hood->majority == s->data.prediction[i];
}

static bool ambiguous(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    const struct nt_hood *hood = &s->now[i];
    set_labels(r, hood->majority, hood->second);
    set_figures(r, share(hood->times, s->k), share(hood->second_times, s->k), s->data.confidence[i]);
    r->score[0] = -(float)(hood->times - hood->second_times);
    r->score[1] = -s->data.confidence[i];
    return hood->second_times > 0;
}

static bool corrected(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double unused) {
    (void)unused;
    const struct nt_hood *start = &s->first[i], *end = &s->now[i];
    uint16_t label = s->data.label[i];
    set_labels(r, start->majority, label);
    set_figures(r, share(start->times, s->k), share(start->own, s->k), share(end->own, s->k));
    r->score[0] = (float)(end->own - start->own);
    return start->majority != label && end->majority == label && s->data.prediction[i] == label;
}

static bool typical(struct nt_ranked *r, const nt_suggest *s, uint32_t i, double label) {
    set_figures(r, (float)s->now[i].occurrence_own, share(s->now[i].own, s->k), 0);
    r->score[0] = (float)s->now[i].occurrence_own;
    return s->data.label[i] == label && s->now[i].occurrence_own > 0;
}

static double mean_kept(const nt_suggest *s) {
    double sum = 0;
    for (uint32_t i = 0; i < s->data.samples; i++) {
        sum += s->now[i].kept;
    }
    return sum / s->data.samples;
}

static double mean_kept_of_first(const nt_suggest *s) {
    double sum = 0;
    for (uint32_t i = 0; i < s->data.samples; i++) {
        sum += s->kept_first[i];
    }
    return sum / s->data.samples / (s->layers - 1);
}

void nt_suggest_rank(nt_suggest *s) {
    uint32_t here = s->layer[s->at], start = s->layer[0];
    bool last = s->at + 1 == s->layers;
    if (s->at > 0) {
        rank(s, NT_REASON_CHANGES_MOST, s->layer[s->at - 1], changes_most, mean_kept(s));
        rank(s, NT_REASON_CHANGES_CLASS, s->layer[s->at - 1], changes_class, 0);
    }
    if (s->at == 0 || last) {
        rank(s, NT_REASON_UNUSUAL, here, unusual, 0);
    }
    rank(s, NT_REASON_HUB, here, hub, 0);
    if (!last) {
        return;
    }
    rank(s, NT_REASON_CHANGES_CLASS_OVERALL, start, changes_class_overall, 0);
    rank(s, NT_REASON_MOST_STABLE, start, most_stable, mean_kept_of_first(s));
    rank(s, NT_REASON_LEAST_STABLE, start, least_stable, mean_kept_of_first(s));
    rank(s, NT_REASON_MISLABELLED, here, mislabelled, 0);
    rank(s, NT_REASON_AMBIGUOUS, here, ambiguous, 0);
    rank(s, NT_REASON_CORRECTED, start, corrected, 0);
    for (uint32_t c = 0; c < s->data.classes; c++) {
        rank(s, NT_REASON_TYPICAL, here, typical, c);
    }
}
