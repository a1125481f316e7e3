/*
 * Chunks that netCDF-C is about to read. HDF5 takes one that inflates to another length as it is,
 * and hands out what memory held before for the values that it lacks. So the decoder undoes their
 * filters here first, as far as it knows them, only to see that lengths and checksums are right.
 */
#include "source/h5_variable.h"

#include "guard/hdf5_lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The chunk grid of a block: along each dimension of the variable. */
struct grid {
    hsize_t first[CN_MAX_DIMS], end[CN_MAX_DIMS]; /* in chunks */
    hsize_t offset[CN_MAX_DIMS];                  /* of the chunk that is looked at */
    hsize_t extent[H5S_MAX_RANK];                 /* in values */
    size_t value_bytes;                           /* as stored */
    bool plain_edges;                             /* chunks that stick out have no filters */
};

static bool inquire(hid_t dataset, struct grid *grid)
{
    hid_t type = H5Dget_type(dataset), properties = H5Dget_create_plist(dataset);
    unsigned options = 0;
    grid->value_bytes = type < 0 ? 0 : H5Tget_size(type);
    bool told =
        grid->value_bytes && properties >= 0 &&
        (H5Pget_layout(properties) != H5D_CHUNKED || H5Pget_chunk_opts(properties, &options) >= 0);
    grid->plain_edges = options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
    if (type >= 0)
        H5Tclose(type);
    if (properties >= 0)
        H5Pclose(properties);
    return told;
}

/* Whether the chunk that is looked at sticks out of the dataset. */
static bool sticks_out(const struct cn_storage *storage, const struct grid *grid)
{
    for (size_t d = 0; d < storage->rank; d++)
        if (grid->offset[d] + storage->chunk[d] > grid->extent[d])
            return true;
    return false;
}

/* False: no chunk of the block is in the dataset. */
static bool lay_grid(const struct cn_reader *read, hid_t dataset, size_t first, size_t end,
                     struct grid *grid)
{
    const struct cn_storage *storage = &read->file->storage;
    hid_t space = H5Dget_space(dataset);
    bool there =
        space >= 0 && H5Sget_simple_extent_dims(space, grid->extent, NULL) == (int)storage->rank;
    if (space >= 0)
        H5Sclose(space);
    for (size_t d = 0; there && d < storage->rank; d++) {
        hsize_t from = 0, to = 1;
        if (d == storage->time_dim) {
            from = first;
            to = end;
        } else if (d == storage->lat_dim) {
            from = read->box.first_lat;
            to = read->box.last_lat + 1;
        } else if (d == storage->lon_dim) {
            from = read->box.first_lon;
            to = read->box.last_lon + 1;
        }
        to =
            to < grid->extent[d] ? to : grid->extent[d]; /* it may be shorter than its dimensions */
        there = from < to;
        grid->first[d] = from / storage->chunk[d];
        grid->end[d] = there ? (to - 1) / storage->chunk[d] + 1 : 0;
        grid->offset[d] = grid->first[d] * storage->chunk[d];
    }
    return there;
}

/* The next chunk, the last dimension first. False: there is none. */
static bool step(const struct cn_storage *storage, struct grid *grid)
{
    for (size_t d = storage->rank; d-- > 0;) {
        grid->offset[d] += storage->chunk[d];
        if (grid->offset[d] < grid->end[d] * storage->chunk[d])
            return true;
        grid->offset[d] = grid->first[d] * storage->chunk[d];
    }
    return false;
}

/* The chunk as it is stored, in scratch; size 0: it was never written. */
static enum cn_status fetch(const struct cn_reader *read, hid_t dataset, const hsize_t *offset,
                            size_t most, struct cn_scratch *scratch, unsigned char **stored,
                            hsize_t *size, uint32_t *mask, struct cn_error *error)
{
    *size = 0;
    cn_hdf5_lock();
    errno = 0;
    bool read_it = H5Dget_chunk_storage_size(dataset, offset, size) >= 0 && *size <= most;
    *stored = read_it ? cn_scratch_get(scratch, 0, (size_t)*size + 1) : NULL;
    if (*stored && *size)
        read_it = H5Dread_chunk(dataset, H5P_DEFAULT, offset, mask, *stored) >= 0;
    const int reason = errno;
    cn_hdf5_unlock();
    if (read_it && !*stored)
        return cn_fail_memory(error, "a chunk");
    if (read_it)
        return CN_OK;
    char what[256];
    snprintf(what, sizeof what, "a chunk of %.200s cannot be read", read->file->variable);
    return cn_fail_library(read, reason, what, error);
}

static enum cn_status verify_block(const struct cn_reader *read, hid_t dataset, struct grid *grid,
                                   struct cn_scratch *scratch, struct cn_error *error)
{
    const struct cn_storage *storage = &read->file->storage;
    struct cn_raw raw = {.elements = cn_chunk_elements(storage), .width = grid->value_bytes};
    const size_t bytes = raw.elements * raw.width;
    do {
        unsigned char *stored;
        hsize_t size;
        uint32_t mask = 0;
        const char *wrong = "";
        enum cn_status status = fetch(read, dataset, grid->offset, cn_encoded_bound(bytes), scratch,
                                      &stored, &size, &mask, error);
        if (status)
            return status;
        if (grid->plain_edges && sticks_out(storage, grid))
            mask = UINT32_MAX;
        if (size)
            status = cn_filters_undo(read, mask, stored, (size_t)size, scratch, &raw, &wrong);
        if (status == CN_BAD_MACHINE)
            return cn_fail_memory(error, "a chunk");
        if (status)
            return cn_fail(error, status, "%s: a chunk of %s %s; the file is damaged, get it again",
                           read->file->path, read->file->variable, wrong);
    } while (step(storage, grid));
    return CN_OK;
}

enum cn_status cn_chunks_verify(const struct cn_reader *read, size_t first, size_t end,
                                struct cn_scratch *scratch, struct cn_error *error)
{
    struct grid grid;
    if (!read->file->storage.filter_count)
        return CN_OK;
    cn_hdf5_lock();
    struct cn_h5_variable dataset = cn_h5_variable_open(read);
    const bool told = dataset.id >= 0 && inquire(dataset.id, &grid);
    const int reason = errno;
    bool some = told && lay_grid(read, dataset.id, first, end, &grid);
    cn_hdf5_unlock();
    enum cn_status status = CN_OK;
    if (!told)
        status = cn_fail_library(read, reason, "HDF5 cannot open its variable", error);
    else if (some)
        status = verify_block(read, dataset.id, &grid, scratch, error);
    cn_hdf5_lock();
    cn_h5_variable_close(&dataset);
    cn_hdf5_unlock();
    return status;
}
