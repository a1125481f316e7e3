/*
 * Knows no library; HDF5 only by its lock.
 */
#include "guard/library.h"

#include "base/error.h"
#include "guard/crash.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"

#include <errno.h>
#include <string.h>

/* Whether an errno other than ENOMEM, after a refusal, is about the machine. EAGAIN is not: HDF5
 * leaves it when another program has locked the file. */
static bool is_machine_errno(int reason)
{
    return reason != EAGAIN && cn_errno_status(reason, CN_OK) == CN_BAD_MACHINE;
}

/* Decides what the last call means. A success with ENOMEM may have left something out. */
static enum cn_status judge_call(const struct cn_library_call *call, enum cn_status status,
                                 int reason, struct cn_error *error)
{
    const bool is_refusal = status == CN_BAD_INPUT, is_sound = call->input_is_sound;
    bool is_machine = is_refusal && is_machine_errno(reason);
    if (call->lock != CN_LIBRARY_UNLOCKED && !cn_hdf5_is_usable()) {
        reason = ENOMEM;
        is_machine = true;
    } else if (reason == ENOMEM && (is_refusal || status == CN_OK)) {
        is_machine = (is_refusal && is_sound) || cn_memory_is_short();
        if (!is_machine && !is_refusal && !is_sound)
            return cn_fail(error, CN_BAD_INPUT,
                           "%s: damaged: it asks for more memory than there is", call->what);
    }
    return is_machine ? cn_fail(error, CN_BAD_MACHINE, "%s: %s; %s", call->what, strerror(reason),
                                cn_errno_advice(reason))
                      : status;
}

enum cn_status cn_library_call(const struct cn_library_call *call, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    int reason = 0;
    if (call->lock == CN_LIBRARY_HDF5_LOCKED)
        cn_hdf5_lock();
    else if (call->lock == CN_LIBRARY_UNLOCKED)
        cn_library_enter();
    for (int tries = 0; tries < 2; tries++) {
        errno = 0;
        status = call->function(call->context, error);
        reason = errno;
        if (reason != ENOMEM && !(status == CN_BAD_INPUT && call->input_is_sound))
            break;
    }
    if (call->lock == CN_LIBRARY_HDF5_LOCKED)
        cn_hdf5_unlock();
    else if (call->lock == CN_LIBRARY_UNLOCKED)
        cn_library_leave();
    return judge_call(call, status, reason, error);
}

enum cn_status cn_library_fail(const char *path, const char *what, int reason,
                               struct cn_error *error)
{
    if (!cn_hdf5_is_usable())
        reason = ENOMEM;
    const enum cn_status status = is_machine_errno(reason) ? CN_BAD_MACHINE : CN_BAD_INPUT;
    if (status == CN_BAD_MACHINE || cn_errno_is_access(reason))
        return cn_fail(error, status, "%s: %s: %s; %s", path, what, strerror(reason),
                       cn_errno_advice(reason));
    return cn_fail(error, CN_BAD_INPUT, "%s: %s; the file is damaged; download it again", path,
                   what);
}
