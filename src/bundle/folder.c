#include "ntrace/folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ntrace/chunk.h"
#include "ntrace/models.h"

enum { PATH_BYTES = 4096 };

static enum nt_status join_path(char *path, const char *folder, const char *file, struct nt_error *error) {
    int length = snprintf(path, PATH_BYTES, "%s/%s", folder, file);
    return length > 0 && length < PATH_BYTES ? NT_OK
                                             : nt_error_set(error, NT_E_ARG, "%s: the path is too long", folder);
}

static enum nt_status read_open_file(uint8_t **bytes, size_t *size, FILE *file, const char *path, size_t limit,
                                     const struct nt_allocator *allocator, struct nt_error *error) {
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (length < 0 || fseek(file, 0, SEEK_SET) != 0) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if ((unsigned long)length > limit) {
        return nt_error_set(error, NT_E_FORMAT, "%s: expected at most %zu bytes, found %ld", path, limit, length);
    }
    uint8_t *data = nt_allocate(allocator, (size_t)length + 1, 1);
    if (data == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for %ld bytes", path, length);
    }
    if (fread(data, 1, (size_t)length, file) != (size_t)length) {
        nt_release(allocator, data);
        return nt_error_set(error, NT_E_IO, "%s: cannot be read to its end", path);
    }
    data[length] = 0;
    *bytes = data;
    *size = (size_t)length;
    return NT_OK;
}

enum nt_status nt_folder_read_file(uint8_t **bytes, size_t *size, const char *path, size_t limit,
                                   const struct nt_allocator *allocator, struct nt_error *error) {
    *bytes = NULL;
    *size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    enum nt_status status = read_open_file(bytes, size, file, path, limit, allocator, error);
    (void)fclose(file);
    return status;
}

enum nt_status nt_folder_write_file(const char *path, const void *bytes, size_t size, struct nt_error *error) {
    char beside[PATH_BYTES + 8];
    if (snprintf(beside, sizeof beside, "%s.tmp", path) >= (int)sizeof beside) {
        return nt_error_set(error, NT_E_ARG, "%s: the path is too long", path);
    }
    FILE *file = fopen(beside, "wb");
    if (file == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", beside, strerror(errno));
    }
    int written = fwrite(bytes, 1, size, file) == size;
    if (fclose(file) != 0 || !written || rename(beside, path) != 0) {
        int reason = errno;
        (void)remove(beside);
        return nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", path, strerror(reason));
    }
    return NT_OK;
}

enum nt_status nt_folder_open(nt_bundle **bundle, const char *path, const struct nt_allocator *allocator,
                              struct nt_error *error) {
    return nt_models_open(bundle, path, NULL, allocator, error);
}

enum nt_status nt_folder_load(nt_bundle *bundle, const char *path, enum nt_role role, uint32_t layer,
                              const uint32_t *rows, uint32_t rows_count, const struct nt_allocator *allocator,
                              struct nt_error *error) {
    uint32_t chunk;
    while (nt_bundle_need(&chunk, 1, bundle, role, layer, rows, rows_count) > 0) {
        char file[PATH_BYTES];
        uint8_t *bytes;
        size_t size;
        NT_TRY(join_path(file, path, nt_bundle_chunk(bundle, chunk)->file, error));
        NT_TRY(nt_folder_read_file(&bytes, &size, file, NT_CHUNK_MAX_BYTES, allocator, error));
        enum nt_status status = nt_bundle_feed(bundle, chunk, bytes, size, error);
        nt_release(allocator, bytes);
        NT_TRY(status);
    }
    return NT_OK;
}

enum nt_status nt_folder_load_exact(nt_bundle *bundle, const char *path, const struct nt_allocator *allocator,
                                    struct nt_error *error) {
    if (!nt_bundle_has_network(bundle)) {
        return nt_error_set(error, NT_E_MISSING,
                            "%s: this bundle holds no network, which exact distances need: it was packed from "
                            "activations, and answers from its codes",
                            path);
    }
    NT_TRY(nt_folder_load(bundle, path, NT_ROLE_SAMPLES, 0, NULL, 0, allocator, error));
    NT_TRY(nt_folder_load(bundle, path, NT_ROLE_WEIGHTS, 0, NULL, 0, allocator, error));
    return nt_folder_load(bundle, path, NT_ROLE_IMAGES, 0, NULL, 0, allocator, error);
}
