/*
 * The synthetic world: land, climate and weather on a grid of cell centres, lat -60 … 90,
 * lon 0 … 360. Pure: no I/O, no threads, no global state; every value is a function of seed, day
 * and cell.
 */
#ifndef CLIMNORM_SYNTH_WORLD_H
#define CLIMNORM_SYNTH_WORLD_H

#include "base/pool.h"
#include "climnorm/error.h"
#include "synth/options.h"

#include <stdint.h>

enum cn_synth_kind { CN_TEMPERATURE, CN_PRECIPITATION, CN_GENERIC };

/* The attributes of a variable, and which values it gets. */
struct cn_synth_variable {
    const char *name;
    const char *standard_name; /* NULL: none */
    const char *long_name, *units, *cell_methods;
    enum cn_synth_kind kind;
    int side;                      /* CN_TEMPERATURE: -1 daily minimum, 0 mean, 1 maximum */
    float centre, span, low, high; /* CN_GENERIC: the mean, how far weather moves it, bounds */
};

/* Returns: the variable of that name; names that NEX-GDDP-CMIP6 lacks get generic values without a
 * unit. */
struct cn_synth_variable cn_synth_variable(const char *name);

/* Returns: global warming since 1950 in K. The last digits of names such as ssp245 and rcp85 give
 * the forcing, 4.5 and 8.5 W m-2; other names count as 4.5. */
double cn_synth_warming(const char *experiment, int year);

/* What does not change from day to day at a cell. In the ocean all is 0. */
struct cn_climate {
    bool is_land;
    float temperature; /* annual mean, K */
    float season;      /* amplitude of the yearly cycle of temperature, K; negative in the south */
    float half_range;  /* typical daily maximum minus mean, K */
    float wetness;     /* in standard deviations of the moisture */
    float terrain;     /* fine relief, in standard deviations; 0 in CN_SYNTH_SMOOTH */
};

struct cn_world {
    size_t lat_count, lon_count;
    double *lat, *lon;          /* cell centres, degrees north and east */
    struct cn_climate *climate; /* [lat_count][lon_count] */
    /* For each column: the weather node west of it, and the weight of the node east of it. */
    int *node;
    float *east;
};

/* The caller has checked that the number of cells does not overflow.
 * Errors: CN_BAD_MACHINE, out of memory. Owns: the pool, the arrays. */
enum cn_status cn_world_init(struct cn_world *world, const struct cn_synth_options *options,
                             struct cn_pool *pool, struct cn_error *error);

/* The weather of one day: fields of noise on a 2.5 degree grid, as coarse as a climate model's. */
enum { CN_WEATHER_ROWS = 61, CN_WEATHER_COLUMNS = 144 };
struct cn_weather {
    float first[CN_WEATHER_ROWS][CN_WEATHER_COLUMNS + 1]; /* the last column repeats the first */
    float second[CN_WEATHER_ROWS][CN_WEATHER_COLUMNS + 1];
};

struct cn_synth_day {
    uint64_t seed;        /* of model, variant and experiment: shared by all variables */
    int64_t number;       /* continuous count of days */
    double year_fraction; /* 0 … 1 since 1 January */
    double warming;       /* K */
};

/* Fills values[lat_count][lon_count]; ocean becomes CN_FILL_VALUE. *scratch is overwritten. */
void cn_world_values(const struct cn_world *world, const struct cn_synth_variable *variable,
                     const struct cn_synth_day *day, struct cn_weather *scratch, float *values);

#endif
