/*
 * Progress before a run, while files are examined: a changing count on a terminal, lines elsewhere,
 * one object a line with --progress json.
 */
#ifndef CLIMNORM_CLI_STARTUP_H
#define CLIMNORM_CLI_STARTUP_H

#include "climnorm/progress.h"
#include "climnorm/watch.h"

struct cn_startup {
    enum cn_progress_mode mode; /* none: writes only when SIGUSR1 asks */
    const char *what;           /* the current step: "examining files" */
    uint64_t began_ns, shown_ns;
    bool has_count; /* there is a count on the terminal */
};

/* Starts the clock. */
void cn_startup_begin(struct cn_startup *startup);

/* For cn_watch.report, with a cn_startup: shows the count of the current step at intervals. */
void cn_startup_report(void *startup, size_t done, size_t count);

/* Removes the count from the terminal, before other text is written. */
void cn_startup_end(struct cn_startup *startup);

/* Writes a sentence. */
void cn_startup_say(struct cn_startup *startup, const char *text);

/* For cn_watch.say, with a cn_startup: says a sentence, but not in mode none. */
void cn_startup_note(void *startup, const char *text);

#endif
