/*
 * A table of errnos. Linux.
 */
#include "guard/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { MODERATE_BYTES = 32 << 20 };

static const char DEFAULT_ADVICE[] = "mend that and run again, finished files are kept";
static const char ACCESS_ADVICE[] = "give yourself the right to read or write it, and run again";
static const char DISK_ADVICE[] = "see to the disk and run again, finished files are kept";
static const char FILES_ADVICE[] =
    "allow more open files (ulimit -n), or lower --threads, and run again";
static const char GONE_ADVICE[] = "see where it went, and run again";
static const char MEMORY_ADVICE[] =
    "free memory, or lower engine.memory or --threads, and run again";
static const char SPACE_ADVICE[] = "make room and run again, finished files are kept";

enum cause { OTHER, MACHINE, ACCESS };

static const struct fault {
    int reason;
    enum cause cause;
    const char *advice;
} FAULTS[] = {
    {EACCES, ACCESS, ACCESS_ADVICE},
    {EAGAIN, MACHINE, "allow more processes (ulimit -u), or lower --threads, and run again"},
    {EBADMSG, MACHINE, DISK_ADVICE},
    {ECONNABORTED, MACHINE, DEFAULT_ADVICE},
    {ECONNREFUSED, MACHINE, DEFAULT_ADVICE},
    {ECONNRESET, MACHINE, DEFAULT_ADVICE},
    {EDQUOT, MACHINE, SPACE_ADVICE},
    {EFBIG, OTHER, "allow larger files (ulimit -f), or choose a disk that takes them"},
    {EHOSTDOWN, MACHINE, DEFAULT_ADVICE},
    {EHOSTUNREACH, MACHINE, DEFAULT_ADVICE},
    {EIO, MACHINE, DISK_ADVICE},
    {EKEYEXPIRED, MACHINE, DEFAULT_ADVICE},
    {EMFILE, MACHINE, FILES_ADVICE},
    {ENAMETOOLONG, OTHER, "choose a shorter output.root or output.pattern"},
    {ENETDOWN, MACHINE, DEFAULT_ADVICE},
    {ENETUNREACH, MACHINE, DEFAULT_ADVICE},
    {ENFILE, MACHINE, FILES_ADVICE},
    {ENOBUFS, MACHINE, MEMORY_ADVICE},
    {ENODEV, MACHINE, DEFAULT_ADVICE},
    {ENOENT, ACCESS, GONE_ADVICE},
    {ENOLCK, MACHINE, DEFAULT_ADVICE},
    {ENOLINK, MACHINE, DEFAULT_ADVICE},
    {ENOMEM, MACHINE, MEMORY_ADVICE},
    {ENOSPC, MACHINE, SPACE_ADVICE},
    {ENOTCONN, MACHINE, DEFAULT_ADVICE}, /* a FUSE file system whose server died */
    {ENXIO, MACHINE, DEFAULT_ADVICE},
    {EPERM, ACCESS, ACCESS_ADVICE},
    {EREMOTEIO, MACHINE, DEFAULT_ADVICE},
    {EROFS, MACHINE, "choose an output.root that can be written"},
    {ESHUTDOWN, MACHINE, DEFAULT_ADVICE},
    {ESTALE, ACCESS, GONE_ADVICE},
    {ETIMEDOUT, MACHINE, DEFAULT_ADVICE},
    {EUCLEAN, MACHINE, DISK_ADVICE},
};

static struct fault find_fault(int reason)
{
    for (size_t k = 0; k < sizeof FAULTS / sizeof *FAULTS; k++)
        if (FAULTS[k].reason == reason)
            return FAULTS[k];
    return (struct fault){reason, OTHER, DEFAULT_ADVICE};
}

enum cn_status cn_errno_status(int reason, enum cn_status other)
{
    return find_fault(reason).cause == MACHINE ? CN_BAD_MACHINE : other;
}

bool cn_errno_is_access(int reason)
{
    return find_fault(reason).cause == ACCESS;
}

const char *cn_errno_advice(int reason)
{
    return find_fault(reason).advice;
}

bool cn_memory_is_short(void)
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
    bool is_input = reason == EAGAIN || (reason == ENOMEM && !cn_memory_is_short());
    return is_input ? CN_BAD_INPUT : cn_errno_status(reason, CN_BAD_INPUT);
}
