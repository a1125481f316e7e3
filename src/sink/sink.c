/*
 * One output file: dimensions, variables and coordinates through netCDF-C, then the encoded chunks.
 * What its attributes say is metadata.c's business, where it stands place.c's.
 */
#include "sink/sink.h"
#include "base/door.h"
#include "sink/chunks.h"
#include "sink/climatology.h"
#include "sink/metadata.h"
#include "sink/place.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <netcdf.h>
#include <netcdf_mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The ids of an output file while it is defined; -1: it lacks the variable. */
struct ids {
    int file;
    int dayofyear_dim, lat_dim, lon_dim, bnds_dim;
    int mean, count, dayofyear, time, climatology_bnds, lat, lon, lat_bnds, lon_bnds;
};

/* The first failure stays in *status, and later calls do nothing: definitions read as a list. */
#define TRY(status, call)          \
    do {                           \
        if (*(status) == NC_NOERR) \
            *(status) = (call);    \
    } while (0)

static void put_attributes(int file, int variable, const struct cn_attributes *list, int *status)
{
    for (size_t i = 0; i < list->count && *status == NC_NOERR; i++) {
        const struct cn_attribute *at = &list->items[i];
        int result = nc_put_att(file, variable, at->name, at->type, at->length, at->value);
        /* A source may use names that netCDF keeps for itself, or that are no names. */
        if (result != NC_ENAMEINUSE && result != NC_EBADNAME && result != NC_EMAXNAME)
            *status = result;
    }
}

/* A variable of (dayofyear, lat, lon), one chunk a day slot, little-endian. Its chunks are
 * allocated when they are written, so nothing is filled beforehand. */
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
    put_attributes(id, ids->dayofyear, &metadata->dayofyear, status);
    put_attributes(id, ids->lat, &metadata->lat, status);
    put_attributes(id, ids->lon, &metadata->lon, status);
    put_attributes(id, ids->time, &metadata->time, status);
    put_attributes(id, ids->mean, &metadata->variable, status);
    if (ids->count >= 0)
        put_attributes(id, ids->count, &metadata->counts, status);
    put_attributes(id, NC_GLOBAL, &metadata->global, status);
    TRY(status, nc_enddef(id));
}

/* What the coordinate variables hold, apart from the region's own. */
struct coordinates {
    int *dayofyear;
    double *time, *climatology_bnds;
};

static bool find_coordinates(struct cn_pool *pool, const struct cn_normal_file *file,
                             struct coordinates *at)
{
    size_t slots = (size_t)file->slots;
    at->dayofyear = cn_pool_alloc(pool, slots, sizeof *at->dayofyear);
    at->time = cn_pool_alloc(pool, slots, sizeof *at->time);
    at->climatology_bnds = cn_pool_alloc(pool, slots, 2 * sizeof *at->climatology_bnds);
    if (!at->dayofyear || !at->time || !at->climatology_bnds)
        return false;
    for (int k = 0; k < file->slots; k++)
        at->dayofyear[k] = k + 1;
    cn_climatology(file->variable->calendar, file->config->normals.leap_day, file->target->year,
                   file->config->normals.window, file->slots, at->time, at->climatology_bnds);
    return true;
}

static void put_coordinates(const struct ids *ids, const struct cn_region_cells *region,
                            const struct coordinates *at, int *status)
{
    int id = ids->file;
    TRY(status, nc_put_var_int(id, ids->dayofyear, at->dayofyear));
    TRY(status, nc_put_var_double(id, ids->lat, region->lat));
    TRY(status, nc_put_var_double(id, ids->lon, region->lon));
    if (ids->lat_bnds >= 0)
        TRY(status, nc_put_var_double(id, ids->lat_bnds, region->lat_bounds));
    if (ids->lon_bnds >= 0)
        TRY(status, nc_put_var_double(id, ids->lon_bnds, region->lon_bounds));
    TRY(status, nc_put_var_double(id, ids->time, at->time));
    TRY(status, nc_put_var_double(id, ids->climatology_bnds, at->climatology_bnds));
}

/* The bytes of an empty file that keeps the order in which things are made: netCDF writes to no
 * other. image->memory NULL: no memory. */
