/*
 * Writes sample normals into a folder, for test_sink_files.py to check: sink_dump FOLDER. With
 * --products after it, one file of each kind of product.
 */
#include "sink/lock.h"
#include "sink_sample.h"

static const atomic_int nobody; /* asks to stop */

/* A product, of which the sample has the rest. */
struct kind {
    struct cn_product product;
    enum cn_day_axis axis;
    enum cn_file_layout layout;
    bool is_rain;
};

#define WARM       \
    {              \
        90, "degF" \
    }
#define QUANTILE(share)            \
    {                              \
        CN_QUANTILE, (share)*10000 \
    }

static const struct kind kinds[] = {
    {.product = {.name = "months", .time = CN_MONTH}},
    {.product = {.name = "seasons", .time = CN_SEASON, .unit = {"degF", 1.8, -459.67}}},
    {.product = {.name = "year", .time = CN_YEAR, .over = {CN_STANDARD_DEVIATION, 0}}},
    {.product = {.name = "month_p90", .time = CN_MONTH, .over = QUANTILE(90)}},
    {.product = {.name = "rx1day",
                 .time = CN_YEAR,
                 .within = CN_WITHIN_MAXIMUM,
                 .unit = {"mm d-1", 86400, 0}},
     .is_rain = true},
    {.product = {.name = "hot-days",
                 .time = CN_YEAR,
                 .within = CN_COUNT_GT,
                 .threshold = WARM,
                 .unit = {"1", 1, 0}}},
    {.product = {.name = "cold_sd",
                 .time = CN_MONTH,
                 .within = CN_COUNT_LE,
                 .threshold = {0, "degC"},
                 .over = {CN_STANDARD_DEVIATION, 0},
                 .unit = {"1", 1, 0}}},
    {.product = {.name = "wet",
                 .time = CN_SEASON,
                 .within = CN_COUNT_GE,
                 .threshold = {1, "mm d-1"},
                 .unit = {"1", 1, 0}},
     .is_rain = true},
    {.product = {.name = "30_hot", .within = CN_COUNT_GT, .threshold = WARM, .unit = {"1", 1, 0}}},
    {.product = {.name = "time", .within = CN_COUNT_GT, .threshold = WARM, .unit = {"1", 1, 0}},
     .axis = CN_DATES},
    {.product = {.name = "growing",
                 .time = CN_YEAR,
                 .within = CN_EXCESS,
                 .threshold = {50, "degF"},
                 .unit = {"K d", 1, 0}}},
    {.product = {.name = "heating",
                 .time = CN_MONTH,
                 .within = CN_DEFICIT,
                 .threshold = {291.5, "K"},
                 .unit = {"degF d", 1.8, 0}}},
    {.product =
         {.name = "rain", .time = CN_SEASON, .within = CN_WITHIN_SUM, .unit = {"mm", 86400, 0}},
     .is_rain = true},
    {.product = {.name = "water",
                 .time = CN_MONTH,
                 .within = CN_WITHIN_SUM,
                 .unit = {"kg m-2 s-1 d", 1, 0}},
     .is_rain = true},
    {.product = {.name = "warming", .time = CN_SEASON, .change = CN_DIFFERENCE, .baseline = 1970}},
    {.product = {.name = "warming_F",
                 .change = CN_DIFFERENCE,
                 .baseline = 1970,
                 .over = QUANTILE(50),
                 .unit = {"degF", 1.8, 0}}},
    {.product = {.name = "wetter",
                 .time = CN_YEAR,
                 .within = CN_WITHIN_SUM,
                 .change = CN_RATIO,
                 .baseline = 1970,
                 .unit = {"1", 1, 0}},
     .is_rain = true},
    {.product = {.name = "celsius", .unit = {"degC", 1, -273.15}}},
    {.product = {.name = "stacked", .time = CN_MONTH}, .layout = CN_STACKED},
    {.product = {.name = "stacked_days",
                 .time = CN_YEAR,
                 .within = CN_COUNT_LT,
                 .threshold = {0, "degC"},
                 .unit = {"1", 1, 0}},
     .layout = CN_STACKED},
};

static bool write(struct sample *s)
{
    char temporary[4096];
    struct cn_error error = {0};
    if (!sample_write(s, temporary, sizeof temporary, &error))
        cn_temporary_publish(s->file.path, temporary, &error);
    if (error.status)
        fprintf(stderr, "%s\n", error.text);
    return !error.status;
}

static bool dump(const char *root, const char *path, int compression, bool counts)
{
    struct sample *s = sample_new(root, compression);
    if (!s)
        return false;
    s->config.output.counts = counts;
    s->file.path = path;
    const bool done = write(s);
    sample_free(s);
    return done;
}

static bool dump_kind(const char *root, const struct kind *kind)
{
    struct sample *s = sample_new(root, 1);
    char path[100];
    if (!s)
        return false;
    const int window = s->product.window, min_years = s->product.min_years;
    s->product = kind->product;
    s->product.window = window;
    s->product.min_years = min_years;
    s->product.pool = s->product.min_values = 1;
    s->config.output.axis = kind->axis;
    s->config.output.layout = kind->layout;
    sample_set_variable(s, kind->is_rain);
    if (!s->product.unit.name)
        s->product.unit = (struct cn_value_unit){s->variable.units, 1, 0};
    sample_set_groups(s);
    snprintf(path, sizeof path, "%s.nc", s->product.name);
    s->file.path = path;
    const bool done = write(s);
    sample_free(s);
    return done;
}

int main(int count, char **arguments)
{
    struct cn_error error;
    int lock;
    const struct cn_shard whole = {0};
    struct cn_lock_found found;
    const bool has_products = count == 3 && strcmp(arguments[2], "--products") == 0;
    if (count != 2 + has_products ||
        cn_sink_lock(arguments[1], &whole, &nobody, &lock, &found, &error))
        return 1;
    bool done = true;
    for (size_t k = 0; has_products && k < sizeof kinds / sizeof *kinds; k++)
        done &= dump_kind(arguments[1], &kinds[k]);
    if (!has_products)
        done = dump(arguments[1], "deflated.nc", 1, true) &&
               dump(arguments[1], "plain/means/only.nc", 0, false);
    cn_sink_unlock(lock, false);
    return !done;
}
