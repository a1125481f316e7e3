/*
 * The list of messages: any thread adds in front, one thread takes all.
 */
#include "progress/messages.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_PENDING = 1000 };

struct cn_message *cn_message_make(enum cn_phase phase, const char *format, va_list args)
{
    struct cn_message *message = malloc(sizeof *message);
    if (!message)
        return NULL;
    *message = (struct cn_message){.phase = phase};
    if (vasprintf(&message->text, format, args) >= 0)
        return message;
    free(message);
    return NULL;
}

void cn_messages_add(struct cn_messages *messages, enum cn_phase phase, const char *format,
                     va_list args)
{
    bool fits =
        atomic_fetch_add_explicit(&messages->pending, 1, memory_order_relaxed) < MOST_PENDING;
    struct cn_message *message = fits ? cn_message_make(phase, format, args) : NULL;
    if (!message) {
        atomic_fetch_sub_explicit(&messages->pending, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&messages->dropped, 1, memory_order_relaxed);
        return;
    }
    /* The reader removes all nodes at once, so this list has no ABA problem. */
    message->next = atomic_load_explicit(&messages->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&messages->newest, &message->next, message))
        ;
}

struct cn_message *cn_messages_collect(struct cn_messages *messages)
{
    struct cn_message *newest = atomic_exchange(&messages->newest, NULL), *oldest = NULL;
    while (newest) {
        struct cn_message *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
        atomic_fetch_sub_explicit(&messages->pending, 1, memory_order_relaxed);
    }
    return oldest;
}

uint64_t cn_messages_take_dropped(struct cn_messages *messages)
{
    return atomic_exchange_explicit(&messages->dropped, 0, memory_order_relaxed);
}

void cn_messages_free(struct cn_message *first)
{
    for (struct cn_message *next; first; first = next) {
        next = first->next;
        free(first->text);
        free(first);
    }
}
