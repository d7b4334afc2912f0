/* Gives every file of some folders to a target, once each: the part of fuzzing that every `make test` runs. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MOST = 1 << 22 };

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(MOST);
    if (file == NULL || bytes == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    size_t size = fread(bytes, 1, MOST, file);
    (void)fclose(file);
    uint8_t *exact = malloc(size > 0 ? size : 1); /* reading beyond it is seen */
    memcpy(exact, bytes, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    free(bytes);
    return 1;
}

int main(int count, char **arguments) {
    int replayed = 0;
    for (int i = 1; i < count; i++) {
        DIR *folder = opendir(arguments[i]);
        for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
            char path[4096];
            (void)snprintf(path, sizeof path, "%s/%s", arguments[i], entry->d_name);
            replayed += entry->d_name[0] != '.' ? replay(path) : 0;
        }
        if (folder != NULL) {
            (void)closedir(folder);
        }
    }
    (void)printf("%s: %d inputs\n", arguments[0], replayed);
    return replayed > 0 ? 0 : 1; /* a corpus that is not there has tested nothing */
}
