/*
 * The table of keys.
 */
#include "climnorm/limits.h"
#include "config/builder.h"
#include "products/groups.h"
#include "products/statistics.h"

#include <stddef.h>

/* Path and offset of a key. */
#define KEY(member)     #member, offsetof(struct cn_config_builder, config.member)
#define LIST(member)    #member, offsetof(struct cn_config_builder, member)
#define REGION(member)  "custom_regions." #member, offsetof(struct cn_custom_region, region.member)
#define PRODUCT(member) "products." #member, offsetof(struct cn_custom_product, product.member)
#define DATASET(member) \
    "input.datasets." #member, offsetof(struct cn_custom_dataset, dataset.member)
#define PERIOD(member) "normals.periods." #member, offsetof(struct cn_custom_period, period.member)

enum { ENTRIES = 256 };

static const char *const existing[] = {
    [CN_SKIP] = "skip", [CN_OVERWRITE] = "overwrite", [CN_REFUSE] = "fail", NULL};
static const char *const existing_meanings[] = {
    [CN_SKIP] = "they are kept when they are what this run would make",
    [CN_OVERWRITE] = "they are made again",
    [CN_REFUSE] = "the run does not start"};

static const char *const layouts[] = {[CN_SINGLE] = "single", [CN_STACKED] = "stacked", NULL};
static const char *const layout_meanings[] = {
    [CN_SINGLE] = "a file for each target year",
    [CN_STACKED] = "a file for all target years of a period, with the dimension `target_year`; "
                   "the pattern then has no `{year}`"};

static const char *const axes[] = {[CN_DAYS_OF_YEAR] = "dayofyear", [CN_DATES] = "time", NULL};
static const char *const axis_meanings[] = {
    [CN_DAYS_OF_YEAR] = "the day of the year, as xarray's `groupby(\"time.dayofyear\")` wants it",
    [CN_DATES] = "dates of the target year, as CDO, ncview, Ferret and GrADS want them"};

static const char *const stamps[] = {
    [CN_STAMPS_AUTO] = "auto", [CN_STAMPS_INSTANT] = "instant", NULL};
static const char *const stamp_meanings[] = {
    [CN_STAMPS_AUTO] = "the middle of its interval counts",
    [CN_STAMPS_INSTANT] = "the instant counts, so for the day that begins then"};

static const char *const leap_day_meanings[] = {
    [CN_DAYOFYEAR] = "the ordinal day (slot 60 is 29 February in leap years, 1 March in others)",
    [CN_MONTH_DAY] = "the same date in every year",
    [CN_DROP] = "29 February is left out"};

static const char *const overlaps[] = {[CN_OVERLAP_IS_ERROR] = "error",
                                       [CN_HISTORICAL_WINS] = "historical",
                                       [CN_SCENARIO_WINS] = "scenario",
                                       NULL};
static const char *const overlap_meanings[] = {
    [CN_OVERLAP_IS_ERROR] = "the variable fails",
    [CN_HISTORICAL_WINS] = "such days come from the historical experiment",
    [CN_SCENARIO_WINS] = "such days come from the scenario"};

