/* Opens a bundle and prints a trace, ranked by exact activations: sample, class, distance at one layer and at another.
 * cc trace.c $(pkg-config --cflags --libs ntrace) -o trace && ./trace BUNDLE SAMPLE FROM TO K */
#include <ntrace/ntrace.h>
#include <stdio.h>
#include <stdlib.h>

static enum nt_status find(struct nt_trace *trace, nt_query **query, nt_bundle *bundle, char **argument,
                           const struct nt_allocator *memory, struct nt_error *error) {
    uint32_t done, end[] = {(uint32_t)atoi(argument[3]), (uint32_t)atoi(argument[4])};
    NT_TRY(nt_folder_load_exact(bundle, argument[1], memory, error)); /* labels, images, the network */
    NT_TRY(nt_folder_load(bundle, argument[1], NT_ROLE_CODES, end[0], NULL, 0, memory, error));
    NT_TRY(nt_folder_load(bundle, argument[1], NT_ROLE_CODES, end[1], NULL, 0, memory, error));
    NT_TRY(nt_query_create(query, bundle, (uint32_t)atoi(argument[2]), end, 2, (uint32_t)atoi(argument[5]), error));
    NT_TRY(nt_query_step(&done, *query, UINT32_MAX, error)); /* until here on codes; from here on exact */
    return nt_query_trace(trace, *query, error);
}

int main(int count, char **argument) {
    const struct nt_allocator *memory = nt_allocator_default();
    struct nt_error error = {NT_E_ARG, "give BUNDLE SAMPLE FROM TO K"};
    struct nt_trace trace = {0};
    nt_bundle *bundle = NULL;
    nt_query *query = NULL;
    int good = count == 6 && nt_folder_open(&bundle, argument[1], memory, &error) == NT_OK &&
               find(&trace, &query, bundle, argument, memory, &error) == NT_OK;
    for (const struct nt_trace_point *p = trace.points; p < trace.points + trace.points_count; p++) {
        printf("%u\t%s\t%.9g\t%.9g\n", p->sample, nt_bundle_class(bundle, p->label), (double)p->distance[0],
               (double)p->distance[1]);
    }
    (void)fputs(good ? "" : error.text, stderr);
    nt_trace_clear(&trace, memory);
    nt_query_free(query);
    nt_bundle_close(bundle);
    return !good;
}
