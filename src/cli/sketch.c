#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "ntrace/npy.h"
#include "ntrace/sketch.h"

enum { BLOCK = 2048 };

struct request {
    const char *output, *only;
    uint64_t count, seed, threads;
    double noise;
    bool strokes;
};

static int parse(struct request *r, int count, char **arguments) {
    const struct nt_option option[] = {
        {"--count", NT_OPTION_COUNT, &r->count, 1, 1 << 24,
         "sketches in all, split evenly among the classes, default: 70000", false},
        {"--seed", NT_OPTION_COUNT, &r->seed, 0, 9007199254740992.0, "default: 1", false},
        {"--noise", NT_OPTION_NUMBER, &r->noise, 0, 1, "share that shows another class, default: 0.01", false},
        {"--class", NT_OPTION_TEXT, &r->only, 0, 0, "draw this class alone, such as 'smiley face'", false},
        {"--strokes", NT_OPTION_FLAG, &r->strokes, 0, 0, "write strokes, as QuickDraw's simplified .ndjson", false},
        {"-o", NT_OPTION_TEXT, &r->output, 0, 0, "folder for one .npy per class", true},
        {"--threads", NT_OPTION_COUNT, &r->threads, 1, 64, "default: one per processor", false},
    };
    return nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "sketch",
                            "draw synthetic sketches as QuickDraw-style .npy bitmaps, or as strokes");
}

struct run {
    const struct request *request;
    struct nt_progress_line line;
    uint64_t done;
    uint8_t block[BLOCK * NT_RASTER_PIXELS];
};

static enum nt_status write_blocks(struct run *run, nt_npy_writer *writer, uint32_t label, uint64_t count,
                                   struct nt_error *error) {
    const struct request *r = run->request;
    for (uint64_t first = 0; first < count; first += BLOCK) {
        uint32_t rows = (uint32_t)(count - first < BLOCK ? count - first : BLOCK);
        enum nt_status status = nt_sketch_draw(run->block, label, first, rows, r->seed, r->noise, (unsigned)r->threads,
                                               nt_allocator_default());
        if (status != NT_OK) {
            return nt_error_set(error, status, "drawing '%s' failed: %s", nt_sketch_class_name(label),
                                nt_status_name(status));
        }
        NT_TRY(nt_npy_append(writer, run->block, (uint64_t)rows * NT_RASTER_PIXELS, error));
        run->done += rows;
        nt_progress_show(&run->line, "drawing", (double)run->done / (double)r->count, nt_sketch_class_name(label));
        if (nt_progress_interrupted()) {
            return nt_error_set(error, NT_E_CANCELLED, "stopped at '%s'; what was finished before is kept",
                                nt_sketch_class_name(label));
        }
    }
    return NT_OK;
}

/* One stroke as [[x...], [y...]]. */
static void write_stroke(FILE *file, const float *points, uint32_t count) {
    for (int axis = 0; axis < 2; axis++) {
        (void)fputs(axis == 0 ? "[[" : "], [", file);
        for (size_t i = 0; i < count; i++) {
            (void)fprintf(file, i == 0 ? "%.0f" : ", %.0f", (double)points[2 * i + (size_t)axis]);
        }
    }
    (void)fputs("]]", file);
}

static enum nt_status write_drawings(FILE *file, const struct request *r, uint32_t label, uint64_t count) {
    static float points[2 * NT_SKETCH_POINTS];
    static uint32_t counts[NT_SKETCH_STROKES];
    for (uint64_t i = 0; i < count; i++) {
        uint32_t strokes;
        const float *at = points;
        NT_TRY(nt_sketch_strokes(points, counts, &strokes, label, i, r->seed, r->noise, nt_allocator_default()));
        (void)fprintf(file, "{\"word\": \"%s\", \"drawing\": [", nt_sketch_class_name(label));
        for (uint32_t s = 0; s < strokes; s++) {
            (void)fputs(s == 0 ? "" : ", ", file);
            write_stroke(file, at, counts[s]);
            at += 2 * (size_t)counts[s];
        }
        (void)fputs("]}\n", file);
    }
    return NT_OK;
}

