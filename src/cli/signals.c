/*
 * Signal handlers. A handler can reach only globals, so the program has them here and nowhere else.
 * The program may end at any moment: no file has its final name before it is complete.
 */
#include "cli/signals.h"

#include "cli/exit_codes.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { GRACE_S = 3 }; /* for everything but the work, after a request to stop */

static atomic_int first_signal;
static atomic_bool stop_repeated, status_requested;
static atomic_bool is_working; /* files are being made, which may take time */
static atomic_int outcome;     /* the exit code, once the work is over */
static _Atomic(struct cn_progress *) display;
static atomic_int handlers_at_display; /* handlers that may still use the display */

const atomic_int *const cn_stop_signal = &first_signal;

static void on_stop_signal(int number)
{
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, number);
    if (!atomic_load(&is_working))
        alarm(GRACE_S);
    /* A lost connection sends SIGHUP twice, from shell and kernel: it is no second request. */
    if (number == SIGHUP || !atomic_exchange(&stop_repeated, true))
        return;
    atomic_fetch_add(&handlers_at_display, 1);
    cn_progress_halt(atomic_load(&display));
    _exit(CN_EXIT_SIGNAL + number);
}

/* The rest took too long: most likely the reader of the output blocks. */
static void on_alarm(int number)
{
    (void)number;
    int code = atomic_load(&outcome);
    if (!atomic_load(&is_working))
        _exit(code > CN_EXIT_MISSING ? code : CN_EXIT_SIGNAL + atomic_load(&first_signal));
}

static void on_status_signal(int number)
{
    (void)number;
    int reason = errno;
    atomic_fetch_add(&handlers_at_display, 1);
    struct cn_progress *progress = atomic_load(&display);
    if (progress)
        cn_progress_request_status(progress);
    else
        atomic_store(&status_requested, true);
    atomic_fetch_sub(&handlers_at_display, 1);
    errno = reason;
}

void cn_signals_catch(void)
{
    static const struct {
        int number;
        void (*handler)(int);
    } caught[] = {{SIGINT, on_stop_signal},
                  {SIGTERM, on_stop_signal},
                  {SIGHUP, on_stop_signal},
                  {SIGUSR1, on_status_signal},
                  {SIGALRM, on_alarm}};
    sigset_t numbers;
    sigemptyset(&numbers);
    for (size_t k = 0; k < sizeof caught / sizeof *caught; k++) {
        struct sigaction action = {.sa_handler = caught[k].handler, .sa_flags = SA_RESTART},
                         inherited = {0};
        sigaddset(&numbers, caught[k].number);
        sigaction(caught[k].number, NULL, &inherited);
        /* Under nohup, SIGHUP stays ignored. A shell without job control starts
         * "climnorm run ... &" with SIGINT ignored; that is caught all the same. */
        if (caught[k].number != SIGHUP || inherited.sa_handler != SIG_IGN)
            sigaction(caught[k].number, &action, NULL);
    }
    sigprocmask(SIG_UNBLOCK, &numbers, NULL); /* the program may have inherited blocked signals */
}

void cn_signals_begin(void)
{
    atomic_store(&is_working, true);
    alarm(0);
}

void cn_signals_end(int exit_code)
{
    atomic_store(&outcome, exit_code);
    atomic_store(&is_working, false);
    if (atomic_load(&first_signal))
        alarm(GRACE_S);
}

void cn_signals_set_display(struct cn_progress *progress)
{
    atomic_store(&display, progress);
    while (!progress && atomic_load(&handlers_at_display)) /* wait for handlers in other threads */
        sched_yield();
    if (progress && atomic_exchange(&status_requested, false))
        cn_progress_request_status(progress);
}

const char *cn_stop_signal_name(int number)
{
    return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : "SIGHUP";
}
