/*
 * Dimensions, variables, coordinates and shared attributes, defined through netCDF-C: it alone
 * knows how netCDF-4 uses HDF5. Knows nothing of chunks, nor of folders.
 */
#include "sink/skeleton.h"
#include "catalog/attributes.h"
#include "guard/library.h"

#define XXH_STATIC_LINKING_ONLY /* the state is on the stack: hashing cannot fail */
#include <errno.h>
#include <hdf5.h>
#include <netcdf.h>
#include <netcdf_mem.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The ids of an output file while it is defined; -1: it lacks the variable. */
struct ids {
    int file;
    int dayofyear_dim, lat_dim, lon_dim, bnds_dim;
    int mean, count, dayofyear, time, climatology_bnds, lat, lon, lat_bnds, lon_bnds;
    struct { /* how many attributes each has */
        size_t global, mean, count, dayofyear, time, lat, lon;
    } attributes;
};

/* After a failure, which stays in *status, calls are left out. */
#define TRY(status, call)          \
    do {                           \
        if (*(status) == NC_NOERR) \
            *(status) = (call);    \
    } while (0)

/* Counts those that netCDF takes. */
static void put_attributes(int file, int variable, const struct cn_attributes *list, size_t *taken,
                           int *status)
{
    for (size_t i = 0; i < list->shared && *status == NC_NOERR; i++) {
        const struct cn_attribute *at = &list->items[i];
        bool is_new = nc_inq_attid(file, variable, at->name, NULL) != NC_NOERR;
        int result = nc_put_att(file, variable, at->name, at->type, at->length, at->value);
        /* A source may use names that netCDF keeps for itself, or that are no names. */
        if (result == NC_ENAMEINUSE || result == NC_EBADNAME || result == NC_EMAXNAME)
            continue;
        *status = result;
        *taken += is_new;
    }
}

/* A variable of (dayofyear, lat, lon), little-endian, with one chunk for each day slot. HDF5
 * allocates chunks when they are written, so it fills nothing here. */
static void define_field(const struct ids *ids, const struct cn_normal_file *file, const char *name,
                         nc_type type, int *variable, int *status)
{
    const int dims[] = {ids->dayofyear_dim, ids->lat_dim, ids->lon_dim};
    const size_t chunk[] = {1, file->region->lat_count, file->region->lon_count};
    int level = file->config->output.compression;
    TRY(status, nc_def_var(ids->file, name, type, 3, dims, variable));
    TRY(status, nc_def_var_chunking(ids->file, *variable, NC_CHUNKED, chunk));
    if (level > 0)
        TRY(status, nc_def_var_deflate(ids->file, *variable, 1, 1, level));
    TRY(status, nc_def_var_endian(ids->file, *variable, NC_ENDIAN_LITTLE));
}

static void define_doubles(int file, const char *name, int rank, int dim, int second_dim,
                           int *variable, int *status)
{
    const int dims[] = {dim, second_dim};
    TRY(status, nc_def_var(file, name, NC_DOUBLE, rank, dims, variable));
}

