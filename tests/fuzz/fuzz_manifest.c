/* Manifests. */
#include "bundle_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct nt_error error = {0};
    (void)manifest_try(bytes, size, &error);
    return 0;
}
