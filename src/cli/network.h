/* Networks as the command line takes them: a file of weights, what describes it, and how its images were prepared. */
#ifndef NTRACE_CLI_NETWORK_H
#define NTRACE_CLI_NETWORK_H

#include "ntrace/net.h"

struct nt_network_options {
    const char *model;            /* .safetensors or .onnx */
    const char *description;      /* .json, for .safetensors; NULL: in the file */
    const char *mean, *deviation; /* numbers separated by commas, one a channel or one for all; NULL: 0 and 1 */
};

struct nt_network {
    nt_net *net;
    uint8_t *weights; /* [bytes] the same network as safetensors: the file as it is where that says everything */
    size_t bytes;
};

/* Reads a network; to be given to nt_network_clear in any case. Returns NT_OK, NT_E_IO, NT_E_ARG, or what the parsers
 * of net.h return. */
enum nt_status nt_network_read(struct nt_network *network, const struct nt_network_options *options,
                               const struct nt_allocator *allocator, struct nt_error *error);
void nt_network_clear(struct nt_network *network, const struct nt_allocator *allocator);

#endif