static void define(struct ids *ids, const struct cn_normal_file *file,
                   const struct cn_metadata *metadata, int *status)
{
    const struct cn_region_cells *region = file->region;
    int id = ids->file;
    TRY(status, nc_def_dim(id, "dayofyear", (size_t)file->slots, &ids->dayofyear_dim));
    TRY(status, nc_def_dim(id, "lat", region->lat_count, &ids->lat_dim));
    TRY(status, nc_def_dim(id, "lon", region->lon_count, &ids->lon_dim));
    TRY(status, nc_def_dim(id, "bnds", 2, &ids->bnds_dim));
    TRY(status, nc_def_var(id, "dayofyear", NC_INT, 1, &ids->dayofyear_dim, &ids->dayofyear));
    define_doubles(id, "lat", 1, ids->lat_dim, 0, &ids->lat, status);
    define_doubles(id, "lon", 1, ids->lon_dim, 0, &ids->lon, status);
    if (region->lat_bounds)
        define_doubles(id, "lat_bnds", 2, ids->lat_dim, ids->bnds_dim, &ids->lat_bnds, status);
    if (region->lon_bounds)
        define_doubles(id, "lon_bnds", 2, ids->lon_dim, ids->bnds_dim, &ids->lon_bnds, status);
    define_doubles(id, "time", 1, ids->dayofyear_dim, 0, &ids->time, status);
    define_doubles(id, "climatology_bnds", 2, ids->dayofyear_dim, ids->bnds_dim,
                   &ids->climatology_bnds, status);
    define_field(ids, file, file->variable->name, NC_FLOAT, &ids->mean, status);
    if (file->config->output.counts)
        define_field(ids, file, metadata->count_name, NC_SHORT, &ids->count, status);
    put_attributes(id, ids->dayofyear, &metadata->dayofyear, &ids->attributes.dayofyear, status);
    put_attributes(id, ids->lat, &metadata->lat, &ids->attributes.lat, status);
    put_attributes(id, ids->lon, &metadata->lon, &ids->attributes.lon, status);
    put_attributes(id, ids->time, &metadata->time, &ids->attributes.time, status);
    put_attributes(id, ids->mean, &metadata->variable, &ids->attributes.mean, status);
    if (ids->count >= 0)
        put_attributes(id, ids->count, &metadata->counts, &ids->attributes.count, status);
    put_attributes(id, NC_GLOBAL, &metadata->global, &ids->attributes.global, status);
    TRY(status, nc_enddef(id));
}

static void put_coordinates(const struct ids *ids, const struct cn_normal_file *file, int *status)
{
    const struct cn_region_cells *region = file->region;
    int id = ids->file;
    int days[366]; /* [slots] are used */
    for (int k = 0; k < 366; k++)
        days[k] = k + 1;
    TRY(status, nc_put_var_int(id, ids->dayofyear, days));
    TRY(status, nc_put_var_double(id, ids->lat, region->lat));
    TRY(status, nc_put_var_double(id, ids->lon, region->lon));
    if (ids->lat_bnds >= 0)
        TRY(status, nc_put_var_double(id, ids->lat_bnds, region->lat_bounds));
    if (ids->lon_bnds >= 0)
        TRY(status, nc_put_var_double(id, ids->lon_bnds, region->lon_bounds));
}

/* The open HDF5 file of that name; -1: none. */
static hid_t find_file(const char *name)
{
    hid_t found = -1;
    ssize_t count = H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE);
    hid_t *files = count > 0 ? calloc((size_t)count, sizeof *files) : NULL;
    if (files)
        count = H5Fget_obj_ids((hid_t)H5F_OBJ_ALL, H5F_OBJ_FILE, (size_t)count, files);
    for (ssize_t i = 0; files && i < count && found < 0; i++) {
        char text[64];
        if (H5Fget_name(files[i], text, sizeof text) > 0 && strcmp(text, name) == 0)
            found = files[i];
    }
    free(files);
    return found;
}

/* Copies the bytes of a file that netCDF-C made in memory. Returns a status of netCDF-C. Its own
 * nc_close_memio takes no files with an order of attributes, and H5Fget_file_image leaves a wrong
 * checksum in the superblock. */
