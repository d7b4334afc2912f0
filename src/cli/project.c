#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/search.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"
#include "ntrace/npy.h"
#include "ntrace/project.h"

/* The page finds 100 neighbours, and distances are kept in steps that depend on the last one: the same here, the same
 * map. */
enum { GRAPH_K = 100, ROOM = 256 << 20 };

struct request {
    const char *path, *model, *output, *method, *from;
    uint64_t layer, neighbors, epochs, negatives, seed; /* epochs: 0 where not asked */
    double min_dist, spread;
};

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static const char *const INTERRUPTED = "interrupted: nothing was written";

static enum nt_status interrupted(struct nt_error *error) {
    return nt_progress_interrupted() ? nt_error_set(error, NT_E_CANCELLED, "%s", INTERRUPTED) : NT_OK;
}

/* An earlier map [samples, 2] out of a .npy. */
static enum nt_status read_map(float *map, const char *path, uint32_t samples, struct nt_error *error) {
    nt_npy_reader *reader;
    NT_TRY(nt_npy_open(&reader, path, memory(), error));
    const struct nt_npy_header *header = nt_npy_reader_header(reader);
    enum nt_status status = NT_OK;
    if (header->type != NT_NPY_FLOAT32 || header->rows != samples || header->row_items != 2) {
        status = nt_error_set(error, NT_E_SHAPE, "%s: expected float32 [%u, 2]", path, samples);
    }
    status = status == NT_OK ? nt_npy_read(map, reader, 0, samples, error) : status;
    nt_npy_close(reader);
    return status;
}

static enum nt_status lay_out(float *map, const nt_graph *graph, const struct request *r, const float *from,
                              struct nt_error *error) {
    struct nt_umap_options options;
    struct nt_progress_line line;
    uint32_t samples = nt_graph_samples(graph), epoch = 0;
    nt_umap *umap;
    nt_umap_defaults(&options, samples, from != NULL ? NT_UMAP_MAP : NT_UMAP_SPECTRAL);
    options.neighbors = (uint32_t)r->neighbors;
    options.epochs = r->epochs > 0 ? (uint32_t)r->epochs : options.epochs;
    options.negatives = (uint32_t)r->negatives;
    options.seed = (uint32_t)r->seed;
    options.min_dist = (float)r->min_dist;
    options.spread = (float)r->spread;
    NT_TRY(nt_umap_create(&umap, graph, &options, from, memory(), error));
    enum nt_status status = NT_OK;
    nt_progress_start(&line);
    while (status == NT_OK && epoch < options.epochs) {
        status = nt_umap_step(&epoch, umap, error);
        nt_progress_show(&line, "laying out", nt_umap_done(umap), "");
        status = status == NT_OK ? interrupted(error) : status;
    }
    nt_progress_end(&line);
    if (status == NT_OK) {
        memcpy(map, nt_umap_map(umap), samples * 2 * sizeof *map);
    }
    nt_umap_free(umap);
    return status;
}

static enum nt_status draw_map(float *map, const float *from, const struct request *r, nt_graph_search *search,
                               uint32_t samples, struct nt_error *error) {
    double start = nt_seconds();
    NT_TRY(nt_search_shown(search, "", INTERRUPTED, error));
    double found = nt_seconds();
    if (strcmp(r->method, "pca") == 0) {
        memcpy(map, nt_graph_search_plane(search), samples * 2 * sizeof *map);
        return NT_OK;
    }
    nt_graph *graph = nt_graph_search_take(search);
    enum nt_status status = lay_out(map, graph, r, from, error);
    nt_graph_free(graph);
    NT_TRY(status);
    printf("layer %u: neighbours of %u samples in %.2f s, UMAP in %.2f s\n", (unsigned)r->layer, samples, found - start,
           nt_seconds() - found);
    if (from != NULL) {
        printf("points moved by %.3f of the earlier map's size\n", nt_map_align(map, from, samples));
    }
    return NT_OK;
}

