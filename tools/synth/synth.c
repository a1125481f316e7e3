/*
 * Makes a synthetic tree: checks options, then makes the files, each as an OpenMP task that divides
 * its days among the threads. The order does not matter, because values depend only on variable,
 * day and cell (world.h). It knows neither the terminal nor exit codes.
 */
#include "base/error.h"
#include "base/format.h"
#include "base/pool.h"
#include "base/publish.h"
#include "climnorm/limits.h"
#include "guard/hdf5_lock.h"
#include "synth/chunks.h"
#include "synth/file.h"

#include <errno.h>
#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum {
    MAX_DAYS = CN_MAX_SLOTS,
    TASK_CELLS = 1 << 20,       /* a task makes as many days as have about this many cells */
    MAX_SLOTS_BYTES = 512 << 20 /* memory of the slots beyond two, before deflating */
};

/* The encoded days of one file. The task of the next file in this slot waits until this one is
 * published, which bounds the memory. */
struct slot {
    struct cn_encoded chunks[MAX_DAYS];
};

/* What a thread needs for one day; the threads keep it in a buffer of their scratch. */
struct day_memory {
    struct cn_weather weather;
    float values[]; /* [cells] */
};
enum { DAY_BUFFER = CN_SYNTH_ENCODE_BUFFERS };

struct synth_run {
    const struct cn_synth_options *options;
    const struct cn_kernels *kernels;
    struct cn_pool *pool;
    struct cn_world world;
    char date[CN_DATE_BYTES];    /* of all files */
    struct cn_synth_file *files; /* in the order they are made */
    size_t file_count;
    struct slot *slots;
    size_t slot_count;
    struct cn_scratch *scratches; /* [threads] */

    atomic_bool halted;
    /* Changed only in halt() and file_done(), by one thread at a time. */
    struct cn_synth_state state;
    struct cn_error error;
};

static enum cn_status check_names(const char *what, const char *const *names, size_t count,
                                  struct cn_error *error)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";
    for (size_t k = 0; k < count; k++) {
        size_t length = strlen(names[k]);
        if (!length || length > CN_MAX_NAME_BYTES || strspn(names[k], allowed) < length ||
            strchr(".-", *names[k]))
            return cn_fail(error, CN_BAD_USAGE,
                           "%s '%s': expected 1 to %d letters, digits, points and hyphens, a "
                           "letter or digit first (file names are split at underscores)",
                           what, names[k], CN_MAX_NAME_BYTES);
        for (size_t m = 0; m < k; m++)
            if (!strcmp(names[m], names[k]))
                return cn_fail(error, CN_BAD_USAGE, "%s '%s' is given twice", what, names[k]);
    }
    return CN_OK;
}

static enum cn_status check_all_names(const struct cn_synth_options *o, struct cn_error *error)
{
    const struct {
        const char *what;
        const char *const *names;
        size_t count;
    } lists[] = {{"model", &o->model, 1},
                 {"variant", &o->variant, 1},
                 {"grid label", &o->grid_label, o->grid_label[0] != '\0'},
                 {"variable", o->variables, o->variable_count},
                 {"scenario", o->scenarios, o->scenario_count}};
    enum cn_status status = CN_OK;
    for (size_t k = 0; !status && k < sizeof lists / sizeof *lists; k++)
        status = check_names(lists[k].what, lists[k].names, lists[k].count, error);
    return status;
}