static int copy_bytes(hid_t file, struct cn_skeleton *skeleton)
{
    void *place = NULL;
    if (file < 0 ||
        H5Adelete_by_name(file, "/", "_NCProperties", H5P_DEFAULT) < 0 || /* library versions */
        H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        return NC_EHDFERR;
    ssize_t size = H5Fget_file_image(file, NULL, 0);
    if (size <= 0 || H5Fget_vfd_handle(file, H5P_DEFAULT, &place) < 0 || !place)
        return NC_EHDFERR;
    void *bytes = malloc((size_t)size);
    if (!bytes)
        return NC_ENOMEM;
    memcpy(bytes, *(void **)place, (size_t)size);
    *skeleton = (struct cn_skeleton){.bytes = bytes, .size = (size_t)size};
    return NC_NOERR;
}

/* Whether a variable has as many attributes as netCDF has taken, and so many of the list,
 * unchanged. The list may name one twice, in two forms of Unicode. */
static bool has_attributes(int file, int variable, const struct cn_attributes *list, size_t taken)
{
    size_t found = 0;
    int count;
    if (nc_inq_varnatts(file, variable, &count) != NC_NOERR || (size_t)count != taken)
        return false;
    for (size_t i = 0; i < list->shared; i++) {
        const struct cn_attribute *at = &list->items[i];
        size_t length, bytes = at->length * cn_type_bytes(at->type);
        nc_type type;
        if (nc_inq_att(file, variable, at->name, &type, &length) != NC_NOERR || type != at->type ||
            length != at->length)
            continue;
        void *value = malloc(bytes + 1);
        found += value && nc_get_att(file, variable, at->name, value) == NC_NOERR &&
                 memcmp(value, at->value, bytes) == 0;
        free(value);
    }
    return found >= taken;
}

static bool has_complete_variable(int file, const char *name, nc_type type, int rank,
                                  const struct cn_attributes *list, size_t taken)
{
    static const struct cn_attributes none;
    int variable, rank_there;
    nc_type type_there;
    return nc_inq_varid(file, name, &variable) == NC_NOERR &&
           nc_inq_var(file, variable, NULL, &type_there, &rank_there, NULL, NULL) == NC_NOERR &&
           type_there == type && rank_there == rank &&
           has_attributes(file, variable, list ? list : &none, taken);
}

static bool has_complete_field(int file, const char *name, nc_type type, int level,
                               const struct cn_attributes *list, size_t taken)
{
    int variable, shuffle, deflate, level_there;
    return has_complete_variable(file, name, type, 3, list, taken) &&
           nc_inq_varid(file, name, &variable) == NC_NOERR &&
           nc_inq_var_deflate(file, variable, &shuffle, &deflate, &level_there) == NC_NOERR &&
           shuffle == (level > 0) && deflate == (level > 0) && (level == 0 || level_there == level);
}

/* Reads a skeleton back: whether all that was defined is in it. */
static bool is_skeleton_complete(const struct cn_skeleton *skeleton,
                                 const struct cn_normal_file *file,
                                 const struct cn_metadata *metadata, const struct ids *ids)
{
    const struct cn_region_cells *region = file->region;
    const int level = file->config->output.compression;
    int id;
    if (nc_open_mem("climnorm skeleton read", NC_NOWRITE, skeleton->size, skeleton->bytes, &id) !=
        NC_NOERR)
        return false;
    bool is_complete =
        has_complete_variable(id, "dayofyear", NC_INT, 1, &metadata->dayofyear,
                              ids->attributes.dayofyear) &&
        has_complete_variable(id, "lat", NC_DOUBLE, 1, &metadata->lat, ids->attributes.lat) &&
        has_complete_variable(id, "lon", NC_DOUBLE, 1, &metadata->lon, ids->attributes.lon) &&
        has_complete_variable(id, "time", NC_DOUBLE, 1, &metadata->time, ids->attributes.time) &&
        has_complete_variable(id, "climatology_bnds", NC_DOUBLE, 2, NULL, 0) &&
        (!region->lat_bounds || has_complete_variable(id, "lat_bnds", NC_DOUBLE, 2, NULL, 0)) &&
        (!region->lon_bounds || has_complete_variable(id, "lon_bnds", NC_DOUBLE, 2, NULL, 0)) &&
        has_complete_field(id, file->variable->name, NC_FLOAT, level, &metadata->variable,
                           ids->attributes.mean) &&
        (ids->count < 0 || has_complete_field(id, metadata->count_name, NC_SHORT, level,
                                              &metadata->counts, ids->attributes.count)) &&
        has_attributes(id, NC_GLOBAL, &metadata->global, ids->attributes.global);
    nc_close(id);
    return is_complete;
}

/* A skeleton, and what it is made from. */
struct recipe {
    struct cn_skeleton *skeleton;
    const struct cn_normal_file *file;
    const struct cn_metadata *metadata;
};

/* In memory, because netCDF-C 4.9 crashes when it closes a file after a failed write. */
static enum cn_status make_skeleton(void *context, struct cn_error *error)
{
    static const char name[] = "climnorm skeleton";
    const struct recipe *recipe = context;
    const struct cn_normal_file *file = recipe->file;
    struct ids ids = {.count = -1, .lat_bnds = -1, .lon_bnds = -1};
    cn_skeleton_free(recipe->skeleton);
    int status = nc_create(name, NC_NETCDF4 | NC_DISKLESS, &ids.file);
    if (!status) {
        define(&ids, file, recipe->metadata, &status);
        put_coordinates(&ids, file, &status);
        TRY(&status, nc_sync(ids.file));
        TRY(&status, copy_bytes(find_file(name), recipe->skeleton));
        nc_close(ids.file);
    }
    /* netCDF-C takes the name of a dimension, but stores such a variable under another name. */
    if (status == NC_ENAMEINUSE || status == NC_EBADNAME || status == NC_EMAXNAME ||
        strcmp(file->variable->name, "bnds") == 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: no file can hold a variable of the name '%s'; rename it", file->path,
                       file->variable->name);
    if (status && status != NC_ENOMEM)
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s: HDF5 could not make its metadata: %s; run again, finished files are "
                       "kept",
                       file->path, nc_strerror(status));
    /* netCDF-C 4.9 without memory may leave out an attribute or a variable and say nothing. */
    if (!status && is_skeleton_complete(recipe->skeleton, file, recipe->metadata, &ids))
        return CN_OK;
    errno = ENOMEM; /* so that it is made again */
    return cn_fail_memory(error, "metadata");
}

