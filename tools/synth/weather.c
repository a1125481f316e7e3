/*
 * Weather: what a day adds to the climate of a place. Fields of noise move east on a coarse grid
 * and are interpolated to the cells, as downscaled climate models are. So neighbouring cells and
 * days are alike, and the data deflate like real ones.
 */
#include "base/netcdf_constants.h"
#include "synth/noise.h"
#include "synth/options.h"
#include "synth/world.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { ROWS = CN_WEATHER_ROWS, COLUMNS = CN_WEATHER_COLUMNS };

static const struct cn_synth_variable known[] = {
    {"pr", "precipitation_flux", "Precipitation", "kg m-2 s-1", "area: time: mean",
     CN_PRECIPITATION, 0, 0, 0, 0, 0},
    {"tas", "air_temperature", "Daily Near-Surface Air Temperature", "K", "area: time: mean",
     CN_TEMPERATURE, 0, 0, 0, 0, 0},
    {"tasmax", "air_temperature", "Daily Maximum Near-Surface Air Temperature", "K",
     "area: mean time: maximum", CN_TEMPERATURE, 1, 0, 0, 0, 0},
    {"tasmin", "air_temperature", "Daily Minimum Near-Surface Air Temperature", "K",
     "area: mean time: minimum", CN_TEMPERATURE, -1, 0, 0, 0, 0},
    {"hurs", "relative_humidity", "Near-Surface Relative Humidity", "%", "area: time: mean",
     CN_GENERIC, 0, 65, 40, 2, 100},
    {"huss", "specific_humidity", "Near-Surface Specific Humidity", "1", "area: time: mean",
     CN_GENERIC, 0, .008F, .008F, 1e-5F, .03F},
    {"rlds", "surface_downwelling_longwave_flux_in_air", "Surface Downwelling Longwave Radiation",
     "W m-2", "area: time: mean", CN_GENERIC, 0, 310, 120, 80, 500},
    {"rsds", "surface_downwelling_shortwave_flux_in_air", "Surface Downwelling Shortwave Radiation",
     "W m-2", "area: time: mean", CN_GENERIC, 0, 190, 200, 0, 400},
    {"sfcWind", "wind_speed", "Daily-Mean Near-Surface Wind Speed", "m s-1", "area: time: mean",
     CN_GENERIC, 0, 4, 4, .1F, 30},
};

struct cn_synth_variable cn_synth_variable(const char *name)
{
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (!strcmp(known[k].name, name))
            return known[k];
    return (struct cn_synth_variable){name, NULL, name,  "1", "area: time: mean", CN_GENERIC, 0,
                                      50,   20,   -1e6F, 1e6F};
}

double cn_synth_warming(const char *experiment, int year)
{
    const int last = CN_SYNTH_LAST_HISTORICAL;
    double historical = fmin(year, last) - 1950;
    double warming = historical > 0 ? 2.5e-4 * historical * historical : 0;
    size_t length = strlen(experiment);
    double forcing = 4.5;
    if (length >= 2 && isdigit((unsigned char)experiment[length - 2]) &&
        isdigit((unsigned char)experiment[length - 1]))
        forcing = experiment[length - 2] - '0' + .1 * (experiment[length - 1] - '0');
    return year > last ? warming + .0065 * (forcing - 1.6) * (year - last) : warming;
}

/* Uniform cubic B-spline: the weights of four neighbouring knots. */
static void spline(double u, float weights[4])
{
    double v = 1 - u;
    weights[0] = (float)(v * v * v / 6);
    weights[1] = (float)((3 * u * u * u - 6 * u * u + 4) / 6);
    weights[2] = (float)((3 * v * v * v - 6 * v * v + 4) / 6);
    weights[3] = (float)(u * u * u / 6);
}

