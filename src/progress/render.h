/*
 * The renderers convert a snapshot to text. Pure: the same snapshot and screen give the same bytes.
 * They add to *out; out->buffer.failed reports a failed allocation.
 */
#ifndef CLIMNORM_PROGRESS_RENDER_H
#define CLIMNORM_PROGRESS_RENDER_H

#include "progress/canvas.h"
#include "progress/counter_text.h"
#include "progress/phase.h"
#include "progress/snapshot.h"

#include <jansson.h>

/* Adds a frame: lines of at most columns - 1 display columns, each ended by "ESC[K\n". A frame has
 * at most rows - 1 lines, and three on smaller screens; the last frame shows every variable. */
void cn_render_tty(struct cn_text *out, const struct cn_snapshot *snapshot,
                   const struct cn_screen *screen);

/* Add lines for logs: the title of the job; the state of one variable (started: it has just begun);
 * title and state of all. */
void cn_render_plain_title(struct cn_text *out, const struct cn_snapshot *snapshot);
void cn_render_plain(struct cn_text *out, const struct cn_snapshot *snapshot, size_t variable,
                     bool started);
void cn_render_plain_state(struct cn_text *out, const struct cn_snapshot *snapshot);

/* Add a line with one object. event: "progress", "state" (a variable's state changed), "asked",
 * "end". */
void cn_render_json(struct cn_text *out, const struct cn_snapshot *snapshot, const char *event);
void cn_render_json_message(struct cn_text *out, double elapsed_s, const char *message);
void cn_render_json_phase(struct cn_text *out, double elapsed_s,
                          const struct cn_phase_state *state);

/* Returns: a JSON value; NULL: out of memory. Bytes that are no UTF-8 become U+FFFD; a number that
 * is not finite becomes null. Owns: the caller, with json_decref. */
json_t *cn_json_text(const char *text);
json_t *cn_json_real(double value);
json_t *cn_json_count(uint64_t value);

#endif
