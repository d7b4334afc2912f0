/* ntrace train: trains the reference network on folders of .npy bitmaps, and evaluates networks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "ntrace/folder.h"
#include "ntrace/train.h"

enum { PATH_BYTES = 4096, MAX_WEIGHTS_BYTES = 1 << 30 };

struct request {
    const char *images, *labels, *rows, *output, *checkpoint, *snapshots, *evaluate;
    struct nt_texts tests;
    uint64_t epochs, batch, seed, threads, per_class, limit;
    double rate, smoothing, decay;
    bool augment, resume;
};

static int parse(struct request *r, int count, char **arguments) {
    const struct nt_train_options defaults = nt_train_defaults();
    *r = (struct request){.epochs = defaults.epochs, .batch = defaults.batch, .seed = defaults.seed};
    r->rate = (double)defaults.rate;
    const struct nt_option option[] = {
        {"--images", NT_OPTION_TEXT, &r->images, 0, 0,
         "folder of images by class, or one file of images; see `ntrace pack --help`", false},
        {"--labels", NT_OPTION_TEXT, &r->labels, 0, 0, "labels of one file of images", false},
        {"-o", NT_OPTION_TEXT, &r->output, 0, 0, "the weights to write, .safetensors", false},
        {"--epochs", NT_OPTION_COUNT, &r->epochs, 1, 100000, "passes over the images (10)", false},
        {"--batch", NT_OPTION_COUNT, &r->batch, 1, 65536, "images a step (128)", false},
        {"--rate", NT_OPTION_NUMBER, &r->rate, 1e-9, 10, "highest learning rate (0.002)", false},
        {"--smoothing", NT_OPTION_NUMBER, &r->smoothing, 0, 0.9, "share of a label spread over all classes (0)", false},
        {"--decay", NT_OPTION_NUMBER, &r->decay, 0, 10, "decoupled weight decay (0)", false},
        {"--augment", NT_OPTION_FLAG, &r->augment, 0, 0, "turn, scale, shift, bend and thicken images anew each time",
         false},
        {"--seed", NT_OPTION_COUNT, &r->seed, 0, 9007199254740992.0, "of weights, order and augmentation (1)", false},
        {"--per-class", NT_OPTION_COUNT, &r->per_class, 1, NT_DATASET_MAX_SAMPLES,
         "take only the first so many images of each class", false},
        {"--rows", NT_OPTION_TEXT, &r->rows, 0, 0, "then only these, as `ntrace split` writes them", false},
        {"--limit", NT_OPTION_COUNT, &r->limit, 1, NT_DATASET_MAX_SAMPLES,
         "images to take, by chance, of each class its share", false},
        {"--threads", NT_OPTION_COUNT, &r->threads, 1, 64, "(one per processor); the result is the same", false},
        {"--test", NT_OPTION_TEXTS, &r->tests, 0, 0, "folder to test the network on; may be given again", false},
        {"--checkpoint", NT_OPTION_TEXT, &r->checkpoint, 0, 0, "file to keep the state in after each epoch", false},
        {"--snapshots", NT_OPTION_TEXT, &r->snapshots, 0, 0,
         "folder for the weights before the first epoch and after each: 0.safetensors, 1.safetensors...", false},
        {"--resume", NT_OPTION_FLAG, &r->resume, 0, 0, "go on from the checkpoint", false},
        {"--evaluate", NT_OPTION_TEXT, &r->evaluate, 0, 0, "test these weights instead of training", false},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "train",
                                  "train the reference network, or evaluate one");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    const char *wrong = NULL;
    if (r->evaluate != NULL) {
        wrong = r->tests.count == 0 ? "--evaluate needs --test" : NULL;
    } else {
        wrong = r->images == NULL                    ? "--images is missing: a folder with one .npy per class"
                : r->output == NULL                  ? "-o is missing: the weights to write"
                : r->resume && r->checkpoint == NULL ? "--resume needs --checkpoint"
                                                     : NULL;
    }
    if (wrong != NULL) {
        (void)fprintf(stderr, "ntrace train: %s; `ntrace train --help` lists the options\n", wrong);
        return 2;
    }
    return NT_OPTIONS_GO_ON;
}

/* ---- Evaluation. ---- */

