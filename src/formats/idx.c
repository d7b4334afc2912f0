#include "ntrace/idx.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/path.h"

enum { BLOCK_BYTES = 1 << 16 };

struct nt_idx_reader {
    const struct nt_allocator *allocator;
    gzFile file; /* reads plain files as they are */
    char *path;
    struct nt_idx_header header;
    uint64_t at; /* where the file stands, inflated */
};

/* ---- Headers. ---- */

static const char *type_name(uint8_t type) {
    static const char *const names[] = {"unsigned bytes",  "signed bytes",  "nothing known", "16-bit integers",
                                        "32-bit integers", "32-bit floats", "64-bit floats"};
    return type >= 8 && type <= 14 ? names[type - 8] : "nothing known";
}

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

enum nt_status nt_idx_parse(struct nt_idx_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error) {
    const uint8_t *b = bytes;
    struct nt_idx_header parsed = {.row_bytes = 1};
    *header = (struct nt_idx_header){0};
    if (size < 4) {
        return nt_error_set(error, NT_E_FORMAT, "%s: truncated: an IDX header is longer than %zu bytes", name, size);
    }
    if (b[0] != 0 || b[1] != 0) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: not an IDX file: at byte 0 expected 00 00 and a type, found %02x %02x %02x", name,
                            b[0], b[1], b[2]);
    }
    if (b[2] != 8) {
        return nt_error_set(error, NT_E_FORMAT, "%s: at byte 2 expected type 08, unsigned bytes, found %02x, %s", name,
                            b[2], type_name(b[2]));
    }
    if (b[3] < 1 || b[3] > NT_IDX_MAX_DIMENSIONS) {
        return nt_error_set(error, NT_E_SHAPE, "%s: at byte 3 expected 1 to %d dimensions, found %u", name,
                            NT_IDX_MAX_DIMENSIONS, b[3]);
    }
    parsed.dimensions = b[3];
    parsed.data_offset = 4 + 4 * parsed.dimensions;
    if (size < parsed.data_offset) {
        return nt_error_set(error, NT_E_FORMAT, "%s: truncated: its header takes %u bytes, %zu are there", name,
                            parsed.data_offset, size);
    }
    for (uint32_t d = 0; d < NT_IDX_MAX_DIMENSIONS; d++) {
        parsed.shape[d] = d < parsed.dimensions ? big_endian(b + 4 + 4 * (size_t)d) : 1;
        if (d > 0 && parsed.shape[d] != 0 && parsed.row_bytes > ((uint64_t)1 << 31) / parsed.shape[d]) {
            return nt_error_set(error, NT_E_SHAPE, "%s: at byte %u: one item of its first dimension overflows 31 bits",
                                name, 4 + 4 * d);
        }
        parsed.row_bytes *= d > 0 ? parsed.shape[d] : 1;
    }
    parsed.rows = parsed.shape[0];
    *header = parsed;
    return NT_OK;
}

/* ---- Files. ---- */

/* What gzip says went wrong, after bytes that did not come. */
static enum nt_status broken(const nt_idx_reader *reader, struct nt_error *error) {
    int code = Z_OK;
    const char *text = gzerror(reader->file, &code);
    if (code == Z_ERRNO) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be read: %s", reader->path, strerror(errno));
    }
    return nt_error_set(error, NT_E_DAMAGED, "%s: damaged near byte %" PRIu64 " of the inflated file: %s", reader->path,
                        reader->at, code != Z_OK && text[0] != 0 ? text : "it ends there");
}

static enum nt_status take(void *out, nt_idx_reader *reader, size_t bytes, struct nt_error *error) {
    for (size_t done = 0; done < bytes;) {
        unsigned wanted = bytes - done < (1u << 30) ? (unsigned)(bytes - done) : 1u << 30;
        int found = gzread(reader->file, (uint8_t *)out + done, wanted);
        if (found <= 0) {
            return broken(reader, error);
        }
        done += (size_t)found;
        reader->at += (uint64_t)found;
    }
    return NT_OK;
}

