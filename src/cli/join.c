/* ntrace join: several models of the same samples become one bundle. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "ntrace/models.h"

struct request {
    struct nt_texts models;
    const char *output, *first;
};

/* What is joined, with room for its texts. */
struct parts {
    uint32_t count, opened;
    struct nt_models_part part[NT_MODELS_MAX];
    char name[NT_MODELS_MAX][NT_MODELS_NAME_BYTES];
};

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static enum nt_status add(struct parts *p, const char *path, const char *model, const char *name, size_t bytes,
                          struct nt_error *error) {
    if (p->count == NT_MODELS_MAX) {
        return nt_error_set(error, NT_E_ARG, "more than %d models", NT_MODELS_MAX);
    }
    if (bytes < 1 || bytes >= NT_MODELS_NAME_BYTES) {
        return nt_error_set(error, NT_E_ARG, "%s: a name of %zu bytes: expected 1 to %d", path, bytes,
                            NT_MODELS_NAME_BYTES - 1);
    }
    memcpy(p->name[p->count], name, bytes);
    p->name[p->count][bytes] = 0;
    p->part[p->count] = (struct nt_models_part){path, model, p->name[p->count]};
    p->count++;
    return NT_OK;
}

/* All models of a bundle under the names that they have; `models` must outlive the parts. */
static enum nt_status add_all(struct parts *p, const char *path, struct nt_models *models, struct nt_error *error) {
    NT_TRY(nt_models_read(models, path, memory(), error));
    for (uint32_t i = 0; i < models->count; i++) {
        const char *name = models->model[i].name;
        if (name[0] == 0) {
            return nt_error_set(error, NT_E_ARG, "%s: its model has no name: expected --model NAME=%s", path, path);
        }
        NT_TRY(add(p, path, name, name, strlen(name), error));
    }
    return NT_OK;
}

static enum nt_status find_first(struct parts *p, const char *first, struct nt_error *error) {
    for (uint32_t i = 0; i < p->count; i++) {
        if (first == NULL || strcmp(p->name[i], first) == 0) {
            p->opened = i;
            return NT_OK;
        }
    }
    return nt_error_set(error, NT_E_ARG, "--first: there is no model named '%s'", first != NULL ? first : "");
}

static enum nt_status join(struct parts *p, struct nt_models *models, const struct request *r, struct nt_error *error) {
    struct nt_models_joined joined;
    for (size_t i = 0; i < r->models.count; i++) {
        const char *text = r->models.item[i], *equals = strchr(text, '='), *slash = strchr(text, '/');
        bool named = equals != NULL && (slash == NULL || equals < slash);
        NT_TRY(named ? add(p, equals + 1, NULL, text, (size_t)(equals - text), error)
                     : add_all(p, text, &models[i], error));
    }
    NT_TRY(find_first(p, r->first, error));
    NT_TRY(nt_models_join(&joined, r->output, p->part, p->count, p->opened, memory(), error));
    for (uint32_t i = 0; i < p->count; i++) {
        printf("%u  %s%s\n", i, p->name[i], i == p->opened ? "  (opened where none is asked for)" : "");
    }
    printf("%u models of the same samples: %.2f MB in %u chunks, %.2f MB less than apart\n", p->count,
           (double)joined.bytes / 1e6, joined.chunks, (double)joined.shared_bytes / 1e6);
    printf("%s is ready: check it with `ntrace verify %s`\n", r->output, r->output);
    return NT_OK;
}

int nt_command_join(int count, char **arguments) {
    struct request r = {.output = NULL};
    const struct nt_option option[] = {
        {"--model", NT_OPTION_TEXTS, &r.models, 0, 0,
         "NAME=BUNDLE, or a BUNDLE whose models have names; given for each, in the order in which a page lists them",
         false},
        {"--first", NT_OPTION_TEXT, &r.first, 0, 0, "the name of the model that a page opens first (the first given)",
         false},
        {"-o", NT_OPTION_TEXT, &r.output, 0, 0, "folder of the bundle of all of them", true},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "join",
                                  "join bundles of the same samples, a model each, into one");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct nt_error error = {0};
    struct parts parts = {0};
    struct nt_models *models = nt_allocate_zeroed(memory(), r.models.count + 1, sizeof *models);
    enum nt_status outcome =
        models != NULL ? join(&parts, models, &r, &error) : nt_error_set(&error, NT_E_MEMORY, "not enough memory");
    nt_release(memory(), models);
    return outcome == NT_OK ? 0 : nt_command_failed("join", error.text);
}
