/*
 * Encoded chunks, written past the filter pipeline. The file must already say which filters made
 * them.
 */
#include "synth/chunks.h"

#include "base/error.h"

#include <errno.h>
#include <hdf5.h>
#include <string.h>

/* HDF5 hides the reason of a failed write in its error stack. errno still has it. */
static enum cn_status fail_to_write(struct cn_error *error, const char *path, const char *what)
{
    return cn_fail(error, CN_BAD_MACHINE, "%s: %s failed: %s", path, what,
                   errno ? strerror(errno) : "HDF5 gives no reason; check the disk");
}

/* Writes the chunks of a variable with an unlimited first dimension. Returns whether it could. */
static bool write_dataset(hid_t dataset, const struct cn_encoded *chunks, size_t count)
{
    hsize_t shape[H5S_MAX_RANK], offset[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset);
    bool is_written = space >= 0 && H5Sget_simple_extent_dims(space, shape, NULL) >= 1;
    if (space >= 0)
        H5Sclose(space);
    shape[0] = count;
    is_written = is_written && H5Dset_extent(dataset, shape) >= 0;
    for (size_t k = 0; k < count && is_written; k++) {
        offset[0] = k;
        is_written =
            H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, chunks[k].size, chunks[k].bytes) >= 0;
    }
    return is_written;
}

enum cn_status cn_synth_write_chunks(const char *path, const char *variable,
                                     const struct cn_encoded *chunks, size_t count,
                                     struct cn_error *error)
{
    errno = 0;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0)
        return fail_to_write(error, path, "opening for writing");
    hid_t dataset = H5Dopen2(file, variable, H5P_DEFAULT);
    bool is_written = dataset >= 0 && write_dataset(dataset, chunks, count);
    is_written = dataset >= 0 && H5Dclose(dataset) >= 0 && is_written;
    enum cn_status status = is_written ? CN_OK : fail_to_write(error, path, "writing");
    errno = 0;
    if (H5Fclose(file) < 0 && !status) /* HDF5 writes the last metadata here */
        status = fail_to_write(error, path, "closing");
    return status;
}