static const struct cn_key dataset_keys[] = {
    {DATASET(files), CN_KEY_GLOB, 1, CN_MAX_PATH_BYTES, .required = true,
     .meaning =
         "The files: their path below `input.root`. `*` stands for any characters of a name, "
         "`?` for one, `[0-9]` for one of these, and `**` for any number of folders."},
    {DATASET(variable), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES, .required = true,
     .meaning = "What the variable is called here and in outputs."},
    {DATASET(in_file), CN_KEY_NETCDF_NAME, 1, CN_MAX_VARIABLE_BYTES,
     .meaning = "What it is called inside the files. Left out: the same."},
    {DATASET(experiment), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES,
     .meaning = "The experiment that the files are of. Left out: `input.historical`."},
    {DATASET(until), CN_KEY_INT, 1, CN_LAST_YEAR,
     .meaning = "Where files hold the historical years and those of a scenario: the last "
                "historical year. Left out: all years are of `experiment`."},
    {DATASET(then), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES,
     .meaning = "The scenario of the years after `until`."},
    {DATASET(model), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES,
     .meaning =
         "The climate model, or the name of the dataset. Left out: that of the other files."},
    {DATASET(variant), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES,
     .meaning = "The ensemble member. Left out: that of the other files."},
    {DATASET(grid), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES,
     .meaning = "The grid label. Left out: that of the other files."},
    {"input.datasets.version", offsetof(struct cn_custom_dataset, version), CN_KEY_ISSUE, 1,
     CN_MAX_NAME_BYTES,
     .meaning = "The version, which outputs name. Left out: 1.0, and `input.version` takes the "
                "files whatever it says."},
    {"input.datasets.select", offsetof(struct cn_custom_dataset, slices), CN_KEY_SLICES, 1,
     CN_SELECT_BYTES,
     .meaning = "What is read along other dimensions of these files, as in `input.select`, which "
                "it goes before. Left out: what that says."},
    {.path = NULL},
};

static const struct cn_key region_keys[] = {
    {REGION(name), CN_KEY_IDENTIFIER, 1, 32, .required = true,
     .meaning = "What `regions` and `output.pattern` call it. Built-in regions keep their names."},
    {REGION(title), CN_KEY_TITLE, 1, 200,
     .meaning = "The name for people, stored in each output. Left out: the name."},
    {REGION(lon), CN_KEY_RANGE, -360, 720, .required = true,
     .meaning = "West and east bound in degrees east. West above east crosses the start of the "
                "circle: `[350, 10]` means -10 to 10. 360 degrees or more is the whole circle."},
    {REGION(lat), CN_KEY_RANGE, -90, 90, .required = true,
     .meaning = "South and north bound in degrees north."},
    {.path = NULL},
};

static const struct cn_key period_keys[] = {
    {PERIOD(name), CN_KEY_LABEL, 1, CN_MAX_NAME_BYTES, .required = true,
     .meaning = "The label; `{scenario}` stands for the scenario's name."},
    {PERIOD(first), CN_KEY_INT, 0, CN_LAST_YEAR, .required = true, .meaning = "First target year."},
    {PERIOD(last), CN_KEY_INT, 0, CN_LAST_YEAR, .required = true, .meaning = "Last target year."},
    {PERIOD(step), CN_KEY_INT, 1, CN_LAST_YEAR,
     .meaning = "Years from one target year to the next. Left out: 1. With `normals.targets` the "
                "period holds those that it names."},
    {.path = NULL},
};

static const char *const method_meanings[] = {
    [CN_QUANTILE_LINEAR] =
        "linear between values, as numpy and xarray do it (Hyndman and Fan, method 7)",
    [CN_QUANTILE_MEDIAN_UNBIASED] =
        "the same for every distribution, as xclim does it (Hyndman and Fan, "
        "method 8)"};

