/*
 * The display of a program: one thread looks ten times a second at what the program does, and shows
 * it. The thread takes no lock that work could hold. Without a display the results are the same:
 * all functions accept NULL.
 */
#ifndef CLIMNORM_PROGRESS_H
#define CLIMNORM_PROGRESS_H

#include "climnorm/api.h"
#include "climnorm/counters.h"
#include "climnorm/error.h"

#include <stdbool.h>

enum cn_progress_mode {
    CN_PROGRESS_AUTO,
    CN_PROGRESS_TTY,
    CN_PROGRESS_PLAIN,
    CN_PROGRESS_JSON,
    CN_PROGRESS_NONE
};

/* Returns: the mode for a display on fd: auto becomes tty on a terminal, else plain; a dumb
 * terminal gets plain. */
CN_API enum cn_progress_mode cn_progress_resolve_mode(enum cn_progress_mode mode, int fd);

/* What a program does at a time. */
enum cn_phase {
    CN_PHASE_NONE, /* nothing is shown */
    CN_PHASE_EXAMINING,
    CN_PHASE_WAITING,
    CN_PHASE_EXISTING,
    CN_PHASE_SYNTHESIZING,
    CN_PHASE_VERIFYING,
    CN_PHASE_CHECKING,
    CN_PHASE_MEASURING,
    CN_PHASE_DRAWING,
    CN_PHASE_RUNNING, /* begins with cn_progress_show_run */
    CN_PHASES
};

/* Returns: "examining files". */
CN_API const char *cn_phase_text(enum cn_phase phase);

struct cn_progress;

/* Starts the thread, which writes to fd; -1: nowhere. With CN_PROGRESS_NONE it writes only messages
 * of the run and requested states.
 * Errors: CN_BAD_MACHINE, and *progress is NULL. Owns: the caller, with cn_progress_stop. */
CN_API enum cn_status cn_progress_start(enum cn_progress_mode mode, int fd,
                                        struct cn_progress **progress, struct cn_error *error);
/* Also gives the thread's lines, as those of CN_PROGRESS_PLAIN, to a function that the thread
 * calls, whatever the mode. Once, before anything is shown. Each call gets whole lines, which end
 * with
 * "\n". The context must outlive the display. */
CN_API void cn_progress_log(struct cn_progress *progress,
                            void (*write_lines)(void *context, const char *lines), void *context);
/* Gives a function the lines of CN_PROGRESS_JSON (docs/progress.md), whatever the mode, instead of
 * a log: an object each interval_s seconds, 0.1 at least, and at once where the state of a variable
 * changes and for each message. The display's thread calls it, never two at a time, while
 * cn_job_prepare and cn_job_run go on in theirs. What takes long delays the next call and
 * cn_progress_stop alone. It may set the flag `stop` of the watch; it must not call
 * cn_progress_stop or this library's other work. Once, before anything is shown. The context must
 * outlive the display. */
CN_API void cn_progress_report(struct cn_progress *progress, double interval_s,
                               void (*report)(void *context, const char *lines), void *context);
/* Begins a phase. CN_PHASE_NONE: returns when nothing is left on the terminal, so that others may
 * write there; but waits for one second at most. */
CN_API void cn_progress_enter(struct cn_progress *progress, enum cn_phase phase);
/* `done` of `total` are done in this phase; total 0: not known. By one thread at a time. */
CN_API void cn_progress_count(struct cn_progress *progress, size_t done, size_t total);
/* The bytes that are done in this phase; 0: they are not shown. */
CN_API void cn_progress_count_bytes(struct cn_progress *progress, uint64_t bytes);
/* Sets a sentence about this phase, instead of a count. Safe from any thread; never waits. */
CN_API void cn_progress_note(struct cn_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct cn_progress_view {
    const char *title;            /* "NorESM2-LM ssp245 · CONUS AK" */
    struct cn_counters *counters; /* [count], one for each variable */
    size_t count;
    int threads;
    uint64_t arena_bytes;
};

/* Begins CN_PHASE_RUNNING, once. What the view points to must stay valid until cn_progress_stop.
 * Out of memory: only messages are shown. */
CN_API void cn_progress_show_run(struct cn_progress *progress, const struct cn_progress_view *view);

/* Draws the last state and frees the display. Waits at most wait_s seconds until a slow terminal or
 * pipe has taken it, then at most one second for the thread to end. A terminal that has taken only
 * a part must also take the codes that show its cursor. */
CN_API void cn_progress_stop(struct cn_progress *progress, int wait_s);
/* Lets the thread write the current state at once, as lines (CN_PROGRESS_JSON: as one object), in
 * every mode. Async-signal-safe. Not to be called after cn_progress_stop. */
CN_API void cn_progress_request_status(struct cn_progress *progress);
/* For a process that is about to end: starts no more drawing, and waits 100 ms at most for what is
 * being drawn. Async-signal-safe. */
CN_API void cn_progress_halt(struct cn_progress *progress);

/* Shows a line above the display: a warning or a problem. Safe from any thread; never waits. */
CN_API void cn_progress_say(struct cn_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
