/*
 * Calls of libraries that do not tell why they fail. HDF5, netCDF-C, UDUNITS and libconfig say "no"
 * for a damaged file, for a disk that fails and for lack of memory alike; errno is all that
 * remains. Without memory they may even report success and leave something out, or crash.
 *
 * cn_library_call makes such a call under guard: it clears errno, calls, calls once more where the
 * library may have lacked memory, and then decides between machine and input.
 */
#ifndef CLIMNORM_GUARD_LIBRARY_H
#define CLIMNORM_GUARD_LIBRARY_H

#include "climnorm/error.h"

enum cn_library_lock {
    CN_LIBRARY_UNLOCKED,    /* UDUNITS and libconfig: one thread calls them */
    CN_LIBRARY_HDF5_LOCKED, /* the HDF5 lock is held during the call */
    CN_LIBRARY_LOCKS_HDF5,  /* the function, or its caller, sees to the HDF5 lock */
};

struct cn_library_call {
    /* Calls the library. It can be called twice: the second call begins anew. It returns CN_OK,
     * CN_BAD_INPUT for whatever the library refuses, or another status, which stands. It leaves
     * the errno of the library, or one that its own cn_library_fail has judged. */
    enum cn_status (*function)(void *context, struct cn_error *error);
    void *context;
    const char *what; /* what failed, for a message: "PATH: cannot be read" */
    enum cn_library_lock lock;
    /* The input was read well before, with bounded memory, or is small text. Then a refusal is
     * tried again too, whatever its errno, and ENOMEM is always the machine's. */
    bool input_is_sound;
};

/* Calls call->function once, or twice: again after ENOMEM, whatever it returned, and after a
 * refusal of sound input.
 * Returns: CN_OK; or the status of the function, but
 * CN_BAD_MACHINE ("WHAT: reason; advice") instead of CN_OK or CN_BAD_INPUT where errno is about the
 * machine, or where HDF5 cannot be used any more; and
 * CN_BAD_INPUT instead of CN_OK where an input that is not known to be sound needs more memory than
 * there is, twice, while the machine has memory.
 * Errors: *error is that of the function, where its status stands. */
enum cn_status cn_library_call(const struct cn_library_call *call, struct cn_error *error);

/* For a function that knows best what failed. A library refused a file that was read well before
 * and left this errno, 0 before the call. `what` says what cannot be done, without path.
 * Returns: CN_BAD_MACHINE ("PATH: WHAT: reason; advice"); or CN_BAD_INPUT, with the reason where it
 * is the file's rights or that it is gone, else "PATH: WHAT; the file is damaged, …". */
enum cn_status cn_library_fail(const char *path, const char *what, int reason,
                               struct cn_error *error);

#endif
