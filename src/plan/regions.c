/*
 * Which regions have cells on a variable's grid, and where these lie in slabs and results.
 */
#include "plan/regions.h"

#include "base/error.h"
#include "base/pool.h"
#include "grid/layout.h"
#include "grid/region.h"
#include "products/group_days.h"

#include <string.h>

/* Bounds are judged on the whole axis, so all regions have the same answer. */
static void warn_of_bounds(struct cn_variable_plan *variable, const struct cn_region_cells *cells)
{
    if (cells->replaced_lat_bounds || cells->replaced_lon_bounds)
        cn_problems_add(&variable->problems, CN_WARNING,
                        "%s: the bounds of %s%s%s are not finite, not around their centres, or "
                        "overlap; the outputs have midpoints instead",
                        variable->variable->label, cells->replaced_lat_bounds ? "latitudes" : "",
                        cells->replaced_lat_bounds && cells->replaced_lon_bounds ? " and " : "",
                        cells->replaced_lon_bounds ? "longitudes" : "");
}

static enum cn_status select_regions(struct cn_pool *pool, const struct cn_config *config,
                                     struct cn_variable_plan *variable, struct cn_error *error)
{
    struct cn_layout *layout = &variable->layout;
    layout->regions = cn_pool_alloc(pool, config->region_count, sizeof *layout->regions);
    if (!layout->regions)
        return cn_fail_memory(error, "regions");
    for (size_t r = 0; r < config->region_count; r++) {
        struct cn_error reason;
        struct cn_region_cells *cells = &layout->regions[layout->region_count];
        enum cn_status status =
            cn_region_cells(pool, &variable->variable->grid, &config->regions[r], cells, &reason);
        if (status == CN_BAD_MACHINE)
            return cn_fail(error, status, "%s", reason.text);
        if (status) {
            cn_problems_add(&variable->problems, CN_PROBLEM, "%s: %s", variable->variable->label,
                            reason.text);
            continue;
        }
        layout->region_count++;
        if (cells->dropped_columns)
            cn_problems_add(&variable->problems, CN_WARNING,
                            "%s: region %s: %zu longitude%s of the grid equal%s an earlier one "
                            "modulo 360 degrees and %s left out",
                            variable->variable->label, config->regions[r].name,
                            cells->dropped_columns, cells->dropped_columns == 1 ? "" : "s",
                            cells->dropped_columns == 1 ? "s" : "",
                            cells->dropped_columns == 1 ? "is" : "are");
    }
    if (layout->region_count)
        warn_of_bounds(variable, &layout->regions[0]);
    return CN_OK;
}

/* Places the regions in slabs, and in the results of each kind of groups. */
static enum cn_status place_regions(struct cn_pool *pool, struct cn_variable_plan *variable,
                                    struct cn_error *error)
{
    const struct cn_layout *layout = &variable->layout;
    bool fits = cn_layout_compute(&variable->layout, (size_t)variable->slots);
    for (enum cn_time time = CN_DAY; time < CN_TIMES && fits; time++) {
        struct cn_layout *results = &variable->results[time];
        *results = (struct cn_layout){.region_count = layout->region_count};
        results->regions = cn_pool_alloc(pool, layout->region_count, sizeof *results->regions);
        if (!results->regions)
            return cn_fail_memory(error, "regions");
        memcpy(results->regions, layout->regions, layout->region_count * sizeof *results->regions);
        fits = cn_layout_compute(results, cn_group_count(time, (size_t)variable->slots));
    }
    return fits ? CN_OK
                : cn_fail(error, CN_BAD_USAGE, "%s: the regions hold too many cells",
                          variable->variable->label);
}

enum cn_status cn_plan_regions(struct cn_pool *pool, const struct cn_config *config,
                               struct cn_variable_plan *variable, struct cn_error *error)
{
    enum cn_status status = select_regions(pool, config, variable, error);
    return status ? status : place_regions(pool, variable, error);
}
