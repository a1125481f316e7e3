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
/* Bytes of a file that failed are never decoded: the distance is waited for no longer than this. */
enum { PAUSE_NS = 1000000, MOST_PAUSES = 100 };

struct cn_readahead {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    const struct cn_read **reads; /* [room] opened, in order */
    size_t count, room;
    atomic_bool finished;
};

static void wait_for_decodes(const struct cn_job *job, uint64_t advised)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    const uint64_t most = AHEAD_BYTES + (uint64_t)job->threads * AHEAD_BYTES_PER_THREAD;
    for (int k = 0; k < MOST_PAUSES && !atomic_load(&job->readahead->finished); k++) {
        if (advised < cn_bytes_read(job->counters) + most)
            return;
        nanosleep(&pause, NULL);
    }
}

static uint64_t advise_file(struct cn_job *job, const struct cn_read *read, uint64_t advised)
{
    /* O_NONBLOCK: what became a FIFO meanwhile is not waited for. */
    int file = open(read->file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return advised;
    for (size_t unit = 0; unit < read->unit_count && !atomic_load(&job->readahead->finished);
         unit++) {
        wait_for_decodes(job, advised);
        advised += cn_read_advise(read, file, unit);
    }
    close(file);
    return advised;
}

static void *readahead_main(void *argument)
{
    struct cn_job *job = argument;
    struct cn_readahead *readahead = job->readahead;
    uint64_t advised = 0;
    cn_thread_unbind();
    pthread_mutex_lock(&readahead->lock);
    for (size_t next = 0; !atomic_load(&readahead->finished);) {
        if (next == readahead->count) {
            pthread_cond_wait(&readahead->more, &readahead->lock);
            continue;
        }
        const struct cn_read *read = readahead->reads[next++];
        pthread_mutex_unlock(&readahead->lock);
        advised = advise_file(job, read, advised);
        pthread_mutex_lock(&readahead->lock);
    }
    pthread_mutex_unlock(&readahead->lock);
    return NULL;
}

enum cn_status cn_readahead_start(struct cn_job *job, struct cn_error *error)
{
    struct cn_readahead *readahead = calloc(1, sizeof *readahead);
    size_t room = 0;
    for (size_t l = 0; l < job->variable->load_count; l++)
        room += job->loads[l].read_count;
    const struct cn_read **reads = calloc(room + 1, sizeof *reads);
    if (!readahead || !reads) {
        free(readahead);
        free(reads);
        return cn_fail_memory(error, "reading ahead");
    }
    readahead->reads = reads;
    readahead->room = room;
    pthread_mutex_init(&readahead->lock, NULL);
    pthread_cond_init(&readahead->more, NULL);
    job->readahead = readahead;
    if (pthread_create(&readahead->thread, NULL, readahead_main, job))
        readahead->room = 0; /* it goes without */
    return CN_OK;
}

void cn_readahead_take(struct cn_job *job, const struct cn_read *read)
{
    struct cn_readahead *readahead = job->readahead;
    pthread_mutex_lock(&readahead->lock);
    if (readahead->count < readahead->room)
        readahead->reads[readahead->count++] = read;
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
    if (readahead->room)
        pthread_join(readahead->thread, NULL);
    pthread_mutex_destroy(&readahead->lock);
    pthread_cond_destroy(&readahead->more);
    free(readahead->reads);
    free(readahead);
    job->readahead = NULL;
}
