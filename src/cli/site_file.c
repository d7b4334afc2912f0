#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/site.h"
#include "core/path.h"
#include "ntrace/folder.h"

/* Where web/single/build.js left a place for the bundle. */
static const char PLACE[] = "<!-- bundle -->";

enum { LINE = 3 * 1024 }; /* bytes encoded at a time: whole groups of three */

/* Base64: RFC 4648, "The Base16, Base32, and Base64 Data Encodings", 2006. Returns how many characters it wrote. */
static size_t encode(char *text, const uint8_t *bytes, size_t size) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t at = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        text[at++] = digit[group >> 18];
        text[at++] = digit[group >> 12 & 63];
        text[at++] = left > 1 ? digit[group >> 6 & 63] : '=';
        text[at++] = left > 2 ? digit[group & 63] : '=';
    }
    return at;
}

/* One file of the bundle as an element that no browser runs. Names are of hexadecimal digits, points and slashes. */
static enum nt_status write_element(void *context, const char *name, const uint8_t *bytes, size_t size,
                                    struct nt_error *error) {
    FILE *file = context;
    char text[LINE / 3 * 4];
    (void)fprintf(file, "<script type=\"text/plain\" data-file=\"bundle/%s\">", name);
    for (size_t at = 0; at < size; at += LINE) {
        (void)fwrite(text, 1, encode(text, bytes + at, size - at < LINE ? size - at : LINE), file);
    }
    return fputs("</script>\n    ", file) >= 0 ? NT_OK
                                               : nt_error_set(error, NT_E_IO, "cannot be written: %s", strerror(errno));
}

static enum nt_status write_page(FILE *file, const struct nt_site *site, const char *page, const char *path,
                                 struct nt_error *error) {
    const char *place = strstr(page, PLACE);
    if (place == NULL) {
        return nt_error_set(error, NT_E_FORMAT, "%s: expected %s in it, the place for the bundle", path, PLACE);
    }
    (void)fwrite(page, 1, (size_t)(place - page), file);
    NT_TRY(nt_site_each_file(site, write_element, file, error));
    (void)fputs(place + strlen(PLACE), file);
    return NT_OK;
}

static enum nt_status write_beside(struct nt_tree_count *count, const struct nt_site *site, const char *page,
                                   const char *path, struct nt_error *error) {
    char beside[NT_PATH_BYTES];
    if (snprintf(beside, sizeof beside, "%s.new", site->output) >= (int)sizeof beside) {
        return nt_error_set(error, NT_E_ARG, "%s: the path is too long", site->output);
    }
    FILE *file = fopen(beside, "wb");
    if (file == NULL) {
        return nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", beside, strerror(errno));
    }
    enum nt_status status = write_page(file, site, page, path, error);
    long bytes = ftell(file);
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    if (status == NT_OK && (failed || bytes < 0 || rename(beside, site->output) != 0)) {
        status = nt_error_set(error, NT_E_IO, "%s: cannot be written: %s", site->output, strerror(errno));
    }
    if (status != NT_OK) {
        (void)remove(beside);
        return status;
    }
    count->files = 1;
    count->bytes = (uint64_t)bytes;
    return NT_OK;
}

enum nt_status nt_site_write_file(struct nt_tree_count *count, const struct nt_site *site, struct nt_error *error) {
    char path[NT_PATH_BYTES];
    uint8_t *page;
    size_t size;
    NT_TRY(nt_path_join(path, site->page, "index.html", error));
    NT_TRY(nt_folder_read_file(&page, &size, path, (size_t)64 << 20, nt_allocator_default(), error));
    enum nt_status status = write_beside(count, site, (const char *)page, path, error);
    nt_release(nt_allocator_default(), page);
    return status;
}
