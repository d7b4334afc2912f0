/* Joining models: their files are copied into one folder, where equal chunks fall together by their names. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/handle.h"
#include "core/path.h"
#include "formats/json.h"
#include "formats/names.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"

struct joining {
    const struct nt_allocator *allocator;
    struct nt_error *error;
    const char *output;
    const struct nt_models_part *part, *first_part; /* of the model that is copied, and of the first */
    nt_bundle *bundle, *first;
    struct nt_models models;
    struct nt_models_joined *joined;
};

/* ---- The same samples. ---- */

static enum nt_status differ(const struct joining *j, enum nt_status status, const char *what, uint32_t found,
                             uint32_t expected) {
    return nt_error_set(j->error, status,
                        "%s: expected %u %s as in %s, found %u: models of one bundle have the same samples",
                        j->part->path, expected, what, j->first_part->path, found);
}

/* Feeds what a role needs to the bundle that is compared, or to the first. */
static enum nt_status load(const struct joining *j, nt_bundle *bundle, enum nt_role role) {
    const char *path = bundle == j->first ? j->first_part->path : j->part->path;
    return nt_folder_load(bundle, path, role, 0, NULL, 0, j->allocator, j->error);
}

static enum nt_status compare_classes(const struct joining *j) {
    uint32_t classes = nt_bundle_classes(j->bundle), expected = nt_bundle_classes(j->first);
    if (classes != expected) {
        return differ(j, NT_E_SHAPE, "classes", classes, expected);
    }
    for (uint32_t c = 0; c < classes; c++) {
        const char *name = nt_bundle_class(j->bundle, c), *wanted = nt_bundle_class(j->first, c);
        if (strcmp(name, wanted) != 0) {
            return nt_error_set(j->error, NT_E_VALUE, "%s: class %u: expected '%s' as in %s, found '%s'", j->part->path,
                                c, wanted, j->first_part->path, name);
        }
    }
    return NT_OK;
}

static enum nt_status compare_labels(const struct joining *j) {
    NT_TRY(load(j, j->bundle, NT_ROLE_SAMPLES));
    NT_TRY(load(j, j->first, NT_ROLE_SAMPLES));
    const uint16_t *label = nt_bundle_labels(j->bundle), *wanted = nt_bundle_labels(j->first);
    for (uint32_t i = 0; i < nt_bundle_samples(j->first); i++) {
        if (label[i] != wanted[i]) {
            return nt_error_set(j->error, NT_E_VALUE,
                                "%s: sample %u: expected label %u ('%s') as in %s, found %u ('%s')", j->part->path, i,
                                wanted[i], nt_bundle_class(j->first, wanted[i]), j->first_part->path, label[i],
                                nt_bundle_class(j->bundle, label[i]));
        }
    }
    return NT_OK;
}

/* Whether the images lie in the same chunks. */
static bool share_images(const nt_bundle *a, const nt_bundle *b) {
    uint32_t at = 0, chunks = nt_bundle_chunks(a), others = nt_bundle_chunks(b);
    for (uint32_t c = 0; c < chunks; c++) {
        const struct nt_bundle_chunk *chunk = nt_bundle_chunk(a, c), *other;
        if (chunk->role != NT_ROLE_IMAGES) {
            continue;
        }
        while (at < others && nt_bundle_chunk(b, at)->role != NT_ROLE_IMAGES) {
            at++;
        }
        other = at < others ? nt_bundle_chunk(b, at++) : NULL;
        if (other == NULL || other->row != chunk->row || strcmp(other->file, chunk->file) != 0) {
            return false;
        }
    }
    return true;
}

