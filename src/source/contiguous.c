/*
 * Values without chunks: contiguous HDF5 data and netCDF-3. Where a value is stored is computed,
 * and only the rows of the box are read. pread, not mmap: of a file that is cut short meanwhile
 * pread reports the end, where a mapping would kill the process.
 */
#include "source/contiguous.h"

#include "base/error.h"
#include "guard/library.h"
#include "source/bytes.h"
#include "source/completion.h"
#include "source/h5_variable.h"
#include "source/units.h"

#include <errno.h>

enum {
    UNIT_BYTES = 2 << 20, /* about what a cache holds from reading to scattering */
    GAP_BYTES = 4096,     /* are read as well, rather than asked for again after them */
};

/* How a part of the box is stored in the file and in memory, on three levels: the outermost of
 * time, lat and lon first. */
struct strides {
    int axis[3];        /* 0 time, 1 lat, 2 lon */
    uint64_t stride[3]; /* in the file, bytes */
    size_t step[3];     /* in memory, values */
    size_t reads[2];    /* along the outer levels; 1: all in one */
    size_t run;         /* values of one read */
    size_t values;      /* of all */
};

/* Bytes from one index along a dimension to the next. */
static uint64_t stride_of_dim(const struct cn_storage *storage, size_t dim)
{
    uint64_t stride = storage->value_bytes;
    for (size_t inner = dim + 1; inner < storage->rank; inner++)
        stride *= storage->shape[inner]; /* the catalog bounds the product */
    return dim == 0 ? storage->step : stride;
}

static void order_axes(const struct cn_storage *storage, struct strides *strides)
{
    const size_t dims[3] = {storage->time_dim, storage->row_dim, storage->column_dim};
    for (int a = 0; a < 3; a++) {
        int level = 0;
        for (int b = 0; b < 3; b++)
            level += dims[b] < dims[a];
        strides->axis[level] = a;
        strides->stride[level] = stride_of_dim(storage, dims[a]);
    }
}

