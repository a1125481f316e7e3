/*
 * The count before a run. It does not know what is counted.
 */
#include "cli/startup.h"

#include "base/clock.h"
#include "cli/signals.h"
#include "progress/render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t SECOND_NS = 1000000000;

void cn_startup_begin(struct cn_startup *startup)
{
    startup->began_ns = startup->shown_ns = cn_now_ns();
}

/* The time between two counts. On a terminal the first one comes after a second. */
static uint64_t interval_ns(const struct cn_startup *startup)
{
    switch (startup->mode) {
    case CN_PROGRESS_TTY:
        return startup->has_count ? SECOND_NS / 10 : SECOND_NS;
    case CN_PROGRESS_JSON:
        return SECOND_NS;
    case CN_PROGRESS_PLAIN:
        return 10 * SECOND_NS;
    default:
        return UINT64_MAX;
    }
}

static void print_json(const struct cn_startup *startup, const char *text, size_t done,
                       size_t count)
{
    double elapsed_s = (double)(cn_now_ns() - startup->began_ns) * 1e-9;
    json_t *object =
        json_pack("{ss so so so so}", "event", "preparing", "elapsed_s",
                  cn_json_real(round(elapsed_s * 1e3) / 1e3), "text", cn_json_text(text), "done",
                  cn_json_count(done), "total", count ? cn_json_count(count) : json_null());
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    if (line)
        fprintf(stderr, "%s\n", line);
    free(line);
    json_decref(object);
}

void cn_startup_report(void *context, size_t done, size_t count)
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
    bool stays = startup->mode != CN_PROGRESS_TTY;
    char of[32] = "";
    if (count)
        snprintf(of, sizeof of, "/%zu", count);
    if (asked && !stays) /* above the count */
        fprintf(stderr, "\r\033[Kclimnorm: %s: %zu%s\n", startup->what, done, of);
    fprintf(stderr, "%s%s: %zu%s%s", stays ? "climnorm: " : "\r\033[K", startup->what, done, of,
            stays ? "\n" : "");
    startup->has_count = !stays;
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

void cn_startup_note(void *context, const char *text)
{
    struct cn_startup *startup = context;
    if (startup->mode != CN_PROGRESS_NONE)
        cn_startup_say(startup, text);
}
