#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/options.h"
#include "ntrace/explain.h"
#include "ntrace/folder.h"
#include "ntrace/models.h"
#include "ntrace/npy.h"

static const char *const METHODS[NT_EXPLAIN_METHOD_COUNT] = {[NT_EXPLAIN_PROBABILITIES] = "probabilities",
                                                             [NT_EXPLAIN_GRADIENT] = "gradient",
                                                             [NT_EXPLAIN_INTEGRATED_GRADIENTS] = "integrated-gradients",
                                                             [NT_EXPLAIN_GRAD_CAM] = "grad-cam",
                                                             [NT_EXPLAIN_OCCLUSION] = "occlusion",
                                                             [NT_EXPLAIN_NEIGHBOR_MEAN] = "neighbor-mean",
                                                             [NT_EXPLAIN_LAYER] = "layer"};

struct request {
    const char *path, *model, *method, *images, *output;
    uint64_t sample, other, label, steps, layer, k;
    enum nt_explain_method kind; /* what `method` names */
};

static const struct nt_allocator *memory(void) { return nt_allocator_default(); }

static enum nt_status find_method(enum nt_explain_method *method, const char *name, struct nt_error *error) {
    for (uint32_t m = 0; m < NT_EXPLAIN_METHOD_COUNT; m++) {
        if (strcmp(METHODS[m], name) == 0) {
            *method = (enum nt_explain_method)m;
            return NT_OK;
        }
    }
    return nt_error_set(error, NT_E_ARG,
                        "method '%s': expected probabilities, gradient, integrated-gradients, grad-cam, occlusion, "
                        "neighbor-mean or layer",
                        name);
}

/* Row `row` of a .npy of images [N, C, H, W] (or flat), channel last as the library takes it. */
static enum nt_status read_row(uint8_t *image, nt_npy_reader *reader, const char *path, uint64_t row,
                               struct nt_shape shape, struct nt_error *error) {
    const struct nt_npy_header *header = nt_npy_reader_header(reader);
    size_t area = (size_t)shape.height * shape.width, size = area * shape.channels;
    if (header->type != NT_NPY_UINT8 || header->row_items != size) {
        return nt_error_set(error, NT_E_SHAPE, "%s: expected rows of %zu bytes (uint8)", path, size);
    }
    uint8_t *chw = nt_allocate(memory(), size, 1);
    enum nt_status status = chw != NULL ? nt_npy_read(chw, reader, row, 1, error) : NT_E_MEMORY;
    for (size_t i = 0; i < size && status == NT_OK; i++) {
        image[i] = chw[i % shape.channels * area + i / shape.channels];
    }
    nt_release(memory(), chw);
    return status;
}

/* An image out of the bundle, or out of --images. To be released. */
static enum nt_status read_image(uint8_t **image, nt_bundle *bundle, const struct request *r, uint64_t sample,
                                 struct nt_error *error) {
    const struct nt_shape shape = nt_bundle_image_shape(bundle);
    size_t size = (size_t)shape.channels * shape.height * shape.width;
    uint32_t number = (uint32_t)sample;
    nt_npy_reader *reader = NULL;
    *image = nt_allocate(memory(), size, 1);
    if (*image == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for an image");
    }
    if (r->images != NULL) {
        NT_TRY(nt_npy_open(&reader, r->images, memory(), error));
        enum nt_status status = read_row(*image, reader, r->images, sample, shape, error);
        nt_npy_close(reader);
        return status;
    }
    if (sample >= nt_bundle_samples(bundle)) {
        return nt_error_set(error, NT_E_ARG, "sample %u: expected 0 to %u", number, nt_bundle_samples(bundle) - 1);
    }
    NT_TRY(nt_folder_load(bundle, r->path, NT_ROLE_IMAGES, 0, &number, 1, memory(), error));
    memcpy(*image, nt_bundle_image(bundle, number), size);
    return NT_OK;
}

