/* ntrace: the command line. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

static const struct {
    const char *name, *summary;
    int (*run)(int count, char **arguments);
} COMMANDS[] = {
    {"sketch", "draw synthetic sketches as .npy bitmaps", nt_command_sketch},
    {"train", "train the reference network, or evaluate one", nt_command_train},
    {"split", "draw a split of samples again that torch.randperm drew", nt_command_split},
    {"pack", "pack images, labels and a network into a bundle", nt_command_pack},
    {"join", "join models of the same samples into one bundle", nt_command_join},
    {"compare", "compare two models of one bundle, layer by layer", nt_command_compare},
    {"verify", "check every hash, size and shape of a bundle", nt_command_verify},
    {"site", "write the page with a bundle, as a folder to upload or one file", nt_command_site},
    {"query", "print the nearest neighbours of a sample", nt_command_query},
    {"graph", "find the nearest neighbours of all samples at a layer", nt_command_graph},
    {"measures", "measure the neighbourhoods of all samples at a layer", nt_command_measures},
    {"explain", "explain what the network answers on one image", nt_command_explain},
    {"project", "map all samples of a layer to the plane", nt_command_project},
    {"bench", "measure the engine on a bundle", nt_command_bench},
};

enum { COMMANDS_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static void print_help(FILE *to) {
    (void)fprintf(to,
                  "ntrace: how neighbourhoods change from layer to layer of a neural network\n\nusage: ntrace COMMAND "
                  "[options]; `ntrace COMMAND --help` explains each\n       ntrace --version\n\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        (void)fprintf(to, "  %-8s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    }
}

int main(int count, char **arguments) {
    if (count >= 2 && strcmp(arguments[1], "--help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (count >= 2 && strcmp(arguments[1], "--version") == 0) {
        (void)printf("ntrace %s\n", NT_VERSION);
        return 0;
    }
    for (size_t i = 0; count >= 2 && i < COMMANDS_COUNT; i++) {
        if (strcmp(arguments[1], COMMANDS[i].name) == 0) {
            return COMMANDS[i].run(count - 2, arguments + 2);
        }
    }
    if (count >= 2) {
        (void)fprintf(stderr, "ntrace: there is no command '%s'\n\n", arguments[1]);
    }
    print_help(stderr);
    return 2;
}
