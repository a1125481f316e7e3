/*
 * Chunks that netCDF-C is about to read. HDF5 accepts one that inflates to too few bytes, and hands
 * out what memory held before for the rest. So codecs undo the filters first, as far as they can,
 * only to see that lengths and checksums are right.
 */
#include "source/verify.h"

#include "base/error.h"
#include "base/io.h"
#include "codec/pipeline.h"
#include "guard/library.h"
#include "source/h5_variable.h"
#include "source/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The chunks of some instants, along each dimension of the variable. */
struct chunk_walk {
    hsize_t first[CN_MAX_DIMS], end[CN_MAX_DIMS]; /* in chunks */
    hsize_t offset[CN_MAX_DIMS];                  /* of the chunk that is looked at */
    hsize_t extent[H5S_MAX_RANK];                 /* in values */
    size_t value_bytes;                           /* as stored */
    bool plain_edges;                             /* chunks that stick out have no filters */
};

static bool read_chunk_options(hid_t dataset, struct chunk_walk *walk)
{
    hid_t type = H5Dget_type(dataset), properties = H5Dget_create_plist(dataset);
    unsigned options = 0;
    walk->value_bytes = type < 0 ? 0 : H5Tget_size(type);
    bool is_known =
        walk->value_bytes && properties >= 0 &&
        (H5Pget_layout(properties) != H5D_CHUNKED || H5Pget_chunk_opts(properties, &options) >= 0);
    walk->plain_edges = options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
    if (type >= 0)
        H5Tclose(type);
    if (properties >= 0)
        H5Pclose(properties);
    return is_known;
}

/* Whether the chunk that is looked at sticks out of the dataset. */
static bool is_at_edge(const struct cn_storage *storage, const struct chunk_walk *walk)
{
    for (size_t d = 0; d < storage->rank; d++)
        if (walk->offset[d] + storage->chunk[d] > walk->extent[d])
            return true;
    return false;
}

/* False: no chunk of the block is in the dataset. */
static bool begin_walk(const struct cn_reader *reader, hid_t dataset, size_t first, size_t end,
                       struct chunk_walk *walk)
{
    const struct cn_storage *storage = &reader->file->storage;
    hid_t space = H5Dget_space(dataset);
    bool there =
        space >= 0 && H5Sget_simple_extent_dims(space, walk->extent, NULL) == (int)storage->rank;
    if (space >= 0)
        H5Sclose(space);
    for (size_t d = 0; there && d < storage->rank; d++) {
        hsize_t from = storage->index[d], to = from + 1;
        if (storage->slice_count && d == storage->slice_dim) {
            to = storage->slice_count;
        } else if (d == storage->time_dim) {
            from = first;
            to = end;
        } else if (d == storage->row_dim) {
            from = reader->box.first_row;
            to = reader->box.last_row + 1;
        } else if (d == storage->column_dim) {
            from = reader->box.first_column;
            to = reader->box.last_column + 1;
        }
        to =
            to < walk->extent[d] ? to : walk->extent[d]; /* it may be shorter than its dimensions */
        there = from < to;
        walk->first[d] = from / storage->chunk[d];
        walk->end[d] = there ? (to - 1) / storage->chunk[d] + 1 : 0;
        walk->offset[d] = walk->first[d] * storage->chunk[d];
    }
    return there;
}

/* The next chunk, the last dimension first. False: there is none. */
static bool next_chunk(const struct cn_storage *storage, struct chunk_walk *walk)
{
    for (size_t d = storage->rank; d-- > 0;) {
        walk->offset[d] += storage->chunk[d];
        if (walk->offset[d] < walk->end[d] * storage->chunk[d])
            return true;
        walk->offset[d] = walk->first[d] * storage->chunk[d];
    }
    return false;
}

/* The chunk as it is stored, in scratch; size 0: it was never written. */
static enum cn_status fetch_chunk(const struct cn_reader *reader, hid_t dataset,
                                  const hsize_t *offset, size_t most, struct cn_scratch *scratch,
                                  unsigned char **stored, hsize_t *size, uint32_t *mask,
                                  struct cn_error *error)
{
    *size = 0;
    errno = 0;
    bool read_it = H5Dget_chunk_storage_size(dataset, offset, size) >= 0 && *size <= most;
    *stored = read_it ? cn_scratch_get(scratch, 0, (size_t)*size + 1) : NULL;
    if (*stored && *size)
        read_it = H5Dread_chunk(dataset, H5P_DEFAULT, offset, mask, *stored) >= 0;
    const int reason = errno;
    if (read_it && !*stored)
        return cn_fail_memory(error, "a chunk");
    if (read_it)
        return CN_OK;
    char what[256];
    snprintf(what, sizeof what, "a chunk of %.200s cannot be read", reader->file->variable);
    return cn_library_fail(reader->file->path, what, reason, error);
}

static enum cn_status verify_chunks(const struct cn_reader *reader, hid_t dataset,
                                    struct chunk_walk *walk, struct cn_scratch *scratch,
                                    struct cn_error *error)
{
    const struct cn_storage *storage = &reader->file->storage;
    struct cn_raw raw = {.elements = cn_chunk_elements(storage), .width = walk->value_bytes};
    const size_t bytes = raw.elements * raw.width;
    do {
        unsigned char *stored;
        hsize_t size;
        uint32_t mask = 0;
        const char *fault = "";
        enum cn_status status = fetch_chunk(reader, dataset, walk->offset, cn_encoded_bound(bytes),
                                            scratch, &stored, &size, &mask, error);
        if (status)
            return status;
        if (walk->plain_edges && is_at_edge(storage, walk))
            mask = UINT32_MAX;
        if (size)
            status = cn_pipeline_decode(storage, reader->kernels, mask, stored, (size_t)size, NULL,
                                        scratch, &raw, &fault);
        if (status == CN_BAD_MACHINE)
            return cn_fail_memory(error, "a chunk");
        if (status)
            return cn_fail(error, status,
                           "%s: a chunk of %s %s; the file is damaged; download it again",
                           reader->file->path, reader->file->variable, fault);
    } while (next_chunk(storage, walk));
    return CN_OK;
}

enum cn_status cn_chunks_verify(const struct cn_reader *reader, int file, size_t first, size_t end,
                                struct cn_scratch *scratch, struct cn_error *error)
{
    struct chunk_walk walk;
    if (reader->file->storage.layout != CN_CHUNKED || !reader->file->storage.filter_count)
        return CN_OK;
    char path[CN_DESCRIPTOR_PATH_BYTES];
    struct cn_h5_variable variable =
        cn_h5_variable_open(reader->file, cn_descriptor_path(file, reader->file->path, path));
    const bool is_known = variable.id >= 0 && read_chunk_options(variable.id, &walk);
    const int reason = errno;
    bool some = is_known && begin_walk(reader, variable.id, first, end, &walk);
    enum cn_status status = CN_OK;
    if (!is_known)
        status =
            cn_library_fail(reader->file->path, "HDF5 cannot open its variable", reason, error);
    else if (some)
        status = verify_chunks(reader, variable.id, &walk, scratch, error);
    cn_h5_variable_close(&variable);
    return status;
}
