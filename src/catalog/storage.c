/*
 * Storage through HDF5: netCDF-C does not tell the order of filters, user blocks, or how long the
 * dataset really is. Reads no values.
 */
#include "catalog/storage.h"

#include "catalog/attributes.h"
#include "catalog/classic.h"

#include <hdf5.h>
#include <netcdf.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NUMBER_BYTES = 8, FILTER_ZSTD = 32015 /* registered with The HDF Group */ };

static const uint64_t MAX_CHUNK_BYTES = (uint64_t)1 << 31;

/* The first reason counts. */
static void refuse(struct cn_storage *storage, const char *reason)
{
    if (!storage->fallback_reason[0])
        snprintf(storage->fallback_reason, sizeof storage->fallback_reason, "%s", reason);
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

/* Checks the place of a variable without chunks. step 0: its values follow one another. */
static enum cn_status check_place(struct cn_file *file, struct cn_error *error)
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
            "values of '%s' lie outside the file; it is cut off or damaged, get it again",
            file->variable);
    return CN_OK;
}

enum cn_status cn_storage_read_classic(int variable, struct cn_file *file, struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    storage->layout = CN_CLASSIC;
    storage->big_endian = true;
    snprintf(storage->filters, sizeof storage->filters, "none");
    if (file->subdaily)
        refuse(storage, "several instants a day");
    enum cn_status status =
        cn_classic_place(file->path, file->size, variable, &storage->begin, &storage->step, error);
    return status ? status : check_place(file, error);
}

/* Notes a filter for people, and for the decoder. `value`: the first of `count` parameters. */
static void add_filter(struct cn_storage *storage, H5Z_filter_t id, const char *name, size_t count,
                       unsigned value)
{
    struct cn_filter filter = {CN_UNKNOWN_FILTER, 0};
    char title[96], reason[112];
    if (id == H5Z_FILTER_SHUFFLE && count == 1 && value > 0) {
        filter = (struct cn_filter){CN_SHUFFLE, value};
        snprintf(title, sizeof title, "shuffle");
    } else if (id == H5Z_FILTER_FLETCHER32) {
        filter.kind = CN_FLETCHER32;
        snprintf(title, sizeof title, "fletcher32");
    } else if (id == H5Z_FILTER_DEFLATE || id == FILTER_ZSTD) {
        filter.kind = id == FILTER_ZSTD ? CN_ZSTD : CN_DEFLATE;
        snprintf(title, sizeof title, "%s %d", id == FILTER_ZSTD ? "zstd" : "deflate", (int)value);
    } else {
        if (name[0])
            snprintf(title, sizeof title, "%.60s", name);
        else
            snprintf(title, sizeof title, "filter %d", (int)id);
        snprintf(reason, sizeof reason, "%s%s", title, name[0] ? " filter" : "");
        refuse(storage, reason);
    }
    describe_filter(storage, title);
    storage->pipeline[storage->filter_count++] = filter;
}

static enum cn_status read_filters(hid_t properties, struct cn_storage *storage,
                                   struct cn_error *error)
{
    int count = H5Pget_nfilters(properties);
    if (count < 0 || count > CN_MAX_FILTERS)
        return cn_fail(error, CN_BAD_INPUT, "the filters of the variable cannot be read");
    for (int i = 0; i < count; i++) {
        unsigned flags, value = 0, config;
        size_t value_count = 1;
        char name[64] = "";
        H5Z_filter_t id = H5Pget_filter2(properties, (unsigned)i, &flags, &value_count, &value,
                                         sizeof name, name, &config);
        if (id < 0)
            return cn_fail(error, CN_BAD_INPUT, "a filter of the variable cannot be read");
        name[sizeof name - 1] = '\0';
        add_filter(storage, id, name, value_count, value);
    }
    if (storage->layout != CN_CHUNKED)
        storage->filter_count = 0;
    if (!count)
        snprintf(storage->filters, sizeof storage->filters, "none");
    else if (storage->layout != CN_CHUNKED)
        refuse(storage, "filters without chunks");
    return CN_OK;
}

