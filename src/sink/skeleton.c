/*
 * Dimensions, variables, coordinates and shared attributes, defined through netCDF-C: it alone
 * knows how netCDF-4 uses HDF5. Knows nothing of chunks, nor of folders.
 */
#include "sink/skeleton.h"

#include "base/error.h"
#include "catalog/attributes.h"
#include "guard/library.h"
#include "sink/stored.h"

#define XXH_STATIC_LINKING_ONLY /* the state is on the stack: hashing cannot fail */
#include <errno.h>
#include <hdf5.h>
#include <netcdf.h>
#include <netcdf_mem.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static bool is_shuffled(const struct cn_file_variable *variable)
{
    return variable->type != NC_CHAR;
}

/* Counts in *taken those that netCDF takes. Returns a status of netCDF-C. */
static int put_attributes(int file, int variable, const struct cn_attributes *list, size_t *taken)
{
    for (size_t i = 0; i < list->shared; i++) {
        const struct cn_attribute *at = &list->items[i];
        bool is_new = nc_inq_attid(file, variable, at->name, NULL) != NC_NOERR;
        int status = nc_put_att(file, variable, at->name, at->type, at->length, at->value);
        /* A source may use names that netCDF keeps for itself, or that are no names. */
        if (status == NC_ENAMEINUSE || status == NC_EBADNAME || status == NC_EMAXNAME)
            continue;
        if (status)
            return status;
        *taken += is_new;
    }
    return NC_NOERR;
}

/* A field is little-endian. HDF5 allocates its chunks when they are written, so it fills nothing
 * here. Returns a status of netCDF-C. */
static int define_variable(int file, const int dim_ids[CN_MAX_FILE_DIMS],
                           const struct cn_metadata *metadata,
                           const struct cn_file_variable *variable, int level, int *id)
{
    int dims[CN_MAX_FILE_RANK] = {0};
    size_t chunk[CN_MAX_FILE_RANK];
    for (int d = 0; d < variable->rank; d++)
        dims[d] = dim_ids[variable->dims[d]];
    int status = nc_def_var(file, variable->name, variable->type, variable->rank, dims, id);
    if (status || !cn_metadata_chunk(metadata, variable, chunk))
        return status;
    status = nc_def_var_chunking(file, *id, NC_CHUNKED, chunk);
    if (!status && level > 0)
        status = nc_def_var_deflate(file, *id, is_shuffled(variable), 1, level);
    return status || variable->type == NC_CHAR ? status
                                               : nc_def_var_endian(file, *id, NC_ENDIAN_LITTLE);
}

/* Defines all, and puts the shared attributes and values. taken: [CN_MAX_FILE_VARIABLES], how many
 * attributes each variable has. *at: the name that came last. Returns a status of netCDF-C. */