struct octave {
    int spacing;     /* nodes between knots; divides 60 and 144 */
    int days;        /* between knots in time */
    float amplitude; /* standard deviation of what it adds */
};
static const struct octave octaves[] = {{12, 9, .5F}, {6, 5, .6F}, {3, 3, .5F}, {2, 2, .35F}};
/* Three columns more, so that the spline needs not wrap. */
enum { MAX_KNOT_ROWS = 60 / 2 + 4, MAX_KNOT_COLUMNS = COLUMNS / 2 + 3 };

/* Computes the knots of one octave on a day: those of two times, weighted so that their variance is
 * the same on every day. */
static void fill_knots(const struct octave *octave, uint64_t seed, int64_t day, int rows,
                       int columns, float knots[][MAX_KNOT_COLUMNS])
{
    int64_t before = day / octave->days - (day % octave->days < 0);
    double u = (double)(day - before * octave->days) / octave->days;
    /* 3.6: one over the deviation of uniform noise after the spline in both directions. */
    double scale = 3.6 * octave->amplitude / sqrt((1 - u) * (1 - u) + u * u);
    float now = (float)((1 - u) * scale), next = (float)(u * scale);
    seed += (uint64_t)octave->spacing;
    for (int j = 0; j < rows; j++) {
        for (int i = 0; i < columns; i++)
            knots[j][i] =
                now * cn_noise(seed, i, j, before) + next * cn_noise(seed, i, j, before + 1);
        memcpy(&knots[j][columns], knots[j], 3 * sizeof knots[j][0]);
    }
}

static void add_octave(const struct octave *octave, uint64_t seed, int64_t day,
                       float field[ROWS][COLUMNS + 1])
{
    float knots[MAX_KNOT_ROWS][MAX_KNOT_COLUMNS], wide[MAX_KNOT_ROWS][COLUMNS];
    float weights[COLUMNS][4], w[4];
    int west[COLUMNS];
    int spacing = octave->spacing, columns = COLUMNS / spacing, rows = (ROWS - 1) / spacing + 4;
    fill_knots(octave, seed, day, rows, columns, knots);
    /* 1.5 nodes a day to the east, about 4 degrees; once around in 96 days. */
    double drift = (double)((day % 96 + 96) % 96) * 1.5;
    for (int i = 0; i < COLUMNS; i++) {
        double x = (i - drift + (double)COLUMNS) / spacing;
        west[i] = (int)x % columns;
        spline(x - (int)x, weights[i]);
    }
    for (int j = 0; j < rows; j++)
        for (int i = 0; i < COLUMNS; i++) {
            const float *knot = &knots[j][west[i]], *by = weights[i];
            wide[j][i] = by[0] * knot[0] + by[1] * knot[1] + by[2] * knot[2] + by[3] * knot[3];
        }
    for (int j = 0; j < ROWS; j++) {
        const float(*knot)[COLUMNS] = &wide[j / spacing];
        spline((double)(j % spacing) / spacing, w);
        for (int i = 0; i < COLUMNS; i++)
            field[j][i] +=
                w[0] * knot[0][i] + w[1] * knot[1][i] + w[2] * knot[2][i] + w[3] * knot[3][i];
    }
}

/* Noise of about unit variance, nearly Gaussian, alike in neighbouring nodes and days. Octaves with
 * less than `finest` nodes between knots, which the cells could not show, are left out. */
static void fill_field(uint64_t seed, int64_t day, double finest, float field[ROWS][COLUMNS + 1])
{
    memset(field, 0, sizeof(float[ROWS][COLUMNS + 1]));
    for (size_t k = 0; k < sizeof octaves / sizeof *octaves; k++)
        if (octaves[k].spacing >= finest)
            add_octave(&octaves[k], seed, day, field);
    for (int j = 0; j < ROWS; j++)
        field[j][COLUMNS] = field[j][0];
}

/* One row of cells: the weather interpolated to its latitude, and what depends on that alone. */
struct row {
    float first[COLUMNS + 1], second[COLUMNS + 1];
    float season, warming;
    float temperature_noise; /* K */
    float monsoon, rain_intensity;
    float generic_centre;
};

