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
    const double *weights;
    double factor;
    double *map, *means;
    unsigned short *counts; /* [cells] slots with a value */
    float *values;          /* [piece][cells] */
};

static void add_slot(const struct means_reading *reading, const float *values, double *mean)
{
    double sum = 0, all = 0;
    for (size_t i = 0; i < reading->cells; i++) {
        if (!(fabsf(values[i]) < least_missing))
            continue;
        const double value = reading->factor * (double)values[i];
        sum += reading->weights[i] * value;
        all += reading->weights[i];
        if (reading->map) {
            reading->map[i] += value;
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
                                    const double *weights, double factor, double *means,
                                    double *map, struct cn_error *error)
{
    struct means_reading reading = {.facts = facts,
                                    .target = target,
                                    .cells = facts->rows * facts->columns,
                                    .weights = weights,
                                    .factor = factor,
                                    .map = map};
    int ncid;
    enum cn_status status = CN_OK;
    reading.means = means;
    reading.piece = reading.cells < PIECE_VALUES ? PIECE_VALUES / reading.cells : 1;
    reading.counts = calloc(reading.cells, sizeof *reading.counts);
    reading.values = calloc(reading.cells * reading.piece, sizeof *reading.values);
    if (map)
        memset(map, 0, reading.cells * sizeof *map);
    if (!reading.counts || !reading.values) {
        status = cn_fail_memory(error, "the values of a file");
    } else {
        cn_hdf5_lock();
        if (nc_open(facts->path, NC_NOWRITE, &ncid)) {
            status = fail_damaged_values(error);
        } else {
            status = read_all_slots(&reading, ncid, error);
            nc_close(ncid);
        }
        cn_hdf5_unlock();
    }
    free(reading.counts);
    free(reading.values);
    return status;
}
