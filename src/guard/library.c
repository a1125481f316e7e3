/*
 * One guarded call. It knows no library but through the HDF5 lock.
 */
#include "guard/library.h"

#include "guard/crash.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"

#include <errno.h>
#include <string.h>

static void lock_library(enum cn_library_lock lock)
{
    if (lock == CN_LIBRARY_HDF5_LOCKED)
        cn_hdf5_lock();
    else if (lock == CN_LIBRARY_UNLOCKED)
        cn_library_enter();
}

static void unlock_library(enum cn_library_lock lock)
{
    if (lock == CN_LIBRARY_HDF5_LOCKED)
        cn_hdf5_unlock();
    else if (lock == CN_LIBRARY_UNLOCKED)
        cn_library_leave();
}

static enum cn_status fail_machine(const char *what, int reason, struct cn_error *error)
{
    return cn_fail(error, CN_BAD_MACHINE, "%s: %s; %s", what, strerror(reason),
                   cn_errno_advice(reason));
}

/* After the last call. A success with ENOMEM may have left something out. */
static enum cn_status judge_call(const struct cn_library_call *call, enum cn_status status,
                                 int reason, struct cn_error *error)
{
    const bool is_sound = call->input_is_sound;
    if (call->lock != CN_LIBRARY_UNLOCKED && !cn_hdf5_is_usable())
        return fail_machine(call->what, ENOMEM, error);
    if (status == CN_OK && reason == ENOMEM && cn_memory_is_short())
        return fail_machine(call->what, ENOMEM, error);
    if (status == CN_OK && reason == ENOMEM && !is_sound)
        return cn_fail(error, CN_BAD_INPUT, "%s: damaged: it asks for more memory than there is",
                       call->what);
    if (status == CN_BAD_INPUT &&
        ((is_sound && reason == ENOMEM) || cn_library_errno_status(reason) == CN_BAD_MACHINE))
        return fail_machine(call->what, reason, error);
    return status;
}

enum cn_status cn_library_call(const struct cn_library_call *call, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    int reason = 0;
    lock_library(call->lock);
    for (int tries = 0; tries < 2; tries++) {
        errno = 0;
        status = call->function(call->context, error);
        reason = errno;
        if (reason != ENOMEM && !(status == CN_BAD_INPUT && call->input_is_sound))
            break;
    }
    unlock_library(call->lock);
    return judge_call(call, status, reason, error);
}

enum cn_status cn_library_fail(const char *path, const char *what, int reason,
                               struct cn_error *error)
{
    if (!cn_hdf5_is_usable())
        reason = ENOMEM;
    const enum cn_status status =
        reason == ENOMEM ? CN_BAD_MACHINE : cn_library_errno_status(reason);
    if (status == CN_BAD_MACHINE || cn_errno_is_access(reason))
        return cn_fail(error, status, "%s: %s: %s; %s", path, what, strerror(reason),
                       cn_errno_advice(reason));
    return cn_fail(error, CN_BAD_INPUT, "%s: %s; the file is damaged, fetch the file again", path,
                   what);
}
