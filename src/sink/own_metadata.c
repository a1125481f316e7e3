/*
 * Through HDF5 itself, which costs less time under its lock than netCDF-C would.
 */
#include "sink/own_metadata.h"

#include <netcdf.h>

/* Stores a text as netCDF-C does: as one string, or, where bytes of the file are to be replaced
 * later, as a string that HDF5 keeps apart. Or an int as an array of one element. */
static bool write_attribute(hid_t object, const struct cn_attribute *at)
{
    const hsize_t one = 1;
    bool is_string = at->type == NC_STRING;
    bool text = at->type == NC_CHAR || is_string, empty = text && at->length == 0;
    hid_t type = text ? H5Tcopy(H5T_C_S1) : H5Tcopy(H5T_NATIVE_INT);
    hid_t space =
        !text ? H5Screate_simple(1, &one, NULL) : H5Screate(empty ? H5S_NULL : H5S_SCALAR);
    bool sized = !text || empty ||
                 (type >= 0 && H5Tset_size(type, is_string ? H5T_VARIABLE : at->length) >= 0);
    hid_t attribute =
        sized ? H5Acreate2(object, at->name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
    const void *value = is_string ? (const void *)&at->value : at->value;
    bool put = attribute >= 0 && (empty || H5Awrite(attribute, type, value) >= 0);
    if (attribute >= 0 && H5Aclose(attribute) < 0)
        put = false;
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return put;
}

/* Where the chunks of all fields are. */
struct chunk_table {
    const struct cn_stored_chunk *chunks; /* [targets][count][fields] */
    size_t targets, fields, count;
};

/* Tells HDF5 where the chunks of a field are. */
static bool add_chunks(struct cn_image *image, hid_t dataset,
                       const struct cn_file_variable *variable, size_t field,
                       const struct chunk_table *table)
{
    const int slot_dim = variable->slot_dim;
    hsize_t offset[CN_MAX_FILE_RANK] = {0};
    for (size_t t = 0; t < table->targets; t++)
        for (size_t k = 0; k < table->count; k++) {
            const struct cn_stored_chunk *chunk =
                &table->chunks[(t * table->count + k) * table->fields + field];
            if (slot_dim)
                offset[0] = t;
            offset[slot_dim] = k * variable->chunk[slot_dim];
            if (!cn_image_add_chunk(image, dataset, offset, chunk->address, chunk->size))
                return false;
        }
    return true;
}

static bool write_values(hid_t dataset, const struct cn_file_variable *variable)
{
    hid_t type = variable->type == NC_CHAR  ? H5Dget_type(dataset)
                 : variable->type == NC_INT ? H5T_NATIVE_INT
                                            : H5T_NATIVE_DOUBLE;
    bool put = type >= 0 &&
               H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, variable->own_values) >= 0;
    if (variable->type == NC_CHAR && type >= 0)
        H5Tclose(type);
    return put;
}

/* Along a record dimension the skeleton's variables are empty. */
static bool extend(hid_t dataset, const struct cn_metadata *metadata,
                   const struct cn_file_variable *variable)
{
    hsize_t shape[CN_MAX_FILE_RANK];
    bool is_extended = false;
    for (int d = 0; d < variable->rank; d++) {
        shape[d] = metadata->dims[variable->dims[d]].length;
        is_extended |= metadata->dims[variable->dims[d]].is_unlimited;
    }
    return !is_extended || H5Dset_extent(dataset, shape) >= 0;
}

bool cn_own_metadata_write(struct cn_image *image, const struct cn_metadata *metadata,
                           const struct cn_stored_chunk *chunks, size_t target_count,
                           size_t chunk_count)
{
    const struct chunk_table table = {chunks, target_count, metadata->field_count, chunk_count};
    bool put = true;
    size_t field = 0;
    for (size_t v = 0; v < metadata->count && put; v++) {
        const struct cn_file_variable *variable = &metadata->variables[v];
        const struct cn_attributes *list = &variable->attributes;
        if (list->count == list->shared && !variable->own_values && !variable->is_field)
            continue;
        hid_t object = H5Oopen(image->file, variable->name, H5P_DEFAULT);
        put = object >= 0 && extend(object, metadata, variable);
        for (size_t i = list->shared; i < list->count && put; i++)
            put = write_attribute(object, &list->items[i]);
        if (variable->own_values && put)
            put = write_values(object, variable);
        if (variable->is_field && put)
            put = add_chunks(image, object, variable, field++, &table);
        if (object >= 0 && H5Oclose(object) < 0)
            put = false;
    }
    return put;
}
