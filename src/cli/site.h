/* The parts of `ntrace site`. */
#ifndef NTRACE_CLI_SITE_H
#define NTRACE_CLI_SITE_H

#include "cli/tree.h"
#include "ntrace/bundle.h"

struct nt_site {
    const char *path; /* the folder of the bundle, verified */
    const char *page; /* the folder of the built page */
    const char *output;
    bool replace;
};

/* Takes one file of a bundle: `name` is its path in the bundle's folder, `bytes` is valid during the call. */
typedef enum nt_status (*nt_site_visit)(void *context, const char *name, const uint8_t *bytes, size_t size,
                                        struct nt_error *error);

/* Visits current.json, the manifest of each model and every chunk that they name, once; nothing else that lies in the
 * folder. */
enum nt_status nt_site_each_file(const struct nt_site *site, nt_site_visit visit, void *context,
                                 struct nt_error *error);

/* Writes the site into the folder `output`: beside it first, then renamed.
 *
 * count     out  what was written
 * is_still  out  whether the story's still version came along: only with the bundle that it was drawn from */
enum nt_status nt_site_write_folder(struct nt_tree_count *count, bool *is_still, const struct nt_site *site,
                                    struct nt_error *error);

/* Has the index.html in `folder` tell of this bundle: its version, and no still version of another.
 *
 * is_still  in, out  whether a still version may stay; whether there is one */
enum nt_status nt_site_write_index(bool *is_still, const struct nt_site *site, const char *folder,
                                   struct nt_error *error);

/* Writes page and bundle as one HTML file: beside it first, then renamed. */
enum nt_status nt_site_write_file(struct nt_tree_count *count, const struct nt_site *site, struct nt_error *error);

#endif
