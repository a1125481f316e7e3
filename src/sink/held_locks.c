/*
 * The list of locks that this process holds, and what becomes of them in a child.
 */
#include "sink/held_locks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A lock that this process holds: there is one for each job. */
struct held {
    int lock;
    char *path; /* of a shard's lock file, which is removed at the end; NULL: it stays */
    struct held *next;
};

static struct held *all_held; /* guarded by the mutex */
static pthread_mutex_t held_mutex = PTHREAD_MUTEX_INITIALIZER;

static void before_fork(void)
{
    pthread_mutex_lock(&held_mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&held_mutex);
}

/* A worker process that outlives a killed run, waiting for a dead disk, must not keep its lock. */
static void close_in_child(void)
{
    while (all_held) {
        struct held *first = all_held;
        all_held = first->next;
        close(first->lock);
        free(first->path);
        free(first);
    }
    pthread_mutex_unlock(&held_mutex);
}

bool cn_lock_hold(int lock, const char *path)
{
    struct held *added = malloc(sizeof *added);
    char *copy = path ? strdup(path) : NULL;
    bool is_added = added && (copy || !path);
    if (is_added) {
        static bool is_prepared; /* guarded by the mutex */
        pthread_mutex_lock(&held_mutex);
        is_added = is_prepared || pthread_atfork(before_fork, after_fork, close_in_child) == 0;
        if (is_added) {
            *added = (struct held){lock, copy, all_held};
            all_held = added;
            is_prepared = true;
        }
        pthread_mutex_unlock(&held_mutex);
    }
    if (!is_added) {
        free(copy);
        free(added);
    }
    return is_added;
}

void cn_lock_release(int lock, bool keeps_text)
{
    pthread_mutex_lock(&held_mutex);
    struct held **at = &all_held;
    while (*at && (*at)->lock != lock)
        at = &(*at)->next;
    struct held *found = *at;
    if (found) {
        if (!keeps_text)
            (void)!(found->path ? unlink(found->path) : ftruncate(lock, 0));
        close(lock);
        *at = found->next;
        free(found->path);
        free(found);
    }
    pthread_mutex_unlock(&held_mutex);
}
