/*
 * Regions on grids: what lies inside, in which order, with which coordinates and bounds.
 */
#include "base/pool.h"
#include "climnorm/grid.h"
#include "grid/layout.h"
#include "grid/region.h"

#include "cn_test.h"

#include <math.h>

enum { LON = 360, LAT = 180 };

#define assert_near(value, expected, tolerance) \
    assert_true(fabs((value) - (expected)) <= (tolerance))

struct axes {
    double lat[LAT], lon[LON];
    struct cn_grid grid;
    struct cn_pool *pool;
};

/* A grid of whole degrees: lat from first_lat by step, lon from first_lon eastward by 360 / n. */
static void make_axes(struct axes *axes, double first_lat, double step, size_t lats,
                      double first_lon, size_t lons)
{
    for (size_t j = 0; j < lats; j++)
        axes->lat[j] = first_lat + step * (double)j;
    for (size_t i = 0; i < lons; i++)
        axes->lon[i] = first_lon + 360.0 / (double)lons * (double)i;
    axes->grid = (struct cn_grid){
        .row_count = lats, .column_count = lons, .lat = axes->lat, .lon = axes->lon};
}

static int setup(void **state)
{
    static struct axes axes;
    axes.pool = cn_pool_new();
    *state = &axes;
    return axes.pool ? 0 : -1;
}

static int teardown(void **state)
{
    cn_pool_free(((struct axes *)*state)->pool);
    return 0;
}

static struct cn_region_cells cells_of(struct axes *axes, struct cn_region region)
{
    static struct cn_region kept;
    struct cn_region_cells cells;
    kept = region;
    assert_int_equal(cn_region_cells(axes->pool, &axes->grid, &kept, &cells, NULL), CN_OK);
    return cells;
}

static void test_bounds_are_inclusive_within_the_tolerance(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -60.0, 1.0, 150, 0.0, 360);
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"R", "", false, {10, 12}, {20, 23}});
    assert_int_equal(cells.row_count, 4);
    assert_int_equal(cells.column_count, 3);
    assert_int_equal(cells.first_row, 80);
    assert_int_equal(cells.column_runs[0].source, 10);
    cells = cells_of(axes, (struct cn_region){"R", "", false, {10.000009, 11.999991}, {20.5, 21}});
    assert_int_equal(cells.column_count, 3);
    assert_int_equal(cells.row_count, 1);
    cells = cells_of(axes, (struct cn_region){"R", "", false, {10.00002, 11.99998}, {20.5, 21}});
    assert_int_equal(cells.column_count, 1);
}

static void test_a_region_across_the_seam_runs_west_to_east(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -60.0, 1.0, 150, 0.0, 360);
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"R", "", false, {-2, 3}, {0, 0}});
    assert_int_equal(cells.column_count, 6);
    assert_int_equal(cells.column_run_count, 2);
    assert_int_equal(cells.column_runs[0].source, 358);
    assert_int_equal(cells.column_runs[0].count, 2);
    assert_int_equal(cells.column_runs[1].source, 0);
    assert_int_equal(cells.column_runs[1].place, 2);
    for (size_t i = 0; i < 6; i++) {
        assert_near(cells.lon[i], -2.0 + (double)i, 1e-12);
        assert_near(cells.lon_bounds[2 * i], cells.lon[i] - 0.5, 1e-12);
        assert_near(cells.lon_bounds[2 * i + 1], cells.lon[i] + 0.5, 1e-12);
    }
}

static void test_a_grid_from_minus_180_gives_a_region_in_0_to_360(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -60.0, 1.0, 150, -180.0, 360);
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"CONUS", "", false, {234, 294}, {24, 50}});
    assert_int_equal(cells.column_run_count, 1);
    assert_int_equal(cells.column_count, 61);
    assert_int_equal(cells.column_runs[0].source, 54);
    assert_near(cells.lon[0], 234.0, 1e-12);
}

static void test_latitudes_keep_their_order_and_longitudes_run_east(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, 89.0, -1.0, 150, 0.0, 360);
    for (size_t i = 0; i < 360; i++)
        axes->lon[i] = 359.0 - (double)i;
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"R", "", false, {5, 8}, {40, 42}});
    assert_int_equal(cells.first_row, 47);
    assert_near(cells.lat[0], 42.0, 1e-12); /* latitude keeps the file's order */
    assert_near(cells.lat[2], 40.0, 1e-12);
    assert_near(cells.lon[0], 5.0, 1e-12); /* longitude runs west to east */
    assert_int_equal(cells.column_runs[0].source, 354);
    assert_int_equal(cells.column_run_count, 4);
    assert_near(cells.lat_bounds[0], 42.5, 1e-12);
    assert_near(cells.lat_bounds[1], 41.5, 1e-12);
}

