#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/site.h"
#include "core/path.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"

struct writer {
    const char *folder;
    struct nt_tree_count *count;
};

static enum nt_status make_folder(const char *path, struct nt_error *error) {
    return mkdir(path, 0777) == 0 || errno == EEXIST
               ? NT_OK
               : nt_error_set(error, NT_E_IO, "%s: cannot make this folder: %s", path, strerror(errno));
}

static enum nt_status write_one(void *context, const char *name, const uint8_t *bytes, size_t size,
                                struct nt_error *error) {
    const struct writer *writer = context;
    char path[NT_PATH_BYTES];
    NT_TRY(nt_path_join(path, writer->folder, name, error));
    NT_TRY(nt_folder_write_file(path, bytes, size, error));
    writer->count->files++;
    writer->count->bytes += size;
    return NT_OK;
}

static enum nt_status write_bundle(struct nt_tree_count *count, const struct nt_site *site, const char *folder,
                                   struct nt_error *error) {
    char bundle[NT_PATH_BYTES], chunks[NT_PATH_BYTES];
    struct writer writer = {bundle, count};
    NT_TRY(nt_path_join(bundle, folder, "bundle", error));
    NT_TRY(nt_path_join(chunks, bundle, "c", error));
    NT_TRY(make_folder(bundle, error));
    NT_TRY(make_folder(chunks, error));
    return nt_site_each_file(site, write_one, &writer, error);
}

/* Whether the built page's own bundle is this one: then its still version shows this bundle's figures. */
static bool is_pages_bundle(const struct nt_site *site) {
    const struct nt_allocator *allocator = nt_allocator_default();
    char own[NT_PATH_BYTES];
    struct nt_models models[2];
    return nt_path_join(own, site->page, "bundle", NULL) == NT_OK &&
           nt_models_read(&models[0], own, allocator, NULL) == NT_OK &&
           nt_models_read(&models[1], site->path, allocator, NULL) == NT_OK &&
           strcmp(models[0].model[models[0].first].manifest, models[1].model[models[1].first].manifest) == 0;
}

static enum nt_status fill(struct nt_tree_count *count, bool *is_still, const struct nt_site *site, const char *folder,
                           struct nt_error *error) {
    static const char *const kept[] = {"bundle", NULL}, *const drawn_anew[] = {"bundle", "still", NULL};
    *is_still = is_pages_bundle(site);
    NT_TRY(nt_tree_copy(count, folder, site->page, *is_still ? kept : drawn_anew, error));
    NT_TRY(nt_site_write_index(is_still, site, folder, error));
    return write_bundle(count, site, folder, error);
}

/* Only what a site holds too may be replaced: a repository's folder or a domain's file beside it would be lost. */
static enum nt_status check_replaceable(const struct nt_site *site, const char *output, const char *folder,
                                        struct nt_error *error) {
    static const char *const drawn_later[] = {"still", NULL};
    char name[256];
    if (!site->replace) {
        return nt_error_set(error, NT_E_ARG, "%s is there already: name a new folder, or give --replace", output);
    }
    return nt_tree_has_only(name, output, folder, drawn_later)
               ? NT_OK
               : nt_error_set(error, NT_E_ARG, "%s holds %s, which no site has: it is not replaced", output,
                              name[0] != 0 ? name : "something");
}

/* Renames the new folder to its name; a former site steps aside first, and is removed last. */
static enum nt_status put_in_place(const struct nt_site *site, const char *output, const char *folder,
                                   struct nt_error *error) {
    if (rename(folder, output) == 0) {
        return NT_OK;
    }
    if (errno != EEXIST && errno != ENOTEMPTY) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", output, strerror(errno));
    }
    char former[NT_PATH_BYTES];
    NT_TRY(check_replaceable(site, output, folder, error));
    if (snprintf(former, sizeof former, "%s.former", folder) >= (int)sizeof former || rename(output, former) != 0) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be replaced: %s", output, strerror(errno));
    }
    if (rename(folder, output) != 0) {
        int reason = errno;
        (void)rename(former, output);
        return nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", output, strerror(reason));
    }
    nt_tree_remove(former);
    return NT_OK;
}

/* A new folder beside the output, with the rights that mkdir would give it. */
static enum nt_status make_beside(char folder[NT_PATH_BYTES], const char *output, struct nt_error *error) {
    if (snprintf(folder, NT_PATH_BYTES, "%s.XXXXXX", output) >= NT_PATH_BYTES) {
        return nt_error_set(error, NT_E_ARG, "%s: the path is too long", output);
    }
    if (mkdtemp(folder) == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", output, strerror(errno));
    }
    mode_t mask = umask(0);
    (void)umask(mask);
    (void)chmod(folder, 0777 & ~mask);
    return NT_OK;
}

enum nt_status nt_site_write_folder(struct nt_tree_count *count, bool *is_still, const struct nt_site *site,
                                    struct nt_error *error) {
    char output[NT_PATH_BYTES], folder[NT_PATH_BYTES];
    int length = snprintf(output, sizeof output, "%s", site->output);
    while (length > 1 && length < NT_PATH_BYTES && output[length - 1] == '/') {
        output[--length] = 0;
    }
    NT_TRY(make_beside(folder, output, error));
    enum nt_status status =
        nt_tree_is_inside(folder, site->page)
            ? nt_error_set(error, NT_E_ARG, "%s lies in the built page's own folder: name one elsewhere", output)
            : fill(count, is_still, site, folder, error);
    if (status == NT_OK) {
        status = put_in_place(site, output, folder, error);
    }
    if (status != NT_OK) {
        nt_tree_remove(folder);
    }
    return status;
}
