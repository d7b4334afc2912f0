#include <stdio.h>

#include "cli/command.h"
#include "cli/options.h"
#include "ntrace/npy.h"
#include "ntrace/permutation.h"

struct request {
    const char *output;
    uint64_t samples, first, last, seed;
};

static int parse(struct request *r, int count, char **arguments) {
    const struct nt_option option[] = {
        {"--samples", NT_OPTION_COUNT, &r->samples, 1, NT_PERMUTATION_MAX_COUNT, "how many there are to split (needed)",
         false},
        {"--first", NT_OPTION_COUNT, &r->first, 1, NT_PERMUTATION_MAX_COUNT, "keep so many from the start", false},
        {"--last", NT_OPTION_COUNT, &r->last, 1, NT_PERMUTATION_MAX_COUNT, "keep so many from the end", false},
        {"--seed", NT_OPTION_COUNT, &r->seed, 0, 9007199254740992.0, "what torch.manual_seed was given (0)", false},
        {"-o", NT_OPTION_TEXT, &r->output, 0, 0, "the .npy of row numbers to write, for `ntrace pack --rows`", true},
    };
    int status = nt_options_parse(option, sizeof option / sizeof *option, count, arguments, "split",
                                  "draw a split of samples again that torch.randperm drew");
    if (status != NT_OPTIONS_GO_ON) {
        return status;
    }
    uint64_t kept = r->first > 0 ? r->first : r->last;
    if (r->samples == 0 || (r->first > 0 && r->last > 0) || kept > r->samples) {
        (void)fprintf(stderr, "ntrace split: expected --samples N, and --first or --last of at most N\n");
        return 2;
    }
    return NT_OPTIONS_GO_ON;
}

static enum nt_status split(const struct request *r, uint32_t *permutation, struct nt_error *error) {
    uint64_t kept = r->first > 0 ? r->first : r->last > 0 ? r->last : r->samples;
    const uint64_t shape[] = {kept};
    NT_TRY(nt_permutation_torch(permutation, (uint32_t)r->samples, r->seed));
    NT_TRY(nt_npy_write(r->output, permutation + (r->last > 0 ? r->samples - kept : 0), NT_NPY_UINT32, shape, 1,
                        nt_allocator_default(), error));
    printf("%llu of %llu rows in %s\n", (unsigned long long)kept, (unsigned long long)r->samples, r->output);
    return NT_OK;
}

int nt_command_split(int count, char **arguments) {
    struct request r = {0};
    struct nt_error error = {0};
    int exit_status = parse(&r, count, arguments);
    if (exit_status != NT_OPTIONS_GO_ON) {
        return exit_status;
    }
    uint32_t *permutation = nt_allocate(nt_allocator_default(), (size_t)r.samples, sizeof *permutation);
    enum nt_status status = permutation != NULL ? split(&r, permutation, &error)
                                                : nt_error_set(&error, NT_E_MEMORY, "not enough memory for %llu rows",
                                                               (unsigned long long)r.samples);
    nt_release(nt_allocator_default(), permutation);
    return status == NT_OK ? 0 : nt_command_failed("split", error.text);
}
