/*
 * Calls of libraries that do not say why they fail. HDF5, netCDF-C, UDUNITS and libconfig report a
 * damaged file, a disk that fails and a lack of memory in the same way; only errno differs. When
 * memory runs out, they may even report success and leave something out, or crash.
 *
 * cn_library_call clears errno, calls the library, and calls it again if it may have lacked memory.
 * Then it decides whether the machine or the input is at fault.
 */
#ifndef CLIMNORM_GUARD_LIBRARY_H
#define CLIMNORM_GUARD_LIBRARY_H

#include "climnorm/error.h"

enum cn_library_lock {
    CN_LIBRARY_UNLOCKED,    /* UDUNITS and libconfig: one thread calls them */
    CN_LIBRARY_HDF5_LOCKED, /* the HDF5 lock is held during the call */
    CN_LIBRARY_LOCKS_HDF5,  /* the function or its caller takes the HDF5 lock */
};

struct cn_library_call {
    /* Calls the library. It may be called twice, and begins at the beginning each time. It returns
     * CN_OK; CN_BAD_INPUT for anything that the library refuses, even if cn_library_fail has
     * reported it; or another status, which cn_library_call passes on. It leaves the errno of the
     * library. */
    enum cn_status (*function)(void *context, struct cn_error *error);
    void *context;
    const char *what; /* what failed, for a message: "PATH: cannot be read" */
    enum cn_library_lock lock;
    /* The input has been read without error before, with limited memory, or is a short text. Then
     * the call is also repeated after a refusal, whatever its errno, and ENOMEM is always the
     * machine's. */
    bool input_is_sound;
};

/* Calls call->function, and calls it again after ENOMEM, whatever the status, and after a refusal
 * of sound input. The status of the last call counts, with two exceptions:
 * - If errno is about the machine, or HDF5 cannot be used any more, CN_OK and CN_BAD_INPUT become
 *   CN_BAD_MACHINE ("WHAT: reason; advice").
 * - If both calls left ENOMEM although the machine has memory, and the input is not known to be
 *   sound, CN_OK becomes CN_BAD_INPUT: the input asks for too much.
 * Returns: that status. Errors: *error of the function, or of the exception. */
enum cn_status cn_library_call(const struct cn_library_call *call, struct cn_error *error);

/* Reports that a library refused a file that has been read without error before. `what` says what
 * cannot be done, without the path. `reason` is the errno that the library left; the caller set it
 * to 0 before the call.
 * Returns: CN_BAD_MACHINE or CN_BAD_INPUT. Errors: "PATH: WHAT: reason; advice" for the machine,
 * and if the file is gone or may not be read; else "PATH: WHAT; the file is damaged, …". */
enum cn_status cn_library_fail(const char *path, const char *what, int reason,
                               struct cn_error *error);

#endif
