/* Descriptions of networks, beside weights for two convolutions and two normalisations, and beside none. */
#include <stdio.h>
#include <string.h>

#include "network.h"
#include "ntrace/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { TENSORS = 12 };

struct file {
    uint8_t *bytes;
    size_t size;
};

/* Weights of 2 x 2 x 1 x 1, and vectors of 2. */
static struct file make_file(uint32_t tensors) {
    static const char *const names[TENSORS] = {"0.weight", "0.bias", "1.weight",       "1.bias",
                                               "2.weight", "2.bias", "2.running_mean", "2.running_var",
                                               "3.weight", "3.bias", "3.running_mean", "3.running_var"};
    static const float value[4] = {1, 2, 3, 4};
    struct nt_tensor tensor[TENSORS];
    struct file file = {NULL, 0};
    for (uint32_t i = 0; i < tensors; i++) {
        tensor[i] = (struct nt_tensor){.type = NT_NPY_FLOAT32, .dimensions = i == 0 || i == 2 ? 4 : 1, .data = value};
        (void)snprintf(tensor[i].name, sizeof tensor[i].name, "%s", names[i]);
        memcpy(tensor[i].shape, (const uint64_t[]){2, 2, 1, 1}, 4 * sizeof(uint64_t));
    }
    if (nt_safetensors_write(&file.bytes, &file.size, tensor, tensors, NULL, 0, nt_allocator_default(), NULL) !=
        NT_OK) {
        abort();
    }
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static struct file files[2];
    char *text = malloc(size + 1);
    if (text == NULL) {
        abort();
    }
    memcpy(text, bytes, size);
    text[size] = 0;
    for (uint32_t f = 0; f < 2; f++) {
        nt_net *net;
        struct nt_error error = {0};
        files[f] = files[f].bytes != NULL ? files[f] : make_file(f * TENSORS);
        if (nt_net_parse_described(&net, files[f].bytes, files[f].size, text, "x", nt_allocator_default(), &error) ==
            NT_OK) {
            try_network(net);
        }
    }
    free(text);
    return 0;
}
