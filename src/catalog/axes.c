/*
 * Axis detection and coordinate values through netCDF-C. What a file claims is checked here. What
 * the instants of a time axis mean is decided in time_axis.c.
 */
#include "catalog/axes.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/pool.h"
#include "catalog/attributes.h"
#include "catalog/degrees.h"
#include "catalog/packing.h"

#include <math.h>
#include <netcdf.h>
#include <string.h>

static const double LAT_SLACK_DEG = 1e-3; /* 90.00001 is a pole in float32 */
static const double MAX_LON_DEG = 720;

static const struct {
    const char *axis, *standard_name, *short_name, *units;
    enum cn_direction up, down; /* where numbers may grow */
} axis_rules[] = {
    [CN_AXIS_LAT] = {"Y", "latitude", "lat", "degrees_north", CN_NORTH, CN_SOUTH},
    [CN_AXIS_LON] = {"X", "longitude", "lon", "degrees_east", CN_EAST, CN_WEST},
    [CN_AXIS_TIME] = {"T", "time", "time", NULL, CN_NO_DIRECTION, CN_NO_DIRECTION},
};

enum criterion { BY_AXIS, BY_STANDARD_NAME, BY_UNITS, BY_NAME, CRITERIA };

static const char *coordinate_text(const struct cn_coordinate *coordinate, const char *name)
{
    return cn_attribute_text(coordinate->attributes, coordinate->attribute_count, name);
}

static bool matches_axis(const struct cn_coordinate *coordinate, enum cn_axis axis,
                         enum criterion criterion)
{
    const char *text;
    enum cn_direction direction;
    switch (criterion) {
    case BY_AXIS:
        text = coordinate_text(coordinate, "axis");
        return text && cn_equal_ascii(text, axis_rules[axis].axis);
    case BY_STANDARD_NAME:
        text = coordinate_text(coordinate, "standard_name");
        return text && cn_equal_ascii(text, axis_rules[axis].standard_name);
    case BY_UNITS:
        text = coordinate_text(coordinate, "units");
        if (axis == CN_AXIS_TIME)
            return text && strcasestr(text, " since ");
        return text && cn_degrees_parse(text, &direction) && direction != CN_NO_DIRECTION &&
               (direction == axis_rules[axis].up || direction == axis_rules[axis].down);
    default:
        return cn_equal_ascii(coordinate->name, axis_rules[axis].short_name) ||
               cn_equal_ascii(coordinate->name, axis_rules[axis].standard_name);
    }
}

/* The attribute `axis` alone does not say so: coordinates of map projections have it, too. */
bool cn_is_geographic(const struct cn_coordinate *coordinate, enum cn_axis axis)
{
    return matches_axis(coordinate, axis, BY_STANDARD_NAME) ||
           matches_axis(coordinate, axis, BY_UNITS) || matches_axis(coordinate, axis, BY_NAME);
}

enum cn_status cn_coordinate_read(const struct cn_nc_file *nc, int varid,
                                  struct cn_coordinate *coordinate, struct cn_error *error)
{
    char name[NC_MAX_NAME + 1];
    nc_type type;
    int dimids[NC_MAX_VAR_DIMS], rank,
        code = nc_inq_var(nc->ncid, varid, name, &type, &rank, dimids, NULL);
    *coordinate = (struct cn_coordinate){.varid = varid, .rank = -1, .length = 1};
    if (code == NC_NOERR && (rank > 3 || type == NC_CHAR || !cn_type_bytes(type)))
        return CN_OK;
    for (int d = 0; d < rank && code == NC_NOERR; d++) {
        size_t length = 0;
        coordinate->dimids[d] = dimids[d];
        code = nc_inq_dimlen(nc->ncid, dimids[d], &length);
        if (__builtin_mul_overflow(coordinate->length, length, &coordinate->length))
            return CN_OK;
    }
    if (code != NC_NOERR)
        return cn_fail_netcdf(error, "a coordinate cannot be read", code);
    coordinate->type = type;
    coordinate->rank = rank;
    coordinate->name = cn_pool_strdup(nc->pool, name);
    if (!coordinate->name)
        return cn_fail_memory(error, "coordinates");
    struct cn_attribute *attributes = NULL;
    enum cn_status status = cn_attributes_read(nc->pool, nc->ncid, varid, &attributes,
                                               &coordinate->attribute_count, error);
    coordinate->attributes = attributes;
    return status;
}

