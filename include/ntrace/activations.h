/* Activations of any model from files: one array a layer, one row a sample. */
#ifndef NTRACE_ACTIVATIONS_H
#define NTRACE_ACTIVATIONS_H

#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/net.h"
#include "ntrace/npy.h"
#include "ntrace/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_ACTIVATIONS_MAX_LAYERS = NT_NET_MAX_LAYERS, NT_ACTIVATIONS_NAME_BYTES = 64 };

struct nt_activations_layer {
    char name[NT_ACTIVATIONS_NAME_BYTES]; /* of the file or tensor, without the number that orders it */
    enum nt_npy_type type;                /* as it is in the file */
    struct nt_shape shape;                /* [N, C, H, W]; [N, D] is D x 1 x 1, [N, A, B] A x B x 1; of more dimensions
                                             the last ones are one */
    uint32_t size;                        /* floats a sample, at most NT_NET_MAX_SIZE */
};

/* How many values of a layer cannot be used. */
struct nt_activations_faults {
    uint64_t nan, infinite, too_large; /* the last: finite as float64, but not as float32 */
    uint64_t first;                    /* the sample of the first of them */
};

typedef struct nt_activations nt_activations;

/* Opens files and checks their headers, sizes, and that all have as many samples.
 *
 * activations  out  to be closed with nt_activations_close; NULL on failure
 * path         in   [paths] .npy and .safetensors files, or folders of them. Of a folder the layers come in the order
 *                   of the names, numbers in them counting as numbers: "2 relu.npy" before "10 fc.npy". Every tensor of
 *                   a .safetensors file is a layer, in the order of their data.
 *
 * Types: float16, float32, float64 and integers of up to 64 bits. Returns NT_OK, NT_E_IO, NT_E_MEMORY, NT_E_FORMAT,
 * NT_E_SHAPE (counts that differ, layers that are too many or too large), NT_E_DAMAGED, NT_E_MISSING (no files). */
enum nt_status nt_activations_open(nt_activations **activations, const char *const *path, uint32_t paths,
                                   const struct nt_allocator *allocator, struct nt_error *error);
void nt_activations_close(nt_activations *activations);

uint32_t nt_activations_samples(const nt_activations *activations);
uint32_t nt_activations_layers(const nt_activations *activations);
/* Borrowed, valid until the activations are closed. Asserts that the layer is in range. */
const struct nt_activations_layer *nt_activations_layer(const nt_activations *activations, uint32_t layer);
const char *nt_activations_path(const nt_activations *activations, uint32_t layer);

/* Reads rows as float32.
 *
 * out     out  [count, size] in the order of the file; undefined on failure
 * sample  in   [count] row numbers, in any order; runs of ascending ones are read at once
 *
 * NaN and infinities pass: see nt_activations_check. Returns NT_OK, NT_E_ARG (a row out of range), NT_E_IO or
 * NT_E_MEMORY. Not thread-safe on one handle. */
enum nt_status nt_activations_read(float *out, nt_activations *activations, uint32_t layer, const uint32_t *sample,
                                   uint32_t count, struct nt_error *error);

/* Counts the values of a layer that are not finite as float32, of all samples or of some.
 *
 * sample  in  [count] rows, or NULL for all
 *
 * Returns NT_OK (whatever was counted), NT_E_CANCELLED, or what nt_activations_read returns. */
enum nt_status nt_activations_check(struct nt_activations_faults *faults, nt_activations *activations, uint32_t layer,
                                    const uint32_t *sample, uint32_t count, const struct nt_progress *progress,
                                    struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
