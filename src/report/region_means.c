/*
 * Reads values through netCDF-C. The shape of the file is known, and is checked again.
 */
#include "report/region_means.h"

#include "base/error.h"
#include "guard/hdf5_lock.h"

#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_VALUES = 1 << 20 };

static const float least_missing = 9.9e19F; /* the fill value is 1e20 */

static enum cn_status fail_damaged_values(struct cn_error *error)
{
    return cn_fail(error, CN_BAD_INPUT,
                   "its values cannot be read; climnorm verify says what is damaged");
}

/* A variable of latitudes, of the last `count` dimensions of the results. */
static bool is_latitude(int ncid, int id, const int *dims, int count)
{
    char units[32] = "";
    size_t length = 0;
    int rank, own[NC_MAX_VAR_DIMS];
    nc_type type;
    return !nc_inq_var(ncid, id, NULL, &type, &rank, own, NULL) && rank == count &&
           (type == NC_DOUBLE || type == NC_FLOAT) &&
           memcmp(own, dims, (size_t)count * sizeof *own) == 0 &&
           !nc_inq_attlen(ncid, id, "units", &length) && length < sizeof units &&
           !nc_get_att_text(ncid, id, "units", units) && strcmp(units, "degrees_north") == 0;
}

static enum cn_status find_weights(int ncid, const struct cn_output_facts *facts, double *weights,
                                   struct cn_error *error)
{
    const double radians = acos(-1.0) / 180;
    int varid, rank, dims[NC_MAX_VAR_DIMS], count = 0, found = -1;
    size_t rows = 0, columns = 1;
    if (nc_inq_varid(ncid, facts->variable, &varid) ||
        nc_inq_var(ncid, varid, NULL, NULL, &rank, dims, NULL))
        return fail_damaged_values(error);
    const int *grid = dims + facts->is_stacked + 1;
    const int grid_rank = rank - facts->is_stacked - 1;
    const int used = facts->is_regular ? 1 : grid_rank; /* rows alone have latitudes */
    if (grid_rank < 0 || nc_inq_nvars(ncid, &count))
        return fail_damaged_values(error);
    for (int id = 0; id < count && found < 0; id++)
        if (is_latitude(ncid, id, grid, used))
            found = id;
    if (found < 0 || (used > 0 && nc_inq_dimlen(ncid, grid[0], &rows)) ||
        (used > 1 && nc_inq_dimlen(ncid, grid[1], &columns)))
        return cn_fail(error, CN_BAD_INPUT, "it has no latitudes of its cells");
    rows = used ? rows : 1;
    if (rows != facts->rows || columns != (used > 1 ? facts->columns : 1) ||
        nc_get_var_double(ncid, found, weights))
        return fail_damaged_values(error);
    const size_t each = facts->is_regular ? facts->columns : 1;
    for (size_t i = facts->rows * facts->columns; i-- > 0;) /* backwards, in place */
        weights[i] = fmax(cos(weights[i / each] * radians), 0);
    return CN_OK;
}

enum cn_status cn_region_weights_read(const struct cn_output_facts *facts, double *weights,
                                      struct cn_error *error)
{
    int ncid;
    cn_hdf5_lock();
    enum cn_status status =
        nc_open(facts->path, NC_NOWRITE, &ncid) ? fail_damaged_values(error) : CN_OK;
    if (!status) {
        status = find_weights(ncid, facts, weights, error);
        nc_close(ncid);
    }
    cn_hdf5_unlock();
    return status;
}

double cn_region_map_mean(const double *map, const double *weights, size_t cells)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < cells; i++)
        if (!isnan(map[i])) {
            sum += weights[i] * map[i];
            all += weights[i];
        }
    return all > 0 ? sum / all : NAN;
}

struct means_reading {
    const struct cn_output_facts *facts;
    size_t target, cells, piece; /* slots at a time */
    double *weights, *map, *means;
    unsigned short *counts; /* [cells] slots with a value */
    float *values;          /* [piece][cells] */
};

