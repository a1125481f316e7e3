/*
 * Signal handlers. A handler can reach only globals, so the program has them here and nowhere else.
 * The program may end at any moment: no file has its final name before it is complete.
 */
#include "cli/signals.h"

#include "cli/commands.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

enum { GRACE_S = 3 }; /* for everything but the work, after a request to stop */

static atomic_int first_signal;
static atomic_bool insisted, status_requested;
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
    if (number == SIGHUP || !atomic_exchange(&insisted, true))
        return;
    atomic_fetch_add(&handlers_at_display, 1);
    cn_progress_halt(atomic_load(&display));
    _exit(128 + number);
}

/* The rest took too long: most likely the reader of the output blocks. */
static void on_alarm(int number)
{
    (void)number;
    int code = atomic_load(&outcome);
    if (!atomic_load(&is_working))
        _exit(code > CN_EXIT_MISSING ? code : 128 + atomic_load(&first_signal));
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
    struct sigaction action = {.sa_handler = on_stop_signal, .sa_flags = SA_RESTART},
                     inherited = {0};
    sigset_t caught;
    sigemptyset(&caught);
    /* A shell without job control starts "climnorm run ... &" with SIGINT ignored; it is caught all
     * the same. SIGHUP stays ignored under nohup. */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &inherited) == 0 && inherited.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = on_status_signal;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigaddset(&caught, SIGHUP);
    sigaddset(&caught, SIGUSR1);
    sigaddset(&caught, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &caught, NULL); /* the program may have inherited blocked signals */
}

bool cn_signals_status_requested(void)
{
    return atomic_load(&status_requested) && atomic_exchange(&status_requested, false);
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

void cn_signals_show(struct cn_progress *progress)
{
    atomic_store(&display, progress);
    while (!progress && atomic_load(&handlers_at_display)) /* wait for handlers in other threads */
        sched_yield();
    if (progress && cn_signals_status_requested())
        cn_progress_request_status(progress);
}
