/*
 * The time coordinate of a file: instants become days. A few bytes of a file can claim millions of
 * instants, so one time axis is bounded, and all of a catalog together are.
 */
#ifndef CLIMNORM_CATALOG_TIME_AXIS_H
#define CLIMNORM_CATALOG_TIME_AXIS_H

#include "catalog/axes.h"

/* Fills time_units, calendar, time_count, days, end_stamped and ends_at_midnight of *file. The
 * caller holds the HDF5 lock.
 * Errors: CN_BAD_INPUT: the instants are not the increasing instants of daily or finer data, or are
 * too many. CN_BAD_MACHINE: out of memory, or no UDUNITS database. Owns: all is in nc->pool. */
enum cn_status cn_time_axis_read(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                 enum cn_stamps stamps, struct cn_file *file,
                                 struct cn_error *error);

/* Of a file that ends_at_midnight: every 00:00 counts as 24:00 of the day before. */
void cn_time_axis_move_midnights(struct cn_file *file);

/* The rest of the program relies on calendar and days, which another process found.
 * Returns: whether cn_time_axis_read may have found them. */
bool cn_time_axis_is_valid(const struct cn_file *file);

/* Returns: the date of instant i of a usable file as the number YYYYMMDD, which orders dates of
 * every calendar. */
int cn_time_axis_date(const struct cn_file *file, size_t i);

/* The time axes of files[count]. */
struct cn_time_axes {
    struct cn_file *files;
    size_t count;
    uint64_t bytes, limit; /* of all days in memory; the bound on them */
};

/* Counts the time axis of files[index], which is usable. Where all together exceed the limit, the
 * files with the longest axes are made unusable, with a failure, and their days are freed; of equal
 * ones the last first. So the files that remain do not depend on the order of the calls.
 * Errors: CN_BAD_MACHINE: out of memory. Owns: failures live in the pool. */
enum cn_status cn_time_axes_add(struct cn_time_axes *axes, struct cn_pool *pool, size_t index,
                                struct cn_error *error);

/* Frees the days of files. */
void cn_files_free(struct cn_file *files, size_t count);

#endif
