/*
 * The display's thread. It reads atomics, lets a renderer convert them, and writes the text with
 * one call. Others pass sentences through atomic pointers. So neither a slow terminal nor this
 * thread can delay a task or the end of the program. A child process must call nothing of this.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/threads.h"
#include "progress/messages.h"
#include "progress/outlet.h"
#include "progress/writer.h"

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
#include <time.h>
#include <unistd.h>

enum {
    TICK_MS = 100,
    SLEEP_MS = 1000, /* with CN_PROGRESS_NONE: the longest that the thread sleeps */
    MESSAGE_COLUMNS = 4000,
    CLEAR_MS = 1000, /* for the terminal to take an empty frame */
    CANCEL_S = 1,    /* for the thread to end after a cancellation */
    SUSPENDED_S = 3, /* a longer tick means that the process was suspended */
};

struct cn_progress {
    enum cn_progress_mode mode; /* of outlets[CN_OUTLET_SCREEN] */
    uint64_t start_ns;
    pthread_t thread;
    int wake; /* eventfd: there is something to do before the next tick */
    atomic_bool stopping, asked;
    atomic_bool abandoned; /* the view's data may be freed by now: the thread ends without them */
    atomic_uint clears, clears_done; /* calls that wait until the terminal is clear */
    struct cn_writer writer;         /* but for cn_writer_halt, used by the thread only */

    atomic_int phase;                  /* enum cn_phase */
    atomic_size_t total, reported;     /* of the phase; reported: done + 1; 0: nothing yet */
    atomic_uint_fast64_t bytes;        /* of the phase */
    _Atomic(struct cn_message *) note; /* that the thread has not seen */
    struct cn_messages messages;

    void (*log_write)(void *context, const char *lines);
    void *log_context;
    atomic_bool has_log;    /* the two are set */
    atomic_bool has_report; /* they want JSON, at an interval */

    struct cn_progress_view view; /* of the run; set before CN_PHASE_RUNNING */
    uint64_t run_ns;              /* when it began */
    struct cn_snapshot snapshot;  /* of the run; from then on used by the thread only */

    /* Used by the thread only. */
    uint64_t now_ns;                 /* of this tick */
    struct cn_message *note_seen;    /* NULL: none */
    struct cn_message *message_seen; /* the latest of the run; NULL: none */
    struct cn_outlet outlets[CN_OUTLETS];
    size_t outlet_count;
    struct cn_text log_lines;
    struct cn_phase_pace pace; /* of the count of counted_phase with counted_total */
    enum cn_phase counted_phase;
    uint64_t counted_total;
    double count_began_s;
};

static double seconds_since(const struct cn_progress *progress, uint64_t start_ns)
{
    return progress->now_ns > start_ns ? (double)(progress->now_ns - start_ns) * 1e-9 : 0;
}

static void add_phase_line(const struct cn_progress *progress, const struct cn_outlet *outlet,
                           const struct cn_phase_state *state)
{
    if (outlet->mode == CN_PROGRESS_JSON)
        cn_render_json_phase(outlet->lines, seconds_since(progress, progress->start_ns), state);
    else
        cn_render_plain_phase(outlet->lines, state);
}

static void add_message_to(const struct cn_progress *progress, const struct cn_outlet *outlet,
                           enum cn_phase phase, const char *text)
{
    struct cn_text *out = outlet->lines;
    if (phase != CN_PHASE_RUNNING) {
        if (outlet->mode != CN_PROGRESS_NONE)
            add_phase_line(progress, outlet, &(struct cn_phase_state){.text = text, .eta_s = -1});
    } else if (outlet->mode == CN_PROGRESS_JSON) {
        cn_render_json_message(out, progress->snapshot.elapsed_s, text);
    } else {
        out->limit = SIZE_MAX;
        cn_text_add(out, text, MESSAGE_COLUMNS);
        cn_text_end_line(out, "\n");
    }
}

static void add_message(const struct cn_progress *progress, enum cn_phase phase, const char *text)
{
    for (size_t i = 0; i < progress->outlet_count; i++)
        add_message_to(progress, &progress->outlets[i], phase, text);
}

