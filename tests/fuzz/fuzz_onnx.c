/* ONNX models as networks, and one image through those that are small. */
#include "network.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    nt_net *net;
    struct nt_error error = {0};
    if (nt_net_parse_onnx(&net, bytes, size, "x.onnx", nt_allocator_default(), &error) == NT_OK) {
        try_network(net);
    }
    return 0;
}
