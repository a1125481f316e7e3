/*
 * What both ways of reading share: the stretch, the box, and that the file is the one that was
 * planned with, from opening to closing.
 */
#include "source/file_reader.h"

#include "base/io.h"
#include "guard/fault.h"
#include "guard/hdf5_lock.h"
#include "source/backends.h"
#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <netcdf.h>
#include <stdio.h>
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

enum cn_status cn_reader_plan(struct cn_reader *read, const struct cn_file *file,
                              const struct cn_layout *layout, const struct cn_kernels *kernels,
                              size_t first, size_t count, struct cn_error *error)
{
    *read = (struct cn_reader){.file = file,
                               .layout = layout,
                               .kernels = kernels,
                               .first = first,
                               .count = count,
                               .box = hull(layout),
                               .unpacking = cn_unpacking_rules(file),
                               .missing = cn_float_rules(&file->packing),
                               .is_native_f32 =
                                   !file->packing.packed && file->storage.type == NC_FLOAT};
    read->rows = calloc(count, sizeof(float *));
    if (!read->rows)
        return cn_fail_memory(error, "rows of a source year");
    read->parallel = !*file->storage.fallback_reason && cn_decoder_plan(read);
    return read->parallel ? CN_OK : cn_netcdf_plan(read, error);
}

enum cn_status cn_fail_library(const struct cn_reader *read, int reason, const char *what,
                               struct cn_error *error)
{
    if (!cn_hdf5_is_usable())
        reason = ENOMEM;
    /* The file was sound to a child whose memory is bounded. */
    const enum cn_status status =
        reason == ENOMEM ? CN_BAD_MACHINE : cn_library_errno_status(reason);
    if (status == CN_BAD_MACHINE || reason == EACCES || reason == ENOENT || reason == EPERM ||
        reason == ESTALE)
        return cn_fail(error, status, "%s: %s: %s; %s", read->file->path, what, strerror(reason),
                       cn_errno_advice(reason));
    return cn_fail(error, CN_BAD_INPUT, "%s: %s; the file is damaged, get it again",
                   read->file->path, what);
}

/* A call of ours failed, and errno says why. */
static enum cn_status fail_call(const struct cn_reader *read, const char *what,
                                struct cn_error *error)
{
    const int reason = errno;
    return cn_fail(error, cn_errno_status(reason, CN_BAD_INPUT), "%s: %s: %s; %s", read->file->path,
                   what, strerror(reason), cn_errno_advice(reason));
}

const unsigned char *cn_prefetched_bytes(struct cn_scratch *scratch, uint64_t address, size_t size)
{
    const struct cn_prefetched *prefetched = scratch->prefetched;
    if (!prefetched || address < prefetched->address ||
        address - prefetched->address > prefetched->size ||
        size > prefetched->size - (address - prefetched->address))
        return NULL;
    scratch->bytes_read += size;
    return prefetched->bytes + (address - prefetched->address);
}

enum cn_status cn_file_bytes(const struct cn_reader *read, int file, uint64_t address, size_t size,
                             struct cn_scratch *scratch, unsigned char *bytes,
                             struct cn_error *error)
{
    const unsigned char *there = cn_prefetched_bytes(scratch, address, size);
    if (there) {
        memcpy(bytes, there, size);
        return CN_OK;
    }
    ssize_t got = cn_pread_full(file, bytes, size, address);
    if (got < 0) {
        char what[64];
        snprintf(what, sizeof what, "cannot be read at byte %llu", (unsigned long long)address);
        return fail_call(read, what, error);
    }
    if ((size_t)got < size)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: cannot be read at byte %llu (the file ends there); get it again",
                       read->file->path, (unsigned long long)address + (size_t)got);
    scratch->bytes_read += size;
    return CN_OK;
}

static enum cn_status check_unchanged(const struct cn_reader *read, const struct stat *now,
                                      struct cn_error *error)
{
    const struct cn_file *file = read->file;
    int64_t mtime_ns = (int64_t)now->st_mtim.tv_sec * 1000000000 + now->st_mtim.tv_nsec;
    if (!S_ISREG(now->st_mode) || (uint64_t)now->st_size != file->size ||
        mtime_ns != file->mtime_ns)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: the file changed during the run; run again when it is complete",
                       file->path);
    return CN_OK;
}

