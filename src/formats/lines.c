#include "formats/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static enum nt_status no_memory(const struct nt_lines *lines, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for a line", lines->path);
}

enum nt_status nt_lines_open(struct nt_lines *lines, const char *path, size_t limit,
                             const struct nt_allocator *allocator, struct nt_error *error) {
    *lines = (struct nt_lines){.allocator = allocator, .path = path, .limit = limit};
    lines->block = nt_allocate(allocator, NT_LINES_BLOCK, 1);
    enum nt_status status = lines->block != NULL ? NT_OK : no_memory(lines, error);
    if (status == NT_OK && (lines->file = fopen(path, "rb")) == NULL) {
        status = nt_error_set(error, NT_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    if (status != NT_OK) {
        nt_lines_close(lines);
    }
    return status;
}

void nt_lines_close(struct nt_lines *lines) {
    if (lines->file != NULL) {
        (void)fclose(lines->file);
    }
    if (lines->allocator != NULL) {
        nt_release(lines->allocator, lines->block);
        nt_release(lines->allocator, lines->text);
    }
    *lines = (struct nt_lines){0};
}

static enum nt_status append(struct nt_lines *lines, const char *bytes, size_t count, struct nt_error *error) {
    if (count > lines->limit - lines->bytes) {
        return nt_error_set(error, NT_E_FORMAT, "%s: line %" PRIu64 " (byte %" PRIu64 "): expected at most %zu bytes",
                            lines->path, lines->number, lines->offset, lines->limit);
    }
    if (lines->bytes + count + 1 > lines->room) {
        size_t room = 2 * (lines->bytes + count + 1);
        char *grown = nt_allocate(lines->allocator, room, 1);
        if (grown == NULL) {
            return no_memory(lines, error);
        }
        if (lines->bytes > 0) {
            memcpy(grown, lines->text, lines->bytes);
        }
        nt_release(lines->allocator, lines->text);
        lines->text = grown;
        lines->room = room;
    }
    memcpy(lines->text + lines->bytes, bytes, count);
    lines->bytes += count;
    lines->text[lines->bytes] = 0;
    return NT_OK;
}

static enum nt_status refill(struct nt_lines *lines, struct nt_error *error) {
    lines->block_at = 0;
    errno = 0;
    lines->block_bytes = fread(lines->block, 1, NT_LINES_BLOCK, lines->file);
    return ferror(lines->file) ? nt_error_set(error, NT_E_IO, "%s: cannot be read: %s", lines->path,
                                              errno != 0 ? strerror(errno) : "input/output error")
                               : NT_OK;
}

/* Takes bytes up to the end of a line or of the file; *ended is false at the latter. */
static enum nt_status take(bool *ended, struct nt_lines *lines, struct nt_error *error) {
    *ended = false;
    lines->bytes = 0;
    lines->offset = lines->next;
    lines->number++;
    while (!*ended) {
        if (lines->block_at == lines->block_bytes) {
            NT_TRY(refill(lines, error));
        }
        const char *from = lines->block + lines->block_at;
        size_t left = lines->block_bytes - lines->block_at;
        if (left == 0) {
            break;
        }
        const char *end = memchr(from, '\n', left);
        size_t count = end != NULL ? (size_t)(end - from) : left, used = count + (end != NULL);
        NT_TRY(append(lines, from, count, error));
        lines->block_at += used;
        lines->next += used;
        *ended = end != NULL;
    }
    if (lines->bytes > 0 && lines->text[lines->bytes - 1] == '\r') {
        lines->text[--lines->bytes] = 0;
    }
    return NT_OK;
}

/* Some editors write a mark of three bytes before the text. */
static void skip_mark(struct nt_lines *lines) {
    if (lines->offset == 0 && lines->bytes >= 3 && memcmp(lines->text, "\xef\xbb\xbf", 3) == 0) {
        lines->bytes -= 3;
        memmove(lines->text, lines->text + 3, lines->bytes + 1);
    }
}

enum nt_status nt_lines_next(bool *more, struct nt_lines *lines, struct nt_error *error) {
    bool ended = true;
    *more = false;
    while (!*more && ended) {
        NT_TRY(take(&ended, lines, error));
        skip_mark(lines);
        *more = lines->bytes > 0;
    }
    return NT_OK;
}

enum nt_status nt_lines_seek(struct nt_lines *lines, uint64_t offset, uint64_t number, struct nt_error *error) {
    if (offset != lines->next) {
        if (fseeko(lines->file, (off_t)offset, SEEK_SET) != 0) {
            return nt_error_set(error, NT_E_IO, "%s: cannot be read from byte %" PRIu64 ": %s", lines->path, offset,
                                strerror(errno));
        }
        lines->block_at = lines->block_bytes = 0;
        lines->next = offset;
    }
    lines->number = number - 1;
    return NT_OK;
}

const char *nt_lines_where(char *text, const struct nt_lines *lines) {
    (void)snprintf(text, NT_LINES_WHERE_BYTES, "%.256s, line %" PRIu64 " (byte %" PRIu64 ")", lines->path,
                   lines->number, lines->offset);
    return text;
}
