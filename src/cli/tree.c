/* realpath is of the X/Open part of POSIX. */
#define _XOPEN_SOURCE 700
#include "cli/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"
#include "ntrace/folder.h"

static const size_t FILE_LIMIT = (size_t)1 << 30;

static bool is_self_or_parent(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

static bool is_listed(const char *const *list, const char *name) {
    while (*list != NULL && strcmp(*list, name) != 0) {
        list++;
    }
    return *list != NULL;
}

static enum nt_status copy_file(struct nt_tree_count *count, const char *to, const char *from, struct nt_error *error) {
    uint8_t *bytes;
    size_t size;
    NT_TRY(nt_folder_read_file(&bytes, &size, from, FILE_LIMIT, nt_allocator_default(), error));
    enum nt_status status = nt_folder_write_file(to, bytes, size, error);
    nt_release(nt_allocator_default(), bytes);
    count->files += status == NT_OK ? 1 : 0;
    count->bytes += status == NT_OK ? size : 0;
    return status;
}

static enum nt_status copy_entry(struct nt_tree_count *count, const char *to, const char *from, const char *name,
                                 struct nt_error *error) {
    static const char *const nothing[] = {NULL};
    char target[NT_PATH_BYTES], source[NT_PATH_BYTES];
    struct stat what;
    NT_TRY(nt_path_join(target, to, name, error));
    NT_TRY(nt_path_join(source, from, name, error));
    if (stat(source, &what) != 0) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be read: %s", source, strerror(errno));
    }
    return S_ISDIR(what.st_mode) ? nt_tree_copy(count, target, source, nothing, error)
                                 : copy_file(count, target, source, error);
}

enum nt_status nt_tree_copy(struct nt_tree_count *count, const char *to, const char *from, const char *const *left_out,
                            struct nt_error *error) {
    DIR *folder = opendir(from);
    if (folder == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: this folder cannot be read: %s", from, strerror(errno));
    }
    enum nt_status status = NT_OK;
    if (mkdir(to, 0777) != 0 && errno != EEXIST) {
        status = nt_error_set(error, NT_E_IO, "%s: cannot make this folder: %s", to, strerror(errno));
    }
    for (struct dirent *entry; status == NT_OK && (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] != '.' && !is_listed(left_out, entry->d_name)) {
            status = copy_entry(count, to, from, entry->d_name, error);
        }
    }
    (void)closedir(folder);
    return status;
}

bool nt_tree_has_only(char name[256], const char *folder, const char *other, const char *const *also) {
    DIR *open = opendir(folder);
    bool all_known = open != NULL;
    name[0] = 0;
    for (struct dirent *entry; all_known && (entry = readdir(open)) != NULL;) {
        char path[NT_PATH_BYTES];
        struct stat what;
        if (!is_self_or_parent(entry->d_name) && !is_listed(also, entry->d_name)) {
            all_known = nt_path_join(path, other, entry->d_name, NULL) == NT_OK && lstat(path, &what) == 0;
            (void)snprintf(name, 256, "%s", all_known ? "" : entry->d_name);
        }
    }
    if (open != NULL) {
        (void)closedir(open);
    }
    return all_known;
}

bool nt_tree_is_inside(const char *inner, const char *outer) {
    char *in = realpath(inner, NULL), *out = realpath(outer, NULL);
    size_t length = out != NULL ? strlen(out) : 0;
    bool inside = in != NULL && out != NULL && strncmp(in, out, length) == 0 && (in[length] == 0 || in[length] == '/');
    free(in);
    free(out);
    return inside;
}

void nt_tree_remove(const char *path) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char inner[NT_PATH_BYTES];
        struct stat what;
        if (is_self_or_parent(entry->d_name) || nt_path_join(inner, path, entry->d_name, NULL) != NT_OK) {
            continue;
        }
        if (lstat(inner, &what) == 0 && S_ISDIR(what.st_mode)) {
            nt_tree_remove(inner);
        } else {
            (void)remove(inner);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    (void)remove(path);
}
