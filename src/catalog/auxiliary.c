/*
 * Latitudes and longitudes that are not axes of their own are found among all variables of the
 * file: those that the data variable names in `coordinates` first. Their dimensions are the rows
 * and columns of the grid, behind time in files of WRF.
 */
#include "catalog/auxiliary.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/pool.h"
#include "catalog/attributes.h"
#include "catalog/degrees.h"
#include "catalog/time_texts.h"

#include <math.h>
#include <netcdf.h>
#include <string.h>

enum { MOST_CORNERS = 32 };

/* Larger numbers are fill values that the file does not declare: no convention goes round the
 * circle more than twice. */
static const double MOST_DEGREES = 720;

/* What models call them, without a unit or standard name that says so. */
static const struct {
    const char *names[2];
    bool in_radians; /* MPAS Mesh Specification; grids of ICON: where they have no unit */
} models[] = {{{"nav_lat", "nav_lon"}, false},
              {{"XLAT", "XLONG"}, false},
              {{"latCell", "lonCell"}, true},
              {{"clat", "clon"}, true}};

/* The data variable. */
struct data_variable {
    const struct cn_nc_file *nc;
    const int *dimids;
    size_t rank, time_dim;
    const char *coordinates; /* the attribute; "": none */
};

static bool is_of_model(const char *name, enum cn_axis axis)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        if (cn_equal_ascii(name, models[i].names[axis]))
            return true;
    return false;
}

static bool has_name_of(const struct cn_coordinate *coordinate, enum cn_axis axis)
{
    return is_of_model(coordinate->name, axis) || cn_is_geographic(coordinate, axis);
}

/* The position of a dimension in the data variable; rank: it does not have it, or it is time. */
static size_t position_of(const struct data_variable *data, int dimid)
{
    for (size_t d = 0; d < data->rank; d++)
        if (data->dimids[d] == dimid && d != data->time_dim)
            return d;
    return data->rank;
}

static bool is_along(const struct data_variable *data, const struct cn_coordinate *coordinate)
{
    bool is = coordinate->rank >= 0 && coordinate->rank <= 2;
    for (int d = 0; is && d < coordinate->rank; d++)
        is = position_of(data, coordinate->dimids[d]) < data->rank;
    return is && !(coordinate->rank == 2 && coordinate->dimids[0] == coordinate->dimids[1]);
}

/* Whether a variable of so many dimensions may be a coordinate. Of time and two others, those that
 * are called so. */
static bool may_be_place(const struct data_variable *data, int varid, int rank, enum cn_axis axis)
{
    char name[NC_MAX_NAME + 1];
    return rank <= 2 || (rank == 3 && nc_inq_varname(data->nc->ncid, varid, name) == NC_NOERR &&
                         (is_of_model(name, axis) || cn_names_hold(data->coordinates, name)));
}

/* Takes time off the dimensions of a coordinate that begins with it. Its last instant is set. */
static void drop_time(const struct data_variable *data, struct cn_coordinate *coordinate)
{
    size_t instants;
    if (coordinate->rank < 2 || coordinate->dimids[0] != data->dimids[data->time_dim] ||
        nc_inq_dimlen(data->nc->ncid, coordinate->dimids[0], &instants) != NC_NOERR || !instants)
        return;
    coordinate->is_by_time = true;
    coordinate->instant = instants - 1;
    coordinate->length /= instants;
    coordinate->rank--;
    for (int d = 0; d < coordinate->rank; d++)
        coordinate->dimids[d] = coordinate->dimids[d + 1];
    coordinate->dimids[coordinate->rank] = 0;
}

/* A better one has more dimensions; of these, one that the data variable names. */
static int rate(const struct data_variable *data, const struct cn_coordinate *coordinate)
{
    return 2 * coordinate->rank + cn_names_hold(data->coordinates, coordinate->name);
}

/* The best coordinate of an axis, with the dimensions of `same` if that is not NULL. found->name
 * NULL: there is none. */
static enum cn_status find_best(const struct data_variable *data, enum cn_axis axis,
                                const struct cn_coordinate *same, struct cn_coordinate *found,
                                struct cn_error *error)
{
    *found = (struct cn_coordinate){.name = NULL};
    for (int varid = 0; varid < data->nc->variable_count; varid++) {
        struct cn_coordinate one;
        int rank;
        if (nc_inq_varndims(data->nc->ncid, varid, &rank) != NC_NOERR ||
            !may_be_place(data, varid, rank, axis) || (same && varid == same->varid))
            continue;
        enum cn_status status = cn_coordinate_read(data->nc, varid, &one, error);
        if (status)
            return status;
        drop_time(data, &one);
        if (is_along(data, &one) && has_name_of(&one, axis) &&
            !(same && (one.rank != same->rank ||
                       memcmp(one.dimids, same->dimids, sizeof one.dimids) != 0)) &&
            (!found->name || rate(data, &one) > rate(data, found)))
            *found = one;
    }
    return CN_OK;
}

