/*
 * The display's thread. It reads atomics, makes a snapshot, lets a renderer convert it, and writes
 * the text with one call. Tasks pass messages through a lock-free list. So neither a slow terminal
 * nor this thread can delay a task or the end of the program.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/threads.h"
#include "progress/render.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 100,
    SLEEP_MS = 1000, /* with CN_PROGRESS_NONE: the longest that the thread sleeps */
    PLAIN_EVERY_S = 10,
    JSON_EVERY_S = 1,
    MOST_PENDING = 1000, /* messages; those beyond are only counted */
    MESSAGE_COLUMNS = 4000,
    HALT_MS = 100,
    CANCEL_S = 1,    /* for the thread to end after a cancellation */
    SUSPENDED_S = 3, /* a longer tick means that the process was suspended */
};

/* Owns its text. */
struct message {
    struct message *next;
    char *text;
};

struct cn_progress {
    struct cn_progress_view view; /* its mode is never auto */
    uint64_t start_ns;
    pthread_t thread;
    int wake; /* eventfd: there is something to do before the next tick */
    atomic_bool stopping, asked;
    atomic_bool abandoned; /* the view's data may be freed by now: the thread ends without them */
    atomic_bool writing, halted; /* see cn_progress_halt */

    _Atomic(struct message *) messages; /* the newest first */
    atomic_uint_fast64_t pending, dropped;

    /* Used by the thread only. */
    struct cn_snapshot snapshot;
    struct cn_text frame;    /* tty: the next frame; else the next lines */
    struct cn_text shown;    /* tty: the frame on the screen */
    struct cn_text above;    /* tty: messages, to be written above the frame */
    struct cn_strbuf output; /* tty: all that is written at once */
    size_t columns;          /* tty: of the screen when `shown` was drawn */
    char *latest;            /* the latest message */
    double last_line_s;      /* when the last line was written */
    bool broken;             /* writing failed */
};

