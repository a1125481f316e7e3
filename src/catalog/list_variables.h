/*
 * The data variables of files of which nobody knows what they hold.
 */
#ifndef CLIMNORM_CATALOG_LIST_VARIABLES_H
#define CLIMNORM_CATALOG_LIST_VARIABLES_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "climnorm/resources.h"

/* What a file holds. */
struct cn_held_variables {
    const char *path;  /* given */
    const char *names; /* of the variables with time, latitude and longitude, a slash between two */
    const char *failure; /* NULL, or why the file cannot be read */
};

/* Looks into files[count], in worker processes.
 * Errors: CN_STOPPED. CN_BAD_MACHINE. Owns: the pool. */
enum cn_status cn_variables_list(struct cn_pool *pool, struct cn_held_variables *files,
                                 size_t count, const struct cn_resources *resources,
                                 struct cn_error *error);

#endif