/* What the decoder does not take, HDF5 has to be able to. */
static enum cn_status check_filters(hid_t properties, const struct cn_storage *storage,
                                    struct cn_error *error)
{
    int count = storage->fallback_reason[0] ? H5Pget_nfilters(properties) : 0;
    for (int i = 0; i < count; i++) {
        unsigned flags, config;
        size_t none = 0;
        char name[64] = "";
        H5Z_filter_t id = H5Pget_filter2(properties, (unsigned)i, &flags, &none, NULL, sizeof name,
                                         name, &config);
        name[sizeof name - 1] = '\0';
        if (H5Zfilter_avail(id) <= 0)
            return cn_fail(error, CN_BAD_INPUT,
                           "compressed with %.60s (HDF5 filter %d), which is not installed here; "
                           "install its plugin and set HDF5_PLUGIN_PATH",
                           name[0] ? name : "a filter", (int)id);
    }
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

/* Whether the pipeline is one that read_filters may make. */
static bool pipeline_is_valid(const struct cn_storage *storage)
{
    if (storage->filter_count > CN_MAX_FILTERS ||
        (storage->filter_count && storage->layout != CN_CHUNKED))
        return false;
    for (size_t k = 0; k < storage->filter_count; k++) {
        const struct cn_filter *filter = &storage->pipeline[k];
        if (filter->kind > CN_UNKNOWN_FILTER || (filter->kind == CN_SHUFFLE && !filter->width) ||
            (filter->kind == CN_UNKNOWN_FILTER && !storage->fallback_reason[0]))
            return false;
    }
    return true;
}

bool cn_storage_is_valid(const struct cn_file *file)
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
    bool is_parallel = !storage->fallback_reason[0];
    if (storage->layout > CN_CHUNKED || !cn_storage_takes_type(storage->type) ||
        storage->value_bytes != cn_type_bytes(storage->type))
        return false;
    if (!pipeline_is_valid(storage))
        return false;
    if (is_parallel &&
        (file->subdaily || (storage->layout != CN_CHUNKED && !is_inside(storage, file->size))))
        return false;
    return (storage->layout != CN_CHUNKED || chunks_are_bounded(storage)) &&
           memchr(storage->filters, '\0', sizeof storage->filters) &&
           memchr(storage->fallback_reason, '\0', sizeof storage->fallback_reason);
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
    /* Such a file would make this program read whatever path it names. */
    if (H5Pget_external_count(properties) != 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "keeps its values in other files (external storage), which is refused");
    const haddr_t address = H5Dget_offset(dataset);
    file->storage.begin = address == HADDR_UNDEF ? CN_UNWRITTEN : address;
    return file->storage.fallback_reason[0] ? CN_OK : check_place(file, error);
}

static enum cn_status read_layout(hid_t dataset, hid_t properties, struct cn_file *file,
                                  struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    unsigned options = 0;
    switch (H5Pget_layout(properties)) {
    case H5D_CHUNKED:
        storage->layout = CN_CHUNKED;
        if (H5Pget_chunk_opts(properties, &options) < 0 || options)
            refuse(storage, "edge chunks without filters");
        return read_chunks(properties, storage, error);
    case H5D_CONTIGUOUS:
        storage->layout = CN_CONTIGUOUS;
        return read_contiguous(dataset, properties, file, error);
    case H5D_COMPACT:
        storage->layout = CN_CONTIGUOUS;
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
    if (H5Tget_size(type) > MAX_NUMBER_BYTES) {
        status =
            cn_fail(error, CN_BAD_INPUT, "its numbers take %zu bytes each, expected at most %d",
                    H5Tget_size(type), MAX_NUMBER_BYTES);
        goto cleanup;
    }
    storage->big_endian = H5Tget_order(type) == H5T_ORDER_BE;
    if (file->subdaily)
        refuse(storage, "several instants a day");
    if (!is_plain_type(storage, type))
        refuse(storage, "a number type of its own");
    hsize_t extent[H5S_MAX_RANK];
    bool is_same = H5Sget_simple_extent_dims(space, extent, NULL) == (int)storage->rank;
    for (size_t d = 0; is_same && d < storage->rank; d++)
        is_same = extent[d] == storage->shape[d];
    if (!is_same) /* netCDF-C fills up what the longest variable has more */
        refuse(storage, "shorter than its dimensions");
    status = read_layout(dataset, properties, file, error);
    if (!status)
        status = read_filters(properties, storage, error);
    if (!status)
        status = check_filters(properties, storage, error);
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
    if (has_user_block(hdf5))
        refuse(&file->storage, "user block");
    hid_t dataset = H5Dopen2(hdf5, file->variable, H5P_DEFAULT);
    enum cn_status status =
        dataset < 0 ? cn_fail(error, CN_BAD_INPUT, "HDF5 finds no dataset '%s'", file->variable)
                    : read_dataset(dataset, file, error);
    if (!status && file->storage.layout == CN_CHUNKED)
        find_last_chunk(dataset, &file->storage);
    if (dataset >= 0)
        H5Dclose(dataset);
    H5Fclose(hdf5);
    return status;
}