static enum nt_status compare_images(const struct joining *j) {
    struct nt_shape image = j->bundle->manifest.dataset.image, wanted = j->first->manifest.dataset.image;
    if (image.channels == 0 || wanted.channels == 0) {
        return NT_OK;
    }
    if (memcmp(&image, &wanted, sizeof image) != 0) {
        return nt_error_set(j->error, NT_E_SHAPE, "%s: expected images of %u x %u x %u as in %s, found %u x %u x %u",
                            j->part->path, wanted.channels, wanted.height, wanted.width, j->first_part->path,
                            image.channels, image.height, image.width);
    }
    if (share_images(j->bundle, j->first)) {
        return NT_OK;
    }
    NT_TRY(load(j, j->bundle, NT_ROLE_IMAGES));
    NT_TRY(load(j, j->first, NT_ROLE_IMAGES));
    for (uint32_t i = 0; i < nt_bundle_samples(j->first); i++) {
        if (memcmp(nt_bundle_image(j->bundle, i), nt_bundle_image(j->first, i), nt_bundle_image_bytes(j->first)) != 0) {
            return nt_error_set(j->error, NT_E_VALUE, "%s: sample %u: its image is another one than in %s",
                                j->part->path, i, j->first_part->path);
        }
    }
    return NT_OK;
}

static enum nt_status compare(const struct joining *j) {
    if (nt_bundle_samples(j->bundle) != nt_bundle_samples(j->first)) {
        return differ(j, NT_E_SHAPE, "samples", nt_bundle_samples(j->bundle), nt_bundle_samples(j->first));
    }
    NT_TRY(compare_classes(j));
    NT_TRY(compare_labels(j));
    return compare_images(j);
}

/* ---- Files. ---- */

static enum nt_status copy_file(const struct joining *j, const char *file, size_t limit) {
    char from[NT_PATH_BYTES], to[NT_PATH_BYTES];
    uint8_t *bytes;
    size_t size;
    NT_TRY(nt_path_join(from, j->part->path, file, j->error));
    NT_TRY(nt_path_join(to, j->output, file, j->error));
    NT_TRY(nt_folder_read_file(&bytes, &size, from, limit, j->allocator, j->error));
    enum nt_status status = nt_folder_write_file(to, bytes, size, j->error);
    nt_release(j->allocator, bytes);
    return status;
}

/* A chunk on its way goes through the bundle, which checks it. One that is there already was checked when it came. */
static enum nt_status copy_chunk(struct joining *j, uint32_t number) {
    const struct nt_bundle_chunk *chunk = nt_bundle_chunk(j->bundle, number);
    char from[NT_PATH_BYTES], to[NT_PATH_BYTES];
    uint8_t *bytes;
    size_t size;
    NT_TRY(nt_path_join(from, j->part->path, chunk->file, j->error));
    NT_TRY(nt_path_join(to, j->output, chunk->file, j->error));
    if (access(to, F_OK) == 0) {
        j->joined->shared_bytes += chunk->bytes;
        return NT_OK;
    }
    NT_TRY(nt_folder_read_file(&bytes, &size, from, NT_CHUNK_MAX_BYTES, j->allocator, j->error));
    enum nt_status status = nt_bundle_feed(j->bundle, number, bytes, size, j->error);
    status = status == NT_OK ? nt_folder_write_file(to, bytes, size, j->error) : status;
    nt_release(j->allocator, bytes);
    j->joined->chunks++;
    j->joined->bytes += chunk->bytes;
    return status;
}

static enum nt_status copy_model(struct joining *j) {
    struct nt_models own;
    NT_TRY(nt_models_read(&own, j->part->path, j->allocator, j->error));
    uint32_t number = own.first;
    while (j->part->model != NULL && strcmp(own.model[number].name, j->part->model) != 0) {
        number = (number + 1) % own.count; /* it is there: it was opened */
    }
    memcpy(j->models.model[j->models.count++].manifest, own.model[number].manifest, NT_MODELS_FILE_BYTES);
    for (uint32_t c = 0; c < nt_bundle_chunks(j->bundle); c++) {
        NT_TRY(copy_chunk(j, c));
    }
    return copy_file(j, own.model[number].manifest, NT_MANIFEST_MAX_BYTES);
}

static enum nt_status make_folders(const struct joining *j) {
    char path[NT_PATH_BYTES];
    NT_TRY(nt_path_join(path, j->output, "current.json", j->error));
    if (access(path, F_OK) == 0) {
        return nt_error_set(j->error, NT_E_ARG, "%s: there is a bundle already: join into a new folder", j->output);
    }
    NT_TRY(nt_path_join(path, j->output, "c", j->error));
    if ((mkdir(j->output, 0777) != 0 && errno != EEXIST) || (mkdir(path, 0777) != 0 && errno != EEXIST)) {
        return nt_error_set(j->error, NT_E_IO, "%s: cannot make this folder: %s", path, strerror(errno));
    }
    return NT_OK;
}

