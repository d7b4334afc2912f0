/* Text files line by line, however long the file, each line at most so long. */
#ifndef NTRACE_FORMATS_LINES_H
#define NTRACE_FORMATS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

enum { NT_LINES_BLOCK = 1 << 16, NT_LINES_WHERE_BYTES = 320 };

struct nt_lines {
    /* The current line, without its end ("\n" or "\r\n"), NUL-terminated. */
    char *text;
    size_t bytes;
    uint64_t number, offset; /* from 1; of its first byte in the file */
    /* For lines.c alone. */
    const struct nt_allocator *allocator;
    const char *path;
    FILE *file;
    size_t limit, room, block_at, block_bytes;
    uint64_t next;
    char *block;
};

/* Opens a file whose lines are at most `limit` bytes. path is borrowed. To be closed with nt_lines_close, which accepts
 * zeros; zeroed on failure. Returns NT_OK, NT_E_IO, NT_E_MEMORY. */
enum nt_status nt_lines_open(struct nt_lines *lines, const char *path, size_t limit,
                             const struct nt_allocator *allocator, struct nt_error *error);
void nt_lines_close(struct nt_lines *lines);

/* Goes to the next line that is not empty; *more is false after the last. Returns NT_OK, NT_E_IO, NT_E_MEMORY,
 * NT_E_FORMAT (a line over the limit). */
enum nt_status nt_lines_next(bool *more, struct nt_lines *lines, struct nt_error *error);

/* Goes to the line that begins at an offset: what nt_lines_next gives next. */
enum nt_status nt_lines_seek(struct nt_lines *lines, uint64_t offset, uint64_t number, struct nt_error *error);

/* "labels.txt, line 3 (byte 27)", for errors. Returns text [NT_LINES_WHERE_BYTES]. */
const char *nt_lines_where(char *text, const struct nt_lines *lines);

#endif