/* Whether it has the name of its dimension. */
static bool is_main_coordinate(const struct cn_nc_file *nc, const struct cn_coordinate *coordinate)
{
    char dimension[NC_MAX_NAME + 1];
    return nc_inq_dimname(nc->ncid, coordinate->dimids[0], dimension) == NC_NOERR &&
           strcmp(coordinate->name, dimension) == 0;
}

enum cn_status cn_nc_file_read(struct cn_pool *pool, int ncid, struct cn_nc_file *nc,
                               struct cn_error *error)
{
    *nc = (struct cn_nc_file){.pool = pool, .ncid = ncid};
    int code = nc_inq_nvars(ncid, &nc->variable_count);
    if (code != NC_NOERR)
        return cn_fail_netcdf(error, "variables cannot be listed", code);
    if (nc->variable_count < 0 || nc->variable_count > CN_MAX_VARIABLES)
        return cn_fail(error, CN_BAD_INPUT, "holds %d variables; at most %d are accepted",
                       nc->variable_count, CN_MAX_VARIABLES);
    size_t count = (size_t)nc->variable_count, last = count;
    struct cn_coordinate *found = cn_pool_alloc(pool, count, sizeof *found);
    if (!found)
        return cn_fail_memory(error, "coordinates");
    for (int varid = 0; varid < nc->variable_count; varid++) {
        int rank;
        nc_type type;
        if (nc_inq_var(ncid, varid, NULL, &type, &rank, NULL, NULL) != NC_NOERR || rank != 1 ||
            type == NC_CHAR || !cn_type_bytes(type))
            continue;
        struct cn_coordinate coordinate;
        enum cn_status status = cn_coordinate_read(nc, varid, &coordinate, error);
        if (status)
            return status;
        nc->is_ragged |= coordinate_text(&coordinate, "sample_dimension") ||
                         coordinate_text(&coordinate, "instance_dimension");
        if (is_main_coordinate(nc, &coordinate))
            found[nc->coordinate_count++] = coordinate;
        else
            found[--last] = coordinate;
    }
    while (last < count)
        found[nc->coordinate_count++] = found[last++];
    nc->coordinates = found;
    return CN_OK;
}

/* Checks that an axis is latitude or longitude: a rotated pole or a map projection has Y and X
 * axes, too. */
static enum cn_status check_geographic(const struct cn_coordinate *coordinate, enum cn_axis axis,
                                       struct cn_error *error)
{
    const char *standard_name = coordinate_text(coordinate, "standard_name");
    const char *units = coordinate_text(coordinate, "units");
    if (standard_name && !matches_axis(coordinate, axis, BY_STANDARD_NAME))
        return cn_fail(error, CN_BAD_INPUT,
                       "axis '%s' is %.60s, not %s, and no variable has the %ss of its cells; add "
                       "one, or regrid with cdo remapbil",
                       coordinate->name, standard_name, axis_rules[axis].standard_name,
                       axis_rules[axis].standard_name);
    enum cn_direction direction;
    if (!cn_degrees_parse(units, &direction) ||
        (direction != CN_NO_DIRECTION && direction != axis_rules[axis].up &&
         direction != axis_rules[axis].down))
        return cn_fail(error, CN_BAD_INPUT, "%s '%s' is in '%.60s', expected %s; correct its units",
                       axis_rules[axis].standard_name, coordinate->name, units,
                       axis_rules[axis].units);
    return CN_OK;
}

static const struct cn_coordinate *find_axis(const struct cn_nc_file *nc, const int *dimids,
                                             size_t rank, enum cn_axis axis, size_t *position)
{
    for (enum criterion criterion = BY_AXIS; criterion < CRITERIA; criterion++)
        for (size_t i = 0; i < nc->coordinate_count; i++) {
            const struct cn_coordinate *coordinate = &nc->coordinates[i];
            for (size_t d = 0; d < rank; d++)
                if (dimids[d] == coordinate->dimids[0] &&
                    matches_axis(coordinate, axis, criterion)) {
                    *position = d;
                    return coordinate;
                }
        }
    return NULL;
}

static bool contains_dimension(const int *dimids, size_t rank, int dimid)
{
    for (size_t d = 0; d < rank; d++)
        if (dimids[d] == dimid)
            return true;
    return false;
}

/* Says why a variable has no coordinate of an axis: what would be it is no numbers, or is not
 * there. */
