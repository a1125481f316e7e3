/*
 * The table of keys.
 */
#include "climnorm/limits.h"
#include "config/builder.h"

#include <stddef.h>

#define IN_BUILDER(member) .offset = offsetof(struct cn_config_builder, member)
#define IN_CONFIG(member)  IN_BUILDER(config.member)
#define IN_REGION(member)  .offset = offsetof(struct cn_custom_region, region.member)
#define IN_PERIOD(member)  .offset = offsetof(struct cn_custom_period, period.member)

enum { ENTRIES = 256 };

static const char *const existing[] = {
    [CN_SKIP] = "skip", [CN_OVERWRITE] = "overwrite", [CN_REFUSE] = "fail", NULL};
static const char *const existing_meanings[] = {
    [CN_SKIP] = "they are kept when they are what this run would make",
    [CN_OVERWRITE] = "they are made again",
    [CN_REFUSE] = "the run does not start"};

static const char *const leap_day_meanings[] = {
    [CN_DAYOFYEAR] = "the ordinal day (slot 60 is 29 February in leap years, 1 March in others)",
    [CN_MONTH_DAY] = "the same date in every year",
    [CN_DROP] = "29 February is left out"};

static const struct cn_key region_keys[] = {
    {"custom_regions.name", CN_KEY_IDENTIFIER, true, IN_REGION(name), 1, 32,
     .meaning = "What `regions` and `output.pattern` call it. Built-in regions keep their names."},
    {"custom_regions.title", CN_KEY_TITLE, false, IN_REGION(title), 1, 200,
     .meaning = "The name for people, stored in each output. Left out: the name."},
    {"custom_regions.lon", CN_KEY_RANGE, true, IN_REGION(lon), -360, 720,
     .meaning = "West and east bound in degrees east. West above east crosses the start of the "
                "circle: `[350, 10]` means -10 to 10. 360 degrees or more is the whole circle."},
    {"custom_regions.lat", CN_KEY_RANGE, true, IN_REGION(lat), -90, 90,
     .meaning = "South and north bound in degrees north."},
    {.path = NULL},
};

static const struct cn_key period_keys[] = {
    {"normals.periods.name", CN_KEY_LABEL, true, IN_PERIOD(name), 1, CN_MAX_NAME_BYTES,
     .meaning = "The label; `{scenario}` stands for the scenario's name."},
    {"normals.periods.first", CN_KEY_INT, true, IN_PERIOD(first), 0, CN_LAST_YEAR,
     .meaning = "First target year."},
    {"normals.periods.last", CN_KEY_INT, true, IN_PERIOD(last), 0, CN_LAST_YEAR,
     .meaning = "Last target year."},
    {.path = NULL},
};

