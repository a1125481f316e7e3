/*
 * The commands: one file each. A command prints what it found and returns the exit code (spec: 0
 * all is there, 1 usage, 2 something is missing, 3 the machine, 128 + N a signal).
 */
#ifndef CLIMNORM_CLI_COMMANDS_H
#define CLIMNORM_CLI_COMMANDS_H

enum { CN_EXIT_OK = 0, CN_EXIT_USAGE = 1, CN_EXIT_MISSING = 2, CN_EXIT_MACHINE = 3 };

/* argv[0] is the command's own name, argv[argc] is NULL. */
int cn_command_run(int argc, char **argv);
int cn_command_plan(int argc, char **argv);
int cn_command_inspect(int argc, char **argv);
int cn_command_synth(int argc, char **argv);

#endif
