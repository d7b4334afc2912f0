/* .npy files on disk: block reads of rows, and a writer that never leaves half an array under its final name. */
#include "ntrace/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct nt_npy_reader {
    const struct nt_allocator *allocator;
    FILE *file;
    char *path;
    struct nt_npy_header header;
    uint64_t at; /* where the file stands, 0 where that is not known */
};

struct nt_npy_writer {
    const struct nt_allocator *allocator;
    FILE *file;
    char *path;
    char *temporary;
    uint64_t items_left;
    uint32_t item_bytes;
};

static char *copy_text(const char *text, const char *suffix, const struct nt_allocator *allocator) {
    size_t length = strlen(text), more = strlen(suffix);
    char *copy = nt_allocate(allocator, length + more + 1, 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        memcpy(copy + length, suffix, more + 1);
    }
    return copy;
}

static enum nt_status no_memory(const char *path, struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "%s: out of memory", path);
}

static enum nt_status failed(const char *path, const char *what, struct nt_error *error) {
    int cause = errno;
    return nt_error_set(error, NT_E_IO, "%s: cannot %s: %s", path, what,
                        cause != 0 ? strerror(cause) : "input/output error");
}

static enum nt_status check_size(nt_npy_reader *reader, struct nt_error *error) {
    errno = 0;
    if (fseeko(reader->file, 0, SEEK_END) != 0) {
        return failed(reader->path, "find its end", error);
    }
    off_t end = ftello(reader->file);
    if (end < 0) {
        return failed(reader->path, "find its end", error);
    }
    uint64_t expected = reader->header.data_offset + reader->header.data_bytes;
    if ((uint64_t)end != expected) {
        return nt_error_set(
            error, NT_E_DAMAGED, "%s: %s: its header announces %" PRIu64 " bytes, %" PRIu64 " are there", reader->path,
            (uint64_t)end < expected ? "truncated" : "bytes left over after the array", expected, (uint64_t)end);
    }
    return NT_OK;
}

static enum nt_status read_header(nt_npy_reader *reader, struct nt_error *error) {
    uint8_t prefix[NT_NPY_PREFIX_BYTES];
    uint64_t offset = 0;
    errno = 0;
    size_t size = fread(prefix, 1, sizeof prefix, reader->file);
    if (ferror(reader->file)) {
        return failed(reader->path, "read it", error);
    }
    NT_TRY(nt_npy_data_offset(&offset, prefix, size, reader->path, error));
    uint8_t *bytes = nt_allocate(reader->allocator, (size_t)offset, 1);
    if (bytes == NULL) {
        return no_memory(reader->path, error);
    }
    enum nt_status status = NT_OK;
    if (fseeko(reader->file, 0, SEEK_SET) != 0) {
        status = failed(reader->path, "go back to its start", error);
    }
    if (status == NT_OK) {
        size = fread(bytes, 1, (size_t)offset, reader->file);
        status = ferror(reader->file) ? failed(reader->path, "read it", error)
                                      : nt_npy_parse(&reader->header, bytes, size, reader->path, error);
    }
    nt_release(reader->allocator, bytes);
    NT_TRY(status);
    return check_size(reader, error);
}

enum nt_status nt_npy_open(nt_npy_reader **reader, const char *path, const struct nt_allocator *allocator,
                           struct nt_error *error) {
    *reader = NULL;
    nt_npy_reader *opened = nt_allocate_zeroed(allocator, 1, sizeof *opened);
    if (opened == NULL) {
        return no_memory(path, error);
    }
    opened->allocator = allocator;
    opened->path = copy_text(path, "", allocator);
    enum nt_status status = opened->path == NULL ? no_memory(path, error) : NT_OK;
    if (status == NT_OK) {
        errno = 0;
        opened->file = fopen(path, "rb");
        status = opened->file == NULL ? failed(path, "open it", error) : read_header(opened, error);
    }
    if (status != NT_OK) {
        nt_npy_close(opened);
        return status;
    }
    *reader = opened;
    return NT_OK;
}

void nt_npy_close(nt_npy_reader *reader) {
    if (reader != NULL) {
        const struct nt_allocator *allocator = reader->allocator;
        if (reader->file != NULL) {
            (void)fclose(reader->file);
        }
        nt_release(allocator, reader->path);
        nt_release(allocator, reader);
    }
}

const struct nt_npy_header *nt_npy_reader_header(const nt_npy_reader *reader) { return &reader->header; }

