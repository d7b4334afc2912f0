#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/search.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"
#include "ntrace/npy.h"

enum { MEBIBYTE = 1 << 20 };

struct request {
    const char *path, *model, *output, *distances, *plane;
    uint64_t layer, k, room;
};

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

/* Indexes [N, k] uint32 or distances [N, k] float32 of all samples. */
static enum nt_status write_graph(const char *path, const nt_graph *graph, bool distances, struct nt_error *error) {
    uint32_t n = nt_graph_samples(graph), k = nt_graph_k(graph);
    const uint64_t shape[2] = {n, k};
    nt_npy_writer *writer;
    NT_TRY(nt_npy_create(&writer, path, distances ? NT_NPY_FLOAT32 : NT_NPY_UINT32, shape, 2, memory(), error));
    union {
        uint32_t index;
        float distance;
    } *row = nt_allocate(memory(), k, sizeof *row);
    enum nt_status status = row != NULL ? NT_OK : nt_error_set(error, NT_E_MEMORY, "not enough memory for a row");
    for (uint32_t i = 0; i < n && status == NT_OK; i++) {
        nt_graph_get(distances ? NULL : &row->index, distances ? &row->distance : NULL, graph, i, k);
        status = nt_npy_append(writer, row, k, error);
    }
    nt_release(memory(), row);
    if (status != NT_OK) {
        nt_npy_abandon(writer);
        return status;
    }
    return nt_npy_commit(writer, error);
}

static enum nt_status write_all(const struct request *r, const nt_graph_search *search, const nt_graph *graph,
                                struct nt_error *error) {
    const uint64_t shape[2] = {nt_graph_samples(graph), 2};
    if (r->output != NULL) {
        NT_TRY(write_graph(r->output, graph, false, error));
    }
    if (r->distances != NULL) {
        NT_TRY(write_graph(r->distances, graph, true, error));
    }
    if (r->plane == NULL) {
        return NT_OK;
    }
    return nt_npy_write(r->plane, nt_graph_search_plane(search), NT_NPY_FLOAT32, shape, 2, memory(), error);
}

static enum nt_status run(nt_bundle *bundle, const struct request *r, struct nt_error *error) {
    nt_graph_search *handle;
    NT_TRY(nt_folder_load_exact(bundle, r->path, memory(), error));
    double start = nt_seconds();
    NT_TRY(nt_bundle_graph_search(&handle, bundle, (uint32_t)r->layer, (uint32_t)r->k, r->room * MEBIBYTE, error));
    enum nt_status status = nt_search_shown(handle, "", "interrupted: nothing was written", error);
    double seconds = nt_seconds() - start;
    nt_graph *graph = nt_graph_search_take(handle);
    if (status == NT_OK) {
        status = write_all(r, handle, graph, error);
    }
    if (status == NT_OK) {
        struct nt_graph_work work = nt_graph_search_work(handle);
        double n = nt_graph_samples(graph);
        printf("layer %u: the %u nearest of %.0f samples in %.2f s; of each sample's pairs %.0f bounded on leading "
               "values, %.0f on reduced rows, %.0f measured\n",
               (unsigned)r->layer, (unsigned)r->k, n, seconds, (double)work.pairs / n, (double)work.reduced / n,
               (double)work.exact / n);
    }
    nt_graph_free(graph);
    nt_graph_search_free(handle);
    return status;
}

int nt_command_graph(int count, char **arguments) {
    struct request r = {.k = 100, .room = 256};
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &r.path, 0, 0, "folder of the bundle", true},
        {"--model", NT_OPTION_TEXT, &r.model, 0, 0, "of several models this one, by its name", false},
        {"--layer", NT_OPTION_COUNT, &r.layer, 0, NT_BUNDLE_MAX_LAYERS - 1, "0 is the input", false},
        {"-k", NT_OPTION_COUNT, &r.k, 1, NT_BUNDLE_MAX_K, "how many neighbours", false},
        {"-o", NT_OPTION_TEXT, &r.output, 0, 0, ".npy of the neighbours' numbers, uint32 [N, k]", false},
        {"--distances", NT_OPTION_TEXT, &r.distances, 0, 0, ".npy of their distances, float32 [N, k]", false},
        {"--plane", NT_OPTION_TEXT, &r.plane, 0, 0, ".npy of the two principal components, float32 [N, 2]", false},
        {"--room", NT_OPTION_COUNT, &r.room, 1, 1 << 20, "MiB for tables", false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "graph",
                                  "find the exact nearest neighbours of all samples at a layer");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    nt_bundle *bundle;
    struct nt_error error = {0};
    enum nt_status outcome = nt_models_open(&bundle, r.path, r.model, memory(), &error);
    if (outcome == NT_OK) {
        outcome = run(bundle, &r, &error);
    }
    nt_bundle_close(bundle);
    return outcome == NT_OK ? 0 : nt_command_failed("graph", error.text);
}
