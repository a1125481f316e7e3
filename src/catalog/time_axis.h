/*
 * The time coordinate of a file: instants become days.
 */
#ifndef CLIMNORM_CATALOG_TIME_AXIS_H
#define CLIMNORM_CATALOG_TIME_AXIS_H

#include "catalog/axes.h"

/* Fills calendar, time_count, days, several_a_day and end_stamped of *file. CN_BAD_INPUT: the
 * instants are not the increasing instants of daily or finer data. The caller holds the HDF5 lock.
 */
enum cn_status cn_time_axis_read(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                 struct cn_file *file, struct cn_error *error);

/* Whether calendar and days, which another process found, are what the above may find: the rest of
 * the program relies on it. */
bool cn_time_axis_is_valid(const struct cn_file *file);

#endif
