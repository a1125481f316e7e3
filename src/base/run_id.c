/*
 * A process number and the time when it was asked first: no process has both again.
 */
#include "base/run_id.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static char id[33];

static void make_id(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(id, sizeof id, "%lx%09lx%08lx", (unsigned long)getpid() & 0xffffffff,
             (unsigned long)now.tv_sec & 0xfffffffff, (unsigned long)now.tv_nsec);
}

const char *cn_run_id(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_id);
    return id;
}