static enum cn_status fail_without_axis(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                        enum cn_axis axis, struct cn_error *error)
{
    if (nc->is_ragged)
        return cn_fail(error, CN_BAD_INPUT,
                       "a ragged array, in which stations follow each other (CF section 9.3); "
                       "rewrite it with dimensions of stations and of time");
    for (int varid = 0; varid < nc->variable_count; varid++) {
        char name[NC_MAX_NAME + 1];
        int own_rank, own_dimids[NC_MAX_VAR_DIMS];
        nc_type type;
        struct cn_attribute *attributes;
        struct cn_coordinate coordinate = {.name = name};
        /* Text has a dimension of its characters, too. */
        if (nc_inq_var(nc->ncid, varid, name, &type, &own_rank, own_dimids, NULL) || own_rank < 1 ||
            own_rank > 2 || (type != NC_CHAR && cn_type_bytes(type)) ||
            !contains_dimension(dimids, rank, own_dimids[0]) ||
            cn_attributes_read(nc->pool, nc->ncid, varid, &attributes, &coordinate.attribute_count,
                               NULL))
            continue;
        coordinate.attributes = attributes;
        for (enum criterion criterion = BY_AXIS; criterion < CRITERIA; criterion++)
            if (matches_axis(&coordinate, axis, criterion))
                return cn_fail(error, CN_BAD_INPUT, "'%s' is %s, expected numbers%s", name,
                               type == NC_STRING ? "text" : cn_type_name(type),
                               axis == CN_AXIS_TIME ? " and units such as \"days since 1850-01-01\""
                                                    : " of degrees");
    }
    for (size_t i = 0; i < nc->coordinate_count; i++) {
        const struct cn_coordinate *coordinate = &nc->coordinates[i];
        if (contains_dimension(dimids, rank, coordinate->dimids[0]) &&
            cn_attributes_check(coordinate->attributes, coordinate->attribute_count,
                                coordinate->name, error))
            return CN_BAD_INPUT;
    }
    return cn_fail(error, CN_BAD_INPUT,
                   "no %s axis: no coordinate along a dimension of the variable has axis \"%s\", "
                   "standard_name \"%s\" or the name %s",
                   axis_rules[axis].standard_name, axis_rules[axis].axis,
                   axis_rules[axis].standard_name, axis_rules[axis].short_name);
}

enum cn_status cn_axes_find_time(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                 struct cn_axes *axes, struct cn_error *error)
{
    const struct cn_coordinate *found =
        find_axis(nc, dimids, rank, CN_AXIS_TIME, &axes->dims[CN_AXIS_TIME]);
    if (!found)
        return fail_without_axis(nc, dimids, rank, CN_AXIS_TIME, error);
    axes->coordinates[CN_AXIS_TIME] = *found;
    return cn_attributes_check(found->attributes, found->attribute_count, found->name, error);
}

enum cn_status cn_axes_find(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                            struct cn_axes *axes, struct cn_error *error)
{
    const size_t *dims = axes->dims;
    axes->kind = CN_REGULAR;
    axes->is_certain = true;
    for (enum cn_axis axis = CN_AXIS_LAT; axis <= CN_AXIS_LON; axis++) {
        const struct cn_coordinate *found = find_axis(nc, dimids, rank, axis, &axes->dims[axis]);
        if (!found)
            return fail_without_axis(nc, dimids, rank, axis, error);
        enum cn_status status =
            cn_attributes_check(found->attributes, found->attribute_count, found->name, error);
        if (!status)
            status = check_geographic(found, axis, error);
        if (status)
            return status;
        axes->is_certain &= cn_is_geographic(found, axis);
        axes->coordinates[axis] = *found;
    }
    if (dims[CN_AXIS_TIME] == dims[CN_AXIS_LAT] || dims[CN_AXIS_TIME] == dims[CN_AXIS_LON] ||
        dims[CN_AXIS_LAT] == dims[CN_AXIS_LON])
        return cn_fail(error, CN_BAD_INPUT,
                       "not a grid: time '%s', latitude '%s' and longitude '%s' share a dimension",
                       axes->coordinates[CN_AXIS_TIME].name, axes->coordinates[CN_AXIS_LAT].name,
                       axes->coordinates[CN_AXIS_LON].name);
    return CN_OK;
}

/* Returns a status of netCDF-C. */
static int get_numbers(int ncid, const struct cn_coordinate *variable, double *values)
{
    size_t start[4] = {variable->instant}, count[4] = {1};
    if (!variable->is_by_time)
        return nc_get_var_double(ncid, variable->varid, values);
    for (int d = 0; d < variable->rank; d++)
        if (nc_inq_dimlen(ncid, variable->dimids[d], &count[1 + d]) != NC_NOERR)
            return NC_EBADDIM;
    return nc_get_vara_double(ncid, variable->varid, start, count, values);
}

