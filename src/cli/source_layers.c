/* Which layers are packed: of a network, or of files of activations. */
#include <stdlib.h>
#include <string.h>

#include "cli/source.h"

static uint32_t layers_of(const struct nt_source *s) {
    return s->activations != NULL ? nt_activations_layers(s->activations) : nt_net_layers(s->network.net);
}

static const char *name_of(const struct nt_source *s, uint32_t layer) {
    return s->activations != NULL ? nt_activations_layer(s->activations, layer)->name
                                  : nt_net_layer(s->network.net, layer)->name;
}

static enum nt_status choose(struct nt_source *source, uint32_t layer, const char *part, size_t length,
                             struct nt_error *error) {
    for (uint32_t i = 0; i < source->layers; i++) {
        if (source->layer_number[i] == layer) {
            return nt_error_set(error, NT_E_ARG, "--layers: '%.*s': layer %u is there twice", (int)length, part, layer);
        }
    }
    source->layer_number[source->layers++] = layer;
    return NT_OK;
}

/* "3" or "3-7"; false where it is a name. */
static bool to_range(unsigned long *from, unsigned long *to, const char *part, size_t length) {
    char *end;
    if (*part < '0' || *part > '9') {
        return false;
    }
    *from = *to = strtoul(part, &end, 10);
    if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
        *to = strtoul(end + 1, &end, 10);
    }
    return end == part + length;
}

static enum nt_status choose_part(struct nt_source *source, const char *part, size_t length, struct nt_error *error) {
    uint32_t layers = layers_of(source);
    unsigned long from, to;
    bool named = false;
    for (uint32_t l = 0; l < layers; l++) { /* several layers may have one name: all of them are meant */
        const char *name = name_of(source, l);
        if (strlen(name) == length && memcmp(name, part, length) == 0) {
            NT_TRY(choose(source, l, part, length, error));
            named = true;
        }
    }
    if (named) {
        return NT_OK;
    }
    if (!to_range(&from, &to, part, length) || from > to || to >= layers) {
        return nt_error_set(error, NT_E_ARG,
                            "--layers: expected names of layers, numbers from 0 to %u or ranges of them such as 0-%u, "
                            "separated by commas, found '%.*s'",
                            layers - 1, layers - 1, (int)length, part);
    }
    for (unsigned long l = from; l <= to; l++) {
        NT_TRY(choose(source, (uint32_t)l, part, length, error));
    }
    return NT_OK;
}

enum nt_status nt_source_choose(struct nt_source *source, const char *chosen, const struct nt_allocator *allocator,
                                struct nt_error *error) {
    source->layer_number = nt_allocate(allocator, layers_of(source), sizeof *source->layer_number);
    if (source->layer_number == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for the layers");
    }
    for (uint32_t l = 0; chosen == NULL && l < layers_of(source); l++) {
        source->layer_number[source->layers++] = l;
    }
    for (const char *part = chosen; part != NULL;) {
        const char *comma = strchr(part, ',');
        NT_TRY(choose_part(source, part, comma != NULL ? (size_t)(comma - part) : strlen(part), error));
        part = comma != NULL ? comma + 1 : NULL;
    }
    return NT_OK;
}
