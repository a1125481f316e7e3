/*
 * The plan: a straight-line program over slots of the arena, as plain data, made from config and
 * catalog. Run in order it gives the right result; the engine runs it out of order. Pure: no I/O.
 */
#ifndef CLIMNORM_PLAN_H
#define CLIMNORM_PLAN_H

#include "climnorm/api.h"
#include "climnorm/catalog.h"
#include "climnorm/config.h"
#include "climnorm/grid.h"
#include "climnorm/resources.h"
#include "climnorm/shard.h"

struct cn_pool;

/* Values that each source year has of its groups of days, for the samples of some products. A day
 * slot's mean, sum, minimum and maximum are the value that the slab has, so it needs none. */
struct cn_group_values {
    enum cn_time time;
    enum cn_within within;
    double threshold; /* in the source's unit; 0: within needs none */
};

/* Products whose values come from the same samples: they are computed together. */
struct cn_sample {
    const struct cn_product *const *products; /* [product_count] with their units */
    size_t product_count;
    const char *min_years_name;  /* for people: the key, or "min_years of product …" */
    size_t failed_count;         /* others of the same window that cannot be made */
    int window, min_years, pool; /* of each of them, as all that follows */
    enum cn_time time;
    size_t values; /* index in variable->group_values; SIZE_MAX: the values of slabs */
    enum cn_change change;
    int baseline; /* target year; 0: they are no changes */
};

/* Returns: how many years a window has whose values enter a result: for seasons, a December
 * more. */
static inline size_t cn_sample_window(const struct cn_sample *sample)
{
    return (size_t)sample->window + (sample->time == CN_SEASON);
}

enum { CN_MAX_TARGET_YEARS = 2 * (CN_MAX_WINDOW + 1) };

/* Returns: how many source years a target has whose values enter a result. */
static inline size_t cn_sample_years(const struct cn_sample *sample)
{
    return cn_sample_window(sample) * (sample->baseline ? 2 : 1);
}

struct cn_values;

/* One output file: normals of one product and region, whose target years ascend. */
struct cn_output {
    const char *path; /* below output.root, relative to it */
    const struct cn_product *product;
    size_t region;         /* index in layout.regions */
    size_t normal;         /* index in the normals of each target */
    const size_t *targets; /* [target_count] indices in variable->targets */
    size_t target_count;
    bool wanted;              /* false: an existing file is kept */
    uint64_t bytes_there;     /* size of the existing file; 0: there is none */
    uint64_t bytes_waiting;   /* of what an earlier run has made of it in some passes */
    struct cn_values *values; /* of a job in memory, which makes no file; else NULL */
};

/* Where the values of one target year, product and region go. */
struct cn_normal {
    size_t output;   /* index in variable->outputs */
    size_t position; /* in the list of targets of that output */
};

/* One target year of one timeline and sample. */
struct cn_target {
    int year;
    const struct cn_sample *sample;
    size_t timeline;
    const char *period;   /* label with its fields filled in */
    const char *scenario; /* the value of {scenario} for this target year */
    /* [cn_sample_years] indices in variable->years; -1: no such year. First the window, oldest
     * first, then for seasons the year before it; then both once more of the baseline. Of seasons
     * some may not be usable: they are there for the December before the next year's winter. */
    const ptrdiff_t *window;
    int years_planned;         /* usable years that the window has */
    struct cn_normal *normals; /* [sample->product_count][layout.region_count] */
};

/* Returns: the source year at index i of a target's window; NULL: its values do not enter. */
static inline const struct cn_source_year *cn_window_year(const struct cn_variable *variable,
                                                          const struct cn_target *target, int i)
{
    return target->window[i] < 0 ? NULL : &variable->years[target->window[i]];
}

/* Some of the day slots, or of other groups, of a year, which are a circle: behind the last one
 * comes the first. */
struct cn_circle {
    size_t first, count;
    size_t all; /* of the year */
};

/* Returns: the place of a day slot or group among those of the circle; it is below count for these
 * alone. */
static inline size_t cn_circle_place(const struct cn_circle *circle, size_t group)
{
    return (group + circle->all - circle->first) % circle->all;
}

/* One pass over a variable: all source years, and all targets that have groups in its stretch. */
struct cn_pass {
    struct cn_pass_stretch stretch; /* the day slots and rows whose results it makes */
    /* CN_DAY: the day slots that slabs hold; these, and groups that end in the stretch, have values
     * in group slots. */
    struct cn_circle held[CN_TIMES];
    struct cn_layout layout; /* the regions' cells in these rows; a region may have none */
    struct cn_layout results[CN_TIMES]; /* the same with the results of these groups */
    size_t *slot_of_year;               /* [year_count]; SIZE_MAX: not loaded in this pass */
    /* [timeline_count][year_count] in variable->groups; SIZE_MAX: not made in this pass. */
    size_t *groups_of_year;
    size_t *group_rows; /* [group_value_count + 1] where the rows of each begin in a group slot */
    size_t first_load, load_count; /* in variable->loads; 0: the pass was made by a killed run */
    size_t first_groups, groups_count; /* in variable->groups */
    size_t first_batch, batch_count;   /* in variable->batches */
};

