/*
 * Progress before a run, while files are examined: a changing count on a terminal, lines elsewhere,
 * one object a line with --progress json.
 */
#ifndef CLIMNORM_CLI_STARTUP_H
#define CLIMNORM_CLI_STARTUP_H

#include "climnorm/progress.h"
#include "climnorm/watch.h"

struct cn_startup {
    enum cn_progress_mode mode; /* never auto; none: writes only when SIGUSR1 asks */
    const char *what;           /* the current step: "examining files" */
    struct cn_error said;       /* the latest sentence of a step, and when */
    uint64_t said_ns;
    struct cn_watch watch; /* for the steps: shows their counts at intervals, and sentences */
    uint64_t began_ns, shown_ns;
    bool has_count; /* there is a count on the terminal */
};

/* Starts the clock and sets the watch, which points to *startup. */
void cn_startup_begin(struct cn_startup *startup);

/* Removes the count from the terminal, before other text is written. */
void cn_startup_end(struct cn_startup *startup);

/* Writes a sentence, in every mode. */
void cn_startup_say(struct cn_startup *startup, const char *text);

#endif