static void make_empty_image(NC_memio *image)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t file = -1;
    if (H5Pset_obj_track_times(creation, false) >= 0 && /* same inputs, same bytes */
        H5Pset_link_creation_order(creation, order) >= 0 &&
        H5Pset_attr_creation_order(creation, order) >= 0 &&
        H5Pset_fapl_core(access, 1 << 16, false) >= 0)
        file = H5Fcreate("normal", H5F_ACC_TRUNC, creation, access);
    if (file >= 0 && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0) {
        ssize_t size = H5Fget_file_image(file, NULL, 0);
        image->memory = size > 0 ? malloc((size_t)size) : NULL;
        if (image->memory && H5Fget_file_image(file, image->memory, (size_t)size) == size)
            image->size = (size_t)size;
    }
    if (file >= 0)
        H5Fclose(file);
    H5Pclose(creation);
    H5Pclose(access);
}

/* All but the chunks, as the bytes of a file in memory: image->memory is the caller's to free. In
 * memory because a failed write to disk makes netCDF-C 4.9 crash when it closes the file, and not
 * by nc_create_mem because that does not keep the order in which things are made. */
static enum cn_status make_image(const struct cn_normal_file *file,
                                 const struct cn_metadata *metadata, const struct coordinates *at,
                                 NC_memio *image, struct cn_error *error)
{
    struct ids ids = {.count = -1, .lat_bnds = -1, .lon_bnds = -1};
    NC_memio empty = {0};
    make_empty_image(&empty);
    if (!empty.size) {
        free(empty.memory);
        return cn_fail_memory(error, "an empty file");
    }
    int status = nc_open_memio("normal", NC_WRITE, &empty, &ids.file);
    if (!status) {
        TRY(&status, nc_redef(ids.file));
        define(&ids, file, metadata, &status);
        put_coordinates(&ids, file->region, at, &status);
        int closed = nc_close_memio(ids.file, image);
        status = status ? status : closed;
    }
    /* A dimension's name would do for netCDF-C, which stores the variable under another one. */
    if (status == NC_ENAMEINUSE || status == NC_EBADNAME || status == NC_EMAXNAME ||
        strcmp(file->variable->name, "bnds") == 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "%s: no file can hold a variable of the name '%s'; rename it", file->path,
                       file->variable->name);
    if (status)
        return cn_fail(error, CN_BAD_MACHINE, "%s: its metadata cannot be made: %s", file->path,
                       nc_strerror(status));
    return CN_OK;
}