static void set_dims(const struct data_variable *data, struct cn_axes *axes)
{
    const struct cn_coordinate *lat = &axes->coordinates[CN_AXIS_LAT];
    for (int d = 0; d < 2; d++)
        axes->dims[d] = d < lat->rank ? position_of(data, lat->dimids[d]) : data->rank + (size_t)d;
    axes->kind = lat->rank == 2 ? CN_CURVILINEAR : CN_UNSTRUCTURED;
}

static enum cn_status read_coordinates_attribute(const struct cn_nc_file *nc, int varid,
                                                 const char **names, struct cn_error *error)
{
    struct cn_attribute *attributes = NULL;
    size_t count = 0;
    enum cn_status status =
        cn_attributes_read(nc->pool, nc->ncid, varid, &attributes, &count, error);
    const char *text = status ? NULL : cn_attribute_text(attributes, count, "coordinates");
    *names = text ? text : "";
    return status;
}

/* Finds time, of numbers or, where there are none, of texts. */
static enum cn_status find_time(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                struct cn_axes *axes, struct cn_error *error)
{
    struct cn_error own;
    struct cn_coordinate *texts = &axes->coordinates[CN_AXIS_TIME];
    const enum cn_status status = cn_axes_find_time(nc, dimids, rank, axes, &own);
    if (status == CN_BAD_INPUT) {
        const enum cn_status of_texts =
            cn_time_texts_find(nc, dimids, rank, texts, &axes->dims[CN_AXIS_TIME], error);
        if (of_texts || texts->name)
            return of_texts;
    }
    return status ? cn_fail(error, status, "%s", own.text) : CN_OK;
}

enum cn_status cn_horizontal_find(const struct cn_nc_file *nc, int varid, const int *dimids,
                                  size_t rank, struct cn_axes *axes, struct cn_error *error)
{
    enum cn_status status = find_time(nc, dimids, rank, axes, error);
    return status ? status : cn_horizontal_find_beside(nc, varid, dimids, rank, axes, error);
}

enum cn_status cn_horizontal_find_beside(const struct cn_nc_file *nc, int varid, const int *dimids,
                                         size_t rank, struct cn_axes *axes, struct cn_error *error)
{
    struct cn_error own;
    struct data_variable data = {.nc = nc, .dimids = dimids, .rank = rank};
    enum cn_status status;
    const enum cn_status regular = cn_axes_find(nc, dimids, rank, axes, &own);
    if (!regular && axes->is_certain)
        return CN_OK;
    struct cn_coordinate lat, lon = {.name = NULL};
    data.time_dim = axes->dims[CN_AXIS_TIME];
    status = read_coordinates_attribute(nc, varid, &data.coordinates, error);
    if (!status)
        status = find_best(&data, CN_AXIS_LAT, NULL, &lat, error);
    if (!status && lat.name)
        status = find_best(&data, CN_AXIS_LON, &lat, &lon, error);
    if (status)
        return status;
    if (!lon.name && regular)
        return cn_fail(error, regular, "%s", own.text);
    if (!regular && (!lon.name || lat.rank < 2)) /* they are of a station beside the grid, say */
        return CN_OK;
    axes->coordinates[CN_AXIS_LAT] = lat;
    axes->coordinates[CN_AXIS_LON] = lon;
    set_dims(&data, axes);
    return CN_OK;
}

/* --- reading --- */

/* What a unit is in degrees north or east; 0: it is no angle of that axis. */
static double degrees_of_unit(const char *units, enum cn_axis axis)
{
    enum cn_direction direction;
    if (units && strncasecmp(units, "rad", 3) == 0)
        return 180 / M_PI;
    if (!cn_degrees_parse(units, &direction))
        return 0;
    if (direction == (axis == CN_AXIS_LAT ? CN_SOUTH : CN_WEST))
        return -1;
    return direction == CN_NO_DIRECTION || direction == (axis == CN_AXIS_LAT ? CN_NORTH : CN_EAST);
}

/* Reads numbers in degrees; what is none becomes NaN. */
static enum cn_status read_degrees(const struct cn_nc_file *nc,
                                   const struct cn_coordinate *variable, double factor,
                                   size_t count, const double **numbers, struct cn_error *error)
{
    double *values = cn_pool_alloc(nc->pool, count, sizeof *values);
    if (!values)
        return cn_fail_memory(error, "coordinates");
    enum cn_status status = cn_numbers_read(nc, variable, values, count, error);
    for (size_t i = 0; i < count && !status; i++)
        values[i] = fabs(values[i] * factor) <= MOST_DEGREES ? values[i] * factor : NAN;
    *numbers = values;
    return status;
}

