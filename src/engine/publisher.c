/*
 * The publisher: a queue of temporaries and threads that sync and rename them. A queued file is on
 * disk already and needs hardly any memory. So the queue has no bound, and no task waits for the
 * disk to sync.
 */
#include "engine/publisher.h"

#include "base/threads.h"
#include "sink/temporary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, PAUSE_NS = 50000000 };
static const uint64_t GRACE_NS = 3000000000; /* from a request to stop until the queue is dropped */

struct queued_file {
    struct queued_file *next;
    const char *path;
    char temporary[];
};

struct cn_publisher {
    pthread_t threads[THREADS];
    int thread_count;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct queued_file *first, **last;
    bool finished;
};

static void publish_file(struct cn_engine *engine, const char *path, const char *temporary)
{
    struct cn_error error;
    if (cn_temporary_publish(path, temporary, &error)) {
        cn_count(&engine->counters->files_failed, 1);
        cn_engine_abort(engine, &error);
        return;
    }
    cn_count(&engine->counters->files_written, 1);
}

/* Whether queued files are removed instead. */
static bool is_queue_dropped(struct cn_engine *engine)
{
    uint64_t since = cn_engine_stop_requested_ns(engine);
    return since && cn_now_ns() - since > GRACE_NS;
}

static void *publisher_main(void *argument)
{
    struct cn_engine *engine = argument;
    struct cn_publisher *publisher = engine->publisher;
    cn_thread_unbind();
    pthread_mutex_lock(&publisher->lock);
    for (;;) {
        struct queued_file *item = publisher->first;
        if (!item && publisher->finished)
            break;
        if (!item) {
            pthread_cond_wait(&publisher->more, &publisher->lock);
            continue;
        }
        publisher->first = item->next;
        if (!publisher->first)
            publisher->last = &publisher->first;
        bool is_dropped = is_queue_dropped(engine);
        pthread_mutex_unlock(&publisher->lock);
        if (is_dropped) {
            unlink(item->temporary);
            cn_engine_is_running(engine); /* stops the engine: no task may be left to do so */
        } else {
            publish_file(engine, item->path, item->temporary);
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
    return CN_OK; /* without threads, tasks publish */
}

void cn_publisher_add(struct cn_engine *engine, const char *path, const char *temporary)
{
    struct cn_publisher *publisher = engine->publisher;
    size_t length = strlen(temporary) + 1;
    struct queued_file *item = publisher->thread_count ? malloc(sizeof *item + length) : NULL;
    if (!item) {
        publish_file(engine, path, temporary);
        return;
    }
    item->next = NULL;
    item->path = path;
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
    while (publisher->thread_count &&
           publisher->first) { /* sees a request to stop before they do */
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
