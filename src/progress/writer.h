/*
 * Writes what a display shows: lines, and on a terminal a frame below them, which it replaces by
 * the next. One call of write for each. It does not know what the text says.
 */
#ifndef CLIMNORM_PROGRESS_WRITER_H
#define CLIMNORM_PROGRESS_WRITER_H

#include "progress/render.h"

#include <stdatomic.h>

/* Set fd and is_terminal, and zero-initialise the rest. */
struct cn_writer {
    int fd;
    bool is_terminal;
    struct cn_text lines; /* to be written; on a terminal above the frame */
    struct cn_text frame; /* the next frame; empty: none */

    struct cn_text shown;    /* the frame on the screen */
    struct cn_screen screen; /* when cn_writer_begin asked for it */
    bool is_background;      /* a job in the background must not draw over the user's work */
    size_t columns;          /* of the screen when `shown` was drawn */
    struct cn_strbuf bytes;  /* all that is written at once */
    bool is_broken;          /* writing failed */
    atomic_bool is_writing, is_halted;
};

/* Empties lines and frame, and asks the terminal for its size. It may wait for a remote one. */
void cn_writer_begin(struct cn_writer *writer, bool is_last);
/* Writes lines and frame. Waits for a slow reader without a bound, as a cancellation point. */
void cn_writer_end(struct cn_writer *writer);
/* Makes the writer forget the frame on the screen: other text was written below. */
void cn_writer_forget(struct cn_writer *writer);
/* Starts no more writing, and waits 100 ms at most for what is being written. Async-signal-safe. */
void cn_writer_halt(struct cn_writer *writer);
/* For a terminal that has got only a part of a frame: shows its cursor. */
void cn_writer_restore(const struct cn_writer *writer);
void cn_writer_free(struct cn_writer *writer);

#endif
