/*
 * The netCDF-C reader: every storage that the parallel decoder does not take, a block of instants
 * at a time. Reading goes through the HDF5 lock; unpacking does not.
 */
#include "source/backends.h"

#include "guard/hdf5_lock.h"

#include <errno.h>
#include <math.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16 << 20, MOST_BLOCK_BYTES = 256 << 20 };
enum { VALUES, SUMS, COUNTS }; /* scratch buffers */

static size_t box_cells(const struct cn_reader *read)
{
    return (read->box.last_lat - read->box.first_lat + 1) *
           (read->box.last_lon - read->box.first_lon + 1);
}

/* Instants of a block: about BLOCK_BYTES, whole chunks where the file has chunks, because a chunk
 * that is read twice is inflated twice. */
static size_t block_instants(const struct cn_reader *read)
{
    const struct cn_storage *storage = &read->file->storage;
    size_t bytes = box_cells(read) * storage->value_bytes;
    size_t instants = BLOCK_BYTES / bytes ? BLOCK_BYTES / bytes : 1;
    size_t chunk = storage->layout == CN_CHUNKED ? storage->chunk[storage->time_dim] : 1;
    if (chunk > 1 && chunk <= MOST_BLOCK_BYTES / bytes)
        instants = (instants + chunk - 1) / chunk * chunk;
    return instants;
}

/* Where the day of instant `at` ends, within the stretch. */
static size_t day_end(const struct cn_reader *read, size_t at)
{
    size_t end = read->first + read->count, stop = at + 1;
    while (stop < end && read->file->days[stop] == read->file->days[at])
        stop++;
    return stop;
}

/* Where the block that starts at `at` ends: at a multiple of `instants`, and not within a day. */
static size_t block_end(const struct cn_reader *read, size_t at, size_t instants)
{
    size_t end = read->first + read->count, stop = (at / instants + 1) * instants;
    return stop < end ? day_end(read, stop - 1) : end;
}

enum cn_status cn_netcdf_plan(struct cn_reader *read, struct cn_error *error)
{
    size_t instants = block_instants(read), units = 0;
    for (size_t at = read->first; at < read->first + read->count; units++)
        at = block_end(read, at, instants);
    read->unit_count = units;
    read->unit_first = calloc(units + 1, sizeof *read->unit_first);
    if (!read->unit_first)
        return cn_fail_memory(error, "the blocks of a file");
    size_t at = read->first;
    for (size_t unit = 0; unit < units; unit++) {
        read->unit_first[unit] = at;
        at = block_end(read, at, instants);
    }
    read->unit_first[units] = at;
    return CN_OK;
}

static enum cn_status fail_netcdf(const struct cn_reader *read, int code, int reason,
                                  struct cn_error *error)
{
    char what[512];
    snprintf(what, sizeof what, "%.200s cannot be read (netCDF: %s)", read->file->variable,
             nc_strerror(code));
    return cn_fail_library(read, code == NC_ENOMEM ? ENOMEM : reason, what, error);
}

/* The block of the instants first … end - 1, without bytes, and the hyperslab that fills it. */
static struct cn_block block_of(const struct cn_reader *read, size_t first, size_t end,
                                size_t start[CN_MAX_DIMS], size_t count[CN_MAX_DIMS])
{
    const struct cn_storage *storage = &read->file->storage;
    const size_t dims[3] = {storage->time_dim, storage->lat_dim, storage->lon_dim};
    struct cn_block block = {.first = {first, read->box.first_lat, read->box.first_lon},
                             .count = {end - first, read->box.last_lat - read->box.first_lat + 1,
                                       read->box.last_lon - read->box.first_lon + 1}};
    for (size_t d = 0; d < storage->rank; d++) {
        start[d] = 0;
        count[d] = 1;
    }
    for (int d = 0; d < 3; d++) {
        start[dims[d]] = block.first[d];
        count[dims[d]] = block.count[d];
    }
    for (int d = 0; d < 3; d++) {
        block.stride[d] = 1;
        for (size_t inner = dims[d] + 1; inner < storage->rank; inner++)
            block.stride[d] *= count[inner];
    }
    block.raw.elements = block.count[0] * block.count[1] * block.count[2];
    block.raw.width = storage->value_bytes;
    return block;
}

/* An open file while its blocks are read. */
struct opened {
    int file, variable;
};

