/*
 * The exit codes of all commands. Only the command line knows them; the library has enum cn_status.
 */
#ifndef CLIMNORM_CLI_EXIT_CODES_H
#define CLIMNORM_CLI_EXIT_CODES_H

#include "climnorm/error.h"

enum {
    CN_EXIT_OK = 0,
    CN_EXIT_USAGE = 1,
    CN_EXIT_MISSING = 2,
    CN_EXIT_MACHINE = 3,
    CN_EXIT_SIGNAL = 128 /* and the number of the signal */
};

/* What a code means, for people; the table in docs/commands.md is made from it. */
struct cn_exit_code {
    int code;
    const char *meaning;
};

/* In ascending order. The last has no meaning: NULL. */
extern const struct cn_exit_code cn_exit_codes[];

/* Returns: the exit code of a command that ended so. signal_number: what stopped it, if anything.
 */
int cn_exit_code(enum cn_status status, int signal_number);

#endif
