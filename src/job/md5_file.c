/*
 * Reads a file once, in order, without HDF5.
 */
#include "job/md5_file.h"

#include "base/error.h"
#include "source/bytes.h"

#include <errno.h>
#include <nettle/md5.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST_BYTES = 1 << 20 /* read at a time */ };

static enum cn_status digest_bytes(const struct cn_file *file, int descriptor,
                                   struct cn_scratch *scratch, const struct cn_watch *watch,
                                   char md5[CN_MD5_TEXT], struct cn_error *error)
{
    unsigned char *buffer = cn_scratch_get(scratch, 0, DIGEST_BYTES);
    struct md5_ctx context;
    uint8_t digest[MD5_DIGEST_SIZE];
    enum cn_status status = buffer ? CN_OK : cn_fail_memory(error, "a file");
    md5_init(&context);
    for (uint64_t at = 0; at < file->size && !status && !cn_watch_stopped(watch);) {
        const uint64_t left = file->size - at;
        const size_t bytes = left < DIGEST_BYTES ? (size_t)left : DIGEST_BYTES;
        status = cn_file_bytes(file, descriptor, at, bytes, scratch, buffer, error);
        if (!status)
            md5_update(&context, bytes, buffer);
        at += bytes;
    }
    scratch->bytes_read = 0; /* decoding counts them */
    md5_digest(&context, sizeof digest, digest);
    for (int k = 0; k < MD5_DIGEST_SIZE && !status && !cn_watch_stopped(watch); k++)
        snprintf(md5 + (size_t)2 * (size_t)k, 3, "%02x", digest[k]);
    return status;
}

enum cn_status cn_md5_file(const struct cn_file *file, bool is_examined, struct cn_scratch *scratch,
                           const struct cn_watch *watch, char md5[CN_MD5_TEXT],
                           struct cn_error *error)
{
    struct cn_file now = *file;
    struct stat found;
    int descriptor;
    if (!is_examined) {
        if (stat(file->path, &found))
            return cn_fail(error, CN_BAD_INPUT, "%s: %s", file->path, strerror(errno));
        if (!S_ISREG(found.st_mode))
            return cn_fail(error, CN_BAD_INPUT, "%s: not a regular file", file->path);
        now.size = (uint64_t)found.st_size;
        now.mtime_ns = (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec;
    }
    enum cn_status status = cn_file_open(&now, &descriptor, error);
    if (status)
        return status;
    status = digest_bytes(&now, descriptor, scratch, watch, md5, error);
    close(descriptor);
    return status;
}
