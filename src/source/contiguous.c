/*
 * Pieces of files without chunks: contiguous HDF5 data and netCDF-3. Where a value lies is
 * computed, and only the rows of the box are read. pread, not mmap: of a file that is cut short
 * meanwhile it reports the end, where a mapping would kill the process.
 */
#include "source/backends.h"

enum {
    PIECE_BYTES = 2 << 20, /* about what a cache holds from reading to scattering */
    GAP_BYTES = 4096,      /* are read as well, rather than asked for again after them */
};

/* How a part of the box lies in the file and in memory, on three levels: along the outermost of
 * time, lat and lon first. */
struct strides {
    int axis[3];        /* 0 time, 1 lat, 2 lon */
    uint64_t stride[3]; /* in the file, bytes */
    size_t step[3];     /* in memory, values */
    size_t reads[2];    /* along the outer levels; 1: all in one */
    size_t run;         /* values of one read */
    size_t values;      /* of all */
};

static void order_axes(const struct cn_storage *storage, struct strides *strides)
{
    const size_t dims[3] = {storage->time_dim, storage->lat_dim, storage->lon_dim};
    for (int a = 0; a < 3; a++) {
        int level = 0;
        for (int b = 0; b < 3; b++)
            level += dims[b] < dims[a];
        strides->axis[level] = a;
        strides->stride[level] = storage->value_bytes;
        for (size_t inner = dims[a] + 1; inner < storage->rank; inner++)
            strides->stride[level] *= storage->shape[inner]; /* the catalog bounds the product */
        if (dims[a] == 0)
            strides->stride[level] = storage->step;
    }
}

static struct strides strides_of(const struct cn_reader *read, const size_t count[3])
{
    const size_t width = read->file->storage.value_bytes;
    struct strides strides = {.step = {[2] = 1}};
    order_axes(&read->file->storage, &strides);
    strides.run = strides.values = count[strides.axis[2]];
    bool joined = true;
    for (int level = 1; level >= 0; level--) {
        const size_t n = count[strides.axis[level]];
        /* Records of several variables may be no multiple of a value apart. */
        joined =
            joined && (n == 1 || (strides.stride[level] % width == 0 &&
                                  strides.stride[level] - strides.values * width <= GAP_BYTES));
        strides.reads[level] = joined ? 1 : n;
        strides.step[level] =
            joined && n > 1 ? (size_t)strides.stride[level] / width : strides.values;
        strides.values += (n - 1) * strides.step[level];
        if (joined)
            strides.run = strides.values;
    }
    return strides;
}

void cn_contiguous_plan(struct cn_reader *read)
{
    const struct cn_box *box = &read->box;
    const size_t width = read->file->storage.value_bytes;
    read->tile[0] = read->count;
    read->tile[1] = box->last_lat - box->first_lat + 1;
    read->tile[2] = box->last_lon - box->first_lon + 1;
    const struct strides whole = strides_of(read, read->tile);
    for (int level = 0; level < 3; level++) {
        size_t *extent = &read->tile[whole.axis[level]], all = *extent;
        *extent = 1;
        const size_t one = strides_of(read, read->tile).values * width;
        const size_t fit = PIECE_BYTES / (one + (level < 2 ? GAP_BYTES : 0));
        if (fit > 0 || level == 2) {
            *extent = fit < all ? fit : all;
            break;
        }
    }
    read->unit_bytes = strides_of(read, read->tile).values * width;
}

static uint64_t address_of(const struct cn_reader *read, const struct cn_block *block,
                           const struct strides *strides)
{
    uint64_t address = read->file->storage.begin;
    for (int level = 0; level < 3; level++)
        address += block->first[strides->axis[level]] * strides->stride[level];
    return address;
}

uint64_t cn_contiguous_span(const struct cn_reader *read, const struct cn_block *block,
                            uint64_t *address, uint64_t *spread)
{
    const size_t width = block->raw.width;
    const struct strides strides = strides_of(read, block->count);
    *address = address_of(read, block, &strides);
    *spread = strides.run * width;
    for (int level = 0; level < 2; level++)
        *spread += (strides.reads[level] - 1) * strides.stride[level];
    return strides.reads[0] * strides.reads[1] * strides.run * width;
}

enum cn_status cn_contiguous_read(const struct cn_reader *read, int file,
                                  struct cn_scratch *scratch, struct cn_block *block,
                                  struct cn_error *error)
{
    const size_t width = block->raw.width;
    const struct strides strides = strides_of(read, block->count);
    const uint64_t address = address_of(read, block, &strides);
    unsigned char *bytes = cn_scratch_get(scratch, 0, strides.values * width);
    if (!bytes)
        return cn_fail_memory(error, "a piece of a file");
    for (size_t i = 0; i < strides.reads[0]; i++) {
        for (size_t j = 0; j < strides.reads[1]; j++) {
            enum cn_status status =
                cn_file_bytes(read, file, address + i * strides.stride[0] + j * strides.stride[1],
                              strides.run * width, scratch,
                              bytes + (i * strides.step[0] + j * strides.step[1]) * width, error);
            if (status)
                return status;
        }
    }
    for (int level = 0; level < 3; level++)
        block->stride[strides.axis[level]] = strides.step[level];
    block->raw.bytes = bytes;
    block->raw.elements = strides.values;
    return CN_OK;
}
