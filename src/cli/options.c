#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_usage(const struct nt_option *option, size_t options, const char *command, const char *summary,
                        FILE *to) {
    (void)fprintf(to, "ntrace %s: %s\n\nusage: ntrace %s", command, summary, command);
    for (size_t i = 0; i < options; i++) {
        if (option[i].kind == NT_OPTION_PLACE) {
            (void)fprintf(to, option[i].required ? " %s" : " [%s]", option[i].name);
        }
    }
    (void)fprintf(to, " [options]\n\n");
    for (size_t i = 0; i < options; i++) {
        static const char *const takes[] = {"", " TEXT", " TEXT", " TEXT...", " N", " X", ""};
        char left[64];
        (void)snprintf(left, sizeof left, "%s%s", option[i].name, takes[option[i].kind]);
        (void)fprintf(to, "  %-20s %s%s\n", left, option[i].help, option[i].required ? " (needed)" : "");
    }
}

static int wrong(const char *command, const char *what, const char *which) {
    (void)fprintf(stderr, "ntrace %s: %s '%s'; `ntrace %s --help` lists the options\n", command, what, which, command);
    return 2;
}

static const struct nt_option *find(const struct nt_option *option, size_t options, const char *name) {
    for (size_t i = 0; i < options; i++) {
        if (option[i].kind != NT_OPTION_PLACE && strcmp(option[i].name, name) == 0) {
            return &option[i];
        }
    }
    return NULL;
}

static int set_number(const struct nt_option *option, const char *text, const char *command) {
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    bool whole = option->kind == NT_OPTION_COUNT;
    if (*text == 0 || *end != 0 || errno != 0 || !(number >= option->low && number <= option->high) ||
        (whole && floor(number) != number)) {
        (void)fprintf(stderr, "ntrace %s: %s: expected a %snumber from %.12g to %.12g, found '%s'\n", command,
                      option->name, whole ? "whole " : "", option->low, option->high, text);
        return 2;
    }
    if (whole) {
        *(uint64_t *)option->value = (uint64_t)number;
    } else {
        *(double *)option->value = number;
    }
    return NT_OPTIONS_GO_ON;
}

static int set_value(const struct nt_option *option, const char *text, const char *command) {
    switch (option->kind) {
    case NT_OPTION_COUNT:
    case NT_OPTION_NUMBER:
        return set_number(option, text, command);
    case NT_OPTION_TEXTS:
    case NT_OPTION_LIST: {
        struct nt_texts *texts = option->value;
        if (texts->count == NT_TEXTS_MAX) {
            return wrong(command, "given too often:", option->name);
        }
        texts->item[texts->count++] = text;
        return NT_OPTIONS_GO_ON;
    }
    default:
        *(const char **)option->value = text;
        return NT_OPTIONS_GO_ON;
    }
}

static int check_required(const struct nt_option *option, size_t options, const char *command) {
    for (size_t i = 0; i < options; i++) {
        bool text = option[i].kind == NT_OPTION_TEXT || option[i].kind == NT_OPTION_PLACE;
        if (option[i].required && text && *(const char **)option[i].value == NULL) {
            return wrong(command, "missing", option[i].name);
        }
    }
    return NT_OPTIONS_GO_ON;
}

/* The next place that has not been filled, or NULL. */
static const struct nt_option *next_place(const struct nt_option *option, size_t options) {
    for (size_t i = 0; i < options; i++) {
        if (option[i].kind == NT_OPTION_PLACE && *(const char **)option[i].value == NULL) {
            return &option[i];
        }
    }
    return NULL;
}

int nt_options_parse(const struct nt_option *option, size_t options, int count, char **arguments, const char *command,
                     const char *summary) {
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) {
            print_usage(option, options, command, summary, stdout);
            return 0;
        }
        const struct nt_option *found =
            arguments[i][0] == '-' ? find(option, options, arguments[i]) : next_place(option, options);
        if (found == NULL) {
            return wrong(command, arguments[i][0] == '-' ? "unknown option" : "what is", arguments[i]);
        }
        if (found->kind == NT_OPTION_FLAG) {
            *(bool *)found->value = true;
            continue;
        }
        if (found->kind != NT_OPTION_PLACE && ++i == count) {
            return wrong(command, "a value is missing after", found->name);
        }
        int status = set_value(found, arguments[i], command);
        while (status == NT_OPTIONS_GO_ON && found->kind == NT_OPTION_LIST && i + 1 < count &&
               arguments[i + 1][0] != '-') {
            status = set_value(found, arguments[++i], command);
        }
        if (status != NT_OPTIONS_GO_ON) {
            return status;
        }
    }
    return check_required(option, options, command);
}

int nt_command_failed(const char *command, const char *text) {
    (void)fprintf(stderr, "\nntrace %s: %s\n", command, text);
    return 1;
}
