/* Bundles in folders: what the command line reads and writes. */
#ifndef NTRACE_FOLDER_H
#define NTRACE_FOLDER_H

#include <stdint.h>

#include "ntrace/bundle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the bundle in a folder: current.json names the manifest, whose SHA-256 must be its name's. Of several models
 * (ntrace/models.h) it is the one that is opened where none is asked for. To be closed with
 * nt_bundle_close. Returns NT_OK, NT_E_IO, NT_E_FORMAT, NT_E_DAMAGED or what nt_bundle_open returns. */
enum nt_status nt_folder_open(nt_bundle **bundle, const char *path, const struct nt_allocator *allocator,
                              struct nt_error *error);

/* Feeds the chunks that nt_bundle_need names for a role, a layer and rows.
 * Returns NT_OK, NT_E_IO (a chunk is missing or unreadable) or what nt_bundle_feed returns. */
enum nt_status nt_folder_load(nt_bundle *bundle, const char *path, enum nt_role role, uint32_t layer,
                              const uint32_t *rows, uint32_t rows_count, const struct nt_allocator *allocator,
                              struct nt_error *error);

/* Feeds all that exact activations of all samples need: the labels, the network and every image. NT_E_MISSING where
 * there is no network. */
enum nt_status nt_folder_load_exact(nt_bundle *bundle, const char *path, const struct nt_allocator *allocator,
                                    struct nt_error *error);

/* Reads a whole file of at most `limit` bytes, to be released with `allocator`; one byte 0 follows the last. */
enum nt_status nt_folder_read_file(uint8_t **bytes, size_t *size, const char *path, size_t limit,
                                   const struct nt_allocator *allocator, struct nt_error *error);

/* Writes a whole file: beside it first, then renamed. Returns NT_OK or NT_E_IO, nothing then being changed. */
enum nt_status nt_folder_write_file(const char *path, const void *bytes, size_t size, struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
