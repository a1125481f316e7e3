/*
 * One number a thread, and room for a handler. It knows no library.
 */
#include "guard/library.h"

#include <signal.h>

enum { STACK_BYTES = 1 << 14 };

static _Thread_local volatile sig_atomic_t depth;
static _Thread_local unsigned char stack[STACK_BYTES];

/* HDF5 that could not begin recurses until the stack is full: a handler needs another one. */
static void give_stack(void)
{
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    stack_t before;
    if (sigaltstack(NULL, &before) == 0 && (before.ss_flags & SS_DISABLE)) /* else a sanitizer's */
        sigaltstack(&own, NULL);
}

void cn_library_enter(void)
{
    if (!stack[0]) {
        stack[0] = 1; /* stacks grow down to here */
        give_stack();
    }
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
