/* ntrace compare: the stability of one model against another, layer by layer. */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/search.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"
#include "ntrace/overlap.h"

enum { ROOM = 256 << 20, MOST_EXACT = 100 };

struct request {
    const char *path, *model, *other;
    uint64_t k;
    bool codes;
};

/* One of the two models: its layers, and their neighbours where they are worked out. */
struct model {
    nt_bundle *bundle;
    uint32_t layers, layer[NT_BUNDLE_MAX_LAYERS];
    nt_graph *graph[NT_BUNDLE_MAX_LAYERS]; /* layers with equal activations share one */
};

struct comparing {
    const struct request *request;
    struct model model[2];
    uint32_t *sample; /* [N] all of them */
    uint64_t *sum;    /* [layers, layers of the other] */
};

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static enum nt_status prepare(struct model *m, const struct request *r, struct nt_error *error) {
    m->layers = nt_bundle_layers(m->bundle);
    NT_TRY(r->codes ? NT_OK : nt_folder_load_exact(m->bundle, r->path, memory(), error));
    for (uint32_t l = 0; l < m->layers; l++) {
        uint32_t own = nt_bundle_layer(m->bundle, l)->codes;
        m->layer[l] = l;
        if (r->codes) {
            NT_TRY(nt_folder_load(m->bundle, r->path, NT_ROLE_CODES, l, NULL, 0, memory(), error));
        } else if (own != l) {
            m->graph[l] = m->graph[own];
        } else {
            NT_TRY(nt_search_graph(&m->graph[l], m->bundle, l, (uint32_t)r->k, l > 0 ? m->graph[l - 1] : NULL, ROOM,
                                   "interrupted", error));
        }
    }
    return NT_OK;
}

static struct nt_overlap_side side_of(const struct model *m, bool codes) {
    return (struct nt_overlap_side){codes ? NULL : (const nt_graph *const *)m->graph, m->bundle, m->layer, m->layers};
}

static enum nt_status work(struct comparing *c, struct nt_error *error) {
    const struct request *r = c->request;
    NT_TRY(nt_models_open(&c->model[0].bundle, r->path, r->model, memory(), error));
    NT_TRY(nt_models_open(&c->model[1].bundle, r->path, r->other, memory(), error));
    NT_TRY(prepare(&c->model[0], r, error));
    NT_TRY(prepare(&c->model[1], r, error));
    uint32_t n = nt_bundle_samples(c->model[0].bundle);
    c->sample = nt_allocate(memory(), n, sizeof *c->sample);
    c->sum = nt_allocate_zeroed(memory(), (size_t)c->model[0].layers * c->model[1].layers, sizeof *c->sum);
    if (c->sample == NULL || c->sum == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for overlaps");
    }
    for (uint32_t i = 0; i < n; i++) {
        c->sample[i] = i;
    }
    const struct nt_overlap_between_request request = {
        {side_of(&c->model[0], r->codes), side_of(&c->model[1], r->codes)}, c->sample, (uint32_t)r->k, n};
    return nt_overlap_between(c->sum, &request, error);
}

static void print_matrix(const struct comparing *c) {
    const struct model *a = &c->model[0], *b = &c->model[1];
    for (uint32_t l = 0; l < b->layers; l++) {
        printf("\t%s", nt_bundle_layer(b->bundle, l)->name);
    }
    for (uint32_t l = 0; l < a->layers; l++) {
        printf("\n%s", nt_bundle_layer(a->bundle, l)->name);
        for (uint32_t m = 0; m < b->layers; m++) {
            printf("\t%.6f", (double)c->sum[l * b->layers + m] / nt_bundle_samples(a->bundle));
        }
    }
    printf("\n");
}

static void end(struct comparing *c) {
    for (int s = 0; s < 2; s++) {
        struct model *m = &c->model[s];
        for (uint32_t l = 0; l < m->layers; l++) {
            if (nt_bundle_layer(m->bundle, l)->codes == l) {
                nt_graph_free(m->graph[l]);
            }
        }
        nt_bundle_close(m->bundle);
    }
    nt_release(memory(), c->sample);
    nt_release(memory(), c->sum);
}

int nt_command_compare(int count, char **arguments) {
    struct request r = {.k = MOST_EXACT};
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &r.path, 0, 0, "folder of a bundle of several models", true},
        {"--model", NT_OPTION_TEXT, &r.model, 0, 0, "whose layers are the rows (the one that is opened first)", false},
        {"--with", NT_OPTION_TEXT, &r.other, 0, 0, "whose layers are the columns", true},
        {"-k", NT_OPTION_COUNT, &r.k, 1, NT_BUNDLE_MAX_K, "how many neighbours", false},
        {"--codes", NT_OPTION_FLAG, &r.codes, 0, 0, "from codes alone, as where there is no network", false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "compare",
                                  "print how many of its nearest a sample has in common, on average, at every layer of "
                                  "one model and of another");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct comparing c = {.request = &r};
    struct nt_error error = {0};
    enum nt_status outcome = work(&c, &error);
    if (outcome == NT_OK) {
        print_matrix(&c);
        outcome = fflush(stdout) == 0 ? NT_OK : nt_error_set(&error, NT_E_IO, "standard output cannot be written");
    }
    end(&c);
    return outcome == NT_OK ? 0 : nt_command_failed("compare", error.text);
}