static int define_file(int file, const struct cn_metadata *metadata, int level, size_t *taken,
                       const char **at)
{
    const struct cn_file_variable *variables = metadata->variables;
    int dim_ids[CN_MAX_FILE_DIMS], ids[CN_MAX_FILE_VARIABLES] = {NC_GLOBAL}, status = NC_NOERR;
    for (size_t d = 0; d < metadata->dim_count && !status; d++) {
        const struct cn_file_dim *dim = &metadata->dims[d];
        *at = dim->name;
        status = nc_def_dim(file, dim->name, dim->is_unlimited ? NC_UNLIMITED : dim->length,
                            &dim_ids[d]);
    }
    for (size_t v = 1; v < metadata->count && !status; v++) {
        *at = variables[v].name;
        status = define_variable(file, dim_ids, metadata, &variables[v], level, &ids[v]);
    }
    for (size_t v = 0; v < metadata->count && !status; v++)
        status = put_attributes(file, ids[v], &variables[v].attributes, &taken[v]);
    if (!status)
        status = nc_enddef(file);
    for (size_t v = 1; v < metadata->count && !status; v++)
        if (variables[v].shared_values)
            status = nc_put_var(file, ids[v], variables[v].shared_values);
    return status;
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
    void *image = NULL;
    if (file < 0 ||
        H5Adelete_by_name(file, "/", "_NCProperties", H5P_DEFAULT) < 0 || /* library versions */
        H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        return NC_EHDFERR;
    ssize_t size = H5Fget_file_image(file, NULL, 0);
    if (size <= 0 || H5Fget_vfd_handle(file, H5P_DEFAULT, &image) < 0 || !image)
        return NC_EHDFERR;
    void *bytes = malloc((size_t)size);
    if (!bytes)
        return NC_ENOMEM;
    memcpy(bytes, *(void **)image, (size_t)size);
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
    for (size_t i = 0; i < list->shared; i++)
        found += cn_is_attribute_stored(file, variable, &list->items[i]);
    return found >= taken;
}

static bool has_filters(int file, int id, const struct cn_file_variable *variable, int level)
{
    int shuffle, deflate, level_there;
    return nc_inq_var_deflate(file, id, &shuffle, &deflate, &level_there) == NC_NOERR &&
           shuffle == (level > 0 && is_shuffled(variable)) && deflate == (level > 0) &&
           (level == 0 || level_there == level);
}

/* Reads a skeleton back: whether all that was defined is in it. */
static bool is_skeleton_complete(const struct cn_skeleton *skeleton,
                                 const struct cn_metadata *metadata, int level, const size_t *taken)
{
    int file, id;
    if (nc_open_mem("climnorm skeleton read", NC_NOWRITE, skeleton->size, skeleton->bytes, &file) !=
        NC_NOERR)
        return false;
    bool is_complete = true;
    for (size_t v = 0; v < metadata->count && is_complete; v++) {
        const struct cn_file_variable *variable = &metadata->variables[v];
        size_t chunk[CN_MAX_FILE_RANK];
        is_complete = cn_is_variable_stored(file, metadata, variable, &id) &&
                      has_attributes(file, id, &variable->attributes, taken[v]) &&
                      (!cn_metadata_chunk(metadata, variable, chunk) ||
                       has_filters(file, id, variable, level));
    }
    nc_close(file);
    return is_complete;
}

/* A skeleton, and what it is made from. */
struct recipe {
    struct cn_skeleton *skeleton;
    const struct cn_normals_file *file;
    const struct cn_metadata *metadata;
};

/* netCDF-C takes the name of a dimension, but stores such a field under another name. */
static bool is_dimension(const struct cn_metadata *metadata, const char *name)
{
    for (size_t d = 0; d < metadata->dim_count; d++)
        if (strcmp(metadata->dims[d].name, name) == 0)
            return true;
    return false;
}

static const char *first_field(const struct cn_metadata *metadata)
{
    size_t v = 0;
    while (!metadata->variables[v].is_field)
        v++;
    return metadata->variables[v].name;
}

/* In memory, because netCDF-C 4.9 crashes when it closes a file after a failed write. */
static enum cn_status make_skeleton(void *context, struct cn_error *error)
{
    static const char name[] = "climnorm skeleton";
    const struct recipe *recipe = context;
    const struct cn_normals_file *file = recipe->file;
    const int level = file->config->output.compression;
    const char *at = "", *field = first_field(recipe->metadata);
    size_t taken[CN_MAX_FILE_VARIABLES] = {0};
    cn_skeleton_free(recipe->skeleton);
    int id, status = nc_create(name, NC_NETCDF4 | NC_DISKLESS, &id);
    if (!status) {
        status = define_file(id, recipe->metadata, level, taken, &at);
        if (!status)
            status = nc_sync(id);
        if (!status)
            status = copy_bytes(find_file(name), recipe->skeleton);
        nc_close(id);
    }
    const bool is_bad_name =
        status == NC_ENAMEINUSE || status == NC_EBADNAME || status == NC_EMAXNAME;
    if (is_bad_name || is_dimension(recipe->metadata, field))
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: an output file cannot hold a variable of the name '%s'; rename it",
                       file->path, is_bad_name ? at : field);
    if (status && status != NC_ENOMEM)
        return cn_fail(error, CN_BAD_MACHINE,
                       "%s: HDF5 cannot write its metadata: %s; run again, finished files are "
                       "kept",
                       file->path, nc_strerror(status));
    /* netCDF-C 4.9 without memory may leave out an attribute or a variable and say nothing. */
    if (!status && is_skeleton_complete(recipe->skeleton, recipe->metadata, level, taken))
        return CN_OK;
    errno = ENOMEM; /* so that it is made again */
    return cn_fail_memory(error, "metadata");
}

static void hash_variable(XXH3_state_t *state, const struct cn_file_variable *variable)
{
    const struct cn_attributes *list = &variable->attributes;
    XXH3_128bits_update(state, variable->name, strlen(variable->name) + 1);
    XXH3_128bits_update(state, &list->shared, sizeof list->shared);
    XXH3_128bits_update(state, variable->chunk, sizeof variable->chunk);
    for (size_t i = 0; i < list->shared; i++) {
        const struct cn_attribute *at = &list->items[i];
        XXH3_128bits_update(state, at->name, strlen(at->name) + 1);
        XXH3_128bits_update(state, &at->type, sizeof at->type);
        XXH3_128bits_update(state, &at->length, sizeof at->length);
        XXH3_128bits_update(state, at->value, at->length * cn_type_bytes(at->type));
    }
}

enum cn_status cn_skeleton_renew(struct cn_skeleton *skeleton, const struct cn_normals_file *file,
                                 const struct cn_metadata *metadata, struct cn_error *error)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    for (size_t d = 0; d < metadata->dim_count; d++)
        XXH3_128bits_update(&state, &metadata->dims[d].length, sizeof metadata->dims[d].length);
    for (size_t v = 0; v < metadata->count; v++)
        hash_variable(&state, &metadata->variables[v]);
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
