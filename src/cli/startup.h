/*
 * What is said before a run begins, while files are looked at: a count that changes on a terminal,
 * a line now and then elsewhere, an object a line with --progress json.
 */
#ifndef CLIMNORM_CLI_STARTUP_H
#define CLIMNORM_CLI_STARTUP_H

#include "climnorm/progress.h"
#include "climnorm/watch.h"

struct cn_startup {
    enum cn_progress_mode mode; /* none: says something only when SIGUSR1 asks */
    const char *what;           /* "examining files": what is being done */
    uint64_t began_ns, shown_ns;
    bool has_count; /* a count, on the terminal */
};

/* Nothing was done before; times count from now. */
void cn_startup_begin(struct cn_startup *startup);

/* For cn_watch.tell, with a cn_startup: says how far `what` is, if it is time to. */
void cn_startup_report(void *startup, size_t done, size_t count);

/* The count vanishes, before something else is said. */
void cn_startup_end(struct cn_startup *startup);

/* Says a sentence. */
void cn_startup_say(struct cn_startup *startup, const char *text);

/* For cn_watch.say, with a cn_startup: says a sentence, but not in mode none. */
void cn_startup_note(void *startup, const char *text);

#endif