enum cn_status cn_numbers_read(const struct cn_nc_file *nc, const struct cn_coordinate *variable,
                               double *values, size_t count, struct cn_error *error)
{
    struct cn_packing packing;
    bool is_unsigned;
    enum cn_status status =
        cn_attributes_check(variable->attributes, variable->attribute_count, variable->name, error);
    if (!status)
        status = cn_packing_read(variable->attributes, variable->attribute_count, variable->type,
                                 &packing, &is_unsigned, error);
    if (status)
        return status;
    const int code = get_numbers(nc->ncid, variable, values);
    if (code != NC_NOERR)
        return cn_fail(error, CN_BAD_INPUT, "'%s' cannot be read: %s; download the file again",
                       variable->name, nc_strerror(code));
    /* netCDF-C knows nothing of _Unsigned. */
    const size_t bytes = cn_type_bytes(variable->type);
    const bool is_integer = variable->type != NC_FLOAT && variable->type != NC_DOUBLE && bytes <= 4;
    const double span = is_integer ? ldexp(1, 8 * (int)bytes) : INFINITY;
    for (size_t i = 0; i < count; i++) {
        bool is_missing = false;
        if (is_unsigned && values[i] < 0)
            values[i] += span;
        else if (!is_unsigned && values[i] >= span / 2)
            values[i] -= span;
        for (size_t k = 0; k < packing.missing_count; k++)
            is_missing |= values[i] == packing.missing[k];
        if (packing.packed)
            values[i] = values[i] * packing.scale + packing.offset;
        if (is_missing)
            values[i] = NAN;
    }
    return CN_OK;
}

enum cn_status cn_coordinate_values(const struct cn_nc_file *nc,
                                    const struct cn_coordinate *coordinate, double *values,
                                    struct cn_error *error)
{
    enum cn_status status = cn_numbers_read(nc, coordinate, values, coordinate->length, error);
    for (size_t i = 0; i < coordinate->length && !status; i++)
        if (!isfinite(values[i]))
            status = cn_fail(error, CN_BAD_INPUT,
                             "'%s' has no value at index %zu (counted from 0): expected a finite "
                             "number",
                             coordinate->name, i);
    return status;
}

enum cn_status cn_coordinate_bounds(const struct cn_nc_file *nc,
                                    const struct cn_coordinate *coordinate, double *bounds,
                                    bool *found, struct cn_error *error)
{
    const char *name = coordinate_text(coordinate, "bounds");
    struct cn_coordinate variable;
    size_t length;
    int varid;
    *found = false;
    if (!name || nc_inq_varid(nc->ncid, name, &varid) != NC_NOERR)
        return CN_OK;
    enum cn_status status = cn_coordinate_read(nc, varid, &variable, error);
    *found = !status && variable.rank == 2 && variable.dimids[0] == coordinate->dimids[0] &&
             nc_inq_dimlen(nc->ncid, variable.dimids[1], &length) == NC_NOERR && length == 2;
    return *found && !status ? cn_numbers_read(nc, &variable, bounds, 2 * coordinate->length, error)
                             : status;
}

/* Reads an axis; numbers that grow southward or westward are turned. */
static enum cn_status read_points(const struct cn_nc_file *nc,
                                  const struct cn_coordinate *coordinate, const double **points,
                                  const double **bounds, struct cn_error *error)
{
    size_t count = coordinate->length;
    if (count == 0 || count > CN_MAX_POINTS)
        return cn_fail(error, CN_BAD_INPUT, "'%s' has %zu points, expected 1 to %d",
                       coordinate->name, count, CN_MAX_POINTS);
    double *values = cn_pool_alloc(nc->pool, count, sizeof *values);
    double *pairs = cn_pool_alloc(nc->pool, count, 2 * sizeof *pairs);
    if (!values || !pairs)
        return cn_fail_memory(error, "coordinates");
    bool has_bounds = false;
    enum cn_status status = cn_coordinate_values(nc, coordinate, values, error);
    if (!status)
        status = cn_coordinate_bounds(nc, coordinate, pairs, &has_bounds, error);
    enum cn_direction direction;
    if (cn_degrees_parse(coordinate_text(coordinate, "units"), &direction) &&
        (direction == CN_SOUTH || direction == CN_WEST))
        for (size_t i = 0; i < count && !status; i++) {
            values[i] = -values[i];
            pairs[2 * i] = -pairs[2 * i];
            pairs[2 * i + 1] = -pairs[2 * i + 1];
        }
    *points = values;
    *bounds = has_bounds ? pairs : NULL;
    return status;
}