static struct strides strides_of(const struct cn_reader *reader, const size_t count[3])
{
    const size_t width = reader->file->storage.value_bytes;
    struct strides strides;
    order_axes(&reader->file->storage, &strides);
    /* Values of the innermost axis are neighbours, but where another dimension is inside of it. */
    strides.step[2] = (size_t)strides.stride[2] / width;
    strides.run = strides.values = (count[strides.axis[2]] - 1) * strides.step[2] + 1;
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

static enum cn_status plan_contiguous(struct cn_reader *reader, struct cn_error *error)
{
    const struct cn_box *box = &reader->box;
    const size_t width = reader->file->storage.value_bytes;
    reader->grid.extent[0] = reader->count;
    reader->grid.extent[1] = box->last_row - box->first_row + 1;
    reader->grid.extent[2] = box->last_column - box->first_column + 1;
    const struct strides whole = strides_of(reader, reader->grid.extent);
    for (int level = 0; level < 3; level++) {
        size_t *extent = &reader->grid.extent[whole.axis[level]], all = *extent;
        *extent = 1;
        const size_t one =
            (level < 2 ? strides_of(reader, reader->grid.extent).values : whole.step[2]) * width;
        const size_t fit = UNIT_BYTES / (one + (level < 2 ? GAP_BYTES : 0));
        if (fit > 0) {
            *extent = fit < all ? fit : all;
            break;
        }
    }
    reader->unit_bytes = strides_of(reader, reader->grid.extent).values * width;
    return cn_units_plan(reader, false, error);
}

static uint64_t address_of(const struct cn_reader *reader, const struct cn_block *block,
                           const struct strides *strides)
{
    const struct cn_storage *storage = &reader->file->storage;
    uint64_t address = storage->begin;
    for (int level = 0; level < 3; level++)
        address += block->first[strides->axis[level]] * strides->stride[level];
    for (size_t d = 0; d < storage->rank; d++)
        if (storage->index[d])
            address += storage->index[d] * stride_of_dim(storage, d);
    return address;
}

/* Values that were never written have no address: all are the fill value. */
static enum cn_status ask_contiguous(struct cn_reader *reader, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    if (reader->file->storage.begin != CN_UNWRITTEN)
        return CN_OK;
    struct cn_h5_variable variable = cn_h5_variable_open(reader->file, reader->file->path);
    if (variable.id < 0 || !cn_h5_variable_fill(&variable, reader))
        status = cn_library_fail(reader->file->path, "HDF5 cannot open its variable", errno, error);
    cn_h5_variable_close(&variable);
    return status;
}

static bool span_of_rectangle(const struct cn_reader *reader, size_t unit, uint64_t *address,
                              uint64_t *spread, uint64_t *bytes)
{
    size_t begin[3];
    const struct cn_block block = cn_unit_block(reader, unit, begin);
    const size_t width = block.raw.width;
    const struct strides strides = strides_of(reader, block.count);
    const struct cn_storage *storage = &reader->file->storage;
    if (storage->begin == CN_UNWRITTEN || !cn_unit_is_needed(reader, &block))
        return false;
    *address = address_of(reader, &block, &strides);
    *spread = strides.run * width;
    for (int level = 0; level < 2; level++)
        *spread += (strides.reads[level] - 1) * strides.stride[level];
    *bytes = strides.reads[0] * strides.reads[1] * strides.run * width;
    if (storage->slice_count) {
        *spread += (storage->slice_count - 1) * stride_of_dim(storage, storage->slice_dim);
        *bytes *= storage->slice_count;
    }
    return true;
}

/* Completes the block with the values that it covers, of slice number `slice`. */
static enum cn_status read_rectangle(const struct cn_reader *reader, int file, size_t slice,
                                     struct cn_scratch *scratch, struct cn_block *block,
                                     struct cn_error *error)
{
    const struct cn_storage *storage = &reader->file->storage;
    const size_t width = block->raw.width;
    const struct strides strides = strides_of(reader, block->count);
    const uint64_t address = address_of(reader, block, &strides) +
                             (slice ? slice * stride_of_dim(storage, storage->slice_dim) : 0);
    unsigned char *bytes = cn_scratch_get(scratch, 0, strides.values * width);
    if (!bytes)
        return cn_fail_memory(error, "a part of a file");
    for (size_t i = 0; i < strides.reads[0]; i++) {
        for (size_t j = 0; j < strides.reads[1]; j++) {
            enum cn_status status = cn_file_bytes(
                reader->file, file, address + i * strides.stride[0] + j * strides.stride[1],
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

/* A rectangle of slices that complete each other. */
static enum cn_status decode_slices(const struct cn_reader *reader, int file,
                                    struct cn_scratch *scratch, const struct cn_block *block,
                                    struct cn_error *error)
{
    struct cn_completion completion;
    enum cn_status status = cn_completion_begin(reader, block, scratch, &completion)
                                ? CN_OK
                                : cn_fail_memory(error, "a part of a file");
    for (size_t s = 0; s < reader->file->storage.slice_count && !status; s++) {
        struct cn_block slice = *block;
        status = read_rectangle(reader, file, s, scratch, &slice, error);
        if (!status)
            cn_completion_add(&completion, reader, &slice);
    }
    if (!status)
        cn_scatter_values(&completion.reader, &completion.block);
    return status;
}

static enum cn_status decode_rectangle(const struct cn_reader *reader, int file, size_t unit,
                                       struct cn_scratch *scratch, struct cn_error *error)
{
    size_t begin[3];
    struct cn_block block = cn_unit_block(reader, unit, begin);
    if (!cn_unit_is_needed(reader, &block))
        return CN_OK;
    if (reader->file->storage.begin == CN_UNWRITTEN) {
        cn_scatter_fill(reader, &block, reader->fill);
        return CN_OK;
    }
    if (reader->file->storage.slice_count)
        return decode_slices(reader, file, scratch, &block, error);
    enum cn_status status = read_rectangle(reader, file, 0, scratch, &block, error);
    if (!status)
        cn_scatter_values(reader, &block);
    return status;
}

const struct cn_backend cn_backend_contiguous = {
    .name = "parallel decoder",
    .plan = plan_contiguous,
    .ask = ask_contiguous,
    .span = span_of_rectangle,
    .decode = decode_rectangle,
};
