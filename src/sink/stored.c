/*
 * Compares what a netCDF file has with what it should have. Nothing in the file is trusted.
 */
#include "sink/stored.h"

#include "catalog/attributes.h"

#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

bool cn_is_attribute_stored(int file, int variable, const struct cn_attribute *attribute)
{
    size_t length, bytes = attribute->length * cn_type_bytes(attribute->type);
    nc_type type;
    if (nc_inq_att(file, variable, attribute->name, &type, &length) != NC_NOERR ||
        type != attribute->type || length != attribute->length)
        return false;
    void *value = malloc(bytes + 1);
    bool is_same = value && nc_get_att(file, variable, attribute->name, value) == NC_NOERR &&
                   memcmp(value, attribute->value, bytes) == 0;
    free(value);
    return is_same;
}

bool cn_is_variable_stored(int file, const struct cn_metadata *metadata,
                           const struct cn_file_variable *variable, int *id)
{
    int rank, dims[NC_MAX_VAR_DIMS];
    nc_type type;
    size_t length;
    *id = NC_GLOBAL;
    if (!variable->type)
        return true;
    if (nc_inq_varid(file, variable->name, id) != NC_NOERR ||
        nc_inq_var(file, *id, NULL, &type, &rank, dims, NULL) != NC_NOERR ||
        type != variable->type || rank != variable->rank)
        return false;
    for (int d = 0; d < rank; d++)
        if (nc_inq_dimlen(file, dims[d], &length) != NC_NOERR ||
            (length != metadata->dims[variable->dims[d]].length &&
             !metadata->dims[variable->dims[d]].is_unlimited))
            return false;
    return true;
}
