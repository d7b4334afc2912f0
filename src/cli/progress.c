#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    (void)number;
    interrupted = 1;
}

int nt_progress_interrupted(void) {
    static int listening;
    if (!listening) {
        struct sigaction action = {.sa_handler = interrupt,
                                   .sa_flags = (int)SA_RESETHAND}; /* a second Ctrl-C ends at once */
        (void)sigaction(SIGINT, &action, NULL);
        (void)sigaction(SIGTERM, &action, NULL);
        listening = 1;
    }
    return interrupted;
}

double nt_seconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void nt_progress_start(struct nt_progress_line *line) {
    *line = (struct nt_progress_line){.started = nt_seconds(), .shown = -1e9, .terminal = isatty(STDERR_FILENO)};
}

void nt_progress_show(struct nt_progress_line *line, const char *doing, double done, const char *more) {
    double now = nt_seconds(), passed = now - line->started;
    if (now - line->shown < (line->terminal ? 0.1 : 10) && done < 1) {
        return;
    }
    line->shown = now;
    char left[32] = "";
    if (done > 0.01 && done < 1) {
        double seconds = passed / done - passed;
        (void)snprintf(left, sizeof left, ", %d:%02d left", (int)seconds / 60, (int)seconds % 60);
    }
    (void)fprintf(stderr, line->terminal ? "\r\033[K%3.0f %%  %s%s%s%s" : "%3.0f %%  %s%s%s%s\n", 100 * done, doing,
                  more[0] != 0 ? ", " : "", more, left);
    (void)fflush(stderr);
}

void nt_progress_end(struct nt_progress_line *line) {
    if (line->terminal) {
        (void)fprintf(stderr, "\r\033[K");
    }
}