static enum nt_status write_strokes(struct run *run, uint32_t label, uint64_t count, struct nt_error *error) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s.ndjson", run->request->output, nt_sketch_class_name(label));
    if (length < 0 || (size_t)length >= sizeof path) {
        return nt_error_set(error, NT_E_ARG, "the name of the folder is too long: '%.100s...'", run->request->output);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return nt_error_set(error, NT_E_IO, "cannot make '%s': %s", path, strerror(errno));
    }
    enum nt_status status = write_drawings(file, run->request, label, count);
    bool whole = ferror(file) == 0;
    if ((fclose(file) != 0 || !whole) && status == NT_OK) {
        status = NT_E_IO;
    }
    run->done += count;
    return status == NT_OK ? status : nt_error_set(error, status, "cannot write '%s'", path);
}

static enum nt_status write_class(struct run *run, uint32_t label, uint64_t count, struct nt_error *error) {
    char path[4096];
    const uint64_t shape[] = {count, NT_RASTER_PIXELS};
    nt_npy_writer *writer;
    int length = snprintf(path, sizeof path, "%s/%s.npy", run->request->output, nt_sketch_class_name(label));
    if (length < 0 || (size_t)length >= sizeof path) {
        return nt_error_set(error, NT_E_ARG, "the name of the folder is too long: '%.100s...'", run->request->output);
    }
    NT_TRY(nt_npy_create(&writer, path, NT_NPY_UINT8, shape, 2, nt_allocator_default(), error));
    enum nt_status status = write_blocks(run, writer, label, count, error);
    if (status != NT_OK) {
        nt_npy_abandon(writer);
        return status;
    }
    return nt_npy_commit(writer, error);
}

static enum nt_status write_classes(struct run *run, struct nt_error *error) {
    const struct request *r = run->request;
    if (mkdir(r->output, 0777) != 0 && errno != EEXIST) {
        return nt_error_set(error, NT_E_IO, "cannot make the folder '%s': %s", r->output, strerror(errno));
    }
    for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
        bool mine = r->only == NULL || strcmp(r->only, nt_sketch_class_name(label)) == 0;
        uint64_t share = r->count / NT_SKETCH_CLASSES + (label < r->count % NT_SKETCH_CLASSES ? 1 : 0);
        if (mine) {
            uint64_t count = r->only != NULL ? r->count : share;
            NT_TRY(r->strokes ? write_strokes(run, label, count, error) : write_class(run, label, count, error));
        }
    }
    return NT_OK;
}

int nt_command_sketch(int count, char **arguments) {
    static struct run run; /* too large for a stack */
    struct request r = {.count = 70000, .seed = 1, .noise = 0.01};
    int exit_status = parse(&r, count, arguments);
    if (exit_status != NT_OPTIONS_GO_ON) {
        return exit_status;
    }
    if (r.only != NULL && nt_sketch_class_find(r.only) == NT_SKETCH_CLASSES) {
        (void)fprintf(stderr, "ntrace sketch: there is no class '%s', expected one of:", r.only);
        for (uint32_t label = 0; label < NT_SKETCH_CLASSES; label++) {
            (void)fprintf(stderr, "%s %s", label == 0 ? "" : ",", nt_sketch_class_name(label));
        }
        (void)fprintf(stderr, "\n");
        return 2;
    }
    struct nt_error error = {0};
    run.request = &r;
    (void)nt_progress_interrupted();
    nt_progress_start(&run.line);
    enum nt_status status = write_classes(&run, &error);
    nt_progress_end(&run.line);
    if (status != NT_OK) {
        return nt_command_failed("sketch", error.text);
    }
    printf("%llu sketches in %s in %.1f s\n", (unsigned long long)run.done, r.output, nt_seconds() - run.line.started);
    return 0;
}
