#include "cli/search.h"

#include "cli/progress.h"

enum nt_status nt_search_shown(nt_graph_search *search, const char *layer, const char *interrupted,
                               struct nt_error *error) {
    struct nt_progress_line line;
    double done = 0;
    enum nt_status status = NT_OK;
    nt_progress_start(&line);
    while (status == NT_OK && done < 1) {
        status = nt_graph_search_step(&done, search, error);
        nt_progress_show(&line, "neighbours of all samples", done, layer);
        if (status == NT_OK && nt_progress_interrupted()) {
            status = nt_error_set(error, NT_E_CANCELLED, "%s", interrupted);
        }
    }
    nt_progress_end(&line);
    return status;
}

enum nt_status nt_search_graph(nt_graph **graph, nt_bundle *bundle, uint32_t layer, uint32_t k, const nt_graph *hint,
                               size_t room, const char *interrupted, struct nt_error *error) {
    nt_graph_search *search;
    *graph = NULL;
    NT_TRY(nt_bundle_graph_search(&search, bundle, layer, k, room, error));
    if (hint != NULL) {
        (void)nt_graph_search_hint(search, hint); /* without it, for want of memory say, the same is found later */
    }
    enum nt_status status = nt_search_shown(search, nt_bundle_layer(bundle, layer)->name, interrupted, error);
    *graph = nt_graph_search_take(search);
    nt_graph_search_free(search);
    return status;
}
