/*
 * Watching work that takes a while before a run begins: who is told how far it is, and what ends
 * it.
 */
#ifndef CLIMNORM_WATCH_H
#define CLIMNORM_WATCH_H

#include <stdatomic.h>
#include <stddef.h>

/* Zero-initialised: nobody is told, and nothing ends it. */
struct cn_watch {
    /* How many of `count` are done (0: nobody knows how many there are); called often, so that it
     * can also look at the time. */
    void (*tell)(void *context, size_t done, size_t count);
    void *context;
    const atomic_int *stop; /* not 0: the work ends soon, with CN_STOPPED; NULL: it never does */
    /* What somebody who waits should know: one line, without control characters. */
    void (*say)(void *context, const char *text);
};

static inline void cn_watch_report(const struct cn_watch *watch, size_t done, size_t count)
{
    if (watch->tell)
        watch->tell(watch->context, done, count);
}

static inline int cn_watch_stopped(const struct cn_watch *watch)
{
    return watch->stop ? atomic_load_explicit(watch->stop, memory_order_relaxed) : 0;
}

#endif
