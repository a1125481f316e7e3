/*
 * The commands, one file each. A command prints its results and returns the exit code.
 */
#ifndef CLIMNORM_CLI_COMMANDS_H
#define CLIMNORM_CLI_COMMANDS_H

#include "cli/exit_codes.h"

/* argv[0] is the name of the command, argv[argc] is NULL.
 * Returns: the exit code. */
int cn_command_run(int argc, char **argv);
int cn_command_plan(int argc, char **argv);
int cn_command_inspect(int argc, char **argv);
int cn_command_synth(int argc, char **argv);

#endif
