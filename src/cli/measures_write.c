#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/measures.h"
#include "ntrace/folder.h"
#include "ntrace/summary.h"

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory for the files of these measures");
}

static enum nt_status write_file(const char *folder, const char *name, const char *text, size_t size,
                                 struct nt_error *error) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return nt_error_set(error, NT_E_IO, "%s: the path is too long", folder);
    }
    return nt_folder_write_file(path, text, size, error);
}

/* Text that `print` writes, as a file. */
static enum nt_status write_text(const char *folder, const char *name,
                                 void (*print)(FILE *, const struct nt_measuring *), const struct nt_measuring *m,
                                 struct nt_error *error) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL) {
        return no_memory(error);
    }
    print(file, m);
    enum nt_status status = fclose(file) == 0 ? write_file(folder, name, text, size, error) : no_memory(error);
    free(text);
    return status;
}

static void print_samples(FILE *file, const struct nt_measuring *m) {
    (void)fprintf(file, "sample,label,prediction");
    for (uint32_t c = 0; c < m->columns; c++) {
        (void)fprintf(file, ",%s", m->column[c].name);
    }
    (void)fprintf(file, m->credible != NULL ? ",credibility_class\n" : "\n");
    for (uint32_t i = 0; i < m->samples; i++) {
        (void)fprintf(file, "%u,%u,%u", i, nt_bundle_labels(m->bundle)[i], nt_bundle_predictions(m->bundle)[i]);
        for (uint32_t c = 0; c < m->columns; c++) {
            (void)fprintf(file, ",%.9g", (double)m->column[c].value[i]);
        }
        if (m->credible != NULL) {
            (void)fprintf(file, ",%u", m->credible[i]);
        }
        (void)fprintf(file, "\n");
    }
}

static void print_suggestions(FILE *file, const struct nt_measuring *m) {
    static const char *const names[NT_REASON_COUNT] = {[NT_REASON_CHANGES_MOST] = "changes-most",
                                                       [NT_REASON_CHANGES_CLASS] = "changes-class",
                                                       [NT_REASON_CHANGES_CLASS_OVERALL] = "changes-class-overall",
                                                       [NT_REASON_MOST_STABLE] = "most-stable",
                                                       [NT_REASON_LEAST_STABLE] = "least-stable",
                                                       [NT_REASON_UNUSUAL] = "unusual",
                                                       [NT_REASON_HUB] = "hub",
                                                       [NT_REASON_MISLABELLED] = "mislabelled",
                                                       [NT_REASON_AMBIGUOUS] = "ambiguous",
                                                       [NT_REASON_CORRECTED] = "corrected",
                                                       [NT_REASON_TYPICAL] = "typical"};
    uint32_t count;
    const struct nt_suggestion *s = nt_suggest_result(m->suggest, &count);
    (void)fprintf(file, "reason,sample,from,layer,label1,label2,figure1,figure2,figure3\n");
    for (uint32_t i = 0; i < count; i++, s++) {
        (void)fprintf(file, "%s,%u,%u,%u,%u,%u,%.9g,%.9g,%.9g\n", names[s->reason], s->sample, s->from, s->layer,
                      s->label[0], s->label[1], (double)s->figure[0], (double)s->figure[1], (double)s->figure[2]);
    }
}

/* A row a point of the grid, a column a class. */
static void print_densities(FILE *file, const struct nt_measuring *m) {
    uint32_t classes = nt_bundle_classes(m->bundle);
    (void)fprintf(file, "distance");
    for (uint32_t c = 0; c < classes; c++) {
        (void)fprintf(file, ",class%u", c);
    }
    for (uint32_t p = 0; p < NT_MEASURING_POINTS; p++) {
        (void)fprintf(file, "\n%.17g", m->at[p]);
        for (uint32_t c = 0; c < classes; c++) {
            (void)fprintf(file, ",%.17g", m->density[(size_t)c * NT_MEASURING_POINTS + p]);
        }
    }
    (void)fprintf(file, "\n");
}

/* ---- measures.json ---- */

static void add_numbers(cJSON *to, const char *name, const double *number, uint32_t count) {
    cJSON *array = cJSON_AddArrayToObject(to, name);
    for (uint32_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateNumber(number[i]));
    }
}

