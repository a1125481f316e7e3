/*
 * Time axes that do not increase: which instants, as dates, and how to mend the file.
 */
#ifndef CLIMNORM_CATALOG_TIME_ORDER_H
#define CLIMNORM_CATALOG_TIME_ORDER_H

#include "climnorm/calendar.h"

#include <stddef.h>

/* The instants of a file, values[count] * unit_seconds after reference_second. */
struct cn_time_instants {
    const char *name; /* of the time coordinate */
    const double *values;
    size_t count;
    double unit_seconds;
    int64_t reference_second;
    enum cn_calendar calendar;
};

/* cn_time_days refused the instants with *error. If the first fault among them is one that is not
 * after the instant before it, says so with both dates and a command that mends the file.
 * Returns: CN_BAD_INPUT. */
enum cn_status cn_time_order_fail(const struct cn_time_instants *instants, struct cn_error *error);

#endif
