/* Networks as safetensors, with their description, and one image through those that are small. */
#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    nt_net *net;
    struct nt_error error = {0};
    if (nt_net_parse(&net, bytes, size, "x.safetensors", nt_allocator_default(), &error) == NT_OK) {
        try_network(net);
    }
    return 0;
}
