/*
 * Progress as lines for a log: one when a variable begins, some in between, one when it ends; and
 * what a counter says to people. Pure: it makes lines; thread.c decides when.
 */
#include "base/format.h"
#include "progress/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void format_number(char text[24], uint64_t value, bool is_bytes)
{
    if (is_bytes)
        cn_format_bytes(value, text);
    else
        snprintf(text, 24, "%" PRIu64, value);
}

static void append(struct cn_counter_text *out, const char *piece)
{
    size_t used = strlen(out->text);
    snprintf(out->text + used, sizeof out->text - used, "%s", piece);
}

/* "4.1/12.0 GiB": the unit once, if it is the same. */
static void append_number(struct cn_counter_text *out, const struct cn_progress_row *row,
                          enum cn_counter counter, bool with_total)
{
    const struct cn_counter_row *what = &cn_counter_rows[counter];
    char number[24], total[24];
    format_number(number, row->values[counter], what->is_bytes);
    format_number(total, row->values[what->total], what->is_bytes);
    char *unit = strchr(number, ' '), *total_unit = strchr(total, ' ');
    if (with_total && unit && total_unit && strcmp(unit, total_unit) == 0)
        *unit = '\0';
    append(out, number);
    if (with_total) {
        append(out, "/");
        append(out, total);
    }
}

bool cn_counter_say(const struct cn_progress_row *row, enum cn_counter counter,
                    enum cn_counter_place place, struct cn_counter_text *out)
{
    const char *format = cn_counter_rows[counter].texts[place];
    double rate = row->rates[counter].per_second;
    bool is_exception = place == CN_IN_FAILURES || place == CN_IN_NOTES;
    *out = (struct cn_counter_text){""};
    if (!format || (is_exception && row->values[counter] == 0) ||
        (place == CN_IN_LOG && strstr(format, "%r") && !(rate > 0)))
        return false;
    for (const char *at = format; *at; at++) {
        if (*at != '%')
            append(out, (char[]){*at, '\0'});
        else if (*++at == 'n' || *at == 't')
            append_number(out, row, counter, *at == 't');
        else
            append(out, *at == 's' ? cn_plural(row->values[counter]) : cn_short_bytes(rate).text);
    }
    return true;
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
        cn_text_printf(out, "begins, %" PRIu64 " year%s to read, %" PRIu64 " normal%s to make",
                       row->values[CN_YEARS_TOTAL], cn_plural(row->values[CN_YEARS_TOTAL]),
                       row->values[CN_NORMALS_TOTAL], cn_plural(row->values[CN_NORMALS_TOTAL]));
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
    cn_render_plain_title(out, snapshot);
    for (size_t i = 0; i < snapshot->count; i++)
        cn_render_plain(out, snapshot, i, false);
}
