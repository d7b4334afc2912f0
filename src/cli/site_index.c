/* The page's index.html, which knows two things of the bundle beside it: its version, and the story in still pictures.
 */
#include <string.h>

#include "cli/site.h"
#include "core/path.h"
#include "ntrace/folder.h"

/* Between these stands what web/still.js wrote. */
static const char STILL[] = "<!-- still -->", STILL_END[] = "<!-- /still -->";
static const char VERSION[] = "<meta name=\"bundle\" content=\"";

enum { INDEX_LIMIT = 16 << 20, ESCAPE_BYTES = 6 /* longest way to write a character in an attribute */ };

/* Takes the still version out, unless it may stay. Returns whether there is one afterwards. */
static bool keep_still(char *text, bool may_stay) {
    char *end = strstr(text, STILL_END), *start = strstr(text, STILL);
    if (start == NULL || end == NULL || end < start) {
        return false;
    }
    if (!may_stay) {
        start += strlen(STILL);
        end += strlen(STILL_END);
        memmove(start, end, strlen(end) + 1);
    }
    return may_stay;
}

/* Returns the end of what it wrote. */
static char *escape(char *out, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        const char *written = text[i] == '&'   ? "&amp;"
                              : text[i] == '<' ? "&lt;"
                              : text[i] == '>' ? "&gt;"
                              : text[i] == '"' ? "&quot;"
                                               : NULL;
        size_t bytes = written != NULL ? strlen(written) : 1;
        memcpy(out, written != NULL ? written : text + i, bytes);
        out += bytes;
    }
    return out;
}

/* Writes the index with `version` in the place that the page has for it, if it has one. */
static enum nt_status write_index(const char *path, const char *text, const char *version, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    const char *place = strstr(text, VERSION), *rest = place != NULL ? strchr(place + strlen(VERSION), '"') : NULL;
    if (rest == NULL) {
        return nt_folder_write_file(path, text, strlen(text), error);
    }
    size_t length = strlen(version), before = (size_t)(place - text) + strlen(VERSION);
    while (length > 0 && strchr(" \r\n", version[length - 1]) != NULL) {
        length--;
    }
    char *index = nt_allocate(allocator, strlen(text) + length * ESCAPE_BYTES, 1);
    if (index == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    }
    memcpy(index, text, before);
    char *end = escape(index + before, version, length);
    memcpy(end, rest, strlen(rest));
    enum nt_status status = nt_folder_write_file(path, index, (size_t)(end - index) + strlen(rest), error);
    nt_release(allocator, index);
    return status;
}

enum nt_status nt_site_write_index(bool *is_still, const struct nt_site *site, const char *folder,
                                   struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    char path[NT_PATH_BYTES], current[NT_PATH_BYTES];
    uint8_t *text = NULL, *version = NULL;
    size_t size;
    NT_TRY(nt_path_join(path, folder, "index.html", error));
    NT_TRY(nt_path_join(current, site->path, "current.json", error));
    enum nt_status status = nt_folder_read_file(&text, &size, path, INDEX_LIMIT, allocator, error);
    if (status == NT_OK) {
        status = nt_folder_read_file(&version, &size, current, INDEX_LIMIT, allocator, error);
    }
    if (status == NT_OK) {
        *is_still = keep_still((char *)text, *is_still);
        status = write_index(path, (const char *)text, (const char *)version, error);
    }
    nt_release(allocator, text);
    nt_release(allocator, version);
    return status;
}
