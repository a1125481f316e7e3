/*
 * A queue and the threads that handle its items.
 */
#include "engine/queue.h"

#include "base/threads.h"

/* Called with the lock, with an item in the queue. */
static struct cn_queue_item *take_share(struct cn_queue *queue)
{
    struct cn_queue_item *items = NULL, **end = &items, **at = &queue->first;
    const uint64_t group = queue->first->group;
    size_t share = (queue->count + queue->shares - 1) / queue->shares, taken = 0;
    share = share < queue->share_items ? share : queue->share_items;
    while (*at && taken < share) {
        struct cn_queue_item *item = *at;
        if (item->group != group) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        if (!item->next)
            queue->last = at;
        *end = item;
        end = &item->next;
        taken++;
    }
    *end = NULL;
    queue->count -= taken;
    return items;
}

static void *queue_main(void *argument)
{
    struct cn_queue *queue = argument;
    cn_thread_unbind();
    pthread_mutex_lock(&queue->lock);
    while (queue->first || !queue->finished) {
        if (!queue->first) {
            pthread_cond_wait(&queue->more, &queue->lock);
            continue;
        }
        struct cn_queue_item *items = take_share(queue);
        pthread_mutex_unlock(&queue->lock); /* others go on while these are handled */
        queue->handle(queue->context, items);
        pthread_mutex_lock(&queue->lock);
    }
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}

void cn_queue_start(struct cn_queue *queue, int threads, size_t share_items,
                    void (*handle)(void *context, struct cn_queue_item *items), void *context)
{
    *queue = (struct cn_queue){.lock = PTHREAD_MUTEX_INITIALIZER,
                               .more = PTHREAD_COND_INITIALIZER,
                               .last = &queue->first,
                               .shares = (size_t)threads,
                               .share_items = share_items,
                               .handle = handle,
                               .context = context};
    while (queue->thread_count < threads && queue->thread_count < CN_QUEUE_THREADS &&
           !pthread_create(&queue->threads[queue->thread_count], NULL, queue_main, queue))
        queue->thread_count++;
}

void cn_queue_add(struct cn_queue *queue, struct cn_queue_item *item)
{
    item->next = NULL;
    pthread_mutex_lock(&queue->lock);
    *queue->last = item;
    queue->last = &item->next;
    queue->count++;
    pthread_cond_signal(&queue->more);
    pthread_mutex_unlock(&queue->lock);
}

bool cn_queue_is_empty(struct cn_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool is_empty = !queue->first;
    pthread_mutex_unlock(&queue->lock);
    return is_empty;
}

void cn_queue_finish(struct cn_queue *queue)
{
    if (!queue->handle)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->finished = true;
    pthread_cond_broadcast(&queue->more);
    pthread_mutex_unlock(&queue->lock);
    for (int t = 0; t < queue->thread_count; t++)
        pthread_join(queue->threads[t], NULL);
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->more);
    *queue = (struct cn_queue){0};
}
