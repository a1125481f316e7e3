/*
 * Whether the files of one variable can lie on one timeline.
 */
#ifndef CLIMNORM_CATALOG_CONSISTENCY_H
#define CLIMNORM_CATALOG_CONSISTENCY_H

#include "climnorm/catalog.h"

/* The experiments that take part: the historical one first, then the scenarios. */
struct cn_experiments {
    const char *const *names;
    size_t count;
    bool asked;       /* the config names the scenarios */
    const char *held; /* scenarios of the tree, for people: "ssp245, ssp370"; "": none */
};

/* A variable and all its files, usable or not. */
struct cn_variable_files {
    struct cn_pool *pool;
    const struct cn_config *config;
    const struct cn_experiments *experiments;
    struct cn_variable *variable;
    struct cn_file *files;
    size_t count;
};

/* Excludes the files whose grid or units differ from those of most, and sets calendar, grid and
 * units of the variable. Sets its failure when no file is left, or when calendars of two families
 * are mixed.
 * Errors: CN_BAD_MACHINE: out of memory, or UDUNITS fails. Owns: texts live in the pool. */
enum cn_status cn_check_consistency(const struct cn_variable_files *in, struct cn_error *error);

/* Lists the files that are not usable among the variable's problems, one line for each kind.
 * Errors: CN_BAD_MACHINE: out of memory. */
enum cn_status cn_list_unusable(const struct cn_variable_files *in, struct cn_error *error);

#endif
