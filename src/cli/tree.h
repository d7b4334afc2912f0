/* Folders with all that is in them. */
#ifndef NTRACE_CLI_TREE_H
#define NTRACE_CLI_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "ntrace/status.h"

struct nt_tree_count {
    uint32_t files;
    uint64_t bytes;
};

/* Copies what is in the folder `from` into `to`, which is made where it is missing; what is called as one of `left_out`
 * (NULL-terminated) at the top stays behind, and so does what begins with a dot.
 *
 * count  in, out  grows by what was copied
 *
 * Returns NT_OK, NT_E_IO (some may have been copied), NT_E_ARG (a path is too long) or NT_E_MEMORY. */
enum nt_status nt_tree_copy(struct nt_tree_count *count, const char *to, const char *from, const char *const *left_out,
                            struct nt_error *error);

/* Whether a folder holds nothing but what `other` holds under the same name or is called as one of `also`
 * (NULL-terminated); else `name` says what (an empty text where the folder cannot be read). */
bool nt_tree_has_only(char name[256], const char *folder, const char *other, const char *const *also);

/* Whether `inner` is `outer` or lies in it, once links are followed; false where one of them is not there. */
bool nt_tree_is_inside(const char *inner, const char *outer);

/* Removes a folder and all in it, as far as that goes. */
void nt_tree_remove(const char *path);

#endif
