/*
 * Fills in the texts of the table of counters.
 */
#include "progress/counter_text.h"

#include "base/format.h"
#include "progress/text.h"

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

static void append_share(struct cn_counter_text *out, uint64_t part, uint64_t whole)
{
    char text[48];
    snprintf(text, sizeof text, "%" PRIu64 "/%" PRIu64, part, whole);
    append(out, text);
}

struct cn_pass_state cn_pass_state(const struct cn_progress_row *row)
{
    const uint64_t *values = row->values, failed = values[CN_YEARS_FAILED];
    const uint64_t done = values[CN_YEARS_READ] + failed;
    const uint64_t each = values[CN_YEARS_OF_PASS];
    if (!each)
        return (struct cn_pass_state){1, 1, values[CN_YEARS_READ], values[CN_YEARS_TOTAL]};
    const uint64_t last = values[CN_PASSES] > values[CN_PASSES_MADE]
                              ? values[CN_PASSES] - values[CN_PASSES_MADE] - 1
                              : 0;
    const uint64_t before = done / each < last ? done / each : last; /* passes of this run */
    const uint64_t years = done - before * each < each ? done - before * each : each;
    return (struct cn_pass_state){values[CN_PASSES_MADE] + before + 1, values[CN_PASSES],
                                  years > failed ? years - failed : 0, each};
}

bool cn_counter_say(const struct cn_progress_row *row, enum cn_counter counter,
                    enum cn_counter_place place, struct cn_counter_text *out)
{
    const char *format = cn_counter_rows[counter].texts[place];
    double rate = row->rates[counter].per_second;
    bool is_exception = place == CN_IN_FAILURES || place == CN_IN_NOTES;
    *out = (struct cn_counter_text){""};
    if (!format || (is_exception && row->values[counter] == 0) ||
        (place == CN_IN_LOG && strstr(format, "%r") && !(rate > 0)) ||
        (counter == CN_PASSES && !row->values[CN_YEARS_OF_PASS]))
        return false;
    const struct cn_pass_state pass = cn_pass_state(row);
    for (const char *at = format; *at; at++) {
        if (*at != '%')
            append(out, (char[]){*at, '\0'});
        else if (*++at == 'n' || *at == 't')
            append_number(out, row, counter, *at == 't');
        else if (*at == 'p')
            append_share(out, pass.number, pass.count);
        else if (*at == 'y')
            append_share(out, pass.years_read, pass.years);
        else
            append(out, *at == 's' ? cn_plural(row->values[counter]) : cn_short_bytes(rate).text);
    }
    return true;
}
