#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"

struct request {
    const char *path, *model;
    uint64_t sample, layer, k;
    bool codes;
};

static enum nt_status find(nt_query **query, nt_bundle *bundle, const struct request *r, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    uint32_t layer = (uint32_t)r->layer, count, done;
    if (r->layer >= nt_bundle_layers(bundle)) {
        return nt_error_set(error, NT_E_ARG, "layer %llu: expected 0 to %u", (unsigned long long)r->layer,
                            nt_bundle_layers(bundle) - 1);
    }
    NT_TRY(nt_folder_load(bundle, r->path, NT_ROLE_SAMPLES, 0, NULL, 0, allocator, error));
    NT_TRY(nt_folder_load(bundle, r->path, NT_ROLE_CODES, layer, NULL, 0, allocator, error));
    NT_TRY(nt_query_create(query, bundle, (uint32_t)r->sample, &layer, 1, (uint32_t)r->k, error));
    if (r->codes || !nt_bundle_has_network(bundle)) {
        return NT_OK;
    }
    const uint32_t *rows = nt_query_rows(*query, &count);
    NT_TRY(nt_folder_load(bundle, r->path, NT_ROLE_WEIGHTS, 0, NULL, 0, allocator, error));
    NT_TRY(nt_folder_load(bundle, r->path, NT_ROLE_IMAGES, 0, rows, count, allocator, error));
    return nt_query_step(&done, *query, count, error);
}

static enum nt_status print_neighbours(const nt_query *query, const nt_bundle *bundle, uint32_t k,
                                       struct nt_error *error) {
    uint32_t index[NT_BUNDLE_MAX_K];
    float distance[NT_BUNDLE_MAX_K];
    NT_TRY(nt_query_neighbors(index, distance, query, 0));
    for (uint32_t i = 0; i < k; i++) {
        printf("%u\t%u\t%.9g\t%s\n", i, index[i], (double)distance[i],
               nt_bundle_class(bundle, nt_bundle_labels(bundle)[index[i]]));
    }
    return fflush(stdout) == 0 ? NT_OK : nt_error_set(error, NT_E_IO, "standard output cannot be written");
}

int nt_command_query(int count, char **arguments) {
    struct request r = {.k = 10};
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &r.path, 0, 0, "folder of the bundle", true},
        {"--model", NT_OPTION_TEXT, &r.model, 0, 0, "of several models this one, by its name", false},
        {"--sample", NT_OPTION_COUNT, &r.sample, 0, NT_BUNDLE_MAX_SAMPLES, "whose neighbours", false},
        {"--layer", NT_OPTION_COUNT, &r.layer, 0, NT_BUNDLE_MAX_LAYERS - 1, "0 is the input", false},
        {"-k", NT_OPTION_COUNT, &r.k, 1, NT_BUNDLE_MAX_K, "how many", false},
        {"--codes", NT_OPTION_FLAG, &r.codes, 0, 0, "answer from codes alone, as where the bundle holds no network",
         false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "query",
                                  "print the nearest neighbours of a sample: rank, index, distance, label");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    nt_bundle *bundle;
    nt_query *query = NULL;
    struct nt_error error = {0};
    enum nt_status outcome = nt_models_open(&bundle, r.path, r.model, nt_allocator_default(), &error);
    if (outcome == NT_OK) {
        outcome = find(&query, bundle, &r, &error);
    }
    if (outcome == NT_OK && !r.codes && !nt_bundle_has_network(bundle)) {
        (void)fprintf(stderr,
                      "ntrace query: this bundle holds no network: answered from codes alone, recall@100 %.4f\n",
                      nt_bundle_layer(bundle, (uint32_t)r.layer)->recall_codes);
    }
    if (outcome == NT_OK) {
        outcome = print_neighbours(query, bundle, (uint32_t)r.k, &error);
    }
    nt_query_free(query);
    nt_bundle_close(bundle);
    return outcome == NT_OK ? 0 : nt_command_failed("query", error.text);
}
