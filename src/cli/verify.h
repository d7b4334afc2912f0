/* What `ntrace verify` checks, for commands that pass a bundle on. */
#ifndef NTRACE_CLI_VERIFY_H
#define NTRACE_CLI_VERIFY_H

#include "ntrace/bundle.h"

/* Feeds every chunk of a bundle opened from the folder `path` and checks what is there against what the manifest says;
 * each failure is printed as `ntrace COMMAND: what is wrong`.
 *
 * bytes  out  of all chunks together, as the manifest says
 *
 * Returns how many failures there were. */
uint32_t nt_verify_bundle(uint64_t *bytes, nt_bundle *bundle, const char *path, const char *command);

#endif
