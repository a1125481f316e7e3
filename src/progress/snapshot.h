/*
 * The counters at one moment, with rates and estimates: plain data for every renderer. No clock and
 * no I/O: only atomics are read.
 */
#ifndef CLIMNORM_PROGRESS_SNAPSHOT_H
#define CLIMNORM_PROGRESS_SNAPSHOT_H

#include "climnorm/progress.h"
#include "progress/estimate.h"

/* Where lines are written to. */
enum { CN_OUTLET_SCREEN, CN_OUTLET_LOG, CN_OUTLETS };

struct cn_progress_row {
    const char *name;
    const char *model; /* NULL: the run has one model */
    enum cn_variable_state state;
    double elapsed_s; /* so far, or in all when the variable is over; 0: not started */
    double eta_s;     /* seconds left; negative: not known */
    double fraction;  /* of its time that has passed, 0 … 1; never falls */
    uint64_t values[CN_COUNTERS];
    struct cn_rate_estimate rates[CN_COUNTERS];       /* only per_second is for the renderers */
    struct cn_variable_pace pace;                     /* not for the renderers, either */
    const char *problem;                              /* the first; NULL: none */
    enum cn_variable_state written_state[CN_OUTLETS]; /* of the last line about this variable */
};

/* Returns: "waiting", "active", "done" or "failed"; "stopped" for what is active when the job is
 * over. */
const char *cn_state_name(enum cn_variable_state state, bool over);

struct cn_snapshot {
    const char *title;
    int threads;
    double elapsed_s, eta_s; /* of the whole job; eta_s negative: not known */
    uint64_t arena_bytes;
    struct cn_progress_row *rows; /* [count] */
    size_t count;
    const char *message; /* the latest; NULL: none */
    uint64_t messages;   /* how many there were */
    bool last;           /* the job is over */
};

/* Copies names and totals from the view. The caller has zeroed rows[view->count], and the
 * totals must not change meanwhile. */
void cn_snapshot_begin(struct cn_snapshot *snapshot, const struct cn_progress_view *view,
                       struct cn_progress_row *rows);
/* Updates the rows and estimates. Times are of CLOCK_MONOTONIC; the job began at start_ns. */
void cn_snapshot_update(struct cn_snapshot *snapshot, const struct cn_progress_view *view,
                        uint64_t start_ns, uint64_t now_ns);

#endif