/* Gives a dataset's labels the numbers that the network has for its classes. */
static enum nt_status match_classes(struct nt_dataset *dataset, const nt_net *net, const char *path,
                                    struct nt_error *error) {
    uint16_t number[NT_DATASET_MAX_CLASSES];
    for (uint32_t c = 0; c < dataset->classes; c++) {
        uint32_t match = 0, classes = nt_net_classes(net);
        if (nt_net_class(net, 0) == NULL) { /* nameless classes go by their numbers */
            match = c;
        }
        while (nt_net_class(net, 0) != NULL && match < classes &&
               strcmp(nt_net_class(net, match), dataset->name[c]) != 0) {
            match++;
        }
        if (match >= classes) {
            return nt_error_set(error, NT_E_VALUE, "%s: class '%s' is not one of the network's %u", path,
                                dataset->name[c], classes);
        }
        number[c] = (uint16_t)match;
    }
    for (uint32_t i = 0; i < dataset->samples; i++) {
        dataset->label[i] = number[dataset->label[i]];
    }
    return NT_OK;
}

static const char *class_name(const nt_net *net, uint32_t c, char *room, size_t bytes) {
    (void)snprintf(room, bytes, "%u", c);
    return nt_net_class(net, c) != NULL ? nt_net_class(net, c) : room;
}

static void print_confusion(const uint32_t *confusion, const nt_net *net, const char *path) {
    uint32_t classes = nt_net_classes(net), present = 0;
    uint64_t right = 0, all = 0;
    double recalls = 0;
    char room[16];
    printf("\n%s\n  %-16s %7s %7s   predicted, by number\n", path, "class", "samples", "recall");
    for (uint32_t c = 0; c < classes; c++) {
        const uint32_t *row = confusion + (size_t)c * classes;
        uint64_t samples = 0;
        for (uint32_t p = 0; p < classes; p++) {
            samples += row[p];
        }
        double recall = samples > 0 ? (double)row[c] / (double)samples : 0;
        printf("%2u %-16.16s %6llu  %6.4f  ", c, class_name(net, c, room, sizeof room), (unsigned long long)samples,
               recall);
        for (uint32_t p = 0; p < classes; p++) {
            printf(" %5u", row[p]);
        }
        printf("\n");
        present += samples > 0;
        recalls += recall;
        right += row[c];
        all += samples;
    }
    printf("accuracy %.4f, balanced accuracy %.4f, %llu samples\n", all > 0 ? (double)right / (double)all : 0,
           present > 0 ? recalls / present : 0, (unsigned long long)all);
}

static enum nt_status evaluate(const nt_net *net, const char *path, const struct request *r, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    struct nt_dataset dataset;
    NT_TRY(nt_dataset_read(&dataset, &(struct nt_images_options){.path = path, .channels = 1}, NULL, allocator, error));
    size_t classes = nt_net_classes(net);
    uint32_t *confusion = nt_allocate(allocator, classes * classes, sizeof *confusion);
    enum nt_status status = confusion != NULL ? match_classes(&dataset, net, path, error)
                                              : nt_error_set(error, NT_E_MEMORY, "%s: not enough memory", path);
    if (status == NT_OK) {
        struct nt_error cause = {0};
        status = nt_train_evaluate(confusion, net, &dataset, (unsigned)r->threads, allocator, &cause);
        if (status != NT_OK) {
            (void)nt_error_set(error, status, "%s: %s", path, cause.text);
        }
    }
    if (status == NT_OK) {
        print_confusion(confusion, net, path);
    }
    nt_release(allocator, confusion);
    nt_dataset_clear(&dataset, allocator);
    return status;
}

static enum nt_status evaluate_file(const struct request *r, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    uint8_t *bytes;
    size_t size;
    nt_net *net;
    NT_TRY(nt_folder_read_file(&bytes, &size, r->evaluate, MAX_WEIGHTS_BYTES, allocator, error));
    enum nt_status status = nt_net_parse(&net, bytes, size, r->evaluate, allocator, error);
    nt_release(allocator, bytes);
    for (size_t i = 0; i < r->tests.count && status == NT_OK; i++) {
        status = evaluate(net, r->tests.item[i], r, error);
    }
    nt_net_free(net);
    return status;
}

