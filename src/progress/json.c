/*
 * Progress as JSON, one object a line, and JSON values for the summary. Names may hold any bytes;
 * the output is always valid JSON.
 */
#include "base/utf8.h"
#include "progress/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *cn_json_text(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    size_t length = strlen(text), used = 0;
    char *clean = reallocarray(NULL, length + 1, sizeof replacement - 1);
    if (!clean)
        return NULL;
    for (const char *at = text, *start = at; *at; start = at) {
        bool valid = cn_utf8_next(&at) != CN_NOT_UTF8;
        size_t bytes = valid ? (size_t)(at - start) : sizeof replacement - 1;
        memcpy(clean + used, valid ? start : replacement, bytes);
        used += bytes;
    }
    json_t *value = json_stringn(clean, used);
    free(clean);
    return value;
}

json_t *cn_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cn_json_count(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* Rounded to milliseconds; a negative value is not known. */
static json_t *seconds(double value)
{
    return value >= 0 ? cn_json_real(round(value * 1e3) / 1e3) : json_null();
}

/* NULL: out of memory. */
static json_t *row_object(const struct cn_progress_row *row, bool over)
{
    json_t *object =
        json_pack("{so ss so so so}", "name", cn_json_text(row->name), "state",
                  cn_state_name(row->state, over), "elapsed_s", seconds(row->elapsed_s), "eta_s",
                  seconds(row->eta_s), "fraction", cn_json_real(round(row->fraction * 1e4) / 1e4));
    int failed = 0;
    if (row->model)
        failed |= json_object_set_new(object, "model", cn_json_text(row->model));
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++) {
        const struct cn_counter_row *what = &cn_counter_rows[c];
        if (what->name)
            failed |= json_object_set_new(object, what->name, cn_json_count(row->values[c]));
        if (what->rate_name)
            failed |= json_object_set_new(object, what->rate_name,
                                          cn_json_real(round(row->rates[c].per_second)));
    }
    failed |= json_object_set_new(object, "problem",
                                  row->problem ? cn_json_text(row->problem) : json_null());
    if (!failed)
        return object;
    json_decref(object);
    return NULL;
}

static void write_line(struct cn_text *out, json_t *object)
{
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(object);
    if (!line) {
        out->buffer.failed = true;
        return;
    }
    cn_text_raw(out, line);
    cn_text_end_line(out, "\n");
    free(line);
}

void cn_render_json(struct cn_text *out, const struct cn_snapshot *snapshot, const char *event)
{
    json_t *rows = json_array();
    for (size_t i = 0; rows && i < snapshot->count; i++)
        json_array_append_new(rows, row_object(&snapshot->rows[i], snapshot->last));
    write_line(out,
               json_pack("{ss so so so si so so}", "event", event, "title",
                         cn_json_text(snapshot->title), "elapsed_s", seconds(snapshot->elapsed_s),
                         "eta_s", seconds(snapshot->eta_s), "threads", snapshot->threads,
                         "arena_bytes", cn_json_count(snapshot->arena_bytes), "variables", rows));
}

void cn_render_json_message(struct cn_text *out, double elapsed_s, const char *message)
{
    write_line(out, json_pack("{ss so so}", "event", "message", "elapsed_s", seconds(elapsed_s),
                              "text", cn_json_text(message)));
}

void cn_render_json_phase(struct cn_text *out, double elapsed_s, const struct cn_phase_state *state)
{
    write_line(out, json_pack("{ss so so so so so so}", "event", "preparing", "elapsed_s",
                              seconds(elapsed_s), "text", cn_json_text(state->text), "done",
                              cn_json_count(state->done), "total",
                              state->total ? cn_json_count(state->total) : json_null(), "bytes",
                              state->bytes ? cn_json_count(state->bytes) : json_null(), "eta_s",
                              seconds(state->eta_s)));
}
