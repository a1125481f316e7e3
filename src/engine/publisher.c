/*
 * The publisher: a queue of temporaries and threads that sync and rename them. A queued file is on
 * disk already and needs hardly any memory. So the queue has no bound, and no task waits for the
 * disk to sync.
 */
#include "engine/publisher.h"

#include "sink/temporary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, PAUSE_NS = 50000000 };
static const uint64_t GRACE_NS = 3000000000; /* from a request to stop until the queue is dropped */

struct queued_file {
    struct cn_queue_item item;
    const char *path;
    size_t normals;
    char temporary[];
};

static void publish_file(struct cn_engine *engine, const char *path, const char *temporary,
                         size_t normals)
{
    struct cn_error error;
    if (cn_temporary_publish(path, temporary, &error)) {
        cn_count(engine->counters, CN_NORMALS_FAILED, normals);
        cn_engine_abort(engine, &error);
        return;
    }
    cn_count(engine->counters, CN_NORMALS_WRITTEN, normals);
}

/* Whether queued files are removed instead. */
static bool is_queue_dropped(struct cn_engine *engine)
{
    uint64_t since = cn_engine_stop_requested_ns(engine);
    return since && cn_now_ns() - since > GRACE_NS;
}

static void handle_file(void *context, struct cn_queue_item *item)
{
    struct cn_engine *engine = context;
    struct queued_file *file = (struct queued_file *)item;
    if (is_queue_dropped(engine)) {
        unlink(file->temporary);
        cn_engine_is_running(engine); /* stops the engine: no task may be left to do so */
    } else {
        publish_file(engine, file->path, file->temporary, file->normals);
    }
    free(file);
}

void cn_publisher_start(struct cn_engine *engine)
{
    cn_queue_start(&engine->publisher, THREADS, handle_file, engine);
}

void cn_publisher_add(struct cn_engine *engine, const char *path, const char *temporary,
                      size_t normals)
{
    size_t length = strlen(temporary) + 1;
    struct queued_file *file =
        engine->publisher.thread_count ? malloc(sizeof *file + length) : NULL;
    if (!file) {
        publish_file(engine, path, temporary, normals);
        return;
    }
    file->path = path;
    file->normals = normals;
    memcpy(file->temporary, temporary, length);
    cn_queue_add(&engine->publisher, &file->item);
}

void cn_publisher_finish(struct cn_engine *engine)
{
    /* Sees a request to stop before the threads do, which wait for the disk. */
    while (engine->publisher.thread_count && !cn_queue_is_empty(&engine->publisher)) {
        cn_engine_stop_requested_ns(engine);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    cn_queue_finish(&engine->publisher);
}
