/*
 * Problems that many files share: one line for each kind of problem, with the years that it costs.
 * Two problems are of one kind if their reasons differ in the file's path and in numbers alone.
 */
#ifndef CLIMNORM_BASE_FILE_PROBLEMS_H
#define CLIMNORM_BASE_FILE_PROBLEMS_H

#include "climnorm/error.h"

/* Why a file, or some years of it, are left out, and the years that it would have given. */
struct cn_file_problem {
    const char *experiment;
    const char *path;          /* of the file */
    const char *reason;        /* "PATH: what is wrong; what to do" */
    int first_year, last_year; /* last < first: they are not known */
    size_t position; /* in the file; of two problems of the same years the first one counts */
    bool is_listed;  /* a list has it already */
};

/* Returns: whether both problems are of one kind and of one experiment. */
bool cn_is_same_kind(const struct cn_file_problem *a, const struct cn_file_problem *b);

/* Adds a line for each kind among those that are not listed yet, in their order: "VARIABLE
 * EXPERIMENT 1951-1953, 1960: 4 files are left out, such as REASON"; then, as details, a line for
 * each file of such a kind. Items of one file follow each other. All are listed then. Errors:
 * problems->lost. */
void cn_list_file_problems(struct cn_problems *problems, const char *variable,
                           struct cn_file_problem *items, size_t count);

#endif
