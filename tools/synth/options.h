/*
 * Synthetic data: a tree of files like those of NEX-GDDP-CMIP6, of any size. They serve to try the
 * program and to measure it. The values look like weather over land; they come from no model.
 */
#ifndef CLIMNORM_SYNTH_OPTIONS_H
#define CLIMNORM_SYNTH_OPTIONS_H

#include "climnorm/calendar.h"
#include "climnorm/error.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
    CN_SYNTH_LAST_HISTORICAL = 2014,
    CN_SYNTH_MAX_LAT = 4000,
    CN_SYNTH_MAX_LON = 8000,
};

/* The values of a file, and how they are deflated. */
enum cn_synth_style {
    CN_SYNTH_SMOOTH,   /* smooth fields, by libdeflate: quick to make */
    CN_SYNTH_NEX_GDDP, /* what deflate finds in NEX-GDDP-CMIP6: fine relief, by zlib */
};

struct cn_synth_state {
    size_t files_done, files_total;
    uint64_t bytes_written;
};

struct cn_synth_options {
    const char *root;          /* made if it does not exist */
    int first_year, last_year; /* 1600 … CN_LAST_YEAR; up to CN_SYNTH_LAST_HISTORICAL historical */
    size_t lat_count, lon_count;
    const char *const *variables; /* names: [A-Za-z0-9.-], a letter or digit first */
    size_t variable_count;        /* at least 1 */
    const char *model, *variant;
    const char *grid_label; /* "": file names without one, as in CMIP5 */
    const char *const *scenarios;
    size_t scenario_count;
    enum cn_calendar calendar;
    enum cn_synth_style style;
    uint64_t seed;
    /* The caller has checked these three. */
    int days;        /* only the first days of each year, at most CN_MAX_SLOTS; 0: all */
    int compression; /* deflate level 0 … 9; 0: no filters at all */
    int threads;     /* 1 … CN_MAX_THREADS */
    bool force;      /* replace files that exist */
    /* Called before the first and after each file, by one thread at a time. May be NULL. */
    void (*progress)(void *context, const struct cn_synth_state *state);
    void *context;
    const atomic_int *stop; /* not 0: the work ends soon, with CN_STOPPED; may be NULL */
};

/* Makes root/{model}/{experiment}/{variant}/{variable}/{variable}_day_…_{year}.nc. Values are the
 * same for every number of threads; with SOURCE_DATE_EPOCH set, whole files are, too. *state is the
 * last one. After an error, complete files stay.
 * Returns: CN_OK. Errors: CN_BAD_USAGE, an option is out of range, or a file exists and `force` is
 * false: nothing was written; CN_STOPPED; CN_BAD_MACHINE. */
enum cn_status cn_synth(const struct cn_synth_options *options, struct cn_synth_state *state,
                        struct cn_error *error);

#endif
