/*
 * Clocks for durations.
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

/* Returns: nanoseconds of CPU time that the calling thread has taken. */
static inline uint64_t cn_thread_cpu_ns(void)
{
    struct timespec busy;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &busy);
    return (uint64_t)busy.tv_sec * 1000000000u + (uint64_t)busy.tv_nsec;
}

/* Returns: the same in seconds. */
static inline double cn_thread_cpu_s(void)
{
    return (double)cn_thread_cpu_ns() * 1e-9;
}

/* Returns: a time that passes only while the calling thread waits: for a disk, or for a processor.
 */
static inline uint64_t cn_idle_ns(void)
{
    return cn_now_ns() - cn_thread_cpu_ns();
}

/* Returns: how much of it has passed since it was `then`. The two clocks are not read at once. */
static inline uint64_t cn_idle_since(uint64_t then)
{
    uint64_t now = cn_idle_ns();
    return now > then ? now - then : 0;
}

#endif
