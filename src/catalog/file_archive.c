/*
 * A file's metadata as bytes, from a worker process to its parent. The worker has read a file that
 * may have damaged its memory. So the parent checks again all that the program relies on, and
 * computes again what follows from other parts. Reads no file.
 */
#include "catalog/file_archive.h"

#include "catalog/attributes.h"
#include "catalog/axes.h"
#include "catalog/packing.h"
#include "catalog/storage.h"
#include "catalog/time_axis.h"

#include <stdlib.h>

static const double *carry_numbers(struct cn_archive *archive, const double *numbers, size_t count,
                                   size_t each)
{
    bool is_there = numbers != NULL;
    cn_archive_flag(archive, &is_there);
    return is_there ? cn_archive_array(archive, numbers, count, each * sizeof *numbers) : NULL;
}

static void carry_grid(struct cn_archive *archive, struct cn_grid *grid)
{
    cn_archive_count(archive, &grid->lat_count);
    cn_archive_count(archive, &grid->lon_count);
    grid->lat = carry_numbers(archive, grid->lat, grid->lat_count, 1);
    grid->lon = carry_numbers(archive, grid->lon, grid->lon_count, 1);
    grid->lat_bounds = carry_numbers(archive, grid->lat_bounds, grid->lat_count, 2);
    grid->lon_bounds = carry_numbers(archive, grid->lon_bounds, grid->lon_count, 2);
}

static void carry_filters(struct cn_archive *archive, struct cn_storage *storage)
{
    struct cn_filter *fresh = NULL;
    cn_archive_count(archive, &storage->filter_count);
    if (archive->unpacking) {
        fresh = cn_pool_alloc(archive->pool, storage->filter_count, sizeof *fresh);
        if (!fresh && !archive->status)
            archive->status = CN_BAD_MACHINE;
    }
    for (size_t k = 0; k < storage->filter_count && !archive->status; k++) {
        struct cn_filter one = fresh ? fresh[k] : storage->pipeline[k];
        cn_archive_bytes(archive, &one.id, sizeof one.id);
        one.name = cn_archive_text(archive, one.name);
        cn_archive_count(archive, &one.parameter_count);
        one.parameters =
            cn_archive_array(archive, one.parameters, one.parameter_count, sizeof *one.parameters);
        if (fresh)
            fresh[k] = one;
    }
    if (fresh)
        storage->pipeline = fresh;
}

static void carry_storage(struct cn_archive *archive, struct cn_storage *storage)
{
    cn_archive_bytes(archive, &storage->layout, sizeof storage->layout);
    cn_archive_bytes(archive, &storage->rank, sizeof storage->rank);
    cn_archive_bytes(archive, storage->shape, sizeof storage->shape);
    cn_archive_bytes(archive, storage->chunk, sizeof storage->chunk);
    cn_archive_bytes(archive, &storage->time_dim, sizeof storage->time_dim);
    cn_archive_bytes(archive, &storage->lat_dim, sizeof storage->lat_dim);
    cn_archive_bytes(archive, &storage->lon_dim, sizeof storage->lon_dim);
    cn_archive_bytes(archive, &storage->type, sizeof storage->type);
    cn_archive_bytes(archive, &storage->value_bytes, sizeof storage->value_bytes);
    cn_archive_flag(archive, &storage->big_endian);
    carry_filters(archive, storage);
    cn_archive_bytes(archive, &storage->begin, sizeof storage->begin);
    cn_archive_bytes(archive, &storage->step, sizeof storage->step);
    cn_archive_flag(archive, &storage->has_own_type);
    cn_archive_flag(archive, &storage->is_short);
    cn_archive_flag(archive, &storage->has_user_block);
    cn_archive_flag(archive, &storage->has_unfiltered_edges);
}

