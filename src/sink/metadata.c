/*
 * Lists of dimensions and variables. This file calls no netCDF function.
 */
#include "sink/metadata.h"

#include <string.h>

int cn_metadata_add_dim(struct cn_metadata *metadata, struct cn_file_dim dim)
{
    metadata->dims[metadata->dim_count] = dim;
    return (int)metadata->dim_count++;
}

bool cn_metadata_chunk(const struct cn_metadata *metadata, const struct cn_file_variable *variable,
                       size_t *chunk)
{
    bool is_chunked = variable->is_field;
    for (int d = 0; d < variable->rank; d++) {
        const struct cn_file_dim *dim = &metadata->dims[variable->dims[d]];
        is_chunked |= dim->is_unlimited;
        chunk[d] = variable->is_field ? variable->chunk[d] : dim->length;
    }
    return is_chunked;
}

bool cn_metadata_has(const struct cn_metadata *metadata, const char *name, int rank,
                     const int *dims)
{
    for (size_t v = 0; v < metadata->count; v++)
        if (strcmp(metadata->variables[v].name, name) == 0)
            return true;
    for (size_t d = 0; d < metadata->dim_count; d++) {
        bool is_own = false;
        for (int k = 0; k < rank; k++)
            is_own |= (size_t)dims[k] == d;
        if (!is_own && strcmp(metadata->dims[d].name, name) == 0)
            return true;
    }
    return false;
}

struct cn_file_variable *cn_metadata_add(struct cn_metadata *metadata, const char *name, int type,
                                         int rank, const int *dims)
{
    struct cn_file_variable *variable = &metadata->variables[metadata->count++];
    *variable = (struct cn_file_variable){
        .name = name, .type = type, .rank = rank, .attributes.pool = metadata->pool};
    if (rank)
        memcpy(variable->dims, dims, (size_t)rank * sizeof *dims);
    return variable;
}
