/*
 * Synthetic data: a tree of files like those of NEX-GDDP-CMIP6, of any size, to try and to measure
 * the program with. The values look like weather over land; they come from no model.
 */
#ifndef CLIMNORM_SYNTH_H
#define CLIMNORM_SYNTH_H

#include "climnorm/calendar.h"
#include "climnorm/error.h"

#include <signal.h>
#include <stdint.h>

enum {
    CN_SYNTH_LAST_HISTORICAL = 2014,
    CN_SYNTH_MAX_LAT = 4000,
    CN_SYNTH_MAX_LON = 8000,
    CN_SYNTH_MAX_THREADS = 1024,
};

struct cn_synth_state {
    size_t files_done, files_total;
    uint64_t bytes_written;
    const char *latest; /* base name of the file just written */
};

struct cn_synth_options {
    const char *root;          /* made if it does not exist */
    int first_year, last_year; /* 1600 … 9999; up to 2014 they are historical */
    size_t lat_count, lon_count;
    const char *const *variables; /* names: [A-Za-z0-9.-]{1,64}, a letter or digit first */
    size_t variable_count;
    const char *model, *variant;
    const char *grid_label; /* "": file names without one, as in CMIP5 */
    const char *const *scenarios;
    size_t scenario_count;
    enum cn_calendar calendar;
    uint64_t seed;
    int days;        /* only the first days of each year; 0: all */
    int compression; /* deflate level 0 … 9; 0: no filters at all */
    int threads;     /* 0: all cores this process may use */
    bool force;      /* replace files that exist */
    /* Called after each file, by one thread at a time. May be NULL. */
    void (*progress)(void *context, const struct cn_synth_state *state);
    void *context;
    const volatile sig_atomic_t *stop; /* non-zero: stop soon, with CN_STOPPED; or NULL */
};

/* Makes root/{model}/{experiment}/{variant}/{variable}/{variable}_day_…_{year}.nc. Values are the
 * same for every number of threads; with SOURCE_DATE_EPOCH the bytes of the files are, too. *state
 * is the last one; complete files stay after an error.
 * Errors: CN_BAD_USAGE, an option is out of range, or a file exists and `force` is false: nothing
 * was written; CN_STOPPED; CN_BAD_MACHINE. */
enum cn_status cn_synth(const struct cn_synth_options *options, struct cn_synth_state *state,
                        struct cn_error *error);

#endif
