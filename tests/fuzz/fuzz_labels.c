/* Labels as text: on their own, and as the names of classes. */
#include "input.h"
#include "ntrace/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *path = input_path(".txt", bytes, size);
    struct nt_labels labels;
    (void)nt_labels_read(&labels, path, NULL, nt_allocator_default(), NULL);
    nt_labels_clear(&labels, nt_allocator_default());
    (void)nt_labels_read(&labels, path, path, nt_allocator_default(), NULL);
    nt_labels_clear(&labels, nt_allocator_default());
    return 0;
}