static void add_messages(struct cn_progress *progress, struct cn_message *messages,
                         enum cn_phase phase)
{
    for (struct cn_message *at = messages, *next; at; at = next) {
        next = at->next;
        at->next = NULL;
        add_message(progress, at->phase, at->text);
        bool is_of_run = at->phase == CN_PHASE_RUNNING;
        cn_messages_free(is_of_run ? progress->message_seen : at);
        if (!is_of_run)
            continue;
        progress->message_seen = at;
        progress->snapshot.message = at->text;
        progress->snapshot.messages++;
    }
    uint64_t dropped = cn_messages_take_dropped(&progress->messages);
    if (dropped > 0) {
        char text[120];
        snprintf(text, sizeof text,
                 "%" PRIu64 " more messages came faster than they could be shown here", dropped);
        add_message(progress, phase, text);
    }
}

/* Lines at every change of state, at intervals, and when asked. */
static void add_run_lines(struct cn_progress *progress, size_t index, bool asked)
{
    struct cn_outlet *outlet = &progress->outlets[index];
    const struct cn_snapshot *snapshot = &progress->snapshot;
    bool json = outlet->mode == CN_PROGRESS_JSON, plain = outlet->mode == CN_PROGRESS_PLAIN;
    bool changed = false, last = snapshot->last;
    bool due = snapshot->elapsed_s - outlet->last_line_s >= cn_line_interval_s(outlet);
    for (size_t i = 0; i < snapshot->count; i++) {
        struct cn_progress_row *row = &snapshot->rows[i];
        bool fresh = row->state != row->written_state[index];
        if (plain && (fresh || (row->state == CN_ACTIVE && (due || last))))
            cn_render_plain(outlet->lines, snapshot, i, fresh);
        changed = changed || fresh;
        row->written_state[index] = row->state;
    }
    if (json && asked)
        cn_render_json(outlet->lines, snapshot, "asked");
    else if (asked)
        cn_render_plain_state(outlet->lines, snapshot);
    if (json && (changed || due || last))
        cn_render_json(outlet->lines, snapshot, last ? "end" : changed ? "state" : "progress");
    if (changed || due)
        outlet->last_line_s = snapshot->elapsed_s;
}

/* Lines; and on a terminal a frame. */
static void show_run(struct cn_progress *progress, struct cn_message *messages, bool last,
                     bool asked)
{
    struct cn_snapshot *snapshot = &progress->snapshot;
    cn_snapshot_update(snapshot, &progress->view, progress->run_ns, progress->now_ns);
    snapshot->last = last;
    for (size_t i = 0; i < progress->outlet_count; i++)
        if (progress->outlets[i].mode == CN_PROGRESS_PLAIN && progress->outlets[i].last_line_s < 0)
            cn_render_plain_title(progress->outlets[i].lines, snapshot);
    add_messages(progress, messages, CN_PHASE_RUNNING);
    for (size_t i = 0; i < progress->outlet_count; i++)
        add_run_lines(progress, i, asked && i == CN_OUTLET_SCREEN);
    if (progress->mode == CN_PROGRESS_TTY && !progress->writer.is_background)
        cn_render_tty(&progress->writer.frame, snapshot, &progress->writer.screen);
}

/* A note of this phase, or its count. Counts of two phases are not mixed: cn_progress_enter removes
 * the old one before it changes the phase, and a count that changes from "n" to "0/m" is never read
 * as "n/m". */
static struct cn_phase_state read_phase(struct cn_progress *progress, enum cn_phase phase)
{
    struct cn_message *note = atomic_exchange(&progress->note, NULL);
    size_t total = atomic_load(&progress->total), reported = atomic_load(&progress->reported);
    uint64_t bytes = atomic_load(&progress->bytes);
    struct cn_phase_state state = {.eta_s = -1};
    if (note) {
        cn_messages_free(progress->note_seen);
        progress->note_seen = note;
    }
    if (progress->note_seen && progress->note_seen->phase == phase)
        state.text = progress->note_seen->text;
    else if (reported > 0 && atomic_load(&progress->phase) == (int)phase)
        state = (struct cn_phase_state){.text = cn_phase_rows[phase].text,
                                        .unit = cn_phase_rows[phase].unit,
                                        .done = reported - 1,
                                        .total = total,
                                        .bytes = bytes,
                                        .eta_s = -1};
    return state;
}

/* The same with estimates; the first look at a count begins its time. */
static struct cn_phase_state estimate_phase(struct cn_progress *progress, enum cn_phase phase)
{
    struct cn_phase_state state = read_phase(progress, phase);
    double now_s = seconds_since(progress, progress->start_ns);
    if (phase != progress->counted_phase || state.total != progress->counted_total) {
        progress->pace = (struct cn_phase_pace){0};
        progress->counted_phase = phase;
        progress->counted_total = state.total;
        progress->count_began_s = now_s;
    }
    if (state.unit)
        cn_phase_estimate(&state, &progress->pace, now_s - progress->count_began_s);
    return state;
}

