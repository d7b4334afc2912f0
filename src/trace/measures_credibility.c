/* N. Papernot and P. McDaniel, "Deep k-Nearest Neighbors: Towards Confident, Interpretable and Robust Deep Learning",
 * 2018. What is done differently stands in the header. */
#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "ntrace/measures.h"
#include "trace/measures.h"

void nt_measure_calibration(uint32_t *calibration, uint32_t samples, uint32_t m, struct nt_random *random) {
    assert(m <= samples);
    uint32_t taken = 0;
    for (uint32_t i = 0; taken < m; i++) {
        if (nt_random_below(random, samples - i) < m - taken) {
            calibration[taken++] = i;
        }
    }
}

static uint32_t nonconformity(const struct nt_conformity *in, uint32_t sample, uint32_t label) {
    return in->neighbours - in->counts[(size_t)sample * in->classes + label];
}

/* at_least [neighbours + 2]: how many calibration samples are at least so nonconforming with their own label. */
static void count_scores(uint32_t *at_least, const struct nt_conformity *in) {
    memset(at_least, 0, ((size_t)in->neighbours + 2) * sizeof *at_least);
    for (uint32_t i = 0; i < in->calibration_count; i++) {
        uint32_t s = in->calibration[i];
        at_least[nonconformity(in, s, in->label[s])]++;
    }
    for (uint32_t score = in->neighbours; score > 0; score--) {
        at_least[score - 1] += at_least[score];
    }
}

static bool is_calibration(const struct nt_conformity *in, uint32_t sample) {
    uint32_t low = 0, high = in->calibration_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (in->calibration[middle] < sample) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < in->calibration_count && in->calibration[low] == sample;
}

struct verdict {
    uint32_t label;
    uint32_t first, second; /* largest and second largest number of calibration samples at least as nonconforming */
    uint32_t of;            /* how many calibration samples there are for this sample */
};

static struct verdict judge(const struct nt_conformity *in, const uint32_t *at_least, uint32_t sample) {
    bool own = is_calibration(in, sample);
    uint32_t own_score = nonconformity(in, sample, in->label[sample]), best_score = UINT32_MAX;
    struct verdict v = {.of = in->calibration_count - own};
    for (uint32_t c = 0; c < in->classes; c++) {
        uint32_t score = nonconformity(in, sample, c);
        uint32_t as_strange = at_least[score] - (own && own_score >= score);
        if (score < best_score) { /* p-values never rise with nonconformity: the least nonconforming class leads */
            v.second = best_score == UINT32_MAX ? 0 : v.first;
            v.first = as_strange;
            v.label = c;
            best_score = score;
        } else if (as_strange > v.second) {
            v.second = as_strange;
        }
    }
    return v;
}

enum nt_status nt_measure_credibility(float *credibility, float *confidence, uint16_t *prediction,
                                      const struct nt_conformity *in, const uint32_t *sample, uint32_t count,
                                      uint32_t *scratch) {
    NT_TRY(nt_measure_check_samples(sample, count, in->samples));
    if (in->calibration_count < 2 || in->calibration_count > in->samples || in->classes < 2 ||
        in->neighbours > UINT16_MAX) {
        return NT_E_ARG;
    }
    count_scores(scratch, in);
    for (uint32_t i = 0; i < count; i++) {
        struct verdict v = judge(in, scratch, nt_measure_sample(sample, i));
        if (credibility != NULL) {
            credibility[i] = (float)v.first / (float)v.of;
        }
        if (confidence != NULL) {
            confidence[i] = 1 - (float)v.second / (float)v.of;
        }
        if (prediction != NULL) {
            prediction[i] = (uint16_t)v.label;
        }
    }
    return NT_OK;
}
