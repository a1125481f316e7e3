/*
 * The renderers: a snapshot becomes text. Pure: the same snapshot and style give the same bytes.
 */
#ifndef CLIMNORM_PROGRESS_RENDER_H
#define CLIMNORM_PROGRESS_RENDER_H

#include "progress/snapshot.h"
#include "progress/text.h"

#include <jansson.h>

struct cn_screen {
    size_t columns, rows;
    bool utf8, color;
};

/* One frame: lines of at most columns - 1 display columns, each ended by "ESC[K\n"; at most rows -
 * 1 of them (three when rows is less) unless it is the last frame, which shows every variable. */
void cn_render_tty(struct cn_text *out, const struct cn_snapshot *snapshot,
                   const struct cn_screen *screen);

/* Lines for logs: what the job is; one variable, when it begins, goes on or is over; all of it. */
void cn_render_plain_title(struct cn_text *out, const struct cn_snapshot *snapshot);
void cn_render_plain(struct cn_text *out, const struct cn_snapshot *snapshot, size_t variable,
                     bool started);
void cn_render_plain_state(struct cn_text *out, const struct cn_snapshot *snapshot);

/* One object, one line. event: "progress", "state" (a variable's state changed), "asked", "end". */
void cn_render_json(struct cn_text *out, const struct cn_snapshot *snapshot, const char *event);
void cn_render_json_message(struct cn_text *out, double elapsed_s, const char *message);

/* "waiting", "active", "done", "failed"; what is active when all is over was "stopped". */
const char *cn_state_name(enum cn_variable_state state, bool over);

/* JSON values of anything: bytes that are no UTF-8 become U+FFFD, a number that is not finite
 * null. NULL: out of memory. */
json_t *cn_json_text(const char *text);
json_t *cn_json_real(double value);
json_t *cn_json_count(uint64_t value);

#endif
