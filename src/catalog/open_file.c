/*
 * Opens a file through its descriptor, so that what was identified is what libraries open.
 */
#include "catalog/open_file.h"

#include "base/error.h"
#include "catalog/attributes.h"
#include "catalog/identify_file.h"

#include <errno.h>
#include <fcntl.h>
#include <netcdf.h>
#include <string.h>
#include <unistd.h>

static enum cn_status open_anew(struct cn_open_file *open_file, struct cn_file *file,
                                struct cn_error *error)
{
    /* O_NONBLOCK: opening a FIFO does not wait for a writer. */
    const int descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return cn_fail(error, CN_BAD_INPUT, "%s; check its permissions and the disk",
                       strerror(errno));
    enum cn_status status = cn_identify_file(descriptor, file, &open_file->is_classic, error);
    if (!status) {
        open_file->library_path = cn_descriptor_path(descriptor, file->path, open_file->open_path);
        const int code = nc_open(open_file->library_path, NC_NOWRITE, &open_file->ncid);
        if (code != NC_NOERR)
            status = cn_fail_netcdf(error, "cannot be opened", code);
    }
    if (status) {
        close(descriptor);
        return status;
    }
    open_file->path = file->path;
    open_file->descriptor = descriptor;
    open_file->size = file->size;
    open_file->mtime_ns = file->mtime_ns;
    return CN_OK;
}

enum cn_status cn_open_file(struct cn_open_file *open_file, struct cn_file *file,
                            struct cn_error *error)
{
    if (!open_file->path || strcmp(open_file->path, file->path) != 0) {
        cn_open_file_close(open_file);
        return open_anew(open_file, file, error);
    }
    file->size = open_file->size;
    file->mtime_ns = open_file->mtime_ns;
    return CN_OK;
}

void cn_open_file_close(struct cn_open_file *open_file)
{
    if (!open_file->path)
        return;
    nc_close(open_file->ncid);
    close(open_file->descriptor);
    open_file->path = NULL;
}
