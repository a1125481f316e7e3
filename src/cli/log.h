/*
 * The file of --log: all that a command says, in lines with the time. It never ends or delays the
 * command: what cannot be written is lost, which is said at the end.
 */
#ifndef CLIMNORM_CLI_LOG_H
#define CLIMNORM_CLI_LOG_H

#include "cli/options.h"

#include <stdio.h>

struct cn_log;

/* Opens the file that --log names, at its end, and writes the first line: version and command. From
 * then on all that is printed to stderr also goes there.
 * Returns: CN_OK; *log is NULL without --log. Errors: CN_BAD_USAGE: it cannot be written.
 * CN_BAD_MACHINE: out of memory. Owns: the caller, with cn_log_close. */
enum cn_status cn_log_open(const struct cn_arguments *arguments, struct cn_log **log,
                           struct cn_error *error);

/* Lets a display write its lines to the log, too. */
void cn_log_follow(struct cn_log *log, struct cn_progress *progress);

/* Let what is printed to stdout in between go to the log alone.
 * Returns: false: there is no log, and cn_log_end must not be called. */
bool cn_log_begin(struct cn_log *log);
void cn_log_end(struct cn_log *log);

/* Writes the exit code, closes the file, and says if it is not complete. NULL: does nothing. */
void cn_log_close(struct cn_log *log, int exit_code);

#endif
