/*
 * Time for durations, and the date that files are stamped with.
 */
#ifndef CLIMNORM_BASE_CLOCK_H
#define CLIMNORM_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline uint64_t cn_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

enum { CN_DATE_BYTES = 32 };

/* Writes "2026-11-24T08:00:00Z": now, or the second that the environment gives in SOURCE_DATE_EPOCH
 * so that files can be made again byte by byte (reproducible-builds.org). A value that is no number
 * of seconds in the years 1970 to 9999 does not count.
 * Returns: text. */
const char *cn_creation_date(char text[CN_DATE_BYTES]);

#endif
