/*
 * A file's metadata as bytes, from a worker process to its parent. The worker has read a file that
 * may have damaged its memory. So the parent checks again all that the program relies on, and
 * computes again what follows from other parts. Reads no file.
 */
#include "catalog/file_archive.h"

#include "base/error.h"
#include "catalog/attributes.h"
#include "catalog/axes.h"
#include "catalog/packing.h"
#include "catalog/storage.h"
#include "catalog/time_axis.h"

#include <stdlib.h>

enum { MOST_GRID_VARIABLES = 64 };

/* Carries the number of items. Returns: when unpacking, zeroed items to fill in; else NULL. */
static void *carry_count(struct cn_archive *archive, size_t *count, size_t most, size_t size)
{
    cn_archive_count(archive, count);
    if (!archive->unpacking)
        return NULL;
    void *fresh = *count <= most ? cn_pool_alloc(archive->pool, *count, size) : NULL;
    if (!fresh) {
        archive->status = *count <= most ? CN_BAD_MACHINE : CN_BAD_INPUT;
        *count = 0;
    }
    return fresh;
}

static const double *carry_bounds(struct cn_archive *archive, const double *bounds, size_t count,
                                  size_t corners)
{
    bool is_there = bounds != NULL;
    size_t bytes;
    cn_archive_flag(archive, &is_there);
    if (__builtin_mul_overflow(corners, sizeof *bounds, &bytes))
        archive->status = CN_BAD_INPUT;
    return is_there ? cn_archive_array(archive, bounds, count, bytes) : NULL;
}

static void carry_filters(struct cn_archive *archive, struct cn_storage *storage)
{
    struct cn_filter *fresh =
        carry_count(archive, &storage->filter_count, CN_MAX_FILTERS, sizeof *fresh);
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
    if (archive->unpacking)
        storage->pipeline = fresh;
}

/* All numbers at once. Then what may not be any bytes: it replaces what they hold there. */
static void carry_storage(struct cn_archive *archive, struct cn_storage *storage)
{
    cn_archive_bytes(archive, storage, sizeof *storage);
    carry_filters(archive, storage);
    cn_archive_flag(archive, &storage->is_unsigned);
    cn_archive_flag(archive, &storage->big_endian);
    cn_archive_flag(archive, &storage->has_own_type);
    cn_archive_flag(archive, &storage->is_short);
    cn_archive_flag(archive, &storage->has_user_block);
    cn_archive_flag(archive, &storage->has_unfiltered_edges);
}

static const struct cn_attribute *
carry_attributes(struct cn_archive *archive, const struct cn_attribute *attributes, size_t *count)
{
    size_t bytes = 0;
    struct cn_attribute *fresh = carry_count(archive, count, CN_MAX_ATTRIBUTES, sizeof *fresh);
    for (size_t i = 0; i < *count && !archive->status; i++) {
        struct cn_attribute one = fresh ? fresh[i] : attributes[i];
        one.name = cn_archive_text(archive, one.name);
        cn_archive_bytes(archive, &one.type, sizeof one.type);
        cn_archive_count(archive, &one.length);
        /* no overflow: the archive has so many bytes */
        bytes += one.length * cn_type_bytes(one.type);
        if (!cn_type_bytes(one.type) || (fresh && bytes > CN_MAX_ATTRIBUTE_BYTES))
            archive->status = CN_BAD_INPUT;
        one.value = cn_archive_array(archive, one.value, one.length, cn_type_bytes(one.type));
        if (fresh)
            fresh[i] = one;
    }
    return fresh ? fresh : attributes;
}

static void carry_grid_variables(struct cn_archive *archive, struct cn_grid *grid)
{
    const size_t counts[] = {grid->row_count, grid->column_count, 1};
    struct cn_grid_variable *fresh =
        carry_count(archive, &grid->variable_count, MOST_GRID_VARIABLES, sizeof *fresh);
    for (size_t k = 0; k < grid->variable_count && !archive->status; k++) {
        struct cn_grid_variable one = fresh ? fresh[k] : grid->variables[k];
        size_t along = one.along, bytes;
        one.name = cn_archive_text(archive, one.name);
        cn_archive_bytes(archive, &one.type, sizeof one.type);
        cn_archive_bytes(archive, &along, sizeof along);
        cn_archive_count(archive, &one.width);
        if (along > CN_SCALAR || !one.width || !cn_type_bytes(one.type) ||
            __builtin_mul_overflow(one.width, cn_type_bytes(one.type), &bytes)) {
            archive->status = CN_BAD_INPUT;
            return;
        }
        one.along = (enum cn_along)along;
        one.values = cn_archive_array(archive, one.values, counts[along], bytes);
        one.attributes = carry_attributes(archive, one.attributes, &one.attribute_count);
        if (fresh)
            fresh[k] = one;
    }
    if (archive->unpacking)
        grid->variables = fresh;
}

