/*
 * Cells after CF 1.8: sections 4 (coordinates), 5 (auxiliary coordinates, grid mappings) and 7.1
 * (bounds). What is not of a regular grid keeps the names that the source has.
 */
#include "sink/cells.h"

#include "base/netcdf_constants.h"
#include "base/utf8.h"
#include "catalog/attributes.h"

#include <math.h>
#include <netcdf.h>
#include <string.h>

#define REGULAR_MAPPING "crs" /* the name of the grid mapping variable of a regular grid */

static void add_axis(struct cn_metadata *metadata, const struct cn_attribute *source, size_t count,
                     int dim, const double *values, const char *name, const char *standard_name,
                     const char *units, const char *axis, const char *bounds)
{
    struct cn_file_variable *variable = cn_metadata_add(metadata, name, NC_DOUBLE, 1, &dim);
    struct cn_attributes *list = &variable->attributes;
    variable->shared_values = values;
    cn_copy_attributes(list, source, count);
    cn_set_text(list, "standard_name", standard_name);
    if (!cn_says_something(cn_attribute_text(source, count, "long_name")))
        cn_set_text(list, "long_name", standard_name);
    cn_set_text(list, "units", units);
    cn_set_text(list, "axis", axis);
    if (bounds)
        cn_set_text(list, "bounds", bounds);
    cn_end_shared(list);
}

static void add_axis_bounds(struct cn_metadata *metadata, const char *name, int dim, int bnds,
                            const double *values)
{
    if (values)
        cn_metadata_add(metadata, name, NC_DOUBLE, 2, (int[]){dim, bnds})->shared_values = values;
}

/* The source's, if it has one. Else nothing is claimed but the kind of coordinates: tools then take
 * their own default datum. */
static void add_latitude_longitude(struct cn_metadata *metadata, const struct cn_file *newest)
{
    static const int zero = 0;
    struct cn_file_variable *crs = cn_metadata_add(metadata, REGULAR_MAPPING, NC_INT, 0, NULL);
    crs->shared_values = &zero;
    cn_copy_attributes(&crs->attributes, newest->grid_mapping_attributes,
                       newest->grid_mapping_attribute_count);
    cn_set_text(&crs->attributes, "grid_mapping_name", "latitude_longitude");
    cn_end_shared(&crs->attributes);
}

static void add_axes(struct cn_metadata *metadata, const struct cn_normals_file *file,
                     const struct cn_file_dims *dims, const struct cn_file *newest)
{
    const struct cn_region_cells *region = file->region;
    add_axis(metadata, newest->lat_attributes, newest->lat_attribute_count, dims->cells[0],
             region->lat, "lat", "latitude", "degrees_north", "Y",
             region->lat_bounds ? "lat_bnds" : NULL);
    add_axis(metadata, newest->lon_attributes, newest->lon_attribute_count, dims->cells[1],
             region->lon, "lon", "longitude", "degrees_east", "X",
             region->lon_bounds ? "lon_bnds" : NULL);
    add_axis_bounds(metadata, "lat_bnds", dims->cells[0], dims->bnds, region->lat_bounds);
    add_axis_bounds(metadata, "lon_bnds", dims->cells[1], dims->bnds, region->lon_bounds);
    add_latitude_longitude(metadata, newest);
}

/* Names that output files use themselves; and those that begin as these do. */
static const char *const own_names[] = {
    "time",         "dayofyear", "climatology_time", "climatology_bnds",     "bnds",
    "target_year",  "threshold", "source_years",     "missing_source_years", "source_versions",
    "source_files", "scenario",  "vertices",         "number_of_years"};

static const char *const regular_names[] = {"lat", "lon", "lat_bnds", "lon_bnds", REGULAR_MAPPING};

/* Whether a name may be that of a field, which is added later: see name_fields. */
static bool is_field_name(const struct cn_normals_file *file, const char *name)
{
    const char *variable = file->variable->name, *product = file->product->name;
    const size_t length = strlen(variable);
    if (strncmp(name, variable, length) != 0)
        return false;
    const char *end = name + length;
    if (!*end || strcmp(end, "_count") == 0)
        return true;
    if (*end++ != '_')
        return false;
    for (; *product && *end == (*product == '-' ? '_' : *product); product++)
        end++;
    return !*product && (!*end || strcmp(end, "_count") == 0);
}

