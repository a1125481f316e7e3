/*
 * Network file systems may hand out less than was asked for; that is no end of a file.
 */
#include "base/whole.h"

#include <errno.h>
#include <unistd.h>

ssize_t cn_pread_whole(int file, void *bytes, size_t size, uint64_t address)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(file, (char *)bytes + done, size - done, (off_t)(address + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}
