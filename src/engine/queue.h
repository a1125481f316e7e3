/*
 * A queue whose items are handled by threads of its own, first in, first out.
 */
#ifndef CLIMNORM_ENGINE_QUEUE_H
#define CLIMNORM_ENGINE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CN_QUEUE_THREADS = 16 };

/* The first member of whatever is queued. */
struct cn_queue_item {
    struct cn_queue_item *next;
    uint64_t group; /* only items of one group come in one list; unused with lists of one item */
};

/* Zero before the start and after the end. */
struct cn_queue {
    pthread_t threads[CN_QUEUE_THREADS]; /* [thread_count] */
    int thread_count;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct cn_queue_item *first, **last;
    size_t count;       /* of the items that no thread has taken */
    size_t shares;      /* into which they are divided: the threads that were asked for */
    size_t share_items; /* at most, in one */
    bool finished;      /* no more items come */
    void (*handle)(void *context, struct cn_queue_item *items);
    void *context;
};

/* Starts at most `threads` threads, at most CN_QUEUE_THREADS. Each calls `handle` for one list
 * after another, which ends with NULL. A list has the item that waits longest, and others of its
 * group: at most one thread's share of all that wait, and at most `share_items`. thread_count says
 * how many threads could be started, perhaps none.
 * Owns: the caller calls cn_queue_finish. */
void cn_queue_start(struct cn_queue *queue, int threads, size_t share_items,
                    void (*handle)(void *context, struct cn_queue_item *items), void *context);

/* Owns: the item is the handler's; without threads nobody handles it. */
void cn_queue_add(struct cn_queue *queue, struct cn_queue_item *item);

/* Returns: whether each item was handled, or is being handled. */
bool cn_queue_is_empty(struct cn_queue *queue);

/* Waits until all items are handled, and ends the threads. Does nothing for a queue that was never
 * started. */
void cn_queue_finish(struct cn_queue *queue);

#endif
