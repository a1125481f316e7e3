/*
 * Compares an existing output file with the one that would be made now. Nothing in the file is
 * trusted.
 */
#include "sink/up_to_date.h"

#include "base/io.h"
#include "base/netcdf_constants.h"
#include "base/pool.h"
#include "catalog/attributes.h"
#include "guard/hdf5_lock.h"
#include "sink/stored.h"

#include <fcntl.h>
#include <netcdf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether it is a regular file that begins as HDF5 does. Nothing else is given to netCDF-C. */
static bool begins_as_hdf5(int descriptor)
{
    char start[CN_HDF5_SIGNATURE_BYTES];
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
           cn_pread_full(descriptor, start, sizeof start, 0) == CN_HDF5_SIGNATURE_BYTES &&
           memcmp(start, CN_HDF5_SIGNATURE, sizeof start) == 0;
}

/* Whether the attributes that say what a file was made from are those of the list. */
static bool has_same_origin(int id, const struct cn_attributes *list)
{
    static const char *const names[] = {"climnorm_config_digest", "climnorm_inputs_digest",
                                        "number_of_years", "missing_source_years"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct cn_attribute *expected = cn_attribute_find(list->items, list->count, names[i]);
        if (expected ? !cn_is_attribute_stored(id, NC_GLOBAL, expected)
                     : nc_inq_attid(id, NC_GLOBAL, names[i], NULL) == NC_NOERR)
            return false;
    }
    return true;
}

/* Whether the file has every variable, and of each field a chunk for each day slot. */
static bool is_complete(int id, const char *path, const struct cn_metadata *metadata)
{
    int number;
    for (size_t v = 0; v < metadata->count; v++) {
        const struct cn_file_variable *variable = &metadata->variables[v];
        if (!cn_is_variable_stored(id, metadata, variable, &number) ||
            (variable->rank == 3 &&
             cn_count_chunks(path, variable->name) != metadata->dim_lengths[CN_DIM_DAYOFYEAR]))
            return false;
    }
    return true;
}

bool cn_sink_is_up_to_date(const struct cn_normal_file *file)
{
    int id;
    bool is_current = false;
    struct cn_metadata metadata;
    struct cn_normal_file planned = *file;
    planned.year_used = NULL;
    struct cn_pool *pool = cn_pool_new();
    const char *path =
        pool ? cn_pool_printf(pool, "%s/%s", file->config->output.root, file->path) : NULL;
    int descriptor = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (descriptor >= 0 && begins_as_hdf5(descriptor) &&
        !cn_metadata_build(pool, &planned, NULL, NULL, &metadata, NULL)) {
        char text[CN_DESCRIPTOR_PATH_BYTES];
        path = cn_descriptor_path(descriptor, path, text);
        cn_hdf5_lock();
        if (nc_open(path, NC_NOWRITE, &id) == NC_NOERR) {
            is_current = has_same_origin(id, &metadata.variables[0].attributes) &&
                         is_complete(id, path, &metadata);
            nc_close(id);
        }
        cn_hdf5_unlock();
    }
    if (descriptor >= 0)
        close(descriptor);
    cn_pool_free(pool);
    return is_current;
}