static void fill_row(struct row *row, const struct cn_weather *weather,
                     const struct cn_synth_variable *variable, double latitude,
                     const struct cn_synth_day *day)
{
    double y = (latitude + 60) / 150 * (ROWS - 1);
    int j = (int)y;
    float north = (float)(y - j), south = 1 - north, lat = (float)latitude;
    for (int i = 0; i <= COLUMNS; i++)
        row->first[i] = south * weather->first[j][i] + north * weather->first[j + 1][i];
    for (int i = 0; variable->side && i <= COLUMNS; i++)
        row->second[i] = south * weather->second[j][i] + north * weather->second[j + 1][i];
    /* Late July is warmest in the north: the amplitude of southern cells is negative. */
    row->season = (float)cos(2 * 3.14159265358979 * (day->year_fraction - .56));
    row->warming = (float)(day->warming * (.8 + fabs(latitude) / 60));
    row->temperature_noise = 1.5F + .05F * fabsf(lat);
    /* Wet summers in the tropics, wet winters beyond; a warmer world rains a little harder. */
    row->monsoon = row->season * (lat / 18 * expf(-lat * lat / 500) - .002F * lat);
    row->rain_intensity = 3.5e-5F * (1 + .03F * row->warming);
    row->generic_centre = variable->centre + .5F * variable->span * row->season * lat / 90;
}

static float interpolate(const float *row, int node, float east)
{
    return row[node] + east * (row[node + 1] - row[node]);
}

/* node, east: as in struct cn_world. */
static float land_value(const struct cn_synth_variable *variable, const struct row *row,
                        const struct cn_climate *climate, int node, float east)
{
    float weather = interpolate(row->first, node, east);
    if (variable->kind == CN_TEMPERATURE) {
        float mean = climate->temperature + row->warming + climate->season * row->season +
                     row->temperature_noise * weather - 6 * climate->terrain;
        if (!variable->side)
            return mean;
        float half = climate->half_range * (1 + .25F * interpolate(row->second, node, east));
        return mean + (float)variable->side * (half > .2F ? half : .2F);
    }
    if (variable->kind == CN_PRECIPITATION) {
        float wet = weather + climate->wetness + row->monsoon;
        float rain = wet > 0 ? wet : 0, drizzle = wet > -.1F ? wet + .1F : 0;
        float relief = fmaxf(.05F, 1 + .9F * climate->terrain);
        return relief * (row->rain_intensity * rain * rain + 1e-11F * drizzle);
    }
    float value = row->generic_centre + variable->span * (.25F * weather + .1F * climate->wetness +
                                                          .15F * climate->terrain);
    value = value > variable->low ? value : variable->low;
    return value < variable->high ? value : variable->high;
}

void cn_world_values(const struct cn_world *world, const struct cn_synth_variable *variable,
                     const struct cn_synth_day *day, struct cn_weather *scratch, float *values)
{
    /* Variables of one kind share their weather, so that tasmin <= tas <= tasmax. */
    uint64_t seed = day->seed + 1000 * (uint64_t)variable->kind;
    if (variable->kind == CN_GENERIC)
        seed ^= XXH3_64bits(variable->name, strlen(variable->name));
    double finest = fmin((double)COLUMNS / (double)world->lon_count,
                         (double)(ROWS - 1) / (double)world->lat_count);
    fill_field(seed, day->number, finest, scratch->first);
    if (variable->side)
        fill_field(seed + 500, day->number, finest, scratch->second);
    const struct cn_climate *climate = world->climate;
    for (size_t j = 0; j < world->lat_count; j++) {
        struct row row;
        fill_row(&row, scratch, variable, world->lat[j], day);
        for (size_t i = 0; i < world->lon_count; i++, climate++)
            *values++ = climate->is_land
                            ? land_value(variable, &row, climate, world->node[i], world->east[i])
                            : CN_FILL_VALUE;
    }
}
