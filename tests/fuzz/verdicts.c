/* What the native readers say of every file of the corpora of manifests and chunks, with all that another build needs
 * to judge them too, a line each:
 *
 *   file status text manifest chunk
 *
 * parted by tabs; manifest and chunk as hexadecimal digits, "-" where there is none. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_input.h"

enum { MOST = 1 << 20 };

static uint8_t bytes[MOST];

static void print_hex(const void *data, size_t size) {
    (void)putchar('\t');
    for (size_t i = 0; i < size; i++) {
        (void)printf("%02x", ((const uint8_t *)data)[i]);
    }
    if (size == 0) {
        (void)putchar('-');
    }
}

static void judge(const char *name, size_t size, int is_chunk) {
    struct nt_error error = {0};
    struct bundle_input input;
    if (!is_chunk) {
        enum nt_status status = manifest_try(bytes, size, &error);
        (void)printf("%s\t%d\t%s", name, status, error.text);
        print_hex(bytes, size);
        print_hex(NULL, 0);
        (void)putchar('\n');
    } else if (bundle_input_make(&input, bytes, size)) {
        enum nt_status status = bundle_input_try(&input, &error);
        (void)printf("%s\t%d\t%s", name, status, error.text);
        print_hex(input.manifest, input.manifest_bytes);
        print_hex(input.chunk, input.chunk_bytes);
        (void)putchar('\n');
        bundle_input_clear(&input);
    }
}

static void judge_folder(const char *folder, int is_chunk) {
    DIR *open = opendir(folder);
    if (open == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", folder);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "rb") : NULL;
        if (file != NULL) {
            judge(entry->d_name, fread(bytes, 1, MOST, file), is_chunk);
            (void)fclose(file);
        }
    }
    (void)closedir(open);
}

int main(int count, char **arguments) {
    if (count != 3) {
        (void)fprintf(stderr, "usage: %s MANIFESTS CHUNKS\n", arguments[0]);
        return 2;
    }
    judge_folder(arguments[1], 0);
    judge_folder(arguments[2], 1);
    return 0;
}
