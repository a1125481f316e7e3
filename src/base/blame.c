/*
 * Errnos sorted by whose fault they are. Linux.
 */
#include "base/blame.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

enum { MODERATE_BYTES = 32 << 20 };

enum cn_status cn_blame(int reason, enum cn_status other)
{
    switch (reason) {
    case EDQUOT:
    case EHOSTDOWN:
    case EIO:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENODEV:
    case ENOLCK:
    case ENOMEM:
    case ENOSPC:
    case ENOTCONN: /* a FUSE file system whose server died */
    case ENXIO:
    case EREMOTEIO:
    case EROFS:
    case ETIMEDOUT:
    case EUCLEAN:
        return CN_BAD_MACHINE;
    default:
        return other;
    }
}

const char *cn_advice(int reason)
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
    default:
        return "see to the disk and run again, finished files are kept";
    }
}

/* Not writable: the bound of a child (RLIMIT_DATA), which a file may have made it reach, does not
 * count it. */
static bool memory_is_short(void)
{
    void *at = mmap(NULL, MODERATE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return true;
    munmap(at, MODERATE_BYTES);
    return false;
}

enum cn_status cn_blame_file(int reason)
{
    return reason == ENOMEM && !memory_is_short() ? CN_BAD_INPUT : cn_blame(reason, CN_BAD_INPUT);
}
