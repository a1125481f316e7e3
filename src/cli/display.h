/*
 * The display of a command: started and ended in the same way by all.
 */
#ifndef CLIMNORM_CLI_DISPLAY_H
#define CLIMNORM_CLI_DISPLAY_H

#include "cli/options.h"

/* Starts what --progress and --quiet ask for, on stderr, and connects it with the signals.
 * Returns: the display; NULL: it could not start, and *error says why; all goes on without it.
 * Owns: the caller, with cn_display_stop. */
struct cn_progress *cn_display_start(const struct cn_arguments *arguments, struct cn_error *error);

/* Waits until a slow terminal or pipe has taken the end of the display: a minute at most, after a
 * request to stop a second. is_result: the display shows results; else it waits no longer than
 * that second. */
void cn_display_stop(struct cn_progress *progress, bool is_result);

#endif
