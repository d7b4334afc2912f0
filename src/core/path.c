#include "core/path.h"

#include <stdio.h>
#include <string.h>

enum nt_status nt_path_join(char *path, const char *folder, const char *file, struct nt_error *error) {
    int length = snprintf(path, NT_PATH_BYTES, "%s/%s", folder, file);
    return length > 0 && length < NT_PATH_BYTES
               ? NT_OK
               : nt_error_set(error, NT_E_ARG, "%.200s: the path is longer than %d bytes", folder, NT_PATH_BYTES - 1);
}

const char *nt_path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

char *nt_path_copy(const char *path, const struct nt_allocator *allocator) {
    size_t bytes = strlen(path) + 1;
    char *copy = nt_allocate(allocator, bytes, 1);
    if (copy != NULL) {
        memcpy(copy, path, bytes);
    }
    return copy;
}
