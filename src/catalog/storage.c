/*
 * Storage through HDF5: netCDF-C does not tell the order of filters, user blocks, or how long the
 * dataset really is. Reads no values.
 */
#include "catalog/storage.h"

#include "catalog/attributes.h"

#include <hdf5.h>
#include <netcdf.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FILTERS = 32 };

static const uint64_t MAX_CHUNK_BYTES = (uint64_t)1 << 31;

/* The first reason counts. */
static void refuse(struct cn_storage *storage, const char *reason)
{
    if (!storage->not_parallel[0])
        snprintf(storage->not_parallel, sizeof storage->not_parallel, "%s", reason);
}

static void describe_filter(struct cn_storage *storage, const char *name)
{
    size_t used = strlen(storage->filters);
    snprintf(storage->filters + used, sizeof storage->filters - used, "%s%s", used ? " + " : "",
             name);
}

/* Whether the values lie as the netCDF type says: the decoder does not convert others. */
static bool is_plain_type(const struct cn_storage *storage, hid_t type)
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

void cn_storage_set_classic(struct cn_file *file)
{
    struct cn_storage *storage = &file->storage;
    storage->layout = CN_CLASSIC;
    storage->big_endian = true;
    snprintf(storage->filters, sizeof storage->filters, "none");
    refuse(storage, "netCDF-3");
}

static enum cn_status read_filters(hid_t properties, struct cn_storage *storage,
                                   struct cn_error *error)
{
    int count = H5Pget_nfilters(properties);
    if (count < 0 || count > MAX_FILTERS)
        return cn_fail(error, CN_BAD_INPUT, "the filters of the variable cannot be read");
    for (int i = 0; i < count; i++) {
        unsigned flags, values[1] = {0}, config;
        size_t value_count = 1;
        char name[64] = "", title[96];
        H5Z_filter_t id = H5Pget_filter2(properties, (unsigned)i, &flags, &value_count, values,
                                         sizeof name, name, &config);
        if (id < 0)
            return cn_fail(error, CN_BAD_INPUT, "a filter of the variable cannot be read");
        name[sizeof name - 1] = '\0';
        if (id == H5Z_FILTER_SHUFFLE && i == 0) {
            storage->shuffle = true;
            snprintf(title, sizeof title, "shuffle");
        } else if (id == H5Z_FILTER_DEFLATE && i == storage->shuffle) {
            storage->deflate = true;
            storage->deflate_level = (int)(values[0] & 0xf);
            snprintf(title, sizeof title, "deflate %d", storage->deflate_level);
        } else {
            char reason[112];
            snprintf(title, sizeof title, "%.60s", name[0] ? name : "filter");
            if (!name[0])
                snprintf(title, sizeof title, "filter %d", (int)id);
            snprintf(reason, sizeof reason, "%s filter", title);
            refuse(storage, i ? "filters other than shuffle, then deflate" : reason);
        }
        describe_filter(storage, title);
        if (H5Zfilter_avail(id) <= 0)
            return cn_fail(error, CN_BAD_INPUT,
                           "compressed with %s (HDF5 filter %d), which is not installed here; "
                           "install its plugin and set HDF5_PLUGIN_PATH",
                           title, (int)id);
    }
    if (!count)
        snprintf(storage->filters, sizeof storage->filters, "none");
    return CN_OK;
}

/* Nothing is computed with chunks before this. */
static bool chunks_are_bounded(const struct cn_storage *storage)
{
    uint64_t bytes = storage->value_bytes;
    for (size_t d = 0; d < storage->rank; d++)
        if (storage->chunk[d] == 0 || __builtin_mul_overflow(bytes, storage->chunk[d], &bytes) ||
            bytes > MAX_CHUNK_BYTES)
            return false;
    return true;
}

