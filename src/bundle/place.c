/* Principal axes, found again from codes. A sample's code c is its activation x on orthonormal axes a, divided by the
 * step and rounded: x - mean = step aᵀ c + what is left. Least squares of activations on codes over n samples,
 *
 *   a = (Σ c cᵀ)^-1 Σ c (x - mean)ᵀ / step,
 *
 * averages the rounding and the rest out; a new activation's code is then a (x - mean) / step. Only the two sums are
 * kept, and the small system is solved for each image: the axes themselves are never formed. Sums are taken in float32
 * for a few layers at a time, and kept in 8 bits: on the many values of an activation that rounds y by far less than
 * codes are rounded. For the reference network all that is kept is 13.5 MiB. */
#include "bundle/place.h"

#include <math.h>
#include <string.h>

#include "bundle/pass.h"
#include "core/cholesky.h"
#include "core/matrix.h"
#include "core/matrix_vector.h"

/* Samples that the axes rest on, and that go through one step. Axes of a layer: as many as help, fewer where each is
 * long, so that all layers together stay within memory and seconds. */
enum { SAMPLES = 2000, BLOCK = 2 * NT_PASS_BATCH, AXES = 256, FLOATS = 128 * 12544, STRIP = 512 };

/* Of a step squared, what is added to each code's variance: an axis that few samples move is held back. */
static const double RIDGE = 1.0 / 1200;

struct axes {
    uint32_t layer, size, count; /* the layer whose codes these are */
    int8_t *product;             /* [count, size] sum of c xᵀ, in units */
    float *unit;                 /* [count, strips] */
    float *mean;                 /* [size] sum, then mean, of x */
    double *gram;                /* [count, count] sum of c cᵀ, then its Cholesky factor */
    double *code;                /* [count] sum, then mean, of c */
    float *sum, *x;              /* [count, size], [BLOCK, size] in the workshop while its group is prepared */
};

struct nt_place {
    const nt_bundle *bundle;
    struct axes axes[NT_BUNDLE_MAX_LAYERS];
    uint32_t layers, rows_count, done;
    uint32_t *rows;
    /* A group of layers is prepared together; what follows is held while there is one. */
    uint32_t first, end, started; /* layers first .. end - 1, the group's first step being number `started` */
    struct nt_pass pass;
    float *room;  /* sums and activations of the group */
    float *codes; /* [BLOCK, AXES] */
    float *strip; /* [AXES, STRIP] */
};

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static enum nt_status no_memory(struct nt_error *error) {
    return nt_error_set(error, NT_E_MEMORY, "not enough memory to place images");
}

enum nt_status nt_place_logits(float *logit, float *probability, const nt_bundle *b, const uint8_t *image,
                               struct nt_error *error) {
    struct nt_pass pass;
    uint32_t last = b->net != NULL ? nt_net_logits(b->net) : 0, classes = nt_bundle_classes(b);
    NT_TRY(nt_pass_open(&pass, b, &last, 1, "what the network answers", error));
    enum nt_status status = nt_pass_image(&pass, image, error);
    if (status == NT_OK) {
        memcpy(logit, pass.activation[last], classes * sizeof *logit);
        if (probability != NULL) {
            memcpy(probability, logit, classes * sizeof *logit);
            nt_softmax(probability, classes);
        }
    }
    nt_pass_close(&pass);
    return status;
}

/* ---- The workshop of a group of layers. ---- */

/* Where the group that begins with a layer ends: layers follow while their sums stay within FLOATS. */
static uint32_t end_of(const nt_place *p, uint32_t first) {
    size_t floats = 0;
    uint32_t end = first;
    for (; end < p->layers; end++) {
        floats += (size_t)p->axes[end].count * p->axes[end].size;
        if (end > first && floats > FLOATS) {
            break;
        }
    }
    return end;
}

/* Gives back what only the preparation needs. */
static void release_workshop(nt_place *p) {
    const struct nt_allocator *al = p->bundle->allocator;
    nt_pass_close(&p->pass);
    nt_release(al, p->room);
    nt_release(al, p->codes);
    nt_release(al, p->strip);
    p->room = p->codes = p->strip = NULL;
}