static enum cn_status check_size(const struct cn_grid *grid, struct cn_error *error)
{
    const bool is_list = grid->kind == CN_UNSTRUCTURED;
    const size_t most = is_list ? CN_MAX_CELLS : CN_MAX_POINTS;
    if (!is_list && (grid->row_count > most || grid->column_count > most))
        return cn_fail(
            error, CN_BAD_INPUT,
            "the grid has %zu x %zu cells; at most %zu of a row or a column are accepted",
            grid->row_count, grid->column_count, most);
    if (grid->row_count == 0 || grid->row_count > most || grid->column_count == 0 ||
        grid->column_count > (is_list ? 1 : most) ||
        grid->row_count * grid->column_count >
            (grid->kind == CN_REGULAR ? (size_t)INT32_MAX : CN_MAX_CELLS))
        return cn_fail(error, CN_BAD_INPUT, "the grid has %zu x %zu cells; at most %d are accepted",
                       grid->row_count, grid->column_count,
                       grid->kind == CN_REGULAR ? INT32_MAX : CN_MAX_CELLS);
    return CN_OK;
}

/* Of a grid whose cells have places of their own, or none. */
static enum cn_status check_places(const struct cn_grid *grid, struct cn_error *error)
{
    const size_t count = grid->row_count * grid->column_count;
    size_t places = 0;
    for (size_t i = 0; i < count; i++) {
        places += isfinite(grid->lat[i]) && isfinite(grid->lon[i]);
        if (fabs(grid->lat[i]) > 90 + LAT_SLACK_DEG || fabs(grid->lon[i]) > MAX_LON_DEG)
            return cn_fail(error, CN_BAD_INPUT,
                           "cell %zu (counted from 0) is at latitude %g, longitude %g: outside -90 "
                           "to 90, -%g to %g",
                           i, grid->lat[i], grid->lon[i], MAX_LON_DEG, MAX_LON_DEG);
    }
    return places ? CN_OK : cn_fail(error, CN_BAD_INPUT, "no cell has a latitude and a longitude");
}

/* Written so that NaN fails: numbers from another process may be anything. */
enum cn_status cn_grid_check(const struct cn_grid *grid, struct cn_error *error)
{
    enum cn_status status = check_size(grid, error);
    if (status || grid->kind != CN_REGULAR)
        return status ? status : check_places(grid, error);
    for (size_t i = 0; i < grid->row_count; i++) {
        if (!(fabs(grid->lat[i]) <= 90 + LAT_SLACK_DEG))
            return cn_fail(error, CN_BAD_INPUT,
                           "latitude %zu (counted from 0) is %g: outside -90 to 90", i,
                           grid->lat[i]);
        if (i > 0 && (grid->lat[i] > grid->lat[i - 1]) != (grid->lat[1] > grid->lat[0]))
            return cn_fail(error, CN_BAD_INPUT,
                           "latitude %zu (counted from 0) is %g, after %g: latitudes neither rise "
                           "nor fall throughout",
                           i, grid->lat[i], grid->lat[i - 1]);
        if (i > 0 && grid->lat[i] == grid->lat[i - 1])
            return cn_fail(error, CN_BAD_INPUT,
                           "latitude %zu (counted from 0) is %g, as the one before it", i,
                           grid->lat[i]);
    }
    for (size_t i = 0; i < grid->column_count; i++)
        if (!(fabs(grid->lon[i]) <= MAX_LON_DEG))
            return cn_fail(error, CN_BAD_INPUT,
                           "longitude %zu (counted from 0) is %g: outside -%g to %g", i,
                           grid->lon[i], MAX_LON_DEG, MAX_LON_DEG);
    return cn_longitudes_check(grid->lon, grid->column_count, error);
}

enum cn_status cn_axes_grid(const struct cn_nc_file *nc, const struct cn_axes *axes,
                            struct cn_grid *grid, struct cn_error *error)
{
    const struct cn_coordinate *lat = &axes->coordinates[CN_AXIS_LAT];
    const struct cn_coordinate *lon = &axes->coordinates[CN_AXIS_LON];
    *grid = (struct cn_grid){.row_count = lat->length, .column_count = lon->length};
    enum cn_status status = read_points(nc, lat, &grid->lat, &grid->lat_bounds, error);
    if (!status)
        status = read_points(nc, lon, &grid->lon, &grid->lon_bounds, error);
    return status ? status : cn_grid_check(grid, error);
}
