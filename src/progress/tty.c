/*
 * The display on a terminal: a title, a row for each variable, lines about the active one and about
 * failures, the latest message. Pure: it makes a frame; thread.c writes it.
 */
#include "progress/render.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STATE = 7, RATE = 9, TIME = 10, NAME_MOST = 20 };

/* A frame that is drawn. */
struct picture {
    struct cn_canvas canvas;
    const struct cn_snapshot *snapshot;
    size_t name_width, count_width, bar_width;
};

/* Draws the title in one line. The times matter more than the end of a long title. */
static void draw_short_title(struct picture *picture, const char *threads, const char *times)
{
    struct cn_text *out = picture->canvas.out;
    size_t dots = strlen(" - ");
    size_t end = 2 * dots + strlen(threads) + strlen(times);
    size_t left = out->limit > out->column + end ? out->limit - out->column - end : 0;
    if (picture->snapshot->title[0] && left > 2 * dots) {
        cn_text_add(out, picture->canvas.separator, SIZE_MAX);
        cn_text_add(out, picture->snapshot->title, left - dots);
    }
    cn_text_add(out, picture->canvas.separator, SIZE_MAX);
    cn_text_add(out, threads, SIZE_MAX);
    cn_text_add(out, picture->canvas.separator, SIZE_MAX);
    cn_text_add(out, times, SIZE_MAX);
}

/* Adds the parts of the title, which is split at its dots. */
static void add_title(struct picture *picture)
{
    static const char between[] = " · ";
    const char *at = picture->snapshot->title, *end;
    for (char part[512]; *at; at = *end ? end + strlen(between) : end) {
        end = strstr(at, between);
        if (!end)
            end = at + strlen(at);
        snprintf(part, sizeof part, "%.*s", (int)(end - at), at);
        cn_canvas_add_part(&picture->canvas, part);
    }
}

static void draw_title(struct picture *picture)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    bool several = picture->canvas.screen->rows >= CN_TALL || snapshot->last;
    char threads[40], times[100], left[60] = "";
    snprintf(threads, sizeof threads, "%d thread%s", snapshot->threads,
             cn_plural((uint64_t)snapshot->threads));
    if (!snapshot->last && snapshot->eta_s >= 0)
        snprintf(left, sizeof left, ", ~%s left", cn_short_duration(snapshot->eta_s).text);
    snprintf(times, sizeof times, "%s%s", cn_short_duration(snapshot->elapsed_s).text, left);
    cn_canvas_begin_parts(&picture->canvas, 0, NULL, several);
    cn_canvas_start_color(&picture->canvas, CN_BOLD);
    cn_text_add(picture->canvas.out, "climnorm", SIZE_MAX);
    cn_canvas_end_color(&picture->canvas);
    picture->canvas.indent = 2;
    if (several) {
        add_title(picture);
        cn_canvas_add_partf(&picture->canvas, "%s%s%s", threads, picture->canvas.separator, times);
    } else {
        draw_short_title(picture, threads, times);
    }
    cn_canvas_end_line(&picture->canvas);
}

static const char *state_color(const struct cn_progress_row *row)
{
    static const char *const colors[] = {
        [CN_WAITING] = CN_DIM, [CN_ACTIVE] = CN_CYAN, [CN_DONE] = CN_GREEN, [CN_FAILED] = CN_RED};
    return row->state == CN_DONE &&
                   (row->values[CN_NORMALS_FAILED] || row->values[CN_NORMALS_UNMADE])
               ? CN_YELLOW
               : colors[row->state];
}

static void draw_bar(const struct picture *picture, const struct cn_progress_row *row)
{
    uint64_t total = row->values[CN_NORMALS_TOTAL];
    double share = row->fraction; /* when done: the share of normals written */
    if (row->state == CN_DONE)
        share = total ? (double)row->values[CN_NORMALS_WRITTEN] / (double)total : 1;
    cn_canvas_add_bar(&picture->canvas, share, picture->bar_width, row->state == CN_ACTIVE,
                      state_color(row));
}

/* Whether the row is of work that goes on. */
static bool is_going_on(const struct picture *picture, const struct cn_progress_row *row)
{
    return row->state == CN_ACTIVE && !picture->snapshot->last;
}

/* While a variable is active, how much of the bar is full. Else normals made, of those to make; if
 * there are none to make, how many are kept. */
