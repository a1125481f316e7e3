/*
 * Progress as lines for a log: one when a variable begins, some in between, one when it ends. Pure:
 * it makes lines; thread.c decides when.
 */
#include "progress/counter_text.h"
#include "progress/fold.h"
#include "progress/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cn_render_plain_title(struct cn_text *out, const struct cn_snapshot *snapshot)
{
    out->limit = SIZE_MAX;
    cn_text_printf(out, "climnorm: %s%s%d thread%s", snapshot->title,
                   snapshot->title[0] ? ", " : "", snapshot->threads,
                   cn_plural((uint64_t)snapshot->threads));
    if (snapshot->elapsed_s >= 1)
        cn_text_printf(out, ", %s", cn_short_duration(snapshot->elapsed_s).text);
    if (snapshot->elapsed_s >= 1 && snapshot->eta_s >= 0)
        cn_text_printf(out, ", ~%s left", cn_short_duration(snapshot->eta_s).text);
    cn_text_end_line(out, "\n");
}

/* Adds what the counters say in a place, each text after a separator. */
static void render_place(struct cn_text *out, const struct cn_progress_row *row,
                         enum cn_counter_place place, const char *separator)
{
    struct cn_counter_text said;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        if (cn_counter_say(row, c, place, &said)) {
            cn_text_printf(out, "%s%s", separator, said.text);
            separator = ", ";
        }
}

static void render_counts(struct cn_text *out, const struct cn_progress_row *row)
{
    render_place(out, row, CN_IN_LOG, "");
    render_place(out, row, CN_IN_FAILURES, ", ");
    render_place(out, row, CN_IN_NOTES, ", ");
}

static void render_over(struct cn_text *out, const struct cn_progress_row *row)
{
    const uint64_t *values = row->values;
    cn_text_printf(out, "%s", cn_state_name(row->state, true));
    if (values[CN_YEARS_TOTAL] + values[CN_NORMALS_TOTAL] + values[CN_NORMALS_KEPT] > 0) {
        cn_text_printf(out, " after %s, ",
                       cn_short_duration(row->elapsed_s).text); /* it has begun */
        render_counts(out, row);
    }
}

static void render_begin(struct cn_text *out, const struct cn_progress_row *row)
{
    const struct cn_pass_state pass = cn_pass_state(row);
    cn_text_printf(out, "begins, %" PRIu64 " year%s to read", pass.years, cn_plural(pass.years));
    if (row->values[CN_PASSES_MADE] && pass.number == pass.count)
        cn_text_printf(out, " in the last pass");
    else if (row->values[CN_PASSES_MADE])
        cn_text_printf(out, " in passes %" PRIu64 " to %" PRIu64, pass.number, pass.count);
    else if (pass.count > 1)
        cn_text_printf(out, " in %" PRIu64 " passes", pass.count);
    cn_text_printf(out, ", %" PRIu64 " normal%s to make", row->values[CN_NORMALS_TOTAL],
                   cn_plural(row->values[CN_NORMALS_TOTAL]));
}

void cn_render_plain(struct cn_text *out, const struct cn_snapshot *snapshot, size_t variable,
                     bool started)
{
    const struct cn_progress_row *row = &snapshot->rows[variable];
    out->limit = SIZE_MAX;
    cn_text_printf(out, "[%s] %s%s%s: ", cn_short_duration(snapshot->elapsed_s).text,
                   row->model ? row->model : "", row->model ? " " : "", row->name);
    if (row->state == CN_WAITING) {
        cn_text_printf(out, "waiting");
    } else if (row->state != CN_ACTIVE || snapshot->last) {
        render_over(out, row);
    } else if (started) {
        render_begin(out, row);
        render_place(out, row, CN_IN_NOTES, ", ");
    } else {
        render_counts(out, row);
        if (row->eta_s >= 0)
            cn_text_printf(out, ", ~%s left", cn_short_duration(row->eta_s).text);
        if (snapshot->eta_s >= 0 && snapshot->count > 1)
            cn_text_printf(out, " (all: ~%s)", cn_short_duration(snapshot->eta_s).text);
    }
    cn_text_end_line(out, "\n");
}

void cn_render_plain_state(struct cn_text *out, const struct cn_snapshot *snapshot)
{
    const bool is_folded = snapshot->count > CN_MANY_ROWS;
    cn_render_plain_title(out, snapshot);
    for (size_t i = 0; i < snapshot->count; i++)
        if (!is_folded || cn_row_stands_out(&snapshot->rows[i]))
            cn_render_plain(out, snapshot, i, false);
    static const enum cn_variable_state folded[] = {CN_DONE, CN_WAITING};
    for (size_t s = 0; is_folded && s < sizeof folded / sizeof *folded; s++) {
        const struct cn_row_sum sum = cn_sum_rows(snapshot, folded[s]);
        if (sum.count) {
            cn_text_printf(out, "[%s] ", cn_short_duration(snapshot->elapsed_s).text);
            cn_say_row_sum(out, &sum);
            cn_text_end_line(out, "\n");
        }
    }
}
