/*
 * Makes a synthetic tree: checks options, then makes files day by day on all threads. The order
 * does not matter, because values depend only on variable, day and cell (world.h). It knows neither
 * the terminal nor exit codes.
 */
#include "base/format.h"
#include "base/publish.h"
#include "climnorm/limits.h"
#include "climnorm/pool.h"
#include "guard/hdf5_lock.h"
#include "synth/file.h"

#include <errno.h>
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    MAX_DAYS = CN_MAX_SLOTS,
    UNIT_CELLS = 1 << 20,       /* a unit of work: as many days as make about this many cells */
    MAX_SLOTS_BYTES = 512 << 20 /* years in flight beyond two, before deflating */
};

/* The memory of a file from its first day until it is published. The next file for this slot waits
 * for that, which bounds the memory. */
struct slot {
    size_t file; /* that uses the slot now */
    size_t units_left;
    struct cn_encoded chunks[MAX_DAYS];
};

struct synth_run {
    const struct cn_synth_options *options;
    const struct cn_kernels *kernels;
    struct cn_world *world;
    struct cn_pool *pool;
    struct cn_synth_file *files; /* in the order they are made */
    const char **paths;          /* of each file */
    struct cn_synth_variable *variables;
    size_t file_count, unit_days, units_per_file;
    struct slot *slots;
    size_t slot_count;

    atomic_size_t next_unit;
    atomic_bool halted;
    pthread_mutex_t lock; /* of all below, and of the slots' file and units_left */
    pthread_cond_t slot_freed;
    struct cn_synth_state state;
    struct cn_error error;
};

static enum cn_status check_name(const char *what, const char *name, struct cn_error *error)
{
    size_t length = strlen(name);
    size_t good = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");
    if (!length || length > 64 || good < length || strchr(".-", name[0]))
        return cn_fail(error, CN_BAD_USAGE,
                       "%s '%s': expected 1 to 64 letters, digits, points and hyphens, a letter or "
                       "digit first (file names are split at underscores)",
                       what, name);
    return CN_OK;
}

static enum cn_status check_names(const char *what, const char *const *names, size_t count,
                                  struct cn_error *error)
{
    for (size_t k = 0; k < count; k++) {
        enum cn_status status = check_name(what, names[k], error);
        if (status)
            return status;
        for (size_t m = 0; m < k; m++)
            if (!strcmp(names[m], names[k]))
                return cn_fail(error, CN_BAD_USAGE, "%s '%s' is given twice", what, names[k]);
    }
    return CN_OK;
}

static enum cn_status check_ranges(const struct cn_synth_options *options, struct cn_error *error)
{
    if (options->first_year < 1600 || options->last_year > 9999 ||
        options->first_year > options->last_year)
        return cn_fail(error, CN_BAD_USAGE,
                       "years %d-%d: expected FIRST-LAST between 1600 and 9999, for example "
                       "1950-2100",
                       options->first_year, options->last_year);
    if (options->lat_count < 1 || options->lat_count > CN_SYNTH_MAX_LAT || options->lon_count < 1 ||
        options->lon_count > CN_SYNTH_MAX_LON)
        return cn_fail(error, CN_BAD_USAGE,
                       "grid %zux%zu: expected LATxLON from 1x1 to %dx%d, for example 600x1440 for "
                       "0.25 degree",
                       options->lat_count, options->lon_count, CN_SYNTH_MAX_LAT, CN_SYNTH_MAX_LON);
    if (options->compression < 0 || options->compression > 9)
        return cn_fail(error, CN_BAD_USAGE, "compression %d: expected 0 (none) to 9",
                       options->compression);
    if (options->days < 0 || options->days > MAX_DAYS)
        return cn_fail(error, CN_BAD_USAGE,
                       "days %d: expected 1 to %d (only the first days of each year)",
                       options->days, MAX_DAYS);
    if (options->threads < 0 || options->threads > CN_SYNTH_MAX_THREADS)
        return cn_fail(error, CN_BAD_USAGE, "threads %d: expected 1 to %d, or 0 for all cores",
                       options->threads, CN_SYNTH_MAX_THREADS);
    return CN_OK;
}

