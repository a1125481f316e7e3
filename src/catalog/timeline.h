/*
 * From the files of one variable to its source years and timelines.
 */
#ifndef CLIMNORM_CATALOG_TIMELINE_H
#define CLIMNORM_CATALOG_TIMELINE_H

#include "climnorm/catalog.h"

/* The experiments that take part: the historical one first, then the scenarios. */
struct cn_experiments {
    const char *const *names;
    size_t count;
    bool asked; /* the config names the scenarios */
};

/* Whether a file of the experiment that was excluded, and reported, claims the year by its name. */
bool cn_year_reported(const struct cn_file *files, size_t count, const char *experiment, int year);

/* Cuts the usable files into source years and orders these along timelines. Sets variable->failure
 * when two files hold the same day.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: all lives in the pool. */
enum cn_status cn_timelines_build(struct cn_pool *pool, const struct cn_config *config,
                                  const struct cn_experiments *experiments,
                                  struct cn_variable *variable, const struct cn_file *files,
                                  size_t count, struct cn_error *error);

#endif