/* Returns: the day slots or other groups of which a pass makes results; perhaps none. */
static inline struct cn_circle cn_pass_groups(const struct cn_pass *pass, enum cn_time time)
{
    return time == CN_DAY ? (struct cn_circle){pass->stretch.first_slot, pass->stretch.slot_count,
                                               pass->held[CN_DAY].all}
                          : pass->held[time];
}

/* Passes that an earlier run has made: their outputs wait in unfinished files. */
struct cn_resume {
    const struct cn_pass_stretch *stretches; /* [count]: how that run cut the variable */
    size_t count;                            /* 0: nothing is to be resumed */
    size_t passes_done;                      /* of these, from the first on */
};

/* Years that are read together because they share chunks of a file; usually one. */
struct cn_load {
    size_t pass;
    size_t *years; /* [year_count] indices in variable->years, ascending */
    size_t year_count;
};

/* The making of the group values of one year, for all timelines that have the same year before. */
struct cn_groups {
    size_t pass;
    size_t year;           /* index in variable->years */
    ptrdiff_t year_before; /* the same, of which December is needed; -1: of none */
    size_t group_slot;
};

/* Bytes on disk that the outputs take, with their metadata. */
struct cn_space_need {
    uint64_t most;     /* if nothing compresses */
    uint64_t about;    /* what is likely; without a measurement no more than a guess */
    uint64_t least;    /* a low estimate: hardly any outputs take less */
    uint64_t replaced; /* bytes of existing files that are replaced, which become free */
    uint64_t files;    /* files that do not exist yet */
    /* Besides, for the time of the run: what waits for the next pass in scratch files. */
    uint64_t temporary;
    uint64_t waiting; /* bytes of unfinished outputs that are there already, of all these */
};

/* Free space of a file system; UINT64_MAX: it does not report it. */
struct cn_space_free {
    uint64_t bytes, files;
};

/* Consecutive target years that are computed together. */
struct cn_batch {
    size_t pass;
    size_t first_target, target_count;
    /* [row_count] indices in variable->years; -1: no such year. First the years of the windows,
     * window + target_count - 1 of them, then the window of the baseline. */
    const ptrdiff_t *rows;
    size_t row_count;
    size_t result_slot;
};

struct cn_step {
    enum { CN_LOAD, CN_GROUPS, CN_BATCH } kind;
    size_t index; /* in loads, groups or batches */
};

struct cn_variable_plan {
    struct cn_variable *variable;
    const char *failure; /* NULL, or why nothing is computed */
    struct cn_layout layout;
    struct cn_layout results[CN_TIMES]; /* the same with the results of these groups */
    int slots;                          /* day slots of a year */
    struct cn_sample *samples;
    size_t sample_count;
    struct cn_group_values *group_values;
    size_t group_value_count;
    struct cn_target *targets; /* sorted by timeline, sample and year */
    size_t target_count;
    struct cn_output *outputs;
    size_t output_count;
    size_t normals_wanted, normals_skipped;
    size_t normals_failed; /* region without cells, product whose units do not fit: see problems */
    size_t normals_unmade; /* window short of years: see problems */
    struct cn_problems problems;

    const bool *unreadable; /* [year_count] years that the run before could not read; NULL: none */
    struct cn_resume
        resume; /* in step 2 set by the caller; in step 3 emptied if it cannot be used */

    /* The program: all passes, one after another. */
    struct cn_pass *passes;
    size_t pass_count; /* 1: all days and rows at once */
    struct cn_load *loads;
    size_t load_count;
    struct cn_groups *groups;
    size_t group_count;
    struct cn_batch *batches;
    size_t batch_count;
    struct cn_step *steps;
    size_t step_count;
    size_t year_slots, group_slots, result_slots;
    size_t batch_years; /* targets of the largest batch */
    size_t slab_bytes;  /* of a year slot: the largest slab of a pass, rounded to pages */
    size_t group_bytes; /* of a group slot, in the largest pass, rounded to pages */
    size_t slot_bytes;  /* of a result slot: all results of the largest batch */
    struct {
        size_t cells; /* of a result, in the largest pass */
        size_t bytes; /* of a result: values, then counts if wanted, rounded to pages */
    } result[CN_TIMES];
    uint64_t bytes_to_read;        /* sizes of the files */
    uint64_t bytes_to_decode;      /* of chunks, decoded, in all passes together */
    uint64_t bytes_to_decode_once; /* of the same chunks, if there were one pass */
    uint64_t bytes_to_decode_else; /* if as many passes were cut the other way: rows, not days, or
                                      days, not rows; 0: one pass, both are cut, or days
                                      cannot be */
    uint64_t arena_bytes;          /* for slots of both kinds */
    uint64_t arena_bytes_once;     /* if there were one pass, with some look-ahead */
    struct cn_space_need space;
    const double *measured_shares; /* [layout.region_count] encoded bytes for each byte of values;
                                      NULL: not measured */
};

