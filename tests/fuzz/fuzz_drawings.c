/* QuickDraw's binary drawings. */
#include "images.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    read_images(input_path(".bin", bytes, size));
    return 0;
}
