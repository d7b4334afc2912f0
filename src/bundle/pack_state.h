/* What a pack that was interrupted leaves beside its output, so that the next one goes on where it stopped: one file
 * for each layer that was finished, with a checksum and the hash of all that the bundle depends on. */
#ifndef NTRACE_BUNDLE_PACK_STATE_H
#define NTRACE_BUNDLE_PACK_STATE_H

#include "bundle/pack.h"

/* Works out the hash of what is packed and how. Does nothing where no state is kept. */
void nt_pack_state_start(struct nt_packer *p);

/* Takes a layer up that was finished before: its entry, its chunks, its stability, its map, its codes where they are
 * wanted at the end, and its graph. *found says whether there was one that fits; what does not fit is left alone.
 * graph out, codes out: as nt_pack_layer gives them. Returns NT_OK or NT_E_MEMORY. */
enum nt_status nt_pack_state_load(bool *found, struct nt_codes *codes, nt_graph **graph, struct nt_packer *p,
                                  uint32_t layer);

/* Keeps a layer that was finished just now; `chunks` and `bytes` are what manifest and result held before it.
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY. */
enum nt_status nt_pack_state_save(struct nt_packer *p, uint32_t layer, const struct nt_codes *codes, uint32_t chunks,
                                  uint64_t bytes);

/* Removes what was kept, once the bundle is complete. */
void nt_pack_state_clear(const struct nt_packer *p);

#endif
