/*
 * One table of the errno values of Linux. Those that it does not list are not about the machine.
 */
#include "guard/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { MODERATE_BYTES = 32 << 20 };

enum cause { OTHER, MACHINE, ACCESS };

static const char DEFAULT_ADVICE[] = "correct it and run again; finished files are kept";

static const struct fault {
    enum cause cause;
    const char *advice;
    int reasons[20]; /* until the first 0 */
} FAULTS[] = {
    {ACCESS, "change its permissions, and run again", {EACCES, EPERM}},
    {ACCESS, "see where it went, and run again", {ENOENT, ESTALE}},
    {MACHINE, "allow more processes (ulimit -u), or lower --threads, and run again", {EAGAIN}},
    {MACHINE,
     "allow more open files (ulimit -n), or lower --threads, and run again",
     {EMFILE, ENFILE}},
    {MACHINE, "free memory, or lower engine.memory or --threads, and run again", {ENOBUFS, ENOMEM}},
    {MACHINE, "check the disk and run again; finished files are kept", {EBADMSG, EIO, EUCLEAN}},
    {MACHINE, "free some space and run again; finished files are kept", {EDQUOT, ENOSPC}},
    {MACHINE, "choose an output.root that can be written", {EROFS}},
    {OTHER, "allow larger files (ulimit -f), or choose another disk", {EFBIG}},
    {OTHER, "choose a shorter output.root or output.pattern", {ENAMETOOLONG}},
    {MACHINE,
     DEFAULT_ADVICE,
     {ECONNABORTED, ECONNREFUSED, ECONNRESET, EHOSTDOWN, EHOSTUNREACH, EKEYEXPIRED, ENETDOWN,
      ENETUNREACH, ENODEV, ENOLCK, ENOLINK, ENOTCONN /* a FUSE file system whose server died */,
      ENXIO, EREMOTEIO, ESHUTDOWN, ETIMEDOUT}},
};

static struct fault find_fault(int reason)
{
    for (size_t k = 0; k < sizeof FAULTS / sizeof *FAULTS; k++)
        for (const int *known = FAULTS[k].reasons; *known; known++)
            if (*known == reason)
                return FAULTS[k];
    return (struct fault){OTHER, DEFAULT_ADVICE, {0}};
}

enum cn_status cn_errno_status(int reason, enum cn_status other)
{
    return find_fault(reason).cause == MACHINE ? CN_BAD_MACHINE : other;
}

bool cn_errno_is_access(int reason)
{
    return find_fault(reason).cause == ACCESS;
}

/* EROFS is not among them: ext4 reports it once it has given up a disk after an error. */
bool cn_errno_is_no_sync(int reason)
{
    return reason == EACCES || reason == EINVAL || reason == ENOSYS || reason == ENOTSUP;
}

const char *cn_errno_advice(int reason)
{
    return find_fault(reason).advice;
}

bool cn_memory_is_short(void)
{
    struct rlimit given;
    const bool is_raised =
        getrlimit(RLIMIT_DATA, &given) == 0 &&
        setrlimit(RLIMIT_DATA, &(struct rlimit){given.rlim_max, given.rlim_max}) == 0;
    void *volatile block = malloc(MODERATE_BYTES); /* volatile: else compilers leave it out */
    free(block);
    if (is_raised)
        setrlimit(RLIMIT_DATA, &given);
    return !block;
}
