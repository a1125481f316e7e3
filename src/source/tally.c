/*
 * Tallies of implausible values.
 */
#include "source/tally.h"

#include <float.h>

const struct cn_float_range cn_all_floats = {-FLT_MAX, FLT_MAX};

/* Files of one variable lie in one array. */
static bool is_before(const struct cn_cell_value *a, const struct cn_cell_value *b)
{
    if (a->file != b->file)
        return a->file < b->file;
    if (a->instant != b->instant)
        return a->instant < b->instant;
    return a->row != b->row ? a->row < b->row : a->column < b->column;
}

void cn_tally_add(struct cn_tally *to, const struct cn_tally *from)
{
    const struct cn_cell_value *least = &from->least, *most = &from->most;
    if (!from->count)
        return;
    if (!to->count || least->value < to->least.value ||
        (least->value == to->least.value && is_before(least, &to->least)))
        to->least = *least;
    if (!to->count || most->value > to->most.value ||
        (most->value == to->most.value && is_before(most, &to->most)))
        to->most = *most;
    to->count += from->count;
}

const struct cn_cell_value *cn_tally_extreme(const struct cn_tally *tally,
                                             const struct cn_float_range *range)
{
    const double below = (double)range->min - (double)tally->least.value,
                 above = (double)tally->most.value - (double)range->max;
    return below >= above ? &tally->least : &tally->most;
}
