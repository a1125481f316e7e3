/*
 * The display on a terminal: a title, a row for each variable, lines about the active one and about
 * failures, the latest message. Pure: it makes a frame; thread.c writes it.
 */
#include "progress/fold.h"
#include "progress/render.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STATE = 7, RATE = 9, TIME = 10, NAME_MOST = 20, NAME_WITH_MODEL_MOST = 32 };

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
    char threads[40], times[120], left[60] = "";
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

static size_t name_columns(const struct picture *picture, const struct cn_progress_row *row)
{
    const bool utf8 = picture->canvas.screen->utf8;
    const size_t columns = cn_text_columns(row->name, utf8);
    return row->model ? cn_text_columns(row->model, utf8) + 1 + columns : columns;
}

/* Draws "CanESM5 tasmax". Where it does not fit, the model is cut. */
static void draw_name(const struct picture *picture, const struct cn_progress_row *row)
{
    struct cn_text *out = picture->canvas.out;
    const size_t end = out->column + picture->name_width;
    const size_t name = cn_text_columns(row->name, picture->canvas.screen->utf8);
    if (row->model && name + 1 < picture->name_width) {
        cn_text_add(out, row->model, picture->name_width - name - 1);
        cn_text_add(out, " ", 1);
    }
    cn_text_left(out, row->name, end > out->column ? end - out->column : 0);
}

static void draw_row(const struct picture *picture, const struct cn_progress_row *row)
{
    cn_text_add(picture->canvas.out, "  ", 2);
    draw_name(picture, row);
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

/* Draws one line for rows that are done, or that wait. */
static void draw_sum(const struct picture *picture, const struct cn_row_sum *sum)
{
    cn_canvas_start_color(&picture->canvas, CN_DIM);
    cn_text_add(picture->canvas.out, "  ", 2);
    cn_say_row_sum(picture->canvas.out, sum);
    cn_canvas_end_line(&picture->canvas);
}

/* Draws one line for rows that stand out and do not fit on the screen. */
static void draw_hidden(const struct picture *picture, size_t count)
{
    cn_canvas_start_color(&picture->canvas, CN_YELLOW);
    cn_text_printf(picture->canvas.out, "  %zu more with failures", count);
    cn_canvas_end_line(&picture->canvas);
}

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

static void lay_out(struct picture *picture)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    size_t most = at_most(picture->canvas.screen->columns / 5, NAME_MOST);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct cn_progress_row *row = &snapshot->rows[i];
        size_t name = name_columns(picture, row);
        if (row->model)
            most = at_most(picture->canvas.screen->columns / 3, NAME_WITH_MODEL_MOST);
        size_t count = strlen(done_of_total(picture, row).text);
        uint64_t total = row->values[CN_NORMALS_TOTAL];
        if (total > 0) /* the final width, so that bars do not shrink */
            count = 2 * (size_t)snprintf(NULL, 0, "%" PRIu64, total) + 1;
        picture->name_width = name > picture->name_width ? name : picture->name_width;
        picture->count_width = count > picture->count_width ? count : picture->count_width;
    }
    picture->name_width = at_most(picture->name_width, most);
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

static void draw_one_row(struct picture *picture, const struct cn_progress_row *row,
                         const struct cn_text *stages, bool explain)
{
    draw_row(picture, row);
    if (row->state == CN_ACTIVE && stages->buffer.length)
        cn_text_raw(picture->canvas.out, stages->buffer.text);
    if (explain && has_failures(picture, row))
        draw_failures(picture, row);
}

static void draw_all_rows(struct picture *picture, const struct cn_text *stages, size_t lines)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    size_t failures = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        failures += has_failures(picture, &snapshot->rows[i]);
    bool explain = snapshot->last || snapshot->count + CN_PARTS_MOST * failures <= lines;
    for (size_t i = 0; i < snapshot->count; i++)
        draw_one_row(picture, &snapshot->rows[i], stages, explain);
}

/* Draws a line for those that are done, a row for each that stands out, and a line for those that
 * wait. The newest failures and the active row stay; in few lines the active row alone. */
static void draw_folded_rows(struct picture *picture, const struct cn_text *stages, size_t lines)
{
    const struct cn_snapshot *snapshot = picture->snapshot;
    const struct cn_row_sum done = cn_sum_rows(snapshot, CN_DONE);
    const struct cn_row_sum waiting = cn_sum_rows(snapshot, CN_WAITING);
    const bool has_sums = snapshot->last || lines > 3;
    size_t rows = 0, shown = snapshot->last ? SIZE_MAX : lines;
    for (size_t i = 0; i < snapshot->count; i++)
        rows += cn_row_stands_out(&snapshot->rows[i]);
    if (has_sums && !snapshot->last)
        shown -= (size_t)(done.count > 0) + (size_t)(waiting.count > 0);
    const bool explain = rows < shown / (1 + CN_PARTS_MOST);
    const bool tells_hidden = has_sums && rows > shown;
    const size_t hidden = rows > shown ? rows - shown + tells_hidden : 0;
    if (has_sums && done.count)
        draw_sum(picture, &done);
    if (tells_hidden)
        draw_hidden(picture, hidden);
    size_t row = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        if (cn_row_stands_out(&snapshot->rows[i]) && row++ >= hidden)
            draw_one_row(picture, &snapshot->rows[i], stages, explain);
    if (has_sums && waiting.count)
        draw_sum(picture, &waiting);
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
    const size_t lines = screen->rows > taken ? screen->rows - taken : 1;
    if (snapshot->last ? snapshot->count > CN_MANY_ROWS : snapshot->count > lines)
        draw_folded_rows(&picture, &stages, lines);
    else
        draw_all_rows(&picture, &stages, lines);
    if (message)
        draw_message(&picture);
    out->buffer.failed |= stages.buffer.failed;
    cn_text_free(&stages);
}
