/* Labels of samples from files: numbers from .npy and IDX (gzipped or not), numbers or class names from text. */
#ifndef NTRACE_LABELS_H
#define NTRACE_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NT_LABELS_MAX_CLASSES = 1000,
    NT_LABELS_NAME_BYTES = 64, /* longest name of a class and its end */
    NT_LABELS_MAX_COUNT = 1 << 26
};

struct nt_labels {
    uint32_t count, classes;
    bool named;                         /* whether the names are the file's own; else they are "0", "1"... */
    uint16_t *label;                    /* [count] < classes */
    char (*name)[NT_LABELS_NAME_BYTES]; /* [classes] */
};

/* Reads labels, one a sample.
 *
 * labels  out  to be given to nt_labels_clear; zeroed on failure
 * path    in   what it is shows in its first bytes:
 *              - a .npy of integers [N] or [N, 1];
 *              - an IDX file of unsigned bytes [N], as MNIST's, gzipped or not;
 *              - text in UTF-8, one label a line: whole numbers everywhere, or else names, which become classes in the
 *                order of their bytes
 * names   in   a text with the name of class 0 in its first line, of class 1 in its second and so on, or NULL. Labels
 *              that are names must be among them.
 *
 * Without `names` the number of classes is the greatest label + 1, with them their number.
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY, NT_E_FORMAT, NT_E_SHAPE (none, too many, more dimensions), NT_E_VALUE (a label
 * out of range, a name too long or unknown), NT_E_DAMAGED (truncated). */
enum nt_status nt_labels_read(struct nt_labels *labels, const char *path, const char *names,
                              const struct nt_allocator *allocator, struct nt_error *error);

/* Frees what a read allocated. Zeroed labels are fine. */
void nt_labels_clear(struct nt_labels *labels, const struct nt_allocator *allocator);

#ifdef __cplusplus
}
#endif
#endif