static enum nt_status load_all_images(nt_bundle *bundle, const char *path, struct nt_error *error) {
    uint32_t count = nt_bundle_samples(bundle);
    uint32_t *rows = nt_allocate(memory(), count, sizeof *rows);
    if (rows == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for %u images", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = i;
    }
    enum nt_status status = nt_folder_load(bundle, path, NT_ROLE_IMAGES, 0, rows, count, memory(), error);
    nt_release(memory(), rows);
    return status;
}

static enum nt_status explain(nt_explain **handle, nt_bundle *bundle, const struct request *r,
                              struct nt_explain_request *request, struct nt_error *error) {
    uint8_t *image = NULL, *other = NULL;
    enum nt_status status = read_image(&image, bundle, r, r->sample, error);
    if (status == NT_OK && r->other != NT_EXPLAIN_OUTSIDE) {
        status = read_image(&other, bundle, r, r->other, error);
    }
    if (status == NT_OK && request->method == NT_EXPLAIN_NEIGHBOR_MEAN) {
        status = load_all_images(bundle, r->path, error);
    }
    request->image = image;
    request->other = other;
    if (status == NT_OK) {
        status = nt_explain_create(handle, nt_bundle_net(bundle), bundle, request, memory(), error);
    }
    nt_release(memory(), image);
    nt_release(memory(), other);
    return status == NT_OK ? nt_explain_step(*handle, UINT32_MAX, error) : status;
}

static enum nt_status run(nt_explain **handle, nt_bundle *bundle, struct request *r, struct nt_error *error) {
    NT_TRY(find_method(&r->kind, r->method, error));
    struct nt_explain_request request = {.method = r->kind, .label = (uint32_t)r->label, .steps = (uint32_t)r->steps};
    request.layer = (uint32_t)r->layer;
    request.k = (uint32_t)r->k;
    request.sample = r->images == NULL ? (uint32_t)r->sample : NT_EXPLAIN_OUTSIDE;
    if (!nt_bundle_has_network(bundle) && request.method != NT_EXPLAIN_NEIGHBOR_MEAN) {
        return nt_error_set(error, NT_E_MISSING, "%s: this bundle holds no network: %s cannot be had", r->path,
                            r->method);
    }
    if (nt_bundle_image_shape(bundle).channels == 0) {
        return nt_error_set(error, NT_E_MISSING, "%s: this bundle holds no images: %s cannot be had", r->path,
                            r->method);
    }
    NT_TRY(nt_folder_load(bundle, r->path, NT_ROLE_WEIGHTS, 0, NULL, 0, memory(), error));
    return explain(handle, bundle, r, &request, error);
}

static void print(const struct nt_explanation *found, const nt_bundle *bundle, enum nt_explain_method method) {
    if (found->classes > 0) {
        printf("class\t%u\t%s\nlogit\t%.9g\nprobability\t%.9g\n", found->label, nt_bundle_class(bundle, found->label),
               (double)found->logit, (double)found->probability);
    }
    printf("low\t%.9g\nhigh\t%.9g\n", (double)found->low, (double)found->high);
    switch (method) {
    case NT_EXPLAIN_PROBABILITIES:
        for (uint32_t c = 0; c < found->classes; c++) {
            printf("p\t%u\t%.9g\t%s\n", c, (double)found->values[c], nt_bundle_class(bundle, c));
        }
        break;
    case NT_EXPLAIN_INTEGRATED_GRADIENTS:
        printf("baseline\t%.9g\ngap\t%.9g\n", (double)found->baseline, (double)found->gap);
        break;
    case NT_EXPLAIN_NEIGHBOR_MEAN:
        for (uint32_t i = 0; i < found->k; i++) {
            printf("neighbor\t%u\t%.9g\n", found->index[i], (double)found->cosine[i]);
        }
        break;
    case NT_EXPLAIN_LAYER:
        printf("value\t%.9g\n", (double)found->value);
        break;
    default:
        break;
    }
}

