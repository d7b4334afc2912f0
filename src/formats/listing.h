/* Names in a folder, in one order on every machine. */
#ifndef NTRACE_FORMATS_LISTING_H
#define NTRACE_FORMATS_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "ntrace/allocator.h"
#include "ntrace/status.h"

struct nt_listing {
    uint32_t count;
    char **name; /* [count] sorted by byte; they lie in text */
    char *text;
};

enum nt_listing_kind { NT_LISTING_FILES, NT_LISTING_FOLDERS };

/* Lists a folder's files whose names end in `ending` (letters in either case), or its folders; names that begin with a
 * dot are left out. listing out, to be given to nt_listing_clear; zeroed on failure. An empty listing is no failure.
 * Returns NT_OK, NT_E_IO, NT_E_MEMORY. */
enum nt_status nt_listing_read(struct nt_listing *listing, const char *folder, enum nt_listing_kind kind,
                               const char *ending, const struct nt_allocator *allocator, struct nt_error *error);
void nt_listing_clear(struct nt_listing *listing, const struct nt_allocator *allocator);

/* Whether a name ends so, letters in either case, with something before the ending. */
bool nt_name_ends(const char *name, const char *ending);

#endif
