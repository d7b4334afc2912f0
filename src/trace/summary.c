#include "ntrace/summary.h"

#include <string.h>

static double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

static enum nt_status count_pairs(uint32_t *confusion, const uint16_t *label, const uint16_t *prediction,
                                  const uint32_t *sample, uint32_t count, uint32_t classes) {
    memset(confusion, 0, (size_t)classes * classes * sizeof *confusion);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t s = sample != NULL ? sample[i] : i;
        if (label[s] >= classes || prediction[s] >= classes) {
            return NT_E_ARG;
        }
        confusion[(size_t)label[s] * classes + prediction[s]]++;
    }
    return NT_OK;
}

enum nt_status nt_summarise(struct nt_summary *s, const uint16_t *label, const uint16_t *prediction,
                            const uint32_t *sample, uint32_t count, uint32_t classes) {
    if (count < 1 || classes < 1) {
        return NT_E_ARG;
    }
    NT_TRY(count_pairs(s->confusion, label, prediction, sample, count, classes));
    double right = 0, recalls = 0, present = 0;
    for (uint32_t c = 0; c < classes; c++) {
        double hit = s->confusion[(size_t)c * classes + c], predicted = 0;
        s->support[c] = 0;
        for (uint32_t other = 0; other < classes; other++) {
            s->support[c] += s->confusion[(size_t)c * classes + other];
            predicted += s->confusion[(size_t)other * classes + c];
        }
        s->recall[c] = share(hit, s->support[c]);
        s->precision[c] = share(hit, predicted);
        s->f1[c] = share(2 * hit, s->support[c] + predicted);
        right += hit;
        recalls += s->recall[c];
        present += s->support[c] > 0;
    }
    s->accuracy = right / count;
    s->balanced_accuracy = share(recalls, present);
    return NT_OK;
}
