/*
 * Makes errors and problems.
 */
#ifndef CLIMNORM_BASE_ERROR_H
#define CLIMNORM_BASE_ERROR_H

#include "climnorm/error.h"

/* Fills *error, unless it is NULL. The text may hold names from files: characters that are not
 * printable UTF-8 become '?'.
 * Returns: status, so that callers can write `return cn_fail(...)`. */
enum cn_status cn_fail(struct cn_error *error, enum cn_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* cn_fail for an allocation that failed. `what` says what the memory was for.
 * Returns: CN_BAD_MACHINE. */
static inline enum cn_status cn_fail_memory(struct cn_error *error, const char *what)
{
    cn_fail(error, CN_BAD_MACHINE,
            "out of memory (%s); free some, or lower engine.memory or --threads, and run again",
            what);
    return CN_BAD_MACHINE;
}

/* Adds a problem; its text becomes printable as in cn_fail. Errors: problems->lost. */
void cn_problems_add(struct cn_problems *problems, enum cn_severity severity, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/* Returns: what stands before the text of such a problem. */
static inline const char *cn_severity_mark(enum cn_severity severity)
{
    return severity == CN_PROBLEM ? "! " : severity == CN_WARNING ? "warning: " : "- ";
}

#endif
