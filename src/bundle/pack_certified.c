/* The k nearest of all samples of a layer, certified, where there are few enough samples. */
#include <string.h>

#include "bundle/pack.h"

enum { MOST_ROOM = 256 << 20 };

struct reader {
    struct nt_packer *packer;
    struct nt_pack_space *space;
};

/* Rows of the block where it holds all, else from their source. */
static enum nt_status read(void *context, float *out, const uint32_t *sample, uint32_t count, struct nt_error *error) {
    const struct reader *r = context;
    const struct nt_pack_block *block = &r->space->block;
    size_t size = r->space->size;
    (void)error; /* the packer's own */
    if (block->rows < r->packer->samples) {
        return nt_pack_read(out, r->packer, r->space->layer, sample, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + i * size, block->x + sample[i] * size, size * sizeof *out);
    }
    return NT_OK;
}

enum nt_status nt_pack_graph_certified(nt_graph **graph, struct nt_packer *p, struct nt_pack_space *space) {
    struct reader reader = {p, space};
    struct nt_rows rows = {p->samples, p->manifest.layer[space->layer].shape, read, NULL, &reader};
    size_t room = p->memory / 8 < MOST_ROOM ? p->memory / 8 : MOST_ROOM;
    nt_graph_search *search;
    double done = 0;
    NT_TRY(nt_graph_search_create(&search, &rows, p->k, room > NT_GRAPH_ROOM_MIN ? room : NT_GRAPH_ROOM_MIN,
                                  p->allocator, p->error));
    enum nt_status status = p->graph != NULL ? nt_graph_search_hint(search, p->graph) : NT_OK;
    if (status != NT_OK) {
        (void)nt_error_set(p->error, status, "not enough memory to compare %u samples", p->samples);
    }
    while (status == NT_OK && done < 1) {
        status = nt_graph_search_step(&done, search, p->error);
        status = status == NT_OK ? nt_pack_progress(p, space->layer, NT_PACK_SEARCHING, done) : status;
    }
    *graph = nt_graph_search_take(search);
    nt_graph_search_free(search);
    return status;
}
