/*
 * How many days a share of days is. Pure.
 */
#ifndef CLIMNORM_CALENDAR_LEAST_DAYS_H
#define CLIMNORM_CALENDAR_LEAST_DAYS_H

#include <math.h>

/* Returns: the fewest days that are a share (0 … 1) of so many, as its decimals say: 0.55 of 360 is
 * 198, though the double nearest to 0.55 gives a little more. */
static inline int cn_least_days(double share, int days)
{
    return (int)ceil(share * days - 1e-9);
}

#endif
