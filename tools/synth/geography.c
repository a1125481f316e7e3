/*
 * Land and climate: what does not change from day to day. The continents are a few dozen ellipses
 * with rough coasts; the islands that the built-in regions need are plain ones.
 */
#include "base/error.h"
#include "synth/noise.h"
#include "synth/world.h"

#include <math.h>

struct land {
    float lon, lat, half_lon, half_lat; /* centre and half axes of the ellipse, degrees */
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

/* Smooth noise between -1 and 1 at a place, with a random value every `spacing` degrees and
 * interpolated between. `salt` selects one of many fields; seed and grid change nothing. */
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

/* How far the coast is moved here: -1.15 … 1.15. */
static double coast_noise(double lon, double lat)
{
    return .55 * relief(lon, lat, 15, 1) + .3 * relief(lon, lat, 5, 2) +
           .2 * relief(lon, lat, 2, 3) + .1 * relief(lon, lat, .6, 4);
}

/* In CN_SYNTH_NEX_GDDP the sea is higher, so that 28.6 % of the cells are land, as in its files,
 * and the coast is rougher. */
static bool is_land(double lon, double lat, enum cn_synth_style style)
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
            coast = coast_noise(lon, lat) +
                    (style == CN_SYNTH_NEX_GDDP ? .1 * relief(lon, lat, .3, 11) - .088 : 0);
        if (inside + coast * land->rough > 0)
            return true;
    }
    return false;
}

/* 1 at the centre, and less the farther x is from it. */
static double bump(double x, double centre, double width)
{
    return exp(-(x - centre) * (x - centre) / (2 * width * width));
}

static struct cn_climate land_climate(double lon, double lat)
{
    double height = fmax(0, 1.2 * relief(lon, lat, 20, 5) + .9 * relief(lon, lat, 4, 6) +
                                .6 * relief(lon, lat, 1, 7));
    double wetness = .1 + .8 * bump(lat, 3, 9) - .9 * bump(fabs(lat), 26, 7) +
                     .3 * bump(fabs(lat), 52, 9) + .5 * relief(lon, lat, 18, 8) +
                     .2 * relief(lon, lat, 1.5, 9);
    return (struct cn_climate){
        .is_land = true,
        .temperature = (float)(302 - .008 * lat * lat - 5 * height),
        .season = (float)(.3 * lat * (1 + .3 * relief(lon, lat, 25, 10))),
        .half_range = (float)fmin(9, fmax(2.5, 5 - 2.5 * wetness + height)),
        .wetness = (float)wetness,
    };
}

/* For CN_SYNTH_NEX_GDDP: mountains and plains, in steps from 4 degrees down to a cell of 0.25. */
static void add_terrain(struct cn_climate *climate, double lon, double lat)
{
    double sum = 0, spacing = 4, amplitude = 1;
    uint32_t salt = 20;
    for (; salt < 25; salt++, spacing /= 2, amplitude *= .78)
        sum += amplitude * relief(lon, lat, spacing, salt);
    climate->terrain = (float)(sum * exp(.8 * relief(lon, lat, 7.5, salt)));
    climate->temperature -= 6; /* else valleys would be hotter than any place on Earth */
    climate->wetness += .2F;
}

enum cn_status cn_world_init(struct cn_world *world, const struct cn_synth_options *options,
                             struct cn_pool *pool, struct cn_error *error)
{
    const size_t lat_count = options->lat_count, lon_count = options->lon_count;
    *world = (struct cn_world){
        .lat_count = lat_count,
        .lon_count = lon_count,
        .lat = cn_pool_alloc(pool, lat_count, sizeof *world->lat),
        .lon = cn_pool_alloc(pool, lon_count, sizeof *world->lon),
        .climate = cn_pool_alloc(pool, lat_count * lon_count, sizeof *world->climate),
        .node = cn_pool_alloc(pool, lon_count, sizeof *world->node),
        .east = cn_pool_alloc(pool, lon_count, sizeof *world->east),
    };
    if (!world->lat || !world->lon || !world->climate || !world->node || !world->east)
        return cn_fail_memory(error, "the grid; take a smaller --grid");
    for (size_t i = 0; i < lon_count; i++) {
        world->lon[i] = ((double)i + .5) * 360 / (double)lon_count;
        double node = world->lon[i] / 360 * (double)CN_WEATHER_COLUMNS;
        world->node[i] = (int)node;
        world->east[i] = (float)(node - world->node[i]);
    }
    for (size_t j = 0; j < lat_count; j++) {
        world->lat[j] = -60 + ((double)j + .5) * 150 / (double)lat_count;
        for (size_t i = 0; i < lon_count; i++)
            if (is_land(world->lon[i], world->lat[j], options->style)) {
                struct cn_climate *climate = &world->climate[j * lon_count + i];
                *climate = land_climate(world->lon[i], world->lat[j]);
                if (options->style == CN_SYNTH_NEX_GDDP)
                    add_terrain(climate, world->lon[i], world->lat[j]);
            }
    }
    return CN_OK;
}