static void test_equal_columns_modulo_360_are_kept_once(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -60.0, 1.0, 150, 0.0, 360);
    axes->lon[359] = 360.0; /* a cyclic column */
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"R", "", false, {-3, 2}, {0, 0}});
    assert_int_equal(cells.dropped_columns, 1);
    assert_int_equal(cells.column_count, 5); /* -3 -2 0 1 2: column 359 repeats 0 */
    assert_int_equal(cells.column_runs[cells.column_run_count - 1].source, 0);
    cells = cells_of(axes, (struct cn_region){"R", "", false, {0, 360}, {0, 0}});
    assert_int_equal(cells.column_count, 359);
    assert_int_equal(cells.dropped_columns, 1);
    assert_int_equal(cells.column_runs[0].source, 0);
}

static void test_global_keeps_values_and_order(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, 89.5, -1.0, 180, -180.0, 360);
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"GLOBAL", "", true, {0, 360}, {-90, 90}});
    assert_int_equal(cells.row_count, 180);
    assert_int_equal(cells.column_count, 360);
    assert_int_equal(cells.column_run_count, 1);
    assert_near(cells.lon[0], -180.0, 0);
    assert_near(cells.lat_bounds[0], 90.0, 0);
}

static void test_latitude_bounds_are_clipped_to_the_poles(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -90.0, 2.0, 91, 0.0, 10);
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"GLOBAL", "", true, {0, 360}, {-90, 90}});
    assert_near(cells.lat_bounds[0], -90.0, 0);
    assert_near(cells.lat_bounds[1], -89.0, 1e-12);
    assert_near(cells.lat_bounds[2 * 90 + 1], 90.0, 0);
}

static void test_an_empty_region_says_what_the_grid_holds(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, 30.0, 1.0, 10, 0.0, 36);
    struct cn_region region = {"GU", "Guam", false, {144.58, 146.12}, {13.18, 20.61}};
    struct cn_region_cells cells;
    struct cn_error error;
    assert_int_equal(cn_region_cells(axes->pool, &axes->grid, &region, &cells, &error),
                     CN_BAD_INPUT);
    assert_non_null(strstr(error.text, "GU"));
    assert_non_null(strstr(error.text, "lat 30 to 39"));
}

static void test_an_axis_of_length_1_has_no_midpoint_bounds(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, 45.0, 1.0, 1, 10.0, 1);
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"R", "", false, {0, 20}, {40, 50}});
    assert_null(cells.lat_bounds);
    assert_null(cells.lon_bounds);
    static const double bounds[2] = {44, 46};
    axes->grid.lat_bounds = bounds;
    cells = cells_of(axes, (struct cn_region){"R", "", false, {0, 20}, {40, 50}});
    assert_near(cells.lat_bounds[1], 46.0, 0);
}

/* The source's bounds are kept as they are, or on the turn of their centres. */
static void test_bounds_of_the_source_are_kept(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, 40.25, 0.5, 4, 0.0, 3);
    axes->lon[1] = 120;
    axes->lon[2] = 240;
    static const double lat_bounds[] = {40, 40.5, 40.5, 41, 41, 41.5, 41.5, 42.0001};
    static const double lon_bounds[] = {300, 60, 60, 180, 180, 300};
    axes->grid.lat_bounds = lat_bounds;
    axes->grid.lon_bounds = lon_bounds;
    struct cn_region_cells cells =
        cells_of(axes, (struct cn_region){"GLOBAL", "", true, {0, 360}, {-90, 90}});
    assert_false(cells.replaced_lat_bounds || cells.replaced_lon_bounds);
    assert_memory_equal(cells.lat_bounds, lat_bounds, sizeof lat_bounds);
    static const double expected[] = {-60, 60, 60, 180, 180, 300};
    assert_memory_equal(cells.lon_bounds, expected, sizeof expected);
    /* One cell around the globe. */
    make_axes(axes, 40.25, 0.5, 4, 180.0, 1);
    static const double globe[] = {0, 360};
    axes->grid.lon_bounds = globe;
    cells = cells_of(axes, (struct cn_region){"GLOBAL", "", true, {0, 360}, {-90, 90}});
    assert_false(cells.replaced_lon_bounds);
    assert_memory_equal(cells.lon_bounds, globe, sizeof globe);
}

