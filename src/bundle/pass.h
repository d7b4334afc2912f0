/* Images through a bundle's network, some at a time, to some of its layers. */
#ifndef NTRACE_BUNDLE_PASS_H
#define NTRACE_BUNDLE_PASS_H

#include "bundle/handle.h"

enum { NT_PASS_BATCH = 28 }; /* what the network takes through its linear layers together */

struct nt_pass {
    const nt_bundle *bundle;
    float *activation[NT_BUNDLE_MAX_LAYERS]; /* [NT_PASS_BATCH, size] at the layers asked for, else NULL */
    float *input;
    void *scratch;
};

/* One bit for each of NT_BUNDLE_MAX_LAYERS layers. */
__extension__ typedef unsigned __int128 nt_layer_bits;

#define NT_PASS_ALL (~(nt_layer_bits)0)

/* Takes room to compute the given layers. Returns NT_OK, NT_E_MISSING without a network, or NT_E_MEMORY, nothing then
 * being held. `what` stands in the error's text: "exact neighbours". */
enum nt_status nt_pass_open(struct nt_pass *pass, const nt_bundle *bundle, const uint32_t *layer, uint32_t layers,
                            const char *what, struct nt_error *error);
void nt_pass_close(struct nt_pass *pass); /* a zeroed pass is fine */

/* Computes up to NT_PASS_BATCH samples into `activation`, only at those layers whose bit in `wanted` is set. */
enum nt_status nt_pass_rows(struct nt_pass *pass, const uint32_t *rows, uint32_t count, nt_layer_bits wanted,
                            struct nt_error *error);

/* The same for one image [H, W, C], at all layers that the pass was opened for. */
enum nt_status nt_pass_image(struct nt_pass *pass, const uint8_t *image, struct nt_error *error);

#endif
