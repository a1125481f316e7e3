/*
 * A claim is a lock of one byte of `.climnorm.passes` in the output root: the byte whose address is
 * the number. So one descriptor holds any number of claims. The kernel drops them with the process.
 */
#include "sink/claims.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An output root in which this process has claims. */
struct claims {
    int file;
    struct claims *next;
    char path[]; /* of the file */
};

static struct claims *all_claims; /* guarded by the mutex */
static pthread_mutex_t claims_mutex = PTHREAD_MUTEX_INITIALIZER;

static void free_claims(struct claims *claims)
{
    close(claims->file);
    free(claims);
}

static void lock_claims(void)
{
    pthread_mutex_lock(&claims_mutex);
}

static void unlock_claims(void)
{
    pthread_mutex_unlock(&claims_mutex);
}

/* A worker process that outlives a killed run must not keep its claims. */
static void drop_in_child(void)
{
    while (all_claims) {
        struct claims *first = all_claims;
        all_claims = first->next;
        free_claims(first);
    }
    pthread_mutex_unlock(&claims_mutex);
}

/* NULL: there are none. */
static struct claims *find_claims(const char *path)
{
    struct claims *claims = all_claims;
    while (claims && strcmp(claims->path, path) != 0)
        claims = claims->next;
    return claims;
}

/* The caller holds the mutex. NULL: there can be none. */
static struct claims *open_claims(const char *path)
{
    static bool is_prepared;
    struct claims *found = find_claims(path);
    if (found)
        return found;
    if (!is_prepared && pthread_atfork(lock_claims, unlock_claims, drop_in_child))
        return NULL;
    is_prepared = true;
    const size_t bytes = strlen(path) + 1;
    struct claims *added = malloc(sizeof *added + bytes);
    if (!added)
        return NULL;
    memcpy(added->path, path, bytes);
    added->file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    added->next = all_claims;
    if (added->file < 0) {
        free(added);
        return NULL;
    }
    all_claims = added;
    return added;
}

static bool make_path(const char *output_root, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/.climnorm.passes", output_root) < PATH_MAX;
}

bool cn_claim(const char *output_root, uint64_t number)
{
    char path[PATH_MAX];
    struct flock byte = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = (off_t)(number & INT64_MAX >> 1),
                         .l_len = 1};
    if (!make_path(output_root, path))
        return false;
    pthread_mutex_lock(&claims_mutex);
    struct claims *claims = open_claims(path);
    bool is_claimed = claims && fcntl(claims->file, F_OFD_SETLK, &byte) == 0;
    pthread_mutex_unlock(&claims_mutex);
    return is_claimed;
}

void cn_claims_release(const char *output_root, bool is_alone)
{
    char path[PATH_MAX];
    if (!make_path(output_root, path))
        return;
    pthread_mutex_lock(&claims_mutex);
    struct claims **at = &all_claims, *found = find_claims(path);
    if (found) {
        if (is_alone)
            unlink(path);
        while (*at != found)
            at = &(*at)->next;
        *at = found->next;
        free_claims(found);
    }
    pthread_mutex_unlock(&claims_mutex);
}