static enum nt_status draw_and_write(float *map, float *from, nt_bundle *bundle, const struct request *r, uint32_t k,
                                     struct nt_error *error) {
    uint32_t samples = nt_bundle_samples(bundle);
    const uint64_t shape[2] = {samples, 2};
    nt_graph_search *search;
    if (from != NULL) {
        NT_TRY(read_map(from, r->from, samples, error));
    }
    NT_TRY(nt_bundle_graph_search(&search, bundle, (uint32_t)r->layer, k, ROOM, error));
    enum nt_status status = draw_map(map, from, r, search, samples, error);
    nt_graph_search_free(search);
    NT_TRY(status);
    return nt_npy_write(r->output, map, NT_NPY_FLOAT32, shape, 2, memory(), error);
}

static enum nt_status check(const struct request *r, uint32_t samples, struct nt_error *error) {
    bool umap = strcmp(r->method, "umap") == 0;
    if (!umap && strcmp(r->method, "pca") != 0) {
        return nt_error_set(error, NT_E_ARG, "method '%s': expected umap or pca", r->method);
    }
    if (r->from != NULL && !umap) {
        return nt_error_set(error, NT_E_ARG, "--from: only umap starts from an earlier map");
    }
    if (umap && r->neighbors > samples) {
        return nt_error_set(error, NT_E_ARG, "--neighbors %u: there are only %u samples", (unsigned)r->neighbors,
                            samples);
    }
    return NT_OK;
}

static enum nt_status run(nt_bundle *bundle, const struct request *r, struct nt_error *error) {
    uint32_t samples = nt_bundle_samples(bundle), k = r->neighbors > GRAPH_K ? (uint32_t)r->neighbors - 1 : GRAPH_K;
    NT_TRY(check(r, samples, error));
    NT_TRY(nt_folder_load_exact(bundle, r->path, memory(), error));
    float *map = nt_allocate(memory(), samples, 2 * sizeof *map);
    float *from = r->from != NULL ? nt_allocate(memory(), samples, 2 * sizeof *from) : NULL;
    enum nt_status status = NT_E_MEMORY;
    if (map == NULL || (r->from != NULL && from == NULL)) {
        (void)nt_error_set(error, NT_E_MEMORY, "not enough memory for a map of %u samples", samples);
    } else {
        status = draw_and_write(map, from, bundle, r, k < samples ? k : samples - 1, error);
    }
    nt_release(memory(), map);
    nt_release(memory(), from);
    return status;
}

int nt_command_project(int count, char **arguments) {
    struct request r = {.method = "umap", .neighbors = 15, .negatives = 5, .min_dist = 0.1, .spread = 1};
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &r.path, 0, 0, "folder of the bundle", true},
        {"--model", NT_OPTION_TEXT, &r.model, 0, 0, "of several models this one, by its name", false},
        {"-o", NT_OPTION_TEXT, &r.output, 0, 0, ".npy of the map, float32 [N, 2]", true},
        {"--layer", NT_OPTION_COUNT, &r.layer, 0, NT_BUNDLE_MAX_LAYERS - 1, "0 is the input", false},
        {"--method", NT_OPTION_TEXT, &r.method, 0, 0, "umap or pca", false},
        {"--neighbors", NT_OPTION_COUNT, &r.neighbors, 2, NT_UMAP_MAX_NEIGHBORS, "the sample itself among them", false},
        {"--min-dist", NT_OPTION_NUMBER, &r.min_dist, 0, 1000, "distance below which points come no closer", false},
        {"--spread", NT_OPTION_NUMBER, &r.spread, 0.001, 1000, "scale of distances in the map", false},
        {"--epochs", NT_OPTION_COUNT, &r.epochs, 0, NT_UMAP_MAX_EPOCHS, "0: as many as are usual", false},
        {"--negatives", NT_OPTION_COUNT, &r.negatives, 0, NT_UMAP_MAX_NEGATIVES, "pushed away for each pulled", false},
        {"--seed", NT_OPTION_COUNT, &r.seed, 0, UINT32_MAX, "of what is drawn at random", false},
        {"--from", NT_OPTION_TEXT, &r.from, 0, 0, ".npy of an earlier map to start from and to be aligned to", false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "project",
                                  "map all samples of a layer to the plane");
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
    return outcome == NT_OK ? 0 : nt_command_failed("project", error.text);
}