/* ---- Training. ---- */

static enum nt_status write_checkpoint(const nt_trainer *trainer, const struct request *r, struct nt_error *error) {
    uint8_t *bytes;
    size_t size;
    if (r->checkpoint == NULL) {
        return NT_OK;
    }
    NT_TRY(nt_trainer_save(&bytes, &size, trainer, error));
    enum nt_status status = nt_folder_write_file(r->checkpoint, bytes, size, error);
    nt_release(nt_allocator_default(), bytes);
    return status;
}

static enum nt_status resume(nt_trainer *trainer, struct nt_train_report *report, const struct request *r,
                             struct nt_error *error) {
    uint8_t *bytes;
    size_t size;
    NT_TRY(nt_folder_read_file(&bytes, &size, r->checkpoint, MAX_WEIGHTS_BYTES, nt_allocator_default(), error));
    enum nt_status status = nt_trainer_load(trainer, report, bytes, size, r->checkpoint, error);
    nt_release(nt_allocator_default(), bytes);
    return status;
}

static double share(const struct nt_train_report *report, uint64_t epochs) {
    double steps = (double)report->steps * (double)epochs;
    return steps > 0 ? ((double)report->epoch * report->steps + report->step + 1) / steps : 0;
}

static void show(struct nt_progress_line *line, const struct nt_train_report *report, const struct request *r,
                 double begun, uint64_t seen) {
    char doing[64], more[128];
    double speed = (double)(report->seen - seen) / (nt_seconds() - line->started + 1e-9);
    (void)snprintf(doing, sizeof doing, "epoch %u of %llu", report->epoch + 1, (unsigned long long)r->epochs);
    (void)snprintf(more, sizeof more, "loss %.4f, accuracy %.4f, %.0f sketches/s", report->loss, report->accuracy,
                   speed);
    nt_progress_show(line, doing, (share(report, r->epochs) - begun) / (1 - begun), more);
}

static enum nt_status write_weights(const char *path, const nt_net *net, const struct nt_dataset *dataset,
                                    struct nt_error *error) {
    const char *name[NT_DATASET_MAX_CLASSES];
    uint8_t *bytes;
    size_t size;
    for (uint32_t c = 0; c < dataset->classes; c++) {
        name[c] = dataset->name[c];
    }
    NT_TRY(nt_net_serialize(&bytes, &size, net, name, nt_allocator_default(), error));
    enum nt_status status = nt_folder_write_file(path, bytes, size, error);
    nt_release(nt_allocator_default(), bytes);
    if (status == NT_OK) {
        printf("%s: %llu parameters, %zu bytes\n", path, (unsigned long long)nt_net_parameters(net), size);
    }
    return status;
}

/* Keeps the weights as they are after so many epochs, where that is asked for. */
static enum nt_status write_snapshot(const nt_net *net, const struct nt_dataset *dataset, const struct request *r,
                                     uint32_t epochs, struct nt_error *error) {
    char path[PATH_BYTES];
    if (r->snapshots == NULL) {
        return NT_OK;
    }
    if (snprintf(path, sizeof path, "%s/%u.safetensors", r->snapshots, epochs) >= (int)sizeof path) {
        return nt_error_set(error, NT_E_ARG, "%s: the path is too long", r->snapshots);
    }
    return write_weights(path, net, dataset, error);
}

/* Steps to the end, or until Ctrl-C: then the state is kept, so that --resume goes on from there. */
static enum nt_status run(nt_trainer *trainer, struct nt_train_report *report, const nt_net *net,
                          const struct nt_dataset *dataset, const struct request *r, struct nt_error *error) {
    struct nt_progress_line line;
    double begun = share(report, r->epochs), epoch_started = nt_seconds();
    uint64_t seen = report->seen, epoch_seen = report->seen;
    nt_progress_start(&line);
    while (!report->done) {
        NT_TRY(nt_trainer_step(trainer, report, error));
        show(&line, report, r, begun, seen);
        if (report->epoch_done) {
            double seconds = nt_seconds() - epoch_started;
            nt_progress_end(&line);
            printf("epoch %u: loss %.4f, accuracy %.4f, %.1f s, %.0f sketches/s\n", report->epoch + 1, report->loss,
                   report->accuracy, seconds, (double)(report->seen - epoch_seen) / (seconds + 1e-9));
            (void)fflush(stdout);
            epoch_started = nt_seconds();
            epoch_seen = report->seen;
            NT_TRY(write_checkpoint(trainer, r, error));
            NT_TRY(write_snapshot(net, dataset, r, report->epoch + 1, error));
        }
        if (!report->done && nt_progress_interrupted()) {
            nt_progress_end(&line);
            NT_TRY(write_checkpoint(trainer, r, error));
            return nt_error_set(error, NT_E_CANCELLED, "stopped in epoch %u%s%s", report->epoch + 1,
                                r->checkpoint != NULL ? "; --resume goes on from " : ", nothing was kept",
                                r->checkpoint != NULL ? r->checkpoint : "");
        }
    }
    return NT_OK;
}