static void test_what_are_no_bounds_is_replaced_by_midpoints(void **state)
{
    struct axes *axes = *state;
    static double bounds[][6] = {
        {10, 11, 11, 12, 12, NAN},
        {10, 11, 11, 12, 12, INFINITY},
        {1e20, 1e20, 1e20, 1e20, 1e20, 1e20},
        {0, 0, 0, 0, 0, 0},
        {10, 11, 11, 12, 10, 11},
        {10, 12, 10, 12, 12, 13},
        {11, 12, 12, 13, 13, 14},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        for (int is_lon = 0; is_lon < 2; is_lon++) {
            make_axes(axes, 10.5, 1.0, 3, 10.5, 3);
            memcpy(axes->lon, axes->lat, 3 * sizeof *axes->lon);
            *(is_lon ? &axes->grid.lon_bounds : &axes->grid.lat_bounds) = bounds[i];
            struct cn_region_cells cells =
                cells_of(axes, (struct cn_region){"GLOBAL", "", true, {0, 360}, {-90, 90}});
            assert_int_equal(cells.replaced_lon_bounds, is_lon);
            assert_int_equal(cells.replaced_lat_bounds, !is_lon);
            const double *found = is_lon ? cells.lon_bounds : cells.lat_bounds;
            for (int k = 0; k < 6; k++)
                assert_near(found[k], 10 + (k + 1) / 2, 1e-12);
        }
}

static void test_regions_lie_side_by_side_with_room_to_encode(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -60.0, 1.0, 150, 0.0, 360);
    struct cn_region_cells cells[2] = {
        cells_of(axes, (struct cn_region){"A", "", false, {10, 20}, {10, 20}}),
        cells_of(axes, (struct cn_region){"B", "", false, {10, 10}, {10, 10}})};
    struct cn_layout layout = {.regions = cells, .region_count = 2};
    assert_true(cn_layout_compute(&layout, 365));
    assert_int_equal(cells[0].first_cell, 0);
    assert_int_equal(cells[1].first_cell, 128);
    assert_int_equal(layout.row_cells, 144);
    /* 121 cells: 135 day slots of 484 bytes fit into 64 KiB. */
    assert_int_equal(cells[0].chunk_slots, 135);
    assert_int_equal(cells[0].chunk_count, 3);
    assert_true(cells[0].chunk_cells > 135 * 121);
    /* 1 cell: a chunk is at most the year. */
    assert_int_equal(cells[1].chunk_slots, 365);
    assert_int_equal(cells[1].chunk_count, 1);
    assert_int_equal(cells[1].first_result, 3 * cells[0].chunk_cells);
    assert_int_equal(layout.result_cells, cells[1].first_result + cells[1].chunk_cells);
    assert_int_equal(cn_result_index(&cells[0], 134), 134 * 121);
    assert_int_equal(cn_result_index(&cells[0], 135), cells[0].chunk_cells);
    assert_int_equal(cn_result_index(&cells[1], 364), cells[1].first_result + 364);
}

static void test_a_large_region_has_a_day_slot_in_a_chunk(void **state)
{
    struct axes *axes = *state;
    make_axes(axes, -60.0, 1.0, 150, 0.0, 360);
    struct cn_region_cells cells[] = {
        cells_of(axes, (struct cn_region){"A", "", true, {0, 0}, {0, 0}})};
    struct cn_layout layout = {.regions = cells, .region_count = 1};
    assert_true(cn_layout_compute(&layout, 366));
    assert_int_equal(cells[0].chunk_slots, 1);
    assert_int_equal(cells[0].chunk_count, 366);
    assert_int_equal(layout.row_cells, (150 * 360 + 15) / 16 * 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_are_inclusive_within_the_tolerance),
        cmocka_unit_test(test_a_region_across_the_seam_runs_west_to_east),
        cmocka_unit_test(test_a_grid_from_minus_180_gives_a_region_in_0_to_360),
        cmocka_unit_test(test_latitudes_keep_their_order_and_longitudes_run_east),
        cmocka_unit_test(test_equal_columns_modulo_360_are_kept_once),
        cmocka_unit_test(test_global_keeps_values_and_order),
        cmocka_unit_test(test_latitude_bounds_are_clipped_to_the_poles),
        cmocka_unit_test(test_an_empty_region_says_what_the_grid_holds),
        cmocka_unit_test(test_an_axis_of_length_1_has_no_midpoint_bounds),
        cmocka_unit_test(test_bounds_of_the_source_are_kept),
        cmocka_unit_test(test_what_are_no_bounds_is_replaced_by_midpoints),
        cmocka_unit_test(test_regions_lie_side_by_side_with_room_to_encode),
        cmocka_unit_test(test_a_large_region_has_a_day_slot_in_a_chunk),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