/* Reads the instants first … end - 1 into scratch. */
static enum cn_status read_block(const struct cn_reader *read, const struct opened *opened,
                                 size_t first, size_t end, struct cn_scratch *scratch,
                                 struct cn_block *block, struct cn_error *error)
{
    size_t start[CN_MAX_DIMS], count[CN_MAX_DIMS];
    *block = block_of(read, first, end, start, count);
    size_t bytes = block->raw.elements * block->raw.width;
    unsigned char *values = cn_scratch_get(scratch, VALUES, bytes);
    if (!values)
        return cn_fail_memory(error, "a block of a file");
    cn_hdf5_lock();
    errno = 0;
    int code = nc_get_vara(opened->file, opened->variable, start, count, values), reason = errno;
    cn_hdf5_unlock();
    if (code)
        return fail_netcdf(read, code, reason, error);
    scratch->bytes_read += bytes;
    block->raw.bytes = values;
    return CN_OK;
}

/* One day of several instants, which may be many: in pieces, summed up. */
static enum cn_status read_day(const struct cn_reader *read, const struct opened *opened,
                               size_t first, size_t end, struct cn_scratch *scratch,
                               struct cn_error *error)
{
    size_t cells = read->layout->row_cells, piece = block_instants(read);
    double *sums = (double *)(void *)cn_scratch_get(scratch, SUMS, 2 * cells * sizeof *sums);
    unsigned *counts = (unsigned *)(void *)cn_scratch_get(scratch, COUNTS, cells * sizeof *counts);
    float *row = read->rows[first - read->first];
    enum cn_status status = sums && counts ? CN_OK : cn_fail_memory(error, "a day of a file");
    if (status || !row)
        return status;
    const struct cn_sums day = {sums, sums + cells, counts};
    memset(sums, 0, 2 * cells * sizeof *sums);
    memset(counts, 0, cells * sizeof *counts);
    for (size_t at = first; at < end && !status; at += piece) {
        struct cn_block block;
        status = read_block(read, opened, at, end - at < piece ? end : at + piece, scratch, &block,
                            error);
        if (!status)
            cn_scatter_sums(read, &block, &day);
    }
    for (size_t c = 0; c < cells; c++)
        sums[c] = counts[c] ? (sums[c] + sums[cells + c]) / counts[c] : NAN;
    read->kernels->narrow_f32(row, sums, cells);
    return status;
}

static enum cn_status read_unit(const struct cn_reader *read, const struct opened *opened,
                                size_t unit, struct cn_scratch *scratch, struct cn_error *error)
{
    size_t end = read->unit_first[unit + 1];
    enum cn_status status = cn_chunks_verify(read, read->unit_first[unit], end, scratch, error);
    for (size_t at = read->unit_first[unit], next; at < end && !status; at = next) {
        next = read->file->subdaily ? day_end(read, at) : end;
        if (read->file->subdaily) {
            status = read_day(read, opened, at, next, scratch, error);
            continue;
        }
        struct cn_block block;
        status = read_block(read, opened, at, next, scratch, &block, error);
        if (!status)
            cn_scatter_values(read, &block);
    }
    return status;
}

/* Days are read one by one from chunks that hold many: the chunks along the box stay in memory. */
static int keep_chunks(const struct cn_reader *read, const struct opened *opened)
{
    const struct cn_storage *storage = &read->file->storage;
    size_t bytes = box_cells(read) * storage->value_bytes;
    if (storage->layout != CN_CHUNKED || !read->file->subdaily)
        return NC_NOERR;
    for (size_t d = 0; d < storage->rank; d++)
        if (__builtin_mul_overflow(bytes, storage->chunk[d], &bytes) || bytes > MOST_BLOCK_BYTES)
            bytes = MOST_BLOCK_BYTES;
    return nc_set_var_chunk_cache(opened->file, opened->variable, 2 * bytes, 1009, 0.75f);
}

enum cn_status cn_netcdf_decode(const struct cn_reader *read, size_t first, size_t count,
                                struct cn_scratch *scratch, struct cn_error *error)
{
    struct opened opened;
    enum cn_status status = CN_OK;
    cn_hdf5_lock();
    errno = 0;
    int code = nc_open(read->file->path, NC_NOWRITE, &opened.file);
    bool open = code == 0;
    if (open)
        code = nc_inq_varid(opened.file, read->file->variable, &opened.variable);
    if (!code)
        code = keep_chunks(read, &opened);
    int reason = errno;
    cn_hdf5_unlock();
    if (code)
        status = fail_netcdf(read, code, reason, error);
    for (size_t unit = first; unit < first + count && !status; unit++)
        status = read_unit(read, &opened, unit, scratch, error);
    if (open) {
        cn_hdf5_lock();
        nc_close(opened.file);
        cn_hdf5_unlock();
    }
    return status;
}
