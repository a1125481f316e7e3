/*
 * The display on a terminal: a title, a row per variable, lines about the active one and what went
 * wrong, the latest message. Pure: it makes a frame; thread.c puts it on the screen.
 */
#include "base/format.h"
#include "progress/render.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    STATE = 7,
    RATE = 9,
    TIME = 10,
    BAR_LEAST = 6,
    BAR_MOST = 80,
    NAME_MOST = 20,
    ROOMY = 12,    /* screen rows from which nothing is left out for want of lines */
    PARTS_MOST = 4 /* lines that parts may flow into */
};

/* SGR codes; left out without color. */
#define BOLD   "1"
#define DIM    "2"
#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"
#define CYAN   "36"

struct look {
    struct cn_text *out;
    const struct cn_snapshot *snapshot;
    const struct cn_screen *screen;
    size_t name_width, count_width, bar_width;
    /* Of the parts being drawn. */
    const char *color;
    size_t indent, lines_left;
};

static void paint(const struct look *look, const char *color)
{
    if (!look->screen->color || !color)
        return;
    cn_text_raw(look->out, "\033[");
    cn_text_raw(look->out, color);
    cn_text_raw(look->out, "m");
}

static void plain(const struct look *look)
{
    if (look->screen->color)
        cn_text_raw(look->out, "\033[0m");
}

static void end_line(const struct look *look)
{
    plain(look);
    cn_text_end_line(look->out, "\033[K\n");
}

static const char *dot(const struct look *look)
{
    return look->screen->utf8 ? " · " : " - ";
}

static void begin_line(const struct look *look)
{
    paint(look, look->color);
    cn_text_left(look->out, "", look->indent);
}

/* What follows are parts: they stand in one line with dots between them, or in several when they do
 * not fit. */
static void begin_parts(struct look *look, size_t indent, const char *color, bool several)
{
    look->indent = indent;
    look->color = color;
    look->lines_left = several ? PARTS_MOST : 1;
    begin_line(look);
}

/* False: this is the last line. */
static bool next_line(struct look *look)
{
    if (look->lines_left <= 1)
        return false;
    look->lines_left--;
    end_line(look);
    begin_line(look);
    return true;
}

/* A part that does not fit begins a line, or is left out in the last one; one that is longer than a
 * line is cut. */
static void add_part(struct look *look, const char *part)
{
    struct cn_text *out = look->out;
    size_t room = out->limit > out->column ? out->limit - out->column : 0;
    size_t columns = cn_text_columns(part, look->screen->utf8);
    if (out->column > look->indent && columns + strlen(" - ") > room && !next_line(look))
        return;
    if (out->column > look->indent)
        cn_text_add(out, dot(look), SIZE_MAX);
    cn_text_add(out, part, SIZE_MAX);
}

__attribute__((format(printf, 2, 3))) static void add_partf(struct look *look, const char *format,
                                                            ...)
{
    char part[160];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    add_part(look, part);
}

/* Only one line: the times matter more than the end of a long title. */
static void draw_short_title(struct look *look, const char *threads, const char *times)
{
    struct cn_text *out = look->out;
    size_t dots = strlen(" - ");
    size_t end = 2 * dots + strlen(threads) + strlen(times);
    size_t room = out->limit > out->column + end ? out->limit - out->column - end : 0;
    if (look->snapshot->title[0] && room > 2 * dots) {
        cn_text_add(out, dot(look), SIZE_MAX);
        cn_text_add(out, look->snapshot->title, room - dots);
    }
    cn_text_add(out, dot(look), SIZE_MAX);
    cn_text_add(out, threads, SIZE_MAX);
    cn_text_add(out, dot(look), SIZE_MAX);
    cn_text_add(out, times, SIZE_MAX);
}

/* The parts of the title, which have dots between them already. */
static void add_title(struct look *look)
{
    static const char between[] = " · ";
    const char *at = look->snapshot->title, *end;
    for (char part[512]; *at; at = *end ? end + strlen(between) : end) {
        end = strstr(at, between);
        if (!end)
            end = at + strlen(at);
        snprintf(part, sizeof part, "%.*s", (int)(end - at), at);
        add_part(look, part);
    }
}

