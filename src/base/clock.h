/*
 * A clock for durations.
 */
#ifndef CLIMNORM_BASE_CLOCK_H
#define CLIMNORM_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns: nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t cn_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif
