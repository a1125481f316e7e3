/*
 * What a normals file says of itself, without a file: cell methods, climatology bounds, digests.
 */
#include "sink/cell_methods.h"
#include "sink/climatology.h"
#include "sink/digest.h"
#include "sink/standard_names.h"

#include "cn_test.h"
#include "sink_sample.h"

static const struct cn_over_words mean = {"mean", NULL};

static void test_cell_methods_become_climatological(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *source, *expected;
    } cases[] = {
        {"pr", "time: mean", "time: mean within days time: mean over years"},
        {"pr", "time: mean (interval: 15 minutes)", "time: mean within days time: mean over years"},
        {"pr", "area: time: mean", "area: mean time: mean within days time: mean over years"},
        {"tas", "time: lat: lon: mean where land (interval: 1 hour comment: a (b) c)",
         "lat: lon: mean where land time: mean where land within days time: mean over years"},
        {"tas", "area: mean where land time: maximum",
         "area: mean where land time: maximum within days time: mean over years"},
        {"tas", "time: point  area: mean where land over all_area_types",
         "time: point within days time: mean over years area: mean where land over all_area_types"},
        {"tasmax", "area: mean", "area: mean time: maximum within days time: mean over years"},
        {"tasmax", "time: maximum within days time: mean over days",
         "time: maximum within days time: mean over days time: mean over years"},
        {"tas", "time: mean (3-hourly) time: maximum",
         "time: mean (3-hourly) time: maximum within days time: mean over years"},
        {"tas", "\ttime:mean\n", "time: mean within days time: mean over years"},
        {"tas", NULL, "time: mean within days time: mean over years"},
        {"tasmin", "", "time: minimum within days time: mean over years"},
        /* Coordinates that the output file does not have. */
        {"tas", "time: mean height: point",
         "time: mean within days time: mean over years (height point)"},
        {"tas", "model: area: mean longitude: mean (a) time: point area: sum",
         "area: mean time: point within days time: mean over years (model mean, longitude mean) "
         "area: sum"},
        {"tasmin", "model: mean", "time: minimum within days time: mean over years (model mean)"},
        {"tas", "model: time: point",
         "time: point within days time: mean over years (model point)"},
        /* What is not CF does not survive. */
        {"tas", "time: maximum within hours", "time: mean within days time: mean over years"},
        {"tas", "time: maximum over hours", "time: mean within days time: mean over years"},
        {"tas", "mean", "time: mean within days time: mean over years"},
        {"tas", "time: mean (interval: 1 hour", "time: mean within days time: mean over years"},
        {"tas", "time: mean) area: mean", "time: mean within days time: mean over years"},
        {"tas", "time: mean of all", "time: mean within days time: mean over years"},
        {"tas", "time: mean where area: mean", "time: mean within days time: mean over years"},
        {"tas", "time:", "time: mean within days time: mean over years"},
        {"tas", "::(", "time: mean within days time: mean over years"},
        {"tas", "area: mean (a\001b)",
         "area: mean (a?b) time: mean within days time: mean over years"},
    };
    struct cn_pool *pool = cn_pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cn_cell_methods(pool, cases[i].source, cases[i].variable, &mean, false),
                            cases[i].expected);
    cn_pool_free(pool);
}

/* With a climatological coordinate, CF 7.4 has three forms. */
static void test_cell_methods_of_a_time_axis_have_a_form_of_their_own(void **state)
{
    (void)state;
#define FORM(method) "time: " method " within days time: mean over days time: mean over years"
    static const struct {
        const char *variable, *source, *expected;
    } cases[] = {
        {"pr", "time: mean", FORM("mean")},
        {"tasmin", NULL, FORM("minimum")},
        {"tasmax", "area: mean", FORM("maximum") " (area mean)"},
        {"tas", "area: time: mean", FORM("mean") " (area mean)"},
        {"tas", "area: mean time: maximum (interval: 15 minutes)", FORM("maximum") " (area mean)"},
        {"tas", "area: mean where land time: mean where land",
         FORM("mean") " (area mean where land, mean where land)"},
        {"tas", "time: mean (3-hourly) time: maximum", FORM("maximum") " (time mean)"},
        {"tas", "time: maximum within days time: mean over days",
         "time: maximum within days time: mean over days time: mean over years"},
        {"tas", "model: mean time: point", FORM("point") " (model mean)"},
        {"tas", "time: mean of all", FORM("mean")},
    };
    struct cn_pool *pool = cn_pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(cn_cell_methods(pool, cases[i].source, cases[i].variable, &mean, true),
                            cases[i].expected);
    cn_pool_free(pool);
}