/* Takes the room that a group needs; its sums are zero. */
static enum nt_status start_group(nt_place *p, uint32_t first, struct nt_error *error) {
    const struct nt_allocator *al = p->bundle->allocator;
    uint32_t end = end_of(p, first), layer[NT_BUNDLE_MAX_LAYERS];
    size_t floats = 0;
    for (uint32_t l = first; l < end; l++) {
        layer[l - first] = p->axes[l].layer;
        floats += ((size_t)p->axes[l].count + BLOCK) * p->axes[l].size;
    }
    NT_TRY(nt_pass_open(&p->pass, p->bundle, layer, end - first, "placing images", error));
    float *at = p->room = nt_allocate(al, floats, sizeof *p->room);
    p->codes = nt_allocate(al, BLOCK * AXES, sizeof *p->codes);
    p->strip = nt_allocate(al, AXES * STRIP, sizeof *p->strip);
    if (p->room == NULL || p->codes == NULL || p->strip == NULL) {
        release_workshop(p);
        return no_memory(error);
    }
    for (uint32_t l = first; l < end; l++) {
        size_t sum = (size_t)p->axes[l].count * p->axes[l].size;
        p->axes[l].sum = memset(at, 0, sum * sizeof *at);
        p->axes[l].x = at + sum;
        at += sum + (size_t)BLOCK * p->axes[l].size;
    }
    p->first = first;
    p->end = end;
    p->started = p->done;
    return NT_OK;
}

/* ---- Making. ---- */

static bool take_axes(struct axes *axes, const nt_bundle *b, uint32_t layer, uint32_t rows) {
    const struct nt_allocator *al = b->allocator;
    uint32_t size = b->manifest.layer[layer].size, count = least(AXES, least(FLOATS / size, rows / 4));
    count = least(count > 0 ? count : 1, nt_bundle_codes(b, layer)->axes);
    *axes = (struct axes){.layer = layer, .size = size, .count = count};
    axes->product = nt_allocate(al, count, size * sizeof *axes->product);
    axes->unit = nt_allocate(al, count, nt_matrix_strips(size) * sizeof *axes->unit);
    axes->mean = nt_allocate_zeroed(al, size, sizeof *axes->mean);
    axes->gram = nt_allocate_zeroed(al, count, count * sizeof *axes->gram);
    axes->code = nt_allocate_zeroed(al, count, sizeof *axes->code);
    return axes->product && axes->unit && axes->mean && axes->gram && axes->code;
}

static enum nt_status fill(nt_place *p, const uint32_t *layer, uint32_t layers, struct nt_error *error) {
    const nt_bundle *b = p->bundle;
    uint32_t n = nt_bundle_samples(b), served[NT_BUNDLE_MAX_LAYERS];
    p->rows_count = least(n, SAMPLES);
    p->rows = nt_allocate(b->allocator, p->rows_count, sizeof *p->rows);
    bool there = p->rows != NULL;
    for (uint32_t i = 0; there && i < p->rows_count; i++) {
        p->rows[i] = (uint32_t)((uint64_t)i * n / p->rows_count);
    }
    for (uint32_t s = 0; there && s < layers; s++) {
        uint32_t codes = b->manifest.layer[layer[s]].codes, known = 0;
        while (known < p->layers && served[known] != codes) {
            known++;
        }
        if (known == p->layers) {
            served[p->layers++] = codes;
            there = take_axes(&p->axes[known], b, codes, p->rows_count);
        }
    }
    return there ? start_group(p, 0, error) : no_memory(error);
}

enum nt_status nt_place_create(nt_place **place, const nt_bundle *b, const uint32_t *layer, uint32_t layers,
                               struct nt_error *error) {
    *place = NULL;
    if (layers < 1 || layers > NT_BUNDLE_MAX_LAYERS) {
        return nt_error_set(error, NT_E_ARG, "%u layers: expected 1 to %d", layers, NT_BUNDLE_MAX_LAYERS);
    }
    for (uint32_t s = 0; s < layers; s++) {
        if (layer[s] >= nt_bundle_layers(b)) {
            return nt_error_set(error, NT_E_ARG, "layer %u: expected 0 to %u", layer[s], nt_bundle_layers(b) - 1);
        }
        if (nt_bundle_codes(b, layer[s]) == NULL) {
            return nt_error_set(error, NT_E_MISSING, "the codes of layer %u are not loaded", layer[s]);
        }
    }
    nt_place *p = nt_allocate_zeroed(b->allocator, 1, sizeof *p);
    if (p == NULL) {
        return no_memory(error);
    }
    p->bundle = b;
    enum nt_status status = fill(p, layer, layers, error);
    if (status != NT_OK) {
        nt_place_free(p);
        return status;
    }
    *place = p;
    return NT_OK;
}

void nt_place_free(nt_place *p) {
    if (p == NULL) {
        return;
    }
    const struct nt_allocator *al = p->bundle->allocator;
    release_workshop(p);
    for (uint32_t l = 0; l < p->layers; l++) {
        nt_release(al, p->axes[l].product);
        nt_release(al, p->axes[l].unit);
        nt_release(al, p->axes[l].mean);
        nt_release(al, p->axes[l].gram);
        nt_release(al, p->axes[l].code);
    }
    nt_release(al, p->rows);
    nt_release(al, p);
}

