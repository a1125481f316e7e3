/*
 * Reads values of an output file, a slot at a time, and averages them where it is asked for.
 */
#include "base/error.h"
#include "base/serialize.h"
#include "pictures/field.h"
#include "pictures/field_file.h"

#include <math.h>
#include <netcdf.h>
#include <stdlib.h>

static const float LEAST_MISSING = 9.9e19F; /* climnorm's fill value is 1e20 */

/* What is read of a file. */
struct values_wanted {
    const struct cn_field *field;
    size_t target, first, count; /* of a map: the slots */
    bool is_map;
    size_t cell;           /* of a series, without weights */
    const double *weights; /* [cells] */
    double *values;        /* [value_count] */
    size_t value_count;
};

static double number_or_nan(float value)
{
    return fabsf(value) < LEAST_MISSING ? (double)value : NAN; /* NaN is not smaller */
}

static enum cn_status fail_values(struct cn_error *error)
{
    return cn_fail(error, CN_BAD_INPUT,
                   "values cannot be read, the file is damaged; climnorm verify says where");
}

/* Where a slot of a target begins, and how much of it is read: a cell, or all. Returns the rank. */
static int begin_slot(const struct cn_field *field, size_t target, size_t slot, size_t start[4],
                      size_t count[4])
{
    int rank = 0;
    if (field->is_stacked)
        start[rank++] = target;
    start[rank++] = slot;
    for (int d = 0; d < rank; d++)
        count[d] = 1;
    return rank;
}

/* Reads all cells of a slot. cells: [row_count][column_count]. Where the file lacks a dimension of
 * the grid, netCDF does not look at what stands for it. */
static enum cn_status read_slot(const struct values_wanted *wanted, int ncid, int varid,
                                size_t target, size_t slot, float *cells, struct cn_error *error)
{
    size_t start[4] = {0}, count[4];
    const int rank = begin_slot(wanted->field, target, slot, start, count);
    count[rank] = wanted->field->grid.row_count;
    count[rank + 1] = wanted->field->grid.column_count;
    return nc_get_vara_float(ncid, varid, start, count, cells) == NC_NOERR ? CN_OK
                                                                           : fail_values(error);
}

/* The mean of each cell over slots. counts: [cells]. */
static enum cn_status read_map(const struct values_wanted *wanted, int ncid, int varid,
                               float *cells, uint16_t *counts, struct cn_error *error)
{
    enum cn_status status = CN_OK;
    for (size_t k = 0; k < wanted->count && !status; k++) {
        status = read_slot(wanted, ncid, varid, wanted->target,
                           (wanted->first + k) % wanted->field->slot_count, cells, error);
        for (size_t i = 0; i < wanted->value_count && !status; i++) {
            const double value = number_or_nan(cells[i]);
            wanted->values[i] += isnan(value) ? 0 : value;
            counts[i] = (uint16_t)(counts[i] + !isnan(value));
        }
    }
    for (size_t i = 0; i < wanted->value_count; i++)
        wanted->values[i] = counts[i] ? wanted->values[i] / counts[i] : NAN;
    return status;
}

static double weighted_mean(const struct values_wanted *wanted, const float *cells)
{
    double sum = 0, weights = 0;
    for (size_t i = 0; i < cn_field_cells(wanted->field); i++) {
        const double value = number_or_nan(cells[i]);
        if (isnan(value) || !(wanted->weights[i] > 0))
            continue;
        sum += wanted->weights[i] * value;
        weights += wanted->weights[i];
    }
    return weights > 0 ? sum / weights : NAN;
}

static enum cn_status read_means(const struct values_wanted *wanted, int ncid, int varid,
                                 float *cells, struct cn_error *error)
{
    const size_t slots = wanted->field->slot_count;
    enum cn_status status = CN_OK;
    for (size_t v = 0; v < wanted->value_count && !status; v++) {
        status = read_slot(wanted, ncid, varid, v / slots, v % slots, cells, error);
        if (!status)
            wanted->values[v] = weighted_mean(wanted, cells);
    }
    return status;
}