/* Fails before training where the weights could not be written after it. */
static enum nt_status probe(const char *path, struct nt_error *error) {
    char beside[PATH_BYTES];
    if (snprintf(beside, sizeof beside, "%s.probe", path) >= (int)sizeof beside) {
        return nt_error_set(error, NT_E_ARG, "%s: the path is too long", path);
    }
    NT_TRY(nt_folder_write_file(beside, "", 0, error));
    (void)remove(beside);
    return NT_OK;
}

static enum nt_status train_on(nt_net *net, const struct nt_dataset *dataset, const struct request *r,
                               struct nt_error *error) {
    struct nt_train_options options = {.epochs = (uint32_t)r->epochs, .batch = (uint32_t)r->batch, .seed = r->seed};
    options.rate = (float)r->rate;
    options.smoothing = (float)r->smoothing;
    options.decay = (float)r->decay;
    options.threads = (unsigned)r->threads;
    options.augment = r->augment;
    struct nt_train_report report = {0};
    nt_trainer *trainer;
    nt_train_initialise(net, r->seed);
    NT_TRY(r->resume ? NT_OK : write_snapshot(net, dataset, r, 0, error));
    NT_TRY(nt_trainer_create(&trainer, net, dataset, &options, nt_allocator_default(), error));
    enum nt_status status = r->resume ? resume(trainer, &report, r, error) : NT_OK;
    status = status == NT_OK ? run(trainer, &report, net, dataset, r, error) : status;
    nt_trainer_free(trainer);
    NT_TRY(status);
    return write_weights(r->output, net, dataset, error);
}

static enum nt_status train(const struct request *r, struct nt_error *error) {
    const struct nt_allocator *allocator = nt_allocator_default();
    const struct nt_images_options images = {.path = r->images, .labels = r->labels, .channels = 1};
    const struct nt_selection_options selection = {(uint32_t)r->per_class, r->rows, (uint32_t)r->limit, r->seed};
    struct nt_dataset dataset;
    nt_net *net = NULL;
    NT_TRY(probe(r->output, error));
    if (r->snapshots != NULL && mkdir(r->snapshots, 0777) != 0 && errno != EEXIST) {
        return nt_error_set(error, NT_E_IO, "%s: cannot make this folder: %s", r->snapshots, strerror(errno));
    }
    NT_TRY(nt_dataset_read(&dataset, &images, &selection, allocator, error));
    printf("%u sketches of %u classes\n", dataset.samples, dataset.classes);
    enum nt_status status = nt_net_create_reference(&net, dataset.classes, allocator, error);
    status = status == NT_OK ? train_on(net, &dataset, r, error) : status;
    if (status == NT_OK) { /* what is tested is what was written, class names included */
        struct request tests = *r;
        tests.evaluate = r->output;
        status = r->tests.count > 0 ? evaluate_file(&tests, error) : NT_OK;
    }
    nt_net_free(net);
    nt_dataset_clear(&dataset, allocator);
    return status;
}

int nt_command_train(int count, char **arguments) {
    struct request r;
    struct nt_error error = {0};
    int status = parse(&r, count, arguments);
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    (void)nt_progress_interrupted();
    enum nt_status outcome = r.evaluate != NULL ? evaluate_file(&r, &error) : train(&r, &error);
    return outcome == NT_OK ? 0 : nt_command_failed("train", error.text);
}