static void add_counts(cJSON *to, const char *name, const uint32_t *number, uint32_t count) {
    cJSON *array = cJSON_AddArrayToObject(to, name);
    for (uint32_t i = 0; i < count; i++) {
        cJSON_AddItemToArray(array, cJSON_CreateNumber(number[i]));
    }
}

static void add_figures(cJSON *root, const struct nt_measuring *m) {
    uint32_t classes = nt_bundle_classes(m->bundle);
    cJSON_AddNumberToObject(root, "layer", m->layer);
    cJSON_AddNumberToObject(root, "reference", m->reference);
    cJSON_AddNumberToObject(root, "k", m->k);
    cJSON *means = cJSON_AddObjectToObject(root, "means");
    for (uint32_t c = 0; c < m->columns; c++) {
        cJSON_AddNumberToObject(means, m->column[c].name, nt_measure_mean(m->column[c].value, m->samples));
    }
    cJSON_AddNumberToObject(root, "hubness", m->survey.hubness);
    cJSON *dimension = cJSON_AddObjectToObject(root, "dimension");
    cJSON_AddNumberToObject(dimension, "all", m->survey.dimension[classes]);
    cJSON_AddNumberToObject(dimension, "used", m->survey.dimension_used[classes]);
    add_numbers(dimension, "classes", m->survey.dimension, classes);
    add_counts(dimension, "usedOfClass", m->survey.dimension_used, classes);
    if (m->deep != NULL) {
        uint32_t count;
        const uint32_t *calibration = nt_survey_deep_calibration(m->deep, &count);
        add_counts(root, "calibration", calibration, count);
    }
}

static enum nt_status add_summary(cJSON *root, const struct nt_measuring *m, struct nt_error *error) {
    uint32_t c = nt_bundle_classes(m->bundle);
    double *share = nt_allocate(nt_allocator_default(), 3 * (size_t)c, sizeof *share);
    uint32_t *number = nt_allocate(nt_allocator_default(), (size_t)c * (c + 1), sizeof *number);
    struct nt_summary s = {.recall = share};
    enum nt_status status = share != NULL && number != NULL ? NT_OK : no_memory(error);
    if (status == NT_OK) {
        s.precision = share + c;
        s.f1 = share + 2 * (size_t)c;
        s.support = number;
        s.confusion = number + c;
        status = nt_summarise(&s, nt_bundle_labels(m->bundle), nt_bundle_predictions(m->bundle), NULL, m->samples, c);
    }
    if (status == NT_OK) {
        cJSON *summary = cJSON_AddObjectToObject(root, "summary");
        cJSON *classes = cJSON_AddArrayToObject(summary, "classes");
        for (uint32_t i = 0; i < c; i++) {
            cJSON_AddItemToArray(classes, cJSON_CreateString(nt_bundle_class(m->bundle, i)));
        }
        cJSON_AddNumberToObject(summary, "accuracy", s.accuracy);
        cJSON_AddNumberToObject(summary, "balancedAccuracy", s.balanced_accuracy);
        add_numbers(summary, "recall", s.recall, c);
        add_numbers(summary, "precision", s.precision, c);
        add_numbers(summary, "f1", s.f1, c);
        add_counts(summary, "support", s.support, c);
        add_counts(summary, "confusion", s.confusion, c * c);
    }
    nt_release(nt_allocator_default(), share);
    nt_release(nt_allocator_default(), number);
    return status;
}

static enum nt_status write_json(const struct nt_measuring *m, const char *folder, struct nt_error *error) {
    cJSON *root = cJSON_CreateObject();
    add_figures(root, m);
    enum nt_status status = add_summary(root, m, error);
    char *text = status == NT_OK ? cJSON_Print(root) : NULL;
    if (status == NT_OK) {
        status = text != NULL ? write_file(folder, "measures.json", text, strlen(text), error) : no_memory(error);
    }
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

enum nt_status nt_measures_write(const struct nt_measuring *m, const char *folder, struct nt_error *error) {
    NT_TRY(write_text(folder, "measures.csv", print_samples, m, error));
    if (m->suggest != NULL) {
        NT_TRY(write_text(folder, "suggestions.csv", print_suggestions, m, error));
    }
    if (m->density != NULL) {
        NT_TRY(write_text(folder, "densities.csv", print_densities, m, error));
    }
    return write_json(m, folder, error);
}