/* Reads places that are the same at all times, as the first and the last tell. */
static enum cn_status read_steady_degrees(const struct cn_nc_file *nc,
                                          const struct cn_coordinate *variable, double factor,
                                          size_t count, const double **numbers,
                                          struct cn_error *error)
{
    struct cn_coordinate first = *variable;
    const double *last;
    first.instant = 0;
    enum cn_status status = read_degrees(nc, &first, factor, count, numbers, error);
    if (status || !variable->is_by_time)
        return status;
    status = read_degrees(nc, variable, factor, count, &last, error);
    for (size_t i = 0; i < count && !status; i++)
        if (last[i] != (*numbers)[i] && !(isnan(last[i]) && isnan((*numbers)[i])))
            status = cn_fail(error, CN_BAD_INPUT,
                             "'%s' of cell %zu (counted from 0) is %g degrees first and %g at the "
                             "last time: cells that move are not read; regrid the file",
                             variable->name, i, (*numbers)[i], last[i]);
    return status;
}

/* Reads the corners of cells. *corner_count 0: there are none that can be used. */
static enum cn_status read_corners(const struct cn_nc_file *nc,
                                   const struct cn_coordinate *coordinate, double factor,
                                   const double **corners, size_t *corner_count,
                                   struct cn_error *error)
{
    const char *name =
        cn_attribute_text(coordinate->attributes, coordinate->attribute_count, "bounds");
    struct cn_coordinate variable;
    int varid;
    *corner_count = 0;
    if (!name || nc_inq_varid(nc->ncid, name, &varid) != NC_NOERR)
        return CN_OK;
    enum cn_status status = cn_coordinate_read(nc, varid, &variable, error);
    if (status || variable.rank != coordinate->rank + 1)
        return status;
    for (int d = 0; d < coordinate->rank; d++)
        if (variable.dimids[d] != coordinate->dimids[d])
            return CN_OK;
    const size_t count = variable.length / coordinate->length;
    if (count < 2 || count > MOST_CORNERS || variable.length > CN_MAX_CORNERS)
        return CN_OK;
    *corner_count = count;
    return read_degrees(nc, &variable, factor, variable.length, corners, error);
}

static const char *units_of(const struct cn_coordinate *coordinate)
{
    return cn_attribute_text(coordinate->attributes, coordinate->attribute_count, "units");
}

/* Whether no number is larger than `most`. */
static bool are_within(const double *numbers, size_t count, double most)
{
    for (size_t i = 0; i < count; i++)
        if (fabs(numbers[i]) > most)
            return false;
    return true;
}

/* Whether places without units are in radians: by their names, and no number contradicts it. */
static bool are_radians(const struct cn_axes *axes, const struct cn_grid *grid)
{
    static const double most[2] = {M_PI / 2 + 1e-5, 2 * M_PI + 1e-5};
    const double *const numbers[2] = {grid->lat, grid->lon};
    bool are = true;
    for (enum cn_axis axis = CN_AXIS_LAT; axis <= CN_AXIS_LON && are; axis++) {
        const struct cn_coordinate *coordinate = &axes->coordinates[axis];
        const char *units = units_of(coordinate);
        bool is_named = false;
        for (size_t i = 0; i < sizeof models / sizeof *models; i++)
            is_named |=
                models[i].in_radians && cn_equal_ascii(coordinate->name, models[i].names[axis]);
        are = is_named && (!units || !units[strspn(units, " ")]) &&
              are_within(numbers[axis], grid->row_count * grid->column_count, most[axis]);
    }
    return are;
}

static void turn_into_degrees(const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((double *)numbers)[i] *= 180 / M_PI;
}

