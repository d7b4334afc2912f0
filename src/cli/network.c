#include "cli/network.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ntrace/folder.h"

enum { MAX_BYTES = 1 << 30, MAX_DESCRIPTION_BYTES = 1 << 20, MAX_CHANNELS = 64 };

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), last = strlen(end);
    return length >= last && strcmp(text + length - last, end) == 0;
}

/* Numbers for each channel; all `usual` where there is no text. */
static enum nt_status read_numbers(float number[MAX_CHANNELS], const char *text, float usual, uint32_t channels,
                                   const char *option, struct nt_error *error) {
    uint32_t count = 0;
    for (uint32_t c = 0; c < MAX_CHANNELS; c++) {
        number[c] = usual;
    }
    for (const char *at = text; at != NULL;) {
        char *end;
        float value = strtof(at, &end);
        if (end == at || (*end != ',' && *end != 0) || count == channels) {
            return nt_error_set(error, NT_E_ARG, "%s: expected 1 or %u numbers separated by commas, found '%s'", option,
                                channels, text);
        }
        number[count++] = value;
        at = *end == ',' ? end + 1 : NULL;
    }
    for (uint32_t c = 1; count == 1 && c < channels; c++) {
        number[c] = number[0];
    }
    return count <= 1 || count == channels
               ? NT_OK
               : nt_error_set(error, NT_E_ARG, "%s: expected 1 or %u numbers, found %u", option, channels, count);
}

static enum nt_status normalise(struct nt_network *n, const struct nt_network_options *o,
                                const struct nt_allocator *allocator, struct nt_error *error) {
    uint32_t channels = nt_net_layer(n->net, 0)->shape.channels;
    float mean[MAX_CHANNELS], deviation[MAX_CHANNELS];
    nt_net *normalised;
    if (channels > MAX_CHANNELS) {
        return nt_error_set(error, NT_E_ARG, "--mean and --deviation are for at most %d channels", MAX_CHANNELS);
    }
    NT_TRY(read_numbers(mean, o->mean, 0, channels, "--mean", error));
    NT_TRY(read_numbers(deviation, o->deviation, 1, channels, "--deviation", error));
    NT_TRY(nt_net_normalise(&normalised, n->net, mean, deviation, allocator, error));
    nt_net_free(n->net);
    n->net = normalised;
    return NT_OK;
}

/* The network as a file of its own, with the names of its classes where it has them. */
static enum nt_status rewrite(struct nt_network *n, const struct nt_allocator *allocator, struct nt_error *error) {
    uint32_t classes = nt_net_classes(n->net);
    const char **name = nt_net_class(n->net, 0) != NULL ? nt_allocate(allocator, classes, sizeof *name) : NULL;
    for (uint32_t c = 0; name != NULL && c < classes; c++) {
        name[c] = nt_net_class(n->net, c);
    }
    nt_release(allocator, n->weights);
    enum nt_status status = nt_net_serialize(&n->weights, &n->bytes, n->net, name, allocator, error);
    nt_release(allocator, name);
    return status;
}

static enum nt_status parse(struct nt_network *n, const struct nt_network_options *o, const char *description,
                            const struct nt_allocator *allocator, struct nt_error *error) {
    bool onnx = ends_with(o->model, ".onnx");
    NT_TRY(onnx ? nt_net_parse_onnx(&n->net, n->weights, n->bytes, o->model, allocator, error)
                : nt_net_parse_described(&n->net, n->weights, n->bytes, description, o->model, allocator, error));
    bool normalised = o->mean != NULL || o->deviation != NULL;
    NT_TRY(normalised ? normalise(n, o, allocator, error) : NT_OK);
    return onnx || description != NULL || normalised ? rewrite(n, allocator, error) : NT_OK;
}

enum nt_status nt_network_read(struct nt_network *network, const struct nt_network_options *options,
                               const struct nt_allocator *allocator, struct nt_error *error) {
    uint8_t *description = NULL;
    size_t bytes;
    *network = (struct nt_network){.net = NULL};
    if (options->description != NULL && ends_with(options->model, ".onnx")) {
        return nt_error_set(error, NT_E_ARG, "--network describes a .safetensors; %s describes itself", options->model);
    }
    NT_TRY(nt_folder_read_file(&network->weights, &network->bytes, options->model, MAX_BYTES, allocator, error));
    if (options->description != NULL) {
        NT_TRY(
            nt_folder_read_file(&description, &bytes, options->description, MAX_DESCRIPTION_BYTES, allocator, error));
    }
    enum nt_status status = parse(network, options, (const char *)description, allocator, error);
    nt_release(allocator, description);
    return status;
}

void nt_network_clear(struct nt_network *network, const struct nt_allocator *allocator) {
    nt_net_free(network->net);
    nt_release(allocator, network->weights);
    *network = (struct nt_network){.net = NULL};
}
