#include "ntrace/models.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle/manifest.h"
#include "core/path.h"
#include "formats/names.h"
#include "ntrace/folder.h"
#include "ntrace/sha256.h"

enum { CURRENT_BYTES = 1 << 16 };

/* "m.<64 hex>.json" */
static bool take_file(char *file, const cJSON *item) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "manifest"));
    bool good = text != NULL && strlen(text) == 2 + 64 + 5 && strncmp(text, "m.", 2) == 0 &&
                strspn(text + 2, "0123456789abcdef") == 64 && strcmp(text + 66, ".json") == 0;
    if (good) {
        memcpy(file, text, strlen(text) + 1);
    }
    return good;
}

static enum nt_status unexpected(const char *path, struct nt_error *error) {
    return nt_error_set(error, NT_E_FORMAT, "%s: expected {\"manifest\": \"m.<sha256>.json\"}, found something else",
                        path);
}

static enum nt_status take_model(struct nt_models *models, struct nt_names *names, const cJSON *item, const char *path,
                                 struct nt_error *error) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
    uint16_t number;
    if (models->count == NT_MODELS_MAX) {
        return nt_error_set(error, NT_E_FORMAT, "%s: more than %d models", path, NT_MODELS_MAX);
    }
    struct nt_model *model = &models->model[models->count++];
    if (name == NULL || !take_file(model->manifest, item)) {
        return nt_error_set(error, NT_E_FORMAT,
                            "%s: model %u: expected {\"name\": ..., \"manifest\": \"m.<sha256>.json\"}, found "
                            "something else",
                            path, models->count - 1);
    }
    NT_TRY(nt_names_take(&number, names, name, strlen(name), path, error));
    if (number != models->count - 1) {
        return nt_error_set(error, NT_E_VALUE, "%s: there are two models named '%s'", path, name);
    }
    memcpy(model->name, name, strlen(name) + 1);
    return NT_OK;
}

static enum nt_status take_models(struct nt_models *models, const cJSON *root, const char *path,
                                  const struct nt_allocator *allocator, struct nt_error *error) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "models"), *item;
    char opened[NT_MODELS_FILE_BYTES];
    if (!take_file(opened, root) || (list != NULL && !(cJSON_IsArray(list) && cJSON_GetArraySize(list) > 0))) {
        return unexpected(path, error);
    }
    if (list == NULL) {
        models->count = 1;
        memcpy(models->model[0].manifest, opened, sizeof opened);
        return NT_OK;
    }
    struct nt_names *names = nt_allocate_zeroed(allocator, 1, sizeof *names);
    enum nt_status status = names != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    cJSON_ArrayForEach(item, list) { status = status == NT_OK ? take_model(models, names, item, path, error) : status; }
    nt_release(allocator, names);
    NT_TRY(status);
    while (models->first < models->count && strcmp(models->model[models->first].manifest, opened) != 0) {
        models->first++;
    }
    return models->first < models->count
               ? NT_OK
               : nt_error_set(error, NT_E_FORMAT, "%s: its manifest is none of its models'", path);
}

enum nt_status nt_models_read(struct nt_models *models, const char *path, const struct nt_allocator *allocator,
                              struct nt_error *error) {
    char file[NT_PATH_BYTES];
    uint8_t *bytes;
    size_t size;
    memset(models, 0, sizeof *models);
    NT_TRY(nt_path_join(file, path, "current.json", error));
    NT_TRY(nt_folder_read_file(&bytes, &size, file, CURRENT_BYTES, allocator, error));
    cJSON *root = cJSON_ParseWithLength((const char *)bytes, size);
    nt_release(allocator, bytes);
    enum nt_status status = take_models(models, root, file, allocator, error);
    cJSON_Delete(root);
    return status;
}

static enum nt_status find(uint32_t *number, const struct nt_models *models, const char *path, const char *name,
                           struct nt_error *error) {
    char names[400] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < models->count; i++) {
        const char *other = models->model[i].name;
        if (strcmp(other, name) == 0) {
            *number = i;
            return NT_OK;
        }
        size_t length = strlen(other);
        if (used + length + 4 < sizeof names) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s'%s'", used > 0 ? ", " : "", other);
        }
    }
    if (models->count == 1 && models->model[0].name[0] == 0) {
        return nt_error_set(error, NT_E_MISSING, "%s: there is no model named '%s': it holds one without a name", path,
                            name);
    }
    return nt_error_set(error, NT_E_MISSING, "%s: there is no model named '%s': expected one of %s", path, name, names);
}