static bool put_image(int descriptor, const NC_memio *image)
{
    for (size_t done = 0; done < image->size;) {
        ssize_t written = write(descriptor, (const char *)image->memory + done, image->size - done);
        if (written < 0 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

static enum cn_status write_temporary(const struct cn_normal_file *file, const NC_memio *image,
                                      const char *count_name, const struct cn_chunk *means,
                                      const struct cn_chunk *counts, char *temporary, size_t room,
                                      struct cn_error *error)
{
    const char *const names[] = {file->variable->name, count_name};
    const struct cn_chunk *const chunks[] = {means, counts};
    const char *root = file->config->output.root;
    int descriptor;
    enum cn_status status =
        cn_place_temporary(root, file->path, temporary, room, &descriptor, error);
    if (status)
        return status;
    if (put_image(descriptor, image)) {
        cn_door_enter();
        status =
            cn_chunks_write(temporary, names, chunks, counts ? 2 : 1, (size_t)file->slots, error);
        cn_door_leave();
    } else {
        status = cn_fail(error, CN_BAD_MACHINE,
                         "%s/%s: cannot be written: %s; see to the disk and run again, finished "
                         "files are kept",
                         root, file->path, strerror(errno));
    }
    close(descriptor);
    if (status)
        unlink(temporary);
    return status;
}

enum cn_status cn_sink_write(const struct cn_normal_file *file, const struct cn_chunk *means,
                             const struct cn_chunk *counts, char *temporary, size_t room,
                             struct cn_error *error)
{
    struct cn_metadata metadata = {0};
    struct coordinates coordinates = {0};
    struct cn_pool *pool = cn_pool_new();
    NC_memio image = {0};
    enum cn_status status = !pool || !find_coordinates(pool, file, &coordinates)
                                ? cn_fail_memory(error, "coordinates")
                                : cn_metadata_build(pool, file, &metadata, error);
    if (!status) {
        cn_door_enter();
        status = make_image(file, &metadata, &coordinates, &image, error);
        cn_door_leave();
    }
    if (!status)
        status = write_temporary(file, &image, metadata.count_name, means, counts, temporary, room,
                                 error);
    free(image.memory);
    cn_pool_free(pool);
    return status;
}

enum cn_status cn_sink_publish(const struct cn_normal_file *file, const char *temporary,
                               struct cn_error *error)
{
    return cn_place_publish(file->path, temporary, error);
}

/* A regular file that starts as HDF5 does: nothing else goes to netCDF-C. */
static bool looks_like_netcdf4(const char *path)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char start[sizeof signature];
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool looks = descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                 pread(descriptor, start, sizeof start, 0) == sizeof start &&
                 memcmp(start, signature, sizeof start) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return looks;
}

static bool has_text(int id, const char *name, const char *expected)
{
    char text[8192]; /* missing_source_years: five characters for each of at most 1000 years */
    nc_type type;
    size_t length = strlen(expected), found;
    return nc_inq_att(id, NC_GLOBAL, name, &type, &found) == NC_NOERR && type == NC_CHAR &&
           found == length && length <= sizeof text &&
           nc_get_att_text(id, NC_GLOBAL, name, text) == NC_NOERR &&
           memcmp(text, expected, length) == 0;
}

static bool has_int(int id, const char *name, int expected)
{
    nc_type type;
    size_t length;
    int value;
    return nc_inq_att(id, NC_GLOBAL, name, &type, &length) == NC_NOERR && type == NC_INT &&
           length == 1 && nc_get_att_int(id, NC_GLOBAL, name, &value) == NC_NOERR &&
           value == expected;
}

static bool has_field(int id, const char *name, nc_type expected, const struct cn_normal_file *file)
{
    const size_t shape[] = {(size_t)file->slots, file->region->lat_count, file->region->lon_count};
    int variable, rank, dims[3];
    nc_type type;
    if (nc_inq_varid(id, name, &variable) || nc_inq_vartype(id, variable, &type) ||
        nc_inq_varndims(id, variable, &rank) || type != expected || rank != 3 ||
        nc_inq_vardimid(id, variable, dims))
        return false;
    for (int d = 0; d < 3; d++) {
        size_t length;
        if (nc_inq_dimlen(id, dims[d], &length) || length != shape[d])
            return false;
    }
    return true;
}

/* Whether all that belongs to a file is in it. */
static bool is_complete(int id, const char *path, const struct cn_normal_file *file,
                        const char *count_name)
{
    static const char *const coordinates[] = {"dayofyear", "lat", "lon", "time",
                                              "climatology_bnds"};
    size_t slots = (size_t)file->slots;
    int variable;
    for (size_t i = 0; i < sizeof coordinates / sizeof *coordinates; i++)
        if (nc_inq_varid(id, coordinates[i], &variable))
            return false;
    return cn_chunks_written(path, file->variable->name) == slots &&
           (!file->config->output.counts || cn_chunks_written(path, count_name) == slots);
}

static bool file_is_current(int id, const char *path, const struct cn_normal_file *file,
                            const char *missing, int years)
{
    char count_name[256];
    struct cn_digests digests;
    cn_sink_digests(file, &digests);
    snprintf(count_name, sizeof count_name, "%s_count", file->variable->name);
    bool years_match = *missing ? has_text(id, "missing_source_years", missing)
                                : nc_inq_attid(id, NC_GLOBAL, "missing_source_years", NULL) != 0;
    return has_text(id, "climnorm_config_digest", digests.config) &&
           has_text(id, "climnorm_inputs_digest", digests.inputs) &&
           has_int(id, "number_of_years", years) && years_match &&
           has_field(id, file->variable->name, NC_FLOAT, file) &&
           (!file->config->output.counts || has_field(id, count_name, NC_SHORT, file)) &&
           is_complete(id, path, file, count_name);
}

bool cn_sink_is_current(const struct cn_normal_file *file)
{
    char *path = NULL;
    int id, years;
    struct cn_pool *pool = cn_pool_new();
    const char *missing = pool ? cn_missing_years(pool, file, false, &years) : NULL;
    bool current = false;
    if (asprintf(&path, "%s/%s", file->config->output.root, file->path) < 0)
        path = NULL;
    if (missing && path && looks_like_netcdf4(path)) {
        cn_door_enter();
        if (nc_open(path, NC_NOWRITE, &id) == NC_NOERR) {
            current = file_is_current(id, path, file, missing, years);
            nc_close(id);
        }
        cn_door_leave();
    }
    free(path);
    cn_pool_free(pool);
    return current;
}
