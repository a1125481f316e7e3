/*
 * Encoded chunks, written past the filter pipeline. The file must already say which filters made
 * them.
 */
#include "sink/chunks.h"

#include <errno.h>
#include <hdf5.h>
#include <string.h>
#include <sys/stat.h>

/* HDF5 hides the reason of a failed write in its error stack. errno still has it. */
static enum cn_status fail_to_write(struct cn_error *error, const char *path, const char *what)
{
    return cn_fail(error, CN_BAD_MACHINE, "%s: %s failed: %s", path, what,
                   errno ? strerror(errno) : "HDF5 gives no reason; check the disk");
}

static enum cn_status write_dataset(hid_t dataset, const struct cn_encoded *chunks, size_t count,
                                    const char *path, const char *variable, struct cn_error *error)
{
    hsize_t shape[H5S_MAX_RANK] = {0}, offset[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset);
    int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, shape, NULL);
    if (space >= 0)
        H5Sclose(space);
    if (rank >= 1 && shape[0] < count) { /* an unlimited dimension has not grown yet */
        shape[0] = count;
        if (H5Dset_extent(dataset, shape) < 0)
            rank = -1;
    }
    if (rank < 1 || shape[0] != count)
        return cn_fail(error, CN_BAD_MACHINE, "%s: '%s' does not have room for %zu chunks", path,
                       variable, count);
    for (size_t k = 0; k < count; k++) {
        offset[0] = k;
        errno = 0;
        if (H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, chunks[k].size, chunks[k].bytes) < 0)
            return fail_to_write(error, path, "writing");
    }
    return CN_OK;
}

enum cn_status cn_write_encoded(const char *path, const char *variable,
                                const struct cn_encoded *chunks, size_t count,
                                struct cn_error *error)
{
    errno = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0)
        return fail_to_write(error, path, "opening for writing");
    enum cn_status status = CN_OK;
    hid_t dataset = H5Dopen2(file, variable, H5P_DEFAULT);
    if (dataset < 0) {
        status = cn_fail(error, CN_BAD_MACHINE, "%s: no variable '%s' to write", path, variable);
    } else {
        status = write_dataset(dataset, chunks, count, path, variable, error);
        errno = 0;
        if (H5Dclose(dataset) < 0 && !status)
            status = fail_to_write(error, path, "writing");
    }
    errno = 0;
    if (H5Fclose(file) < 0 && !status) /* HDF5 writes the last metadata here */
        status = fail_to_write(error, path, "closing");
    return status;
}

/* HDF5 notices a file that is shorter than it says, but not one that is longer. */
static bool ends_where_it_says(hid_t file, const char *path)
{
    struct stat status;
    haddr_t end = 0;
    return stat(path, &status) == 0 && H5Fget_eoa(file, &end) >= 0 &&
           end == (haddr_t)status.st_size;
}

size_t cn_count_chunks(const char *path, const char *variable)
{
    hsize_t count = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    bool whole = file >= 0 && ends_where_it_says(file, path);
    hid_t dataset = whole ? H5Dopen2(file, variable, H5P_DEFAULT) : -1;
    hid_t space = dataset < 0 ? -1 : H5Dget_space(dataset);
    if (space >= 0 && H5Dget_num_chunks(dataset, space, &count) < 0)
        count = 0;
    if (space >= 0)
        H5Sclose(space);
    if (dataset >= 0)
        H5Dclose(dataset);
    if (file >= 0)
        H5Fclose(file);
    return (size_t)count;
}
