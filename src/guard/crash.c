/*
 * Everything here may run inside a signal handler.
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

/* HDF5 that could not begin recurses until the stack is full: a handler needs another one. */
static void set_handler_stack(void)
{
    const stack_t own = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    stack_t before;
    if (sigaltstack(NULL, &before) == 0 && (before.ss_flags & SS_DISABLE)) /* else a sanitizer's */
        sigaltstack(&own, NULL);
}

void cn_library_enter(void)
{
    if (!handler_stack[0]) {
        handler_stack[0] = 1; /* stacks grow down to here */
        set_handler_stack();
    }
    if (depth == 0)
        errno = 0; /* what a crash report finds in it then comes from the library */
    depth = depth + 1;
}

void cn_library_leave(void)
{
    depth = depth - 1;
}

bool cn_in_library(void)
{
    return depth > 0;
}

static const struct crash {
    int number;
    const char *name;
} CRASHES[] = {{SIGSEGV, "SIGSEGV"},
               {SIGBUS, "SIGBUS"},
               {SIGFPE, "SIGFPE"},
               {SIGILL, "SIGILL"},
               {SIGABRT, "SIGABRT"}};
enum { CRASH_COUNT = sizeof CRASHES / sizeof *CRASHES };

static pid_t program; /* not the children that it forks */
static int code;
static volatile sig_atomic_t is_exit_allowed;

#define DO_NEXT \
    "finished files are kept; free memory, or lower engine.memory or --threads, and run again\n"

static void write_stderr(const char *line)
{
    (void)!write(STDERR_FILENO, line, strlen(line));
}

static void on_exit_call(void)
{
    if (is_exit_allowed || getpid() != program)
        return;
    write_stderr(
        "climnorm: a library ended the program, most likely because it got no memory or no "
        "threads; " DO_NEXT);
    _exit(code);
}

static const char *crash_name(int number)
{
    for (int k = 0; k < CRASH_COUNT; k++)
        if (CRASHES[k].number == number)
            return CRASHES[k].name;
    return "a signal";
}

/* errno is that of the thread that crashed. It was 0 when the thread entered the library. */
static void on_crash(int number)
{
    const int reason = errno;
    char line[256];
    if (getpid() == program && cn_in_library() && reason == ENOMEM) {
        write_stderr("climnorm: a library crashed because memory ran out; " DO_NEXT);
        _exit(code);
    }
    if (getpid() == program) {
        stpcpy(stpcpy(stpcpy(stpcpy(line, "climnorm: crashed ("), crash_name(number)),
                      cn_in_library() ? ", in a library" : ""),
               "); this is a defect, please report it; finished files are kept, run again\n");
        write_stderr(line);
    }
    signal(number, SIG_DFL);
    raise(number); /* takes effect on return, where the crash was */
}

void cn_crash_watch(int exit_code)
{
    program = getpid();
    code = exit_code;
    atexit(on_exit_call);
    for (int k = 0; k < CRASH_COUNT; k++) {
        struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK}, before;
        if (sigaction(CRASHES[k].number, NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(CRASHES[k].number, &action, NULL); /* else a sanitizer wants to see it */
    }
}

void cn_crash_allow_exit(void)
{
    is_exit_allowed = 1;
}
