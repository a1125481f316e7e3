/*
 * One item of work for one worker process. Knows nothing of what a file holds.
 */
#include "pictures/field_file.h"

#include "base/error.h"
#include "base/io.h"
#include "base/workers.h"
#include "catalog/identify_file.h"
#include "guard/library.h"

#include <errno.h>
#include <fcntl.h>
#include <netcdf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reading a whole file takes as long as inflating it; a slower machine would call it damaged. */
enum { LEAST_CPU_S = 60, CPU_BYTES_PER_S = 2 << 20, MOST_CPU_S = 100000 };
static const uint64_t MEMORY_BYTES = (uint64_t)3 << 30;

struct file_reading {
    const struct cn_field_file *file;
    struct cn_pool *pool;  /* the parent's; in the child its own */
    enum cn_status status; /* of the file */
};

static enum cn_status open_and_read(void *context, struct cn_error *error)
{
    const struct file_reading *reading = context;
    const struct cn_field_file *wanted = reading->file;
    struct cn_file file = {.path = wanted->path};
    bool classic;
    char path[CN_DESCRIPTOR_PATH_BYTES];
    /* O_NONBLOCK: opening a FIFO does not wait for a writer. */
    const int descriptor = open(wanted->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return cn_fail(error, CN_BAD_INPUT, "%s; check the path and its permissions",
                       strerror(errno));
    int ncid = -1;
    enum cn_status status = cn_identify_file(descriptor, &file, &classic, error);
    if (!status &&
        nc_open(cn_descriptor_path(descriptor, wanted->path, path), NC_NOWRITE, &ncid) != NC_NOERR)
        status = cn_fail(error, CN_BAD_INPUT, "cannot be opened: it is damaged, or no netCDF file");
    if (!status) {
        status = wanted->read(reading->pool, ncid, wanted->context, error);
        nc_close(ncid);
    }
    close(descriptor);
    return status;
}

/* In the child. */
static enum cn_status examine_field_file(void *context, size_t item, struct cn_archive *found,
                                         struct cn_error *error)
{
    (void)item;
    struct file_reading reading = *(const struct file_reading *)context;
    reading.pool = cn_pool_new();
    if (!reading.pool)
        return cn_fail_memory(error, "a file's metadata");
    enum cn_status status =
        cn_library_call(&(struct cn_library_call){.function = open_and_read,
                                                  .context = &reading,
                                                  .what = "cannot be read",
                                                  .lock = CN_LIBRARY_HDF5_LOCKED},
                        error);
    if (!status) {
        reading.file->pack(found, reading.file->context);
        status = found->status == CN_BAD_INPUT
                     ? cn_fail(error, CN_BAD_INPUT, "has more cells than a picture can show")
                 : found->status ? cn_fail_memory(error, "a file's values")
                                 : CN_OK;
    }
    cn_pool_free(reading.pool);
    return status;
}

static enum cn_status accept_field_file(void *context, size_t item, struct cn_archive *found,
                                        const struct cn_error *failure, struct cn_error *error)
{
    (void)item;
    struct file_reading *reading = context;
    if (failure) {
        reading->status =
            cn_fail(error, failure->status, "%s: %s", reading->file->path, failure->text);
        return CN_OK;
    }
    found->pool = reading->pool;
    return reading->file->unpack(found, reading->file->context, error);
}

enum cn_status cn_field_file_read(const struct cn_field_file *file, struct cn_pool *pool,
                                  struct cn_error *error)
{
    struct file_reading reading = {.file = file, .pool = pool};
    struct stat found;
    const uint64_t bytes = stat(file->path, &found) == 0 ? (uint64_t)found.st_size : 0;
    const uint64_t seconds = LEAST_CPU_S + bytes / CPU_BYTES_PER_S;
    const enum cn_status status = cn_workers_run(
        &(struct cn_workers){.count = 1,
                             .cpu_s = (int)(seconds < MOST_CPU_S ? seconds : MOST_CPU_S),
                             .timeout_s = MOST_CPU_S,
                             .memory_bytes = MEMORY_BYTES,
                             .context = &reading,
                             .examine = examine_field_file,
                             .accept = accept_field_file},
        error);
    return status ? status : reading.status;
}
