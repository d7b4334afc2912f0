#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/source.h"

struct request {
    struct nt_source_options source;
    struct nt_pack_options pack;
    const char *output;
    double step, recall;
    uint64_t per_class, limit, seed, threads;
    bool synthetic;
    char state[4096], command[400];
};

static int parse(struct request *r, int count, char **arguments) {
    struct nt_source_options *s = &r->source;
    const struct nt_option option[] = {
        {"--images", NT_OPTION_TEXT, &s->images, 0, 0,
         "a folder with one .npy, .ndjson or .bin per class or a folder of .png per class; or one file: .npy, IDX, "
         ".ndjson, .bin",
         false},
        {"--model", NT_OPTION_TEXT, &s->network.model, 0, 0, "the network: .onnx, or its weights, .safetensors", false},
        {"--network", NT_OPTION_TEXT, &s->network.description, 0, 0,
         "its layers, .json, where the .safetensors does not describe them: see include/ntrace/net.h", false},
        {"--mean", NT_OPTION_TEXT, &s->network.mean, 0, 0,
         "what it was trained to have subtracted from images from 0 to 1, one number a channel: 0.485,0.456,0.406",
         false},
        {"--deviation", NT_OPTION_TEXT, &s->network.deviation, 0, 0, "and to have them divided by", false},
        {"--activations", NT_OPTION_LIST, &s->activations, 0, 0,
         "instead of images and a network: one .npy a layer, in this order or in that of the names in a folder; or "
         ".safetensors with a tensor a layer",
         false},
        {"--layers", NT_OPTION_TEXT, &s->layers, 0, 0,
         "only these layers, names or numbers: 0,3-5,head; a network then stays out of the bundle", false},
        {"--labels", NT_OPTION_TEXT, &s->labels, 0, 0, "labels in the order of the samples: .npy, IDX or text", false},
        {"--classes", NT_OPTION_TEXT, &s->classes, 0, 0, "a text with the name of one class a line", false},
        {"--predictions", NT_OPTION_TEXT, &s->predictions, 0, 0,
         "with --activations, what the model answers: as --labels", false},
        {"--probabilities", NT_OPTION_TEXT, &s->probabilities, 0, 0,
         "with --activations, a .npy of those of all classes, or of the predictions", false},
        {"--thumbnails", NT_OPTION_TEXT, &s->thumbnails, 0, 0, "with --activations, a picture a sample: as --images",
         false},
        {"-o", NT_OPTION_TEXT, &r->output, 0, 0, "folder of the bundle", true},
        {"--title", NT_OPTION_TEXT, &r->pack.title, 0, 0, "the dataset's name on the page", false},
        {"--source", NT_OPTION_TEXT, &r->pack.source, 0, 0, "where the data come from", false},
        {"--licence", NT_OPTION_TEXT, &r->pack.licence, 0, 0, "their licence", false},
        {"--noun", NT_OPTION_TEXT, &r->pack.noun, 0, 0, "what one sample is called on the page, such as sketch", false},
        {"--nouns", NT_OPTION_TEXT, &r->pack.nouns, 0, 0, "and many: needed with --noun", false},
        {"--synthetic", NT_OPTION_FLAG, &r->synthetic, 0, 0, "the samples were made by a program", false},
        {"--per-class", NT_OPTION_COUNT, &r->per_class, 1, NT_DATASET_MAX_SAMPLES,
         "take only the first so many samples of each class", false},
        {"--rows", NT_OPTION_TEXT, &s->selection.rows, 0, 0, "then only these, in this order: an integer .npy", false},
        {"--limit", NT_OPTION_COUNT, &r->limit, 1, NT_DATASET_MAX_SAMPLES,
         "then so many, by chance, of each class its share", false},
        {"--step", NT_OPTION_NUMBER, &r->step, 0.001, 1, "quantiser step as a share of a layer's norm", false},
        {"--recall", NT_OPTION_NUMBER, &r->recall, 0.5, 0.99999,
         "share of the true neighbours among the candidates; with --activations, found by codes alone", false},
        {"--seed", NT_OPTION_COUNT, &r->seed, 0, 9007199254740992.0,
         "of --limit, and of the samples on which recall is measured", false},
        {"--threads", NT_OPTION_COUNT, &r->threads, 1, 64, "default: one per processor", false},
    };
    return nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "pack",
                            "pack images and a network, or activations of any model, into a bundle of static files");
}

/* Which of the ways in it is. */
static enum nt_status check_options(const struct request *r, struct nt_error *error) {
    const struct nt_source_options *s = &r->source;
    bool activations = s->activations.count > 0;
    const struct {
        const char *name, *given;
        bool belongs;
    } of_one_way[] = {
        {"--images", s->images, !activations},
        {"--model", s->network.model, !activations},
        {"--network", s->network.description, !activations},
        {"--mean", s->network.mean, !activations},
        {"--deviation", s->network.deviation, !activations},
        {"--predictions", s->predictions, activations},
        {"--probabilities", s->probabilities, activations},
        {"--thumbnails", s->thumbnails, activations},
    };
    if (!activations && (s->images == NULL || s->network.model == NULL)) {
        return nt_error_set(error, NT_E_ARG, "expected --images and --model, or --activations, found %s",
                            s->images != NULL          ? "--images alone"
                            : s->network.model != NULL ? "--model alone"
                                                       : "neither");
    }
    for (size_t i = 0; i < sizeof of_one_way / sizeof *of_one_way; i++) {
        if (of_one_way[i].given != NULL && !of_one_way[i].belongs) {
            return nt_error_set(error, NT_E_ARG, "%s goes %s --activations", of_one_way[i].name,
                                activations ? "not together with" : "only with");
        }
    }
    return NT_OK;
}