static const struct cn_attribute *
carry_attributes(struct cn_archive *archive, const struct cn_attribute *attributes, size_t *count)
{
    struct cn_attribute *fresh = NULL;
    size_t bytes = 0;
    cn_archive_count(archive, count);
    if (archive->unpacking) {
        if (*count > CN_MAX_ATTRIBUTES) {
            archive->status = CN_BAD_INPUT;
            *count = 0;
        }
        fresh = cn_pool_alloc(archive->pool, *count, sizeof *fresh);
        if (!fresh)
            archive->status = CN_BAD_MACHINE;
    }
    for (size_t i = 0; i < *count && !archive->status; i++) {
        struct cn_attribute one = fresh ? fresh[i] : attributes[i];
        one.name = cn_archive_text(archive, one.name);
        cn_archive_bytes(archive, &one.type, sizeof one.type);
        cn_archive_count(archive, &one.length);
        bytes +=
            one.length * cn_type_bytes(one.type); /* no overflow: the archive has so many bytes */
        if (!cn_type_bytes(one.type) || (fresh && bytes > CN_MAX_ATTRIBUTE_BYTES))
            archive->status = CN_BAD_INPUT;
        one.value = cn_archive_array(archive, one.value, one.length, cn_type_bytes(one.type));
        if (fresh)
            fresh[i] = one;
    }
    return fresh ? fresh : attributes;
}

/* Unpacked days are not in the pool, so that cn_time_axes_add can free them. */
static void carry_days(struct cn_archive *archive, struct cn_file *file)
{
    cn_archive_count(archive, &file->time_count);
    const size_t bytes = file->time_count * sizeof *file->days;
    if (!archive->unpacking) {
        cn_archive_array(archive, file->days, bytes, 1);
        return;
    }
    int64_t *days = malloc(bytes + 1);
    if (days)
        cn_archive_bytes(archive, days, bytes);
    else
        archive->status = CN_BAD_MACHINE;
    file->days = days;
}

static void carry_all(struct cn_archive *archive, struct cn_file *file)
{
    cn_archive_bytes(archive, &file->size, sizeof file->size);
    cn_archive_bytes(archive, &file->mtime_ns, sizeof file->mtime_ns);
    cn_archive_bytes(archive, &file->device, sizeof file->device);
    cn_archive_bytes(archive, &file->inode, sizeof file->inode);
    cn_archive_bytes(archive, &file->calendar, sizeof file->calendar);
    file->time_units = cn_archive_text(archive, file->time_units);
    carry_days(archive, file);
    cn_archive_flag(archive, &file->end_stamped);
    carry_grid(archive, &file->grid);
    carry_storage(archive, &file->storage);
    file->variable = cn_archive_text(archive, file->variable);
    file->attributes = carry_attributes(archive, file->attributes, &file->attribute_count);
    file->lat_attributes =
        carry_attributes(archive, file->lat_attributes, &file->lat_attribute_count);
    file->lon_attributes =
        carry_attributes(archive, file->lon_attributes, &file->lon_attribute_count);
    file->institution = cn_archive_text(archive, file->institution);
    file->source = cn_archive_text(archive, file->source);
    file->history = cn_archive_text(archive, file->history);
}

/* Computes what is not carried. */
static enum cn_status derive_rest(struct cn_file *file, struct cn_error *error)
{
    const char *units = cn_attribute_text(file->attributes, file->attribute_count, "units");
    file->units = units ? units : "";
    file->subdaily = false;
    for (size_t i = 1; i < file->time_count; i++)
        file->subdaily |= file->days[i] == file->days[i - 1];
    return cn_packing_read(file->attributes, file->attribute_count, file->storage.type,
                           &file->packing, &file->storage.is_unsigned, error);
}

enum cn_status cn_archive_file(struct cn_archive *archive, struct cn_file *file,
                               struct cn_error *error)
{
    carry_all(archive, file);
    enum cn_status status = archive->status;
    if (!status && archive->unpacking &&
        (archive->at != archive->count || !cn_time_axis_is_valid(file) || !file->grid.lat ||
         !file->grid.lon || cn_grid_check(&file->grid, error) || derive_rest(file, error) ||
         !cn_storage_is_valid(file)))
        status = CN_BAD_INPUT;
    if (status == CN_BAD_MACHINE)
        cn_fail_memory(error, "a file's metadata");
    if (status && archive->unpacking)
        cn_files_free(file, 1);
    return status;
}
