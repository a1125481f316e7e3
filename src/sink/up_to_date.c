/*
 * Compares an existing output file with the one that would be made now. Nothing in the file is
 * trusted.
 */
#include "sink/up_to_date.h"

#include "base/io.h"
#include "base/netcdf_constants.h"
#include "climnorm/limits.h"
#include "guard/hdf5_lock.h"
#include "sink/chunks.h"
#include "sink/digest.h"
#include "sink/metadata.h"

#include <fcntl.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether it is a regular file that begins as HDF5 does. Nothing else is given to netCDF-C. */
static bool looks_like_netcdf4(const char *path)
{
    char start[CN_HDF5_SIGNATURE_BYTES];
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool looks = descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                 cn_pread_full(descriptor, start, sizeof start, 0) == CN_HDF5_SIGNATURE_BYTES &&
                 memcmp(start, CN_HDF5_SIGNATURE, sizeof start) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return looks;
}

static bool has_text(int id, const char *name, const char *expected)
{
    char text[8192]; /* missing_source_years */
    _Static_assert(sizeof text > 5 * CN_MAX_WINDOW, "five characters for each year");
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

/* Whether the file has every coordinate, and a chunk of each day slot. */
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
    return cn_count_chunks(path, file->variable->name) == slots &&
           (!file->config->output.counts || cn_count_chunks(path, count_name) == slots);
}

static bool matches_plan(int id, const char *path, const struct cn_normal_file *file,
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

bool cn_sink_is_up_to_date(const struct cn_normal_file *file)
{
    char *path = NULL;
    int id, years;
    struct cn_pool *pool = cn_pool_new();
    const char *missing = pool ? cn_missing_years(pool, file, false, &years) : NULL;
    bool current = false;
    if (asprintf(&path, "%s/%s", file->config->output.root, file->path) < 0)
        path = NULL;
    if (missing && path && looks_like_netcdf4(path)) {
        cn_hdf5_lock();
        if (nc_open(path, NC_NOWRITE, &id) == NC_NOERR) {
            current = matches_plan(id, path, file, missing, years);
            nc_close(id);
        }
        cn_hdf5_unlock();
    }
    free(path);
    cn_pool_free(pool);
    return current;
}
