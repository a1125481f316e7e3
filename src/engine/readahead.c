/*
 * Reading ahead: a thread tells the kernel which bytes the next decodes will read, so that a cold
 * disk works while they inflate. It reads nothing itself and only ever waits: for files to be
 * opened, for the disk's queue, and for the decodes to come near.
 */
#include "base/threads.h"
#include "engine/job.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* How far ahead of the decodes: some chunks for each of them, for disks that are slow to answer. */
static const uint64_t AHEAD_BYTES = 64 << 20, AHEAD_BYTES_PER_THREAD = 32 << 20;
enum { PAUSE_NS = 10000000 }; /* decodes take longer for AHEAD_BYTES, however many they are */

/* An opened file, and how much of it was announced. */
struct item {
    const struct cn_read *read;
    const atomic_size_t *units_done; /* by decodes, also when they did nothing */
    size_t next;                     /* unit: those before it were announced, or done before */
    uint64_t announced, bytes;       /* units; in all */
};

struct cn_readahead {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct item *items; /* [room] in the order of opening */
    size_t count, room;
    size_t first; /* that is not decoded yet, as far as the thread knows */
    atomic_bool finished;
};

/* About how many bytes of items first … last were announced and are not decoded yet. */
static uint64_t lead(struct cn_readahead *readahead, size_t last)
{
    uint64_t bytes = 0;
    for (size_t k = readahead->first; k <= last; k++) {
        const struct item *item = &readahead->items[k];
        size_t done = atomic_load_explicit(item->units_done, memory_order_relaxed);
        if (done < item->next)
            bytes += item->bytes / item->announced * (item->next - done);
        else if (k == readahead->first && k < last)
            readahead->first++;
    }
    return bytes;
}

static void announce(struct cn_job *job, size_t index)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const uint64_t most = AHEAD_BYTES + (uint64_t)job->threads * AHEAD_BYTES_PER_THREAD;
    struct cn_readahead *readahead = job->readahead;
    struct item *item = &readahead->items[index];
    /* O_NONBLOCK: what became a FIFO meanwhile is not waited for. */
    int file = open(item->read->file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    while (file >= 0 && item->next < item->read->unit_count && !atomic_load(&readahead->finished)) {
        if (lead(readahead, index) >= most) {
            nanosleep(&pause, NULL);
            continue;
        }
        if (item->next >= atomic_load_explicit(item->units_done, memory_order_relaxed)) {
            item->bytes += cn_read_advise(item->read, file, item->next);
            item->announced++;
        }
        item->next++;
    }
    if (file >= 0)
        close(file);
}

static void *readahead_main(void *argument)
{
    struct cn_job *job = argument;
    struct cn_readahead *readahead = job->readahead;
    cn_thread_unbind();
    pthread_mutex_lock(&readahead->lock);
    for (size_t next = 0; !atomic_load(&readahead->finished);) {
        if (next == readahead->count) {
            pthread_cond_wait(&readahead->more, &readahead->lock);
            continue;
        }
        pthread_mutex_unlock(&readahead->lock);
        announce(job, next++);
        pthread_mutex_lock(&readahead->lock);
    }
    pthread_mutex_unlock(&readahead->lock);
    return NULL;
}

enum cn_status cn_readahead_start(struct cn_job *job, struct cn_error *error)
{
    struct cn_readahead *readahead = calloc(1, sizeof *readahead);
    if (!readahead)
        return cn_fail_memory(error, "reading ahead");
    for (size_t l = 0; l < job->variable->load_count; l++)
        readahead->room += job->loads[l].read_count;
    readahead->items = calloc(readahead->room + 1, sizeof *readahead->items);
    if (!readahead->items) {
        free(readahead);
        return cn_fail_memory(error, "reading ahead");
    }
    pthread_mutex_init(&readahead->lock, NULL);
    pthread_cond_init(&readahead->more, NULL);
    job->readahead = readahead;
    readahead->started = !pthread_create(&readahead->thread, NULL, readahead_main, job);
    return CN_OK; /* without the thread it is only slower */
}

void cn_readahead_take(struct cn_job *job, const struct cn_read *read,
                       const atomic_size_t *units_done)
{
    struct cn_readahead *readahead = job->readahead;
    pthread_mutex_lock(&readahead->lock);
    if (readahead->count < readahead->room)
        readahead->items[readahead->count++] =
            (struct item){.read = read, .units_done = units_done};
    pthread_cond_signal(&readahead->more);
    pthread_mutex_unlock(&readahead->lock);
}

void cn_readahead_finish(struct cn_job *job)
{
    struct cn_readahead *readahead = job->readahead;
    if (!readahead)
        return;
    pthread_mutex_lock(&readahead->lock);
    atomic_store(&readahead->finished, true);
    pthread_cond_signal(&readahead->more);
    pthread_mutex_unlock(&readahead->lock);
    if (readahead->started)
        pthread_join(readahead->thread, NULL);
    pthread_mutex_destroy(&readahead->lock);
    pthread_cond_destroy(&readahead->more);
    free(readahead->items);
    free(readahead);
    job->readahead = NULL;
}
