/*
 * Digests: XXH3-128 over what shapes a file.
 */
#include "sink/digest.h"

#include "catalog/attributes.h"

#define XXH_STATIC_LINKING_ONLY /* the state is on the stack: nothing to allocate */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* Raise it when the same inputs and config give other bytes than before: of all files, or of those
 * of standard deviations. */
enum { ALGORITHM_VERSION = 3, DEVIATION_VERSION = 1 };

static void hash_number(XXH3_state_t *state, int64_t number)
{
    unsigned char bytes[8]; /* little-endian on every machine */
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
    XXH3_128bits_update(state, bytes, sizeof bytes);
}

static void hash_double(XXH3_state_t *state, double value)
{
    int64_t bits;
    value += 0.0; /* -0.0 is 0.0 */
    memcpy(&bits, &value, sizeof bits);
    hash_number(state, bits);
}

static void hash_text(XXH3_state_t *state, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    hash_number(state, (int64_t)length);
    XXH3_128bits_update(state, text ? text : "", length);
}

static void end_digest(XXH3_state_t *state, char hex[33])
{
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    snprintf(hex, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64, (uint64_t)hash.low64);
}

/* The values that the output gets for cells and their bounds. */
static void hash_axis(XXH3_state_t *state, const double *values, const double *bounds, size_t count,
                      size_t corners)
{
    hash_number(state, (int64_t)count);
    hash_number(state, bounds != NULL);
    for (size_t i = 0; i < count; i++)
        hash_double(state, values[i]);
    for (size_t i = 0; bounds && i < corners * count; i++)
        hash_double(state, bounds[i]);
}

/* What the output of another grid than a regular one gets besides. */
static void hash_cells(XXH3_state_t *state, const struct cn_normals_file *file)
{
    const struct cn_grid *grid = &file->variable->grid;
    const struct cn_region_cells *region = file->region;
    hash_number(state, grid->kind);
    hash_text(state, grid->mapping_name);
    for (size_t k = 0; k < region->hole_count; k++) {
        hash_number(state, (int64_t)region->holes[k].first);
        hash_number(state, (int64_t)region->holes[k].count);
    }
}

static void hash_kept(XXH3_state_t *state, const struct cn_grid *grid)
{
    const size_t counts[] = {grid->row_count, grid->column_count, 1};
    for (size_t k = 0; k < grid->variable_count; k++) {
        const struct cn_grid_variable *kept = &grid->variables[k];
        hash_text(state, kept->name);
        XXH3_128bits_update(state, kept->values,
                            counts[kept->along] * kept->width * cn_type_bytes(kept->type));
    }
}

/* The values of a group of days, their unit, and the change. What a mean of day slots in the
 * source's unit has is left out, as before there were others; no number of it is negative. */
static void hash_group(XXH3_state_t *state, const struct cn_normals_file *file)
{
    enum { GROUP = -1, UNIT = -2, CHANGE = -3 };
    const struct cn_product *product = file->product;
    if (!cn_is_of_daily_values(product)) {
        hash_number(state, GROUP);
        hash_number(state, product->time);
        hash_number(state, product->within);
        hash_double(state, product->threshold.unit ? product->threshold.value : 0);
        hash_text(state, product->threshold.unit);
    }
    if (product->time != CN_DAY) /* it decides which groups have a value, not only which years */
        hash_double(state, file->config->normals.min_days);
    if (!cn_file_has_source_unit(file)) {
        hash_number(state, UNIT);
        hash_text(state, product->unit.name);
    }
    if (product->change != CN_NO_CHANGE) {
        hash_number(state, CHANGE);
        hash_number(state, product->change);
        hash_number(state, product->baseline);
    }
}

