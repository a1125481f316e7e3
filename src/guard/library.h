/*
 * Guests: libraries that crash or abort when they get no memory, instead of saying so. A thread
 * notes that it is inside one, so that whoever handles the crash can tell it from one of our own.
 */
#ifndef CLIMNORM_GUARD_LIBRARY_H
#define CLIMNORM_GUARD_LIBRARY_H

#include <stdbool.h>

/* Around the calls; may be nested. */
void cn_library_enter(void);
void cn_library_leave(void);

/* Whether the calling thread is inside a guest. May be called by a signal handler. */
bool cn_in_library(void);

#endif
