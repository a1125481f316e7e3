/*
 * Handing a file's metadata over. The child has read a file that may have damaged its memory, so
 * all that the program relies on is checked again; what follows from other parts is not carried but
 * found again. Reads no file.
 */
#include "catalog/handover.h"

#include "catalog/attributes.h"
#include "catalog/axes.h"
#include "catalog/instants.h"
#include "catalog/packing.h"
#include "catalog/storage.h"

static const double *carry_numbers(struct cn_parcel *parcel, const double *numbers, size_t count,
                                   size_t each)
{
    bool is_there = numbers != NULL;
    cn_parcel_carry_flag(parcel, &is_there);
    return is_there ? cn_parcel_carry_array(parcel, numbers, count, each * sizeof *numbers) : NULL;
}

static void carry_grid(struct cn_parcel *parcel, struct cn_grid *grid)
{
    cn_parcel_carry_count(parcel, &grid->lat_count);
    cn_parcel_carry_count(parcel, &grid->lon_count);
    grid->lat = carry_numbers(parcel, grid->lat, grid->lat_count, 1);
    grid->lon = carry_numbers(parcel, grid->lon, grid->lon_count, 1);
    grid->lat_bounds = carry_numbers(parcel, grid->lat_bounds, grid->lat_count, 2);
    grid->lon_bounds = carry_numbers(parcel, grid->lon_bounds, grid->lon_count, 2);
}

static void carry_storage(struct cn_parcel *parcel, struct cn_storage *storage)
{
    cn_parcel_carry(parcel, &storage->layout, sizeof storage->layout);
    cn_parcel_carry(parcel, &storage->rank, sizeof storage->rank);
    cn_parcel_carry(parcel, storage->shape, sizeof storage->shape);
    cn_parcel_carry(parcel, storage->chunk, sizeof storage->chunk);
    cn_parcel_carry(parcel, &storage->time_dim, sizeof storage->time_dim);
    cn_parcel_carry(parcel, &storage->lat_dim, sizeof storage->lat_dim);
    cn_parcel_carry(parcel, &storage->lon_dim, sizeof storage->lon_dim);
    cn_parcel_carry(parcel, &storage->type, sizeof storage->type);
    cn_parcel_carry(parcel, &storage->value_bytes, sizeof storage->value_bytes);
    cn_parcel_carry_flag(parcel, &storage->big_endian);
    cn_parcel_carry(parcel, storage->pipeline, sizeof storage->pipeline);
    cn_parcel_carry(parcel, &storage->filter_count, sizeof storage->filter_count);
    cn_parcel_carry(parcel, &storage->begin, sizeof storage->begin);
    cn_parcel_carry(parcel, &storage->step, sizeof storage->step);
    cn_parcel_carry(parcel, storage->filters, sizeof storage->filters);
    cn_parcel_carry(parcel, storage->not_parallel, sizeof storage->not_parallel);
}

static const struct cn_attribute *
carry_attributes(struct cn_parcel *parcel, const struct cn_attribute *attributes, size_t *count)
{
    struct cn_attribute *fresh = NULL;
    size_t bytes = 0;
    cn_parcel_carry_count(parcel, count);
    if (parcel->unpacking) {
        if (*count > CN_MAX_ATTRIBUTES) {
            parcel->status = CN_BAD_INPUT;
            *count = 0;
        }
        fresh = cn_pool_alloc(parcel->pool, *count, sizeof *fresh);
        if (!fresh)
            parcel->status = CN_BAD_MACHINE;
    }
    for (size_t i = 0; i < *count && !parcel->status; i++) {
        struct cn_attribute one = fresh ? fresh[i] : attributes[i];
        one.name = cn_parcel_carry_text(parcel, one.name);
        cn_parcel_carry(parcel, &one.type, sizeof one.type);
        cn_parcel_carry_count(parcel, &one.length);
        bytes += one.length * cn_type_bytes(one.type); /* both small: the parcel has the length */
        if (!cn_type_bytes(one.type) || (fresh && bytes > CN_MAX_ATTRIBUTE_BYTES))
            parcel->status = CN_BAD_INPUT;
        one.value = cn_parcel_carry_array(parcel, one.value, one.length, cn_type_bytes(one.type));
        if (fresh)
            fresh[i] = one;
    }
    return fresh ? fresh : attributes;
}

static void carry_all(struct cn_parcel *parcel, struct cn_file *file)
{
    cn_parcel_carry(parcel, &file->size, sizeof file->size);
    cn_parcel_carry(parcel, &file->mtime_ns, sizeof file->mtime_ns);
    cn_parcel_carry(parcel, &file->device, sizeof file->device);
    cn_parcel_carry(parcel, &file->inode, sizeof file->inode);
    cn_parcel_carry(parcel, &file->calendar, sizeof file->calendar);
    file->time_units = cn_parcel_carry_text(parcel, file->time_units);
    cn_parcel_carry_count(parcel, &file->time_count);
    file->days = cn_parcel_carry_array(parcel, file->days, file->time_count, sizeof *file->days);
    cn_parcel_carry_flag(parcel, &file->end_stamped);
    carry_grid(parcel, &file->grid);
    carry_storage(parcel, &file->storage);
    file->variable = cn_parcel_carry_text(parcel, file->variable);
    file->attributes = carry_attributes(parcel, file->attributes, &file->attribute_count);
    file->lat_attributes =
        carry_attributes(parcel, file->lat_attributes, &file->lat_attribute_count);
    file->lon_attributes =
        carry_attributes(parcel, file->lon_attributes, &file->lon_attribute_count);
    file->institution = cn_parcel_carry_text(parcel, file->institution);
    file->source = cn_parcel_carry_text(parcel, file->source);
    file->history = cn_parcel_carry_text(parcel, file->history);
}

/* What is not carried. */
static enum cn_status complete(struct cn_file *file, struct cn_error *error)
{
    const char *units = cn_attribute_text(file->attributes, file->attribute_count, "units");
    file->units = units ? units : "";
    file->several_a_day = false;
    for (size_t i = 1; i < file->time_count; i++)
        file->several_a_day |= file->days[i] == file->days[i - 1];
    return cn_packing_read(file->attributes, file->attribute_count, file->storage.type,
                           &file->packing, &file->storage.is_unsigned, error);
}

enum cn_status cn_file_carry(struct cn_parcel *parcel, struct cn_file *file, struct cn_error *error)
{
    carry_all(parcel, file);
    if (parcel->status == CN_BAD_MACHINE)
        return cn_fail_memory(error, "a file's metadata");
    if (!parcel->unpacking)
        return CN_OK;
    if (parcel->status || parcel->at != parcel->count || !cn_instants_are_sound(file) ||
        !file->grid.lat || !file->grid.lon || cn_grid_check(&file->grid, error) ||
        complete(file, error) || !cn_storage_is_sound(file))
        return CN_BAD_INPUT;
    return CN_OK;
}
