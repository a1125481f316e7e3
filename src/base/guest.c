/*
 * One number a thread. It knows no library.
 */
#include "base/guest.h"

#include <signal.h>

static _Thread_local volatile sig_atomic_t depth;

void cn_guest_enter(void)
{
    depth = depth + 1;
}

void cn_guest_leave(void)
{
    depth = depth - 1;
}

bool cn_guest_is_here(void)
{
    return depth > 0;
}
