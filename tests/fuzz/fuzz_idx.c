/* IDX, gzipped or not, as images and as labels. */
#include "images.h"
#include "input.h"
#include "ntrace/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *path = input_path("-ubyte", bytes, size);
    struct nt_labels labels;
    read_images(path);
    (void)nt_labels_read(&labels, path, NULL, nt_allocator_default(), NULL);
    nt_labels_clear(&labels, nt_allocator_default());
    return 0;
}