static enum cn_status check_options(const struct cn_synth_options *options, struct cn_error *error)
{
    enum cn_status status = check_ranges(options, error);
    if (!status)
        status = check_name("model", options->model, error);
    if (!status)
        status = check_name("variant", options->variant, error);
    if (!status && options->grid_label[0])
        status = check_name("grid label", options->grid_label, error);
    if (!status)
        status = check_names("variable", options->variables, options->variable_count, error);
    if (!status)
        status = check_names("scenario", options->scenarios, options->scenario_count, error);
    if (status)
        return status;
    if (!options->root[0])
        return cn_fail(error, CN_BAD_USAGE, "the folder to make has no name");
    if (!options->variable_count)
        return cn_fail(error, CN_BAD_USAGE, "no variable is asked for; name one, for example pr");
    for (size_t k = 0; k < options->variable_count; k++)
        for (const char *const *axis = (const char *const[]){"time", "lat", "lon", NULL}; *axis;
             axis++)
            if (!strcmp(options->variables[k], *axis))
                return cn_fail(error, CN_BAD_USAGE,
                               "variable '%s' is the name of an axis; take another", *axis);
    for (size_t k = 0; k < options->scenario_count; k++)
        if (!strcmp(options->scenarios[k], "historical"))
            return cn_fail(error, CN_BAD_USAGE,
                           "scenario 'historical': years until %d are historical by themselves; "
                           "name what follows, for example ssp245",
                           CN_SYNTH_LAST_HISTORICAL);
    if (!options->scenario_count && options->last_year > CN_SYNTH_LAST_HISTORICAL)
        return cn_fail(error, CN_BAD_USAGE,
                       "years %d-%d go beyond %d, the last historical one: name a scenario, for "
                       "example ssp245",
                       options->first_year, options->last_year, CN_SYNTH_LAST_HISTORICAL);
    return CN_OK;
}

static enum cn_status plan_file(struct synth_run *run, const struct cn_synth_variable *variable,
                                const char *experiment, int year, const char *date,
                                struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    int days = cn_days_in_year(o->calendar, year);
    const char *path =
        cn_pool_printf(run->pool, "%s/%s/%s/%s/%s/%s_day_%s_%s_%s%s%s_%d.nc", o->root, o->model,
                       experiment, o->variant, variable->name, variable->name, o->model, experiment,
                       o->variant, o->grid_label[0] ? "_" : "", o->grid_label, year);
    if (!path)
        return cn_fail_memory(error, "file names");
    if (strlen(path) + 64 > PATH_MAX || strlen(strrchr(path, '/') + 1) > NAME_MAX)
        return cn_fail(error, CN_BAD_USAGE, "%s: the path is too long; take shorter names", path);
    run->paths[run->file_count] = path;
    run->files[run->file_count++] = (struct cn_synth_file){
        .options = o,
        .world = run->world,
        .variable = variable,
        .experiment = experiment,
        .date = date,
        .year = year,
        .days = o->days && o->days < days ? o->days : days,
        .first_day = cn_day_number(o->calendar, (struct cn_date){year, 1, 1}) -
                     cn_day_number(o->calendar, (struct cn_date){1850, 1, 1}),
    };
    return CN_OK;
}

/* Variable by variable, historical years first. */
static enum cn_status list_files(struct synth_run *run, struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    size_t years = (size_t)o->last_year - (size_t)o->first_year + 1;
    size_t most = o->variable_count * (o->scenario_count + 1);
    char now[CN_DATE_BYTES];
    const char *date = cn_pool_strdup(run->pool, cn_creation_date(now));
    run->files = cn_pool_alloc(run->pool, most, years * sizeof *run->files);
    run->paths = cn_pool_alloc(run->pool, most, years * sizeof *run->paths);
    run->variables = cn_pool_alloc(run->pool, o->variable_count, sizeof *run->variables);
    if (!date || !run->files || !run->paths || !run->variables)
        return cn_fail_memory(error, "list of files");
    for (size_t v = 0; v < o->variable_count; v++) {
        run->variables[v] = cn_synth_variable(o->variables[v]);
        for (size_t s = 0; s <= o->scenario_count; s++) {
            const char *experiment = s ? o->scenarios[s - 1] : "historical";
            for (int year = o->first_year; year <= o->last_year; year++) {
                if ((year <= CN_SYNTH_LAST_HISTORICAL) != !s)
                    continue;
                enum cn_status status =
                    plan_file(run, &run->variables[v], experiment, year, date, error);
                if (status)
                    return status;
            }
        }
    }
    return CN_OK;
}

