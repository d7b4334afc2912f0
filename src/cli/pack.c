#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/network.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "ntrace/folder.h"
#include "ntrace/pack.h"

struct request {
    const char *images, *labels, *classes, *rows, *output;
    struct nt_network_options network;
    struct nt_pack_options pack;
    double step, recall;
    uint64_t per_class, limit, seed, threads;
    bool synthetic;
};

static int parse(struct request *r, int count, char **arguments) {
    const struct nt_option option[] = {
        {"--images", NT_OPTION_TEXT, &r->images, 0, 0,
         "a folder with one .npy, .ndjson or .bin per class or a folder of .png per class; or one file: .npy, IDX, "
         ".ndjson, .bin",
         true},
        {"--labels", NT_OPTION_TEXT, &r->labels, 0, 0, "labels in the order of the images: .npy, IDX or text", false},
        {"--classes", NT_OPTION_TEXT, &r->classes, 0, 0, "a text with the name of one class a line", false},
        {"--model", NT_OPTION_TEXT, &r->network.model, 0, 0, "the network: .onnx, or its weights, .safetensors", true},
        {"--network", NT_OPTION_TEXT, &r->network.description, 0, 0,
         "its layers, .json, where the .safetensors does not describe them: see include/ntrace/net.h", false},
        {"--mean", NT_OPTION_TEXT, &r->network.mean, 0, 0,
         "what it was trained to have subtracted from images from 0 to 1, one number a channel: 0.485,0.456,0.406",
         false},
        {"--deviation", NT_OPTION_TEXT, &r->network.deviation, 0, 0, "and to have them divided by", false},
        {"-o", NT_OPTION_TEXT, &r->output, 0, 0, "folder of the bundle", true},
        {"--title", NT_OPTION_TEXT, &r->pack.title, 0, 0, "the dataset's name on the page", false},
        {"--source", NT_OPTION_TEXT, &r->pack.source, 0, 0, "where the data come from", false},
        {"--licence", NT_OPTION_TEXT, &r->pack.licence, 0, 0, "their licence", false},
        {"--noun", NT_OPTION_TEXT, &r->pack.noun, 0, 0, "what one sample is called on the page, such as sketch", false},
        {"--nouns", NT_OPTION_TEXT, &r->pack.nouns, 0, 0, "and many: needed with --noun", false},
        {"--synthetic", NT_OPTION_FLAG, &r->synthetic, 0, 0, "the samples were made by a program", false},
        {"--per-class", NT_OPTION_COUNT, &r->per_class, 1, NT_DATASET_MAX_SAMPLES,
         "take only the first so many samples of each class", false},
        {"--rows", NT_OPTION_TEXT, &r->rows, 0, 0, "then only these, in this order: an integer .npy", false},
        {"--limit", NT_OPTION_COUNT, &r->limit, 1, NT_DATASET_MAX_SAMPLES,
         "then so many, by chance, of each class its share", false},
        {"--step", NT_OPTION_NUMBER, &r->step, 0.001, 1, "quantiser step as a share of a layer's norm", false},
        {"--recall", NT_OPTION_NUMBER, &r->recall, 0.5, 0.99999, "share of the true neighbours among the candidates",
         false},
        {"--seed", NT_OPTION_COUNT, &r->seed, 0, 9007199254740992.0,
         "of --limit, and of the samples on which recall is measured", false},
        {"--threads", NT_OPTION_COUNT, &r->threads, 1, 64, "default: one per processor", false},
    };
    return nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "pack",
                            "pack images, labels and a network into a bundle of static files");
}

static int report(void *context, const char *doing, double done) {
    nt_progress_show(context, doing, done, "");
    return nt_progress_interrupted();
}

/* The command as it stands in the manifest: options, with the folders of this machine left out. */
static void describe_command(char *text, size_t room, int count, char **arguments) {
    size_t used = (size_t)snprintf(text, room, "ntrace pack");
    for (int i = 0; i < count && used < room; i++) {
        const char *slash = strrchr(arguments[i], '/');
        const char *shown = slash != NULL && slash[1] != 0 ? slash + 1 : arguments[i];
        const char *quote = strchr(shown, ' ') != NULL ? "'" : "";
        used += (size_t)snprintf(text + used, room - used, " %s%s%s", quote, shown, quote);
    }
}

static void print_result(const struct nt_pack_result *result, uint32_t samples, const char *output, double seconds) {
    printf("layer  name                  numbers  axes  bytes a sample  candidates for 100, for 1,000  recall@100  on "
           "codes alone\n");
    for (uint32_t l = 0; l < result->layers; l++) {
        const struct nt_bundle_layer *layer = &result->layer[l];
        printf("%5u  %-20s  %7u  %4u  %14.1f  %18u  %9u  %10.4f  %14.4f\n", l, layer->name, layer->size, layer->axes,
               (double)result->layer_bytes[l] / samples, layer->candidates, layer->candidates_1000, layer->recall,
               layer->recall_codes);
    }
    printf("accuracy %.4f, balanced accuracy %.4f\n", result->accuracy, result->balanced_accuracy);
    printf("%u samples in %.1f s: %.2f MB in %u chunks, %.1f bytes of codes a sample\n", samples, seconds,
           (double)result->bytes / 1e6, result->chunks, (double)result->code_bytes / samples);
    printf("%s is ready: check it with `ntrace verify %s`\n", output, output);
}

static enum nt_status pack(struct nt_pack_result *result, struct nt_dataset *dataset, struct nt_network *network,
                           const struct request *r, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    NT_TRY(nt_network_read(network, &r->network, allocator, error));
    const struct nt_images_options images = {.path = r->images,
                                             .labels = r->labels,
                                             .classes = r->classes,
                                             .channels = nt_net_layer(network->net, 0)->shape.channels};
    const struct nt_selection_options selection = {(uint32_t)r->per_class, r->rows, (uint32_t)r->limit, r->seed};
    NT_TRY(nt_dataset_read(dataset, &images, &selection, allocator, error));
    struct nt_pack_data data = nt_pack_dataset(dataset, network->net, network->weights, network->bytes);
    return nt_pack(result, r->output, &data, &r->pack, allocator, error);
}

int nt_command_pack(int count, char **arguments) {
    struct request r = {.pack = {.title = "Sketches", .source = "", .licence = "unknown"}, .seed = 1};
    int status = parse(&r, count, arguments);
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    char command[400];
    struct nt_progress_line line;
    struct nt_pack_result result;
    struct nt_dataset dataset = {0};
    struct nt_error error = {0};
    struct nt_network network = {.net = NULL};
    describe_command(command, sizeof command, count, arguments);
    nt_progress_start(&line);
    (void)nt_progress_interrupted();
    r.pack.command = command;
    r.pack.synthetic = r.synthetic;
    r.pack.step = (float)r.step;
    r.pack.recall = r.recall;
    r.pack.seed = r.seed;
    r.pack.workers = (unsigned)r.threads;
    r.pack.report = report;
    r.pack.context = &line;
    enum nt_status outcome = pack(&result, &dataset, &network, &r, &error);
    nt_progress_end(&line);
    if (outcome == NT_OK) {
        print_result(&result, dataset.samples, r.output, nt_seconds() - line.started);
    }
    nt_dataset_clear(&dataset, nt_allocator_default());
    nt_network_clear(&network, nt_allocator_default());
    return outcome == NT_OK ? 0 : nt_command_failed("pack", error.text);
}