static void draw_title(struct look *look)
{
    const struct cn_snapshot *snapshot = look->snapshot;
    bool roomy = look->screen->rows >= ROOMY || snapshot->last;
    char threads[40], times[80], left[40] = "";
    snprintf(threads, sizeof threads, "%d thread%s", snapshot->threads,
             snapshot->threads == 1 ? "" : "s");
    if (!snapshot->last && snapshot->eta_s >= 0)
        snprintf(left, sizeof left, ", ~%s left", cn_short_duration(snapshot->eta_s).text);
    snprintf(times, sizeof times, "%s%s", cn_short_duration(snapshot->elapsed_s).text, left);
    begin_parts(look, 0, NULL, roomy);
    paint(look, BOLD);
    cn_text_add(look->out, "climnorm", SIZE_MAX);
    plain(look);
    look->indent = 2;
    if (roomy) {
        add_title(look);
        add_partf(look, "%s%s%s", threads, dot(look), times);
    } else {
        draw_short_title(look, threads, times);
    }
    end_line(look);
}

static const char *state_color(const struct cn_progress_row *row)
{
    switch (row->state) {
    case CN_ACTIVE:
        return CYAN;
    case CN_DONE:
        return row->failed ? YELLOW : GREEN;
    case CN_FAILED:
        return RED;
    case CN_WAITING:
        break;
    }
    return DIM;
}

static void draw_bar(const struct look *look, const struct cn_progress_row *row)
{
    bool utf8 = look->screen->utf8;
    double part = row->fraction; /* a finished bar shows what there is to show for it */
    if (row->state == CN_DONE)
        part = row->total ? (double)row->written / (double)row->total : 1;
    double cells = fmax(0, fmin(1, part)) * (double)look->bar_width;
    size_t full = (size_t)cells, filled = full;
    paint(look, state_color(row));
    for (size_t i = 0; i < full; i++)
        cn_text_add(look->out, utf8 ? "━" : "=", 1);
    if (full < look->bar_width && (utf8 ? cells - (double)full >= 0.5 : row->state == CN_ACTIVE)) {
        cn_text_add(look->out, utf8 ? "╸" : ">", 1);
        filled++;
    }
    plain(look);
    paint(look, DIM);
    for (size_t i = filled; i < look->bar_width; i++)
        cn_text_add(look->out, utf8 ? "─" : "-", 1);
    plain(look);
}

/* Outputs made, of those to make; those kept, when there is nothing else. */
static struct cn_short_text done_of_total(const struct cn_progress_row *row)
{
    static const uint64_t most = 10000000000; /* what fits */
    struct cn_short_text out = {""};
    if (row->total > 0 && row->written < most && row->total < most)
        snprintf(out.text, sizeof out.text, "%" PRIu64 "/%" PRIu64, row->written, row->total);
    else if (row->total == 0 && row->kept > 0 && row->kept < most)
        snprintf(out.text, sizeof out.text, "%" PRIu64 " kept", row->kept);
    return out;
}

/* State, rate, and the time left or taken. */
static void draw_tail(const struct look *look, const struct cn_progress_row *row)
{
    char when[24] = "";
    bool going_on = row->state == CN_ACTIVE && !look->snapshot->last;
    if (going_on && row->eta_s >= 0)
        snprintf(when, sizeof when, "~%.20s", cn_short_duration(row->eta_s).text);
    else if (!going_on && row->elapsed_s > 0)
        snprintf(when, sizeof when, "%s", cn_short_duration(row->elapsed_s).text);
    paint(look, state_color(row));
    cn_text_left(look->out, cn_state_name(row->state, look->snapshot->last), STATE);
    plain(look);
    cn_text_right(look->out, cn_short_rate(row->normals_per_s).text, RATE);
    cn_text_right(look->out, when, TIME);
}

