/*
 * Errors: a function that can fail returns a status, and fills one error object with a sentence for
 * people. Problems: a list of such sentences, for work that goes on in spite of them. Only the
 * command line prints them or exits.
 */
#ifndef CLIMNORM_ERROR_H
#define CLIMNORM_ERROR_H

#include "climnorm/api.h"

#include <stdbool.h>
#include <stddef.h>

enum cn_status {
    CN_OK = 0,
    CN_BAD_USAGE,   /* wrong command line or config; nothing was started */
    CN_BAD_INPUT,   /* a file or a variable cannot be used; the rest can */
    CN_BAD_MACHINE, /* no memory, no disk space, an I/O error: the run cannot go on */
    CN_STOPPED,     /* a signal, or the caller, asked to stop */
};

struct cn_error {
    enum cn_status status;
    char text[1024]; /* one line: where, what was expected, what to do; only printable UTF-8 */
};

enum cn_severity {
    CN_DETAIL, /* one of the files that the problem before it is of: for a log */
    CN_WARNING,
    CN_PROBLEM
};

struct cn_problem {
    enum cn_severity severity;
    char *text; /* one line of printable UTF-8, from malloc */
};

/* Not thread-safe; zero-initialise. */
struct cn_problems {
    struct cn_problem *items;
    size_t count;
    bool lost; /* out of memory: at least one problem is not in the list */
};

/* Returns: how many have this severity; `lost` counts as one CN_PROBLEM. */
CN_API size_t cn_problems_count(const struct cn_problems *problems, enum cn_severity severity);

/* Frees the list, which is then empty. */
CN_API void cn_problems_free(struct cn_problems *problems);

#endif