bool cn_storage_is_sound(const struct cn_file *file)
{
    const struct cn_storage *storage = &file->storage;
    size_t rank = storage->rank, time = storage->time_dim, lat = storage->lat_dim,
           lon = storage->lon_dim;
    if (rank < 3 || rank > CN_MAX_DIMS || time >= rank || lat >= rank || lon >= rank ||
        time == lat || time == lon || lat == lon)
        return false;
    for (size_t d = 0; d < rank; d++)
        if (storage->shape[d] != (d == time  ? file->time_count
                                  : d == lat ? file->grid.lat_count
                                  : d == lon ? file->grid.lon_count
                                             : 1))
            return false;
    bool is_parallel = !storage->not_parallel[0];
    return storage->layout <= CN_CHUNKED && cn_storage_takes_type(storage->type) &&
           storage->value_bytes == cn_type_bytes(storage->type) &&
           (storage->layout == CN_CHUNKED ? chunks_are_bounded(storage) : !is_parallel) &&
           !(is_parallel && file->several_a_day) &&
           memchr(storage->filters, '\0', sizeof storage->filters) &&
           memchr(storage->not_parallel, '\0', sizeof storage->not_parallel);
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

static enum cn_status read_layout(hid_t properties, struct cn_storage *storage,
                                  struct cn_error *error)
{
    storage->layout = CN_CONTIGUOUS;
    switch (H5Pget_layout(properties)) {
    case H5D_CHUNKED:
        storage->layout = CN_CHUNKED;
        return read_chunks(properties, storage, error);
    case H5D_CONTIGUOUS:
        refuse(storage, "contiguous");
        /* Such a file would make this program read whatever path it names. */
        if (H5Pget_external_count(properties) != 0)
            return cn_fail(error, CN_BAD_INPUT,
                           "keeps its values in other files (external storage), which is refused");
        return CN_OK;
    case H5D_COMPACT:
        refuse(storage, "compact");
        return CN_OK;
    default:
        return cn_fail(error, CN_BAD_INPUT,
                       "keeps its values in other files (virtual storage), which is refused");
    }
}

static enum cn_status read_dataset(hid_t dataset, struct cn_file *file, struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    hid_t properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset),
          space = H5Dget_space(dataset);
    enum cn_status status;
    if (properties < 0 || type < 0 || space < 0) {
        status = cn_fail(error, CN_BAD_INPUT, "the storage of the variable cannot be read");
        goto cleanup;
    }
    storage->big_endian = H5Tget_order(type) == H5T_ORDER_BE;
    if (file->several_a_day)
        refuse(storage, "several instants a day");
    if (!is_plain_type(storage, type))
        refuse(storage, "a number type of its own");
    status = read_layout(properties, storage, error);
    if (!status)
        status = read_filters(properties, storage, error);
    hsize_t extent[H5S_MAX_RANK];
    bool is_same = H5Sget_simple_extent_dims(space, extent, NULL) == (int)storage->rank;
    for (size_t d = 0; is_same && d < storage->rank; d++)
        is_same = extent[d] == storage->shape[d];
    if (!is_same) /* netCDF-C fills up what the longest variable has more */
        refuse(storage, "shorter than its dimensions");
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

enum cn_status cn_storage_read_hdf5(struct cn_file *file, struct cn_error *error)
{
    hid_t hdf5 = H5Fopen(file->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (hdf5 < 0)
        return cn_fail(error, CN_BAD_INPUT, "HDF5 cannot open the file");
    hid_t dataset = H5Dopen2(hdf5, file->variable, H5P_DEFAULT);
    enum cn_status status =
        dataset < 0 ? cn_fail(error, CN_BAD_INPUT, "HDF5 finds no dataset '%s'", file->variable)
                    : read_dataset(dataset, file, error);
    if (has_user_block(hdf5))
        refuse(&file->storage, "user block");
    if (!status && file->storage.layout == CN_CHUNKED)
        find_last_chunk(dataset, &file->storage);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Fclose(hdf5);
    return status;
}
