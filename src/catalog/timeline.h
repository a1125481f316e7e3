/*
 * From the files of one variable to its source years and timelines.
 */
#ifndef CLIMNORM_CATALOG_TIMELINE_H
#define CLIMNORM_CATALOG_TIMELINE_H

#include "catalog/consistency.h"

/* Returns: whether a file, or a part of it, belongs to the timeline of a scenario; NULL: of the
 * historical experiment alone. */
bool cn_is_of_timeline(const struct cn_variable_files *in, const struct cn_file *file,
                       const char *scenario);

/* Returns: whether a file of that timeline which was excluded, and reported, claims the year by its
 * name. The names of datasets only seem to: they claim no year of which all days are there. */
bool cn_year_reported(const struct cn_variable_files *in, const char *scenario, int year,
                      bool is_complete);

/* Cuts the usable files into source years and orders these along timelines. Sets the variable's
 * failure when two files hold the same day.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: all lives in the pool. */
enum cn_status cn_timelines_build(const struct cn_variable_files *in, struct cn_error *error);

#endif
