/*
 * The display on a terminal: a title, a row for each variable, lines about the active one and about
 * failures, the latest message. Pure: it makes a frame; thread.c writes it.
 */
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
    TALL = 12,     /* with so many screen rows no line is left out */
    PARTS_MOST = 4 /* lines that parts may fill */
};

/* SGR codes, used with color only. */
#define BOLD   "1"
#define DIM    "2"
#define RED    "31"
#define GREEN  "32"
#define YELLOW "33"
#define CYAN   "36"

struct canvas {
    struct cn_text *out;
    const struct cn_snapshot *snapshot;
    const struct cn_screen *screen;
    const char *separator; /* of the parts of a line */
    size_t name_width, count_width, bar_width;
    /* For the parts being drawn. */
    const char *color;
    size_t indent, lines_left;
};

static void start_color(const struct canvas *canvas, const char *color)
{
    if (canvas->screen->color && color)
        cn_strbuf_add(&canvas->out->buffer, "\033[%sm", color);
}

static void end_color(const struct canvas *canvas)
{
    if (canvas->screen->color)
        cn_text_raw(canvas->out, "\033[0m");
}

static void end_line(const struct canvas *canvas)
{
    end_color(canvas);
    cn_text_end_line(canvas->out, CN_FRAME_LINE_END);
}

static void begin_line(const struct canvas *canvas)
{
    start_color(canvas, canvas->color);
    cn_text_left(canvas->out, "", canvas->indent);
}

/* Begins a list of parts. They are drawn with separators between them, in one line or, if they do
 * not fit, in several. */
static void begin_parts(struct canvas *canvas, size_t indent, const char *color, bool several)
{
    canvas->indent = indent;
    canvas->color = color;
    canvas->lines_left = several ? PARTS_MOST : 1;
    begin_line(canvas);
}

/* False: there is no further line. */
static bool next_line(struct canvas *canvas)
{
    if (canvas->lines_left <= 1)
        return false;
    canvas->lines_left--;
    end_line(canvas);
    begin_line(canvas);
    return true;
}

/* A part that does not fit begins the next line; in the last line it is left out. A part longer
 * than a line is cut. */
static void add_part(struct canvas *canvas, const char *part)
{
    struct cn_text *out = canvas->out;
    size_t left = out->limit > out->column ? out->limit - out->column : 0;
    size_t columns = cn_text_columns(part, canvas->screen->utf8);
    if (out->column > canvas->indent && columns + strlen(" - ") > left && !next_line(canvas))
        return;
    if (out->column > canvas->indent)
        cn_text_add(out, canvas->separator, SIZE_MAX);
    cn_text_add(out, part, SIZE_MAX);
}

__attribute__((format(printf, 2, 3))) static void add_partf(struct canvas *canvas,
                                                            const char *format, ...)
{
    char part[160];
    va_list args;
    va_start(args, format);
    vsnprintf(part, sizeof part, format, args);
    va_end(args);
    add_part(canvas, part);
}

/* Draws the title in one line. The times matter more than the end of a long title. */
static void draw_short_title(struct canvas *canvas, const char *threads, const char *times)
{
    struct cn_text *out = canvas->out;
    size_t dots = strlen(" - ");
    size_t end = 2 * dots + strlen(threads) + strlen(times);
    size_t left = out->limit > out->column + end ? out->limit - out->column - end : 0;
    if (canvas->snapshot->title[0] && left > 2 * dots) {
        cn_text_add(out, canvas->separator, SIZE_MAX);
        cn_text_add(out, canvas->snapshot->title, left - dots);
    }
    cn_text_add(out, canvas->separator, SIZE_MAX);
    cn_text_add(out, threads, SIZE_MAX);
    cn_text_add(out, canvas->separator, SIZE_MAX);
    cn_text_add(out, times, SIZE_MAX);
}

/* Adds the parts of the title, which is split at its dots. */
static void add_title(struct canvas *canvas)
{
    static const char between[] = " · ";
    const char *at = canvas->snapshot->title, *end;
    for (char part[512]; *at; at = *end ? end + strlen(between) : end) {
        end = strstr(at, between);
        if (!end)
            end = at + strlen(at);
        snprintf(part, sizeof part, "%.*s", (int)(end - at), at);
        add_part(canvas, part);
    }
}

