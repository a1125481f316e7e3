/*
 * Loops over finished statistics.
 */
#include "products/change.h"

#include <math.h>

static float change_value(enum cn_change change, double value, double base)
{
    if (isnan(value) || isnan(base) || (change == CN_RATIO && base == 0))
        return NAN;
    if (isinf(value) || isinf(base))
        return INFINITY; /* the change is not known */
    return (float)(change == CN_RATIO ? value / base : value - base);
}

void cn_change_values(enum cn_change change, float *values, const float *baseline, size_t count)
{
    for (size_t c = 0; c < count; c++)
        values[c] = change_value(change, (double)values[c], (double)baseline[c]);
}

void cn_convert_values(const struct cn_value_unit *unit, float *values, size_t count)
{
    if (unit->scale == 1 && unit->offset == 0)
        return;
    for (size_t c = 0; c < count; c++)
        values[c] = (float)(unit->scale * (double)values[c] + unit->offset);
}
