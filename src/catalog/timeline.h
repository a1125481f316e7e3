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
    bool asked; /* the scenarios were asked for by name */
};

/* Leaves out the files whose grid or units differ from those of most, and settles calendar, grid
 * and units of the variable. Sets variable->failure when nothing is left or when the calendars are
 * of two families. */
enum cn_status cn_check_consistency(struct cn_pool *pool, struct cn_variable *variable,
                                    struct cn_file *files, size_t count, struct cn_error *error);

/* Reports a file as left out, with the source years that go with it. */
void cn_exclude_file(struct cn_variable *variable, struct cn_file *file, const char *reason);

/* Whether a file of the experiment that was left out, and reported, claims the year by its name. */
bool cn_year_reported(const struct cn_file *files, size_t count, const char *experiment, int year);

/* Cuts the usable files into source years and lays these along timelines. Sets variable->failure
 * when two files hold one day. */
enum cn_status cn_timelines_build(struct cn_pool *pool, const struct cn_config *config,
                                  const struct cn_experiments *experiments,
                                  struct cn_variable *variable, const struct cn_file *files,
                                  size_t count, struct cn_error *error);

/* Warns of source years that are short of days or absent, mixed versions, and end stamps. */
enum cn_status cn_timelines_warn(const struct cn_config *config, struct cn_variable *variable,
                                 const struct cn_file *files, size_t count, struct cn_error *error);

#endif
