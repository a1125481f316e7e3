/*
 * The count before a run. It does not know what is counted.
 */
#include "cli/startup.h"

#include "base/clock.h"
#include "base/error.h"
#include "cli/signals.h"
#include "progress/render.h"

#include <stdio.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)

/* The time between two counts. On a terminal the first one comes after a second. */
static uint64_t interval_ns(const struct cn_startup *startup)
{
    static const uint64_t intervals_ns[] = {[CN_PROGRESS_TTY] = SECOND_NS / 10,
                                            [CN_PROGRESS_PLAIN] = 10 * SECOND_NS,
                                            [CN_PROGRESS_JSON] = SECOND_NS,
                                            [CN_PROGRESS_NONE] = UINT64_MAX};
    bool is_first = startup->mode == CN_PROGRESS_TTY && !startup->has_count;
    return is_first ? SECOND_NS : intervals_ns[startup->mode];
}

static void print_json(const struct cn_startup *startup, const char *text, size_t done,
                       size_t count)
{
    double elapsed_s = (double)(cn_now_ns() - startup->began_ns) * 1e-9;
    struct cn_text line = {0};
    cn_render_json_preparing(&line, elapsed_s, text, done, count);
    fputs(cn_strbuf_text(&line.buffer), stderr);
    cn_text_free(&line);
}

/* For cn_watch.report. */
static void report_count(void *context, size_t done, size_t count)
{
    struct cn_startup *startup = context;
    uint64_t now = cn_now_ns();
    bool asked = cn_signals_status_requested();
    if (!asked && now - startup->shown_ns < interval_ns(startup))
        return;
    startup->shown_ns = now;
    if (startup->mode == CN_PROGRESS_JSON) {
        print_json(startup, startup->what, done, count);
        return;
    }
    bool is_line = startup->mode != CN_PROGRESS_TTY;
    char of[32] = "";
    if (count)
        snprintf(of, sizeof of, "/%zu", count);
    if (asked && !is_line) /* above the count */
        fprintf(stderr, "\r\033[Kclimnorm: %s: %zu%s\n", startup->what, done, of);
    fprintf(stderr, "%s%s: %zu%s%s", is_line ? "climnorm: " : "\r\033[K", startup->what, done, of,
            is_line ? "\n" : "");
    startup->has_count = !is_line;
}

void cn_startup_end(struct cn_startup *startup)
{
    if (startup->has_count)
        fputs("\r\033[K", stderr);
    startup->has_count = false;
}

void cn_startup_say(struct cn_startup *startup, const char *text)
{
    cn_startup_end(startup);
    if (startup->mode == CN_PROGRESS_JSON)
        print_json(startup, text, 0, 0);
    else
        fprintf(stderr, "climnorm: %s\n", text);
}

/* For cn_watch.say. A sentence that is said again is written once a minute, or when asked. */
static void say_once(void *context, const char *text)
{
    struct cn_startup *startup = context;
    uint64_t now = cn_now_ns();
    bool is_again =
        strcmp(startup->said.text, text) == 0 && now - startup->said_ns < 60 * SECOND_NS;
    if (!cn_signals_status_requested() && (startup->mode == CN_PROGRESS_NONE || is_again))
        return;
    startup->said_ns = now;
    cn_fail(&startup->said, CN_OK, "%s", text);
    cn_startup_say(startup, text);
}

/* For cn_watch.enter. */
static void enter_step(void *context, const char *text)
{
    struct cn_startup *startup = context;
    cn_startup_end(startup);
    startup->what = text;
}

void cn_startup_begin(struct cn_startup *startup)
{
    startup->began_ns = startup->shown_ns = cn_now_ns();
    startup->watch = (struct cn_watch){report_count, startup, cn_stop_signal, say_once, enter_step};
}