static void draw_row(const struct look *look, const struct cn_progress_row *row)
{
    cn_text_add(look->out, "  ", 2);
    cn_text_left(look->out, row->name, look->name_width);
    if (look->bar_width > 0) {
        cn_text_add(look->out, " ", 1);
        draw_bar(look, row);
    }
    cn_text_add(look->out, "  ", 2);
    cn_text_right(look->out, done_of_total(row).text, look->count_width);
    cn_text_add(look->out, "  ", 2);
    draw_tail(look, row);
    end_line(look);
}

static void add_troubles(struct look *look, const struct cn_progress_row *row)
{
    if (row->years_failed)
        add_partf(look, "%" PRIu64 " year%s unread", row->years_failed,
                  row->years_failed == 1 ? "" : "s");
    if (row->failed)
        add_partf(look, "%" PRIu64 " normal%s failed", row->failed, row->failed == 1 ? "" : "s");
    if (row->kept)
        add_partf(look, "%" PRIu64 " kept", row->kept);
}

static void draw_stages(struct look *look, const struct cn_progress_row *row)
{
    char used[24], bound[24];
    cn_format_bytes(row->arena_used, used);
    cn_format_bytes(look->snapshot->arena_bytes, bound);
    char *unit = strchr(used, ' '), *bound_unit = strchr(bound, ' ');
    if (unit && bound_unit && strcmp(unit, bound_unit) == 0)
        *unit = '\0';
    begin_parts(look, 4, DIM, look->screen->rows >= ROOMY);
    add_partf(look, "read %" PRIu64 "/%" PRIu64 " years", row->years_read, row->years_total);
    add_partf(look, "%s/s", cn_short_bytes(row->bytes_per_s).text);
    add_partf(look, "arena %s/%s", used, bound);
    next_line(look);
    add_partf(look, "%" PRIu64 " normals computed", row->computed);
    add_partf(look, "%" PRIu64 " files written", row->written);
    add_troubles(look, row);
    end_line(look);
}

/* Below a variable that is over: what is not as it should be, and why. */
static bool has_trouble(const struct look *look, const struct cn_progress_row *row)
{
    bool over = row->state == CN_DONE || row->state == CN_FAILED || look->snapshot->last;
    return over && (row->problem || row->years_failed || row->failed);
}

static void draw_trouble(struct look *look, const struct cn_progress_row *row)
{
    begin_parts(look, 4, row->state == CN_FAILED ? RED : YELLOW, true);
    add_troubles(look, row);
    if (row->problem && look->out->column > look->indent)
        next_line(look);
    if (row->problem)
        cn_text_add_brief(look->out, row->problem);
    end_line(look);
}

static void draw_message(const struct look *look)
{
    const struct cn_snapshot *snapshot = look->snapshot;
    paint(look, YELLOW);
    cn_text_add(look->out, "  ", 2);
    if (snapshot->messages > 1)
        cn_text_printf(look->out, "%" PRIu64 " messages, the last: ", snapshot->messages);
    cn_text_add_brief(look->out, snapshot->message);
    end_line(look);
}

/* In place of rows first … end that the screen has no room for. */
static void draw_hidden(const struct look *look, size_t first, size_t end)
{
    static const enum cn_variable_state order[] = {CN_DONE, CN_FAILED, CN_ACTIVE, CN_WAITING};
    bool any = false;
    paint(look, DIM);
    cn_text_add(look->out, "  ", 2);
    for (size_t s = 0; s < sizeof order / sizeof *order; s++) {
        size_t count = 0;
        for (size_t i = first; i < end; i++)
            count += look->snapshot->rows[i].state == order[s];
        if (count > 0)
            cn_text_printf(look->out, "%s%zu %s", any ? ", " : "", count,
                           cn_state_name(order[s], false));
        any = any || count > 0;
    }
    end_line(look);
}

