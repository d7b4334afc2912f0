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

/* A kernel of 3 x 3, `step` floats from tap to tap, as the 16 weights of Winograd's frequencies: G g G', rounded once.
 */
static void find_frequencies(float frequency[NT_FREQUENCIES], const float *weight, size_t step) {
    double half[4][3];
    for (size_t x = 0; x < 3; x++) {
        double top = (double)weight[x * step], middle = (double)weight[(3 + x) * step];
        double bottom = (double)weight[(6 + x) * step];
        half[0][x] = top;
        half[1][x] = (top + middle + bottom) / 2;
        half[2][x] = (top - middle + bottom) / 2;
        half[3][x] = bottom;
    }
    for (size_t y = 0; y < 4; y++) {
        const double *row = half[y];
        frequency[4 * y] = (float)row[0];
        frequency[4 * y + 1] = (float)((row[0] + row[1] + row[2]) / 2);
        frequency[4 * y + 2] = (float)((row[0] - row[1] + row[2]) / 2);
        frequency[4 * y + 3] = (float)row[2];
    }
}

static void pack_frequencies(float *packed, const struct nt_net_layer *l) {
    for (size_t panel = 0; panel < l->outputs; panel += NT_PANEL, packed += NT_FREQUENCIES * l->inputs * NT_PANEL) {
        for (size_t input = 0; input < l->inputs; input++) {
            for (size_t c = 0; c < NT_PANEL; c++) {
                float frequency[NT_FREQUENCIES] = {0};
                if (panel + c < l->outputs) {
                    find_frequencies(frequency, l->weight + input * l->outputs + panel + c, l->inputs * l->outputs);
                }
                for (size_t f = 0; f < NT_FREQUENCIES; f++) {
                    packed[(f * l->inputs + input) * NT_PANEL + c] = frequency[f];
                }
            }
        }
    }
}

/* For a kernel of 3 x 3 on one channel: the kernel at each of its places in a patch of 4 x 4. */
static void pack_patches(float *packed, const struct nt_net_layer *l) {
    memset(packed, 0, l->outputs * NT_PLACES * 16 * sizeof *packed);
    for (size_t i = 0; i < l->outputs * 4 * 9; i++) {
        size_t tap = i % 9, place = i / 9 % 4, output = i / 36;
        size_t down = place / 2 + tap / 3, right = place % 2 + tap % 3;
        packed[(output * NT_PLACES + place) * 16 + down * 4 + right] = l->weight[tap * l->outputs + output];
    }
}

static void pack_spread(float *packed, const struct nt_net_layer *l) {
    for (size_t output = 0; output < l->outputs; output++) {
        for (size_t t = 0; t < l->terms; t++) {
            *packed++ = l->weight[t * l->outputs + output];
        }
    }
}

static void pack_groups(struct nt_net_layer *l) {
    size_t groups = l->layer.groups, outputs = l->outputs / groups, panels = nt_net_panels(outputs);
    for (size_t g = 0; g < groups && !l->depthwise; g++) {
        pack(l->packed + g * panels * l->terms, l->weight + g * outputs, l->terms, outputs, l->outputs, 1);
        pack(l->packed_bias + g * panels, l->bias + g * outputs, 1, outputs, 0, 1);
        pack(l->backward + g * outputs * nt_net_panels(l->terms), l->weight + g * outputs, outputs, l->terms, 1,
             l->outputs);
    }
}

void nt_net_changed(nt_net *net) {
    for (uint32_t i = 1; i < net->layers; i++) {
        struct nt_net_layer *l = &net->layer[i];
        if (l->outputs == 0) {
            continue;
        }
        if (l->general) {
            pack_groups(l);
            continue;
        }
        pack(l->packed, l->weight, l->terms, l->outputs, l->outputs, 1);
        pack(l->packed_bias, l->bias, 1, l->outputs, 0, 1);
        if (l->layer.kind == NT_LAYER_LINEAR || l->taps) {
            pack(l->backward, l->weight, l->outputs, l->terms, 1, l->outputs);
        } else {
            pack_turned(l->backward, l, l->layer.kernel);
        }
        if (l->frequencies != NULL && !net->direct) {
            pack_frequencies(l->frequencies, l);
        }
        if (l->windows) {
            (nt_net_patched(l) ? pack_patches : pack_spread)(l->spread, l);
        }
    }
}
