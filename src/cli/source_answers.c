/* What is known of samples beside their activations: labels, and what the model answers and how sure it is. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/source.h"
#include "ntrace/npy.h"

enum { BLOCK_ITEMS = 1 << 16 };

/* Answers of all samples of the files, before the selection. */
struct answers {
    const struct nt_source_options *options;
    const struct nt_allocator *allocator;
    struct nt_error *error;
    uint32_t samples, classes;
    const struct nt_labels *label; /* count 0 where there are none */
    struct nt_labels prediction;   /* count 0 where there are none */
    uint16_t *best;                /* [samples] the most probable class, where probabilities are of all classes */
    float *confidence;             /* [samples] of the prediction, or NULL */
};

static enum nt_status no_memory(const struct answers *a) {
    return nt_error_set(a->error, NT_E_MEMORY, "not enough memory for what the model answers");
}

static enum nt_status read_labels(struct nt_labels *labels, const struct answers *a, const char *path) {
    NT_TRY(nt_labels_read(labels, path, a->options->classes, a->allocator, a->error));
    return labels->count == a->samples
               ? NT_OK
               : nt_error_set(a->error, NT_E_SHAPE, "%s: expected %u, one a sample of the activations, found %u", path,
                              a->samples, labels->count);
}

/* ---- Names. ---- */

static uint32_t place_of(const struct nt_labels *among, const char *name) {
    uint32_t c = 0;
    while (c < among->classes && strcmp(among->name[c], name) != 0) {
        c++;
    }
    return c;
}

/* Predictions that are names, as numbers of the labels' classes. */
static enum nt_status match_names(const struct answers *a) {
    const struct nt_labels *p = &a->prediction;
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t place = place_of(a->label, p->name[p->label[i]]);
        if (place == a->label->classes) {
            return nt_error_set(a->error, NT_E_VALUE,
                                "%s: prediction '%s' of sample %u: expected one of the classes of %s; name more with "
                                "--classes",
                                a->options->predictions, p->name[p->label[i]], i, a->options->labels);
        }
        p->label[i] = (uint16_t)place;
    }
    return NT_OK;
}

static enum nt_status check_range(const struct answers *a, const struct nt_labels *labels, const char *path,
                                  const char *what) {
    for (uint32_t i = 0; i < labels->count; i++) {
        if (labels->label[i] >= a->classes) {
            return nt_error_set(a->error, NT_E_VALUE, "%s: %s %u of sample %u: expected 0 to %u", path, what,
                                labels->label[i], i, a->classes - 1);
        }
    }
    return NT_OK;
}

/* ---- Probabilities. ---- */

static enum nt_status check_probability(const struct answers *a, float value, uint64_t sample) {
    return value >= 0 && value <= 1
               ? NT_OK
               : nt_error_set(a->error, NT_E_VALUE,
                              "%s: probability %g of sample %" PRIu64 ": expected 0 to 1; logits need a softmax first",
                              a->options->probabilities, (double)value, sample);
}

/* The probabilities of one sample's classes. */
static enum nt_status take_row(const struct answers *a, const float *row, uint32_t classes, uint32_t sample) {
    double sum = 0;
    uint32_t best = 0;
    for (uint32_t c = 0; c < classes; c++) {
        NT_TRY(check_probability(a, row[c], sample));
        sum += (double)row[c];
        best = row[c] > row[best] ? c : best;
    }
    if (classes > 1 && fabs(sum - 1) > 0.02) {
        return nt_error_set(a->error, NT_E_VALUE, "%s: the probabilities of sample %u: expected a sum of 1, found %g",
                            a->options->probabilities, sample, sum);
    }
    uint32_t answer = a->prediction.count > 0 ? a->prediction.label[sample] : best;
    if (classes > 1 && answer >= classes) {
        return nt_error_set(a->error, NT_E_VALUE, "%s: prediction %u of sample %u: expected 0 to %u as in %s",
                            a->options->predictions, answer, sample, classes - 1, a->options->probabilities);
    }
    a->best[sample] = (uint16_t)answer;
    a->confidence[sample] = row[classes > 1 ? answer : 0];
    return NT_OK;
}

static enum nt_status read_rows(const struct answers *a, nt_npy_reader *reader) {
    const struct nt_npy_header *h = nt_npy_reader_header(reader);
    uint32_t classes = (uint32_t)h->row_items, at_once = BLOCK_ITEMS / classes;
    uint8_t *raw = nt_allocate(a->allocator, BLOCK_ITEMS, h->item_bytes);
    float *row = nt_allocate(a->allocator, BLOCK_ITEMS, sizeof *row);
    enum nt_status status = raw != NULL && row != NULL ? NT_OK : no_memory(a);
    for (uint32_t at = 0, rows; status == NT_OK && at < a->samples; at += rows) {
        rows = a->samples - at < at_once ? a->samples - at : at_once;
        status = nt_npy_read(raw, reader, at, rows, a->error);
        nt_npy_to_float(row, raw, h->type, (size_t)rows * classes);
        for (uint32_t i = 0; status == NT_OK && i < rows; i++) {
            status = take_row(a, row + (size_t)i * classes, classes, at + i);
        }
    }
    nt_release(a->allocator, raw);
    nt_release(a->allocator, row);
    return status;
}