static const struct cn_key product_keys[] = {
    {PRODUCT(name), CN_KEY_IDENTIFIER, 1, 32, .required = true,
     .meaning = "What `output.pattern` and the outputs call it."},
    {"products.variables", offsetof(struct cn_custom_product, variables), CN_KEY_NAMES, 1, ENTRIES,
     .meaning = "The variables it is made of. Left out: all."},
    {PRODUCT(time), CN_KEY_CHOICE, .choices = cn_time_names, .choice_meanings = cn_time_meanings,
     .meaning = "The groups of days that each get a value. Left out: `day`."},
    {PRODUCT(within), CN_KEY_CHOICE, .choices = cn_within_names,
     .choice_meanings = cn_within_meanings,
     .meaning = "The value of a group in one source year. Left out: `mean`."},
    {PRODUCT(threshold), CN_KEY_THRESHOLD, 1, CN_UNIT_BYTES,
     .meaning =
         "What `count_gt`, `count_ge`, `count_lt`, `count_le`, `excess` and `deficit` compare "
         "with, in a unit that converts to the variable's."},
    {PRODUCT(over), CN_KEY_STATISTIC,
     .meaning = "The statistic over the values of a sample: `mean`, `std` (with n - 1), `min`, "
                "`max`, `median`, or a percentile such as `p90` or `p2.5`. Left out: `mean`."},
    {PRODUCT(pool), CN_KEY_INT, 1, CN_MAX_POOL,
     .meaning = "An odd number of neighbouring day slots, in a circle, whose values are one "
                "sample. Left out: 1."},
    {PRODUCT(window), CN_KEY_INT, 1, CN_MAX_WINDOW,
     .meaning = "Years of a window. Left out: `normals.window`."},
    {PRODUCT(min_years), CN_KEY_INT, 1, CN_MAX_WINDOW,
     .meaning = "Source years that a window must have. Left out: `normals.min_years`, or all of a "
                "shorter window."},
    {PRODUCT(min_values), CN_KEY_INT, 1, CN_MAX_WINDOW *CN_MAX_POOL,
     .meaning = "Values that a sample must have. Left out: `normals.min_values`."},
    {"products.units", offsetof(struct cn_custom_product, product.unit.name), CN_KEY_UNIT, 1,
     CN_UNIT_BYTES,
     .meaning = "The unit of the results. Left out: that of `output.units`, or the source's."},
    {PRODUCT(baseline), CN_KEY_INT, 1, CN_LAST_YEAR,
     .meaning =
         "The target year of another window on the same timeline, to which `change` compares "
         "the results. Left out: none."},
    {PRODUCT(change), CN_KEY_CHOICE, CN_DIFFERENCE, .choices = cn_change_names,
     .choice_meanings = cn_change_meanings,
     .meaning =
         "What is stored instead of the result: how it differs from that of `baseline`. Left "
         "out: the result itself."},
    {.path = NULL},
};

