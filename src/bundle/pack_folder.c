/* The files of a bundle: chunks named by their content, the manifest by its own, and current.json, which changes last.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/pack.h"
#include "ntrace/chunk.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"
#include "ntrace/sha256.h"

enum { PATH_BYTES = 4096 };

static enum nt_status join_path(char *path, const struct nt_packer *p, const char *file) {
    int length = snprintf(path, PATH_BYTES, "%s/%s", p->path, file);
    return length > 0 && length < PATH_BYTES ? NT_OK
                                             : nt_error_set(p->error, NT_E_ARG, "%s: the path is too long", p->path);
}

static enum nt_status make_folder(const char *path, struct nt_error *error) {
    return mkdir(path, 0777) == 0 || errno == EEXIST
               ? NT_OK
               : nt_error_set(error, NT_E_IO, "%s: cannot make this folder: %s", path, strerror(errno));
}

enum nt_status nt_pack_start_folder(const struct nt_packer *p) {
    char path[PATH_BYTES];
    NT_TRY(join_path(path, p, "c"));
    NT_TRY(make_folder(p->path, p->error));
    return make_folder(path, p->error);
}

enum nt_status nt_pack_chunk(struct nt_packer *p, const struct nt_bundle_chunk *what, const void *raw,
                             size_t column_bytes) {
    if (p->manifest.chunks == NT_MANIFEST_MAX_CHUNKS) {
        return nt_error_set(p->error, NT_E_ARG, "more than %d chunks", NT_MANIFEST_MAX_CHUNKS);
    }
    struct nt_chunk_header header = {what->layer, what->rows, what->columns, what->raw_bytes};
    uint8_t *bytes;
    size_t size;
    enum nt_status status = nt_chunk_write(&bytes, &size, &header, raw, column_bytes, p->allocator);
    if (status != NT_OK) {
        return nt_error_set(p->error, status, "cannot compress a chunk of %u bytes", what->raw_bytes);
    }
    struct nt_bundle_chunk *chunk = &p->manifest.chunk[p->manifest.chunks];
    char hex[33], path[PATH_BYTES];
    *chunk = *what;
    chunk->bytes = (uint32_t)size;
    chunk->crc32 = nt_chunk_crc32(bytes);
    nt_sha256(chunk->sha256, bytes, size);
    nt_sha256_hex(hex, chunk->sha256, 16);
    (void)snprintf(chunk->file, sizeof chunk->file, "c/%s.bin", hex);
    status = join_path(path, p, chunk->file);
    if (status == NT_OK) {
        status = nt_folder_write_file(path, bytes, size, p->error);
    }
    nt_release(p->allocator, bytes);
    NT_TRY(status);
    p->manifest.chunks++;
    p->result->bytes += size;
    return NT_OK;
}

/* Names that only a bundle gives: nothing else in the folder is touched. */
static bool is_chunk_name(const char *name) {
    return strspn(name, "0123456789abcdef") == 32 && strcmp(name + 32, ".bin") == 0;
}
static bool is_manifest_name(const char *name) {
    return strncmp(name, "m.", 2) == 0 && strspn(name + 2, "0123456789abcdef") == 64 && strcmp(name + 66, ".json") == 0;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* Removes what bundles leave behind, but for the files listed. Failing to remove it is no error: it does no harm. */
static void remove_others(const struct nt_packer *p, const struct nt_models_files *kept) {
    static const char *const folders[2] = {".", "c"};
    for (int f = 0; f < 2; f++) {
        char path[PATH_BYTES], file[PATH_BYTES + 300];
        DIR *folder = join_path(path, p, folders[f]) == NT_OK ? opendir(path) : NULL;
        for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
            const char *name = entry->d_name;
            char listed[NT_MODELS_FILE_BYTES] = "";
            if (f == 0 ? !is_manifest_name(name) : !is_chunk_name(name)) {
                continue;
            }
            (void)snprintf(listed, sizeof listed, "%s%.71s", f == 0 ? "" : "c/", name);
            if (kept->count == 0 || bsearch(listed, kept->file, kept->count, sizeof *kept->file, by_name) == NULL) {
                (void)snprintf(file, sizeof file, "%s/%s", path, name);
                (void)remove(file);
            }
        }
        if (folder != NULL) {
            (void)closedir(folder);
        }
    }
}

void nt_pack_discard(const struct nt_packer *p) {
    char path[PATH_BYTES];
    struct nt_models_files kept;
    bool known = nt_models_list_files(&kept, p->path, p->allocator, NULL) == NT_OK;
    if (known ||
        (join_path(path, p, "current.json") == NT_OK && access(path, F_OK) != 0)) { /* else: who knows what it is */
        remove_others(p, &kept);
    }
    nt_models_files_clear(&kept, p->allocator);
    if (join_path(path, p, "c") == NT_OK) {
        (void)rmdir(path);
        (void)rmdir(p->path);
    }
}

enum nt_status nt_pack_finish_folder(const struct nt_packer *p) {
    char *json, name[80], path[PATH_BYTES], current[128], hex[2 * NT_SHA256_BYTES + 1];
    uint8_t digest[NT_SHA256_BYTES];
    if (nt_manifest_print(&json, &p->manifest, p->allocator) != NT_OK) {
        return nt_error_set(p->error, NT_E_MEMORY, "not enough memory for the manifest");
    }
    nt_sha256(digest, json, strlen(json));
    nt_sha256_hex(hex, digest, NT_SHA256_BYTES);
    (void)snprintf(name, sizeof name, "m.%s.json", hex);
    enum nt_status status = join_path(path, p, name);
    if (status == NT_OK) {
        status = nt_folder_write_file(path, json, strlen(json), p->error);
    }
    nt_release(p->allocator, json);
    NT_TRY(status);
    int length = snprintf(current, sizeof current, "{\"manifest\": \"%s\"}\n", name);
    NT_TRY(join_path(path, p, "current.json"));
    NT_TRY(nt_folder_write_file(path, current, (size_t)length, p->error));
    struct nt_models_files kept;
    if (nt_models_list_files(&kept, p->path, p->allocator, NULL) == NT_OK) {
        remove_others(p, &kept);
    }
    nt_models_files_clear(&kept, p->allocator);
    return NT_OK;
}