/* A word that CF has takes the place of "mean"; what it lacks is a comment, before other ones. */
static void test_cell_methods_name_the_statistic(void **state)
{
    (void)state;
    static const struct cn_over_words deviation = {"standard_deviation", NULL},
                                      share = {NULL, "2nd percentile over years"};
    static const struct {
        const struct cn_over_words *over;
        const char *source, *expected, *of_dates;
    } cases[] = {
        {&deviation, "time: mean", "time: mean within days time: standard_deviation over years",
         "time: mean within days time: mean over days time: standard_deviation over years"},
        {&share, "time: mean", "time: mean within days (2nd percentile over years)",
         "time: mean within days time: mean over days (2nd percentile over years)"},
        {&share, "area: mean", "area: mean time: mean within days (2nd percentile over years)",
         "time: mean within days time: mean over days (2nd percentile over years, area mean)"},
        {&share, "time: point height: mean",
         "time: point within days (2nd percentile over years, height mean)",
         "time: point within days time: mean over days (2nd percentile over years, height mean)"},
    };
    struct cn_pool *pool = cn_pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *source = cases[i].source;
        assert_string_equal(cn_cell_methods(pool, source, "tas", cases[i].over, false),
                            cases[i].expected);
        assert_string_equal(cn_cell_methods(pool, source, "tas", cases[i].over, true),
                            cases[i].of_dates);
    }
    cn_pool_free(pool);
}

/* The values of groups of days have a statistic of their own within each year. */
static void test_cell_methods_name_the_statistic_within_a_year(void **state)
{
    (void)state;
    static const struct cn_over_words sums = {"mean", NULL, "sum"},
                                      share = {NULL, "2nd percentile over years", "maximum"};
    static const struct {
        const struct cn_over_words *over;
        const char *source, *expected, *of_dates;
    } cases[] = {
        {&sums, "time: maximum",
         "time: maximum within days time: sum over days time: mean over years",
         "time: maximum within days time: sum over days time: mean over years"},
        {&sums, "area: time: mean",
         "area: mean time: mean within days time: sum over days time: mean over years",
         "time: mean within days time: sum over days time: mean over years (area mean)"},
        {&share, NULL, "time: mean within days time: maximum over days (2nd percentile over years)",
         "time: mean within days time: maximum over days (2nd percentile over years)"},
        {&sums, "time: maximum within days time: mean over days",
         "time: maximum within days time: mean over days time: sum over days time: mean over years",
         "time: mean within days time: sum over days time: mean over years "
         "(time maximum within days, mean over days)"},
    };
    struct cn_pool *pool = cn_pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *source = cases[i].source;
        assert_string_equal(cn_cell_methods(pool, source, "tas", cases[i].over, false),
                            cases[i].expected);
        assert_string_equal(cn_cell_methods(pool, source, "tas", cases[i].over, true),
                            cases[i].of_dates);
    }
    cn_pool_free(pool);
}

/* Quantities, units and statistics, and the names that CF has for them. */
static void test_standard_names_are_those_of_the_quantity(void **state)
{
    (void)state;
#define HOT(condition)                                                     \
    {                                                                      \
        .within = (condition), .threshold = {90, "degF"}, .unit.name = "1" \
    }
    static const struct {
        struct cn_product product;
        const char *source, *expected, *of_threshold, *metadata;
    } cases[] = {
        {{.unit.name = "K"}, "air_temperature", "air_temperature", NULL, NULL},
        {{.unit.name = "degC"}, "air_temperature", "air_temperature", NULL, NULL},
        {{.unit.name = "K"}, NULL, NULL, NULL, NULL},
        {{.unit.name = "degC", .over.statistic = CN_STANDARD_DEVIATION},
         "air_temperature",
         "air_temperature",
         NULL,
         "temperature: difference"},
        {{.unit.name = "K d", .within = CN_WITHIN_SUM}, "air_temperature", NULL, NULL, NULL},
        {HOT(CN_COUNT_GT), "air_temperature", "number_of_days_with_air_temperature_above_threshold",
         "air_temperature", NULL},
        {HOT(CN_COUNT_LE), "surface_temperature",
         "number_of_days_with_surface_temperature_below_threshold", "surface_temperature", NULL},
        {HOT(CN_COUNT_GE), "surface_temperature", NULL, "surface_temperature", NULL},
        {{.within = CN_COUNT_GE, .threshold = {1, "mm d-1"}, .unit.name = "1"},
         "precipitation_flux",
         NULL,
         "lwe_precipitation_rate",
         NULL},
        {{.within = CN_COUNT_GE, .threshold = {1, "mm"}, .unit.name = "1"},
         "lwe_thickness_of_precipitation_amount",
         "number_of_days_with_lwe_thickness_of_precipitation_amount_above_threshold",
         "lwe_thickness_of_precipitation_amount",
         NULL},
        {{.within = CN_EXCESS, .threshold = {50, "degF"}, .unit.name = "K d"},
         "air_temperature",
         "integral_wrt_time_of_air_temperature_excess",
         "air_temperature_threshold",
         "temperature: difference"},
        {{.within = CN_DEFICIT, .threshold = {1, "m s-1"}, .unit.name = "m s-1 d"},
         "wind_speed",
         NULL,
         "wind_speed",
         NULL},
        {{.unit.name = "mm d-1"}, "precipitation_flux", "lwe_precipitation_rate", NULL, NULL},
        {{.unit.name = "in/day"}, "snowfall_flux", "lwe_snowfall_rate", NULL, NULL},
        {{.unit.name = "g m-2 s-1"}, "precipitation_flux", "precipitation_flux", NULL, NULL},
        {{.unit.name = "m-2 kg s-1"}, "precipitation_flux", "precipitation_flux", NULL, NULL},
        {{.unit.name = "kg m-2 s-1 d", .within = CN_WITHIN_SUM},
         "precipitation_flux",
         "precipitation_amount",
         NULL,
         NULL},
        {{.unit.name = "mm", .within = CN_WITHIN_SUM},
         "precipitation_flux",
         "lwe_thickness_of_precipitation_amount",
         NULL,
         NULL},
        {{.unit.name = "L m-2", .within = CN_WITHIN_SUM}, "precipitation_flux", NULL, NULL, NULL},
        {{.unit.name = "mm", .within = CN_WITHIN_SUM},
         "lwe_precipitation_rate",
         "lwe_thickness_of_precipitation_amount",
         NULL,
         NULL},
        {{.unit.name = "MJ m-2", .within = CN_WITHIN_SUM},
         "surface_downwelling_shortwave_flux_in_air",
         "integral_wrt_time_of_surface_downwelling_shortwave_flux_in_air",
         NULL,
         NULL},
        {{.unit.name = "degF", .change = CN_DIFFERENCE},
         "air_temperature",
         "air_temperature_anomaly",
         NULL,
         "temperature: difference"},
        {{.unit.name = "K", .change = CN_DIFFERENCE, .over = {CN_QUANTILE, 900000}},
         "air_temperature",
         NULL,
         NULL,
         NULL},
        {{.unit.name = "1", .change = CN_RATIO}, "precipitation_flux", NULL, NULL, NULL},
    };
    struct cn_pool *pool = cn_pool_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cn_product *product = &cases[i].product;
        bool failed = false;
        const char *name = cn_product_standard_name(pool, cases[i].source, product, &failed);
        assert_string_equal(name ? name : "", cases[i].expected ? cases[i].expected : "");
        if (product->threshold.unit)
            assert_string_equal(cn_threshold_standard_name(pool, cases[i].source, product, &failed),
                                cases[i].of_threshold);
        const char *metadata = cn_temperature_metadata(cases[i].source, product);
        assert_string_equal(metadata ? metadata : "", cases[i].metadata ? cases[i].metadata : "");
        assert_false(failed);
    }
    cn_pool_free(pool);
}

static void climatology(enum cn_calendar calendar, enum cn_leap_day rule, int target, int window,
                        int slot, double expected[3])
{
    double time[366], bounds[366][2];
    int slots = cn_slot_count(calendar, rule);
    int first = target - window + 1;
    cn_climatology(calendar, rule, cn_reference_year(calendar, first), first, target, target, slots,
                   time, bounds[0]);
    expected[0] = time[slot];
    expected[1] = bounds[slot][0];
    expected[2] = bounds[slot][1];
}

#define assert_climatology(calendar, rule, target, window, slot, middle, first, last) \
    do {                                                                              \
        double found[3];                                                              \
        climatology(calendar, rule, target, window, slot, found);                     \
        assert_float_equal(found[0], middle, 0);                                      \
        assert_float_equal(found[1], first, 0);                                       \
        assert_float_equal(found[2], last, 0);                                        \
    } while (0)

static void test_climatology_follows_the_calendar(void **state)
{
    (void)state;
    /* Every year has the day: noon in the target year, from the first year to the last. */
    assert_climatology(CN_NOLEAP, CN_DAYOFYEAR, 1980, 30, 0, 29 * 365 + 0.5, 0, 29 * 365 + 1);
    assert_climatology(CN_360_DAY, CN_DAYOFYEAR, 1980, 30, 359, 30 * 360 - 0.5, 359, 30 * 360);
    /* Day 366: in 1952 first, 1980 last; 1951-01-01 is day 0, 1952-12-31 day 730. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1980, 30, 365, 10957.5, 730, 10958);
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1980, 30, 59, 10592 + 59.5, 59, 10652);
    /* Target year 1982 lacks the day: 1980 is the nearest earlier window year with it. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1982, 3, 365, 365.5, 365, 366);
    assert_climatology(CN_STANDARD, CN_MONTH_DAY, 1982, 3, 59, 59.5, 59, 60);
    assert_climatology(CN_STANDARD, CN_MONTH_DAY, 1982, 3, 60, 366 + 365 + 59.5, 60,
                       366 + 365 + 60);
    /* No year of 1981-1983 has it: 1980, before the window. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1983, 3, 365, -0.5, -1, 0);
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 1903, 3, 365, -1460.5, -1461, -1460);
    /* No year 0: 0001-01-01 is day 0. */
    assert_climatology(CN_STANDARD, CN_DAYOFYEAR, 3, 4, 0, 730.5, 0, 731);
    assert_int_equal(cn_reference_year(CN_STANDARD, 0), 1);
    assert_int_equal(cn_reference_year(CN_JULIAN, 0), 1);
    assert_int_equal(cn_reference_year(CN_NOLEAP, 0), 0);
    assert_int_equal(cn_reference_year(CN_STANDARD, 1951), 1951);
    /* Dates that ascend are of one year. */
    assert_int_equal(cn_year_of_dates(CN_STANDARD, CN_DAYOFYEAR, 2019, 366), 2016);
    assert_int_equal(cn_year_of_dates(CN_STANDARD, CN_MONTH_DAY, 2020, 366), 2020);
    assert_int_equal(cn_year_of_dates(CN_STANDARD, CN_DROP, 2019, 365), 2019);
    assert_int_equal(cn_year_of_dates(CN_NOLEAP, CN_DAYOFYEAR, 2019, 365), 2019);
    assert_int_equal(cn_year_of_dates(CN_STANDARD, CN_DAYOFYEAR, 1903, 366), 1896);
    /* Without 29 February slot 60 is 1 March. */
    assert_climatology(CN_STANDARD, CN_DROP, 1980, 1, 59, 60.5, 60, 61);
}

#define assert_group(calendar, rule, groups, first_year, target, group, middle, start, end)       \
    do {                                                                                          \
        double time[CN_MONTHS], bounds[CN_MONTHS][2];                                             \
        cn_climatology_of_groups(calendar, rule, groups, cn_reference_year(calendar, first_year), \
                                 first_year, target, time, bounds[0]);                            \
        assert_float_equal(time[group], middle, 0);                                               \
        assert_float_equal(bounds[group][0], start, 0);                                           \
        assert_float_equal(bounds[group][1], end, 0);                                             \
    } while (0)

static void test_groups_of_days_follow_the_calendar(void **state)
{
    (void)state;
    /* 2000 and 2004 are leap years; 1 January 2000 is day 0. */
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_MONTH, 2000, 2001, 0, 366 + 15.5, 0, 366 + 31);
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_MONTH, 2000, 2004, 1, 1461 + 31 + 14.5, 31,
                 1461 + 60);
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_MONTH, 2000, 2004, 11, 1461 + 366 - 15.5, 335,
                 1461 + 366);
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_SEASON, 2000, 2001, 0, 366 + 14, -31, 366 + 59);
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_SEASON, 2000, 2001, 3, 366 + 243 + 45.5, 244,
                 366 + 334);
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_YEAR, 2000, 2000, 0, 183, 0, 366);
    /* 29 February is in no group. */
    assert_group(CN_STANDARD, CN_DROP, CN_MONTH, 2000, 2004, 1, 1461 + 31 + 14, 31, 1461 + 59);
    assert_group(CN_STANDARD, CN_DROP, CN_SEASON, 2000, 2004, 0, 1461 + 14, -31, 1461 + 59);
    assert_group(CN_ALL_LEAP, CN_DROP, CN_MONTH, 2000, 2001, 1, 366 + 31 + 14, 31, 366 + 59);
    assert_group(CN_NOLEAP, CN_DAYOFYEAR, CN_SEASON, 2000, 2000, 0, 14, -31, 59);
    assert_group(CN_360_DAY, CN_DROP, CN_MONTH, 2000, 2001, 1, 360 + 45, 30, 360 + 60);
    assert_group(CN_360_DAY, CN_DAYOFYEAR, CN_SEASON, 2000, 2001, 0, 360 + 15, -30, 360 + 60);
    assert_group(CN_360_DAY, CN_DAYOFYEAR, CN_YEAR, 2000, 2001, 0, 360 + 180, 0, 720);
    /* The year before 1 is -1; October 1582 has 21 days. */
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_SEASON, 1, 1, 0, 14, -31, 59);
    assert_group(CN_STANDARD, CN_DAYOFYEAR, CN_MONTH, 1582, 1582, 9, 273 + 10.5, 273, 273 + 21);
}

static struct cn_digests digests_of(const struct sample *s)
{
    struct cn_digests digests;
    cn_sink_digests(&s->file, &digests);
    assert_int_equal(strspn(digests.config, "0123456789abcdef"), 32);
    assert_int_equal(strspn(digests.inputs, "0123456789abcdef"), 32);
    return digests;
}

#define assert_changes(s, which, change)                                                          \
    do {                                                                                          \
        struct sample *changed = sample_new(sample_root, 1);                                      \
        struct cn_digests before = digests_of(changed);                                           \
        (s) = changed;                                                                            \
        change;                                                                                   \
        struct cn_digests after = digests_of(changed);                                            \
        assert_int_equal(strcmp(before.config, after.config) != 0, strcmp(which, "config") == 0); \
        assert_int_equal(strcmp(before.inputs, after.inputs) != 0, strcmp(which, "inputs") == 0); \
        sample_free(changed);                                                                     \
    } while (0)