static bool is_own_name(const struct cn_normals_file *file, const char *name)
{
    const bool is_regular = file->variable->grid.kind == CN_REGULAR;
    bool is_own = is_field_name(file, name) || strncmp(name, "strlen_", 7) == 0;
    for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
        is_own |= strcmp(name, own_names[i]) == 0;
    for (size_t i = 0; is_regular && i < sizeof regular_names / sizeof *regular_names; i++)
        is_own |= strcmp(name, regular_names[i]) == 0;
    return is_own;
}

/* A name of the source, changed if an output file uses it otherwise. What gets it is a dimension,
 * or a variable of dims[rank]. NULL: out of memory. */
static const char *free_name(struct cn_metadata *metadata, const struct cn_normals_file *file,
                             const char *name, int rank, const int *dims)
{
    while (name && *name &&
           (is_own_name(file, name) || cn_metadata_has(metadata, name, rank, dims)))
        name = cn_pool_printf(metadata->pool, "source_%s", name);
    return name;
}

void cn_add_cell_dims(struct cn_metadata *metadata, const struct cn_normals_file *file,
                      struct cn_file_dims *dims)
{
    const struct cn_grid *grid = &file->variable->grid;
    const bool is_regular = grid->kind == CN_REGULAR;
    const size_t shape[] = {file->region->row_count, file->region->column_count};
    dims->cell_rank = 0;
    for (int d = 0; d < 2; d++) {
        const char *name =
            is_regular ? regular_names[d] : free_name(metadata, file, grid->dim_names[d], 0, NULL);
        metadata->variables[0].attributes.failed |= !name;
        if (name && *name)
            dims->cells[dims->cell_rank++] =
                cn_metadata_add_dim(metadata, (struct cn_file_dim){name, shape[d]});
    }
    dims->bnds = cn_metadata_add_dim(metadata, (struct cn_file_dim){"bnds", 2});
}

const char *cn_append_name(struct cn_pool *pool, const char *names, const char *name)
{
    return !names || !name ? NULL : *names ? cn_pool_printf(pool, "%s %s", names, name) : name;
}

/* --- cells with places of their own --- */

/* Copies numbers, with the fill value for NaN. *has_missing: some are. */
static const double *fill_missing(struct cn_pool *pool, const double *values, size_t count,
                                  bool *has_missing)
{
    double *copy = cn_pool_alloc(pool, count, sizeof *copy);
    *has_missing = false;
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = isnan(values[i]) ? (double)CN_FILL_VALUE : values[i];
        *has_missing |= isnan(values[i]);
    }
    return copy;
}

/* Of latitudes or longitudes, and of their bounds. */
struct places {
    const char *name, *standard_name, *units;
    const double *values, *bounds;
    const struct cn_attribute *source;
    size_t source_count;
};

static void add_place_bounds(struct cn_metadata *metadata, const struct cn_normals_file *file,
                             const struct cn_file_dims *dims, int corners,
                             const struct places *places, const char *name)
{
    static const double fill = (double)CN_FILL_VALUE;
    const struct cn_region_cells *region = file->region;
    const size_t count =
        region->row_count * region->column_count * file->variable->grid.corner_count;
    int shape[CN_MAX_FILE_RANK] = {dims->cells[0], dims->cells[1]};
    bool has_missing;
    shape[dims->cell_rank] = corners;
    struct cn_file_variable *bounds =
        cn_metadata_add(metadata, name, NC_DOUBLE, dims->cell_rank + 1, shape);
    bounds->shared_values = fill_missing(metadata->pool, places->bounds, count, &has_missing);
    bounds->attributes.failed |= !bounds->shared_values;
    if (has_missing)
        cn_set_value(&bounds->attributes, "_FillValue", NC_DOUBLE, 1, &fill);
    cn_end_shared(&bounds->attributes);
}