static struct cn_short_text done_of_total(const struct picture *picture,
                                          const struct cn_progress_row *row)
{
    static const uint64_t most = 10000000000; /* larger numbers do not fit */
    uint64_t written = row->values[CN_NORMALS_WRITTEN], total = row->values[CN_NORMALS_TOTAL],
             kept = row->values[CN_NORMALS_KEPT];
    struct cn_short_text out = {""};
    if (is_going_on(picture, row))
        snprintf(out.text, sizeof out.text, "%.0f %%", floor(100 * row->fraction));
    else if (total > 0 && written < most && total < most)
        snprintf(out.text, sizeof out.text, "%" PRIu64 "/%" PRIu64, written, total);
    else if (total == 0 && kept > 0 && kept < most)
        snprintf(out.text, sizeof out.text, "%" PRIu64 " kept", kept);
    return out;
}

/* State, rate, and the time left or taken. */
static void draw_tail(const struct picture *picture, const struct cn_progress_row *row)
{
    struct cn_short_text when = {""};
    if (is_going_on(picture, row) && row->eta_s >= 0)
        snprintf(when.text, sizeof when.text, "~%.20s", cn_short_duration(row->eta_s).text);
    else if (!is_going_on(picture, row) && row->elapsed_s > 0)
        when = cn_short_duration(row->elapsed_s);
    cn_canvas_start_color(&picture->canvas, state_color(row));
    cn_text_left(picture->canvas.out, cn_state_name(row->state, picture->snapshot->last), STATE);
    cn_canvas_end_color(&picture->canvas);
    cn_text_right(picture->canvas.out,
                  cn_short_rate(row->rates[CN_NORMALS_WRITTEN].per_second).text, RATE);
    cn_text_right(picture->canvas.out, when.text, TIME);
}

static void draw_row(const struct picture *picture, const struct cn_progress_row *row)
{
    cn_text_add(picture->canvas.out, "  ", 2);
    cn_text_left(picture->canvas.out, row->name, picture->name_width);
    if (picture->bar_width > 0) {
        cn_text_add(picture->canvas.out, " ", 1);
        draw_bar(picture, row);
    }
    cn_text_add(picture->canvas.out, "  ", 2);
    cn_text_right(picture->canvas.out, done_of_total(picture, row).text, picture->count_width);
    cn_text_add(picture->canvas.out, "  ", 2);
    draw_tail(picture, row);
    cn_canvas_end_line(&picture->canvas);
}

static void add_counters(struct picture *picture, const struct cn_progress_row *row,
                         enum cn_counter_place place)
{
    struct cn_counter_text said;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        if (cn_counter_say(row, c, place, &said))
            cn_canvas_add_part(&picture->canvas, said.text);
}

static void draw_stages(struct picture *picture, const struct cn_progress_row *row)
{
    cn_canvas_begin_parts(&picture->canvas, 4, CN_DIM, picture->canvas.screen->rows >= CN_TALL);
    add_counters(picture, row, CN_IN_LINE_1);
    cn_canvas_next_line(&picture->canvas);
    add_counters(picture, row, CN_IN_LINE_2);
    add_counters(picture, row, CN_IN_FAILURES);
    add_counters(picture, row, CN_IN_NOTES);
    cn_canvas_end_line(&picture->canvas);
}

/* Whether lines about failures belong below a variable that is over. */
static bool has_failures(const struct picture *picture, const struct cn_progress_row *row)
{
    bool over = row->state == CN_DONE || row->state == CN_FAILED || picture->snapshot->last;
    bool fails = row->problem;
    struct cn_counter_text said;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++)
        fails |= cn_counter_say(row, c, CN_IN_FAILURES, &said);
    return over && fails;
}

static void draw_failures(struct picture *picture, const struct cn_progress_row *row)
{
    cn_canvas_begin_parts(&picture->canvas, 4, row->state == CN_FAILED ? CN_RED : CN_YELLOW, true);
    add_counters(picture, row, CN_IN_FAILURES);
    add_counters(picture, row, CN_IN_NOTES);
    if (row->problem && picture->canvas.out->column > picture->canvas.indent)
        cn_canvas_next_line(&picture->canvas);
    if (row->problem)
        cn_text_add_brief(picture->canvas.out, row->problem);
    cn_canvas_end_line(&picture->canvas);
}

static void draw_message(const struct picture *picture)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    cn_canvas_start_color(&picture->canvas, CN_YELLOW);
    cn_text_add(picture->canvas.out, "  ", 2);
    if (snapshot->messages > 1)
        cn_text_printf(picture->canvas.out, "%" PRIu64 " messages, the last: ", snapshot->messages);
    cn_text_add_brief(picture->canvas.out, snapshot->message);
    cn_canvas_end_line(&picture->canvas);
}

