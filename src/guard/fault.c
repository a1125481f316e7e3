/*
 * Errnos sorted by whose fault they are. Linux.
 */
#include "guard/fault.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { MODERATE_BYTES = 32 << 20 };

enum cn_status cn_errno_status(int reason, enum cn_status other)
{
    switch (reason) {
    case EAGAIN: /* no more processes or threads */
    case EBADMSG:
    case ECONNABORTED:
    case ECONNREFUSED:
    case ECONNRESET:
    case EDQUOT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case EIO:
    case EKEYEXPIRED:
    case EMFILE:
    case ENETDOWN:
    case ENETUNREACH:
    case ENFILE:
    case ENOBUFS:
    case ENODEV:
    case ENOLCK:
    case ENOLINK:
    case ENOMEM:
    case ENOSPC:
    case ENOTCONN: /* a FUSE file system whose server died */
    case ENXIO:
    case EREMOTEIO:
    case EROFS:
    case ESHUTDOWN:
    case ETIMEDOUT:
    case EUCLEAN:
        return CN_BAD_MACHINE;
    default:
        return other;
    }
}

const char *cn_errno_advice(int reason)
{
    switch (reason) {
    case EDQUOT:
    case ENOSPC:
        return "make room and run again, finished files are kept";
    case EMFILE:
    case ENFILE:
        return "allow more open files (ulimit -n), or lower --threads, and run again";
    case ENOBUFS:
    case ENOMEM:
        return "free memory, or lower engine.memory or --threads, and run again";
    case EROFS:
        return "choose an output.root that can be written";
    case EAGAIN:
        return "allow more processes (ulimit -u), or lower --threads, and run again";
    case EACCES:
    case EPERM:
        return "give yourself the right to read or write it, and run again";
    case ENOENT:
    case ESTALE:
        return "see where it went, and run again";
    case ENAMETOOLONG:
        return "choose a shorter output.root or output.pattern";
    case EFBIG:
        return "allow larger files (ulimit -f), or choose a disk that takes them";
    case EBADMSG:
    case EIO:
    case EUCLEAN:
        return "see to the disk and run again, finished files are kept";
    default:
        return "mend that and run again, finished files are kept";
    }
}

/* Whether some memory cannot be had. The bound of a child, a soft limit of data that a file may
 * have made it reach, does not count. */
static bool memory_is_short(void)
{
    struct rlimit given, hard;
    bool bounded = getrlimit(RLIMIT_DATA, &given) == 0;
    hard = given;
    hard.rlim_cur = given.rlim_max;
    bounded = bounded && setrlimit(RLIMIT_DATA, &hard) == 0;
    void *volatile some = malloc(MODERATE_BYTES); /* volatile: else compilers leave it out */
    free(some);
    if (bounded)
        setrlimit(RLIMIT_DATA, &given);
    return !some;
}

enum cn_status cn_library_errno_status(int reason)
{
    bool file = reason == EAGAIN /* HDF5: another program has locked it */ ||
                (reason == ENOMEM && !memory_is_short());
    return file ? CN_BAD_INPUT : cn_errno_status(reason, CN_BAD_INPUT);
}
