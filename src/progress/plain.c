/*
 * Progress as lines for a log: one when a variable begins, some in between, one when it ends. Pure:
 * it makes lines; thread.c decides when.
 */
#include "progress/render.h"

#include <inttypes.h>
#include <stdio.h>

void cn_render_plain_title(struct cn_text *out, const struct cn_snapshot *snapshot)
{
    out->limit = SIZE_MAX;
    cn_text_add(out, "climnorm: ", SIZE_MAX);
    if (snapshot->title[0]) {
        cn_text_add(out, snapshot->title, SIZE_MAX);
        cn_text_add(out, ", ", SIZE_MAX);
    }
    cn_text_printf(out, "%d thread%s", snapshot->threads, snapshot->threads == 1 ? "" : "s");
    if (snapshot->elapsed_s >= 1)
        cn_text_printf(out, ", %s", cn_short_duration(snapshot->elapsed_s).text);
    if (snapshot->elapsed_s >= 1 && snapshot->eta_s >= 0)
        cn_text_printf(out, ", ~%s left", cn_short_duration(snapshot->eta_s).text);
    cn_text_end_line(out, "\n");
}

static void render_counts(struct cn_text *out, const struct cn_progress_row *row)
{
    cn_text_printf(out, "read %" PRIu64 "/%" PRIu64 " years, ", row->years_read, row->years_total);
    if (row->bytes_per_s > 0)
        cn_text_printf(out, "%s/s, ", cn_short_bytes(row->bytes_per_s).text);
    cn_text_printf(out, "written %" PRIu64 "/%" PRIu64 " normals", row->written, row->total);
    if (row->years_failed)
        cn_text_printf(out, ", %" PRIu64 " year%s unread", row->years_failed,
                       row->years_failed == 1 ? "" : "s");
    if (row->failed)
        cn_text_printf(out, ", %" PRIu64 " normal%s failed", row->failed,
                       row->failed == 1 ? "" : "s");
    if (row->kept)
        cn_text_printf(out, ", %" PRIu64 " kept", row->kept);
}

static void render_active(struct cn_text *out, const struct cn_snapshot *snapshot,
                          const struct cn_progress_row *row)
{
    render_counts(out, row);
    if (row->eta_s >= 0)
        cn_text_printf(out, ", ~%s left", cn_short_duration(row->eta_s).text);
    if (snapshot->eta_s >= 0 && snapshot->count > 1)
        cn_text_printf(out, " (all: ~%s)", cn_short_duration(snapshot->eta_s).text);
}

static void render_over(struct cn_text *out, const struct cn_progress_row *row)
{
    cn_text_add(out, cn_state_name(row->state, true), SIZE_MAX);
    if (row->years_total + row->total + row->kept > 0) { /* it has begun */
        cn_text_printf(out, " after %s, ", cn_short_duration(row->elapsed_s).text);
        render_counts(out, row);
    }
    if (row->state == CN_FAILED && row->problem) {
        cn_text_add(out, ": ", SIZE_MAX);
        cn_text_add(out, row->problem, SIZE_MAX);
    }
}

void cn_render_plain(struct cn_text *out, const struct cn_snapshot *snapshot, size_t variable,
                     bool started)
{
    const struct cn_progress_row *row = &snapshot->rows[variable];
    out->limit = SIZE_MAX;
    cn_text_printf(out, "[%s] ", cn_short_duration(snapshot->elapsed_s).text);
    cn_text_add(out, row->name, SIZE_MAX);
    cn_text_add(out, ": ", SIZE_MAX);
    if (row->state == CN_WAITING) {
        cn_text_add(out, "waiting", SIZE_MAX);
    } else if (row->state != CN_ACTIVE || snapshot->last) {
        render_over(out, row);
    } else if (started) {
        cn_text_printf(out, "begins, %" PRIu64 " years to read, %" PRIu64 " normals to make",
                       row->years_total, row->total);
        if (row->kept)
            cn_text_printf(out, ", %" PRIu64 " kept", row->kept);
    } else {
        render_active(out, snapshot, row);
    }
    cn_text_end_line(out, "\n");
}

void cn_render_plain_state(struct cn_text *out, const struct cn_snapshot *snapshot)
{
    cn_render_plain_title(out, snapshot);
    for (size_t i = 0; i < snapshot->count; i++)
        cn_render_plain(out, snapshot, i, false);
}