static enum nt_status read_array(struct answers *a, nt_npy_reader *reader) {
    const struct nt_npy_header *h = nt_npy_reader_header(reader);
    const char *path = a->options->probabilities;
    if (h->type < NT_NPY_FLOAT16) {
        return nt_error_set(a->error, NT_E_FORMAT, "%s: expected floats, found %s", path, nt_npy_type_name(h->type));
    }
    if (h->dimensions < 1 || h->dimensions > 2 || h->rows != a->samples || h->row_items < 1 ||
        h->row_items > NT_LABELS_MAX_CLASSES) {
        return nt_error_set(a->error, NT_E_SHAPE,
                            "%s: expected shape [%u] or [%u, classes], found %u dimensions, %" PRIu64
                            " rows of %" PRIu64,
                            path, a->samples, a->samples, h->dimensions, h->rows, h->row_items);
    }
    if (h->row_items == 1 && a->prediction.count == 0) {
        return nt_error_set(a->error, NT_E_MISSING,
                            "%s: one probability a sample, but of which class: --predictions tells, or give those of "
                            "all classes",
                            path);
    }
    a->best = nt_allocate(a->allocator, a->samples, sizeof *a->best);
    a->confidence = nt_allocate(a->allocator, a->samples, sizeof *a->confidence);
    NT_TRY(a->best != NULL && a->confidence != NULL ? NT_OK : no_memory(a));
    NT_TRY(read_rows(a, reader));
    a->classes = h->row_items > 1 ? (uint32_t)h->row_items : a->classes;
    return NT_OK;
}

static enum nt_status read_probabilities(struct answers *a) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, a->options->probabilities, a->allocator, a->error));
    enum nt_status status = read_array(a, reader);
    nt_npy_close(reader);
    return status;
}

/* ---- Classes. ---- */

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static enum nt_status name_classes(struct nt_source *source, const struct answers *a) {
    const struct nt_labels *named = a->label->named ? a->label : &a->prediction;
    source->class_name = nt_allocate_zeroed(a->allocator, a->classes, sizeof *source->class_name);
    if (source->class_name == NULL) {
        return no_memory(a);
    }
    for (uint32_t c = 0; c < a->classes; c++) {
        char *name = source->class_name[c];
        if (named->named && c < named->classes) {
            memcpy(name, named->name[c], sizeof *source->class_name);
        } else if (a->label->count == 0 && a->prediction.count == 0 && a->best == NULL) {
            (void)snprintf(name, sizeof *source->class_name, "%s", a->options->everything);
        } else {
            (void)snprintf(name, sizeof *source->class_name, "%u", c);
        }
    }
    source->data.class_name = (const char(*)[64])source->class_name;
    source->data.classes = a->classes;
    source->data.named = named->named;
    return NT_OK;
}

/* How many classes there are, and that all answers are among them. */
static enum nt_status agree(struct answers *a) {
    bool names = a->options->classes == NULL && a->label->count > 0 && a->prediction.named;
    if (names && !a->label->named) {
        return nt_error_set(a->error, NT_E_VALUE,
                            "%s: predictions are names where labels are numbers: --classes tells "
                            "which is which",
                            a->options->predictions);
    }
    NT_TRY(names ? match_names(a) : NT_OK);
    bool fixed = a->label->named || a->classes > 0;
    a->classes = a->classes > 0    ? a->classes
                 : a->label->named ? a->label->classes
                                   : larger(larger(a->label->classes, a->prediction.classes), 1);
    NT_TRY(fixed ? check_range(a, a->label, a->options->labels, "label") : NT_OK);
    return fixed ? check_range(a, &a->prediction, a->options->predictions, "prediction") : NT_OK;
}

/* ---- The selected ones. ---- */

static enum nt_status keep_answers(struct nt_source *source, const struct answers *a) {
    const uint16_t *answer = a->best != NULL ? a->best : a->prediction.label;
    uint32_t count = source->selection.count;
    if (answer == NULL || a->label->count == 0) { /* without labels, answers tell samples apart: they cannot be wrong */
        return NT_OK;
    }
    source->prediction = nt_allocate(a->allocator, count, sizeof *source->prediction);
    source->confidence = a->confidence != NULL ? nt_allocate(a->allocator, count, sizeof *source->confidence) : NULL;
    if (source->prediction == NULL || (a->confidence != NULL && source->confidence == NULL)) {
        return no_memory(a);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t sample = nt_source_sample(source, i);
        source->prediction[i] = answer[sample];
        if (a->confidence != NULL) {
            source->confidence[i] = a->confidence[sample];
        }
    }
    source->data.prediction = source->prediction;
    source->data.confidence = source->confidence;
    return NT_OK;
}

static enum nt_status read_all(struct nt_source *source, struct answers *a) {
    const struct nt_source_options *o = a->options;
    if (o->labels != NULL) {
        NT_TRY(read_labels(&source->labels, a, o->labels));
    } else if (source->images != NULL && nt_images_labels(source->images)->count > 0) {
        a->label = nt_images_labels(source->images);
    }
    NT_TRY(o->predictions != NULL ? read_labels(&a->prediction, a, o->predictions) : NT_OK);
    NT_TRY(o->probabilities != NULL ? read_probabilities(a) : NT_OK);
    NT_TRY(agree(a));
    NT_TRY(name_classes(source, a));
    const uint16_t *label = a->label->count > 0 ? a->label->label : a->best != NULL ? a->best : a->prediction.label;
    NT_TRY(nt_source_select(source, o, label, a->samples, a->allocator, a->error));
    return keep_answers(source, a);
}

enum nt_status nt_source_read_answers(struct nt_source *source, const struct nt_source_options *o, uint32_t samples,
                                      const struct nt_allocator *allocator, struct nt_error *error) {
    struct answers a = {
        .options = o, .allocator = allocator, .error = error, .samples = samples, .label = &source->labels};
    enum nt_status status = read_all(source, &a);
    nt_labels_clear(&a.prediction, allocator);
    nt_release(allocator, a.best);
    nt_release(allocator, a.confidence);
    return status;
}