/* [H, W], or [C, H, W] where there is colour; probabilities [classes]. */
static enum nt_status write_values(const char *path, const struct nt_explanation *found, struct nt_error *error) {
    struct nt_shape s = found->shape;
    const uint64_t shape[3] = {s.channels, s.height, s.width};
    uint32_t missing = s.channels > 1 ? 0 : s.height > 1 ? 1 : 2;
    size_t size = (size_t)s.channels * s.height * s.width;
    float *chw = nt_allocate(memory(), size, sizeof *chw);
    if (chw == NULL) {
        return nt_error_set(error, NT_E_MEMORY, "not enough memory for %zu values", size);
    }
    nt_net_to_chw(chw, found->values, s, 1);
    enum nt_status status = nt_npy_write(path, chw, NT_NPY_FLOAT32, shape + missing, 3 - missing, memory(), error);
    nt_release(memory(), chw);
    return status;
}

static enum nt_status report(const nt_explain *handle, const nt_bundle *bundle, const struct request *r,
                             struct nt_error *error) {
    if (r->output != NULL) {
        NT_TRY(write_values(r->output, nt_explain_result(handle), error));
    }
    print(nt_explain_result(handle), bundle, r->kind);
    return fflush(stdout) == 0 ? NT_OK : nt_error_set(error, NT_E_IO, "standard output cannot be written");
}

int nt_command_explain(int count, char **arguments) {
    struct request r = {.method = "gradient", .other = NT_EXPLAIN_OUTSIDE, .label = NT_EXPLAIN_TOP};
    r.steps = NT_EXPLAIN_STEPS;
    r.k = 10;
    const struct nt_option option[] = {
        {"BUNDLE", NT_OPTION_PLACE, &r.path, 0, 0, "folder of the bundle", true},
        {"--model", NT_OPTION_TEXT, &r.model, 0, 0, "of several models this one, by its name", false},
        {"--sample", NT_OPTION_COUNT, &r.sample, 0, NT_BUNDLE_MAX_SAMPLES, "which to explain", false},
        {"--images", NT_OPTION_TEXT, &r.images, 0, 0, "a .npy of images: --sample is a row of it", false},
        {"--method", NT_OPTION_TEXT, &r.method, 0, 0,
         "probabilities, gradient, integrated-gradients, grad-cam, occlusion, neighbor-mean or layer", false},
        {"--class", NT_OPTION_COUNT, &r.label, 0, NT_BUNDLE_MAX_CLASSES - 1, "whose logit (default: the largest)",
         false},
        {"--steps", NT_OPTION_COUNT, &r.steps, 1, NT_EXPLAIN_MAX_STEPS, "of integrated-gradients", false},
        {"-k", NT_OPTION_COUNT, &r.k, 1, NT_BUNDLE_MAX_K, "neighbours of neighbor-mean", false},
        {"--layer", NT_OPTION_COUNT, &r.layer, 0, NT_BUNDLE_MAX_LAYERS - 1, "of layer: whose squared norm", false},
        {"--other", NT_OPTION_COUNT, &r.other, 0, NT_BUNDLE_MAX_SAMPLES,
         "of layer: a sample, whose squared distance instead", false},
        {"-o", NT_OPTION_TEXT, &r.output, 0, 0, ".npy to write the values to, float32", false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "explain",
                                  "explain what the network answers on one image, pixel by pixel");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    nt_bundle *bundle;
    nt_explain *handle = NULL;
    struct nt_error error = {0};
    enum nt_status outcome = nt_models_open(&bundle, r.path, r.model, memory(), &error);
    outcome = outcome == NT_OK ? run(&handle, bundle, &r, &error) : outcome;
    outcome = outcome == NT_OK ? report(handle, bundle, &r, &error) : outcome;
    nt_explain_free(handle);
    nt_bundle_close(bundle);
    return outcome == NT_OK ? 0 : nt_command_failed("explain", error.text);
}