/* Lines at intervals and when asked; on a terminal a frame. */
static void show_phase(struct cn_progress *progress, struct cn_outlet *outlet, enum cn_phase phase,
                       const struct cn_phase_state *state, bool asked)
{
    struct cn_writer *writer = &progress->writer;
    double now_s = seconds_since(progress, progress->start_ns);
    double line_s = cn_phase_rows[phase].line_s;
    bool is_frame = outlet->mode == CN_PROGRESS_TTY && line_s == 0;
    bool is_at_once =
        is_frame ? writer->shown.buffer.length > 0 : line_s > 0 && phase != outlet->shown_phase;
    double waited_s = now_s - outlet->phase_shown_s;
    bool due = outlet->mode != CN_PROGRESS_NONE &&
               (is_at_once || waited_s >= (line_s > 0 ? line_s : cn_line_interval_s(outlet)));
    if (!state->text && asked)
        atomic_store(&progress->asked, true); /* answered as soon as there is something to say */
    if (!state->text || !(asked || due))
        return;
    outlet->shown_phase = phase;
    outlet->phase_shown_s = now_s;
    if (asked || !is_frame)
        add_phase_line(progress, outlet, state);
    if (is_frame && !writer->is_background)
        cn_render_tty_phase(&writer->frame, state, &writer->screen);
}

static void show_phases(struct cn_progress *progress, enum cn_phase phase, bool asked)
{
    const struct cn_phase_state state = estimate_phase(progress, phase);
    for (size_t i = 0; i < progress->outlet_count; i++)
        show_phase(progress, &progress->outlets[i], phase, &state, asked && i == CN_OUTLET_SCREEN);
}

/* The log gets its lines even where the screen takes none. */
static void write_log(struct cn_progress *progress)
{
    if (progress->log_lines.buffer.length > 0 && !progress->log_lines.buffer.failed)
        progress->log_write(progress->log_context, progress->log_lines.buffer.text);
    cn_text_clear(&progress->log_lines);
}

static void show(struct cn_progress *progress, bool last, bool asked)
{
    cn_writer_begin(&progress->writer, last);
    if (atomic_load(&progress->abandoned)) /* that may have waited for a remote terminal */
        return;
    progress->outlet_count = atomic_load(&progress->has_log) ? CN_OUTLETS : 1;
    /* In this order: a message of the run never comes before the run. */
    struct cn_message *messages = cn_messages_collect(&progress->messages);
    enum cn_phase phase = (enum cn_phase)atomic_load(&progress->phase);
    if (phase == CN_PHASE_RUNNING) {
        show_run(progress, messages, last, asked);
    } else {
        add_messages(progress, messages, phase);
        if (!last)
            show_phases(progress, phase, asked);
    }
    write_log(progress);
    cn_writer_end(&progress->writer);
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
        const bool is_idle =
            progress->mode == CN_PROGRESS_NONE && !atomic_load(&progress->has_report);
        poll(&wake, 1, is_idle ? SLEEP_MS : TICK_MS);
        progress->now_ns = cn_now_ns();
        if (atomic_load(&progress->abandoned))
            break;
        /* Read first, then look at the flags. In the other order the read would remove the wake-up
         * of a flag that was set between the two. */
        (void)eventfd_read(progress->wake, &calls);
        unsigned clears = atomic_load(&progress->clears);
        last = atomic_load(&progress->stopping);
        bool asked = atomic_exchange(&progress->asked, false) && !last;
        if (progress->now_ns - before_ns > SUSPENDED_S * UINT64_C(1000000000))
            cn_writer_forget(&progress->writer); /* the shell has written below the frame */
        show(progress, last, asked);
        atomic_store(&progress->clears_done, clears);
    }
    return NULL;
}