static void draw_title(struct canvas *canvas)
{
    const struct cn_snapshot *snapshot = canvas->snapshot;
    bool several = canvas->screen->rows >= TALL || snapshot->last;
    char threads[40], times[100], left[60] = "";
    snprintf(threads, sizeof threads, "%d thread%s", snapshot->threads,
             cn_plural((uint64_t)snapshot->threads));
    if (!snapshot->last && snapshot->eta_s >= 0)
        snprintf(left, sizeof left, ", ~%s left", cn_short_duration(snapshot->eta_s).text);
    snprintf(times, sizeof times, "%s%s", cn_short_duration(snapshot->elapsed_s).text, left);
    begin_parts(canvas, 0, NULL, several);
    start_color(canvas, BOLD);
    cn_text_add(canvas->out, "climnorm", SIZE_MAX);
    end_color(canvas);
    canvas->indent = 2;
    if (several) {
        add_title(canvas);
        add_partf(canvas, "%s%s%s", threads, canvas->separator, times);
    } else {
        draw_short_title(canvas, threads, times);
    }
    end_line(canvas);
}

static const char *state_color(const struct cn_progress_row *row)
{
    static const char *const colors[] = {
        [CN_WAITING] = DIM, [CN_ACTIVE] = CYAN, [CN_DONE] = GREEN, [CN_FAILED] = RED};
    return row->state == CN_DONE && row->values[CN_NORMALS_FAILED] ? YELLOW : colors[row->state];
}

static void draw_bar(const struct canvas *canvas, const struct cn_progress_row *row)
{
    bool utf8 = canvas->screen->utf8;
    uint64_t total = row->values[CN_NORMALS_TOTAL];
    double part = row->fraction; /* when done: the share of normals written */
    if (row->state == CN_DONE)
        part = total ? (double)row->values[CN_NORMALS_WRITTEN] / (double)total : 1;
    double cells = fmax(0, fmin(1, part)) * (double)canvas->bar_width;
    size_t full = (size_t)cells;
    bool half =
        full < canvas->bar_width && (utf8 ? cells - (double)full >= 0.5 : row->state == CN_ACTIVE);
    start_color(canvas, state_color(row));
    for (size_t i = 0; i < full; i++)
        cn_text_add(canvas->out, utf8 ? "━" : "=", 1);
    if (half)
        cn_text_add(canvas->out, utf8 ? "╸" : ">", 1);
    end_color(canvas);
    start_color(canvas, DIM);
    for (size_t i = full + half; i < canvas->bar_width; i++)
        cn_text_add(canvas->out, utf8 ? "─" : "-", 1);
    end_color(canvas);
}

/* Outputs written of those to make; if there are none to make, how many are kept. */
static struct cn_short_text done_of_total(const struct cn_progress_row *row)
{
    static const uint64_t most = 10000000000; /* larger numbers do not fit */
    uint64_t written = row->values[CN_NORMALS_WRITTEN], total = row->values[CN_NORMALS_TOTAL],
             kept = row->values[CN_NORMALS_KEPT];
    struct cn_short_text out = {""};
    if (total > 0 && written < most && total < most)
        snprintf(out.text, sizeof out.text, "%" PRIu64 "/%" PRIu64, written, total);
    else if (total == 0 && kept > 0 && kept < most)
        snprintf(out.text, sizeof out.text, "%" PRIu64 " kept", kept);
    return out;
}

/* State, rate, and the time left or taken. */
static void draw_tail(const struct canvas *canvas, const struct cn_progress_row *row)
{
    struct cn_short_text when = {""};
    bool going_on = row->state == CN_ACTIVE && !canvas->snapshot->last;
    if (going_on && row->eta_s >= 0)
        snprintf(when.text, sizeof when.text, "~%.20s", cn_short_duration(row->eta_s).text);
    else if (!going_on && row->elapsed_s > 0)
        when = cn_short_duration(row->elapsed_s);
    start_color(canvas, state_color(row));
    cn_text_left(canvas->out, cn_state_name(row->state, canvas->snapshot->last), STATE);
    end_color(canvas);
    cn_text_right(canvas->out, cn_short_rate(row->rates[CN_NORMALS_WRITTEN].per_second).text, RATE);
    cn_text_right(canvas->out, when.text, TIME);
}

