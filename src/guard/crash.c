/*
 * Code here may run in a signal handler: no allocation, no stdio.
 */
#include "guard/crash.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HANDLER_STACK_BYTES = 1 << 14 };

static _Thread_local volatile sig_atomic_t depth;
static _Thread_local unsigned char handler_stack[HANDLER_STACK_BYTES];

static pid_t program; /* not the children that it forks; 0: nobody watches */
static int code;
static volatile sig_atomic_t is_exit_allowed;

void cn_library_enter(void)
{
    /* HDF5 without memory recurses until the stack is full: signal handlers need another one. */
    const stack_t own = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    stack_t before;
    if (program && !handler_stack[0]) {
        handler_stack[0] = 1; /* marks it as set; a stack grows down and reaches this byte last */
        if (sigaltstack(NULL, &before) == 0 && (before.ss_flags & SS_DISABLE))
            sigaltstack(&own, NULL); /* else a sanitizer has set one */
    }
    if (depth == 0)
        errno = 0; /* so that on_crash finds only what the library has set */
    depth = depth + 1;
}

void cn_library_leave(void)
{
    depth = depth - 1;
}

static const char *const CRASH_NAMES[] = {[SIGSEGV] = "SIGSEGV",
                                          [SIGBUS] = "SIGBUS",
                                          [SIGFPE] = "SIGFPE",
                                          [SIGILL] = "SIGILL",
                                          [SIGABRT] = "SIGABRT"};
enum { CRASH_COUNT = sizeof CRASH_NAMES / sizeof *CRASH_NAMES };

#define DO_NEXT \
    "finished files are kept; free memory, or lower engine.memory or --threads, and run again\n"

static void write_stderr(const char *line)
{
    (void)!write(STDERR_FILENO, line, strlen(line));
}

static void on_exit_call(void)
{
    if (is_exit_allowed)
        return;
    if (getpid() != program)
        _exit(code); /* the buffers of stdio are copies of the parent's */
    write_stderr(
        "climnorm: a library ended the program, most likely because it got no memory or no "
        "threads; " DO_NEXT);
    _exit(code);
}

/* errno is that of the thread that crashed. It was 0 when the thread entered the library. */
static void on_crash(int number)
{
    const int reason = errno;
    if (getpid() == program && depth > 0 && reason == ENOMEM) {
        write_stderr("climnorm: a library crashed because memory ran out; " DO_NEXT);
        _exit(code);
    }
    if (getpid() == program) {
        char line[256];
        stpcpy(stpcpy(stpcpy(stpcpy(line, "climnorm: crashed ("), CRASH_NAMES[number]),
                      depth > 0 ? ", in a library" : ""),
               "); this is a defect, please report it; finished files are kept, run again\n");
        write_stderr(line);
    }
    signal(number, SIG_DFL);
    raise(number); /* takes effect on return, where the crash was */
}

void cn_crash_watch(int exit_code)
{
    const struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    struct sigaction before;
    program = getpid();
    code = exit_code;
    atexit(on_exit_call);
    for (int number = 0; number < CRASH_COUNT; number++)
        if (CRASH_NAMES[number] && sigaction(number, NULL, &before) == 0 &&
            before.sa_handler == SIG_DFL) /* else a sanitizer wants to see it */
            sigaction(number, &action, NULL);
}

void cn_crash_allow_exit(void)
{
    is_exit_allowed = 1;
}
