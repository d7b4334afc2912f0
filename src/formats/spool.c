#include "ntrace/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"

struct nt_spool {
    const struct nt_allocator *allocator;
    char *path, *temporary; /* temporary is NULL once the file has its name */
    int file;
    size_t row_bytes;
    uint32_t rows;
};

static enum nt_status cannot(const nt_spool *s, const char *what, struct nt_error *error) {
    return nt_error_set(error, NT_E_IO, "%s: cannot be %s: %s", s->temporary != NULL ? s->temporary : s->path, what,
                        errno != 0 ? strerror(errno) : "input/output error");
}

static enum nt_status make(nt_spool **spool, const char *path, size_t row_bytes, uint32_t rows,
                           const struct nt_allocator *allocator, struct nt_error *error) {
    *spool = NULL;
    nt_spool *s = nt_allocate_zeroed(allocator, 1, sizeof *s);
    char *copy = nt_path_copy(path, allocator);
    if (s == NULL || copy == NULL) {
        nt_release(allocator, s);
        nt_release(allocator, copy);
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    }
    *s = (nt_spool){.allocator = allocator, .path = copy, .file = -1, .row_bytes = row_bytes, .rows = rows};
    *spool = s;
    return NT_OK;
}

enum nt_status nt_spool_create(nt_spool **spool, const char *path, size_t row_bytes, uint32_t rows,
                               const struct nt_allocator *allocator, struct nt_error *error) {
    char temporary[NT_PATH_BYTES];
    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary) {
        *spool = NULL;
        return nt_error_set(error, NT_E_ARG, "%.200s: the path is too long", path);
    }
    NT_TRY(make(spool, path, row_bytes, rows, allocator, error));
    nt_spool *s = *spool;
    s->temporary = nt_path_copy(temporary, allocator);
    errno = 0;
    s->file = s->temporary != NULL ? open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (s->file < 0) {
        enum nt_status status = s->temporary != NULL ? cannot(s, "made", error)
                                                     : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
        nt_spool_close(s);
        *spool = NULL;
        return status;
    }
    return NT_OK;
}

enum nt_status nt_spool_put(nt_spool *s, uint32_t row, const void *bytes, struct nt_error *error) {
    if (row >= s->rows) {
        return nt_error_set(error, NT_E_ARG, "%s: row %u: expected below %u", s->path, row, s->rows);
    }
    for (size_t done = 0; done < s->row_bytes;) {
        errno = 0;
        ssize_t written = pwrite(s->file, (const char *)bytes + done, s->row_bytes - done,
                                 (off_t)((uint64_t)row * s->row_bytes + done));
        if (written <= 0 && errno != EINTR) {
            return cannot(s, "written", error);
        }
        done += written > 0 ? (size_t)written : 0;
    }
    return NT_OK;
}

enum nt_status nt_spool_finish(nt_spool *s, struct nt_error *error) {
    errno = 0;
    if (fsync(s->file) != 0 || rename(s->temporary, s->path) != 0) {
        return cannot(s, "finished", error);
    }
    nt_release(s->allocator, s->temporary);
    s->temporary = NULL;
    return NT_OK;
}

static enum nt_status read_run(const nt_spool *s, uint8_t *out, uint32_t row, uint32_t count, struct nt_error *error) {
    size_t bytes = count * s->row_bytes;
    for (size_t done = 0; done < bytes;) {
        errno = 0;
        ssize_t found = pread(s->file, out + done, bytes - done, (off_t)((uint64_t)row * s->row_bytes + done));
        if (found <= 0 && errno != EINTR) {
            return cannot(s, "read", error);
        }
        done += found > 0 ? (size_t)found : 0;
    }
    return NT_OK;
}

enum nt_status nt_spool_read(nt_spool *s, void *out, const uint32_t *row, uint32_t count, struct nt_error *error) {
    for (uint32_t i = 0, run; i < count; i += run) {
        run = 1;
        while (i + run < count && row[i + run] == row[i] + run) {
            run++;
        }
        if (row[i] >= s->rows || run > s->rows - row[i]) {
            return nt_error_set(error, NT_E_ARG, "%s: row %u: expected below %u", s->path,
                                row[i] >= s->rows ? row[i] : s->rows, s->rows);
        }
        NT_TRY(read_run(s, (uint8_t *)out + i * s->row_bytes, row[i], run, error));
    }
    return NT_OK;
}

void nt_spool_close(nt_spool *s) {
    if (s == NULL) {
        return;
    }
    if (s->file >= 0) {
        (void)close(s->file);
        if (s->temporary != NULL) {
            (void)remove(s->temporary);
        }
    }
    nt_release(s->allocator, s->path);
    nt_release(s->allocator, s->temporary);
    nt_release(s->allocator, s);
}
