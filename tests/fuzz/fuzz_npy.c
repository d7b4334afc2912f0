/* .npy as images, as labels and as rows of a selection. */
#include "images.h"
#include "input.h"
#include "ntrace/labels.h"
#include "ntrace/selection.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const uint16_t label[100];
    const char *path = input_path(".npy", bytes, size);
    const struct nt_selection_options options = {.rows = path, .limit = 5};
    struct nt_labels labels;
    struct nt_selection selection;
    read_images(path);
    (void)nt_labels_read(&labels, path, NULL, nt_allocator_default(), NULL);
    nt_labels_clear(&labels, nt_allocator_default());
    (void)nt_select(&selection, label, 100, &options, nt_allocator_default(), NULL);
    nt_selection_clear(&selection, nt_allocator_default());
    return 0;
}
