/* Several models of the same samples in one bundle: networks, checkpoints of one, or activations of any models.
 *
 * Each model has a manifest of its own, as if it were alone (bundle.h). The manifests lie side by side in the bundle's
 * folder; chunks that are equal, such as those of images, have the same name and are there once. current.json names
 * them:
 *
 *   {"manifest": "m.<sha256>.json",
 *    "models": [{"name": "untrained", "manifest": "m.<sha256>.json"}, {"name": "trained", "manifest": ...}, ...]}
 *
 * "manifest" is that of the model that is opened where none is asked for, and one of the list. Readers that know
 * nothing of models open that one: the version of the format, which each manifest states for itself, is the same as
 * without. All models have the same samples in the same order: equal labels, names of classes, and images where there
 * are any. What a bundle of one model leaves out is the list. */
#ifndef NTRACE_MODELS_H
#define NTRACE_MODELS_H

#include <stdint.h>

#include "ntrace/bundle.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NT_MODELS_MAX = 64, NT_MODELS_NAME_BYTES = 64, NT_MODELS_FILE_BYTES = 80 };

struct nt_models {
    uint32_t count, first; /* first: which one is opened where none is asked for */
    struct nt_model {
        char name[NT_MODELS_NAME_BYTES];     /* UTF-8 without control characters, each once; empty in a bundle of one */
        char manifest[NT_MODELS_FILE_BYTES]; /* "m.<sha256>.json" */
    } model[NT_MODELS_MAX];
};

/* Reads which models the bundle in a folder holds, at least one. models is undefined on failure.
 * Returns NT_OK, NT_E_IO, NT_E_FORMAT, NT_E_VALUE (names) or NT_E_MEMORY. */
enum nt_status nt_models_read(struct nt_models *models, const char *path, const struct nt_allocator *allocator,
                              struct nt_error *error);

/* Opens one model of the bundle in a folder, as nt_folder_open does.
 *
 * name  in  the model's; NULL: the one that is opened where none is asked for
 *
 * Returns what nt_folder_open returns, or NT_E_MISSING: no model of that name, the others are named. */
enum nt_status nt_models_open(nt_bundle **bundle, const char *path, const char *name,
                              const struct nt_allocator *allocator, struct nt_error *error);

/* The files of all models of a bundle, current.json left out: "m.<sha256>.json", "c/<sha256-32hex>.bin". */
struct nt_models_files {
    uint32_t count;
    char (*file)[NT_MODELS_FILE_BYTES]; /* [count] ascending, each once */
};

/* Lists them: to be given to nt_models_files_clear; zeroed on failure. Returns what nt_models_open returns. */
enum nt_status nt_models_list_files(struct nt_models_files *files, const char *path,
                                    const struct nt_allocator *allocator, struct nt_error *error);
void nt_models_files_clear(struct nt_models_files *files, const struct nt_allocator *allocator);

/* A model to be joined with others. */
struct nt_models_part {
    const char *path;  /* the bundle that it is in */
    const char *model; /* its name there; NULL as above */
    const char *name;  /* what it is called from now on */
};

struct nt_models_joined {
    uint32_t chunks;       /* in the new bundle */
    uint64_t bytes;        /* of them */
    uint64_t shared_bytes; /* what equal chunks would take if each model had its own */
};

/* Joins models of the same samples into one bundle, in a folder that holds none yet; it is made where it is missing.
 *
 * part   in  [parts] 2 to NT_MODELS_MAX, in the order in which a page lists them
 * first  in  which of them is opened where none is asked for
 *
 * Every byte is checked on its way. current.json is written last. Returns NT_OK; NT_E_ARG (too few or too many parts,
 * a folder that holds a bundle); NT_E_SHAPE or NT_E_VALUE where samples, labels, classes or images differ, in words;
 * NT_E_VALUE for names; NT_E_DAMAGED, NT_E_IO, NT_E_MEMORY, or what nt_models_open returns. */
enum nt_status nt_models_join(struct nt_models_joined *joined, const char *output, const struct nt_models_part *part,
                              uint32_t parts, uint32_t first, const struct nt_allocator *allocator,
                              struct nt_error *error);

#ifdef __cplusplus
}
#endif
#endif
