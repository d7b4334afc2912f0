/* A folder of its own for each run of a test, and files in it. */
#ifndef NTRACE_TESTS_SCRATCH_H
#define NTRACE_TESTS_SCRATCH_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

enum { SCRATCH_PATH = 512 };

static char scratch_folder[] = "/tmp/ntrace_test.XXXXXX";

static inline int scratch_make(void **state) {
    (void)state;
    return mkdtemp(scratch_folder) != NULL ? 0 : -1;
}

static inline void scratch_empty(const char *path) {
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        char inner[SCRATCH_PATH];
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < (int)sizeof inner) {
            scratch_empty(inner);
            (void)remove(inner);
        }
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

static inline int scratch_remove(void **state) {
    (void)state;
    scratch_empty(scratch_folder);
    return rmdir(scratch_folder);
}

/* The path of a file in the folder, in one of 16 places that are used in turn. */
static inline const char *scratch_path(const char *name) {
    static char path[16][SCRATCH_PATH];
    static int turn;
    turn = (turn + 1) % 16;
    (void)snprintf(path[turn], sizeof path[turn], "%s/%s", scratch_folder, name);
    return path[turn];
}

/* Makes a folder in the folder, empty in any case. */
static inline const char *scratch_make_folder(const char *name) {
    const char *path = scratch_path(name);
    (void)mkdir(path, 0777);
    scratch_empty(path);
    return path;
}

static inline const char *scratch_write(const char *name, const void *bytes, size_t size) {
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
    return path;
}

static inline const char *scratch_text(const char *name, const char *text) {
    return scratch_write(name, text, strlen(text));
}

static inline const char *scratch_gzip(const char *name, const void *bytes, size_t size) {
    const char *path = scratch_path(name);
    gzFile file = gzopen(path, "wb");
    if (file == NULL || gzwrite(file, bytes, (unsigned)size) != (int)size || gzclose(file) != Z_OK) {
        abort();
    }
    return path;
}

#endif
