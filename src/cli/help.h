/*
 * What --help and `climnorm help` print, made from the tables of commands, options, keys and exit
 * codes. Nothing is written here that a table says.
 */
#ifndef CLIMNORM_CLI_HELP_H
#define CLIMNORM_CLI_HELP_H

#include "cli/options.h"

#include <stdio.h>

/* Prints all commands, the last of which has the name NULL, and the exit codes. */
void cn_help_print_commands(const struct cn_command *commands, FILE *out);

/* Prints the help of a command to stdout: its options, which end with a name NULL, examples and
 * exit codes. */
void cn_help_print_command(const struct cn_command *command, const struct cn_option *options);

#endif