const uint32_t *nt_place_rows(const nt_place *p, uint32_t *count) {
    *count = p->rows_count;
    return p->rows;
}

size_t nt_place_bytes(const nt_place *p) {
    size_t bytes = sizeof *p + p->rows_count * sizeof *p->rows;
    for (uint32_t l = 0; l < p->layers; l++) {
        size_t count = p->axes[l].count, size = p->axes[l].size;
        bytes += count * (size + nt_matrix_strips(size) * sizeof(float)) + size * sizeof(float);
        bytes += (count + 1) * count * sizeof(double);
    }
    return bytes;
}

/* ---- Preparing, group by group: per block of samples one step through the network and one for each layer; in the end
 * one more for each layer. ---- */

static uint32_t blocks_of(const nt_place *p) { return (p->rows_count + BLOCK - 1) / BLOCK; }

static uint32_t steps_of(const nt_place *p, uint32_t layers) { return blocks_of(p) * (1 + layers) + layers; }

uint32_t nt_place_steps(const nt_place *p) {
    uint32_t steps = 0;
    for (uint32_t first = 0; first < p->layers; first = end_of(p, first)) {
        steps += steps_of(p, end_of(p, first) - first);
    }
    return steps;
}

static uint32_t block_rows(const nt_place *p, uint32_t block) { return least(BLOCK, p->rows_count - block * BLOCK); }

static enum nt_status compute_block(nt_place *p, uint32_t block, struct nt_error *error) {
    uint32_t count = block_rows(p, block);
    for (uint32_t first = 0; first < count; first += NT_PASS_BATCH) {
        uint32_t rows = least(NT_PASS_BATCH, count - first);
        NT_TRY(nt_pass_rows(&p->pass, p->rows + block * BLOCK + first, rows, NT_PASS_ALL, error));
        for (uint32_t l = p->first; l < p->end; l++) {
            struct axes *axes = &p->axes[l];
            size_t size = axes->size;
            memcpy(axes->x + first * size, p->pass.activation[axes->layer], rows * size * sizeof(float));
        }
    }
    return NT_OK;
}

/* The codes of a block as floats [count, axes], and their sum. */
static void gather_codes(float *out, struct axes *axes, const nt_place *p, uint32_t block) {
    const struct nt_codes *codes = nt_bundle_codes(p->bundle, axes->layer);
    for (uint32_t i = 0; i < block_rows(p, block); i++) {
        const int8_t *code = codes->code + (size_t)p->rows[block * BLOCK + i] * codes->stride;
        for (uint32_t j = 0; j < axes->count; j++) {
            out[i * axes->count + j] = code[j];
        }
    }
}

static enum nt_status add_block(struct axes *axes, nt_place *p, uint32_t block, struct nt_error *error) {
    uint32_t rows = block_rows(p, block), count = axes->count;
    size_t size = axes->size;
    gather_codes(p->codes, axes, p, block);
    const struct nt_matrix codes = {p->codes, 1, count};
    if (nt_matrix_product(p->strip, codes, codes, count, count, rows, 1, p->bundle->allocator) != NT_OK) {
        return no_memory(error);
    }
    for (size_t i = 0; i < (size_t)count * count; i++) {
        axes->gram[i] += (double)p->strip[i];
    }
    for (size_t first = 0; first < size; first += STRIP) {
        size_t columns = size - first < STRIP ? size - first : STRIP;
        const struct nt_matrix x = {axes->x + first, 1, size};
        if (nt_matrix_product(p->strip, codes, x, count, columns, rows, 1, p->bundle->allocator) != NT_OK) {
            return no_memory(error);
        }
        for (size_t j = 0; j < count; j++) {
            for (size_t d = 0; d < columns; d++) {
                axes->sum[j * size + first + d] += p->strip[j * columns + d];
            }
        }
    }
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < count; j++) {
            axes->code[j] += (double)p->codes[i * count + j];
        }
        for (size_t d = 0; d < size; d++) {
            axes->mean[d] += axes->x[i * size + d];
        }
    }
    return NT_OK;
}

