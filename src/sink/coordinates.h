/*
 * The coordinates of an output file: day slots and their times.
 */
#ifndef CLIMNORM_SINK_COORDINATES_H
#define CLIMNORM_SINK_COORDINATES_H

#include "sink/layouts/layout.h"

/* Adds dayofyear, which is a coordinate or auxiliary, as output.axis says. */
void cn_add_days(struct cn_metadata *metadata, const struct cn_normals_file *file,
                 const struct cn_file_dims *dims);

/* Describes the variable target_year. */
void cn_describe_target_year(struct cn_attributes *list);

/* Adds the climatological times and their bounds: climatology_time, or where cn_file_has_dates the
 * coordinate time. Dates of days are of one year, so they ascend. is_by_target:
 * [target_count][slots], each with bounds of its window; else [slots] of the last target, with
 * bounds of all windows. */
void cn_add_times(struct cn_metadata *metadata, const struct cn_normals_file *file,
                  const struct cn_file_dims *dims, bool is_by_target);

/* Adds the threshold of a product, in the unit that the config has. standard_name: NULL: none. */
void cn_add_threshold(struct cn_metadata *metadata, const struct cn_normals_file *file,
                      const char *standard_name);

#endif
