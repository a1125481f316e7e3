/*
 * Storage as HDF5 has it: netCDF-C does not tell the order of filters, user blocks, or how long the
 * dataset really is. It reads no values, and does not decide who reads them.
 */
#include "catalog/storage.h"

#include "base/error.h"
#include "base/pool.h"
#include "catalog/attributes.h"
#include "catalog/classic.h"
#include "codec/pipeline.h"
#include "codec/plugins.h"

#include <hdf5.h>
#include <netcdf.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NUMBER_BYTES = 8 };

static const uint64_t MAX_CHUNK_BYTES = (uint64_t)1 << 31;

/* Whether values are stored as the netCDF type says. If not, only HDF5 can convert them. */
static bool is_stored_as_declared(const struct cn_storage *storage, hid_t type)
{
    if (storage->type == NC_FLOAT)
        return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0;
    if (storage->type == NC_DOUBLE)
        return H5Tequal(type, H5T_IEEE_F64LE) > 0 || H5Tequal(type, H5T_IEEE_F64BE) > 0;
    return H5Tget_class(type) == H5T_INTEGER && H5Tget_offset(type) == 0 &&
           H5Tget_precision(type) == 8 * storage->value_bytes &&
           H5Tget_size(type) == storage->value_bytes;
}

bool cn_storage_takes_type(int type)
{
    return type != NC_CHAR && type <= NC_UINT && cn_type_bytes(type) > 0;
}

/* Whether the values of a variable without chunks lie inside the file. */
static bool is_inside(const struct cn_storage *storage, uint64_t file_size)
{
    uint64_t bytes = storage->value_bytes, end;
    for (size_t d = 1; d < storage->rank; d++)
        if (__builtin_mul_overflow(bytes, storage->shape[d], &bytes))
            return false;
    if (storage->shape[0] == 0 || storage->step < bytes ||
        __builtin_mul_overflow(storage->step, storage->shape[0] - 1, &end) ||
        __builtin_add_overflow(end, bytes, &end) || end > INT64_MAX)
        return false;
    return storage->begin == CN_UNWRITTEN ||
           (storage->begin <= file_size && end <= file_size - storage->begin);
}

/* Whether `begin` and `step` say where values are. */
static bool has_addresses(const struct cn_storage *storage)
{
    return storage->layout == CN_CLASSIC ||
           (storage->layout == CN_CONTIGUOUS && !storage->has_own_type && !storage->is_short &&
            !storage->has_user_block && !storage->filter_count);
}

/* Checks where the values of a variable without chunks are. step 0: they follow one another. */
static enum cn_status check_addresses(struct cn_file *file, struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    if (!storage->step) {
        storage->step = storage->value_bytes;
        for (size_t d = 1; d < storage->rank; d++)
            if (__builtin_mul_overflow(storage->step, storage->shape[d], &storage->step))
                storage->step = 0; /* then it is not inside */
    }
    if (!is_inside(storage, file->size))
        return cn_fail(
            error, CN_BAD_INPUT,
            "values of '%s' lie outside the file; it is cut off or damaged; download it again",
            file->variable);
    return CN_OK;
}

enum cn_status cn_storage_read_classic(int variable, struct cn_file *file, struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    storage->layout = CN_CLASSIC;
    storage->big_endian = true;
    enum cn_status status =
        cn_classic_place(file->path, file->size, variable, &storage->begin, &storage->step, error);
    return status ? status : check_addresses(file, error);
}

/* Reads filter number `i`. */
static enum cn_status read_filter(struct cn_pool *pool, hid_t properties, unsigned i,
                                  struct cn_filter *filter, struct cn_error *error)
{
    unsigned flags, config, parameters[CN_MAX_PARAMETERS];
    size_t count = CN_MAX_PARAMETERS;
    char name[64] = "";
    filter->id =
        H5Pget_filter2(properties, i, &flags, &count, parameters, sizeof name, name, &config);
    if (filter->id < 0 || count > CN_MAX_PARAMETERS)
        return cn_fail(error, CN_BAD_INPUT, "a filter of the variable cannot be read");
    name[sizeof name - 1] = '\0';
    filter->name = cn_pool_strdup(pool, name);
    unsigned *copy = cn_pool_alloc(pool, count, sizeof *copy);
    if (!filter->name || !copy)
        return cn_fail_memory(error, "the filters of a file");
    memcpy(copy, parameters, count * sizeof *copy);
    filter->parameters = copy;
    filter->parameter_count = count;
    return CN_OK;
}

