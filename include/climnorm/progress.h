/*
 * Progress: tasks add to counters, and one thread reads them ten times a second and shows them. The
 * thread takes no lock that a task could hold. A run without it gives the same result.
 */
#ifndef CLIMNORM_PROGRESS_H
#define CLIMNORM_PROGRESS_H

#include "climnorm/error.h"

#include <stdatomic.h>
#include <stdint.h>

enum cn_variable_state { CN_WAITING, CN_ACTIVE, CN_DONE, CN_FAILED };

/* A counter in a cache line of its own. */
struct cn_counter {
    _Alignas(64) atomic_uint_fast64_t value;
};

static inline void cn_count(struct cn_counter *counter, uint64_t more)
{
    atomic_fetch_add_explicit(&counter->value, more, memory_order_relaxed);
}

static inline uint64_t cn_counted(const struct cn_counter *counter)
{
    return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

/* A count that every task adds to has this many counters, which the threads share evenly. */
enum { CN_COUNTER_LINES = 64 };

/* What one variable has done so far. The totals are written before cn_progress_start, or before
 * cn_counters_enter makes the variable active. */
struct cn_counters {
    const char *name;             /* of the variable; set before cn_progress_start */
    struct cn_counter state;      /* enum cn_variable_state */
    struct cn_counter started_ns; /* CLOCK_MONOTONIC; 0: not started */
    struct cn_counter finished_ns;
    struct cn_counter years_read; /* source years in the arena */
    struct cn_counter years_failed;
    struct cn_counter bytes_read[CN_COUNTER_LINES]; /* from input files; see cn_bytes_read */
    struct cn_counter normals_computed;             /* outputs whose values are computed */
    struct cn_counter files_written;
    struct cn_counter files_failed;
    struct cn_counter arena_used;  /* bytes of slots in use */
    _Atomic(const char *) problem; /* the first; NULL: none. It outlives the display */
    uint64_t years_total, normals_skipped;
    uint64_t files_total;                   /* outputs to make, without the skipped ones */
    uint64_t bytes_to_read, bytes_to_write; /* estimates; bytes_to_write before compression */
};

/* Returns: the sum of bytes_read. */
static inline uint64_t cn_bytes_read(const struct cn_counters *counters)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < CN_COUNTER_LINES; k++)
        sum += cn_counted(&counters->bytes_read[k]);
    return sum;
}

/* Sets the state of a variable, which is not CN_WAITING, and the time when it began or ended. A
 * variable that is active when the display ends is shown as stopped. */
void cn_counters_enter(struct cn_counters *counters, enum cn_variable_state state);

enum cn_progress_mode {
    CN_PROGRESS_AUTO,
    CN_PROGRESS_TTY,
    CN_PROGRESS_PLAIN,
    CN_PROGRESS_JSON,
    CN_PROGRESS_NONE
};

/* Returns: the mode for a display on fd: auto becomes tty on a terminal, else plain; a dumb
 * terminal gets plain. */
enum cn_progress_mode cn_progress_resolve_mode(enum cn_progress_mode mode, int fd);

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
enum cn_status cn_progress_start(const struct cn_progress_view *view, struct cn_progress **progress,
                                 struct cn_error *error);
/* Draws the last state and frees the display. Waits at most wait_s seconds until a slow terminal or
 * pipe has taken it, then at most one second for the thread to end. */
void cn_progress_stop(struct cn_progress *progress, int wait_s);
/* Lets the thread write the current state at once, as lines (CN_PROGRESS_JSON: as one object), in
 * every mode. Async-signal-safe; progress may be NULL. Not to be called after cn_progress_stop. */
void cn_progress_request_status(struct cn_progress *progress);
/* For a process that is about to end: starts no more drawing, and waits 100 ms at most for what is
 * being drawn. Async-signal-safe; progress may be NULL. */
void cn_progress_halt(struct cn_progress *progress);

/* Shows a line above the display: a warning or a problem. Safe from any thread; never waits. With
 * progress NULL nothing is shown. */
void cn_progress_say(struct cn_progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
