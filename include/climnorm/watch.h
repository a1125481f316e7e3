/*
 * Progress and stopping of the work before a run: a callback that receives counts, and a flag that
 * ends the work.
 */
#ifndef CLIMNORM_WATCH_H
#define CLIMNORM_WATCH_H

#include <stdatomic.h>
#include <stddef.h>

/* Zero-initialise for no callback and no flag. */
struct cn_watch {
    /* `done` of `count` are done; count is 0 when it is not known. Called several times a second
     * even if nothing has changed. */
    void (*report)(void *context, size_t done, size_t count);
    void *context;
    const atomic_int *stop; /* not 0: the work ends soon, with CN_STOPPED; may be NULL */
    /* One line for the user, without control characters; may be NULL. */
    void (*say)(void *context, const char *text);
    /* The work that begins: "examining files". The text must last until the next; may be NULL. */
    void (*enter)(void *context, const char *text);
};

static inline void cn_watch_report(const struct cn_watch *watch, size_t done, size_t count)
{
    if (watch->report)
        watch->report(watch->context, done, count);
}

static inline void cn_watch_enter(const struct cn_watch *watch, const char *text)
{
    if (watch->enter)
        watch->enter(watch->context, text);
}

/* Returns: the value of the flag; 0: go on. */
static inline int cn_watch_stopped(const struct cn_watch *watch)
{
    return watch->stop ? atomic_load_explicit(watch->stop, memory_order_relaxed) : 0;
}

#endif