/* The mean is told from other statistics by what follows its name. */
static void hash_statistic(XXH3_state_t *state, const struct cn_normals_file *file)
{
    const struct cn_product *product = file->product;
    if (product->pool == 1 && product->min_values == 1 && product->over.statistic == CN_MEAN)
        return;
    hash_number(state, product->pool);
    hash_number(state, product->min_values);
    hash_number(state, product->over.statistic);
    if (product->over.statistic == CN_STANDARD_DEVIATION)
        hash_number(state, DEVIATION_VERSION);
    if (product->over.statistic != CN_QUANTILE)
        return;
    hash_number(state, product->over.share);
    hash_number(state, file->config->normals.quantiles);
}

/* min_years and, of days, min_days are left out. They decide which years a file is made of, and
 * those are in the digest of the inputs. */
static void hash_config(XXH3_state_t *state, const struct cn_normals_file *file)
{
    const struct cn_config *config = file->config;
    const struct cn_region *region = file->region->region;
    hash_number(state, ALGORITHM_VERSION);
    hash_text(state, file->variable->name);
    hash_text(state, region->name);
    hash_text(state, region->title);
    hash_number(state, region->global);
    for (int i = 0; i < 2 && !region->global; i++) {
        hash_double(state, region->lon[i]);
        hash_double(state, region->lat[i]);
    }
    hash_number(state, file->product->window);
    hash_number(state, config->normals.leap_day);
    hash_number(state, config->output.compression);
    hash_number(state, config->output.counts);
    hash_number(state, config->output.layout);
    hash_number(state, config->output.axis);
    hash_text(state, file->product->name);
    hash_statistic(state, file);
    hash_group(state, file);
    hash_number(state, (int64_t)file->target_count);
    for (size_t t = 0; t < file->target_count; t++) {
        const struct cn_target *target = cn_file_target(file, t);
        hash_number(state, target->year);
        hash_text(state, target->period);
        hash_text(state, target->scenario);
    }
}

/* What is read along dimensions that are longer than 1. No index is negative. */
static void hash_slice(XXH3_state_t *state, const struct cn_storage *storage)
{
    for (size_t d = 0; d < storage->rank; d++)
        if (cn_storage_is_other(storage, d) && storage->shape[d] > 1)
            hash_number(state, storage->slice_count && d == storage->slice_dim
                                   ? -1
                                   : (int64_t)storage->index[d]);
}

static void hash_part(XXH3_state_t *state, const struct cn_part *part)
{
    const struct cn_file *file = part->file;
    hash_text(state, file->base);
    if (file->dataset) /* which chooses a variable of the file; else the name does */
        hash_text(state, file->variable);
    hash_number(state, (int64_t)file->size);
    hash_number(state, file->mtime_ns);
    hash_number(state, file->version_major);
    hash_number(state, file->version_minor);
    hash_number(state, (int64_t)part->first); /* other instants may be the same days */
    hash_number(state, part->count ? file->days[part->first] : 0);
    hash_number(state, part->count ? file->days[part->first + part->count - 1] : 0);
    hash_slice(state, &file->storage);
}

static void hash_inputs(XXH3_state_t *state, const struct cn_normals_file *file)
{
    const struct cn_region_cells *region = file->region;
    const size_t years = cn_file_years(file);
    for (size_t t = 0; t < file->target_count; t++)
        for (size_t i = 0; i < years; i++) {
            const struct cn_source_year *year = cn_file_year(file, t, i);
            hash_number(state, year ? (int64_t)year->part_count : -1);
            for (size_t p = 0; year && p < year->part_count; p++)
                hash_part(state, &year->parts[p]);
        }
    const struct cn_grid *grid = &file->variable->grid;
    hash_axis(state, region->lat, region->lat_bounds, cn_region_lats(region),
              cn_grid_corners(grid));
    hash_axis(state, region->lon, region->lon_bounds, cn_region_lons(region),
              cn_grid_corners(grid));
    if (region->kind != CN_REGULAR)
        hash_cells(state, file);
    hash_kept(state, grid);
}

void cn_sink_digests(const struct cn_normals_file *file, struct cn_digests *digests)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    hash_config(&state, file);
    end_digest(&state, digests->config);
    XXH3_128bits_reset(&state);
    hash_inputs(&state, file);
    end_digest(&state, digests->inputs);
}