/* Of other grids than regular ones. */
static void carry_names(struct cn_archive *archive, struct cn_grid *grid)
{
    for (int d = 0; d < 2; d++)
        grid->dim_names[d] = cn_archive_text(archive, grid->dim_names[d]);
    grid->lat_name = cn_archive_text(archive, grid->lat_name);
    grid->lon_name = cn_archive_text(archive, grid->lon_name);
    grid->mapping_name = cn_archive_text(archive, grid->mapping_name);
    cn_archive_bytes(archive, &grid->corner_count, sizeof grid->corner_count);
}

static void carry_grid(struct cn_archive *archive, struct cn_grid *grid)
{
    size_t kind = grid->kind;
    cn_archive_bytes(archive, &kind, sizeof kind);
    if (kind > CN_UNSTRUCTURED)
        archive->status = CN_BAD_INPUT;
    grid->kind = kind > CN_UNSTRUCTURED ? CN_REGULAR : (enum cn_grid_kind)kind;
    cn_archive_count(archive, &grid->row_count);
    cn_archive_count(archive, &grid->column_count);
    if (grid->kind != CN_REGULAR)
        carry_names(archive, grid);
    carry_grid_variables(archive, grid);
    const size_t lats = cn_grid_lats(grid), lons = cn_grid_lons(grid);
    grid->lat = cn_archive_array(archive, grid->lat, lats, sizeof *grid->lat);
    grid->lon = cn_archive_array(archive, grid->lon, lons, sizeof *grid->lon);
    grid->lat_bounds = carry_bounds(archive, grid->lat_bounds, lats, cn_grid_corners(grid));
    grid->lon_bounds = carry_bounds(archive, grid->lon_bounds, lons, cn_grid_corners(grid));
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

static void carry_other_dims(struct cn_archive *archive, struct cn_file *file)
{
    struct cn_other_dim *fresh =
        carry_count(archive, &file->other_dim_count, CN_MAX_DIMS, sizeof *fresh);
    for (size_t k = 0; k < file->other_dim_count && !archive->status; k++) {
        struct cn_other_dim one = fresh ? fresh[k] : file->other_dims[k];
        cn_archive_bytes(archive, &one.length, sizeof one.length);
        one.name = cn_archive_text(archive, one.name);
        one.values = cn_archive_text(archive, one.values);
        one.entry = cn_archive_text(archive, one.entry);
        one.read = cn_archive_text(archive, one.read);
        if (fresh)
            fresh[k] = one;
    }
    if (archive->unpacking)
        file->other_dims = fresh;
}

static void carry_all(struct cn_archive *archive, struct cn_file *file)
{
    cn_archive_bytes(archive, &file->size, sizeof file->size);
    cn_archive_bytes(archive, &file->mtime_ns, sizeof file->mtime_ns);
    cn_archive_bytes(archive, &file->calendar, sizeof file->calendar);
    file->time_units = cn_archive_text(archive, file->time_units);
    carry_days(archive, file);
    cn_archive_flag(archive, &file->end_stamped);
    cn_archive_flag(archive, &file->ends_at_midnight);
    carry_grid(archive, &file->grid);
    carry_storage(archive, &file->storage);
    carry_other_dims(archive, file);
    file->variable = cn_archive_text(archive, file->variable);
    file->left_out = cn_archive_text(archive, file->left_out);
    file->lost_coordinate = cn_archive_text(archive, file->lost_coordinate);
    file->attributes = carry_attributes(archive, file->attributes, &file->attribute_count);
    file->lat_attributes =
        carry_attributes(archive, file->lat_attributes, &file->lat_attribute_count);
    file->lon_attributes =
        carry_attributes(archive, file->lon_attributes, &file->lon_attribute_count);
    file->grid_mapping_attributes = carry_attributes(archive, file->grid_mapping_attributes,
                                                     &file->grid_mapping_attribute_count);
#define CARRY_TEXT(member, ...) file->member = cn_archive_text(archive, file->member);
    CN_FILE_TEXTS(CARRY_TEXT)
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
    cn_archive_flag(archive, &file->is_sound);
    if (file->is_sound)
        file->failure = cn_archive_text(archive, file->failure);
    else
        carry_all(archive, file);
    enum cn_status status = archive->status;
    if (!status && archive->unpacking && !file->is_sound &&
        (archive->at != archive->count || !cn_time_axis_is_valid(file) ||
         cn_grid_check(&file->grid, error) || derive_rest(file, error) ||
         !cn_storage_is_valid(file)))
        status = CN_BAD_INPUT;
    if (status == CN_BAD_MACHINE)
        cn_fail_memory(error, "a file's metadata");
    if (status && archive->unpacking)
        cn_files_free(file, 1);
    return status;
}
