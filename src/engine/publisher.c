/*
 * The publisher: a queue of temporaries and threads that sync and rename them. A queued file is on
 * disk already and needs hardly any memory. So the queue has no bound, and no task waits for the
 * disk to sync files. A thread takes several files of a folder at once where several wait, and
 * syncs the folder once for all of them.
 */
#include "engine/publisher.h"

#include "engine/report.h"
#include "sink/temporary.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    THREADS = 8,
    MOST_FILES = 32, /* that a thread takes at once: files that wait for others count late */
    PAUSE_NS = 50000000
};
static const uint64_t GRACE_NS = 3000000000; /* from a request to stop until the queue is dropped */

struct queued_file {
    struct cn_queue_item item;
    const char *path;
    size_t normals;
    bool is_renamed; /* and not counted yet */
    char temporary[];
};

static void fail_normals(struct cn_engine *engine, uint64_t normals, const struct cn_error *error)
{
    cn_count(engine->counters, CN_NORMALS_FAILED, normals);
    cn_engine_abort(engine, error);
}

static bool rename_file(struct cn_engine *engine, const char *path, const char *temporary,
                        size_t normals)
{
    struct cn_error error;
    if (cn_temporary_publish(path, temporary, &error) == CN_OK)
        return true;
    fail_normals(engine, normals, &error);
    return false;
}

/* Only now the files last, so only now their normals are counted. */
static void sync_folder(struct cn_engine *engine, const char *temporary, uint64_t normals)
{
    struct cn_error error;
    if (cn_temporary_sync_folder(temporary, &error) == CN_OK)
        cn_count(engine->counters, CN_NORMALS_WRITTEN, normals);
    else
        fail_normals(engine, normals, &error);
}

/* Whether queued files are removed instead. */
static bool is_queue_dropped(struct cn_engine *engine)
{
    uint64_t since = cn_engine_stop_requested_ns(engine);
    return since && cn_now_ns() - since > GRACE_NS;
}

static void handle_file(struct cn_engine *engine, struct queued_file *file)
{
    if (is_queue_dropped(engine)) {
        cn_temporary_give_up(file->temporary);
        cn_engine_is_running(engine); /* stops the engine: no task may be left to do so */
    } else {
        file->is_renamed = rename_file(engine, file->path, file->temporary, file->normals);
    }
}

static struct queued_file *next_file(const struct queued_file *file)
{
    return (struct queued_file *)file->item.next;
}

static size_t folder_length(const char *path)
{
    return (size_t)(strrchr(path, '/') - path);
}

/* How many normals the renamed files of the list hold that are in the folder of its first one. They
 * count once. */
static uint64_t take_folder(struct queued_file *first)
{
    const size_t length = folder_length(first->temporary);
    uint64_t count = 0;
    for (struct queued_file *file = first; file; file = next_file(file))
        if (file->is_renamed && folder_length(file->temporary) == length &&
            strncmp(file->temporary, first->temporary, length) == 0) {
            file->is_renamed = false;
            count += file->normals;
        }
    return count;
}

static void handle_files(void *context, struct cn_queue_item *items)
{
    struct cn_engine *engine = context;
    struct queued_file *first = (struct queued_file *)items;
    for (struct queued_file *file = first; file; file = next_file(file))
        handle_file(engine, file);
    for (struct queued_file *file = first, *next; file; file = next) {
        if (file->is_renamed)
            sync_folder(engine, file->temporary, take_folder(file));
        next = next_file(file);
        free(file);
    }
}

void cn_publisher_start(struct cn_engine *engine)
{
    cn_queue_start(&engine->publisher, THREADS, MOST_FILES, handle_files, engine);
}

void cn_publisher_add(struct cn_engine *engine, const char *path, const char *temporary,
                      size_t normals)
{
    size_t length = strlen(temporary) + 1;
    struct queued_file *file =
        engine->publisher.thread_count ? malloc(sizeof *file + length) : NULL;
    if (!file) {
        if (rename_file(engine, path, temporary, normals))
            sync_folder(engine, temporary, normals);
        return;
    }
    /* Two folders of one hash come in one list, which costs a sync and no more. */
    file->item.group = XXH3_64bits(temporary, folder_length(temporary));
    file->path = path;
    file->normals = normals;
    file->is_renamed = false;
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