static void lay_out(struct look *look)
{
    const struct cn_snapshot *snapshot = look->snapshot;
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        size_t name = cn_text_columns(row->name, look->screen->utf8);
        size_t count = strlen(done_of_total(row).text), widest = 2 * strlen("12345678901");
        if (row->total > 0) { /* as wide as it will get, so that bars do not shrink */
            char total[24];
            count = 2 * (size_t)snprintf(total, sizeof total, "%" PRIu64, row->total) + 1;
        }
        look->name_width = name > look->name_width ? name : look->name_width;
        look->count_width = count > look->count_width ? count : look->count_width;
        if (look->count_width > widest)
            look->count_width = widest;
    }
    size_t columns = look->screen->columns,
           most = columns / 5 < NAME_MOST ? columns / 5 : NAME_MOST;
    if (look->name_width > most)
        look->name_width = most;
    size_t fixed = 2 + look->name_width + 1 + 2 + look->count_width + 2 + STATE + RATE + TIME;
    size_t left = look->out->limit > fixed ? look->out->limit - fixed : 0;
    look->bar_width = left < BAR_LEAST ? 0 : left < BAR_MOST ? left : BAR_MOST;
}

/* The variable that the display turns about: the active one, else the first that is not over. */
static size_t middle(const struct cn_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->rows[i].state == CN_ACTIVE || snapshot->rows[i].state == CN_WAITING)
            return i;
    return snapshot->count ? snapshot->count - 1 : 0;
}

static size_t lines_of(const struct cn_text *out)
{
    size_t lines = 0;
    for (size_t i = 0; i < out->buffer.length; i++)
        lines += out->buffer.text[i] == '\n';
    return lines;
}

/* The rows first … *end that are shown in `room` lines when not all can be. */
static size_t choose_rows(const struct cn_snapshot *snapshot, size_t room, size_t *end)
{
    size_t at = middle(snapshot);
    size_t shown = room > 3 ? room - 2 : 1; /* one line for those before, one for those after */
    size_t first = at < shown / 2 ? 0 : at - shown / 2;
    if (first > snapshot->count - shown)
        first = snapshot->count - shown;
    *end = first + shown;
    return first;
}

static void draw_rows(struct look *look, const struct cn_text *stages, size_t room)
{
    const struct cn_snapshot *snapshot = look->snapshot;
    size_t first = 0, end = snapshot->count, troubles = 0;
    for (size_t i = 0; i < end; i++)
        troubles += has_trouble(look, &snapshot->rows[i]);
    bool all = snapshot->last || snapshot->count <= room;
    bool explain = snapshot->last || snapshot->count + PARTS_MOST * troubles <= room;
    if (!all)
        first = choose_rows(snapshot, room, &end);
    bool summarize = room > 3;
    if (first > 0 && summarize)
        draw_hidden(look, 0, first);
    for (size_t i = first; i < end; i++) {
        draw_row(look, &snapshot->rows[i]);
        if (snapshot->rows[i].state == CN_ACTIVE && stages->buffer.length)
            cn_text_raw(look->out, stages->buffer.text);
        if (explain && has_trouble(look, &snapshot->rows[i]))
            draw_trouble(look, &snapshot->rows[i]);
    }
    if (end < snapshot->count && summarize)
        draw_hidden(look, end, snapshot->count);
}

void cn_render_tty(struct cn_text *out, const struct cn_snapshot *snapshot,
                   const struct cn_screen *screen)
{
    /* The last column may wrap. */
    size_t limit = screen->columns > 1 ? screen->columns - 1 : 1;
    struct cn_text stages = {.utf8 = screen->utf8, .limit = limit};
    struct look look = {.out = &stages, .snapshot = snapshot, .screen = screen};
    out->utf8 = screen->utf8;
    out->limit = limit;
    for (size_t i = 0; i < snapshot->count && !snapshot->last; i++)
        if (snapshot->rows[i].state == CN_ACTIVE && stages.buffer.length == 0)
            draw_stages(&look, &snapshot->rows[i]);
    look.out = out;
    lay_out(&look);
    draw_title(&look);

    bool message = snapshot->message && !snapshot->last && screen->rows > 4;
    size_t taken = lines_of(out) + lines_of(&stages) + message + 1; /* and the cursor's */
    if (stages.buffer.length == 0)
        taken++; /* rows stay where they are when the next variable begins */
    draw_rows(&look, &stages, screen->rows > taken ? screen->rows - taken : 1);
    if (message)
        draw_message(&look);
    out->buffer.failed |= stages.buffer.failed;
    cn_text_free(&stages);
}