static void draw_row(const struct canvas *canvas, const struct cn_progress_row *row)
{
    cn_text_add(canvas->out, "  ", 2);
    cn_text_left(canvas->out, row->name, canvas->name_width);
    if (canvas->bar_width > 0) {
        cn_text_add(canvas->out, " ", 1);
        draw_bar(canvas, row);
    }
    cn_text_add(canvas->out, "  ", 2);
    cn_text_right(canvas->out, done_of_total(row).text, canvas->count_width);
    cn_text_add(canvas->out, "  ", 2);
    draw_tail(canvas, row);
    end_line(canvas);
}

static void add_counters(struct canvas *canvas, const struct cn_progress_row *row,
                         enum cn_counter_place place)
{
    struct cn_counter_text said;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        if (cn_counter_say(row, c, place, &said))
            add_part(canvas, said.text);
}

static void draw_stages(struct canvas *canvas, const struct cn_progress_row *row)
{
    begin_parts(canvas, 4, DIM, canvas->screen->rows >= TALL);
    add_counters(canvas, row, CN_IN_LINE_1);
    next_line(canvas);
    add_counters(canvas, row, CN_IN_LINE_2);
    add_counters(canvas, row, CN_IN_FAILURES);
    add_counters(canvas, row, CN_IN_NOTES);
    end_line(canvas);
}

/* Whether lines about failures belong below a variable that is over. */
static bool has_failures(const struct canvas *canvas, const struct cn_progress_row *row)
{
    bool over = row->state == CN_DONE || row->state == CN_FAILED || canvas->snapshot->last;
    bool fails = row->problem;
    struct cn_counter_text said;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        fails |= cn_counter_say(row, c, CN_IN_FAILURES, &said);
    return over && fails;
}

static void draw_failures(struct canvas *canvas, const struct cn_progress_row *row)
{
    begin_parts(canvas, 4, row->state == CN_FAILED ? RED : YELLOW, true);
    add_counters(canvas, row, CN_IN_FAILURES);
    add_counters(canvas, row, CN_IN_NOTES);
    if (row->problem && canvas->out->column > canvas->indent)
        next_line(canvas);
    if (row->problem)
        cn_text_add_brief(canvas->out, row->problem);
    end_line(canvas);
}

static void draw_message(const struct canvas *canvas)
{
    const struct cn_snapshot *snapshot = canvas->snapshot;
    start_color(canvas, YELLOW);
    cn_text_add(canvas->out, "  ", 2);
    if (snapshot->messages > 1)
        cn_text_printf(canvas->out, "%" PRIu64 " messages, the last: ", snapshot->messages);
    cn_text_add_brief(canvas->out, snapshot->message);
    end_line(canvas);
}

/* Draws one line for the rows first … end, which do not fit on the screen. */
static void draw_hidden(const struct canvas *canvas, size_t first, size_t end)
{
    static const enum cn_variable_state order[] = {CN_DONE, CN_FAILED, CN_ACTIVE, CN_WAITING};
    const char *before = "";
    start_color(canvas, DIM);
    cn_text_add(canvas->out, "  ", 2);
    for (size_t s = 0; s < sizeof order / sizeof *order; s++) {
        size_t count = 0;
        for (size_t i = first; i < end; i++)
            count += canvas->snapshot->rows[i].state == order[s];
        if (count > 0) {
            cn_text_printf(canvas->out, "%s%zu %s", before, count, cn_state_name(order[s], false));
            before = ", ";
        }
    }
    end_line(canvas);
}

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

