/*
 * The commands, one file each. A command prints its results and returns the exit code.
 */
#ifndef CLIMNORM_CLI_COMMANDS_H
#define CLIMNORM_CLI_COMMANDS_H

#include "cli/exit_codes.h"

struct cn_arguments;
struct cn_config;

/* The arguments are those that the command's options and operands allow.
 * Returns: the exit code. */
int cn_command_run(const struct cn_arguments *arguments);
int cn_command_normals(const struct cn_arguments *arguments);
int cn_command_config(const struct cn_arguments *arguments);
int cn_command_plan(const struct cn_arguments *arguments);
int cn_command_inspect(const struct cn_arguments *arguments);
int cn_command_check(const struct cn_arguments *arguments);
int cn_command_verify(const struct cn_arguments *arguments);
int cn_command_series(const struct cn_arguments *arguments);
int cn_command_map(const struct cn_arguments *arguments);
int cn_command_report(const struct cn_arguments *arguments);
int cn_command_synth(const struct cn_arguments *arguments);
int cn_command_help(const struct cn_arguments *arguments);

/* Runs the job of a config with the options of `run`. config NULL: that of the file that the
 * arguments name.
 * Returns: the exit code. Owns: the config. */
int cn_run_config(const struct cn_arguments *arguments, struct cn_config *config);

#endif
