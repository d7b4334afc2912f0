#include "formats/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool nt_name_ends(const char *name, const char *ending) {
    size_t length = strlen(name), last = strlen(ending);
    if (length <= last) {
        return false;
    }
    for (size_t i = 0; i < last; i++) {
        if (lower(name[length - last + i]) != ending[i]) {
            return false;
        }
    }
    return true;
}

static bool is_wanted(const char *folder, const char *name, enum nt_listing_kind kind, const char *ending) {
    char path[NT_PATH_BYTES];
    struct stat information;
    if (name[0] == '.' || (kind == NT_LISTING_FILES && !nt_name_ends(name, ending)) ||
        nt_path_join(path, folder, name, NULL) != NT_OK || stat(path, &information) != 0) {
        return false;
    }
    return kind == NT_LISTING_FOLDERS ? S_ISDIR(information.st_mode) : S_ISREG(information.st_mode);
}

/* Names one after the other in a buffer that doubles. */
struct collection {
    char *text;
    size_t used, room;
    uint32_t count;
};

static enum nt_status append(struct collection *c, const char *name, const struct nt_allocator *allocator) {
    size_t length = strlen(name) + 1;
    if (c->used + length > c->room) {
        size_t room = c->room == 0 ? 4096 : 2 * c->room; /* no name is longer than 255 bytes */
        char *grown = nt_allocate(allocator, room, 1);
        if (grown == NULL) {
            return NT_E_MEMORY;
        }
        if (c->used > 0) {
            memcpy(grown, c->text, c->used);
        }
        nt_release(allocator, c->text);
        c->text = grown;
        c->room = room;
    }
    memcpy(c->text + c->used, name, length);
    c->used += length;
    c->count++;
    return NT_OK;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static enum nt_status sort(struct nt_listing *listing, const struct collection *c,
                           const struct nt_allocator *allocator) {
    listing->name = nt_allocate(allocator, c->count, sizeof *listing->name);
    if (listing->name == NULL) {
        return NT_E_MEMORY;
    }
    char *at = c->text;
    for (uint32_t i = 0; i < c->count; i++, at += strlen(at) + 1) {
        listing->name[i] = at;
    }
    qsort(listing->name, c->count, sizeof *listing->name, by_name);
    listing->text = c->text;
    listing->count = c->count;
    return NT_OK;
}

enum nt_status nt_listing_read(struct nt_listing *listing, const char *folder, enum nt_listing_kind kind,
                               const char *ending, const struct nt_allocator *allocator, struct nt_error *error) {
    *listing = (struct nt_listing){0};
    DIR *opened = opendir(folder);
    if (opened == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot open this folder: %s", folder, strerror(errno));
    }
    struct collection c = {0};
    enum nt_status status = NT_OK;
    for (struct dirent *entry; status == NT_OK && (entry = readdir(opened)) != NULL;) {
        status = is_wanted(folder, entry->d_name, kind, ending) ? append(&c, entry->d_name, allocator) : NT_OK;
    }
    (void)closedir(opened);
    status = status == NT_OK ? sort(listing, &c, allocator) : status;
    if (status != NT_OK) {
        nt_release(allocator, c.text);
        nt_release(allocator, listing->name);
        *listing = (struct nt_listing){0};
        return nt_error_set(error, status, "%s: not enough memory for its list of files", folder);
    }
    return NT_OK;
}

void nt_listing_clear(struct nt_listing *listing, const struct nt_allocator *allocator) {
    nt_release(allocator, listing->name);
    nt_release(allocator, listing->text);
    *listing = (struct nt_listing){0};
}