enum nt_status nt_models_open(nt_bundle **bundle, const char *path, const char *name,
                              const struct nt_allocator *allocator, struct nt_error *error) {
    char file[NT_PATH_BYTES], hex[2 * NT_SHA256_BYTES + 1];
    uint8_t *bytes, digest[NT_SHA256_BYTES];
    size_t size;
    struct nt_models models;
    *bundle = NULL;
    NT_TRY(nt_models_read(&models, path, allocator, error));
    uint32_t number = models.first;
    NT_TRY(name != NULL ? find(&number, &models, path, name, error) : NT_OK);
    NT_TRY(nt_path_join(file, path, models.model[number].manifest, error));
    NT_TRY(nt_folder_read_file(&bytes, &size, file, NT_MANIFEST_MAX_BYTES, allocator, error));
    nt_sha256(digest, bytes, size);
    nt_sha256_hex(hex, digest, NT_SHA256_BYTES);
    enum nt_status status = NT_OK;
    if (strncmp(models.model[number].manifest + 2, hex, 64) != 0) {
        status = nt_error_set(error, NT_E_DAMAGED, "%s: damaged: its SHA-256 is %s", file, hex);
    } else {
        status = nt_bundle_open(bundle, (const char *)bytes, size, allocator, error);
    }
    nt_release(allocator, bytes);
    return status;
}

/* ---- Files. ---- */

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* Adds the model's manifest and chunks to the list. */
static enum nt_status list_model(struct nt_models_files *files, const struct nt_models *models, uint32_t number,
                                 const char *path, const struct nt_allocator *allocator, struct nt_error *error) {
    nt_bundle *bundle;
    const char *name = models->model[number].name;
    NT_TRY(nt_models_open(&bundle, path, name[0] != 0 ? name : NULL, allocator, error));
    uint32_t chunks = nt_bundle_chunks(bundle), count = files->count + chunks + 1;
    char(*file)[NT_MODELS_FILE_BYTES] = nt_allocate_zeroed(allocator, count, sizeof *file);
    if (file == NULL) {
        nt_bundle_close(bundle);
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory for the names of its files", path);
    }
    if (files->count > 0) {
        memcpy(file, files->file, files->count * sizeof *file);
    }
    for (uint32_t c = 0; c < chunks; c++) {
        memcpy(file[files->count++], nt_bundle_chunk(bundle, c)->file, sizeof nt_bundle_chunk(bundle, c)->file);
    }
    memcpy(file[files->count++], models->model[number].manifest, sizeof *file);
    nt_release(allocator, files->file);
    files->file = file;
    nt_bundle_close(bundle);
    return NT_OK;
}

enum nt_status nt_models_list_files(struct nt_models_files *files, const char *path,
                                    const struct nt_allocator *allocator, struct nt_error *error) {
    struct nt_models models;
    *files = (struct nt_models_files){0, NULL};
    enum nt_status status = nt_models_read(&models, path, allocator, error);
    for (uint32_t i = 0; status == NT_OK && i < models.count; i++) {
        status = list_model(files, &models, i, path, allocator, error);
    }
    if (status != NT_OK) {
        nt_models_files_clear(files, allocator);
        return status;
    }
    qsort(files->file, files->count, sizeof *files->file, by_name);
    uint32_t distinct = 0;
    for (uint32_t i = 0; i < files->count; i++) {
        if (i == 0 || strcmp(files->file[i], files->file[distinct - 1]) != 0) {
            memmove(files->file[distinct++], files->file[i], sizeof *files->file);
        }
    }
    files->count = distinct;
    return NT_OK;
}

void nt_models_files_clear(struct nt_models_files *files, const struct nt_allocator *allocator) {
    nt_release(allocator, files->file);
    *files = (struct nt_models_files){0, NULL};
}
