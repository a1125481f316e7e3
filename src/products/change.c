/*
 * Loops over finished statistics.
 */
#include "products/change.h"

#include <float.h>
#include <math.h>

static float round_value(double value)
{
    return fabs(value) <= (double)FLT_MAX ? (float)value : NAN;
}

void cn_change_values(enum cn_change change, float *values, const float *baseline, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        const double value = values[c], base = baseline[c];
        if (change == CN_DIFFERENCE)
            values[c] = round_value(value - base);
        else if (change == CN_RATIO)
            values[c] = base == 0 ? NAN : round_value(value / base);
    }
}

void cn_convert_values(const struct cn_value_unit *unit, float *values, size_t count)
{
    if (unit->scale == 1 && unit->offset == 0)
        return;
    for (size_t c = 0; c < count; c++)
        values[c] = round_value(unit->scale * (double)values[c] + unit->offset);
}
