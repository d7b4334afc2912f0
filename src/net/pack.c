/* Weights packed in panels of NT_PANEL columns, in the order in which the kernels read them. */
#include <string.h>

#include "net/network.h"

/* Packs a matrix [terms, columns] given by strides. */
static void pack(float *packed, const float *weight, size_t terms, size_t columns, size_t term_step,
                 size_t column_step) {
    for (size_t panel = 0; panel < columns; panel += NT_PANEL) {
        size_t width = columns - panel < NT_PANEL ? columns - panel : NT_PANEL;
        for (size_t t = 0; t < terms; t++, packed += NT_PANEL) {
            for (size_t c = 0; c < width; c++) {
                packed[c] = weight[t * term_step + (panel + c) * column_step];
            }
            memset(packed + width, 0, (NT_PANEL - width) * sizeof *packed);
        }
    }
}

/* The gradient by a convolution's input is a convolution of the gradient by its output with the kernel turned by half
 * a turn, inputs and outputs swapped. */
static void pack_turned(float *packed, const struct nt_net_layer *l, size_t kernel) {
    size_t area = kernel * kernel;
    for (size_t panel = 0; panel < l->inputs; panel += NT_PANEL) {
        for (size_t t = 0; t < area * l->outputs; t++, packed += NT_PANEL) {
            size_t tap = area - 1 - t / l->outputs, output = t % l->outputs;
            for (size_t c = 0; c < NT_PANEL; c++) {
                size_t input = panel + c;
                packed[c] = input < l->inputs ? l->weight[(tap * l->inputs + input) * l->outputs + output] : 0;
            }
        }
    }
}

void nt_net_changed(nt_net *net) {
    for (uint32_t i = 1; i < net->layers; i++) {
        struct nt_net_layer *l = &net->layer[i];
        if (l->outputs == 0) {
            continue;
        }
        pack(l->packed, l->weight, l->terms, l->outputs, l->outputs, 1);
        pack(l->packed_bias, l->bias, 1, l->outputs, 0, 1);
        if (l->layer.kind == NT_LAYER_LINEAR || l->taps) {
            pack(l->backward, l->weight, l->outputs, l->terms, 1, l->outputs);
        } else {
            pack_turned(l->backward, l, l->layer.kernel);
        }
    }
}
