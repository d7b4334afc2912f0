/* Options of a subcommand, as a table: parsed, checked and explained in one place. */
#ifndef NTRACE_CLI_OPTIONS_H
#define NTRACE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum nt_option_kind {
    NT_OPTION_FLAG,   /* bool *: set true where given */
    NT_OPTION_TEXT,   /* const char ** */
    NT_OPTION_TEXTS,  /* struct nt_texts *: may be given several times */
    NT_OPTION_LIST,   /* struct nt_texts *: all that follows up to the next option */
    NT_OPTION_COUNT,  /* uint64_t *: a whole number, low to high */
    NT_OPTION_NUMBER, /* double *: low to high */
    NT_OPTION_PLACE   /* const char **: an argument without a name, in the order of the table */
};

enum { NT_TEXTS_MAX = 128 };

struct nt_texts {
    const char *item[NT_TEXTS_MAX];
    size_t count;
};

struct nt_option {
    const char *name; /* "--count", "-o"; for a place what stands in the usage: "BUNDLE" */
    enum nt_option_kind kind;
    void *value; /* holds the default */
    double low, high;
    const char *help;
    bool required;
};

enum { NT_OPTIONS_GO_ON = -1 };

/* Parses the arguments after a subcommand's name.
 *
 * command, summary  in  for the usage: "sketch", "draw synthetic sketches"
 *
 * Returns NT_OPTIONS_GO_ON, or the exit status to end with: 0 after --help, 2 after words about what is wrong. */
int nt_options_parse(const struct nt_option *option, size_t options, int count, char **arguments, const char *command,
                     const char *summary);

/* `ntrace COMMAND: text` to standard error; returns 1, the exit status of a failure. */
int nt_command_failed(const char *command, const char *text);

#endif
