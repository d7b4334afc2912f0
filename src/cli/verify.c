#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/verify.h"
#include "ntrace/chunk.h"
#include "ntrace/folder.h"
#include "ntrace/measures.h"
#include "ntrace/models.h"

/* Feeds every chunk; goes on after a failure, so that all of them are named. */
static uint32_t check_chunks(uint64_t *bytes, nt_bundle *bundle, const char *path, const char *command) {
    const struct nt_allocator *allocator = nt_allocator_default();
    uint32_t failed = 0;
    for (uint32_t c = 0; c < nt_bundle_chunks(bundle); c++) {
        const struct nt_bundle_chunk *chunk = nt_bundle_chunk(bundle, c);
        struct nt_error error = {0};
        char file[4096];
        uint8_t *data = NULL;
        size_t size;
        (void)snprintf(file, sizeof file, "%s/%s", path, chunk->file);
        if (nt_folder_read_file(&data, &size, file, NT_CHUNK_MAX_BYTES, allocator, &error) != NT_OK ||
            nt_bundle_feed(bundle, c, data, size, &error) != NT_OK) {
            (void)fprintf(stderr, "ntrace %s: %s\n", command, error.text);
            failed++;
        }
        nt_release(allocator, data);
        *bytes += chunk->bytes;
    }
    return failed;
}

/* Whether every layer's codes and every image came. */
static uint32_t check_complete(nt_bundle *bundle, const char *command) {
    uint32_t missing = 0;
    for (uint32_t l = 0; l < nt_bundle_layers(bundle); l++) {
        nt_query *q;
        struct nt_error error = {0};
        if (nt_query_create(&q, bundle, 0, &l, 1, 1, &error) != NT_OK) {
            (void)fprintf(stderr, "ntrace %s: layer %u: %s\n", command, l, error.text);
            missing++;
        }
        nt_query_free(q);
    }
    for (uint32_t i = 0; nt_bundle_image_shape(bundle).channels > 0 && i < nt_bundle_samples(bundle); i++) {
        if (nt_bundle_image(bundle, i) == NULL) {
            (void)fprintf(stderr, "ntrace %s: no chunk holds the image of sample %u\n", command, i);
            return missing + 1;
        }
    }
    if (nt_bundle_labels(bundle) == NULL || nt_bundle_stability(bundle) == NULL ||
        (nt_bundle_has_network(bundle) && nt_bundle_net(bundle) == NULL)) {
        (void)fprintf(stderr, "ntrace %s: expected chunks of samples, stability and weights, at least one is missing\n",
                      command);
        missing++;
    }
    return missing;
}

static bool is_near(const float *value, uint32_t count, double mean) {
    return fabs(nt_measure_mean(value, count) - mean) <= 1.0 / 255;
}

/* What is shipped worked out: of all layers or, as in bundles of version 1, of none, and as good as the manifest says.
 */
static uint32_t check_answers(const nt_bundle *bundle, const char *command) {
    uint32_t layers = nt_bundle_layers(bundle), n = nt_bundle_samples(bundle), there = 0, failed = 0, suggestions;
    for (uint32_t l = 0; l < layers; l++) {
        const struct nt_bundle_map *said = &nt_bundle_layer(bundle, l)->map;
        const struct nt_bundle_mapped *map = nt_bundle_mapped(bundle, l);
        there += map != NULL ? 1 : 0;
        there += nt_bundle_measured(bundle, l) != NULL ? 1 : 0;
        if (map != NULL && !(is_near(map->trustworthiness, n, said->trustworthiness) &&
                             is_near(map->continuity, n, said->continuity))) {
            (void)fprintf(stderr, "ntrace %s: the map of layer %u is not as good as the manifest says\n", command, l);
            failed++;
        }
    }
    there += nt_bundle_suggestions(bundle, &suggestions) != NULL ? 1 : 0;
    if (there != 0 && there != 2 * layers + 1) {
        (void)fprintf(stderr, "ntrace %s: expected maps and measures of all layers and suggestions, or none\n",
                      command);
        failed++;
    }
    return failed;
}

uint32_t nt_verify_bundle(uint64_t *bytes, nt_bundle *bundle, const char *path, const char *command) {
    *bytes = 0;
    uint32_t failed = check_chunks(bytes, bundle, path, command);
    return failed == 0 ? check_complete(bundle, command) + check_answers(bundle, command) : failed;
}

/* Checks one model of the bundle. Returns how many failures there were. */
static uint32_t verify(const char *path, const struct nt_model *model, struct nt_error *error) {
    nt_bundle *bundle;
    const char *name = model->name[0] != 0 ? model->name : NULL;
    if (nt_models_open(&bundle, path, name, nt_allocator_default(), error) != NT_OK) {
        (void)fprintf(stderr, "ntrace verify: %s\n", error->text);
        return 1;
    }
    uint64_t bytes;
    uint32_t failed = nt_verify_bundle(&bytes, bundle, path, "verify");
    if (failed == 0) {
        printf("%s%s%s: %u chunks, %llu bytes, %u samples, %u layers: all good\n", path, name != NULL ? ", " : "",
               model->name, nt_bundle_chunks(bundle), (unsigned long long)bytes, nt_bundle_samples(bundle),
               nt_bundle_layers(bundle));
    }
    nt_bundle_close(bundle);
    return failed;
}

int nt_command_verify(int count, char **arguments) {
    const char *path = NULL;
    const struct nt_option option[] = {{"BUNDLE", NT_OPTION_PLACE, &path, 0, 0, "folder of the bundle", true}};
    int status =
        nt_options_parse(option, 1, count, arguments, "verify", "check every hash, size and shape of a bundle");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct nt_models models;
    struct nt_error error = {0};
    if (nt_models_read(&models, path, nt_allocator_default(), &error) != NT_OK) {
        return nt_command_failed("verify", error.text);
    }
    uint32_t failed = 0;
    for (uint32_t i = 0; i < models.count; i++) {
        failed += verify(path, &models.model[i], &error);
    }
    return failed == 0 ? 0 : 1;
}
