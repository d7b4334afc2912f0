/* Names of classes, each once. */
#ifndef NTRACE_FORMATS_NAMES_H
#define NTRACE_FORMATS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/labels.h"
#include "ntrace/status.h"

enum { NT_NAMES_MAX_LINE = 4096 };

struct nt_names {
    uint32_t count;
    char name[NT_LABELS_MAX_CLASSES][NT_LABELS_NAME_BYTES]; /* in the order in which they came */
    uint16_t sorted[NT_LABELS_MAX_CLASSES];                 /* their numbers in the order of their bytes */
};

/* Finds a name's number, or adds it. `where` stands before errors: "labels.txt, line 3".
 * Returns NT_OK, or NT_E_VALUE: empty, too long, not UTF-8, control characters in it, or too many names. */
enum nt_status nt_names_take(uint16_t *number, struct nt_names *names, const char *name, size_t bytes,
                             const char *where, struct nt_error *error);

/* Whether there is a name, and its number. */
bool nt_names_find(uint16_t *number, const struct nt_names *names, const char *name, size_t bytes);

/* Reads one name a line. names out, zeroed before. Returns NT_OK, NT_E_IO, NT_E_FORMAT (none), NT_E_VALUE (also for a
 * name that is there twice). */
enum nt_status nt_names_read(struct nt_names *names, const char *path, const struct nt_allocator *allocator,
                             struct nt_error *error);

#endif
