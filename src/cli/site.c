#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/site.h"
#include "cli/verify.h"
#include "core/path.h"
#include "ntrace/chunk.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"

struct request {
    struct nt_site site;
    bool single_file;
};

static int parse(struct request *r, int count, char **arguments) {
    struct nt_site *site = &r->site;
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &site->path, 0, 0, "folder of the bundle", true},
        {"-o", NT_OPTION_TEXT, &site->output, 0, 0, "folder of the site, or the file", true},
        {"--single-file", NT_OPTION_FLAG, &r->single_file, 0, 0,
         "one HTML file with everything in it, which opens from disk", false},
        {"--page", NT_OPTION_TEXT, &site->page, 0, 0,
         "folder of the built page (default: found beside this program: `site`, or `single` for a single file)", false},
        {"--replace", NT_OPTION_FLAG, &site->replace, 0, 0, "put the new site in the place of an earlier one", false},
    };
    return nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "site",
                            "write the site with this bundle in it, ready to be uploaded to any static host");
}

/* The folder beside this program, as it is built, or where `make install-page` puts it; where the system does not say
 * where the program lies, --page is needed. */
static enum nt_status find_page(char path[NT_PATH_BYTES], const char *name, struct nt_error *error) {
    char program[NT_PATH_BYTES], shared[NT_PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) {
        return nt_error_set(error, NT_E_IO, "cannot tell where this program lies: name the built page with --page");
    }
    program[length] = 0;
    *strrchr(program, '/') = 0;
    NT_TRY(nt_path_join(shared, program, "../share/ntrace", error));
    NT_TRY(nt_path_join(path, shared, name, error));
    return access(path, R_OK) == 0 ? NT_OK : nt_path_join(path, program, name, error);
}

static enum nt_status check_page(const char *page, struct nt_error *error) {
    char file[NT_PATH_BYTES];
    NT_TRY(nt_path_join(file, page, "index.html", error));
    return access(file, R_OK) == 0
               ? NT_OK
               : nt_error_set(error, NT_E_IO,
                              "%s: expected the built page: make it with `make web`, or name it with --page", file);
}

static enum nt_status visit_file(const struct nt_site *site, const char *name, size_t limit, nt_site_visit visit,
                                 void *context, struct nt_error *error) {
    char path[NT_PATH_BYTES];
    uint8_t *bytes;
    size_t size;
    NT_TRY(nt_path_join(path, site->path, name, error));
    NT_TRY(nt_folder_read_file(&bytes, &size, path, limit, nt_allocator_default(), error));
    enum nt_status status = visit(context, name, bytes, size, error);
    nt_release(nt_allocator_default(), bytes);
    return status;
}

enum nt_status nt_site_each_file(const struct nt_site *site, nt_site_visit visit, void *context,
                                 struct nt_error *error) {
    struct nt_models_files files;
    NT_TRY(nt_models_list_files(&files, site->path, nt_allocator_default(), error));
    enum nt_status status = visit_file(site, "current.json", NT_CHUNK_MAX_BYTES, visit, context, error);
    for (uint32_t i = 0; status == NT_OK && i < files.count; i++) {
        status = visit_file(site, files.file[i], NT_CHUNK_MAX_BYTES, visit, context, error);
    }
    nt_models_files_clear(&files, nt_allocator_default());
    return status;
}

static enum nt_status write_site(struct request *r, struct nt_error *error) {
    char page[NT_PATH_BYTES];
    struct nt_tree_count count = {0};
    bool is_still = false;
    if (r->site.page == NULL) {
        NT_TRY(find_page(page, r->single_file ? "single" : "site", error));
        r->site.page = page;
    }
    NT_TRY(check_page(r->site.page, error));
    if (r->single_file) {
        NT_TRY(nt_site_write_file(&count, &r->site, error));
        printf("%s: %.2f MB, opens in a browser from disk\n", r->site.output, (double)count.bytes / 1e6);
        return NT_OK;
    }
    NT_TRY(nt_site_write_folder(&count, &is_still, &r->site, error));
    printf("%s: %u files, %.2f MB, ready to be copied to any static host\n", r->site.output, count.files,
           (double)count.bytes / 1e6);
    if (!is_still) {
        printf("readers without scripts find no story there; `node web/still.js %s` draws it for them\n",
               r->site.output);
    }
    return NT_OK;
}

/* Whether every model of the bundle is whole. */
static enum nt_status verify(const struct nt_site *site, struct nt_error *error) {
    struct nt_models models;
    uint64_t bytes;
    uint32_t failed = 0;
    NT_TRY(nt_models_read(&models, site->path, nt_allocator_default(), error));
    for (uint32_t i = 0; i < models.count; i++) {
        nt_bundle *bundle;
        const char *name = models.model[i].name;
        NT_TRY(nt_models_open(&bundle, site->path, name[0] != 0 ? name : NULL, nt_allocator_default(), error));
        failed += nt_verify_bundle(&bytes, bundle, site->path, "site");
        nt_bundle_close(bundle);
    }
    return failed == 0 ? NT_OK
                       : nt_error_set(error, NT_E_DAMAGED, "%s is not whole, so that nothing was written", site->path);
}

int nt_command_site(int count, char **arguments) {
    struct request r = {0};
    int status = parse(&r, count, arguments);
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct nt_error error = {0};
    enum nt_status outcome = verify(&r.site, &error);
    outcome = outcome == NT_OK ? write_site(&r, &error) : outcome;
    return outcome == NT_OK ? 0 : nt_command_failed("site", error.text);
}