/* Draws one line for the rows first … end, which do not fit on the screen. */
static void draw_hidden(const struct picture *picture, size_t first, size_t end)
{
    static const enum cn_variable_state order[] = {CN_DONE, CN_FAILED, CN_ACTIVE, CN_WAITING};
    const char *before = "";
    cn_canvas_start_color(&picture->canvas, CN_DIM);
    cn_text_add(picture->canvas.out, "  ", 2);
    for (size_t s = 0; s < sizeof order / sizeof *order; s++) {
        size_t count = 0;
        for (size_t i = first; i < end; i++)
            count += picture->snapshot->rows[i].state == order[s];
        if (count > 0) {
            cn_text_printf(picture->canvas.out, "%s%zu %s", before, count,
                           cn_state_name(order[s], false));
            before = ", ";
        }
    }
    cn_canvas_end_line(&picture->canvas);
}

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

static void lay_out(struct picture *picture)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        size_t name = cn_text_columns(row->name, picture->canvas.screen->utf8);
        size_t count = strlen(done_of_total(picture, row).text);
        uint64_t total = row->values[CN_NORMALS_TOTAL];
        if (total > 0) /* the final width, so that bars do not shrink */
            count = 2 * (size_t)snprintf(NULL, 0, "%" PRIu64, total) + 1;
        picture->name_width = name > picture->name_width ? name : picture->name_width;
        picture->count_width = count > picture->count_width ? count : picture->count_width;
    }
    picture->name_width =
        at_most(picture->name_width, at_most(picture->canvas.screen->columns / 5, NAME_MOST));
    if (picture->count_width < strlen("100 %"))
        picture->count_width = strlen("100 %");
    picture->count_width = at_most(picture->count_width, 2 * strlen("12345678901"));
    size_t fixed = 2 + picture->name_width + 1 + 2 + picture->count_width + 2 + STATE + RATE + TIME;
    size_t left = picture->canvas.out->limit > fixed ? picture->canvas.out->limit - fixed : 0;
    picture->bar_width = left < CN_BAR_LEAST ? 0 : at_most(left, CN_BAR_MOST);
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

static void draw_rows(struct picture *picture, const struct cn_text *stages, size_t lines)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    size_t first = 0, end = snapshot->count, failures = 0;
    for (size_t i = 0; i < end; i++)
        failures += has_failures(picture, &snapshot->rows[i]);
    bool explain = snapshot->last || snapshot->count + CN_PARTS_MOST * failures <= lines;
    bool summarize = lines > 3;
    if (!snapshot->last && snapshot->count > lines)
        first = choose_rows(snapshot, lines, &end);
    if (first > 0 && summarize)
        draw_hidden(picture, 0, first);
    for (size_t i = first; i < end; i++) {
        draw_row(picture, &snapshot->rows[i]);
        if (snapshot->rows[i].state == CN_ACTIVE && stages->buffer.length)
            cn_text_raw(picture->canvas.out, stages->buffer.text);
        if (explain && has_failures(picture, &snapshot->rows[i]))
            draw_failures(picture, &snapshot->rows[i]);
    }
    if (end < snapshot->count && summarize)
        draw_hidden(picture, end, snapshot->count);
}

void cn_render_tty(struct cn_text *out, const struct cn_snapshot *snapshot,
                   const struct cn_screen *screen)
{
    struct cn_text stages = {0};
    struct picture picture = {.canvas = cn_canvas_on(&stages, screen), .snapshot = snapshot};
    for (size_t i = 0; i < snapshot->count && !snapshot->last; i++)
        if (snapshot->rows[i].state == CN_ACTIVE && stages.buffer.length == 0)
            draw_stages(&picture, &snapshot->rows[i]);
    picture.canvas = cn_canvas_on(out, screen);
    lay_out(&picture);
    draw_title(&picture);

    bool message = snapshot->message && !snapshot->last && screen->rows > 4;
    size_t taken =
        count_lines(out) + count_lines(&stages) + message + 1; /* and that of the cursor */
    if (stages.buffer.length == 0)
        taken++; /* keeps the rows in place when the next variable begins */
    draw_rows(&picture, &stages, screen->rows > taken ? screen->rows - taken : 1);
    if (message)
        draw_message(&picture);
    out->buffer.failed |= stages.buffer.failed;
    cn_text_free(&stages);
}
