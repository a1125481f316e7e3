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

/* Returns: the watch; for NULL one that shows nothing and never stops. */
static inline const struct cn_watch *cn_watch_or_none(const struct cn_watch *watch)
{
    static const struct cn_watch none;
    return watch ? watch : &none;
}

/* Returns: the value of the flag; 0: go on. */
static inline int cn_watch_stopped(const struct cn_watch *watch)
{
    return watch->stop ? atomic_load_explicit(watch->stop, memory_order_relaxed) : 0;
}

#endif
