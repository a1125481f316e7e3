/*
 * What long work reports to, and what stops it.
 */
#ifndef CLIMNORM_WATCH_H
#define CLIMNORM_WATCH_H

#include "climnorm/progress.h"

/* Zero-initialise for nobody who watches. */
struct cn_watch {
    struct cn_progress *progress; /* NULL: nothing is shown */
    const atomic_int *stop;       /* not 0: the work ends soon, with CN_STOPPED; may be NULL */
};

/* Reports that `done` of `count` are done; count is 0 when it is not known. */
static inline void cn_watch_report(const struct cn_watch *watch, size_t done, size_t count)
{
    cn_progress_count(watch->progress, done, count);
}

/* Returns: the value of the flag; 0: go on. */
static inline int cn_watch_stopped(const struct cn_watch *watch)
{
    return watch->stop ? atomic_load_explicit(watch->stop, memory_order_relaxed) : 0;
}

#endif
