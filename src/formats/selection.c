#include "ntrace/selection.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ntrace/npy.h"
#include "ntrace/random.h"

enum { BLOCK = 1024 };

struct selecting {
    struct nt_selection *selection;
    const uint16_t *label;
    const struct nt_selection_options *options;
    const struct nt_allocator *allocator;
    struct nt_error *error;
};

static enum nt_status no_memory(const struct selecting *s) {
    return nt_error_set(s->error, NT_E_MEMORY, "not enough memory to select samples");
}

static uint32_t class_of(const struct selecting *s, uint32_t sample) { return s->label != NULL ? s->label[sample] : 0; }

static enum nt_status start(struct selecting *s, uint32_t samples) {
    uint32_t of_class[NT_LABELS_MAX_CLASSES] = {0}, *sample = nt_allocate(s->allocator, samples, sizeof *sample);
    if (sample == NULL) {
        return no_memory(s);
    }
    s->selection->sample = sample;
    for (uint32_t i = 0; i < samples; i++) {
        bool kept = s->options->per_class == 0 || of_class[class_of(s, i)]++ < s->options->per_class;
        sample[s->selection->count] = i;
        s->selection->count += kept;
    }
    return NT_OK;
}

/* ---- Rows. ---- */

/* taken [count] which of the kept ones came already. */
static enum nt_status read_rows(uint32_t *chosen, uint8_t *taken, const struct selecting *s, nt_npy_reader *reader) {
    const struct nt_npy_header *h = nt_npy_reader_header(reader);
    for (uint64_t at = 0; at < h->rows; at += BLOCK) {
        uint8_t raw[BLOCK * 8];
        uint32_t rows = h->rows - at < BLOCK ? (uint32_t)(h->rows - at) : BLOCK;
        NT_TRY(nt_npy_read(raw, reader, at, rows, s->error));
        for (uint32_t i = 0; i < rows; i++) {
            double number = nt_npy_to_number(raw + (size_t)i * h->item_bytes, h->type);
            uint32_t row = number >= 0 && number < s->selection->count ? (uint32_t)number : UINT32_MAX;
            if (row == UINT32_MAX || taken[row]) {
                return nt_error_set(s->error, NT_E_VALUE,
                                    "%s: entry %" PRIu64 ": expected a row from 0 to %u that did not come before",
                                    s->options->rows, at + i, s->selection->count - 1);
            }
            taken[row] = 1;
            chosen[at + i] = s->selection->sample[row];
        }
    }
    return NT_OK;
}

static enum nt_status take_rows(struct selecting *s, nt_npy_reader *reader) {
    const struct nt_npy_header *h = nt_npy_reader_header(reader);
    if (h->type >= NT_NPY_FLOAT16 || h->dimensions != 1 || h->rows < 1 || h->rows > s->selection->count) {
        return nt_error_set(
            s->error, NT_E_SHAPE,
            "%s: expected 1 to %u row numbers as integers of shape [M], found %s, %u dimensions, %" PRIu64 " rows",
            s->options->rows, s->selection->count, nt_npy_type_name(h->type), h->dimensions, h->rows);
    }
    uint32_t *chosen = nt_allocate(s->allocator, (size_t)h->rows, sizeof *chosen);
    uint8_t *taken = nt_allocate_zeroed(s->allocator, s->selection->count, 1);
    enum nt_status status = chosen != NULL && taken != NULL ? read_rows(chosen, taken, s, reader) : no_memory(s);
    nt_release(s->allocator, taken);
    if (status != NT_OK) {
        nt_release(s->allocator, chosen);
        return status;
    }
    nt_release(s->allocator, s->selection->sample);
    s->selection->sample = chosen;
    s->selection->count = (uint32_t)h->rows;
    return NT_OK;
}

static enum nt_status apply_rows(struct selecting *s) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, s->options->rows, s->allocator, s->error));
    enum nt_status status = take_rows(s, reader);
    nt_npy_close(reader);
    return status;
}

/* ---- The limit. ---- */

/* How many of each class: its share rounded down, at least one where there is room for one of each, and what is left to
 * the largest remainders, the first of equal ones. */
static void share_out(uint32_t *quota, const uint32_t *size, uint32_t total, uint32_t limit) {
    uint64_t given = 0;
    uint32_t present = 0;
    for (uint32_t c = 0; c < NT_LABELS_MAX_CLASSES; c++) {
        present += size[c] > 0;
    }
    for (uint32_t c = 0; c < NT_LABELS_MAX_CLASSES; c++) {
        quota[c] = (uint32_t)((uint64_t)size[c] * limit / total);
        quota[c] += size[c] > 0 && quota[c] == 0 && present <= limit;
        given += quota[c];
    }
    while (given != limit) { /* one at a time: to the class furthest below its share, or from the one furthest above */
        double most = -1e300;
        uint32_t chosen = 0;
        for (uint32_t c = 0; c < NT_LABELS_MAX_CLASSES; c++) {
            double below = (double)size[c] * limit / total - quota[c];
            bool possible = given < limit ? quota[c] < size[c] : quota[c] > 1;
            double need = given < limit ? below : -below;
            if (possible && need > most) {
                most = need;
                chosen = c;
            }
        }
        quota[chosen] = given < limit ? quota[chosen] + 1 : quota[chosen] - 1;
        given = given < limit ? given + 1 : given - 1;
    }
}

/* Of each class the quota, drawn by Knuth's selection sampling (The Art of Computer Programming, volume 2, algorithm
 * 3.4.2S), which keeps the order. */
static void apply_limit(struct selecting *s) {
    struct nt_selection *kept = s->selection;
    uint32_t size[NT_LABELS_MAX_CLASSES] = {0}, quota[NT_LABELS_MAX_CLASSES], count = 0;
    struct nt_random random;
    for (uint32_t i = 0; i < kept->count; i++) {
        size[class_of(s, kept->sample[i])]++;
    }
    share_out(quota, size, kept->count, s->options->limit);
    nt_random_seed(&random, s->options->seed, 0x5e1ec7);
    for (uint32_t i = 0; i < kept->count; i++) {
        uint32_t c = class_of(s, kept->sample[i]);
        bool drawn = nt_random_below(&random, size[c]--) < quota[c];
        kept->sample[count] = kept->sample[i];
        count += drawn;
        quota[c] -= drawn;
    }
    kept->count = count;
}

enum nt_status nt_select(struct nt_selection *selection, const uint16_t *label, uint32_t samples,
                         const struct nt_selection_options *options, const struct nt_allocator *allocator,
                         struct nt_error *error) {
    struct selecting s = {selection, label, options, allocator, error};
    *selection = (struct nt_selection){0};
    if (options->per_class == 0 && options->rows == NULL && (options->limit == 0 || options->limit >= samples)) {
        selection->count = samples;
        return NT_OK;
    }
    enum nt_status status = start(&s, samples);
    if (status == NT_OK && options->rows != NULL) {
        status = apply_rows(&s);
    }
    if (status == NT_OK && options->limit > 0 && options->limit < selection->count) {
        apply_limit(&s);
    }
    if (status != NT_OK) {
        nt_selection_clear(selection, allocator);
    }
    return status;
}

void nt_selection_clear(struct nt_selection *selection, const struct nt_allocator *allocator) {
    nt_release(allocator, selection->sample);
    *selection = (struct nt_selection){0};
}
