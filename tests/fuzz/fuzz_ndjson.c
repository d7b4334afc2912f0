/* QuickDraw's lines of strokes, as images that their words label. */
#include "images.h"
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    read_images(input_path(".ndjson", bytes, size));
    return 0;
}