/* Returns: the first pass that is to be made and has groups of a product. */
static inline const struct cn_pass *cn_first_pass(const struct cn_variable_plan *variable)
{
    size_t first = variable->resume.passes_done;
    while (first + 1 < variable->pass_count && !variable->passes[first].load_count)
        first++;
    return &variable->passes[first];
}

/* Returns: how many normals a target has: of each product and region. */
static inline size_t cn_normal_count(const struct cn_variable_plan *variable,
                                     const struct cn_target *target)
{
    return target->sample->product_count * variable->layout.region_count;
}

/* Returns: whether a normal of a target is to be made. */
static inline bool cn_is_normal_wanted(const struct cn_variable_plan *variable,
                                       const struct cn_target *target, size_t normal)
{
    return variable->outputs[target->normals[normal].output].wanted;
}

/* Returns: how many normals of the target are to be made. */
static inline size_t cn_wanted_normals(const struct cn_variable_plan *variable,
                                       const struct cn_target *target)
{
    size_t wanted = 0;
    for (size_t n = 0; n < cn_normal_count(variable, target); n++)
        wanted += cn_is_normal_wanted(variable, target, n);
    return wanted;
}

/* Returns: how many results a batch has of each product: of its targets, and of the baseline. */
static inline size_t cn_batch_results(const struct cn_batch *batch, const struct cn_sample *sample)
{
    return batch->target_count + (sample->baseline != 0);
}

/* Returns: the sample that a batch computes. */
static inline const struct cn_sample *cn_batch_sample(const struct cn_variable_plan *variable,
                                                      const struct cn_batch *batch)
{
    return variable->targets[batch->first_target].sample;
}

/* Returns: where a batch finds the group values of a source year, in variable->groups; SIZE_MAX:
 * they are not made. */
static inline size_t cn_batch_groups(const struct cn_variable_plan *variable,
                                     const struct cn_batch *batch, ptrdiff_t year)
{
    const size_t timeline = variable->targets[batch->first_target].timeline;
    return variable->passes[batch->pass]
        .groups_of_year[timeline * variable->variable->year_count + (size_t)year];
}

/* What a division into shards comes to: bytes to read as if no output existed. */
struct cn_division {
    struct cn_shard shard;
    uint64_t bytes;           /* of this shard */
    uint64_t least, most;     /* of any shard that has something to make */
    size_t used;              /* shards that have something to make */
    uint64_t bytes_of_all;    /* of all shards together */
    uint64_t bytes_undivided; /* of one run without shards */
};

struct cn_plan {
    struct cn_pool *pool;
    const struct cn_config *config;
    const struct cn_catalog *catalog;
    struct cn_variable_plan *variables; /* of the catalog's variables, or of those of a shard */
    size_t variable_count;
    struct cn_division division;   /* shard.count 0: into no shards */
    struct cn_resources resources; /* of which memory_limit holds for slabs and results */
    uint64_t arena_bytes;          /* the need of the largest variable */
    struct cn_space_need space;    /* of all variables */
    uint64_t values_bytes;         /* of results that stay in memory, besides; 0: they are files */
};

/* Step 1: targets, windows, periods, outputs and their paths. Config and catalog must outlive the
 * plan.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: two outputs have one path, or a path is outside
 * output.root. CN_BAD_MACHINE: out of memory. Owns: the caller calls cn_plan_free. */
CN_API enum cn_status cn_plan_targets(const struct cn_config *config,
                                      const struct cn_catalog *catalog, struct cn_plan **plan,
                                      struct cn_error *error);

/* Step 2, by the caller: for each output that exists set `bytes_there`, and set `wanted` to false
 * if it is to be kept; for each variable with unfinished outputs set `resume`. */

/* Step 3: passes, batches, loads and slots for the wanted outputs, within resources->memory_limit
 * bytes. A variable that does not fit is cut into passes: where the fewest bytes are decoded, then
 * with the fewest passes, then with the largest batches.
 * Returns: CN_OK. Errors: CN_BAD_USAGE: the limit is below the minimum, which the text states, or
 * the regions hold too many cells. CN_BAD_MACHINE: out of memory. */
CN_API enum cn_status cn_plan_schedule(struct cn_plan *plan, const struct cn_resources *resources,
                                       struct cn_error *error);

CN_API void cn_plan_free(struct cn_plan *plan);

#endif