static enum cn_status refuse_existing(const struct synth_run *run, struct cn_error *error)
{
    size_t existing = 0, first = 0;
    struct stat found;
    for (size_t k = run->file_count; k-- > 0;)
        if (!lstat(run->paths[k], &found)) {
            existing++;
            first = k;
        }
    if (existing && !run->options->force)
        return cn_fail(error, CN_BAD_USAGE,
                       "%zu of the %zu files exist already, first %s; name another folder, or "
                       "replace them with --force",
                       existing, run->file_count, run->paths[first]);
    return CN_OK;
}

static enum cn_status make_file(const struct synth_run *run, size_t index, const struct slot *slot,
                                uint64_t *bytes, struct cn_error *error)
{
    const char *path = run->paths[index], *base = strrchr(path, '/') + 1;
    const struct cn_synth_file *file = &run->files[index];
    char temporary[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%.*s.climnorm-%ld-%zu.tmp", (int)(base - path), path,
             (long)getpid(), index);
    if (!cn_make_folders(path))
        return cn_fail(error, CN_BAD_MACHINE, "%s: its folder cannot be made: %s", path,
                       strerror(errno));
    unlink(temporary); /* left by an ended process with the same id */
    cn_hdf5_lock();
    enum cn_status status = cn_synth_file_create(file, temporary, error);
    if (!status)
        status = cn_write_encoded(temporary, file->variable->name, slot->chunks, (size_t)file->days,
                                  error);
    cn_hdf5_unlock();
    struct stat written = {0};
    stat(temporary, &written);
    *bytes = (uint64_t)written.st_size;
    if (status) {
        unlink(temporary);
        return status;
    }
    int failed = cn_publish(temporary, path);
    return failed ? cn_fail(error, CN_BAD_MACHINE, "%s: cannot be synced and renamed: %s", path,
                            strerror(failed))
                  : CN_OK;
}

static void halt(struct synth_run *run, const struct cn_error *error)
{
    pthread_mutex_lock(&run->lock);
    if (!atomic_exchange(&run->halted, true))
        run->error = *error;
    pthread_cond_broadcast(&run->slot_freed);
    pthread_mutex_unlock(&run->lock);
}

static void stop_when_asked(struct synth_run *run)
{
    if (!run->options->stop || !*run->options->stop)
        return;
    struct cn_error error;
    cn_fail(&error, CN_STOPPED, "stopped");
    halt(run, &error);
}

/* False: the run has halted. */
static bool wait_for_slot(struct synth_run *run, const struct slot *slot, size_t file)
{
    pthread_mutex_lock(&run->lock);
    while (slot->file != file && !run->halted)
        pthread_cond_wait(&run->slot_freed, &run->lock);
    pthread_mutex_unlock(&run->lock);
    return !run->halted;
}

/* Publishes the file after its last unit; other threads go on meanwhile. */
static void finish_unit(struct synth_run *run, struct slot *slot, size_t file)
{
    pthread_mutex_lock(&run->lock);
    bool last = --slot->units_left == 0;
    pthread_mutex_unlock(&run->lock);
    if (!last)
        return;
    struct cn_error error;
    uint64_t bytes = 0;
    if (make_file(run, file, slot, &bytes, &error)) {
        halt(run, &error);
        return;
    }
    for (int day = 0; day < run->files[file].days; day++)
        free((void *)slot->chunks[day].bytes);
    memset(slot->chunks, 0, sizeof slot->chunks);
    pthread_mutex_lock(&run->lock);
    slot->file = file + run->slot_count;
    slot->units_left = run->units_per_file;
    run->state.files_done++;
    run->state.bytes_written += bytes;
    run->state.latest = strrchr(run->paths[file], '/') + 1;
    if (run->options->progress)
        run->options->progress(run->options->context, &run->state);
    pthread_cond_broadcast(&run->slot_freed);
    pthread_mutex_unlock(&run->lock);
}

/* The memory of one thread. */
struct workspace {
    float *values;
    struct cn_weather *weather;
    struct cn_scratch scratch;
};

static enum cn_status make_day(struct synth_run *run, const struct cn_synth_file *file, int day,
                               struct workspace *workspace, struct cn_encoded *chunk,
                               struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    const char *names[] = {o->model, o->variant, file->experiment};
    uint64_t seed = o->seed;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        seed = XXH3_64bits_withSeed(names[k], strlen(names[k]), seed);
    struct cn_synth_day when = {
        .seed = seed,
        .number = file->first_day + day,
        .year_fraction = (day + .5) / cn_days_in_year(o->calendar, file->year),
        .warming = cn_synth_warming(file->experiment, file->year),
    };
    cn_world_values(run->world, file->variable, &when, workspace->weather, workspace->values);
    return cn_synth_encode(run->kernels, &workspace->scratch, o->compression, workspace->values,
                           o->lat_count * o->lon_count, chunk, error);
}

