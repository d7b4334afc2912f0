/* `ntrace pack` for a browser's worker: the command line's own code on files that the page was given. The files are
 * mounted by the script beside it; what is packed lies in memory. Progress goes to that script; there is nothing to
 * interrupt, as the worker can be ended at any time. */
#include <emscripten.h>

#include "cli/command.h"
#include "cli/progress.h"
#include "ntrace/png.h"

EM_JS(void, tell, (const char *doing, double done), { Module.onProgress(UTF8ToString(doing), done); })

int main(int count, char **arguments) { return nt_command_pack(count - 1, arguments + 1); }

double nt_seconds(void) { return emscripten_get_now() / 1000; }
int nt_progress_interrupted(void) { return 0; }
void nt_progress_end(struct nt_progress_line *line) { (void)line; }

void nt_progress_start(struct nt_progress_line *line) {
    *line = (struct nt_progress_line){.started = nt_seconds(), .shown = -1e9};
}

void nt_progress_show(struct nt_progress_line *line, const char *doing, double done, const char *more) {
    double now = nt_seconds();
    (void)more;
    if (now - line->shown >= 0.1 || done >= 1) {
        line->shown = now;
        tell(doing, done);
    }
}

/* ---- libpng is not part of this build. ---- */

enum nt_status nt_png_parse(struct nt_png_header *header, const void *bytes, size_t size, const char *name,
                            struct nt_error *error) {
    (void)bytes;
    (void)size;
    *header = (struct nt_png_header){0};
    return nt_error_set(error, NT_E_FORMAT, "%s: PNG is read by the command line only: expected .npy or IDX", name);
}

enum nt_status nt_png_decode(uint8_t *pixels, const void *bytes, size_t size, const struct nt_png_header *header,
                             uint32_t channels, const char *name, const struct nt_allocator *allocator,
                             struct nt_error *error) {
    struct nt_png_header none;
    (void)pixels;
    (void)header;
    (void)channels;
    (void)allocator;
    return nt_png_parse(&none, bytes, size, name, error);
}