static enum cn_status check_options(const struct cn_synth_options *options, struct cn_error *error)
{
    static const char *const axes[] = {"time", "lat", "lon"};
    if (options->first_year < 1600 || options->last_year > CN_LAST_YEAR ||
        options->first_year > options->last_year)
        return cn_fail(error, CN_BAD_USAGE,
                       "years %d-%d: expected FIRST-LAST between 1600 and %d, for example "
                       "1950-2100",
                       options->first_year, options->last_year, CN_LAST_YEAR);
    if (options->lat_count < 1 || options->lat_count > CN_SYNTH_MAX_LAT || options->lon_count < 1 ||
        options->lon_count > CN_SYNTH_MAX_LON)
        return cn_fail(error, CN_BAD_USAGE,
                       "grid %zux%zu: expected LATxLON from 1x1 to %dx%d, for example 600x1440 for "
                       "0.25 degree",
                       options->lat_count, options->lon_count, CN_SYNTH_MAX_LAT, CN_SYNTH_MAX_LON);
    enum cn_status status = check_all_names(options, error);
    if (status)
        return status;
    if (!options->root[0])
        return cn_fail(error, CN_BAD_USAGE, "the folder to make has no name");
    for (size_t k = 0; k < options->variable_count; k++)
        for (size_t a = 0; a < sizeof axes / sizeof *axes; a++)
            if (!strcmp(options->variables[k], axes[a]))
                return cn_fail(error, CN_BAD_USAGE,
                               "variable '%s' is the name of an axis; take another", axes[a]);
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

static enum cn_status plan_file(struct synth_run *run, const char *name, const char *experiment,
                                int year, struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    int days = cn_days_in_year(o->calendar, year);
    const char *path =
        cn_pool_printf(run->pool, "%s/%s/%s/%s/%s/%s_day_%s_%s_%s%s%s_%d.nc", o->root, o->model,
                       experiment, o->variant, name, name, o->model, experiment, o->variant,
                       o->grid_label[0] ? "_" : "", o->grid_label, year);
    if (!path)
        return cn_fail_memory(error, "file names");
    if (strlen(path) + 64 > PATH_MAX || strlen(strrchr(path, '/') + 1) > NAME_MAX)
        return cn_fail(error, CN_BAD_USAGE, "%s: the path is too long; take shorter names", path);
    run->files[run->file_count++] = (struct cn_synth_file){
        .options = o,
        .world = &run->world,
        .path = path,
        .variable = cn_synth_variable(name),
        .experiment = experiment,
        .date = run->date,
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
    cn_creation_date(run->date);
    run->files = cn_pool_alloc(run->pool, most, years * sizeof *run->files);
    if (!run->files)
        return cn_fail_memory(error, "list of files");
    enum cn_status status = CN_OK;
    for (size_t v = 0; v < o->variable_count; v++)
        for (size_t s = 0; s <= o->scenario_count; s++)
            for (int year = o->first_year; !status && year <= o->last_year; year++)
                if ((year <= CN_SYNTH_LAST_HISTORICAL) == !s)
                    status = plan_file(run, o->variables[v], s ? o->scenarios[s - 1] : "historical",
                                       year, error);
    return status;
}

static enum cn_status refuse_existing(const struct synth_run *run, struct cn_error *error)
{
    size_t existing = 0, first = 0;
    for (size_t k = run->file_count; k-- > 0;)
        if (!lstat(run->files[k].path, &(struct stat){0})) {
            existing++;
            first = k;
        }
    return existing ? cn_fail(error, CN_BAD_USAGE,
                              "%zu of the %zu files exist already, first %s; name another folder, "
                              "or replace them with --force",
                              existing, run->file_count, run->files[first].path)
                    : CN_OK;
}

/* Lets all tasks end soon. The first error is kept. */
static void halt(struct synth_run *run, const struct cn_error *error)
{
#pragma omp critical(synth_state)
    if (!atomic_exchange(&run->halted, true))
        run->error = *error;
}

static enum cn_status make_day(struct synth_run *run, const struct cn_synth_file *file, int day,
                               struct cn_encoded *chunk, struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    const size_t cells = o->lat_count * o->lon_count;
    const char *names[] = {o->model, o->variant, file->experiment};
    struct cn_scratch *scratch = &run->scratches[omp_get_thread_num()];
    struct day_memory *memory = (void *)cn_scratch_get(
        scratch, DAY_BUFFER, sizeof *memory + cells * sizeof *memory->values);
    if (!memory)
        return cn_fail_memory(error, "day; take fewer --threads or a smaller --grid");
    if (o->stop && atomic_load(o->stop))
        return cn_fail(error, CN_STOPPED, "stopped");
    struct cn_synth_day when = {
        .seed = o->seed,
        .number = file->first_day + day,
        .year_fraction = (day + .5) / cn_days_in_year(o->calendar, file->year),
        .warming = cn_synth_warming(file->experiment, file->year),
    };
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        when.seed = XXH3_64bits_withSeed(names[k], strlen(names[k]), when.seed);
    cn_world_values(&run->world, &file->variable, &when, &memory->weather, memory->values);
    return cn_synth_encode(run->kernels, scratch, o, memory->values, cells, chunk, error);
}

static enum cn_status finish_file(const struct cn_synth_file *file, const struct slot *slot,
                                  size_t index, struct cn_error *error)
{
    const char *path = file->path, *base = strrchr(path, '/') + 1;
    char temporary[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%.*s.climnorm-%ld-%zu.tmp", (int)(base - path), path,
             (long)getpid(), index);
    if (!cn_make_folders(path))
        return cn_fail(error, CN_BAD_MACHINE, "%s: its folder cannot be made: %s", path,
                       strerror(errno));
    unlink(temporary); /* a process that had the same id may have left it */
    cn_hdf5_lock();
    enum cn_status status = cn_synth_file_create(file, temporary, error);
    if (!status)
        status = cn_synth_write_chunks(temporary, file->variable.name, slot->chunks,
                                       (size_t)file->days, error);
    cn_hdf5_unlock();
    if (status) {
        unlink(temporary);
        return status;
    }
    int failed = cn_publish(temporary, path);
    return failed ? cn_fail(error, CN_BAD_MACHINE, "%s: cannot be synced and renamed: %s", path,
                            strerror(failed))
                  : CN_OK;
}

static void file_done(struct synth_run *run, const struct cn_synth_file *file)
{
    struct stat published = {0};
    stat(file->path, &published);
#pragma omp critical(synth_state)
    {
        run->state.files_done++;
        run->state.bytes_written += (uint64_t)published.st_size;
        if (run->options->progress)
            run->options->progress(run->options->context, &run->state);
    }
}

static void make_file(struct synth_run *run, size_t index, struct slot *slot, size_t task_days)
{
    const struct cn_synth_file *file = &run->files[index];
    const size_t days = (size_t)file->days;
    struct cn_error error;
#pragma omp taskloop default(none) firstprivate(run, file, days, slot) private(error) \
    grainsize(task_days)
    for (size_t day = 0; day < days; day++)
        if (!run->halted && make_day(run, file, (int)day, &slot->chunks[day], &error))
            halt(run, &error);
    if (!run->halted && finish_file(file, slot, index, &error))
        halt(run, &error);
    else if (!run->halted)
        file_done(run, file);
    for (size_t day = 0; day < days; day++)
        free((void *)slot->chunks[day].bytes);
    memset(slot, 0, sizeof *slot);
}

static enum cn_status make_files(struct synth_run *run, struct cn_error *error)
{
    const struct cn_synth_options *o = run->options;
    size_t cells = o->lat_count * o->lon_count, days = o->days ? (size_t)o->days : MAX_DAYS;
    size_t threads = (size_t)o->threads;
    size_t task_days = TASK_CELLS / cells + 1;
    size_t most_slots = MAX_SLOTS_BYTES / (4 * cells * days);
    run->slot_count = threads + 1 < most_slots ? threads + 1 : most_slots;
    run->slot_count = run->slot_count < 2 ? 2 : run->slot_count;
    run->slots = cn_pool_alloc(run->pool, run->slot_count, sizeof *run->slots);
    run->scratches = cn_pool_alloc(run->pool, threads, sizeof *run->scratches);
    if (!run->slots || !run->scratches)
        return cn_fail_memory(error, "work space");
    run->state.files_total = run->file_count;
    if (run->options->progress)
        run->options->progress(run->options->context, &run->state);
#pragma omp parallel default(none) firstprivate(run, task_days) num_threads(threads)
#pragma omp single
    for (size_t k = 0; k < run->file_count; k++) {
        struct slot *slot = &run->slots[k % run->slot_count];
#pragma omp task default(none) firstprivate(run, k, slot, task_days) depend(inout : *slot)
        make_file(run, k, slot, task_days);
    }
    for (size_t k = 0; k < threads; k++)
        cn_scratch_free(&run->scratches[k]);
    *error = run->error; /* CN_OK if nothing has halted the run */
    return error->status;
}

enum cn_status cn_synth(const struct cn_synth_options *options, struct cn_synth_state *state,
                        struct cn_error *error)
{
    struct synth_run run = {.options = options, .pool = cn_pool_new()};
    enum cn_status status = run.pool ? CN_OK : cn_fail_memory(error, "list of files");
    if (!status)
        status = check_options(options, error);
    if (!status)
        status = cn_kernels_select(&run.kernels, error);
    if (!status)
        status = cn_world_init(&run.world, options, run.pool, error);
    if (!status)
        status = list_files(&run, error);
    if (!status && !options->force)
        status = refuse_existing(&run, error);
    if (!status)
        status = make_files(&run, error);
    *state = run.state;
    cn_pool_free(run.pool);
    return status;
}
