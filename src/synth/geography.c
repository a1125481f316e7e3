/*
 * Land and climate: what does not change from day to day. The continents are a few dozen ellipses
 * with rough coasts; the islands that the built-in regions need are plain ones.
 */
#include "synth/noise.h"
#include "synth/world.h"

#include <math.h>
#include <stdlib.h>

struct land {
    float lon, lat, half_lon, half_lat; /* degrees */
    float slope;                        /* degrees of latitude per degree of longitude */
    float rough;                        /* how much noise moves the coast; 0: an exact ellipse */
};

static const struct land lands[] = {
    {250, 60, 42, 12, 0, 1},
    {262, 46, 27, 16, 0, 1},
    {207, 65, 17, 6, 0, 1},
    {200, 57, 9, 1.6F, .35F, .3F},
    {258, 25, 9, 9, -.7F, 1},
    {272, 14, 11, 3, -.5F, .6F},
    {298, -8, 19, 16, -.2F, 1},
    {293, -33, 9, 22, .2F, 1},
    {318, 74, 19, 11, 0, 1},
    {2, 16, 20, 17, 0, 1},
    {25, 12, 24, 19, 0, 1},
    {25, -13, 15, 22, .1F, 1},
    {47, -19, 3, 7, .9F, .5F},
    {355, 40, 6, 4, 0, .6F},
    {14, 48, 17, 6, .1F, 1},
    {17, 64, 13, 7, .4F, 1},
    {357, 54, 4, 5, 0, .5F},
    {341, 65, 5, 2, 0, .5F},
    {45, 54, 28, 13, 0, 1},
    {95, 60, 52, 16, 0, 1},
    {155, 65, 34, 7, 0, 1},
    {158, 56, 4, 6, .6F, .6F},
    {47, 25, 12, 10, -.3F, 1},
    {60, 35, 17, 8, 0, 1},
    {90, 42, 40, 13, 0, 1},
    {78, 20, 8, 13, 0, 1},
    {105, 26, 17, 14, 0, 1},
    {102, 12, 6, 9, -.4F, .8F},
    {102, 0, 6, 3, -.9F, .6F},
    {114, 1, 6, 5, .2F, .8F},
    {121, -2, 3, 4, 0, .8F},
    {140, -5, 11, 3, -.2F, .7F},
    {122, 12, 3, 6, -.3F, .6F},
    {138, 37, 3, 7, .5F, .5F},
    {134, -25, 21, 11, .05F, 1},
    {172, -42, 3, 6, .7F, .5F},
    {281, 21.5F, 5, .9F, -.3F, .2F},
    {289, 18.8F, 3.5F, 1, 0, .2F},
    {194.5F, 24.3F, 12, 1.7F, -.4F, 0}, /* Hawaii with its north-western islands */
    {293.8F, 18.15F, 1.8F, .45F, 0, 0}, /* Puerto Rico, Virgin Islands */
    {145.2F, 16.9F, .7F, 3.9F, 0, 0},   /* Guam, Mariana Islands */
};

/* Smooth noise of unit-ish size at a place; the same for every seed and grid. */
static double relief(double lon, double lat, double spacing, uint32_t salt)
{
    int32_t around = (int32_t)lrint(360 / spacing);
    double x = lon / 360 * around, y = (lat + 90) / spacing;
    int32_t i = (int32_t)floor(x), j = (int32_t)floor(y);
    double u = x - i, v = y - j;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    int32_t west = i % around, east = (i + 1) % around;
    double south = cn_noise(salt, west, j, 0) * (1 - u) + cn_noise(salt, east, j, 0) * u;
    double north = cn_noise(salt, west, j + 1, 0) * (1 - u) + cn_noise(salt, east, j + 1, 0) * u;
    return south * (1 - v) + north * v;
}

/* -1.15 … 1.15 */
static double coast_noise(double lon, double lat)
{
    return .55 * relief(lon, lat, 15, 1) + .3 * relief(lon, lat, 5, 2) +
           .2 * relief(lon, lat, 2, 3) + .1 * relief(lon, lat, .6, 4);
}

static bool is_land(double lon, double lat)
{
    double coast = NAN;
    for (size_t k = 0; k < sizeof lands / sizeof *lands; k++) {
        const struct land *land = &lands[k];
        double x = lon - land->lon;
        x = x > 180 ? x - 360 : x < -180 ? x + 360 : x;
        double y = (lat - land->lat - land->slope * x) / land->half_lat;
        x /= land->half_lon;
        double inside = 1 - x * x - y * y;
        if (inside <= -1.15 * land->rough)
            continue;
        if (isnan(coast))
            coast = coast_noise(lon, lat);
        if (inside + coast * land->rough > 0)
            return true;
    }
    return false;
}

