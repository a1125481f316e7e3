/*
 * The commands, one file each. A command prints its results and returns the exit code.
 */
#ifndef CLIMNORM_CLI_COMMANDS_H
#define CLIMNORM_CLI_COMMANDS_H

#include "cli/exit_codes.h"

struct cn_arguments;

/* The arguments are those that the command's options and operands allow.
 * Returns: the exit code. */
int cn_command_run(const struct cn_arguments *arguments);
int cn_command_plan(const struct cn_arguments *arguments);
int cn_command_inspect(const struct cn_arguments *arguments);
int cn_command_verify(const struct cn_arguments *arguments);
int cn_command_synth(const struct cn_arguments *arguments);
int cn_command_help(const struct cn_arguments *arguments);

#endif
