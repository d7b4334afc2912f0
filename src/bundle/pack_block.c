/* Activations in blocks: memory does not grow with the dataset. */
#include "bundle/pack.h"
#include "core/finite.h"

enum { ROWS_AT_ONCE = 1024 };

static uint32_t size_of(const struct nt_packer *p, uint32_t layer) { return p->manifest.layer[layer].size; }

static enum nt_status check_finite(const float *x, const struct nt_packer *p, uint32_t layer, const uint32_t *sample,
                                   uint32_t count) {
    size_t size = size_of(p, layer);
    for (uint32_t i = 0; i < count; i++) {
        if (!nt_all_finite(x + i * size, size)) {
            return nt_error_set(p->error, NT_E_VALUE,
                                "layer %u (%s): activations that are not finite, one of sample %u", layer,
                                p->manifest.layer[layer].name, sample[i]);
        }
    }
    return NT_OK;
}

enum nt_status nt_pack_read(float *x, const struct nt_packer *p, uint32_t layer, const uint32_t *sample,
                            uint32_t count) {
    NT_TRY(p->source.read(p->source.context, x, layer, sample, count, p->error));
    return check_finite(x, p, layer, sample, count);
}

enum nt_status nt_pack_block_open(struct nt_pack_block *block, const struct nt_packer *p, uint32_t layer,
                                  size_t bytes) {
    size_t row = size_of(p, layer) * sizeof *block->x, room = bytes / row;
    *block = (struct nt_pack_block){.room = room < 1 ? 1 : room < p->samples ? (uint32_t)room : p->samples};
    block->x = nt_allocate(p->allocator, block->room, row);
    return block->x != NULL ? NT_OK
                            : nt_error_set(p->error, NT_E_MEMORY, "not enough memory for %u samples of layer %u",
                                           block->room, layer);
}

void nt_pack_block_close(struct nt_pack_block *block, const struct nt_packer *p) {
    nt_release(p->allocator, block->x);
    *block = (struct nt_pack_block){0};
}

enum nt_status nt_pack_block_read(struct nt_pack_block *block, const struct nt_packer *p, uint32_t layer,
                                  uint32_t first) {
    uint32_t left = p->samples - first, rows = left < block->room ? left : block->room;
    if (block->rows == rows && block->first == first) {
        return NT_OK;
    }
    block->rows = 0; /* until all are there */
    for (uint32_t at = 0; at < rows; at += ROWS_AT_ONCE) {
        uint32_t sample[ROWS_AT_ONCE], count = rows - at < ROWS_AT_ONCE ? rows - at : ROWS_AT_ONCE;
        for (uint32_t i = 0; i < count; i++) {
            sample[i] = first + at + i;
        }
        NT_TRY(nt_pack_read(block->x + (size_t)at * size_of(p, layer), p, layer, sample, count));
    }
    block->first = first;
    block->rows = rows;
    return NT_OK;
}
