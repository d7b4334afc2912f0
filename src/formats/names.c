#include "formats/names.h"

#include <stdio.h>
#include <string.h>

#include "formats/lines.h"

/* Length of one well-formed UTF-8 character, 0 where there is none (also for control characters). */
static size_t character(const uint8_t *b, size_t left) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = b[0] < 0x80 ? 1 : b[0] >> 5 == 6 ? 2 : b[0] >> 4 == 14 ? 3 : b[0] >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > left || b[0] < 0x20 || b[0] == 0x7f) {
        return 0;
    }
    uint32_t code = length == 1 ? b[0] : b[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (b[i] >> 6 != 2) {
            return 0;
        }
        code = code << 6 | (b[i] & 0x3fu);
    }
    return code >= least[length] && code <= 0x10ffff && code >> 11 != 0x1b ? length : 0;
}

static enum nt_status check(const char *name, size_t bytes, const char *where, struct nt_error *error) {
    if (bytes == 0 || bytes >= NT_LABELS_NAME_BYTES) {
        return nt_error_set(error, NT_E_VALUE, "%s: expected a class name of 1 to %d bytes, found %zu bytes", where,
                            NT_LABELS_NAME_BYTES - 1, bytes);
    }
    for (size_t i = 0, length; i < bytes; i += length) {
        length = character((const uint8_t *)name + i, bytes - i);
        if (length == 0) {
            return nt_error_set(error, NT_E_VALUE,
                                "%s: expected text in UTF-8, found byte %02x at place %zu of a class name", where,
                                (unsigned)(uint8_t)name[i], i);
        }
    }
    return NT_OK;
}

static int compare(const char *a, const char *b, size_t bytes) {
    int order = strncmp(a, b, bytes);
    return order != 0 ? order : a[bytes] != 0;
}

/* Where a name stands in the sorted list, or where it would; true where it is there. */
static bool search(uint32_t *at, const struct nt_names *names, const char *name, size_t bytes) {
    uint32_t low = 0, high = names->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = compare(names->name[names->sorted[middle]], name, bytes);
        if (order == 0) {
            *at = middle;
            return true;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    *at = low;
    return false;
}

bool nt_names_find(uint16_t *number, const struct nt_names *names, const char *name, size_t bytes) {
    uint32_t at;
    bool found =
        bytes > 0 && bytes < NT_LABELS_NAME_BYTES && memchr(name, 0, bytes) == NULL && search(&at, names, name, bytes);
    *number = found ? names->sorted[at] : 0;
    return found;
}

enum nt_status nt_names_take(uint16_t *number, struct nt_names *names, const char *name, size_t bytes,
                             const char *where, struct nt_error *error) {
    uint32_t at = 0;
    if (nt_names_find(number, names, name, bytes)) {
        return NT_OK;
    }
    NT_TRY(check(name, bytes, where, error));
    if (names->count == NT_LABELS_MAX_CLASSES) {
        return nt_error_set(error, NT_E_VALUE, "%s: more than %d classes", where, NT_LABELS_MAX_CLASSES);
    }
    (void)search(&at, names, name, bytes);
    *number = (uint16_t)names->count;
    memmove(names->sorted + at + 1, names->sorted + at, (names->count - at) * sizeof *names->sorted);
    names->sorted[at] = *number;
    memcpy(names->name[*number], name, bytes);
    names->name[*number][bytes] = 0;
    names->count++;
    return NT_OK;
}

enum nt_status nt_names_read(struct nt_names *names, const char *path, const struct nt_allocator *allocator,
                             struct nt_error *error) {
    struct nt_lines lines;
    bool more;
    NT_TRY(nt_lines_open(&lines, path, NT_NAMES_MAX_LINE, allocator, error));
    enum nt_status status = nt_lines_next(&more, &lines, error);
    while (status == NT_OK && more) {
        char where[NT_LINES_WHERE_BYTES];
        uint16_t number;
        uint32_t before = names->count;
        status = nt_names_take(&number, names, lines.text, lines.bytes, nt_lines_where(where, &lines), error);
        if (status == NT_OK && names->count == before) {
            status = nt_error_set(error, NT_E_VALUE, "%s: the name '%s' is there twice", where, names->name[number]);
        }
        status = status == NT_OK ? nt_lines_next(&more, &lines, error) : status;
    }
    nt_lines_close(&lines);
    if (status == NT_OK && names->count == 0) {
        status = nt_error_set(error, NT_E_FORMAT, "%s: expected the name of one class a line, found none", path);
    }
    return status;
}