static void lay_out(struct canvas *canvas)
{
    const struct cn_snapshot *snapshot = canvas->snapshot;
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        size_t name = cn_text_columns(row->name, canvas->screen->utf8);
        size_t count = strlen(done_of_total(row).text);
        uint64_t total = row->values[CN_NORMALS_TOTAL];
        if (total > 0) /* the final width, so that bars do not shrink */
            count = 2 * (size_t)snprintf(NULL, 0, "%" PRIu64, total) + 1;
        canvas->name_width = name > canvas->name_width ? name : canvas->name_width;
        canvas->count_width = count > canvas->count_width ? count : canvas->count_width;
    }
    canvas->name_width =
        at_most(canvas->name_width, at_most(canvas->screen->columns / 5, NAME_MOST));
    canvas->count_width = at_most(canvas->count_width, 2 * strlen("12345678901"));
    size_t fixed = 2 + canvas->name_width + 1 + 2 + canvas->count_width + 2 + STATE + RATE + TIME;
    size_t left = canvas->out->limit > fixed ? canvas->out->limit - fixed : 0;
    canvas->bar_width = left < BAR_LEAST ? 0 : at_most(left, BAR_MOST);
}

static size_t count_lines(const struct cn_text *out)
{
    return cn_text_screen_rows(cn_strbuf_text(&out->buffer), SIZE_MAX, out->utf8);
}

/* Chooses the rows first … *end for so many lines when not all fit: those around the active
 * variable, else around the first that is not over. Returns first. */
static size_t choose_rows(const struct cn_snapshot *snapshot, size_t lines, size_t *end)
{
    size_t middle = 0;
    while (middle + 1 < snapshot->count && snapshot->rows[middle].state != CN_ACTIVE &&
           snapshot->rows[middle].state != CN_WAITING)
        middle++;
    size_t shown = lines > 3 ? lines - 2 : 1; /* one line each for the rows before and after */
    size_t first = middle < shown / 2 ? 0 : middle - shown / 2;
    first = at_most(first, snapshot->count - shown);
    *end = first + shown;
    return first;
}

static void draw_rows(struct canvas *canvas, const struct cn_text *stages, size_t lines)
{
    const struct cn_snapshot *snapshot = canvas->snapshot;
    size_t first = 0, end = snapshot->count, failures = 0;
    for (size_t i = 0; i < end; i++)
        failures += has_failures(canvas, &snapshot->rows[i]);
    bool explain = snapshot->last || snapshot->count + PARTS_MOST * failures <= lines;
    bool summarize = lines > 3;
    if (!snapshot->last && snapshot->count > lines)
        first = choose_rows(snapshot, lines, &end);
    if (first > 0 && summarize)
        draw_hidden(canvas, 0, first);
    for (size_t i = first; i < end; i++) {
        draw_row(canvas, &snapshot->rows[i]);
        if (snapshot->rows[i].state == CN_ACTIVE && stages->buffer.length)
            cn_text_raw(canvas->out, stages->buffer.text);
        if (explain && has_failures(canvas, &snapshot->rows[i]))
            draw_failures(canvas, &snapshot->rows[i]);
    }
    if (end < snapshot->count && summarize)
        draw_hidden(canvas, end, snapshot->count);
}

void cn_render_tty(struct cn_text *out, const struct cn_snapshot *snapshot,
                   const struct cn_screen *screen)
{
    /* Text in the last column could wrap. */
    size_t limit = screen->columns > 1 ? screen->columns - 1 : 1;
    struct cn_text stages = {.utf8 = screen->utf8, .limit = limit};
    struct canvas canvas = {.out = &stages,
                            .snapshot = snapshot,
                            .screen = screen,
                            .separator = screen->utf8 ? " · " : " - "};
    out->utf8 = screen->utf8;
    out->limit = limit;
    for (size_t i = 0; i < snapshot->count && !snapshot->last; i++)
        if (snapshot->rows[i].state == CN_ACTIVE && stages.buffer.length == 0)
            draw_stages(&canvas, &snapshot->rows[i]);
    canvas.out = out;
    lay_out(&canvas);
    draw_title(&canvas);

    bool message = snapshot->message && !snapshot->last && screen->rows > 4;
    size_t taken =
        count_lines(out) + count_lines(&stages) + message + 1; /* and that of the cursor */
    if (stages.buffer.length == 0)
        taken++; /* keeps the rows in place when the next variable begins */
    draw_rows(&canvas, &stages, screen->rows > taken ? screen->rows - taken : 1);
    if (message)
        draw_message(&canvas);
    out->buffer.failed |= stages.buffer.failed;
    cn_text_free(&stages);
}
