/*
 * Sums of rows, so that a run of 35 models fits on a screen of 24 lines.
 */
#include "progress/fold.h"

#include "progress/counter_text.h"

#include <inttypes.h>

bool cn_row_stands_out(const struct cn_progress_row *row)
{
    struct cn_counter_text said;
    if (row->state == CN_WAITING)
        return false;
    bool stands_out = row->state != CN_DONE || row->problem;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        stands_out |= cn_counter_say(row, c, CN_IN_FAILURES, &said);
    return stands_out;
}

struct cn_row_sum cn_sum_rows(const struct cn_snapshot *snapshot, enum cn_variable_state state)
{
    struct cn_row_sum sum = {.state = state};
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        if (row->state != state || cn_row_stands_out(row))
            continue;
        sum.count++;
        sum.made += row->values[CN_NORMALS_WRITTEN];
        sum.kept += row->values[CN_NORMALS_KEPT];
        sum.to_make += row->values[CN_NORMALS_TOTAL];
    }
    return sum;
}

void cn_say_row_sum(struct cn_text *out, const struct cn_row_sum *sum)
{
    const char *before = ": ";
    cn_text_printf(out, "%zu %s", sum->count, cn_state_name(sum->state, false));
    if (sum->state == CN_WAITING)
        cn_text_printf(out, ": %" PRIu64 " normal%s to make", sum->to_make,
                       cn_plural(sum->to_make));
    if (sum->state == CN_DONE && sum->made) {
        cn_text_printf(out, "%s%" PRIu64 " normal%s made", before, sum->made, cn_plural(sum->made));
        before = ", ";
    }
    if (sum->state == CN_DONE && sum->kept)
        cn_text_printf(out, "%s%" PRIu64 " kept", before, sum->kept);
}
