/*
 * What both ways of reading share: the stretch, the box, and that the file is the one that was
 * planned with, from opening to closing.
 */
#include "source/read.h"

#include "source/backends.h"
#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct cn_box hull(const struct cn_layout *layout)
{
    struct cn_box box = {SIZE_MAX, 0, SIZE_MAX, 0};
    for (size_t r = 0; r < layout->region_count; r++) {
        const struct cn_region_cells *region = &layout->regions[r];
        size_t last_lat = region->first_lat + region->lat_count - 1;
        box.first_lat = region->first_lat < box.first_lat ? region->first_lat : box.first_lat;
        box.last_lat = last_lat > box.last_lat ? last_lat : box.last_lat;
        for (size_t k = 0; k < region->run_count; k++) {
            size_t first = region->runs[k].source_lon, last = first + region->runs[k].count - 1;
            box.first_lon = first < box.first_lon ? first : box.first_lon;
            box.last_lon = last > box.last_lon ? last : box.last_lon;
        }
    }
    return box;
}

enum cn_status cn_read_plan(struct cn_read *read, const struct cn_file *file,
                            const struct cn_layout *layout, const struct cn_kernels *kernels,
                            size_t first, size_t count, struct cn_error *error)
{
    *read = (struct cn_read){.file = file,
                             .layout = layout,
                             .kernels = kernels,
                             .first = first,
                             .count = count,
                             .box = hull(layout),
                             .missing = cn_float_rules(&file->packing),
                             .plain = !file->packing.packed && file->storage.type == NC_FLOAT,
                             .fd = -1,
                             .nc = -1};
    read->rows = calloc(count, sizeof(float *));
    if (!read->rows)
        return cn_fail_memory(error, "rows of a source year");
    read->parallel = !*file->storage.not_parallel && cn_decoder_plan(read);
    return read->parallel ? CN_OK : cn_reader_plan(read, error);
}

static enum cn_status check_unchanged(const struct cn_read *read, struct cn_error *error)
{
    const struct cn_file *file = read->file;
    struct stat now;
    if (fstat(read->fd, &now))
        return cn_fail(error, CN_BAD_INPUT, "%s: %s", file->path, strerror(errno));
    int64_t mtime_ns = (int64_t)now.st_mtim.tv_sec * 1000000000 + now.st_mtim.tv_nsec;
    if ((uint64_t)now.st_size != file->size || mtime_ns != file->mtime_ns)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: the file changed during the run; run again when it is complete",
                       file->path);
    return CN_OK;
}

enum cn_status cn_read_open(struct cn_read *read, struct cn_error *error)
{
    read->fd = open(read->file->path, O_RDONLY | O_CLOEXEC);
    if (read->fd < 0)
        return cn_fail(error, errno == EMFILE || errno == ENFILE ? CN_BAD_MACHINE : CN_BAD_INPUT,
                       "%s: cannot be opened (%s)", read->file->path, strerror(errno));
    enum cn_status status = check_unchanged(read, error);
    if (status)
        return status;
    return read->parallel ? cn_decoder_open(read, error) : cn_reader_open(read, error);
}

enum cn_status cn_read_unit(struct cn_read *read, size_t unit, struct cn_scratch *scratch,
                            struct cn_error *error)
{
    return read->parallel ? cn_decoder_unit(read, unit, scratch, error)
                          : cn_reader_unit(read, unit, scratch, error);
}

enum cn_status cn_read_close(struct cn_read *read, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    cn_reader_close(read);
    if (read->fd >= 0) {
        status = check_unchanged(read, error);
        close(read->fd);
    }
    read->fd = -1;
    free(read->places);
    read->places = NULL;
    return status;
}

void cn_read_free(struct cn_read *read)
{
    cn_read_close(read, NULL);
    free(read->rows);
    free(read->unit_first);
    read->rows = NULL;
    read->unit_first = NULL;
}
