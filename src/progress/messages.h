/*
 * Sentences on their way from any thread to the display's thread: a list without a lock.
 */
#ifndef CLIMNORM_PROGRESS_MESSAGES_H
#define CLIMNORM_PROGRESS_MESSAGES_H

#include "climnorm/progress.h"

#include <stdarg.h>

/* Owns its text. */
struct cn_message {
    struct cn_message *next;
    enum cn_phase phase; /* in which it was said */
    char *text;
};

/* Zero-initialise. */
struct cn_messages {
    _Atomic(struct cn_message *) newest;
    atomic_uint_fast64_t pending; /* that were not collected yet */
    atomic_uint_fast64_t dropped; /* out of memory, or too many are pending */
};

/* Returns: a message; NULL: out of memory. Owns: the caller, with cn_messages_free. */
struct cn_message *cn_message_make(enum cn_phase phase, const char *format, va_list args);

/* Adds a message, or counts it as dropped. Safe from any thread; never waits. */
void cn_messages_add(struct cn_messages *messages, enum cn_phase phase, const char *format,
                     va_list args);

/* Removes all messages from the list.
 * Returns: the first of them, the oldest first; NULL: there is none. Owns: the caller, each with
 * cn_messages_free. */
struct cn_message *cn_messages_collect(struct cn_messages *messages);

/* Returns: how many were dropped since the last call. */
uint64_t cn_messages_take_dropped(struct cn_messages *messages);

/* Frees a message and those behind it. */
void cn_messages_free(struct cn_message *first);

#endif