static enum cn_status read_filters(struct cn_pool *pool, hid_t properties,
                                   struct cn_storage *storage, struct cn_error *error)
{
    int count = H5Pget_nfilters(properties);
    if (count < 0 || count > CN_MAX_FILTERS)
        return cn_fail(error, CN_BAD_INPUT, "the filters of the variable cannot be read");
    struct cn_filter *pipeline = cn_pool_alloc(pool, (size_t)count, sizeof *pipeline);
    if (!pipeline)
        return cn_fail_memory(error, "the filters of a file");
    enum cn_status status = CN_OK;
    for (int i = 0; i < count && !status; i++)
        status = read_filter(pool, properties, (unsigned)i, &pipeline[i], error);
    storage->pipeline = pipeline;
    storage->filter_count = (size_t)count;
    return status;
}

/* A filter that no codec undoes needs HDF5, and HDF5 needs it installed. */
static enum cn_status check_availability(const struct cn_storage *storage, struct cn_error *error)
{
    const struct cn_filter *filter = cn_pipeline_first_unknown(storage);
    if (!filter || H5Zfilter_avail(filter->id) > 0)
        return CN_OK;
    char absent[CN_ABSENT_BYTES];
    return cn_fail(error, CN_BAD_INPUT, "compressed with %s", cn_filter_absent(filter, absent));
}

/* Creates an empty dataset like the file's in memory, with one filter, and compares the parameters
 * that HDF5 derives from type, chunk and fill value with those in the file. */
static bool hdf5_derives(hid_t type, hid_t space, hid_t properties, const struct cn_filter *filter)
{
    unsigned flags = 0, config, derived[CN_MAX_PARAMETERS];
    size_t count = CN_MAX_PARAMETERS;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), own = H5Pcopy(properties), file = -1, made = -1,
          found = -1;
    if (access >= 0 && H5Pset_fapl_core(access, 4096, false) >= 0)
        file = H5Fcreate("parameters", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (file >= 0 && own >= 0 && H5Premove_filter(own, H5Z_FILTER_ALL) >= 0 &&
        H5Pset_alloc_time(own, H5D_ALLOC_TIME_INCR) >= 0 &&
        H5Pset_filter(own, filter->id, H5Z_FLAG_OPTIONAL, filter->parameter_count,
                      filter->parameters) >= 0)
        made = H5Dcreate_anon(file, type, space, own, H5P_DEFAULT);
    if (made >= 0)
        found = H5Dget_create_plist(made);
    bool is_same =
        found >= 0 &&
        H5Pget_filter_by_id2(found, filter->id, &flags, &count, derived, 0, NULL, &config) >= 0 &&
        count == filter->parameter_count &&
        memcmp(derived, filter->parameters, count * sizeof *derived) == 0;
    if (found >= 0)
        H5Pclose(found);
    if (made >= 0)
        H5Dclose(made);
    if (file >= 0)
        H5Fclose(file);
    if (own >= 0)
        H5Pclose(own);
    if (access >= 0)
        H5Pclose(access);
    return is_same;
}

/* HDF5 decodes as the parameters in the file say, and checks nothing: where they are wrong, it
 * writes out of bounds, or returns what was in memory before. */
static enum cn_status check_parameters(hid_t type, hid_t space, hid_t properties,
                                       const struct cn_storage *storage, struct cn_error *error)
{
    bool is_right = true;
    for (size_t k = 0; k < storage->filter_count && is_right; k++) {
        const struct cn_filter *filter = &storage->pipeline[k];
        is_right = cn_filter_is_valid(filter, storage);
        if (is_right && (filter->id == H5Z_FILTER_NBIT || filter->id == H5Z_FILTER_SCALEOFFSET))
            is_right = hdf5_derives(type, space, properties, filter);
    }
    return is_right ? CN_OK
                    : cn_fail(error, CN_BAD_INPUT,
                              "the parameters of a filter do not fit the variable; the file is "
                              "damaged; download it again");
}

