/*
 * A claim is a lock of one byte of `.climnorm.passes` in the output root: the byte whose address is
 * the number. So one descriptor holds any number of claims. The kernel drops them with the process.
 *
 * Whoever ends removes the file, if it can lock all of it: then nobody has a claim. A process that
 * has opened the file meanwhile sees that it lost its name, and opens the next one.
 */
#include "sink/claims.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100 }; /* others may remove the file again and again */

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

/* Closes the file of these claims. */
static void give_up(struct claims *claims)
{
    struct claims **at = &all_claims;
    while (*at != claims)
        at = &(*at)->next;
    *at = claims->next;
    free_claims(claims);
}

/* The caller holds the mutex. flags: O_CREAT or 0. NULL: there can be none. */
static struct claims *open_claims(const char *path, int flags)
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
    added->file = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0666);
    added->next = all_claims;
    if (added->file < 0) {
        free(added);
        return NULL;
    }
    all_claims = added;
    return added;
}

/* Whether the open file still has its name. */
static bool is_named(const struct claims *claims)
{
    struct stat opened, named;
    return fstat(claims->file, &opened) == 0 && lstat(claims->path, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static bool make_path(const char *output_root, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/.climnorm.passes", output_root) < PATH_MAX;
}

bool cn_claim(const char *output_root, uint64_t number)
{
    char path[PATH_MAX];
    bool is_claimed = false, is_lost = true;
    if (!make_path(output_root, path))
        return false;
    pthread_mutex_lock(&claims_mutex);
    for (int tries = 0; tries < TRIES && is_lost; tries++) {
        struct flock byte = {.l_type = F_WRLCK,
                             .l_whence = SEEK_SET,
                             .l_start = (off_t)(number & INT64_MAX >> 1),
                             .l_len = 1};
        struct claims *claims = open_claims(path, O_CREAT);
        is_claimed = claims && fcntl(claims->file, F_OFD_SETLK, &byte) == 0;
        is_lost = claims && !is_named(claims);
        if (is_lost)
            give_up(claims);
    }
    pthread_mutex_unlock(&claims_mutex);
    return is_claimed && !is_lost;
}

void cn_claims_release(const char *output_root)
{
    char path[PATH_MAX];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (!make_path(output_root, path))
        return;
    pthread_mutex_lock(&claims_mutex);
    struct claims *found = open_claims(path, 0);
    if (found) {
        if (fcntl(found->file, F_OFD_SETLK, &whole) == 0 && is_named(found))
            unlink(path);
        give_up(found);
    }
    pthread_mutex_unlock(&claims_mutex);
}
