/* Paths of files. */
#ifndef NTRACE_CORE_PATH_H
#define NTRACE_CORE_PATH_H

#include "ntrace/allocator.h"
#include "ntrace/status.h"

enum { NT_PATH_BYTES = 4096 }; /* longest path and its end */

/* path out [NT_PATH_BYTES] "folder/file". Returns NT_OK, or NT_E_ARG where it is too long. */
enum nt_status nt_path_join(char *path, const char *folder, const char *file, struct nt_error *error);

/* The part after the last slash. Borrowed. */
const char *nt_path_name(const char *path);

/* A copy, to be released with `allocator`; NULL where memory is short. */
char *nt_path_copy(const char *path, const struct nt_allocator *allocator);

#endif