static int report(void *context, const char *doing, double done) {
    nt_progress_show(context, doing, done, "");
    return nt_progress_interrupted();
}

static int report_reading(void *context, double done) {
    nt_progress_show(context, "reading and checking what is packed", done < 1 ? done : 0.999, "");
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

static void print_layers(const struct nt_pack_result *result, uint32_t samples) {
    printf("layer  name                  numbers  axes  bytes a sample  candidates for 100, for 1,000  recall@100  on "
           "codes alone\n");
    for (uint32_t l = 0; l < result->layers; l++) {
        const struct nt_bundle_layer *layer = &result->layer[l];
        printf("%5u  %-20s  %7u  %4u  %14.1f  %18u  %9u  %10.4f  %14.4f\n", l, layer->name, layer->size, layer->axes,
               (double)result->layer_bytes[l] / samples, layer->candidates, layer->candidates_1000, layer->recall,
               layer->recall_codes);
    }
}

static void print_result(const struct nt_pack_result *result, const struct nt_pack_data *data, const char *output,
                         double seconds) {
    uint32_t samples = data->samples;
    print_layers(result, samples);
    if (data->net != NULL || data->prediction != NULL) {
        printf("accuracy %.4f, balanced accuracy %.4f\n", result->accuracy, result->balanced_accuracy);
    }
    if (result->resumed > 0) {
        printf("%u of %u layers were packed before and taken up\n", result->resumed, result->layers);
    }
    printf("%u samples in %.1f s: %.2f MB in %u chunks, %.1f bytes of codes a sample\n", samples, seconds,
           (double)result->bytes / 1e6, result->chunks, (double)result->code_bytes / samples);
    printf("%s is ready: check it with `ntrace verify %s`,\n"
           "put it on the page with `ntrace site %s -o FOLDER`, or with `--single-file -o traces.html` as one file\n",
           output, output, output);
}

/* A folder beside the bundle's, for what was finished when packing is interrupted. */
static enum nt_status place_state(struct request *r, struct nt_error *error) {
    size_t length = strlen(r->output);
    while (length > 1 && r->output[length - 1] == '/') {
        length--;
    }
    int written = snprintf(r->state, sizeof r->state, "%.*s.packing", (int)length, r->output);
    r->pack.state = r->state;
    return written < (int)sizeof r->state ? NT_OK : nt_error_set(error, NT_E_ARG, "-o: the path is too long");
}

static void complete(struct request *r, struct nt_progress_line *line) {
    r->pack.command = r->command;
    r->pack.synthetic = r->synthetic;
    r->pack.step = (float)r->step;
    r->pack.recall = r->recall;
    r->pack.seed = r->seed;
    r->pack.workers = (unsigned)r->threads;
    r->pack.report = report;
    r->pack.context = line;
    r->source.pack = &r->pack;
    r->source.everything = r->pack.noun != NULL ? r->pack.noun : "sample";
    r->source.selection.per_class = (uint32_t)r->per_class;
    r->source.selection.limit = (uint32_t)r->limit;
    r->source.selection.seed = r->seed;
}

static enum nt_status pack(struct nt_pack_result *result, struct nt_source *source, struct request *r,
                           struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    const struct nt_progress reading = {report_reading, r->pack.context};
    NT_TRY(check_options(r, error));
    NT_TRY(place_state(r, error));
    r->source.progress = &reading;
    NT_TRY(nt_source_open(source, &r->source, allocator, error));
    memcpy(r->pack.inputs, source->inputs, sizeof r->pack.inputs);
    return nt_pack(result, r->output, &source->data, &r->pack, allocator, error);
}

int nt_command_pack(int count, char **arguments) {
    struct request r = {.pack = {.title = "Samples", .source = "", .licence = "unknown"}, .seed = 1};
    int status = parse(&r, count, arguments);
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    struct nt_progress_line line;
    struct nt_pack_result result;
    struct nt_source source = {.images = NULL};
    struct nt_error error = {0};
    describe_command(r.command, sizeof r.command, count, arguments);
    nt_progress_start(&line);
    (void)nt_progress_interrupted();
    complete(&r, &line);
    enum nt_status outcome = pack(&result, &source, &r, &error);
    nt_progress_end(&line);
    if (outcome == NT_OK) {
        print_result(&result, &source.data, r.output, nt_seconds() - line.started);
    }
    nt_source_close(&source, &r.source, nt_allocator_default());
    if (outcome != NT_OK) {
        (void)nt_command_failed("pack", error.text);
        if (r.pack.state != NULL && access(r.pack.state, F_OK) == 0) {
            (void)fprintf(stderr, "The same command again goes on from here; to start anew, remove %s\n", r.pack.state);
        }
        return 1;
    }
    return 0;
}
