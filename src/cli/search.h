/* The search of a graph with its progress, for every command that needs one. */
#ifndef NTRACE_CLI_SEARCH_H
#define NTRACE_CLI_SEARCH_H

#include "ntrace/bundle.h"
#include "ntrace/graph.h"
#include "ntrace/status.h"

/* Searches to the end, or until the program is asked to stop.
 *
 * layer        in   its name for the progress line, or ""
 * interrupted  in   what is said where it was stopped
 *
 * Returns what nt_graph_search_step does, or NT_E_CANCELLED. */
enum nt_status nt_search_shown(nt_graph_search *search, const char *layer, const char *interrupted,
                               struct nt_error *error);

/* The graph of a layer of a bundle, whose exact neighbours can be found: the same with a search of its own.
 *
 * graph  out  NULL unless it was finished; nt_graph_free
 * hint   in   the graph of another layer, with as many neighbours, to begin with; or NULL
 * room   in   bytes for tables */
enum nt_status nt_search_graph(nt_graph **graph, nt_bundle *bundle, uint32_t layer, uint32_t k, const nt_graph *hint,
                               size_t room, const char *interrupted, struct nt_error *error);

#endif
