/*
 * Progress as lines for a log: one when a variable begins, some in between, one when it ends. Pure:
 * it makes lines; thread.c decides when.
 */
#include "progress/render.h"

#include <inttypes.h>
#include <stdio.h>

size_t cn_row_exceptions(const struct cn_progress_row *row, struct cn_short_text texts[3])
{
    size_t count = 0;
    if (row->years_failed)
        snprintf(texts[count++].text, sizeof texts->text, "%" PRIu64 " year%s unread",
                 row->years_failed, cn_plural(row->years_failed));
    if (row->failed)
        snprintf(texts[count++].text, sizeof texts->text, "%" PRIu64 " normal%s failed",
                 row->failed, cn_plural(row->failed));
    if (row->kept)
        snprintf(texts[count++].text, sizeof texts->text, "%" PRIu64 " kept", row->kept);
    return count;
}

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

static void render_counts(struct cn_text *out, const struct cn_progress_row *row)
{
    struct cn_short_text exceptions[3];
    size_t count = cn_row_exceptions(row, exceptions);
    cn_text_printf(out, "read %" PRIu64 "/%" PRIu64 " years, ", row->years_read, row->years_total);
    if (row->bytes_per_s > 0)
        cn_text_printf(out, "%s/s, ", cn_short_bytes(row->bytes_per_s).text);
    cn_text_printf(out, "written %" PRIu64 "/%" PRIu64 " normals", row->written, row->total);
    for (size_t i = 0; i < count; i++)
        cn_text_printf(out, ", %s", exceptions[i].text);
}

static void render_over(struct cn_text *out, const struct cn_progress_row *row)
{
    cn_text_printf(out, "%s", cn_state_name(row->state, true));
    if (row->years_total + row->total + row->kept > 0) { /* it has begun */
        cn_text_printf(out, " after %s, ", cn_short_duration(row->elapsed_s).text);
        render_counts(out, row);
    }
    if (row->state == CN_FAILED && row->problem)
        cn_text_printf(out, ": %s", row->problem);
}

void cn_render_plain(struct cn_text *out, const struct cn_snapshot *snapshot, size_t variable,
                     bool started)
{
    const struct cn_progress_row *row = &snapshot->rows[variable];
    out->limit = SIZE_MAX;
    cn_text_printf(out, "[%s] %s: ", cn_short_duration(snapshot->elapsed_s).text, row->name);
    if (row->state == CN_WAITING) {
        cn_text_printf(out, "waiting");
    } else if (row->state != CN_ACTIVE || snapshot->last) {
        render_over(out, row);
    } else if (started) {
        cn_text_printf(out, "begins, %" PRIu64 " years to read, %" PRIu64 " normals to make",
                       row->years_total, row->total);
        if (row->kept)
            cn_text_printf(out, ", %" PRIu64 " kept", row->kept);
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
    cn_render_plain_title(out, snapshot);
    for (size_t i = 0; i < snapshot->count; i++)
        cn_render_plain(out, snapshot, i, false);
}