/* Means from sums, the factor of the codes' covariance, and the product as it is kept. */
static enum nt_status finish_axes(struct axes *axes, const nt_place *p, struct nt_error *error) {
    double n = p->rows_count;
    uint32_t count = axes->count;
    for (uint32_t d = 0; d < axes->size; d++) {
        axes->mean[d] /= (float)n;
    }
    for (uint32_t j = 0; j < count; j++) {
        axes->code[j] /= n;
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < count; j++) {
            axes->gram[i * count + j] -= n * axes->code[i] * axes->code[j];
        }
        axes->gram[i * count + i] += n * RIDGE;
    }
    nt_matrix_round(axes->product, axes->unit, axes->sum, count, axes->size);
    bool factored = nt_cholesky_factor(axes->gram, count);
    return factored ? NT_OK : nt_error_set(error, NT_E_VALUE, "no axes fit the codes of layer %u", axes->layer);
}

static enum nt_status take_step(nt_place *p, struct nt_error *error) {
    if (p->room == NULL) {
        NT_TRY(start_group(p, p->end, error));
    }
    uint32_t layers = p->end - p->first, parts = 1 + layers, at = p->done - p->started, block = at / parts,
             part = at % parts;
    if (block < blocks_of(p)) {
        return part == 0 ? compute_block(p, block, error) : add_block(&p->axes[p->first + part - 1], p, block, error);
    }
    NT_TRY(finish_axes(&p->axes[p->first + part], p, error));
    if (part + 1 == layers) {
        release_workshop(p);
    }
    return NT_OK;
}

enum nt_status nt_place_step(uint32_t *done, nt_place *p, uint32_t steps, struct nt_error *error) {
    *done = p->done;
    for (uint32_t all = nt_place_steps(p); steps > 0 && p->done < all; steps--) {
        NT_TRY(take_step(p, error));
        *done = ++p->done;
    }
    return NT_OK;
}

/* ---- Placing. ---- */

static const struct axes *axes_of(const nt_place *p, uint32_t layer) {
    for (uint32_t l = 0; l < p->layers && p->done == nt_place_steps(p); l++) {
        if (p->axes[l].layer == p->bundle->manifest.layer[layer].codes) {
            return &p->axes[l];
        }
    }
    return NULL;
}

/* Coordinates of an activation in steps, y [count], and its squared norm in steps with all that the axes leave out.
 * room [size + count] */
static double project(double *y, const struct axes *axes, const nt_place *p, const float *x, float step, float *room) {
    float *gap = room, *product = room + axes->size;
    double square = 0, along = 0, n = p->rows_count;
    for (uint32_t d = 0; d < axes->size; d++) {
        gap[d] = x[d] - axes->mean[d];
        square += (double)gap[d] * (double)gap[d];
        along += (double)gap[d] * (double)axes->mean[d];
    }
    nt_matrix_vector(product, axes->product, axes->unit, gap, axes->count, axes->size);
    for (uint32_t j = 0; j < axes->count; j++) {
        y[j] = ((double)product[j] - n * axes->code[j] * along) / (double)step / (double)step;
    }
    nt_cholesky_solve(y, axes->gram, axes->count);
    square /= (double)step * (double)step;
    for (uint32_t j = 0; j < axes->count; j++) { /* from the mean of the samples taken here to that of all */
        square += (2 * y[j] + axes->code[j]) * axes->code[j];
        y[j] += axes->code[j];
    }
    return square > 0 ? square : 0;
}

enum nt_status nt_place_scan(uint32_t *square, float *unit, const nt_place *p, uint32_t layer, const float *x,
                             struct nt_error *error) {
    const struct axes *axes = axes_of(p, layer);
    if (axes == NULL) {
        return nt_error_set(error, NT_E_ARG, "layer %u: this place is not prepared for it", layer);
    }
    const struct nt_codes *codes = nt_bundle_codes(p->bundle, layer);
    const struct nt_allocator *al = p->bundle->allocator;
    double *y = nt_allocate(al, axes->count, sizeof *y);
    float *room = nt_allocate(al, axes->size + (size_t)axes->count, sizeof *room);
    enum nt_status status = y != NULL && room != NULL ? NT_OK : no_memory(error);
    if (status == NT_OK) {
        int16_t point[NT_CODES_MAX_AXES] = {0};
        double norm = project(y, axes, p, x, codes->step, room);
        for (uint32_t j = 0; j < axes->count; j++) {
            double fine = rint(NT_CODES_FINER * y[j]);
            fine = fine > NT_CODES_POINT_MAX ? NT_CODES_POINT_MAX : fine;
            point[j] = (int16_t)(fine < -NT_CODES_POINT_MAX ? -NT_CODES_POINT_MAX : fine);
        }
        nt_codes_scan_point(square, codes, point, norm);
        *unit = codes->step / sqrtf((float)NT_CODES_FINER);
    }
    nt_release(al, y);
    nt_release(al, room);
    return status;
}