/* Must be called before any size of a chunk is computed. */
static bool chunks_are_bounded(const struct cn_storage *storage)
{
    uint64_t bytes = storage->value_bytes;
    for (size_t d = 0; d < storage->rank; d++)
        if (storage->chunk[d] == 0 || __builtin_mul_overflow(bytes, storage->chunk[d], &bytes) ||
            bytes > MAX_CHUNK_BYTES)
            return false;
    return true;
}

/* Whether a dimension is as long as time axis and grid say, and has what is read of it. */
static bool is_dim_valid(const struct cn_file *file, size_t d)
{
    const struct cn_storage *storage = &file->storage;
    const size_t length = storage->shape[d];
    if (d >= storage->rank && (length != 1 || storage->chunk[d] != 1))
        return false;
    if (storage->slice_count && d == storage->slice_dim)
        return cn_storage_is_other(storage, d) && storage->index[d] == 0 &&
               length == storage->slice_count;
    if (cn_storage_is_other(storage, d))
        return storage->index[d] < length;
    return storage->index[d] == 0 && length == (d == storage->time_dim  ? file->time_count
                                                : d == storage->row_dim ? file->grid.row_count
                                                                        : file->grid.column_count);
}

bool cn_storage_is_valid(const struct cn_file *file)
{
    const struct cn_storage *storage = &file->storage;
    const size_t rank = storage->rank, time = storage->time_dim, row = storage->row_dim,
                 column = storage->column_dim;
    const size_t room = file->grid.kind == CN_UNSTRUCTURED ? rank + 2 : rank;
    if (rank < 1 || rank > CN_MAX_DIMS || time >= rank || row >= room || column >= room ||
        time == row || time == column || row == column ||
        (storage->slice_count && storage->slice_dim >= rank))
        return false;
    size_t others = 0;
    for (size_t d = 0; d < room; d++) {
        if (!is_dim_valid(file, d))
            return false;
        if (d < rank && cn_storage_is_other(storage, d) &&
            (others == file->other_dim_count ||
             file->other_dims[others++].length != storage->shape[d]))
            return false;
    }
    if (others != file->other_dim_count)
        return false;
    if (storage->layout > CN_CHUNKED || !cn_storage_takes_type(storage->type) ||
        storage->value_bytes != cn_type_bytes(storage->type) ||
        storage->filter_count > CN_MAX_FILTERS)
        return false;
    if (has_addresses(storage) && !is_inside(storage, file->size))
        return false;
    return storage->layout != CN_CHUNKED || chunks_are_bounded(storage);
}

static enum cn_status read_chunks(hid_t properties, struct cn_storage *storage,
                                  struct cn_error *error)
{
    hsize_t chunk[CN_MAX_DIMS];
    if (H5Pget_chunk(properties, CN_MAX_DIMS, chunk) != (int)storage->rank)
        return cn_fail(error, CN_BAD_INPUT, "the chunk shape of the variable cannot be read");
    for (size_t d = 0; d < storage->rank; d++)
        storage->chunk[d] = (size_t)chunk[d];
    if (!chunks_are_bounded(storage))
        return cn_fail(error, CN_BAD_INPUT,
                       "chunks are larger than 2 GiB; rewrite the file with smaller ones, for "
                       "example with nccopy -c");
    return CN_OK;
}

static enum cn_status read_contiguous(hid_t dataset, hid_t properties, struct cn_file *file,
                                      struct cn_error *error)
{
    /* External storage would let the file choose any path for this program to read. */
    if (H5Pget_external_count(properties) != 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "keeps its values in other files (external storage), which is refused");
    const haddr_t address = H5Dget_offset(dataset);
    file->storage.begin = address == HADDR_UNDEF ? CN_UNWRITTEN : address;
    return has_addresses(&file->storage) ? check_addresses(file, error) : CN_OK;
}

static enum cn_status read_layout(hid_t dataset, hid_t properties, struct cn_file *file,
                                  struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    unsigned options = 0;
    switch (H5Pget_layout(properties)) {
    case H5D_CHUNKED:
        storage->layout = CN_CHUNKED;
        storage->has_unfiltered_edges = H5Pget_chunk_opts(properties, &options) < 0 || options;
        return read_chunks(properties, storage, error);
    case H5D_CONTIGUOUS:
        storage->layout = CN_CONTIGUOUS;
        return read_contiguous(dataset, properties, file, error);
    case H5D_COMPACT:
        storage->layout = CN_COMPACT;
        return CN_OK;
    default:
        return cn_fail(error, CN_BAD_INPUT,
                       "keeps its values in other files (virtual storage), which is refused");
    }
}

