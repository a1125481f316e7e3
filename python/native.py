"""Writes the source of the extension module _native: what the package uses of the library.

    python3 native.py native.c

The compiler fills in what stands as "...", and checks the rest against the headers.
"""
import sys

import cffi

DECLARATIONS = """
enum cn_status { CN_OK, CN_BAD_USAGE, CN_BAD_INPUT, CN_BAD_MACHINE, CN_STOPPED, ... };
struct cn_error { enum cn_status status; char text[...]; ...; };
enum cn_severity { CN_DETAIL, CN_WARNING, CN_PROBLEM, ... };
struct cn_problem { enum cn_severity severity; char *text; ...; };
struct cn_problems { struct cn_problem *items; size_t count; bool lost; ...; };
void cn_problems_free(struct cn_problems *);

struct cn_config;
struct cn_override { const char *text; const char *option; const char *value; ...; };
enum cn_status cn_config_read(const char *, const struct cn_override *, size_t, struct cn_config **,
                              struct cn_problems *);
enum cn_status cn_config_read_text(const char *, const char *, const struct cn_override *, size_t,
                                   struct cn_config **, struct cn_problems *);
void cn_config_free(struct cn_config *);

struct cn_shard { size_t number; size_t count; ...; };
struct cn_job_options {
    bool is_run, in_memory, waits;
    struct cn_shard shard;
    const struct cn_watch *watch;
    ...;
};
struct cn_values {
    const char *variable, *model, *product, *scenario;
    size_t target_count;
    int *target_years;
    int rank;
    size_t shape[...];
    float *values;
    void *counts;
    size_t count_size;
    void *image;
    size_t image_size;
    char *name, *count_name;
    ...;
};
struct cn_job { struct cn_values *values; size_t value_count; ...; };
enum cn_status cn_job_prepare(const struct cn_config *, const struct cn_job_options *, struct cn_job **,
                              struct cn_error *);
void cn_job_free(struct cn_job *);
struct cn_result { enum cn_status status; ...; };
void cn_job_run(struct cn_job *, const struct cn_watch *, struct cn_result *);
void cn_result_free(struct cn_result *);
struct cn_estimate { bool is_known; ...; };
void cn_job_estimate(struct cn_job *, const struct cn_watch *, struct cn_estimate *);
char *cn_job_plan_json(const struct cn_job *, const struct cn_estimate *, bool);
char *cn_result_json(const struct cn_result *, int);

void native_quiet(void);
const char *native_output_root(const struct cn_config *);
const struct cn_watch *native_watch_new(int, struct cn_error *);
void native_watch_stop(const struct cn_watch *);
void native_watch_end(const struct cn_watch *);
void native_watch_free(const struct cn_watch *);
void free(void *);
"""

SOURCE = """
#include "climnorm/job.h"

#include <hdf5.h>
#include <stdlib.h>

/* Where netCDF4 has the same HDF5, and each thread a stack of errors: netCDF-C lets only the thread
 * that used it first be silent about attributes that are not there. */
static void native_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static const char *native_output_root(const struct cn_config *config)
{
    return config->output.root;
}

/* A watch with its flag. */
struct native_watch {
    struct cn_watch watch; /* first: the two have one address */
    atomic_int stop;
};

/* fd: where the display writes JSON; negative: there is no display. NULL: the error says why. */
static const struct cn_watch *native_watch_new(int fd, struct cn_error *error)
{
    struct native_watch *made = calloc(1, sizeof *made);
    if (!made) {
        *error = (struct cn_error){CN_BAD_MACHINE, "out of memory"};
        return NULL;
    }
    made->watch.stop = &made->stop;
    if (fd >= 0 && cn_progress_start(CN_PROGRESS_JSON, fd, &made->watch.progress, error)) {
        free(made);
        return NULL;
    }
    return &made->watch;
}

static void native_watch_stop(const struct cn_watch *watch)
{
    atomic_store(&((struct native_watch *)watch)->stop, 1);
}

static void native_watch_end(const struct cn_watch *watch)
{
    struct native_watch *made = (struct native_watch *)watch;
    if (made->watch.progress)
        cn_progress_stop(made->watch.progress, 1);
    made->watch.progress = NULL;
}

static void native_watch_free(const struct cn_watch *watch)
{
    free((struct native_watch *)watch);
}
"""


def main(path: str) -> None:
    builder = cffi.FFI()
    builder.cdef(DECLARATIONS)
    builder.set_source("climnorm._native", SOURCE)
    builder.emit_c_code(path)


if __name__ == "__main__":
    main(sys.argv[1])
