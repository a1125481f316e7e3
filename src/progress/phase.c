/*
 * The phases as a table, and how one is shown.
 */
#include "progress/phase.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAR = 40, MESSAGE_COLUMNS = 4000 };

static const double horizon_s = 30;
static const double least_measured_s = 0.5; /* an estimate from less would jump */

const struct cn_phase_row cn_phase_rows[] = {
    [CN_PHASE_NONE] = {"the config was read", NULL, 0},
    [CN_PHASE_EXAMINING] = {"examining files", "file", 0},
    [CN_PHASE_WAITING] = {"waiting for another run", NULL, 60},
    [CN_PHASE_EXISTING] = {"looking at existing normals", "file", 0},
    [CN_PHASE_SYNTHESIZING] = {"making files", "file", 0},
    [CN_PHASE_VERIFYING] = {"verifying files", "file", 0},
    [CN_PHASE_CHECKING] = {"checking files", "file", 0},
    [CN_PHASE_DRAWING] = {"drawing", "part", 0},
    [CN_PHASE_MEASURING] = {"measuring for about a second", NULL, 0},
    [CN_PHASE_RUNNING] = {"running", NULL, 0},
};

const char *cn_phase_text(enum cn_phase phase)
{
    return cn_phase_rows[phase].text;
}

void cn_phase_estimate(struct cn_phase_state *state, struct cn_phase_pace *pace, double elapsed_s)
{
    cn_rate_estimate_update(&pace->done, (double)state->done, elapsed_s, horizon_s);
    cn_rate_estimate_update(&pace->bytes, (double)state->bytes, elapsed_s, horizon_s);
    state->bytes_per_s = pace->bytes.per_second;
    state->eta_s = -1;
    if (state->total > state->done && pace->done.per_second > 0 && elapsed_s >= least_measured_s)
        state->eta_s = (double)(state->total - state->done) / pace->done.per_second;
}

/* What is known, in the order in which it is said. Returns how many texts there are. */
enum { COUNT, SIZE, RATE, LEFT, TEXTS };

static size_t list_texts(const struct cn_phase_state *state, char texts[TEXTS][64])
{
    size_t count = 0;
    char total[24] = "";
    if (state->total)
        snprintf(total, sizeof total, "/%" PRIu64, state->total);
    if (state->unit)
        snprintf(texts[count++], sizeof texts[0], "%" PRIu64 "%s %s%s", state->done, total,
                 state->unit, cn_plural(state->total ? state->total : state->done));
    if (state->bytes)
        snprintf(texts[count++], sizeof texts[0], "%s", cn_short_bytes((double)state->bytes).text);
    if (state->bytes && state->bytes_per_s > 0)
        snprintf(texts[count++], sizeof texts[0], "%s/s", cn_short_bytes(state->bytes_per_s).text);
    if (state->unit && state->eta_s >= 0)
        snprintf(texts[count++], sizeof texts[0], "~%s left", cn_short_duration(state->eta_s).text);
    return count;
}

void cn_render_plain_phase(struct cn_text *out, const struct cn_phase_state *state)
{
    char texts[TEXTS][64];
    size_t count = list_texts(state, texts);
    out->limit = SIZE_MAX;
    cn_text_add(out, "climnorm: ", SIZE_MAX);
    cn_text_add(out, state->text, MESSAGE_COLUMNS);
    for (size_t i = 0; i < count; i++)
        cn_text_printf(out, "%s%s", i ? ", " : ": ", texts[i]);
    cn_text_end_line(out, "\n");
}

void cn_render_tty_phase(struct cn_text *out, const struct cn_phase_state *state,
                         const struct cn_screen *screen)
{
    char texts[TEXTS][64];
    struct cn_canvas canvas = cn_canvas_on(out, screen);
    size_t count = list_texts(state, texts), text = cn_text_columns(state->text, screen->utf8);
    size_t taken = text + 1, bar = 0, gap = strlen(" - ");
    for (size_t i = 0; i < count; i++)
        taken += cn_text_columns(texts[i], screen->utf8) + (i ? gap : 1);
    bool is_one_line = taken + (state->total ? CN_BAR_LEAST : 0) <= out->limit;
    if (!is_one_line)
        taken = text + 1;
    if (state->total && taken + CN_BAR_LEAST <= out->limit)
        bar = out->limit - taken < BAR ? out->limit - taken : BAR;
    cn_text_add(out, state->text, SIZE_MAX);
    if (bar > 0) {
        cn_text_add(out, " ", 1);
        cn_canvas_add_bar(&canvas, (double)state->done / (double)state->total, bar, true, CN_CYAN);
    }
    if (!is_one_line && count > 0) {
        cn_canvas_end_line(&canvas);
        cn_canvas_begin_parts(&canvas, 2, NULL, screen->rows >= CN_TALL);
    } else if (count > 0) {
        cn_text_add(out, " ", 1);
        canvas.indent = out->column; /* no separator before the first */
        canvas.lines_left = 1;
    }
    for (size_t i = 0; i < count; i++)
        cn_canvas_add_part(&canvas, texts[i]);
    cn_canvas_end_line(&canvas);
}