enum nt_status nt_npy_read(void *out, nt_npy_reader *reader, uint64_t row, uint64_t rows, struct nt_error *error) {
    const struct nt_npy_header *h = &reader->header;
    if (row > h->rows || rows > h->rows - row) {
        return nt_error_set(error, NT_E_ARG, "%s: rows %" PRIu64 " to %" PRIu64 " wanted, it has %" PRIu64,
                            reader->path, row, row + rows, h->rows);
    }
    uint64_t row_bytes = h->row_items * h->item_bytes;
    if (rows * row_bytes > SIZE_MAX) {
        return nt_error_set(error, NT_E_ARG, "%s: more bytes wanted at once than memory can hold", reader->path);
    }
    size_t bytes = (size_t)(rows * row_bytes);
    if (bytes == 0) {
        return NT_OK;
    }
    uint64_t offset = h->data_offset + row * row_bytes;
    errno = 0;
    bool there = reader->at == offset || fseeko(reader->file, (off_t)offset, SEEK_SET) == 0;
    reader->at = 0;
    if (!there || fread(out, 1, bytes, reader->file) != bytes) {
        return failed(reader->path, "read its rows", error);
    }
    reader->at = offset + bytes;
    return NT_OK;
}

/* Frees a writer; what it wrote stays only if the file was renamed before. */
static void writer_free(nt_npy_writer *writer) {
    const struct nt_allocator *allocator = writer->allocator;
    nt_release(allocator, writer->path);
    nt_release(allocator, writer->temporary);
    nt_release(allocator, writer);
}

void nt_npy_abandon(nt_npy_writer *writer) {
    if (writer != NULL) {
        if (writer->file != NULL) {
            (void)fclose(writer->file);
            (void)remove(writer->temporary);
        }
        writer_free(writer);
    }
}

/* Opens the temporary file of a writer whose other fields are zero, and writes the header. */
static enum nt_status writer_start(nt_npy_writer *writer, const char *path, const uint8_t *header, size_t size,
                                   struct nt_error *error) {
    writer->path = copy_text(path, "", writer->allocator);
    writer->temporary = copy_text(path, ".tmp", writer->allocator);
    if (writer->path == NULL || writer->temporary == NULL) {
        return no_memory(path, error);
    }
    errno = 0;
    writer->file = fopen(writer->temporary, "wb");
    if (writer->file == NULL) {
        return failed(writer->temporary, "create it", error);
    }
    return fwrite(header, 1, size, writer->file) == size ? NT_OK : failed(writer->temporary, "write it", error);
}

enum nt_status nt_npy_create(nt_npy_writer **writer, const char *path, enum nt_npy_type type, const uint64_t *shape,
                             uint32_t dimensions, const struct nt_allocator *allocator, struct nt_error *error) {
    uint8_t header[NT_NPY_WRITTEN_HEADER_BYTES];
    size_t size = 0;
    *writer = NULL;
    if (nt_npy_format(header, &size, type, shape, dimensions) != NT_OK) {
        return nt_error_set(error, NT_E_ARG, "%s: an array of this type and shape cannot be written", path);
    }
    nt_npy_writer *created = nt_allocate_zeroed(allocator, 1, sizeof *created);
    if (created == NULL) {
        return no_memory(path, error);
    }
    created->allocator = allocator;
    created->item_bytes = nt_npy_type_bytes(type);
    created->items_left = 1;
    for (uint32_t d = 0; d < dimensions; d++) {
        created->items_left *= shape[d];
    }
    enum nt_status status = writer_start(created, path, header, size, error);
    if (status != NT_OK) {
        nt_npy_abandon(created);
        return status;
    }
    *writer = created;
    return NT_OK;
}

enum nt_status nt_npy_append(nt_npy_writer *writer, const void *items, uint64_t count, struct nt_error *error) {
    if (count > writer->items_left) {
        return nt_error_set(error, NT_E_ARG, "%s: %" PRIu64 " more items than its shape holds", writer->path,
                            count - writer->items_left);
    }
    size_t bytes = (size_t)count * writer->item_bytes;
    errno = 0;
    if (bytes != 0 && fwrite(items, 1, bytes, writer->file) != bytes) {
        return failed(writer->temporary, "write it", error);
    }
    writer->items_left -= count;
    return NT_OK;
}

enum nt_status nt_npy_commit(nt_npy_writer *writer, struct nt_error *error) {
    if (writer->items_left != 0) {
        enum nt_status status =
            nt_error_set(error, NT_E_ARG, "%s: %" PRIu64 " items are still missing", writer->path, writer->items_left);
        nt_npy_abandon(writer);
        return status;
    }
    enum nt_status status = NT_OK;
    errno = 0;
    if (fclose(writer->file) != 0) {
        status = failed(writer->temporary, "write it", error);
    } else if (rename(writer->temporary, writer->path) != 0) {
        status = failed(writer->path, "rename its temporary file to it", error);
    }
    if (status != NT_OK) {
        (void)remove(writer->temporary);
    }
    writer_free(writer);
    return status;
}

enum nt_status nt_npy_write(const char *path, const void *items, enum nt_npy_type type, const uint64_t *shape,
                            uint32_t dimensions, const struct nt_allocator *allocator, struct nt_error *error) {
    nt_npy_writer *writer = NULL;
    NT_TRY(nt_npy_create(&writer, path, type, shape, dimensions, allocator, error));
    enum nt_status status = nt_npy_append(writer, items, writer->items_left, error);
    if (status != NT_OK) {
        nt_npy_abandon(writer);
        return status;
    }
    return nt_npy_commit(writer, error);
}