static void add_slot(const struct means_reading *reading, const float *values, double *mean)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < reading->cells; i++) {
        if (!(fabsf(values[i]) < least_missing))
            continue;
        sum += reading->weights[i] * (double)values[i];
        all += reading->weights[i];
        if (reading->map) {
            reading->map[i] += (double)values[i];
            reading->counts[i]++;
        }
    }
    *mean = all > 0 ? sum / all : NAN;
}

static enum cn_status read_all_slots(const struct means_reading *reading, int ncid,
                                     struct cn_error *error)
{
    const struct cn_output_facts *facts = reading->facts;
    const int first = facts->is_stacked;
    size_t shape[NC_MAX_VAR_DIMS], start[4] = {0}, count[4] = {1, 1, 1, 1};
    int varid, rank, dims[NC_MAX_VAR_DIMS];
    nc_type type;
    if (nc_inq_varid(ncid, facts->variable, &varid) ||
        nc_inq_var(ncid, varid, NULL, &type, &rank, dims, NULL) || type != NC_FLOAT ||
        rank < first + 1 || rank > first + 3)
        return fail_damaged_values(error);
    for (int d = 0; d < rank; d++)
        if (nc_inq_dimlen(ncid, dims[d], &shape[d]))
            return fail_damaged_values(error);
    if (shape[first] != facts->slots || (rank > first + 1 && shape[first + 1] != facts->rows) ||
        (rank > first + 2 && shape[first + 2] != facts->columns) ||
        (first && reading->target >= shape[0]))
        return fail_damaged_values(error);
    start[0] = first ? reading->target : 0;
    for (int d = first + 1; d < rank; d++)
        count[d] = shape[d];
    for (size_t slot = 0; slot < facts->slots; slot += count[first]) {
        start[first] = slot;
        count[first] = facts->slots - slot < reading->piece ? facts->slots - slot : reading->piece;
        if (nc_get_vara_float(ncid, varid, start, count, reading->values))
            return fail_damaged_values(error);
        for (size_t k = 0; k < count[first]; k++)
            add_slot(reading, reading->values + k * reading->cells, &reading->means[slot + k]);
    }
    for (size_t i = 0; reading->map && i < reading->cells; i++)
        reading->map[i] = reading->counts[i] ? reading->map[i] / reading->counts[i] : NAN;
    return CN_OK;
}

enum cn_status cn_region_means_read(const struct cn_output_facts *facts, size_t target,
                                    double *means, double *map, struct cn_error *error)
{
    struct means_reading reading = {.facts = facts, .target = target, .map = map};
    int ncid;
    enum cn_status status = CN_OK;
    if (__builtin_mul_overflow(facts->rows, facts->columns, &reading.cells) ||
        reading.cells > CN_MAX_REPORT_CELLS)
        return cn_fail(error, CN_BAD_INPUT, "it has more cells than a report can show");
    reading.means = means;
    reading.piece = reading.cells < PIECE_VALUES ? PIECE_VALUES / reading.cells : 1;
    reading.weights = calloc(reading.cells, sizeof *reading.weights);
    reading.counts = calloc(reading.cells, sizeof *reading.counts);
    reading.values = calloc(reading.cells * reading.piece, sizeof *reading.values);
    if (map)
        memset(map, 0, reading.cells * sizeof *map);
    if (!reading.weights || !reading.counts || !reading.values) {
        status = cn_fail_memory(error, "the values of a file");
    } else {
        cn_hdf5_lock();
        if (nc_open(facts->path, NC_NOWRITE, &ncid)) {
            status = fail_damaged_values(error);
        } else {
            status = find_weights(ncid, facts, reading.weights, error);
            if (!status)
                status = read_all_slots(&reading, ncid, error);
            nc_close(ncid);
        }
        cn_hdf5_unlock();
    }
    free(reading.weights);
    free(reading.counts);
    free(reading.values);
    return status;
}