/* Opens the file for reading, if it is still the same one. Does not wait for a FIFO's writer. */
static enum cn_status open_unchanged(const struct cn_reader *read, int *descriptor,
                                     struct cn_error *error)
{
    struct stat now;
    *descriptor = open(read->file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*descriptor < 0)
        return fail_call(read, "cannot be opened", error);
    enum cn_status status = fstat(*descriptor, &now) ? fail_call(read, "cannot be opened", error)
                                                     : check_unchanged(read, &now, error);
    if (status)
        close(*descriptor);
    return status;
}

enum cn_status cn_reader_open(struct cn_reader *read, struct cn_error *error)
{
    int file;
    enum cn_status status = open_unchanged(read, &file, error);
    if (status)
        return status;
    if (read->parallel)
        status = cn_decoder_open(read, error);
    if (read->parallel && status == CN_BAD_INPUT) /* HDF5 may have had no memory, and not say so */
        status = cn_decoder_open(read, error);
    close(file);
    return status;
}

bool cn_reader_is_unchanged(const struct cn_reader *read, int file)
{
    struct stat now;
    struct cn_error error;
    return fstat(file, &now) == 0 && check_unchanged(read, &now, &error) == CN_OK;
}

bool cn_reader_span(const struct cn_reader *read, size_t first, size_t count, uint64_t *address,
                    uint64_t *size)
{
    uint64_t begin = UINT64_MAX, end = 0, needed = 0;
    for (size_t unit = first; read->parallel && unit < first + count; unit++) {
        uint64_t at, bytes, spread;
        if (!cn_decoder_place(read, unit, &at, &spread, &bytes))
            continue;
        begin = at < begin ? at : begin;
        end = at + spread > end ? at + spread : end;
        needed += bytes;
    }
    *address = begin;
    *size = end - begin;
    return needed > 0 && needed >= *size / 2;
}

uint64_t cn_reader_scratch_bytes(const struct cn_reader *read, size_t first, size_t count)
{
    const struct cn_storage *storage = &read->file->storage;
    if (storage->layout != CN_CHUNKED)
        return 0; /* a piece is small */
    const uint64_t inflated = (uint64_t)cn_chunk_elements(storage) * storage->value_bytes;
    uint64_t stored = read->places ? 0 : inflated; /* as netCDF-C reads it: not known */
    for (size_t unit = first; read->places && unit < first + count; unit++)
        if (read->places[unit].size > stored)
            stored = read->places[unit].size;
    return stored + (storage->filter_count ? inflated : 0) +
           (storage->filter_count > 1 ? inflated : 0);
}

enum cn_status cn_reader_decode(struct cn_reader *read, size_t first, size_t count,
                                struct cn_scratch *scratch, struct cn_error *error)
{
    int file;
    enum cn_status status = open_unchanged(read, &file, error);
    if (status)
        return status;
    uint64_t before = scratch->bytes_read;
    if (!read->parallel)
        status = cn_netcdf_decode(read, first, count, scratch, error);
    if (!read->parallel && status == CN_BAD_INPUT) { /* the same */
        scratch->bytes_read = before;
        status = cn_netcdf_decode(read, first, count, scratch, error);
    }
    for (size_t unit = first; read->parallel && unit < first + count && !status; unit++)
        status = cn_decoder_unit(read, file, unit, scratch, error);
    close(file);
    return status;
}

enum cn_status cn_reader_close(const struct cn_reader *read, struct cn_error *error)
{
    struct stat now;
    if (stat(read->file->path, &now))
        return fail_call(read, "cannot be looked at any more", error);
    return check_unchanged(read, &now, error);
}

void cn_reader_free(struct cn_reader *read)
{
    free(read->places);
    free(read->rows);
    free(read->unit_first);
    *read = (struct cn_reader){0};
}