static enum cn_status read_cell(const struct values_wanted *wanted, int ncid, int varid,
                                struct cn_error *error)
{
    const struct cn_field *field = wanted->field;
    const size_t columns = field->grid.column_count;
    float slots[CN_MAX_SLOTS];
    enum cn_status status = CN_OK;
    for (size_t t = 0; t < field->target_count && !status; t++) {
        size_t start[4] = {0}, count[4];
        const int rank = begin_slot(field, t, 0, start, count);
        count[rank - 1] = field->slot_count;
        start[rank] = wanted->cell / columns;
        count[rank] = 1;
        start[rank + 1] = wanted->cell % columns;
        count[rank + 1] = 1;
        if (nc_get_vara_float(ncid, varid, start, count, slots) != NC_NOERR)
            status = fail_values(error);
        for (size_t s = 0; s < field->slot_count && !status; s++)
            wanted->values[t * field->slot_count + s] = number_or_nan(slots[s]);
    }
    return status;
}

/* In the child. */
static enum cn_status read_values(struct cn_pool *pool, int ncid, void *context,
                                  struct cn_error *error)
{
    struct values_wanted *wanted = context;
    const struct cn_field *field = wanted->field;
    const size_t cells = cn_field_cells(field);
    int varid, rank;
    nc_type type;
    size_t shape[5] = {1, 1, 1, 1, 1};
    int dims[NC_MAX_VAR_DIMS];
    if (nc_inq_varid(ncid, field->variable, &varid) ||
        nc_inq_var(ncid, varid, NULL, &type, &rank, dims, NULL) || type != NC_FLOAT || rank > 4)
        return fail_values(error);
    for (int d = 0; d < rank; d++)
        if (nc_inq_dimlen(ncid, dims[d], &shape[d]))
            return fail_values(error);
    const size_t *grid = shape + field->is_stacked + 1;
    if ((field->is_stacked && shape[0] != field->target_count) ||
        shape[field->is_stacked] != field->slot_count || grid[0] != field->grid.row_count ||
        grid[1] != field->grid.column_count)
        return fail_values(error);
    wanted->values = cn_pool_alloc(pool, wanted->value_count, sizeof *wanted->values);
    float *slot = cn_pool_alloc(pool, cells, sizeof *slot);
    uint16_t *counts = cn_pool_alloc(pool, wanted->is_map ? cells : 0, sizeof *counts);
    if (!wanted->values || !slot || !counts)
        return cn_fail_memory(error, "a file's values");
    return wanted->is_map    ? read_map(wanted, ncid, varid, slot, counts, error)
           : wanted->weights ? read_means(wanted, ncid, varid, slot, error)
                             : read_cell(wanted, ncid, varid, error);
}

static void pack_values(struct cn_archive *archive, void *context)
{
    const struct values_wanted *wanted = context;
    cn_archive_array(archive, wanted->values, wanted->value_count, sizeof *wanted->values);
}

static enum cn_status unpack_values(struct cn_archive *archive, void *context,
                                    struct cn_error *error)
{
    struct values_wanted *wanted = context;
    double *values = (double *)cn_archive_array(archive, NULL, wanted->value_count, sizeof *values);
    if (!values)
        return archive->status == CN_BAD_INPUT ? fail_values(error)
                                               : cn_fail_memory(error, "a file's values");
    for (size_t i = 0; i < wanted->value_count; i++)
        if (!isfinite(values[i]))
            values[i] = NAN;
    wanted->values = values;
    return CN_OK;
}

static enum cn_status read_wanted(struct cn_pool *pool, struct values_wanted *wanted,
                                  double **values, struct cn_error *error)
{
    const enum cn_status status =
        cn_field_file_read(&(struct cn_field_file){.path = wanted->field->path,
                                                   .context = wanted,
                                                   .read = read_values,
                                                   .pack = pack_values,
                                                   .unpack = unpack_values},
                           pool, error);
    *values = wanted->values;
    return status;
}

enum cn_status cn_field_map(struct cn_pool *pool, const struct cn_field *field, size_t target,
                            size_t first, size_t count, double **values, struct cn_error *error)
{
    struct values_wanted wanted = {.field = field,
                                   .target = target,
                                   .first = first,
                                   .count = count,
                                   .is_map = true,
                                   .value_count = cn_field_cells(field)};
    return read_wanted(pool, &wanted, values, error);
}

enum cn_status cn_field_series(struct cn_pool *pool, const struct cn_field *field, size_t cell,
                               const double *weights, double **values, struct cn_error *error)
{
    struct values_wanted wanted = {.field = field,
                                   .cell = cell,
                                   .weights = weights,
                                   .value_count = field->target_count * field->slot_count};
    return read_wanted(pool, &wanted, values, error);
}
