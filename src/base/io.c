/*
 * A network file system may return fewer bytes than wanted, although the file goes on. Pipes and
 * terminals may accept fewer bytes than they are given.
 */
#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

ssize_t cn_pread_full(int file, void *bytes, size_t size, uint64_t address)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = pread(file, (char *)bytes + done, size - done, (off_t)(address + done));
        if (count < 0 && errno != EINTR)
            return -1;
        if (count == 0)
            break;
        done += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)done;
}

bool cn_pwritev_full(int file, struct iovec *vectors, size_t count, uint64_t address)
{
    while (count) {
        int most = (int)(count < IOV_MAX ? count : IOV_MAX);
        ssize_t written = pwritev(file, vectors, most, (off_t)address);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        address += (uint64_t)written;
        size_t left = (size_t)written;
        for (; count && left >= vectors->iov_len; vectors++, count--)
            left -= vectors->iov_len;
        if (!count)
            break;
        if (!written) {
            errno = EIO;
            return false;
        }
        vectors->iov_base = (char *)vectors->iov_base + left;
        vectors->iov_len -= left;
    }
    return true;
}

const char *cn_descriptor_path(int descriptor, const char *path,
                               char text[CN_DESCRIPTOR_PATH_BYTES])
{
    snprintf(text, CN_DESCRIPTOR_PATH_BYTES, "/proc/self/fd/%d", descriptor);
    return access(text, F_OK) == 0 ? text : path;
}

bool cn_write_full(int file, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = write(file, (const char *)bytes + done, size - done);
        if (count < 0 && errno == EAGAIN) /* another program made the terminal non-blocking */
            count = poll(&(struct pollfd){.fd = file, .events = POLLOUT}, 1, -1) < 0 ? -1 : 0;
        if (count < 0 && errno != EINTR)
            return false;
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}
