/*
 * The publisher: fsync and rename take milliseconds of waiting, on a slow disk far more, so threads
 * of their own do them. They compute nothing. A file that waits costs no memory to speak of, for it
 * is in its temporary already: the queue has no bound, and no task ever waits for the disk to sync.
 * When the run is asked to stop, what a slow disk leaves of the queue after a while is given up.
 */
#include "base/threads.h"
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, PAUSE_NS = 50000000 };
static const uint64_t PATIENCE_NS = 3000000000; /* after a request to stop */

struct item {
    struct item *next;
    const char *path;
    char temporary[];
};

struct cn_publisher {
    pthread_t threads[THREADS];
    int thread_count;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct item *first, **last;
    bool finished;
};

static void publish(struct cn_engine *engine, const char *path, const char *temporary)
{
    const struct cn_normal_file file = {.config = engine->plan->config, .path = path};
    struct cn_error error;
    if (cn_sink_publish(&file, temporary, &error)) {
        cn_count(&engine->counters->files_failed, 1);
        cn_engine_abort(engine, &error);
        return;
    }
    cn_count(&engine->counters->files_written, 1);
}

/* Whether the queue is given up. */
static bool is_given_up(struct cn_engine *engine)
{
    uint64_t since = cn_engine_stop_requested_ns(engine);
    return since && cn_now_ns() - since > PATIENCE_NS;
}

static void *publisher_main(void *argument)
{
    struct cn_engine *engine = argument;
    struct cn_publisher *publisher = engine->publisher;
    cn_thread_unbind();
    pthread_mutex_lock(&publisher->lock);
    for (;;) {
        struct item *item = publisher->first;
        if (!item && publisher->finished)
            break;
        if (!item) {
            pthread_cond_wait(&publisher->more, &publisher->lock);
            continue;
        }
        publisher->first = item->next;
        if (!publisher->first)
            publisher->last = &publisher->first;
        bool given_up = is_given_up(engine);
        pthread_mutex_unlock(&publisher->lock);
        if (given_up) {
            unlink(item->temporary);
            cn_engine_is_running(engine); /* no task may be left to hear of the stop */
        } else {
            publish(engine, item->path, item->temporary);
        }
        free(item);
        pthread_mutex_lock(&publisher->lock);
    }
    pthread_mutex_unlock(&publisher->lock);
    return NULL;
}

enum cn_status cn_publisher_start(struct cn_engine *engine, struct cn_error *error)
{
    struct cn_publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher)
        return cn_fail_memory(error, "the publisher");
    publisher->last = &publisher->first;
    pthread_mutex_init(&publisher->lock, NULL);
    pthread_cond_init(&publisher->more, NULL);
    engine->publisher = publisher;
    while (
        publisher->thread_count < THREADS &&
        !pthread_create(&publisher->threads[publisher->thread_count], NULL, publisher_main, engine))
        publisher->thread_count++;
    return CN_OK; /* without any, tasks publish */
}

void cn_publisher_take(struct cn_engine *engine, const struct cn_normal_file *file,
                       const char *temporary)
{
    struct cn_publisher *publisher = engine->publisher;
    size_t length = strlen(temporary) + 1;
    struct item *item = publisher->thread_count ? malloc(sizeof *item + length) : NULL;
    if (!item) {
        publish(engine, file->path, temporary);
        return;
    }
    item->next = NULL;
    item->path = file->path;
    memcpy(item->temporary, temporary, length);
    pthread_mutex_lock(&publisher->lock);
    *publisher->last = item;
    publisher->last = &item->next;
    pthread_cond_signal(&publisher->more);
    pthread_mutex_unlock(&publisher->lock);
}

void cn_publisher_finish(struct cn_engine *engine)
{
    struct cn_publisher *publisher = engine->publisher;
    if (!publisher)
        return;
    pthread_mutex_lock(&publisher->lock);
    publisher->finished = true;
    pthread_cond_broadcast(&publisher->more);
    while (publisher->thread_count && publisher->first) { /* hears a request before they do */
        pthread_mutex_unlock(&publisher->lock);
        cn_engine_stop_requested_ns(engine);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        pthread_mutex_lock(&publisher->lock);
    }
    pthread_mutex_unlock(&publisher->lock);
    for (int t = 0; t < publisher->thread_count; t++)
        pthread_join(publisher->threads[t], NULL);
    pthread_mutex_destroy(&publisher->lock);
    pthread_cond_destroy(&publisher->more);
    free(publisher);
    engine->publisher = NULL;
}
