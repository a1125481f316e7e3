/*
 * The commands, one file each. A command prints its results. It returns the exit code: 0 all is
 * there, 1 usage, 2 something is missing, 3 an error of the machine, 129/130/143 stopped by a
 * signal.
 */
#ifndef CLIMNORM_CLI_COMMANDS_H
#define CLIMNORM_CLI_COMMANDS_H

enum { CN_EXIT_OK = 0, CN_EXIT_USAGE = 1, CN_EXIT_MISSING = 2, CN_EXIT_MACHINE = 3 };

/* argv[0] is the name of the command, argv[argc] is NULL.
 * Returns: the exit code. */
int cn_command_run(int argc, char **argv);
int cn_command_plan(int argc, char **argv);
int cn_command_inspect(int argc, char **argv);
int cn_command_synth(int argc, char **argv);

#endif
