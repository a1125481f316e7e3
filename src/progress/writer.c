/*
 * Escape codes and the size of the terminal are here and in tty.c alone.
 */
#include "progress/writer.h"

#include "base/io.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { HALT_MS = 100 };

/* Long lines wrap, and the cursor is shown. */
#define NORMAL "\033[?7h\033[?25h"

enum cn_progress_mode cn_progress_resolve_mode(enum cn_progress_mode mode, int fd)
{
    const char *term = getenv("TERM");
    bool dumb = !term || !term[0] || strcmp(term, "dumb") == 0;
    if (mode == CN_PROGRESS_AUTO)
        return isatty(fd) && !dumb ? CN_PROGRESS_TTY : CN_PROGRESS_PLAIN;
    return mode == CN_PROGRESS_TTY && dumb ? CN_PROGRESS_PLAIN : mode;
}

static struct cn_screen query_screen(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    struct winsize size = {0};
    ioctl(fd, TIOCGWINSZ, &size);
    return (struct cn_screen){.columns = size.ws_col ? size.ws_col : 80,
                              .rows = size.ws_row ? size.ws_row : 24,
                              .utf8 = cn_locale_is_utf8(),
                              .color = !(no_color && no_color[0])};
}

static bool in_background(int fd)
{
    pid_t foreground = tcgetpgrp(fd);
    return foreground >= 0 && foreground != getpgrp();
}

void cn_writer_begin(struct cn_writer *writer, bool is_last)
{
    cn_text_clear(&writer->lines);
    cn_text_clear(&writer->frame);
    if (writer->is_terminal) {
        writer->is_background = in_background(writer->fd) && !is_last;
        writer->screen = query_screen(writer->fd);
    }
    writer->lines.utf8 = writer->frame.utf8 = cn_locale_is_utf8();
}

static void write_bytes(struct cn_writer *writer, const struct cn_strbuf *bytes)
{
    if (bytes->failed || bytes->length == 0 || writer->is_broken)
        return;
    atomic_store(&writer->is_writing, true);
    if (!atomic_load(&writer->is_halted)) {
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        writer->is_broken = !cn_write_full(writer->fd, bytes->text, bytes->length);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    }
    atomic_store(&writer->is_writing, false);
}

/* Moves up over the frame on the screen, writes the lines there and the new frame below. The cursor
 * is hidden only while this is drawn, so a process that is killed leaves it visible. After a
 * terminal got narrower, the number of rows to go up is a guess: most terminals wrap the lines that
 * are too long now. On one that does not, some lines above the frame are overwritten. */
static void write_frame(struct cn_writer *writer)
{
    const struct cn_screen *screen = &writer->screen;
    struct cn_text *frame = &writer->frame, *shown = &writer->shown, *lines = &writer->lines;
    struct cn_strbuf *bytes = &writer->bytes;
    if (writer->is_background) { /* the shell has written below the frame */
        cn_text_clear(shown);
        cn_text_clear(frame);
    }
    if (lines->buffer.length + frame->buffer.length + shown->buffer.length == 0)
        return;
    size_t up = cn_text_screen_rows(cn_strbuf_text(&shown->buffer), screen->columns, screen->utf8);
    cn_strbuf_clear(bytes);
    cn_strbuf_add(bytes, "\033[?25l\r");
    if (up > 0)
        cn_strbuf_add(bytes, "\033[%zuA", up);
    /* Clearing the screen makes a terminal forget which lines of the old frame it has wrapped. Else
     * it would join lines of the new frame when it gets wider. */
    if (lines->buffer.length > 0 || screen->columns != writer->columns)
        cn_strbuf_add(bytes, "\033[J");
    writer->columns = screen->columns;
    /* "ESC[?7l": no line wraps, as the terminal may have become narrower since it was asked. */
    cn_strbuf_add(bytes, "%s\033[?7l%s\033[J" NORMAL, cn_strbuf_text(&lines->buffer),
                  cn_strbuf_text(&frame->buffer));
    if (frame->buffer.failed || lines->buffer.failed || bytes->failed)
        return;
    write_bytes(writer, bytes);
    struct cn_text swap = *shown;
    *shown = *frame;
    *frame = swap;
}

void cn_writer_end(struct cn_writer *writer)
{
    if (writer->is_terminal)
        write_frame(writer);
    else
        write_bytes(writer, &writer->lines.buffer);
}

void cn_writer_forget(struct cn_writer *writer)
{
    cn_text_clear(&writer->shown);
}

void cn_writer_halt(struct cn_writer *writer)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    atomic_store(&writer->is_halted, true);
    for (int i = 0; i < HALT_MS && atomic_load(&writer->is_writing); i++)
        nanosleep(&moment, NULL);
}

void cn_writer_restore(const struct cn_writer *writer)
{
    if (writer->is_terminal && isatty(writer->fd))
        cn_write_full(writer->fd, NORMAL, strlen(NORMAL));
}

void cn_writer_free(struct cn_writer *writer)
{
    cn_text_free(&writer->lines);
    cn_text_free(&writer->frame);
    cn_text_free(&writer->shown);
    cn_strbuf_free(&writer->bytes);
}
