/*
 * The count before a run begins. Knows nothing of what is counted.
 */
#include "cli/announce.h"

#include "base/clock.h"
#include "cli/signals.h"
#include "progress/render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const uint64_t SECOND_NS = 1000000000;

void cn_announce_from_now(struct cn_announcer *announcer)
{
    announcer->began_ns = announcer->told_ns = cn_now_ns();
}

/* How long to be silent: who waits at a terminal gets a count after a second, and then sees it
 * change. */
static uint64_t silence_ns(const struct cn_announcer *announcer)
{
    switch (announcer->mode) {
    case CN_PROGRESS_TTY:
        return announcer->is_there ? SECOND_NS / 10 : SECOND_NS;
    case CN_PROGRESS_JSON:
        return SECOND_NS;
    case CN_PROGRESS_PLAIN:
        return 10 * SECOND_NS;
    default:
        return UINT64_MAX;
    }
}

static void print_json(const struct cn_announcer *announcer, const char *text, size_t done,
                       size_t count)
{
    double elapsed_s = (double)(cn_now_ns() - announcer->began_ns) * 1e-9;
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

void cn_announce(void *context, size_t done, size_t count)
{
    struct cn_announcer *announcer = context;
    uint64_t now = cn_now_ns();
    bool asked = cn_signals_asked();
    if (!asked && now - announcer->told_ns < silence_ns(announcer))
        return;
    announcer->told_ns = now;
    if (announcer->mode == CN_PROGRESS_JSON) {
        print_json(announcer, announcer->what, done, count);
        return;
    }
    bool stays = announcer->mode != CN_PROGRESS_TTY;
    char of[32] = "";
    if (count)
        snprintf(of, sizeof of, "/%zu", count);
    if (asked && !stays) /* above the count */
        fprintf(stderr, "\r\033[Kclimnorm: %s: %zu%s\n", announcer->what, done, of);
    fprintf(stderr, "%s%s: %zu%s%s", stays ? "climnorm: " : "\r\033[K", announcer->what, done, of,
            stays ? "\n" : "");
    announcer->is_there = !stays;
}

void cn_announce_end(struct cn_announcer *announcer)
{
    if (announcer->is_there)
        fputs("\r\033[K", stderr);
    announcer->is_there = false;
}

void cn_announce_text(struct cn_announcer *announcer, const char *text)
{
    cn_announce_end(announcer);
    if (announcer->mode == CN_PROGRESS_JSON)
        print_json(announcer, text, 0, 0);
    else
        fprintf(stderr, "climnorm: %s\n", text);
}