static double bump(double x, double centre, double width)
{
    return exp(-(x - centre) * (x - centre) / (2 * width * width));
}

static void climate(struct cn_world *world, size_t cell, double lon, double lat)
{
    double height = fmax(0, 1.2 * relief(lon, lat, 20, 5) + .9 * relief(lon, lat, 4, 6) +
                                .6 * relief(lon, lat, 1, 7));
    double wetness = .1 + .8 * bump(lat, 3, 9) - .9 * bump(fabs(lat), 26, 7) +
                     .3 * bump(fabs(lat), 52, 9) + .5 * relief(lon, lat, 18, 8) +
                     .2 * relief(lon, lat, 1.5, 9);
    world->temperature[cell] = (float)(302 - .008 * lat * lat - 5 * height);
    world->season[cell] = (float)(.3 * lat * (1 + .3 * relief(lon, lat, 25, 10)));
    world->half_range[cell] = (float)fmin(9, fmax(2.5, 5 - 2.5 * wetness + height));
    world->wetness[cell] = (float)wetness;
}

/* The runs of land of row j, appended; rows come in order. */
static size_t find_runs(struct cn_world *world, size_t j, const bool *land, size_t runs)
{
    size_t columns = world->lon_count;
    world->row_run[j] = runs;
    for (size_t i = 0; i < columns;) {
        size_t first = i;
        while (i < columns && land[i] == land[first])
            i++;
        if (land[first]) {
            world->land[2 * runs] = j * columns + first;
            world->land[2 * runs++ + 1] = j * columns + i;
            world->land_cells += i - first;
        }
    }
    return runs;
}

static void fill_land(struct cn_world *world, bool *land)
{
    size_t runs = 0;
    for (size_t j = 0; j < world->lat_count; j++) {
        for (size_t i = 0; i < world->lon_count; i++) {
            land[i] = is_land(world->lon[i], world->lat[j]);
            if (land[i])
                climate(world, j * world->lon_count + i, world->lon[i], world->lat[j]);
        }
        runs = find_runs(world, j, land, runs);
    }
    world->row_run[world->lat_count] = runs;
}

enum cn_status cn_world_new(size_t lat_count, size_t lon_count, struct cn_world **result,
                            struct cn_error *error)
{
    size_t cells = lat_count * lon_count;
    struct cn_world *world = calloc(1, sizeof *world);
    bool *land = calloc(lon_count, sizeof *land);
    if (!world || !land)
        goto out_of_memory;
    world->lat_count = lat_count;
    world->lon_count = lon_count;
    world->lat = calloc(lat_count, sizeof *world->lat);
    world->lon = calloc(lon_count, sizeof *world->lon);
    /* At most every second cell of a row begins a run of land. */
    world->land = calloc(lat_count * (lon_count / 2 + 1), 2 * sizeof *world->land);
    world->row_run = calloc(lat_count + 1, sizeof *world->row_run);
    world->temperature = calloc(cells, sizeof *world->temperature);
    world->season = calloc(cells, sizeof *world->season);
    world->half_range = calloc(cells, sizeof *world->half_range);
    world->wetness = calloc(cells, sizeof *world->wetness);
    world->node = calloc(lon_count, sizeof *world->node);
    world->east = calloc(lon_count, sizeof *world->east);
    if (!world->lat || !world->lon || !world->land || !world->row_run || !world->temperature ||
        !world->season || !world->half_range || !world->wetness || !world->node || !world->east)
        goto out_of_memory;

    for (size_t j = 0; j < lat_count; j++)
        world->lat[j] = -60 + ((double)j + .5) * 150 / (double)lat_count;
    for (size_t i = 0; i < lon_count; i++) {
        world->lon[i] = ((double)i + .5) * 360 / (double)lon_count;
        double node = world->lon[i] / 360 * CN_WEATHER_COLUMNS;
        world->node[i] = (int)node;
        world->east[i] = (float)(node - world->node[i]);
    }
    fill_land(world, land);
    free(land);
    *result = world;
    return CN_OK;

out_of_memory:
    free(land);
    cn_world_free(world);
    return cn_fail_memory(error, "the grid; take a smaller --grid");
}

void cn_world_free(struct cn_world *world)
{
    if (!world)
        return;
    free(world->lat);
    free(world->lon);
    free(world->land);
    free(world->row_run);
    free(world->temperature);
    free(world->season);
    free(world->half_range);
    free(world->wetness);
    free(world->node);
    free(world->east);
    free(world);
}
