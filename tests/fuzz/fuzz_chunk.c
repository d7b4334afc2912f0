/* Chunks of every role, as they are, with their checksums set right, and what they hold. */
#include "bundle_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct bundle_input input;
    struct nt_error error = {0};
    if (bundle_input_make(&input, bytes, size)) {
        (void)bundle_input_try(&input, &error);
        bundle_input_clear(&input);
    }
    return 0;
}
