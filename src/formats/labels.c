#include "ntrace/labels.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "formats/lines.h"
#include "formats/names.h"
#include "ntrace/idx.h"
#include "ntrace/npy.h"

enum { BLOCK = 1024 };

struct reading {
    struct nt_labels *labels;
    const struct nt_names *known; /* the classes that the caller names; NULL where it does not */
    struct nt_names *found;       /* the classes that a text names */
    const char *path;
    const struct nt_allocator *allocator;
    struct nt_error *error;
};

static enum nt_status no_memory(const struct reading *r) {
    return nt_error_set(r->error, NT_E_MEMORY, "%s: not enough memory for its labels", r->path);
}

static enum nt_status allocate(struct reading *r, uint64_t count) {
    if (count < 1 || count > NT_LABELS_MAX_COUNT) {
        return nt_error_set(r->error, NT_E_SHAPE, "%s: expected 1 to %d labels, found %" PRIu64, r->path,
                            NT_LABELS_MAX_COUNT, count);
    }
    r->labels->label = nt_allocate(r->allocator, (size_t)count, sizeof *r->labels->label);
    r->labels->count = (uint32_t)count;
    return r->labels->label != NULL ? NT_OK : no_memory(r);
}

/* Keeps the number of sample i, checked. */
static enum nt_status keep(struct reading *r, uint32_t i, double number, const char *where) {
    uint32_t classes = r->known != NULL ? r->known->count : NT_LABELS_MAX_CLASSES;
    if (!(number >= 0 && number < classes)) {
        return nt_error_set(r->error, NT_E_VALUE, "%s: label %.0f of sample %u: expected 0 to %u", where, number, i,
                            classes - 1);
    }
    r->labels->label[i] = (uint16_t)number;
    r->labels->classes = number >= r->labels->classes ? (uint32_t)number + 1 : r->labels->classes;
    return NT_OK;
}

/* ---- .npy and IDX. ---- */

static enum nt_status read_npy_items(struct reading *r, nt_npy_reader *reader) {
    const struct nt_npy_header *h = nt_npy_reader_header(reader);
    if (h->type >= NT_NPY_FLOAT16) {
        return nt_error_set(r->error, NT_E_FORMAT, "%s: expected integer labels, found %s", r->path,
                            nt_npy_type_name(h->type));
    }
    if (h->row_items != 1 || h->dimensions == 0) {
        return nt_error_set(r->error, NT_E_SHAPE,
                            "%s: expected labels of shape [N], found %u dimensions, %" PRIu64 " rows of %" PRIu64,
                            r->path, h->dimensions, h->rows, h->row_items);
    }
    NT_TRY(allocate(r, h->rows));
    for (uint32_t at = 0; at < r->labels->count; at += BLOCK) {
        uint8_t raw[BLOCK * 8];
        uint32_t rows = r->labels->count - at < BLOCK ? r->labels->count - at : BLOCK;
        NT_TRY(nt_npy_read(raw, reader, at, rows, r->error));
        for (uint32_t i = 0; i < rows; i++) {
            NT_TRY(keep(r, at + i, nt_npy_to_number(raw + (size_t)i * h->item_bytes, h->type), r->path));
        }
    }
    return NT_OK;
}

static enum nt_status read_npy(struct reading *r) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, r->path, r->allocator, r->error));
    enum nt_status status = read_npy_items(r, reader);
    nt_npy_close(reader);
    return status;
}

static enum nt_status read_idx_items(struct reading *r, nt_idx_reader *reader) {
    const struct nt_idx_header *h = nt_idx_reader_header(reader);
    if (h->row_bytes != 1) {
        return nt_error_set(r->error, NT_E_SHAPE,
                            "%s: expected labels of shape [N], found %u dimensions, rows of %" PRIu64, r->path,
                            h->dimensions, h->row_bytes);
    }
    NT_TRY(allocate(r, h->rows));
    for (uint32_t at = 0; at < r->labels->count; at += BLOCK) {
        uint8_t raw[BLOCK];
        uint32_t rows = r->labels->count - at < BLOCK ? r->labels->count - at : BLOCK;
        NT_TRY(nt_idx_read(raw, reader, at, rows, r->error));
        for (uint32_t i = 0; i < rows; i++) {
            NT_TRY(keep(r, at + i, raw[i], r->path));
        }
    }
    return NT_OK;
}

static enum nt_status read_idx(struct reading *r) {
    nt_idx_reader *reader;
    NT_TRY(nt_idx_open(&reader, r->path, r->allocator, r->error));
    enum nt_status status = read_idx_items(r, reader);
    nt_idx_close(reader);
    return status;
}

/* ---- Text. ---- */

/* A line of digits as a number; false where it is anything else. */
static bool to_number(double *number, const char *text) {
    size_t sign = text[0] == '-', digits = strspn(text + sign, "0123456789");
    *number = 0;
    for (size_t i = 0; i < digits; i++) {
        *number = 10 * *number + (text[sign + i] - '0');
    }
    *number = sign ? -*number : *number;
    return digits > 0 && text[sign + digits] == 0;
}

/* How many lines, and whether all are numbers. */
static enum nt_status survey(uint64_t *count, bool *numbers, struct reading *r, struct nt_lines *lines) {
    bool more;
    double number;
    *count = 0;
    *numbers = true;
    NT_TRY(nt_lines_next(&more, lines, r->error));
    while (more) {
        ++*count;
        *numbers = *numbers && to_number(&number, lines->text);
        NT_TRY(nt_lines_next(&more, lines, r->error));
    }
    return nt_lines_seek(lines, 0, 1, r->error);
}

