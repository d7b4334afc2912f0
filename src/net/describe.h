/* Descriptions of networks: what a file says about the layers, in JSON, besides their weights. */
#ifndef NTRACE_NET_DESCRIBE_H
#define NTRACE_NET_DESCRIBE_H

#include "net/network.h"

enum { NT_NET_PREFIX_BYTES = 112 /* longest name of a layer's tensors, without ".weight", and its end */ };

/* Where the weights of a layer are. */
struct nt_net_tensors {
    char prefix[NT_NET_PREFIX_BYTES]; /* "0" */
    double eps;                       /* batchnorm2d */
    bool plain;                       /* batchnorm2d: without weight and bias */
};

struct nt_net_description {
    struct nt_shape input;
    uint32_t layers;
    struct nt_layer layer[NT_NET_MAX_LAYERS];
    struct nt_net_tensors tensors[NT_NET_MAX_LAYERS];
};

/* Reads a description, see nt_net_parse. Returns NT_OK, or NT_E_FORMAT with words about the layer and the key.
 * description  out  zeroed before */
enum nt_status nt_net_description_parse(struct nt_net_description *description, const char *text, const char *name,
                                        struct nt_error *error);

/* The description of a network as JSON text in cJSON's memory, NULL where memory is short. */
char *nt_net_description_print(const nt_net *net);

#endif
