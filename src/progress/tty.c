/*
 * The display on a terminal: a title, a row per variable, a line about the active one, the latest
 * message. Pure: it makes a frame; thread.c puts it on the screen.
 */
#include "progress/render.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TAIL = 17, NOTE = 24, NOTE_FROM = 100, BAR_LEAST = 6, BAR_MOST = 80, NAME_MOST = 20 };

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
    size_t name_width, count_width, bar_width, note_width;
};

static void paint(const struct look *look, const char *color)
{
    if (!look->screen->color)
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

static void draw_title(const struct look *look)
{
    const struct cn_snapshot *snapshot = look->snapshot;
    char left[40] = "", end[160];
    if (!snapshot->last && snapshot->eta_s >= 0)
        snprintf(left, sizeof left, ", ~%s left", cn_short_duration(snapshot->eta_s).text);
    snprintf(end, sizeof end, "%s%d thread%s%s%s%s", dot(look), snapshot->threads,
             snapshot->threads == 1 ? "" : "s", dot(look),
             cn_short_duration(snapshot->elapsed_s).text, left);
    size_t end_columns = cn_text_columns(end, look->screen->utf8), limit = look->out->limit;
    paint(look, BOLD);
    cn_text_add(look->out, "climnorm", SIZE_MAX);
    plain(look);
    size_t room =
        limit > look->out->column + end_columns ? limit - look->out->column - end_columns : 0;
    if (snapshot->title[0] && room > 6) { /* the times matter more than the end of a long title */
        cn_text_add(look->out, dot(look), SIZE_MAX);
        cn_text_add(look->out, snapshot->title, room - 3);
    }
    cn_text_add(look->out, end, SIZE_MAX);
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

static struct cn_short done_of_total(const struct cn_progress_row *row)
{
    struct cn_short out = {""};
    bool known = row->state != CN_WAITING || row->total + row->kept > 0;
    if (known && row->written < 10000000000 && row->total < 10000000000) /* fits */
        snprintf(out.text, sizeof out.text, "%" PRIu64 "/%" PRIu64, row->written, row->total);
    return out;
}

/* Rate and time left, or what became of it and the time it took. */
static void draw_tail(const struct look *look, const struct cn_progress_row *row)
{
    char what[24] = "", when[24] = "";
    bool active = row->state == CN_ACTIVE;
    if (active && look->snapshot->last)
        snprintf(what, sizeof what, "stopped");
    else if (active)
        snprintf(what, sizeof what, "%s", cn_short_rate(row->normals_per_s).text);
    else
        snprintf(what, sizeof what, "%s", cn_state_name(row->state));
    if (active && !look->snapshot->last && row->eta_s >= 0)
        snprintf(when, sizeof when, "~%.20s", cn_short_duration(row->eta_s).text);
    else if ((!active || look->snapshot->last) && row->elapsed_s > 0)
        snprintf(when, sizeof when, "%s", cn_short_duration(row->elapsed_s).text);
    if (!active)
        paint(look, state_color(row));
    cn_text_left(look->out, what, 8);
    plain(look);
    cn_text_right(look->out, when, TAIL - 8);
}

static void draw_note(const struct look *look, const struct cn_progress_row *row)
{
    char failed[40] = "", kept[40] = "", note[80];
    if (row->failed)
        snprintf(failed, sizeof failed, "  %" PRIu64 " failed", row->failed);
    if (row->kept)
        snprintf(kept, sizeof kept, "  %" PRIu64 " kept", row->kept);
    snprintf(note, sizeof note, "%s%s", failed, kept);
    cn_text_add(look->out, note, look->note_width);
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
    if (look->note_width > 0)
        draw_note(look, row);
    end_line(look);
}

/* A part of the stage line that does not fit is left out as a whole. */
__attribute__((format(printf, 2, 3))) static void draw_part(const struct look *look,
                                                            const char *format, ...)
{
    char part[120];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    const char *before = look->out->column > 4 ? dot(look) : "";
    size_t columns =
        cn_text_columns(before, look->screen->utf8) + cn_text_columns(part, look->screen->utf8);
    if (columns > look->out->limit - look->out->column)
        return;
    cn_text_add(look->out, before, SIZE_MAX);
    cn_text_add(look->out, part, SIZE_MAX);
}

static void draw_stage(const struct look *look, const struct cn_progress_row *row)
{
    static const double gib = 1024.0 * 1024.0 * 1024.0;
    paint(look, DIM);
    cn_text_add(look->out, "    ", 4);
    draw_part(look, "read %" PRIu64 "/%" PRIu64 "%s", row->years_read, row->years_total,
              look->screen->columns >= 90 ? " years" : "");
    draw_part(look, "%s/s", cn_short_bytes(row->bytes_per_s).text);
    draw_part(look, "computed %" PRIu64, row->computed);
    draw_part(look, "written %" PRIu64, row->written);
    draw_part(look, "arena %.1f/%.1f GiB", (double)row->arena_used / gib,
              (double)look->snapshot->arena_bytes / gib);
    if (row->years_failed)
        draw_part(look, "%" PRIu64 " years unread", row->years_failed);
    if (row->failed)
        draw_part(look, "%" PRIu64 " failed", row->failed);
    if (row->kept)
        draw_part(look, "%" PRIu64 " kept", row->kept);
    end_line(look);
}

static void draw_message(const struct look *look)
{
    const struct cn_snapshot *snapshot = look->snapshot;
    paint(look, YELLOW);
    if (snapshot->messages > 1)
        cn_text_printf(look->out, "  ! %" PRIu64 " messages, the last: ", snapshot->messages);
    else
        cn_text_add(look->out, "  ! ", SIZE_MAX);
    cn_text_add(look->out, snapshot->message, SIZE_MAX);
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
            cn_text_printf(look->out, "%s%zu %s", any ? ", " : "", count, cn_state_name(order[s]));
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
    look->note_width = columns >= NOTE_FROM ? NOTE : 0;
    size_t fixed = 2 + look->name_width + 1 + 2 + look->count_width + 2 + TAIL + look->note_width;
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

void cn_render_tty(struct cn_text *out, const struct cn_snapshot *snapshot,
                   const struct cn_screen *screen)
{
    struct look look = {.out = out, .snapshot = snapshot, .screen = screen};
    out->utf8 = screen->utf8;
    out->limit = screen->columns > 1 ? screen->columns - 1 : 1; /* the last column may wrap */
    lay_out(&look);
    draw_title(&look);

    size_t first = 0, end = snapshot->count, at = middle(snapshot);
    size_t extra = 1 + 1 + (snapshot->message != NULL) + 1; /* title, stage, message, cursor */
    size_t room = screen->rows > extra ? screen->rows - extra : 1;
    if (snapshot->count > room && !snapshot->last) {
        size_t shown = room > 3 ? room - 2 : 1; /* one line for those before, one for those after */
        first = at < shown / 2 ? 0 : at - shown / 2;
        if (first > snapshot->count - shown)
            first = snapshot->count - shown;
        end = first + shown;
    }
    bool summarize = room > 3;
    if (first > 0 && summarize)
        draw_hidden(&look, 0, first);
    for (size_t i = first; i < end; i++) {
        draw_row(&look, &snapshot->rows[i]);
        if (snapshot->rows[i].state == CN_ACTIVE && !snapshot->last)
            draw_stage(&look, &snapshot->rows[i]);
    }
    if (end < snapshot->count && summarize)
        draw_hidden(&look, end, snapshot->count);
    if (snapshot->message && !snapshot->last && screen->rows > 4)
        draw_message(&look);
}