/* Returns their name; NULL: out of memory. */
static const char *add_places(struct cn_metadata *metadata, const struct cn_normals_file *file,
                              const struct cn_file_dims *dims, int corners,
                              const struct places *places)
{
    static const double fill = (double)CN_FILL_VALUE;
    const struct cn_region_cells *region = file->region;
    const char *name = free_name(metadata, file, places->name, dims->cell_rank, dims->cells);
    if (!name)
        return NULL;
    struct cn_file_variable *variable =
        cn_metadata_add(metadata, name, NC_DOUBLE, dims->cell_rank, dims->cells);
    struct cn_attributes *list = &variable->attributes;
    bool has_missing;
    variable->shared_values = fill_missing(metadata->pool, places->values,
                                           region->row_count * region->column_count, &has_missing);
    list->failed |= !variable->shared_values;
    cn_copy_attributes(list, places->source, places->source_count);
    cn_remove_attribute(list, "axis"); /* of coordinate variables alone */
    cn_set_text(list, "standard_name", places->standard_name);
    if (!cn_says_something(cn_attribute_text(places->source, places->source_count, "long_name")))
        cn_set_text(list, "long_name", places->standard_name);
    cn_set_text(list, "units", places->units);
    if (has_missing)
        cn_set_value(list, "_FillValue", NC_DOUBLE, 1, &fill);
    const char *bounds =
        places->bounds
            ? free_name(metadata, file, cn_pool_printf(metadata->pool, "%s_bnds", name), 0, NULL)
            : NULL;
    list->failed |= places->bounds && !bounds;
    if (bounds)
        cn_set_text(list, "bounds", bounds);
    cn_end_shared(list);
    if (bounds)
        add_place_bounds(metadata, file, dims, corners, places, bounds);
    return name;
}

static const char *add_all_places(struct cn_metadata *metadata, const struct cn_normals_file *file,
                                  const struct cn_file_dims *dims, const struct cn_file *newest)
{
    const struct cn_grid *grid = &file->variable->grid;
    const struct cn_region_cells *region = file->region;
    const struct places all[] = {
        {grid->lat_name, "latitude", "degrees_north", region->lat, region->lat_bounds,
         newest->lat_attributes, newest->lat_attribute_count},
        {grid->lon_name, "longitude", "degrees_east", region->lon, region->lon_bounds,
         newest->lon_attributes, newest->lon_attribute_count}};
    const char *names = "";
    int corners = 0;
    if (region->lat_bounds)
        corners =
            cn_metadata_add_dim(metadata, (struct cn_file_dim){"vertices", grid->corner_count});
    for (int axis = 0; axis < 2; axis++)
        names = cn_append_name(metadata->pool, names,
                               add_places(metadata, file, dims, corners, &all[axis]));
    return names;
}

/* --- coordinates that are kept as they are --- */

/* The values of the region's rows or columns. NULL: out of memory. */
static const void *take_kept(struct cn_pool *pool, const struct cn_region_cells *region,
                             const struct cn_grid_variable *kept)
{
    const bool is_of_rows = kept->along == CN_ALONG_ROWS;
    const struct cn_run *runs = is_of_rows ? region->row_runs : region->column_runs;
    const size_t count = is_of_rows ? region->row_run_count : region->column_run_count;
    const size_t bytes = kept->width * cn_type_bytes(kept->type);
    if (kept->along == CN_SCALAR)
        return kept->values;
    char *values =
        cn_pool_alloc(pool, is_of_rows ? region->row_count : region->column_count, bytes);
    for (size_t k = 0; values && k < count; k++)
        memcpy(values + runs[k].place * bytes, (const char *)kept->values + runs[k].source * bytes,
               runs[k].count * bytes);
    return values;
}

static size_t count_text_bytes(const struct cn_metadata *metadata,
                               const struct cn_file_variable *variable)
{
    size_t count = 1;
    for (int d = 0; d < variable->rank; d++)
        count *= metadata->dims[variable->dims[d]].length;
    return count;
}

