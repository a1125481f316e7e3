/*
 * The format of a file by its first bytes, and its size and time. Calls no library.
 */
#include "catalog/identify_file.h"

#include "base/error.h"
#include "base/io.h"
#include "base/netcdf_constants.h"
#include "catalog/classic.h"
#include "catalog/file_kind.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* An HDF5 file has this at 0, 512, 1024, 2048, …, behind a user block. */
static bool is_hdf5(int descriptor, uint64_t size)
{
    char found[CN_HDF5_SIGNATURE_BYTES];
    for (uint64_t at = 0; at < size && at <= INT64_MAX / 4; at = at ? 2 * at : 512)
        if (cn_pread_full(descriptor, found, sizeof found, at) == CN_HDF5_SIGNATURE_BYTES &&
            memcmp(found, CN_HDF5_SIGNATURE, sizeof found) == 0)
            return true;
    return false;
}

static bool is_classic(int descriptor)
{
    char found[4];
    return cn_pread_full(descriptor, found, 4, 0) == 4 && memcmp(found, "CDF", 3) == 0 &&
           (found[3] == 1 || found[3] == 2 || found[3] == 5);
}

static bool is_tar(int descriptor)
{
    unsigned char bytes[CN_KIND_BYTES];
    const ssize_t count = cn_pread_full(descriptor, bytes, sizeof bytes, 0);
    return count > 0 && cn_is_tar(bytes, (size_t)count);
}

static enum cn_status fail_kind(int descriptor, struct cn_error *error)
{
    unsigned char bytes[CN_KIND_BYTES];
    const ssize_t count = cn_pread_full(descriptor, bytes, sizeof bytes, 0);
    if (count < 0)
        return cn_fail(error, CN_BAD_INPUT, "%s; check its permissions and the disk",
                       strerror(errno));
    return cn_fail(error, CN_BAD_INPUT, "%s", cn_file_kind(bytes, (size_t)count));
}

enum cn_status cn_identify_file(int descriptor, struct cn_file *file, bool *classic,
                                struct cn_error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) < 0)
        return cn_fail(error, CN_BAD_INPUT, "%s; check its permissions and the disk",
                       strerror(errno));
    if (!S_ISREG(status.st_mode))
        return cn_fail(error, CN_BAD_INPUT, "not a regular file, as a netCDF file is");
    file->size = (uint64_t)status.st_size;
    file->mtime_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    if (file->size == 0)
        return cn_fail(error, CN_BAD_INPUT, "empty; download it again");
    *classic = is_classic(descriptor);
    if (*classic)
        return cn_classic_check(descriptor, file->size, error);
    return is_hdf5(descriptor, file->size) && !is_tar(descriptor) ? CN_OK
                                                                  : fail_kind(descriptor, error);
}