static void free_progress(struct cn_progress *progress)
{
    cn_messages_free(cn_messages_collect(&progress->messages));
    if (progress->wake >= 0)
        close(progress->wake);
    cn_writer_free(&progress->writer);
    cn_text_free(&progress->log_lines);
    cn_messages_free(atomic_load(&progress->note));
    cn_messages_free(progress->note_seen);
    cn_messages_free(progress->message_seen);
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

enum cn_status cn_progress_start(enum cn_progress_mode mode, int fd, struct cn_progress **progress,
                                 struct cn_error *error)
{
    *progress = NULL;
    struct cn_progress *made = calloc(1, sizeof *made);
    if (!made)
        return cn_fail_memory(error, "progress display");
    made->mode = cn_progress_resolve_mode(mode, fd);
    made->start_ns = cn_now_ns();
    made->outlets[CN_OUTLET_SCREEN] =
        (struct cn_outlet){.mode = made->mode, .lines = &made->writer.lines, .last_line_s = -1e9};
    made->outlets[CN_OUTLET_LOG] = (struct cn_outlet){
        .mode = CN_PROGRESS_PLAIN, .lines = &made->log_lines, .last_line_s = -1e9};
    made->log_lines.utf8 = cn_locale_is_utf8();
    made->writer.fd = fd;
    made->writer.is_terminal = made->mode == CN_PROGRESS_TTY;
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

void cn_progress_log(struct cn_progress *progress,
                     void (*write_lines)(void *context, const char *lines), void *context)
{
    if (!progress)
        return;
    progress->log_write = write_lines;
    progress->log_context = context;
    atomic_store(&progress->has_log, true);
}

/* Wakes the thread before its next tick. Async-signal-safe. */
static void wake_thread(struct cn_progress *progress)
{
    const uint64_t once = 1;
    int before = errno;
    if (write(progress->wake, &once, sizeof once) < 0)
        errno = before; /* only if 2^64 - 2 wake-ups are pending */
}

void cn_progress_report(struct cn_progress *progress, double interval_s,
                        void (*report)(void *context, const char *lines), void *context)
{
    if (!progress)
        return;
    progress->outlets[CN_OUTLET_LOG].mode = CN_PROGRESS_JSON;
    progress->outlets[CN_OUTLET_LOG].interval_s = interval_s;
    atomic_store(&progress->has_report, true);
    cn_progress_log(progress, report, context);
    wake_thread(progress);
}

void cn_progress_enter(struct cn_progress *progress, enum cn_phase phase)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    if (!progress)
        return;
    atomic_store(&progress->reported, 0);
    atomic_store(&progress->total, 0);
    atomic_store(&progress->bytes, 0);
    atomic_store(&progress->phase, (int)phase);
    if (phase != CN_PHASE_NONE)
        return;
    unsigned clear = atomic_fetch_add(&progress->clears, 1) + 1;
    wake_thread(progress);
    for (int i = 0; i < CLEAR_MS && atomic_load(&progress->clears_done) != clear; i++)
        nanosleep(&moment, NULL);
}

void cn_progress_count(struct cn_progress *progress, size_t done, size_t total)
{
    if (!progress)
        return;
    atomic_store(&progress->reported, done + 1);
    atomic_store(&progress->total, total);
}

void cn_progress_count_bytes(struct cn_progress *progress, uint64_t bytes)
{
    if (progress)
        atomic_store(&progress->bytes, bytes);
}

void cn_progress_show_run(struct cn_progress *progress, const struct cn_progress_view *view)
{
    if (!progress)
        return;
    struct cn_progress_row *rows = calloc(view->count + 1, sizeof *rows); /* all CN_WAITING */
    progress->view = *view;
    if (!rows)
        progress->view.count = 0;
    progress->run_ns = cn_now_ns();
    cn_snapshot_begin(&progress->snapshot, &progress->view, rows);
    atomic_store(&progress->phase, CN_PHASE_RUNNING);
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
        if (ended)
            cn_writer_restore(&progress->writer);
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
    if (progress)
        cn_writer_halt(&progress->writer);
}

void cn_progress_note(struct cn_progress *progress, const char *format, ...)
{
    if (!progress)
        return;
    va_list args;
    va_start(args, format);
    struct cn_message *note =
        cn_message_make((enum cn_phase)atomic_load(&progress->phase), format, args);
    va_end(args);
    if (note)
        cn_messages_free(atomic_exchange(&progress->note, note));
}

void cn_progress_say(struct cn_progress *progress, const char *format, ...)
{
    if (!progress)
        return;
    va_list args;
    va_start(args, format);
    cn_messages_add(&progress->messages, (enum cn_phase)atomic_load(&progress->phase), format,
                    args);
    va_end(args);
    if (progress->mode == CN_PROGRESS_NONE) /* it has no short ticks */
        wake_thread(progress);
}