static void test_digests_cover_what_shapes_a_file(void **state)
{
    (void)state;
    struct sample *s;
    assert_changes(s, "config", s->variable.name = "tasmin");
    assert_changes(s, "config", s->region.lat[0] = 30.25);
    assert_changes(s, "config", s->region.lon[1] = 240.5);
    assert_changes(s, "config", s->region.global = true);
    assert_changes(s, "config", s->region.name = "BOX2");
    assert_changes(s, "config", s->config.normals.leap_day = CN_DROP);
    assert_changes(s, "config", s->target.period = "hybrid");
    assert_changes(s, "config", s->target.scenario = "ssp245");
    assert_changes(s, "config", s->target.year++);
    assert_changes(s, "config", s->config.output.compression = 2);
    assert_changes(s, "config", s->product.name = "other");
    assert_changes(s, "config", s->product.pool = 3);
    assert_changes(s, "config", s->product.min_values = 2);
    assert_changes(s, "config", s->product.over.statistic = CN_MAXIMUM);
    assert_changes(s, "config", s->product.over = ((struct cn_over){CN_QUANTILE, 900000}));
    assert_changes(s, "config", s->product.time = CN_YEAR);
    assert_changes(s, "config", s->product.within = CN_WITHIN_SUM);
    assert_changes(s, "config", s->product.unit.name = "degC");
    assert_changes(s, "config", s->config.output.counts = false);
    assert_changes(s, "config", s->config.output.layout = CN_STACKED);
    assert_changes(s, "config", s->config.output.axis = CN_DATES);
    assert_changes(s, "inputs", s->bases[3][0] = 'T');
    assert_changes(s, "inputs", s->files[3].size++);
    assert_changes(s, "inputs", s->files[3].mtime_ns++);
    assert_changes(s, "inputs", s->files[3].version_major++);
    assert_changes(s, "inputs", s->files[3].version_minor++);
    assert_changes(s, "inputs", s->parts[3].count--);
    assert_changes(s, "inputs", s->parts[3].first++; s->parts[3].count--);
    assert_changes(s, "inputs", s->window[3] = -1);
    assert_changes(s, "inputs", s->used[3] = false);
    assert_changes(s, "inputs", s->cells.row_count--);
    assert_changes(s, "inputs", s->cells.lon = sample_lat_bounds);
    assert_changes(s, "inputs", s->cells.lat_bounds = NULL);
    assert_changes(s, "nothing", s->product.unit = ((struct cn_value_unit){"K", 1, 0}));
    assert_changes(s, "nothing", s->variable.units = " K\t"; s->product.unit.name = "K");
    /* Neither how it is computed nor where it goes; nor what percentiles are made by. */
    assert_changes(s, "nothing", s->config.normals.quantiles = CN_QUANTILE_MEDIAN_UNBIASED);
    assert_changes(s, "nothing", s->config.engine.threads = 7);
    assert_changes(s, "nothing", s->product.min_years = 3);
    assert_changes(s, "nothing", s->file.path = "elsewhere.nc");
    assert_changes(s, "nothing", s->files[3].path = "/moved");
    assert_changes(s, "nothing", s->region.lat[0] *= 1);
}

/* Each changes the digest of the config; a year before, and one of the baseline, that of the
 * inputs.
 */
static void test_digests_cover_groups_and_changes(void **state)
{
    (void)state;
    static const struct cn_product products[] = {
        {.time = CN_SEASON},
        {.time = CN_SEASON, .change = CN_DIFFERENCE, .baseline = 1970},
        {.time = CN_SEASON, .change = CN_RATIO, .baseline = 1970},
        {.time = CN_SEASON, .change = CN_RATIO, .baseline = 1960},
        {.time = CN_YEAR, .within = CN_COUNT_GT, .threshold = {1, "K"}},
        {.time = CN_YEAR, .within = CN_COUNT_GE, .threshold = {1, "K"}},
        {.time = CN_YEAR, .within = CN_COUNT_GE, .threshold = {2, "K"}},
        {.time = CN_YEAR, .within = CN_COUNT_GE, .threshold = {2, "degC"}},
    };
    enum { COUNT = sizeof products / sizeof *products };
    struct cn_digests digests[COUNT];
    for (size_t p = 0; p < COUNT; p++) {
        struct sample *s = sample_new(sample_root, 1);
        assert_non_null(s);
        const struct cn_product plain = s->product;
        s->product = products[p];
        s->product.name = plain.name;
        s->product.window = plain.window;
        s->product.pool = s->product.min_values = 1;
        sample_set_groups(s);
        digests[p] = digests_of(s);
        for (size_t before = 0; before < p; before++)
            assert_string_not_equal(digests[p].config, digests[before].config);
        for (size_t i = SAMPLE_WINDOW; i < cn_file_years(&s->file); i++) {
            s->used[i] = !s->used[i];
            s->window[i] = s->window[i] < 0 ? 0 : s->window[i];
            struct cn_digests other = digests_of(s);
            assert_string_not_equal(other.inputs, digests[p].inputs);
            assert_string_equal(other.config, digests[p].config);
        }
        sample_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell_methods_become_climatological),
        cmocka_unit_test(test_cell_methods_of_a_time_axis_have_a_form_of_their_own),
        cmocka_unit_test(test_cell_methods_name_the_statistic),
        cmocka_unit_test(test_cell_methods_name_the_statistic_within_a_year),
        cmocka_unit_test(test_standard_names_are_those_of_the_quantity),
        cmocka_unit_test(test_climatology_follows_the_calendar),
        cmocka_unit_test(test_groups_of_days_follow_the_calendar),
        cmocka_unit_test(test_digests_cover_groups_and_changes),
        cmocka_unit_test(test_digests_cover_what_shapes_a_file),
    };
    return cmocka_run_group_tests(tests, sample_make_root, sample_remove_root);
}