static enum cn_status read_dataset(struct cn_pool *pool, hid_t dataset, struct cn_file *file,
                                   struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    hid_t properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset),
          space = H5Dget_space(dataset);
    enum cn_status status;
    if (properties < 0 || type < 0 || space < 0) {
        status = cn_fail(error, CN_BAD_INPUT, "the storage of the variable cannot be read");
        goto cleanup;
    }
    if (H5Tget_size(type) > MAX_NUMBER_BYTES) {
        status =
            cn_fail(error, CN_BAD_INPUT, "its numbers take %zu bytes each, expected at most %d",
                    H5Tget_size(type), MAX_NUMBER_BYTES);
        goto cleanup;
    }
    storage->big_endian = H5Tget_order(type) == H5T_ORDER_BE;
    storage->has_own_type = !is_stored_as_declared(storage, type);
    hsize_t extent[H5S_MAX_RANK];
    bool is_same = H5Sget_simple_extent_dims(space, extent, NULL) == (int)storage->rank;
    for (size_t d = 0; is_same && d < storage->rank; d++)
        is_same = extent[d] == storage->shape[d];
    storage->is_short = !is_same;
    status = read_layout(dataset, properties, file, error);
    if (!status)
        status = read_filters(pool, properties, storage, error);
    if (!status)
        status = check_availability(storage, error);
    if (!status)
        status = check_parameters(type, space, properties, storage, error);
cleanup:
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (properties >= 0)
        H5Pclose(properties);
    return status;
}

static bool has_user_block(hid_t hdf5)
{
    hsize_t bytes = 0;
    hid_t properties = H5Fget_create_plist(hdf5);
    bool found = properties < 0 || H5Pget_userblock(properties, &bytes) < 0 || bytes > 0;
    if (properties >= 0)
        H5Pclose(properties);
    return found;
}

/* Looks up the last chunk. Finds nothing out: HDF5 has then met the index on the way there, and its
 * damage, before anything reads the file. */
static void find_last_chunk(hid_t dataset, const struct cn_storage *storage)
{
    hsize_t offset[CN_MAX_DIMS] = {0}, bytes;
    unsigned mask;
    haddr_t address;
    for (size_t d = 0; d < storage->rank; d++)
        offset[d] = (storage->shape[d] - 1) / storage->chunk[d] * storage->chunk[d];
    H5Dget_chunk_info_by_coord(dataset, offset, &mask, &address, &bytes);
}

/* Opens a file that netCDF-C may have open: then HDF5 asks for the close degree of that, which
 * versions of netCDF-C differ in. */
static hid_t open_beside_netcdf(const char *path)
{
    static const H5F_close_degree_t degrees[] = {H5F_CLOSE_WEAK, H5F_CLOSE_SEMI, H5F_CLOSE_STRONG};
    hid_t hdf5 = H5I_INVALID_HID;
    for (size_t d = 0; d < sizeof degrees / sizeof *degrees && hdf5 < 0; d++) {
        const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
        if (access >= 0 && H5Pset_fclose_degree(access, degrees[d]) >= 0)
            hdf5 = H5Fopen(path, H5F_ACC_RDONLY, access);
        if (access >= 0)
            H5Pclose(access);
    }
    return hdf5;
}

enum cn_status cn_storage_read_hdf5(struct cn_pool *pool, const char *path, struct cn_file *file,
                                    struct cn_error *error)
{
    hid_t hdf5 = open_beside_netcdf(path);
    if (hdf5 < 0)
        return cn_fail(error, CN_BAD_INPUT, "HDF5 cannot open the file");
    file->storage.has_user_block = has_user_block(hdf5);
    hid_t dataset = H5Dopen2(hdf5, file->variable, H5P_DEFAULT);
    enum cn_status status =
        dataset < 0 ? cn_fail(error, CN_BAD_INPUT, "HDF5 finds no dataset '%s'", file->variable)
                    : read_dataset(pool, dataset, file, error);
    if (!status && file->storage.layout == CN_CHUNKED)
        find_last_chunk(dataset, &file->storage);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Fclose(hdf5);
    return status;
}