static enum cn_status read_places(const struct cn_nc_file *nc, const struct cn_axes *axes,
                                  struct cn_grid *grid, struct cn_error *error)
{
    const double **values[] = {&grid->lat, &grid->lon};
    const double **corners[] = {&grid->lat_bounds, &grid->lon_bounds};
    const size_t cells = grid->row_count * grid->column_count;
    size_t corner_counts[2] = {0};
    enum cn_status status = CN_OK;
    if (cells == 0 || cells > CN_MAX_CELLS)
        return cn_fail(error, CN_BAD_INPUT, "the grid has %zu cells; 1 to %d are accepted", cells,
                       CN_MAX_CELLS);
    for (enum cn_axis axis = CN_AXIS_LAT; axis <= CN_AXIS_LON && !status; axis++) {
        const struct cn_coordinate *coordinate = &axes->coordinates[axis];
        const char *units = units_of(coordinate);
        const double factor = degrees_of_unit(units, axis);
        status = cn_attributes_check(coordinate->attributes, coordinate->attribute_count,
                                     coordinate->name, error);
        if (status)
            return status;
        if (factor == 0)
            return cn_fail(error, CN_BAD_INPUT,
                           "'%s' is in '%.60s', expected %s; correct its units", coordinate->name,
                           units, axis == CN_AXIS_LAT ? "degrees_north" : "degrees_east");
        status = read_steady_degrees(nc, coordinate, factor, cells, values[axis], error);
        if (!status)
            status =
                read_corners(nc, coordinate, factor, corners[axis], &corner_counts[axis], error);
    }
    if (!status && are_radians(axes, grid)) {
        turn_into_degrees(grid->lat, cells);
        turn_into_degrees(grid->lon, cells);
        turn_into_degrees(grid->lat_bounds, corner_counts[0] * cells);
        turn_into_degrees(grid->lon_bounds, corner_counts[1] * cells);
    }
    grid->corner_count = corner_counts[0];
    if (!corner_counts[0] || corner_counts[0] != corner_counts[1]) {
        grid->lat_bounds = grid->lon_bounds = NULL;
        grid->corner_count = 0;
    }
    return status;
}

static enum cn_status read_names(const struct data_variable *data, const struct cn_axes *axes,
                                 struct cn_grid *grid, struct cn_error *error)
{
    char name[NC_MAX_NAME + 1];
    for (int d = 0; d < 2; d++) {
        const bool is_there = axes->dims[d] < data->rank;
        if (is_there &&
            nc_inq_dimname(data->nc->ncid, data->dimids[axes->dims[d]], name) != NC_NOERR)
            return cn_fail(error, CN_BAD_INPUT, "a dimension cannot be read");
        grid->dim_names[d] = is_there ? cn_pool_strdup(data->nc->pool, name) : "";
        if (!grid->dim_names[d])
            return cn_fail_memory(error, "coordinates");
    }
    grid->lat_name = axes->coordinates[CN_AXIS_LAT].name;
    grid->lon_name = axes->coordinates[CN_AXIS_LON].name;
    return CN_OK;
}

enum cn_status cn_horizontal_read(const struct cn_nc_file *nc, const int *dimids, size_t rank,
                                  const struct cn_axes *axes, struct cn_grid *grid,
                                  struct cn_error *error)
{
    struct data_variable data = {
        .nc = nc, .dimids = dimids, .rank = rank, .time_dim = axes->dims[CN_AXIS_TIME]};
    enum cn_status status = CN_OK;
    size_t shape[2] = {1, 1};
    if (axes->kind == CN_REGULAR)
        return cn_axes_grid(nc, axes, grid, error);
    for (int d = 0; d < 2; d++)
        if (axes->dims[d] < rank &&
            nc_inq_dimlen(nc->ncid, dimids[axes->dims[d]], &shape[d]) != NC_NOERR)
            return cn_fail(error, CN_BAD_INPUT, "a dimension cannot be read");
    *grid = (struct cn_grid){.kind = axes->kind, .row_count = shape[0], .column_count = shape[1]};
    status = read_places(nc, axes, grid, error);
    if (!status)
        status = read_names(&data, axes, grid, error);
    return status ? status : cn_grid_check(grid, error);
}

/* The name may be followed by those of coordinates. */
enum cn_status cn_grid_mapping_read(const struct cn_nc_file *nc, struct cn_file *file,
                                    struct cn_error *error)
{
    const char *named = cn_attribute_text(file->attributes, file->attribute_count, "grid_mapping");
    struct cn_attribute *attributes = NULL;
    size_t count = 0;
    int varid;
    const char *name =
        cn_pool_strndup(nc->pool, named ? named : "", named ? strcspn(named, " :") : 0);
    file->grid.mapping_name = "";
    if (!name)
        return cn_fail_memory(error, "attributes");
    if (!*name || nc_inq_varid(nc->ncid, name, &varid) != NC_NOERR)
        return CN_OK;
    enum cn_status status =
        cn_attributes_read(nc->pool, nc->ncid, varid, &attributes, &count, error);
    const char *kind = status ? NULL : cn_attribute_text(attributes, count, "grid_mapping_name");
    if (kind && (file->grid.kind != CN_REGULAR || strcmp(kind, "latitude_longitude") == 0)) {
        file->grid.mapping_name = name;
        file->grid_mapping_attributes = attributes;
        file->grid_mapping_attribute_count = count;
    }
    return status;
}
