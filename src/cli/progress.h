/* A progress line on standard error: in place on a terminal, else a line every ten seconds. */
#ifndef NTRACE_CLI_PROGRESS_H
#define NTRACE_CLI_PROGRESS_H

struct nt_progress_line {
    double started, shown; /* seconds */
    int terminal;
};

/* Seconds of a clock that never goes back. */
double nt_seconds(void);

void nt_progress_start(struct nt_progress_line *line);

/* Shows what is being done, the share done (0 to 1), more in words, and the time left as far as it went so far. */
void nt_progress_show(struct nt_progress_line *line, const char *doing, double done, const char *more);

/* Ends the line. */
void nt_progress_end(struct nt_progress_line *line);

/* Whether the program was asked to stop (Ctrl-C); the first call starts listening. */
int nt_progress_interrupted(void);

#endif
