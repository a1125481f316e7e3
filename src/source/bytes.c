/*
 * Bytes of input files.
 */
#include "source/bytes.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "guard/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A system call failed, and errno says why. */
static enum cn_status fail_call(const struct cn_file *file, const char *what,
                                struct cn_error *error)
{
    const int reason = errno;
    return cn_fail(error, cn_errno_status(reason, CN_BAD_INPUT), "%s: %s: %s; %s", file->path, what,
                   strerror(reason), cn_errno_advice(reason));
}

const unsigned char *cn_prefetched_bytes(struct cn_scratch *scratch, uint64_t address, size_t size)
{
    const struct cn_prefetched *prefetched = scratch->prefetched;
    if (!prefetched || address < prefetched->address ||
        address - prefetched->address > prefetched->size ||
        size > prefetched->size - (address - prefetched->address))
        return NULL;
    scratch->bytes_read += size;
    return prefetched->bytes + (address - prefetched->address);
}

enum cn_status cn_file_bytes(const struct cn_file *file, int descriptor, uint64_t address,
                             size_t size, struct cn_scratch *scratch, unsigned char *bytes,
                             struct cn_error *error)
{
    const unsigned char *there = cn_prefetched_bytes(scratch, address, size);
    if (there) {
        memcpy(bytes, there, size);
        return CN_OK;
    }
    const uint64_t idle_ns = cn_idle_ns();
    ssize_t got = cn_pread_full(descriptor, bytes, size, address);
    scratch->wait_ns += cn_idle_since(idle_ns);
    if (got < 0) {
        char what[64];
        snprintf(what, sizeof what, "cannot be read at byte %llu", (unsigned long long)address);
        return fail_call(file, what, error);
    }
    if ((size_t)got < size)
        return cn_fail(
            error, CN_BAD_INPUT,
            "%s: cannot be read at byte %llu (the file ends there); download the file again",
            file->path, (unsigned long long)address + (size_t)got);
    scratch->bytes_read += size;
    return CN_OK;
}

static enum cn_status check_unchanged(const struct cn_file *file, const struct stat *now,
                                      struct cn_error *error)
{
    int64_t mtime_ns = (int64_t)now->st_mtim.tv_sec * 1000000000 + now->st_mtim.tv_nsec;
    if (!S_ISREG(now->st_mode) || (uint64_t)now->st_size != file->size ||
        mtime_ns != file->mtime_ns)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: the file changed during the run; run again when it is complete",
                       file->path);
    return CN_OK;
}

enum cn_status cn_file_open(const struct cn_file *file, int *descriptor, struct cn_error *error)
{
    struct stat now;
    *descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*descriptor < 0)
        return fail_call(file, "cannot be opened", error);
    enum cn_status status = fstat(*descriptor, &now) ? fail_call(file, "cannot be opened", error)
                                                     : check_unchanged(file, &now, error);
    if (status)
        close(*descriptor);
    return status;
}

enum cn_status cn_file_check(const struct cn_file *file, struct cn_error *error)
{
    struct stat now;
    if (stat(file->path, &now))
        return fail_call(file, "is no longer there", error);
    return check_unchanged(file, &now, error);
}

bool cn_file_is_unchanged(const struct cn_file *file, int descriptor)
{
    struct stat now;
    struct cn_error error;
    return fstat(descriptor, &now) == 0 && check_unchanged(file, &now, &error) == CN_OK;
}