const struct cn_key cn_keys[] = {
    {"input", 0, CN_KEY_GROUP, .meaning = "Which files are read."},
    {"input.root", offsetof(struct cn_config_builder, roots), CN_KEY_PATHS, 1, CN_MAX_PATH_BYTES,
     .required = true,
     .meaning = "The folder that is searched for files, with all folders below it. Several may be "
                "listed, and files."},
    {"input.model", offsetof(struct cn_config_builder, models), CN_KEY_NAMES_OR_ALL, 1, ENTRIES,
     .example = "\"NorESM2-LM\"",
     .meaning =
         "The climate model. A list makes several, one after another; `\"*\"` makes all that "
         "the tree holds. Each takes its own variant and grid. Left out: the one model that "
         "the tree holds."},
    {KEY(input.variant), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES, .example = "\"r1i1p1f1\"",
     .meaning = "The ensemble member. Left out: the one that the tree holds."},
    {KEY(input.grid), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES, .example = "\"gn\"",
     .meaning = "The grid label. Left out: the one that the tree holds."},
    {KEY(input.historical), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES, .default_text = "historical",
     .meaning = "The experiment that comes before the scenarios."},
    {KEY(input.table), CN_KEY_NAME, 1, CN_MAX_NAME_BYTES, .default_text = "day",
     .meaning = "The table in the file names; files of other tables are ignored."},
    {"input.version", 0, CN_KEY_VERSION, .default_text = "newest",
     .meaning = "Which issue of a file is read when there are several: the newest of each, or "
                "only files of one version (a file name without a version is 1.0)."},
    {KEY(input.stamps), CN_KEY_CHOICE, .choices = stamps, .choice_meanings = stamp_meanings,
     .default_text = "auto",
     .meaning = "To which day values belong where each instant is the end of its interval."},
    {KEY(input.overlap), CN_KEY_CHOICE, .choices = overlaps, .choice_meanings = overlap_meanings,
     .default_text = "error",
     .meaning = "What happens to days that files of the historical experiment and files of a "
                "scenario both hold. Within one experiment they are always an error."},
    {"input.select", offsetof(struct cn_config_builder, slices), CN_KEY_SLICES, 1, CN_SELECT_BYTES,
     .example = "{ plev = 85000.0; member_id = \"r1i1p1f1\"; }", .member = "plev=85000",
     .meaning =
         "What is read along dimensions other than time and those of the grid, by their names: a "
         "value of the dimension's coordinate in its own unit; where it has no coordinate, an "
         "index, counted from 0; or `\"all\"` for one dimension whose slices complete each other: "
         "the first value that is there. Dimensions of length 1 need none. See "
         "[docs/inputs.md](inputs.md#dimensions-besides-time-and-the-grid). Left out: none."},
    {"input.datasets", offsetof(struct cn_config_builder, datasets), CN_KEY_GROUPS, 1, ENTRIES,
     .element = dataset_keys, .element_bytes = sizeof(struct cn_custom_dataset),
     .example = "( { files = \"gridmet/pr_*.nc\"; variable = \"pr\"; in_file = "
                "\"precipitation_amount\"; } )",
     .meaning =
         "Files with names of another form, or with names that are wrong: see "
         "[docs/inputs.md](inputs.md). Several entries may take one file for several variables. "
         "Left out: none."},
    {LIST(variables), CN_KEY_NAMES, 1, ENTRIES, .example = "[ \"pr\", \"tas\" ]",
     .meaning = "The variables, in the order of work. Left out: all that the tree holds."},
    {LIST(scenarios), CN_KEY_NAMES, 0, ENTRIES, .example = "[ \"ssp245\" ]",
     .meaning = "The scenarios that follow the historical years. Left out: all that the tree "
                "holds. An empty list: the historical years alone."},
    {LIST(regions), CN_KEY_NAMES, 0, ENTRIES, .default_text = "CONUS,AK,HI,PRVI,GU",
     .meaning = "[Built-in regions](#built-in-regions): CONUS, AK, HI, PRVI, GU and GLOBAL. Those "
                "of `custom_regions` are added when they are not listed."},
    {LIST(custom_regions), CN_KEY_GROUPS, 0, ENTRIES, .element = region_keys,
     .element_bytes = sizeof(struct cn_custom_region),
     .example = "( { name = \"ALPS\"; title = \"Alps\"; lon = [ 4, 17 ]; lat = [ 43, 49 ]; } )",
     .meaning = "Boxes of your own. Left out: none."},
    {"normals", 0, CN_KEY_GROUP, .meaning = "What is computed."},
    {KEY(normals.window), CN_KEY_INT, 1, CN_MAX_WINDOW, .default_text = "30",
     .meaning = "Years of a window; it ends with the target year."},
    {KEY(normals.min_years), CN_KEY_INT, 1, CN_MAX_WINDOW, .default_text = "25",
     .meaning =
         "Source years that a window must have; at most `normals.window`. In a shorter window "
         "the default is all of its years."},
    {KEY(normals.min_days), CN_KEY_REAL, 0, 1, .default_text = "0.9",
     .meaning = "Share of the days that a source year must have, of those that its calendar and "
                "`normals.leap_day` have."},
    {KEY(normals.leap_day), CN_KEY_CHOICE, .choices = cn_leap_day_names,
     .choice_meanings = leap_day_meanings, .default_text = "dayofyear",
     .meaning = "How days become day slots."},
    {"normals.targets", offsetof(struct cn_config_builder, targets), CN_KEY_YEARS, 1, ENTRIES,
     .example = "[ \"1990-2020/10\" ]",
     .meaning =
         "The target years to make: years, ranges, and ranges with a step, such as "
         "`[ \"2020\", \"1980-2000\", \"1960-2010/10\" ]`. Each must be in a period. Left out: "
         "all of the periods."},
    {"normals.periods", offsetof(struct cn_config_builder, periods), CN_KEY_GROUPS, 1, ENTRIES,
     .element = period_keys, .element_bytes = sizeof(struct cn_custom_period),
     .example = "( { name = \"wmo\"; first = 1990; last = 2020; step = 10; } )",
     .meaning = "Labels for ranges of target years, which may not overlap. Left out: the "
                "[default periods](#default-periods)."},
    {KEY(normals.min_values), CN_KEY_INT, 1, CN_MAX_WINDOW, .default_text = "1",
     .meaning = "Values that a sample must have; where it has fewer, the result is missing. A "
                "sample is the values of one cell and group of days in the window's years."},
    {KEY(normals.quantiles), CN_KEY_CHOICE, .choices = cn_quantile_method_names,
     .choice_meanings = method_meanings, .default_text = "linear",
     .meaning = "How percentiles lie between two values."},
    {LIST(products), CN_KEY_GROUPS, 1, ENTRIES, .element = product_keys,
     .element_bytes = sizeof(struct cn_custom_product),
     .example = "( { name = \"normal\"; }, { name = \"p90\"; over = \"p90\"; pool = 5; } )",
     .meaning = "The statistics that are made of each window. Left out: one, named `normal`, the "
                "mean."},
    {"engine", 0, CN_KEY_GROUP, .meaning = "How the machine is used; results do not depend on it."},
    {KEY(engine.threads), CN_KEY_INT, 0, CN_MAX_THREADS, .default_text = "0",
     .meaning = "Threads that compute. 0: all cores this process may use."},
    {KEY(engine.batch_years), CN_KEY_INT, 0, 1000, .default_text = "0",
     .meaning = "Target years computed together. 0: the program chooses."},
    {"engine.memory", 0, CN_KEY_MEMORY, .default_text = "80%",
     .meaning = "Upper bound of the memory for data: a share of the machine's, or a size with one "
                "of the units B, kB, MB, GB, TB, KiB, MiB, GiB, TiB."},
    {"output", 0, CN_KEY_GROUP, .meaning = "What is written, and where."},
    {KEY(output.root), CN_KEY_PATH, 1, CN_MAX_PATH_BYTES, .required = true,
     .meaning = "The folder for the results; it is made when it is not there."},
    {KEY(output.pattern), CN_KEY_PATTERN, 1, 512,
     .default_text = "{region}/{variable}/{period}/"
                     "{variable}_{region}_{period}_{year}_{window}yr_{product}.nc",
     .meaning = "The path of each result below `output.root`, with "
                "[fields](#fields-of-outputpattern) in braces. With `layout = \"stacked\"` the "
                "default lacks `_{year}`. With several models `{model}/` is put in front of a "
                "pattern that has no `{model}`."},
    {KEY(output.compression), CN_KEY_INT, 0, 9, .default_text = "1",
     .meaning = "Deflate level. 0: none; higher levels cost time and save little."},
    {KEY(output.existing), CN_KEY_CHOICE, .choices = existing, .choice_meanings = existing_meanings,
     .default_text = "skip", .meaning = "What happens to results that are already there."},
    {KEY(output.counts), CN_KEY_BOOL, .default_text = "false",
     .meaning = "Whether each result also holds the number of values behind every mean."},
    {KEY(output.layout), CN_KEY_CHOICE, .choices = layouts, .choice_meanings = layout_meanings,
     .default_text = "single", .meaning = "How results are laid out in files."},
    {KEY(output.axis), CN_KEY_CHOICE, .choices = axes, .choice_meanings = axis_meanings,
     .default_text = "dayofyear", .meaning = "The dimension of the day slots."},
    {"output.units", offsetof(struct cn_config_builder, units), CN_KEY_UNITS, 1, CN_UNIT_BYTES,
     .example = "{ tas = \"degC\"; pr = \"mm d-1\"; }", .member = "tas=degC",
     .meaning =
         "The units of results, by variable, in the words of UDUNITS. Sums have that times a "
         "day (`mm d-1` becomes `mm`), and counts have 1. Left out: those of the source."},
    {.path = NULL},
};
_Static_assert(sizeof cn_keys / sizeof *cn_keys <= CN_MAX_KEYS, "CN_MAX_KEYS is too small");