static void hash_shared(XXH3_state_t *state, const struct cn_attributes *list)
{
    XXH3_128bits_update(state, &list->shared, sizeof list->shared);
    for (size_t i = 0; i < list->shared; i++) {
        const struct cn_attribute *at = &list->items[i];
        XXH3_128bits_update(state, at->name, strlen(at->name) + 1);
        XXH3_128bits_update(state, &at->type, sizeof at->type);
        XXH3_128bits_update(state, &at->length, sizeof at->length);
        XXH3_128bits_update(state, at->value, at->length * cn_type_bytes(at->type));
    }
}

enum cn_status cn_skeleton_renew(struct cn_skeleton *skeleton, const struct cn_normal_file *file,
                                 const struct cn_metadata *metadata, struct cn_error *error)
{
    const struct cn_attributes *const lists[7] = {
        &metadata->global, &metadata->variable, &metadata->counts, &metadata->dayofyear,
        &metadata->time,   &metadata->lat,      &metadata->lon};
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    for (size_t i = 0; i < 7; i++)
        hash_shared(&state, lists[i]);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    if (skeleton->bytes && skeleton->hash[0] == hash.low64 && skeleton->hash[1] == hash.high64)
        return CN_OK;
    enum cn_status status = cn_library_call(
        &(struct cn_library_call){.function = make_skeleton,
                                  .context = &(struct recipe){skeleton, file, metadata},
                                  .what = "metadata",
                                  .lock = CN_LIBRARY_LOCKS_HDF5,
                                  .input_is_sound = true},
        error);
    if (status)
        cn_skeleton_free(skeleton);
    skeleton->hash[0] = hash.low64;
    skeleton->hash[1] = hash.high64;
    return status;
}

void cn_skeleton_free(struct cn_skeleton *skeleton)
{
    free(skeleton->bytes);
    *skeleton = (struct cn_skeleton){0};
}