/* Whether bytes are UTF-8. */
static bool is_utf8(const char *bytes, size_t count)
{
    char text[5];
    for (size_t i = 0; i < count;) {
        const char *at = text;
        const size_t left = count - i < 4 ? count - i : 4;
        memcpy(text, bytes + i, left);
        text[left] = '\0';
        if (text[0] && cn_utf8_next(&at) == CN_NOT_UTF8)
            return false;
        i += text[0] ? (size_t)(at - text) : 1;
    }
    return true;
}

/* Adds one, and its name to *names if it is auxiliary. */
static void add_kept(struct cn_metadata *metadata, const struct cn_normals_file *file,
                     const struct cn_file_dims *dims, const struct cn_grid_variable *kept,
                     const char **names)
{
    struct cn_pool *pool = metadata->pool;
    int shape[2] = {0}, rank = 0;
    if (kept->along != CN_SCALAR)
        shape[rank++] = dims->cells[kept->along == CN_ALONG_ROWS ? 0 : dims->cell_rank - 1];
    const char *name = free_name(metadata, file, kept->name, rank, shape);
    char *length = name ? cn_pool_printf(pool, "strlen_%s", name) : NULL;
    if (!length) {
        *names = NULL;
        return;
    }
    const bool is_main = rank && strcmp(metadata->dims[shape[0]].name, name) == 0;
    if (kept->type == NC_CHAR)
        shape[rank++] = cn_metadata_add_dim(metadata, (struct cn_file_dim){length, kept->width});
    struct cn_file_variable *variable = cn_metadata_add(metadata, name, kept->type, rank, shape);
    struct cn_attributes *list = &variable->attributes;
    variable->shared_values = take_kept(pool, file->region, kept);
    list->failed |= !variable->shared_values;
    cn_copy_attributes(list, kept->attributes, kept->attribute_count);
    const char *role = cn_attribute_text(kept->attributes, kept->attribute_count, "cf_role");
    if (role && strcmp(role, "timeseries_id") == 0) /* others are of forms that outputs lack */
        cn_set_text(list, "cf_role", role);
    if (!cn_says_something(
            cn_attribute_text(kept->attributes, kept->attribute_count, "standard_name")) &&
        !cn_says_something(cn_attribute_text(kept->attributes, kept->attribute_count, "long_name")))
        cn_set_text(list, "long_name", kept->name);
    const char *axis = cn_attribute_text(kept->attributes, kept->attribute_count, "axis");
    if (is_main && axis)
        cn_set_text(list, "axis", axis);
    /* xarray takes characters for bytes without it */
    if (kept->type == NC_CHAR && variable->shared_values &&
        is_utf8(variable->shared_values, count_text_bytes(metadata, variable)))
        cn_set_text(list, "_Encoding", "utf-8");
    cn_end_shared(list);
    if (!is_main)
        *names = cn_append_name(pool, *names, name);
}

static const char *add_mapping(struct cn_metadata *metadata, const struct cn_normals_file *file,
                               const struct cn_file *newest)
{
    static const int zero = 0;
    const char *name = free_name(metadata, file, file->variable->grid.mapping_name, 0, NULL);
    metadata->variables[0].attributes.failed |= !name;
    if (!name || !*name)
        return NULL;
    struct cn_file_variable *mapping = cn_metadata_add(metadata, name, NC_INT, 0, NULL);
    mapping->shared_values = &zero;
    cn_copy_attributes(&mapping->attributes, newest->grid_mapping_attributes,
                       newest->grid_mapping_attribute_count);
    cn_end_shared(&mapping->attributes);
    return name;
}

const char *cn_add_cells(struct cn_metadata *metadata, const struct cn_normals_file *file,
                         const struct cn_file_dims *dims, const struct cn_file *newest,
                         const char **mapping)
{
    const struct cn_grid *grid = &file->variable->grid;
    const char *names = "";
    if (grid->kind == CN_REGULAR) {
        add_axes(metadata, file, dims, newest);
        *mapping = REGULAR_MAPPING;
    } else {
        names = add_all_places(metadata, file, dims, newest);
        *mapping = add_mapping(metadata, file, newest);
    }
    for (size_t k = 0; k < grid->variable_count; k++)
        add_kept(metadata, file, dims, &grid->variables[k], &names);
    return names;
}