static enum nt_status wrong_size(const nt_idx_reader *reader, uint64_t expected, uint64_t found,
                                 struct nt_error *error) {
    return nt_error_set(error, NT_E_DAMAGED, "%s: %s: its header announces %" PRIu64 " bytes, %s%" PRIu64 " are there",
                        reader->path, found < expected ? "truncated" : "bytes left over after the array", expected,
                        found > expected ? "at least " : "", found);
}

/* Inflates up to one byte beyond what the header announces: that also checks gzip's own checksum. */
static enum nt_status check_size(nt_idx_reader *reader, struct nt_error *error) {
    uint64_t expected = reader->header.data_offset + reader->header.rows * reader->header.row_bytes;
    uint8_t block[BLOCK_BYTES];
    while (reader->at <= expected) {
        uint64_t left = expected + 1 - reader->at;
        int found = gzread(reader->file, block, left < sizeof block ? (unsigned)left : (unsigned)sizeof block);
        if (found < 0) {
            return broken(reader, error);
        }
        if (found == 0) {
            break;
        }
        reader->at += (uint64_t)found;
    }
    int code = Z_OK;
    (void)gzerror(reader->file, &code);
    if (code != Z_OK && code != Z_STREAM_END) {
        return broken(reader, error);
    }
    return reader->at == expected ? NT_OK : wrong_size(reader, expected, reader->at, error);
}

static enum nt_status start(nt_idx_reader *reader, struct nt_error *error) {
    struct stat information;
    uint8_t bytes[NT_IDX_MAX_HEADER_BYTES];
    if (stat(reader->path, &information) != 0 || S_ISDIR(information.st_mode)) {
        return nt_error_set(error, NT_E_IO, "%s: no such file", reader->path);
    }
    reader->file = gzopen(reader->path, "rb");
    if (reader->file == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be opened: %s", reader->path, strerror(errno));
    }
    int size = gzread(reader->file, bytes, sizeof bytes);
    if (size < 0) {
        return broken(reader, error);
    }
    reader->at = (uint64_t)size;
    NT_TRY(nt_idx_parse(&reader->header, bytes, (size_t)size, reader->path, error));
    return check_size(reader, error);
}

enum nt_status nt_idx_open(nt_idx_reader **reader, const char *path, const struct nt_allocator *allocator,
                           struct nt_error *error) {
    *reader = NULL;
    nt_idx_reader *opened = nt_allocate_zeroed(allocator, 1, sizeof *opened);
    if (opened == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    }
    opened->allocator = allocator;
    opened->path = nt_path_copy(path, allocator);
    enum nt_status status =
        opened->path != NULL ? start(opened, error) : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    if (status != NT_OK) {
        nt_idx_close(opened);
        return status;
    }
    *reader = opened;
    return NT_OK;
}

void nt_idx_close(nt_idx_reader *reader) {
    if (reader != NULL) {
        const struct nt_allocator *allocator = reader->allocator;
        if (reader->file != NULL) {
            (void)gzclose(reader->file);
        }
        nt_release(allocator, reader->path);
        nt_release(allocator, reader);
    }
}

const struct nt_idx_header *nt_idx_reader_header(const nt_idx_reader *reader) { return &reader->header; }

enum nt_status nt_idx_read(void *out, nt_idx_reader *reader, uint32_t row, uint32_t rows, struct nt_error *error) {
    const struct nt_idx_header *h = &reader->header;
    if (row > h->rows || rows > h->rows - row) {
        return nt_error_set(error, NT_E_ARG, "%s: rows %u to %" PRIu64 " wanted, it has %u", reader->path, row,
                            (uint64_t)row + rows, h->rows);
    }
    uint64_t wanted = h->data_offset + row * h->row_bytes;
    if (wanted != reader->at) {
        if (gzseek(reader->file, (z_off_t)wanted, SEEK_SET) < 0) {
            return broken(reader, error);
        }
        reader->at = wanted;
    }
    return take(out, reader, (size_t)(rows * h->row_bytes), error);
}
