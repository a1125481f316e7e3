/*
 * Numbers of time: the precision of float32 (seconds since 1850 are 256 s apart in 1950), the
 * file's own time step, and ends of intervals. Calendars are not known here: every day has 86400 s.
 */
#include "catalog/time_numbers.h"

#include <math.h>
#include <stdlib.h>

static const double DAY_SECONDS = 86400;

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double cn_time_step(const struct cn_time_numbers *numbers, double *steps)
{
    const size_t count = numbers->count - 1;
    if (!count)
        return 0;
    for (size_t i = 0; i < count; i++)
        steps[i] = numbers->values[i + 1] - numbers->values[i];
    qsort(steps, count, sizeof *steps, compare_doubles);
    return (steps[(count - 1) / 2] + steps[count / 2]) / 2 * numbers->unit_seconds;
}

/* From a number to the next one of float32, in seconds. */
static double precision_of(const struct cn_time_numbers *numbers, double value)
{
    const float size = (float)fabs(value);
    return ((double)nextafterf(size, INFINITY) - (double)size) * numbers->unit_seconds;
}

double cn_time_precision(const struct cn_time_numbers *numbers)
{
    double coarsest = 0;
    for (size_t i = 0; i < numbers->count && numbers->is_float32; i++)
        coarsest = fmax(coarsest, precision_of(numbers, numbers->values[i]));
    return coarsest;
}

/* Seconds from 00:00 of the day of the reference to a number. */
static double seconds_since_midnight(const struct cn_time_numbers *numbers, double value)
{
    return value * numbers->unit_seconds +
           (double)(numbers->reference_second % (int64_t)DAY_SECONDS);
}

/* The part of a day that is `step`, but for the slack; 0: none is. */
static double part_of_day(double step, double slack)
{
    const double parts = round(DAY_SECONDS / step), part = DAY_SECONDS / parts;
    return parts >= 1 && parts <= DAY_SECONDS && fabs(part - step) <= slack ? part : 0;
}

double cn_time_round(const struct cn_time_numbers *numbers, double step)
{
    const double precision = cn_time_precision(numbers);
    const double part = precision > 0 && step > 0 ? part_of_day(step, precision) : 0;
    if (!(part > 2 * precision))
        return step;
    for (size_t i = 0; i < numbers->count; i++) {
        const double seconds = seconds_since_midnight(numbers, numbers->values[i]);
        const double change = round(seconds / part) * part - seconds;
        if (fabs(change) <= precision_of(numbers, numbers->values[i]))
            numbers->values[i] += change / numbers->unit_seconds;
    }
    return part;
}

bool cn_time_is_end_stamped(const struct cn_time_numbers *numbers, const double *bounds)
{
    const double slack = 0.5 + cn_time_precision(numbers);
    for (size_t i = 0; i < numbers->count; i++) {
        const double low = fmin(bounds[2 * i], bounds[2 * i + 1]);
        const double high = fmax(bounds[2 * i], bounds[2 * i + 1]);
        if (!(fabs(numbers->values[i] - high) * numbers->unit_seconds <= slack) || !(low < high) ||
            !((high - low) * numbers->unit_seconds <= DAY_SECONDS + slack))
            return false;
    }
    return true;
}

bool cn_time_ends_at_midnight(const struct cn_time_numbers *numbers, double step)
{
    const size_t last = numbers->count - 1;
    const double part = step > 0 ? part_of_day(step, 0.5) : 0;
    if (!(part > 1 && part < DAY_SECONDS))
        return false;
    const double begin = seconds_since_midnight(numbers, numbers->values[0]);
    for (size_t i = 1; i <= last; i++)
        if (!(fabs(seconds_since_midnight(numbers, numbers->values[i]) - begin -
                   (double)i * part) <= 1))
            return false;
    return fabs(remainder(begin, DAY_SECONDS)) > 1 &&
           fabs(remainder(seconds_since_midnight(numbers, numbers->values[last]), DAY_SECONDS)) <
               0.5;
}

void cn_time_take_middles(const struct cn_time_numbers *numbers, const double *bounds)
{
    for (size_t i = 0; i < numbers->count; i++)
        numbers->values[i] = bounds[2 * i] + (bounds[2 * i + 1] - bounds[2 * i]) / 2;
}