/* ---- current.json. ---- */

static bool add_model(cJSON *list, const char *name, const char *manifest) {
    cJSON *item = cJSON_CreateObject();
    return nt_json_append(list, item) && cJSON_AddStringToObject(item, "name", name) != NULL &&
           cJSON_AddStringToObject(item, "manifest", manifest) != NULL;
}

static enum nt_status write_current(const struct joining *j, uint32_t first) {
    char path[NT_PATH_BYTES];
    NT_TRY(nt_path_join(path, j->output, "current.json", j->error));
    cJSON *root = cJSON_CreateObject();
    bool made = cJSON_AddStringToObject(root, "manifest", j->models.model[first].manifest) != NULL;
    cJSON *list = made ? cJSON_AddArrayToObject(root, "models") : NULL;
    made = list != NULL;
    for (uint32_t i = 0; made && i < j->models.count; i++) {
        made = add_model(list, j->models.model[i].name, j->models.model[i].manifest);
    }
    char *text = made ? cJSON_Print(root) : NULL;
    enum nt_status status = text != NULL ? nt_folder_write_file(path, text, strlen(text), j->error)
                                         : nt_error_set(j->error, NT_E_MEMORY, "not enough memory for current.json");
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

/* ---- The whole. ---- */

static enum nt_status take_names(struct joining *j, const struct nt_models_part *part, uint32_t parts) {
    struct nt_names *names = nt_allocate_zeroed(j->allocator, 1, sizeof *names);
    enum nt_status status = names != NULL ? NT_OK : nt_error_set(j->error, NT_E_MEMORY, "not enough memory for names");
    for (uint32_t i = 0; status == NT_OK && i < parts; i++) {
        uint16_t number;
        status = nt_names_take(&number, names, part[i].name, strlen(part[i].name), "a model's name", j->error);
        if (status == NT_OK && number != i) {
            status = nt_error_set(j->error, NT_E_VALUE, "two models are named '%s'", part[i].name);
        }
        if (status == NT_OK) {
            memcpy(j->models.model[i].name, part[i].name, strlen(part[i].name) + 1);
        }
    }
    nt_release(j->allocator, names);
    return status;
}

/* Opens the part and compares it with the first one, or copies it. */
static enum nt_status take_part(struct joining *j, const struct nt_models_part *part, bool copy) {
    j->part = part;
    NT_TRY(nt_models_open(&j->bundle, part->path, part->model, j->allocator, j->error));
    enum nt_status status = copy ? copy_model(j) : compare(j);
    nt_bundle_close(j->bundle);
    return status;
}

static enum nt_status join(struct joining *j, const struct nt_models_part *part, uint32_t parts, uint32_t first) {
    NT_TRY(nt_models_open(&j->first, part->path, part->model, j->allocator, j->error));
    j->first_part = part;
    for (uint32_t i = 1; i < parts; i++) {
        NT_TRY(take_part(j, &part[i], false));
    }
    NT_TRY(make_folders(j));
    for (uint32_t i = 0; i < parts; i++) {
        NT_TRY(take_part(j, &part[i], true));
    }
    return write_current(j, first);
}

enum nt_status nt_models_join(struct nt_models_joined *joined, const char *output, const struct nt_models_part *part,
                              uint32_t parts, uint32_t first, const struct nt_allocator *allocator,
                              struct nt_error *error) {
    struct joining j = {.allocator = allocator, .error = error, .output = output, .joined = joined};
    *joined = (struct nt_models_joined){0};
    if (parts < 2 || parts > NT_MODELS_MAX || first >= parts) {
        return nt_error_set(error, NT_E_ARG, "expected 2 to %d models, one of them the first, found %u", NT_MODELS_MAX,
                            parts);
    }
    NT_TRY(take_names(&j, part, parts));
    enum nt_status status = join(&j, part, parts, first);
    nt_bundle_close(j.first);
    return status;
}