static enum nt_status keep_name(struct reading *r, uint32_t i, const struct nt_lines *lines, const char *where) {
    uint16_t number;
    if (r->known == NULL) {
        NT_TRY(nt_names_take(&number, r->found, lines->text, lines->bytes, where, r->error));
    } else if (!nt_names_find(&number, r->known, lines->text, lines->bytes)) {
        return nt_error_set(r->error, NT_E_VALUE, "%s: '%.80s' of sample %u is none of the %u classes", where,
                            lines->text, i, r->known->count);
    }
    return keep(r, i, number, where);
}

/* Classes by the bytes of their names, not by who came first. */
static enum nt_status name_classes(struct reading *r) {
    uint16_t place[NT_LABELS_MAX_CLASSES];
    const struct nt_names *names = r->found;
    r->labels->name = nt_allocate_zeroed(r->allocator, names->count, sizeof *r->labels->name);
    if (r->labels->name == NULL) {
        return no_memory(r);
    }
    for (uint16_t i = 0; i < names->count; i++) {
        place[names->sorted[i]] = i;
        memcpy(r->labels->name[i], names->name[names->sorted[i]], sizeof *r->labels->name);
    }
    for (uint32_t i = 0; i < r->labels->count; i++) {
        r->labels->label[i] = place[r->labels->label[i]];
    }
    r->labels->named = true;
    return NT_OK;
}

static enum nt_status read_lines(struct reading *r, struct nt_lines *lines) {
    uint64_t count;
    bool numbers, more;
    NT_TRY(survey(&count, &numbers, r, lines));
    NT_TRY(allocate(r, count));
    for (uint32_t i = 0; i < r->labels->count; i++) {
        char where[NT_LINES_WHERE_BYTES];
        double number = 0;
        NT_TRY(nt_lines_next(&more, lines, r->error));
        if (!more) {
            return nt_error_set(r->error, NT_E_IO, "%s: it changed while it was read", r->path);
        }
        (void)nt_lines_where(where, lines);
        NT_TRY(numbers && to_number(&number, lines->text) ? keep(r, i, number, where) : keep_name(r, i, lines, where));
    }
    return numbers || r->known != NULL ? NT_OK : name_classes(r);
}

static enum nt_status read_text(struct reading *r) {
    struct nt_lines lines;
    NT_TRY(nt_lines_open(&lines, r->path, NT_NAMES_MAX_LINE, r->allocator, r->error));
    r->found = nt_allocate_zeroed(r->allocator, 1, sizeof *r->found);
    enum nt_status status = r->found != NULL ? read_lines(r, &lines) : no_memory(r);
    nt_release(r->allocator, r->found);
    nt_lines_close(&lines);
    return status;
}

/* ---- Any of them. ---- */

static enum nt_status read_any(struct reading *r) {
    uint8_t magic[6] = {0};
    FILE *file = fopen(r->path, "rb");
    if (file == NULL) {
        return nt_error_set(r->error, NT_E_IO, "%s: cannot be opened", r->path);
    }
    size_t bytes = fread(magic, 1, sizeof magic, file);
    (void)fclose(file);
    if (bytes == sizeof magic && memcmp(magic, "\x93NUMPY", 6) == 0) {
        return read_npy(r);
    }
    bool idx = bytes > 3 && magic[0] == 0 && magic[1] == 0, gzipped = bytes > 1 && magic[0] == 0x1f && magic[1] == 0x8b;
    return idx || gzipped ? read_idx(r) : read_text(r);
}

/* The caller's names, or numbers. */
static enum nt_status take_names(struct reading *r) {
    struct nt_labels *l = r->labels;
    l->classes = r->known != NULL ? r->known->count : l->classes;
    l->named = r->known != NULL;
    l->name = nt_allocate_zeroed(r->allocator, l->classes, sizeof *l->name);
    for (uint32_t c = 0; l->name != NULL && c < l->classes; c++) {
        (void)(l->named ? snprintf(l->name[c], sizeof l->name[c], "%s", r->known->name[c])
                        : snprintf(l->name[c], sizeof l->name[c], "%u", c));
    }
    return l->name != NULL ? NT_OK : no_memory(r);
}

enum nt_status nt_labels_read(struct nt_labels *labels, const char *path, const char *names,
                              const struct nt_allocator *allocator, struct nt_error *error) {
    *labels = (struct nt_labels){0};
    struct reading r = {.labels = labels, .path = path, .allocator = allocator, .error = error};
    struct nt_names *known = names != NULL ? nt_allocate_zeroed(allocator, 1, sizeof *known) : NULL;
    enum nt_status status = names == NULL || known != NULL ? NT_OK : no_memory(&r);
    if (status == NT_OK && names != NULL) {
        status = nt_names_read(known, names, allocator, error);
        r.known = known;
    }
    status = status == NT_OK ? read_any(&r) : status;
    if (status == NT_OK && labels->name == NULL) {
        status = take_names(&r);
    }
    nt_release(allocator, known);
    if (status != NT_OK) {
        nt_labels_clear(labels, allocator);
    }
    return status;
}

void nt_labels_clear(struct nt_labels *labels, const struct nt_allocator *allocator) {
    nt_release(allocator, labels->label);
    nt_release(allocator, labels->name);
    *labels = (struct nt_labels){0};
}