static void make_unit(struct synth_run *run, size_t unit, struct workspace *workspace)
{
    size_t index = unit / run->units_per_file, part = unit % run->units_per_file;
    const struct cn_synth_file *file = &run->files[index];
    struct slot *slot = &run->slots[index % run->slot_count];
    struct cn_error error;
    if (!wait_for_slot(run, slot, index))
        return;
    size_t end = (part + 1) * run->unit_days;
    for (size_t day = part * run->unit_days; day < end && day < (size_t)file->days; day++) {
        stop_when_asked(run);
        if (run->halted)
            return;
        if (make_day(run, file, (int)day, workspace, &slot->chunks[day], &error)) {
            halt(run, &error);
            return;
        }
    }
    finish_unit(run, slot, index);
}

/* Threads take units in order. So a thread waits only for slots of units that other threads have
 * taken. */
static __attribute__((noinline)) void synthesize(struct synth_run *run)
{
    struct workspace workspace = {0};
    struct cn_error error;
    size_t cells = run->options->lat_count * run->options->lon_count;
    size_t units = run->file_count * run->units_per_file, unit;
    workspace.values = calloc(cells, sizeof *workspace.values);
    workspace.weather = malloc(sizeof *workspace.weather);
    enum cn_status status = CN_OK;
    if (!workspace.values || !workspace.weather)
        status = cn_fail_memory(&error, "day; take fewer --threads or a smaller --grid");
    if (status)
        halt(run, &error);
    while (!run->halted && (unit = atomic_fetch_add(&run->next_unit, 1)) < units)
        make_unit(run, unit, &workspace);
    cn_scratch_free(&workspace.scratch);
    free(workspace.weather);
    free(workspace.values);
}

static enum cn_status make_files(struct synth_run *run, struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    size_t cells = o->lat_count * o->lon_count, days = o->days ? (size_t)o->days : MAX_DAYS;
    int threads = o->threads ? o->threads : omp_get_num_procs();
    size_t spare = MAX_SLOTS_BYTES / (4 * cells * days), slot_bytes = sizeof *run->slots;
    run->slot_count = (size_t)threads + 1 < spare ? (size_t)threads + 1 : spare;
    run->slot_count = run->slot_count < 2 ? 2 : run->slot_count;
    run->unit_days = UNIT_CELLS / cells < 1 ? 1 : UNIT_CELLS / cells;
    run->unit_days = run->unit_days > days ? days : run->unit_days;
    run->units_per_file = (days + run->unit_days - 1) / run->unit_days;
    run->slots = cn_pool_alloc(run->pool, run->slot_count, slot_bytes);
    if (!run->slots)
        return cn_fail_memory(error, "work space");
    for (size_t k = 0; k < run->slot_count; k++) {
        run->slots[k].file = k;
        run->slots[k].units_left = run->units_per_file;
    }
    run->state.files_total = run->file_count;
#pragma omp parallel num_threads(threads)
    synthesize(run);
    for (size_t k = 0; k < run->slot_count; k++)
        for (size_t day = 0; day < MAX_DAYS; day++)
            free((void *)run->slots[k].chunks[day].bytes);
    if (!run->halted)
        return CN_OK;
    *error = run->error;
    return error->status;
}

enum cn_status cn_synth(const struct cn_synth_options *options, struct cn_synth_state *state,
                        struct cn_error *error)
{
    struct synth_run run = {.options = options,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .slot_freed = PTHREAD_COND_INITIALIZER};
    struct cn_error ignored;
    error = error ? error : &ignored;
    enum cn_status status = check_options(options, error);
    if (!status)
        status = cn_kernels_select(&run.kernels, error);
    if (status)
        return status;
    run.pool = cn_pool_new();
    status = run.pool ? CN_OK : cn_fail_memory(error, "list of files");
    if (!status)
        status = cn_world_new(options->lat_count, options->lon_count, &run.world, error);
    if (!status)
        status = list_files(&run, error);
    if (!status)
        status = refuse_existing(&run, error);
    if (!status)
        status = make_files(&run, error);
    run.state.latest = NULL; /* it points into the pool */
    *state = run.state;
    cn_world_free(run.world);
    cn_pool_free(run.pool);
    return status;
}
