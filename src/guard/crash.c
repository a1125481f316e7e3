/*
 * Libraries that end the program: libgomp calls exit() when it gets no thread or memory, the
 * scanner of libconfig too, and HDF5, netCDF-C and UDUNITS crash over a pointer that they did not
 * check. Nothing is lost by it that a kill would not lose: temporaries have no final name, and the
 * next run removes them. Everything here may run inside a signal handler.
 */
#include "guard/crash.h"

#include "cli/commands.h"
#include "guard/library.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASH_COUNT = sizeof CRASHES / sizeof *CRASHES };

static pid_t program; /* not the children that it forks */
static volatile sig_atomic_t is_near;

#define DO_NEXT \
    "finished files are kept; free memory, or lower engine.memory or --threads, and run again\n"

static _Noreturn void end(const char *text, size_t bytes)
{
    (void)!write(STDERR_FILENO, text, bytes);
    _exit(CN_EXIT_MACHINE);
}

static void on_exit_call(void)
{
    static const char text[] = "climnorm: a library ended the program, most likely because "
                               "it got no memory or no threads; " DO_NEXT;
    if (!is_near && getpid() == program)
        end(text, sizeof text - 1);
}

/* Returning without a handler repeats the crash, with a core dump where these are wanted. */
static void on_crash(int number)
{
    static const char text[] =
        "climnorm: a library crashed, most likely because memory ran out, or over a "
        "file that is damaged; " DO_NEXT;
    if (cn_in_library() && getpid() == program)
        end(text, sizeof text - 1);
    signal(number, SIG_DFL);
    raise(number);
}

void cn_crash_watch(void)
{
    program = getpid();
    atexit(on_exit_call);
    for (int k = 0; k < CRASH_COUNT; k++) {
        struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK}, before;
        if (sigaction(CRASHES[k], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(CRASHES[k], &action, NULL); /* else a sanitizer wants to see it */
    }
}

void cn_crash_expect_exit(void)
{
    is_near = true;
}