/* Waits for a slow reader without a bound; cn_progress_stop may cancel the thread meanwhile. */
static void write_output(struct cn_progress *progress, const struct cn_strbuf *output)
{
    if (output->failed || output->length == 0 || progress->broken)
        return;
    atomic_store(&progress->writing, true);
    if (!atomic_load(&progress->halted)) {
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        progress->broken = !cn_write_full(progress->view.fd, output->text, output->length);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    }
    atomic_store(&progress->writing, false);
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

/* A job in the background must not draw over the user's other work. */
static bool in_background(int fd)
{
    pid_t foreground = tcgetpgrp(fd);
    return foreground >= 0 && foreground != getpgrp();
}

/* Removes all messages from the list. Returns them, the oldest first. */
static struct message *collect_messages(struct cn_progress *progress)
{
    struct message *newest = atomic_exchange(&progress->messages, NULL), *oldest = NULL;
    while (newest) {
        struct message *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void render_message(struct cn_progress *progress, struct cn_text *out, const char *message)
{
    if (progress->view.mode == CN_PROGRESS_JSON) {
        cn_render_json_message(out, progress->snapshot.elapsed_s, message);
        return;
    }
    out->limit = SIZE_MAX;
    cn_text_add(out, message, MESSAGE_COLUMNS);
    cn_text_end_line(out, "\n");
}

static void render_messages(struct cn_progress *progress, struct cn_text *out)
{
    for (struct message *at = collect_messages(progress), *next; at; at = next) {
        next = at->next;
        atomic_fetch_sub_explicit(&progress->pending, 1, memory_order_relaxed);
        render_message(progress, out, at->text);
        free(progress->latest);
        progress->latest = at->text;
        progress->snapshot.message = progress->latest;
        progress->snapshot.messages++;
        free(at);
    }
    uint64_t dropped = atomic_exchange_explicit(&progress->dropped, 0, memory_order_relaxed);
    if (dropped > 0) {
        char text[120];
        snprintf(text, sizeof text,
                 "%" PRIu64 " more messages came faster than they could be shown here", dropped);
        render_message(progress, out, text);
    }
}

/* Moves up over the frame on the screen, writes the messages there and the new frame below. The
 * cursor is hidden only while this is drawn, so a process that is killed leaves it visible. After a
 * terminal got narrower, the number of rows to go up is a guess: most terminals wrap the lines that
 * are too long now. On one that does not, some messages above the frame are overwritten. */
static void draw_tty(struct cn_progress *progress, bool last, bool asked)
{
    bool background = in_background(progress->view.fd) && !last;
    struct cn_screen screen = query_screen(progress->view.fd);
    if (atomic_load(&progress->abandoned)) /* the calls above may wait for a remote terminal */
        return;
    struct cn_text *frame = &progress->frame, *shown = &progress->shown, *above = &progress->above;
    struct cn_strbuf *output = &progress->output;
    frame->utf8 = above->utf8 = screen.utf8;
    cn_text_clear(frame);
    cn_text_clear(above);
    cn_strbuf_clear(output);
    if (background)
        cn_text_clear(shown); /* the shell has written below the frame */

    size_t up = cn_text_screen_rows(cn_strbuf_text(&shown->buffer), screen.columns, screen.utf8);
    cn_strbuf_add(output, "\033[?25l\r");
    if (up > 0)
        cn_strbuf_add(output, "\033[%zuA", up);
    render_messages(progress, above);
    if (asked)
        cn_render_plain_state(above, &progress->snapshot);
    if (!background)
        cn_render_tty(frame, &progress->snapshot, &screen);
    /* Clearing the screen makes a terminal forget which lines of the old frame it has wrapped. Else
     * it would join lines of the new frame when it gets wider. */
    if (above->buffer.length > 0 || screen.columns != progress->columns)
        cn_strbuf_add(output, "\033[J");
    progress->columns = screen.columns;
    /* "ESC[?7l": no line wraps, as the terminal may have become narrower since it was asked. */
    cn_strbuf_add(output, "%s\033[?7l%s\033[J\033[?7h\033[?25h", cn_strbuf_text(&above->buffer),
                  cn_strbuf_text(&frame->buffer));
    if (frame->buffer.failed || above->buffer.failed || output->failed ||
        (background && above->buffer.length == 0))
        return;
    write_output(progress, output);
    struct cn_text swap = *shown;
    *shown = *frame;
    *frame = swap;
}

/* Writes lines at every change of state, at intervals, and when asked. */
static void write_lines(struct cn_progress *progress, bool last, bool asked)
{
    struct cn_snapshot *snapshot = &progress->snapshot;
    struct cn_text *out = &progress->frame;
    bool json = progress->view.mode == CN_PROGRESS_JSON,
         plain = progress->view.mode == CN_PROGRESS_PLAIN;
    bool changed = false;
    cn_text_clear(out);
    out->utf8 = cn_locale_is_utf8();
    if (plain && progress->last_line_s < 0)
        cn_render_plain_title(out, snapshot);
    render_messages(progress, out);
    bool due = snapshot->elapsed_s - progress->last_line_s >= (json ? JSON_EVERY_S : PLAIN_EVERY_S);
    for (size_t i = 0; i < snapshot->count; i++) {
        struct cn_progress_row *row = &snapshot->rows[i];
        bool fresh = row->state != row->written_state;
        if (plain && (fresh || (row->state == CN_ACTIVE && (due || last))))
            cn_render_plain(out, snapshot, i, fresh);
        changed = changed || fresh;
        row->written_state = row->state;
    }
    if (json && asked)
        cn_render_json(out, snapshot, "asked");
    else if (asked)
        cn_render_plain_state(out, snapshot);
    if (json && (changed || due || last))
        cn_render_json(out, snapshot, last ? "end" : changed ? "state" : "progress");
    if (changed || due)
        progress->last_line_s = snapshot->elapsed_s;
    write_output(progress, &out->buffer);
}

static void *run_display(void *argument)
{
    struct cn_progress *progress = argument;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    cn_thread_unbind();
    for (bool last = false; !last;) {
        struct pollfd wake = {.fd = progress->wake, .events = POLLIN};
        eventfd_t calls = 0;
        uint64_t before_ns = cn_now_ns();
        poll(&wake, 1, progress->view.mode == CN_PROGRESS_NONE ? SLEEP_MS : TICK_MS);
        uint64_t after_ns = cn_now_ns();
        if (atomic_load(&progress->abandoned))
            break;
        /* Read first, then look at the flags. In the other order the read would remove the wake-up
         * of a flag that was set between the two. */
        (void)eventfd_read(progress->wake, &calls);
        last = atomic_load(&progress->stopping);
        bool asked = atomic_exchange(&progress->asked, false) && !last;
        if (after_ns - before_ns > SUSPENDED_S * UINT64_C(1000000000))
            cn_text_clear(&progress->shown); /* the shell has written below the frame */
        cn_snapshot_update(&progress->snapshot, &progress->view, progress->start_ns, after_ns);
        progress->snapshot.last = last;
        if (progress->view.mode == CN_PROGRESS_TTY)
            draw_tty(progress, last, asked);
        else
            write_lines(progress, last, asked);
    }
    return NULL;
}

enum cn_progress_mode cn_progress_resolve_mode(enum cn_progress_mode mode, int fd)
{
    const char *term = getenv("TERM");
    bool dumb = !term || !term[0] || strcmp(term, "dumb") == 0;
    if (mode == CN_PROGRESS_AUTO)
        return isatty(fd) && !dumb ? CN_PROGRESS_TTY : CN_PROGRESS_PLAIN;
    return mode == CN_PROGRESS_TTY && dumb ? CN_PROGRESS_PLAIN : mode;
}

static void free_progress(struct cn_progress *progress)
{
    for (struct message *at = collect_messages(progress), *next; at; at = next) {
        next = at->next;
        free(at->text);
        free(at);
    }
    if (progress->wake >= 0)
        close(progress->wake);
    cn_text_free(&progress->frame);
    cn_text_free(&progress->shown);
    cn_text_free(&progress->above);
    cn_strbuf_free(&progress->output);
    free(progress->latest);
    free(progress->snapshot.rows);
    free(progress);
}

/* The thread blocks all signals: the main thread handles them. */
static int start_thread(struct cn_progress *progress)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&progress->thread, NULL, run_display, progress);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum cn_status cn_progress_start(const struct cn_progress_view *view, struct cn_progress **progress,
                                 struct cn_error *error)
{
    *progress = NULL;
    struct cn_progress *made = calloc(1, sizeof *made);
    struct cn_progress_row *rows = calloc(view->count + 1, sizeof *rows); /* all CN_WAITING */
    if (!made || !rows) {
        free(made);
        free(rows);
        return cn_fail_memory(error, "progress display");
    }
    *made = (struct cn_progress){.view = *view, .start_ns = cn_now_ns(), .last_line_s = -1e9};
    made->view.mode = cn_progress_resolve_mode(view->mode, view->fd);
    cn_snapshot_begin(&made->snapshot, view, rows);
    made->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed = made->wake < 0 ? errno : start_thread(made);
    if (failed) {
        free_progress(made);
        return cn_fail(error, CN_BAD_MACHINE,
                       "cannot start the progress display: %s; it is not needed to go on",
                       strerror(failed));
    }
    *progress = made;
    return CN_OK;
}

/* Wakes the thread before its next tick. Async-signal-safe. */
static void wake_thread(struct cn_progress *progress)
{
    const uint64_t once = 1;
    int before = errno;
    if (write(progress->wake, &once, sizeof once) < 0)
        errno = before; /* only if 2^64 - 2 wake-ups are pending */
}

static bool join_within(pthread_t thread, int seconds)
{
    struct timespec until = {0};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0;
}

void cn_progress_stop(struct cn_progress *progress, int wait_s)
{
    if (!progress)
        return;
    atomic_store(&progress->stopping, true);
    wake_thread(progress);
    bool ended = join_within(progress->thread, wait_s);
    if (!ended) { /* the terminal or pipe accepts nothing */
        atomic_store(&progress->abandoned, true);
        pthread_cancel(progress->thread);
        ended = join_within(progress->thread, CANCEL_S);
    }
    if (ended) /* else the thread still uses it: leak it rather than wait without end */
        free_progress(progress);
}

void cn_progress_request_status(struct cn_progress *progress)
{
    if (!progress)
        return;
    atomic_store(&progress->asked, true);
    wake_thread(progress);
}

void cn_progress_halt(struct cn_progress *progress)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    if (!progress)
        return;
    atomic_store(&progress->halted, true);
    for (int i = 0; i < HALT_MS && atomic_load(&progress->writing); i++)
        nanosleep(&moment, NULL);
}

void cn_progress_say(struct cn_progress *progress, const char *format, ...)
{
    if (!progress)
        return;
    bool fits =
        atomic_fetch_add_explicit(&progress->pending, 1, memory_order_relaxed) < MOST_PENDING;
    struct message *message = fits ? malloc(sizeof *message) : NULL;
    va_list args;
    va_start(args, format);
    if (message && vasprintf(&message->text, format, args) < 0) {
        free(message);
        message = NULL;
    }
    va_end(args);
    if (!message) {
        atomic_fetch_sub_explicit(&progress->pending, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&progress->dropped, 1, memory_order_relaxed);
        return;
    }
    /* The thread removes all nodes at once, so this list has no ABA problem. */
    message->next = atomic_load_explicit(&progress->messages, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&progress->messages, &message->next, message))
        ;
    if (progress->view.mode == CN_PROGRESS_NONE) /* it has no short ticks */
        wake_thread(progress);
}