const struct cn_key cn_keys[] = {
    {"input", CN_KEY_GROUP, .meaning = "Which files are read."},
    {"input.root", CN_KEY_PATH, true, IN_CONFIG(input.root), 1, CN_MAX_PATH_BYTES,
     .meaning = "The folder that is searched for files, with all folders below it."},
    {"input.model", CN_KEY_NAME, false, IN_CONFIG(input.model), 1, CN_MAX_NAME_BYTES,
     .meaning = "The climate model. Left out: the one that the tree holds."},
    {"input.variant", CN_KEY_NAME, false, IN_CONFIG(input.variant), 1, CN_MAX_NAME_BYTES,
     .meaning = "The ensemble member. Left out: the one that the tree holds."},
    {"input.grid", CN_KEY_NAME, false, IN_CONFIG(input.grid), 1, CN_MAX_NAME_BYTES,
     .meaning = "The grid label. Left out: the one that the tree holds."},
    {"input.historical", CN_KEY_NAME, false, IN_CONFIG(input.historical), 1, CN_MAX_NAME_BYTES,
     .default_text = "historical", .meaning = "The experiment that comes before the scenarios."},
    {"input.table", CN_KEY_NAME, false, IN_CONFIG(input.table), 1, CN_MAX_NAME_BYTES,
     .default_text = "day",
     .meaning = "The table in the file names; files of other tables are ignored."},
    {"input.version", CN_KEY_VERSION, .default_text = "newest",
     .meaning = "Which issue of a file is read when there are several: the newest of each, or "
                "only files of one version (a file name without a version is 1.0)."},
    {"variables", CN_KEY_NAMES, false, IN_BUILDER(variables), 1, ENTRIES,
     .meaning = "The variables, in the order of work. Left out: all that the tree holds."},
    {"scenarios", CN_KEY_NAMES, false, IN_BUILDER(scenarios), 0, ENTRIES,
     .meaning = "The scenarios that follow the historical years. Left out: all that the tree "
                "holds. An empty list: the historical years alone."},
    {"regions", CN_KEY_NAMES, false, IN_BUILDER(regions), 0, ENTRIES,
     .default_text = "CONUS, AK, HI, PRVI, GU",
     .meaning = "Built-in regions. Those of custom_regions are added when they are not listed."},
    {"custom_regions", CN_KEY_GROUPS, false, IN_BUILDER(custom_regions), 0, ENTRIES,
     .element = region_keys, .element_bytes = sizeof(struct cn_custom_region),
     .meaning = "Boxes of your own. Left out: none."},
    {"normals", CN_KEY_GROUP, .meaning = "What is computed."},
    {"normals.window", CN_KEY_INT, false, IN_CONFIG(normals.window), 1, CN_MAX_WINDOW,
     .default_text = "30", .meaning = "Years of a window; it ends with the target year."},
    {"normals.min_years", CN_KEY_INT, false, IN_CONFIG(normals.min_years), 1, CN_MAX_WINDOW,
     .default_text = "25",
     .meaning = "Source years that a window must have; at most `normals.window`. The default is no "
                "more than the window."},
    {"normals.min_days", CN_KEY_REAL, false, IN_CONFIG(normals.min_days), 0, 1,
     .default_text = "0.9",
     .meaning = "Share of its calendar's days that a source year must have."},
    {"normals.leap_day", CN_KEY_CHOICE, false, IN_CONFIG(normals.leap_day),
     .choices = cn_leap_day_names, .choice_meanings = leap_day_meanings,
     .default_text = "dayofyear", .meaning = "How days become day slots."},
    {"normals.periods", CN_KEY_GROUPS, false, IN_BUILDER(periods), 1, ENTRIES,
     .element = period_keys, .element_bytes = sizeof(struct cn_custom_period),
     .meaning = "Labels for ranges of target years, which may not overlap. Left out: the "
                "[default periods](#default-periods)."},
    {"engine", CN_KEY_GROUP, .meaning = "How the machine is used; results do not depend on it."},
    {"engine.threads", CN_KEY_INT, false, IN_CONFIG(engine.threads), 0, CN_MAX_THREADS,
     .default_text = "0", .meaning = "Threads that compute. 0: all cores this process may use."},
    {"engine.batch_years", CN_KEY_INT, false, IN_CONFIG(engine.batch_years), 0, 1000,
     .default_text = "0", .meaning = "Target years computed together. 0: the program chooses."},
    {"engine.memory", CN_KEY_MEMORY, .default_text = "80%",
     .meaning = "Upper bound of the memory for data: a share of the machine's, or a size with one "
                "of the units B, kB, MB, GB, TB, KiB, MiB, GiB, TiB."},
    {"output", CN_KEY_GROUP, .meaning = "What is written, and where."},
    {"output.root", CN_KEY_PATH, true, IN_CONFIG(output.root), 1, CN_MAX_PATH_BYTES,
     .meaning = "The folder for the results; it is made when it is not there."},
    {"output.pattern", CN_KEY_PATTERN, false, IN_CONFIG(output.pattern), 1, 512,
     .default_text = "{region}/{variable}/{period}/"
                     "{variable}_{region}_{period}_{year}_{window}yr_normal.nc",
     .meaning =
         "The path of each result below `output.root`, with [fields](#fields-of-outputpattern) "
         "in braces."},
    {"output.compression", CN_KEY_INT, false, IN_CONFIG(output.compression), 0, 9,
     .default_text = "1",
     .meaning = "Deflate level. 0: none; higher levels cost time and save little."},
    {"output.existing", CN_KEY_CHOICE, false, IN_CONFIG(output.existing), .choices = existing,
     .choice_meanings = existing_meanings, .default_text = "skip",
     .meaning = "What happens to results that are already there."},
    {"output.counts", CN_KEY_BOOL, false, IN_CONFIG(output.counts), .default_text = "false",
     .meaning = "Whether each result also holds the number of values behind every mean."},
    {.path = NULL},
};
_Static_assert(sizeof cn_keys / sizeof *cn_keys == CN_KEY_COUNT + 1, "CN_KEY_COUNT is stale");
