/*
 * A network file system may return fewer bytes than were asked for before the file ends. Pipes and
 * terminals may accept fewer bytes than they are given.
 */
#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

ssize_t cn_pread_full(int file, void *bytes, size_t size, uint64_t address)
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

bool cn_write_full(int file, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(file, at, size);
        if (done >= 0) {
            at += done;
            size -= (size_t)done;
        } else if (errno == EAGAIN) { /* another program made the terminal non-blocking */
            struct pollfd wait = {.fd = file, .events = POLLOUT};
            if (poll(&wait, 1, -1) < 0 && errno != EINTR)
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}
