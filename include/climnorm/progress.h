/*
 * Progress: tasks add to counters, and one thread reads them ten times a second and shows them. The
 * thread takes no lock that a task could hold. A run without it gives the same result.
 */
#ifndef CLIMNORM_PROGRESS_H
#define CLIMNORM_PROGRESS_H

#include "climnorm/api.h"
#include "climnorm/counters.h"
#include "climnorm/error.h"

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

struct cn_progress_view {
    const char *title;            /* "NorESM2-LM ssp245 · CONUS AK" */
    struct cn_counters *counters; /* [count], one for each variable */
    size_t count;
    int threads;
    uint64_t arena_bytes;
    enum cn_progress_mode mode; /* auto: tty when `fd` is a terminal, else plain */
    int fd;                     /* where to write: stderr */
};

struct cn_progress;

/* Starts the thread. What the view points to must stay valid until cn_progress_stop. With
 * CN_PROGRESS_NONE the thread writes only messages and requested states.
 * Errors: CN_BAD_MACHINE, and *progress is NULL. Owns: the caller, with cn_progress_stop. */
CN_API enum cn_status cn_progress_start(const struct cn_progress_view *view,
                                        struct cn_progress **progress, struct cn_error *error);
/* Draws the last state and frees the display. Waits at most wait_s seconds until a slow terminal or
 * pipe has taken it, then at most one second for the thread to end. */
CN_API void cn_progress_stop(struct cn_progress *progress, int wait_s);
/* Lets the thread write the current state at once, as lines (CN_PROGRESS_JSON: as one object), in
 * every mode. Async-signal-safe; progress may be NULL. Not to be called after cn_progress_stop. */
CN_API void cn_progress_request_status(struct cn_progress *progress);
/* For a process that is about to end: starts no more drawing, and waits 100 ms at most for what is
 * being drawn. Async-signal-safe; progress may be NULL. */
CN_API void cn_progress_halt(struct cn_progress *progress);

/* Shows a line above the display: a warning or a problem. Safe from any thread; never waits. With
 * progress NULL nothing is shown. */
CN_API void cn_progress_say(struct cn_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
