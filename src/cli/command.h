/* The subcommands of ntrace. Each takes the arguments after its own name, prints its errors to standard error
 * as `ntrace NAME: what is wrong`, and returns the exit status: 0 done, 1 failed, 2 wrong usage. */
#ifndef NTRACE_CLI_COMMAND_H
#define NTRACE_CLI_COMMAND_H

int nt_command_sketch(int count, char **arguments);
int nt_command_train(int count, char **arguments);
int nt_command_split(int count, char **arguments);
int nt_command_pack(int count, char **arguments);
int nt_command_join(int count, char **arguments);
int nt_command_compare(int count, char **arguments);
int nt_command_verify(int count, char **arguments);
int nt_command_site(int count, char **arguments);
int nt_command_query(int count, char **arguments);
int nt_command_graph(int count, char **arguments);
int nt_command_measures(int count, char **arguments);
int nt_command_explain(int count, char **arguments);
int nt_command_project(int count, char **arguments);
int nt_command_bench(int count, char **arguments);

#endif
