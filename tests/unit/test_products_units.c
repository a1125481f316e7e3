/*
 * Units of products: thresholds in the source's unit, results in the unit that is asked for. What
 * is expected was computed by hand from definitions: 0 degC is 273.15 K, a degF is 5/9 K, a day
 * 86400 s, an inch 25.4 mm, and 1 kg m-2 of water is 1 mm.
 */
#include "products/units.h"

#include "catalog/units.h"
#include "cn_test.h"

#include <math.h>
#include <udunits2.h>

/* The lexer of UDUNITS 2.2.28 loses a word in some texts that are no units. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libudunits2";
}

static bool is_near(double value, double expected)
{
    return fabs(value - expected) <= 1e-14 * fabs(expected) + (expected == 0 ? 0 : 1e-300);
}

static struct cn_pool *pool;

static enum cn_status find_units(const char *source, const char *output_unit,
                                 struct cn_product *product, struct cn_error *error)
{
    const struct cn_variable_unit units[] = {{"other", "no unit"}, {"v", output_unit}};
    const struct cn_config config = {.output = {.units = units, .unit_count = output_unit ? 2 : 1}};
    return cn_product_units(pool, &config, "v", source, false, product, error);
}

static void test_units_convert_by_scale_and_offset(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        double scale, offset;
    } cases[] = {
        {"K", "degC", 1, -273.15},
        {"degC", "K", 1, 273.15},
        {"K", "degF", 1.8, -459.67},
        {"degF", "K", 5. / 9, 459.67 * 5 / 9},
        {"degC", "degF", 1.8, 32},
        {" K", "kelvin ", 1, 0},
        {"kg m-2 s-1", "mm d-1", 86400, 0},
        {"kg m-2 s-1", "kg m-2 d-1", 86400, 0},
        {"kg m**-2 s**-1", "mm/day", 86400, 0},
        {"kg/m2/s", "inch day-1", 86400 / 25.4, 0},
        {"mm d-1", "kg m-2 s-1", 1. / 86400, 0},
        {"m s-1", "kg m-2 s-1", 1000, 0},
        {"kg m-2", "mm", 1, 0},
        {"kg m-2 s-1 d", "mm", 86400, 0},
        {"mm", "kg m-2", 1, 0},
        {"m s-1", "km h-1", 3.6, 0},
        {"Pa", "hPa", 0.01, 0},
        {"1", "%", 100, 0},
        {NULL, "%", 100, 0},
        {" ", "1", 1, 0},
        {"kg kg-1", "g kg-1", 1000, 0},
        {"no such unit", " no such unit", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_conversion line;
        struct cn_error error;
        if (cn_unit_conversion(cases[i].from, cases[i].to, &line, &error))
            fail_msg("%s to %s: %s", cases[i].from, cases[i].to, error.text);
        if (!is_near(line.scale, cases[i].scale) ||
            fabs(line.offset - cases[i].offset) > 1e-13 * fabs(cases[i].offset))
            fail_msg("%s to %s: %.17g %.17g", cases[i].from, cases[i].to, line.scale, line.offset);
    }
}

static void test_other_units_do_not_convert(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"K", "m", "\"K\" does not convert to \"m\""},
        {"kg m-2 s-1", "degC", "\"kg m-2 s-1\" does not convert to \"degC\""},
        {"kg m-2 s-1", "mm", "does not convert"},
        {"kg", "m3", "does not convert"},    /* a mass and a volume are no depth */
        {"kg m-3", "1", "does not convert"}, /* nor is this */
        {"kg m-2 s-1", "mm2 s-1", "does not convert"},
        {"kg m-2 s-2", "mm s-2", "does not convert"},
        {"s", "Hz", "does not convert"}, /* UDUNITS takes reciprocals for convertible */
        {"mm", "1", "does not convert"},
        {"lg(re 1 mW)", "W", "does not convert"}, /* no line */
        {"-1 K", "K", "does not convert"},        /* turns minima to maxima */
        {"nonsense", "K", "\"nonsense\" is no unit that UDUNITS-2 knows"},
        {"K", "((((", "\"((((\" is no unit that UDUNITS-2 knows"},
        {"", "K", "\"\" does not convert to \"K\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_conversion line;
        struct cn_error error;
        assert_row(cn_unit_conversion(cases[i][0], cases[i][1], &line, &error) == CN_BAD_INPUT,
                   cases[i][1]);
        if (!strstr(error.text, cases[i][2]))
            fail_msg("%s to %s: %s", cases[i][0], cases[i][1], error.text);
    }
}

static void test_thresholds_are_in_the_unit_of_the_source(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        struct cn_threshold threshold;
        double expected;
    } cases[] = {
        {"K", {0, "degC"}, 273.15},
        {"K", {25, "degC"}, 298.15},
        {"K", {32, "degF"}, 273.15},
        {"K", {50, "degF"}, 283.15},
        {"K", {90, "degF"}, 305.3722222222222222},
        {"degC", {32, "degF"}, 0},
        {"degC", {50, "degF"}, 10},
        {"degC", {95, "degF"}, 35},
        {"degC", {90, "degF"}, 32.2222222222222222},
        {"degF", {0, "degC"}, 32},
        {"degC", {273.15, "K"}, 0},
        {"degC", {0.1, "degC"}, 0.1},
        {"kg m-2 s-1", {1, "mm d-1"}, 1. / 86400},
        {"kg m-2 s-1", {20, "mm/day"}, 20. / 86400},
        {"mm/day", {0.001, "kg m-2 s-1"}, 86.4},
        {"m s-1", {36, "km h-1"}, 10},
        {"1", {50, "%"}, 0.5},
        {NULL, {0.25, "1"}, 0.25},
        {"no such unit", {7, "no such unit"}, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_product product = {.within = CN_COUNT_LT, .threshold = cases[i].threshold};
        struct cn_error error;
        if (find_units(cases[i].source, "(unused", &product, &error))
            fail_msg("case %zu: %s", i, error.text);
        if (!is_near(product.source_threshold, cases[i].expected))
            fail_msg("case %zu: %.17g", i, product.source_threshold);
        assert_string_equal(product.unit.name, "1");
        assert_true(product.unit.scale == 1 && product.unit.offset == 0);
    }
}

static void test_results_have_the_unit_that_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *source, *output_unit;
        struct cn_product product;
        const char *name;
        double scale, offset;
    } cases[] = {
        {"K", NULL, {0}, "K", 1, 0},
        {" K ", NULL, {.within = CN_WITHIN_MAXIMUM}, "K", 1, 0},
        {NULL, NULL, {.within = CN_WITHIN_MINIMUM}, "", 1, 0},
        {"K", "degC", {0}, "degC", 1, -273.15},
        {"K", "degC", {.within = CN_WITHIN_MINIMUM, .over = {CN_QUANTILE, 5}}, "degC", 1, -273.15},
        {"K", "degC", {.unit.name = "degF"}, "degF", 1.8, -459.67},
        {"K", "degF", {.over.statistic = CN_STANDARD_DEVIATION}, "degF", 1.8, 0},
        {"K", "degC", {.change = CN_DIFFERENCE}, "degC", 1, 0},
        {"K", "degC", {.change = CN_RATIO}, "1", 1, 0},
        {"kg m-2 s-1", "mm d-1", {.within = CN_WITHIN_SUM, .change = CN_RATIO}, "1", 1, 0},
        /* sums */
        {"kg m-2 s-1", NULL, {.within = CN_WITHIN_SUM}, "kg m-2 s-1 d", 1, 0},
        {"mm d-1", NULL, {.within = CN_WITHIN_SUM}, "mm", 1, 0},
        {"mm/day", NULL, {.within = CN_WITHIN_SUM}, "mm", 1, 0},
        {"kg m-2 day-1", NULL, {.within = CN_WITHIN_SUM}, "kg m-2", 1, 0},
        {"1", NULL, {.within = CN_WITHIN_SUM}, "d", 1, 0},
        {NULL, NULL, {.within = CN_WITHIN_SUM}, "d", 1, 0},
        {"kg m-2 s-1", "mm d-1", {.within = CN_WITHIN_SUM}, "mm", 86400, 0},
        {"kg m-2 s-1", "mm/d", {.within = CN_WITHIN_SUM}, "mm", 86400, 0},
        {"kg m-2 s-1", "inch day-1", {.within = CN_WITHIN_SUM}, "inch", 86400 / 25.4, 0},
        {"kg m-2 s-1", "kg m-2 h-1", {.within = CN_WITHIN_SUM}, "kg m-2 h-1 d", 3600, 0},
        {"kg m-2 s-1", NULL, {.within = CN_WITHIN_SUM, .unit.name = "mm"}, "mm", 86400, 0},
        {"W m-2", "W m-2", {.within = CN_WITHIN_SUM, .unit.name = "MJ m-2"}, "MJ m-2", 0.0864, 0},
        /* sums of temperatures convert only to units with the same zero */
        {"K", "degC", {.within = CN_WITHIN_SUM}, "K d", 1, 0},
        {"K", "kelvin", {.within = CN_WITHIN_SUM}, "kelvin d", 1, 0},
        /* output.units that fit sums alone */
        {"mm d-1", "mm", {.within = CN_WITHIN_SUM}, "mm", 1, 0},
        {"mm/day", "cm", {.within = CN_WITHIN_SUM}, "cm", 0.1, 0},
        {"kg m-2 s-1", "mm", {.within = CN_WITHIN_SUM}, "mm", 86400, 0},
        {"mm", "mm", {.within = CN_WITHIN_SUM}, "mm d", 1, 0},
        {"K",
         "degF",
         {.within = CN_WITHIN_SUM, .over.statistic = CN_STANDARD_DEVIATION},
         "degF d",
         1.8,
         0},
        {"K", "degC", {.within = CN_WITHIN_SUM, .change = CN_DIFFERENCE}, "degC d", 1, 0},
        {"degC", NULL, {.within = CN_WITHIN_SUM, .unit.name = "h*Celsius"}, "h*Celsius", 24, 0},
        {"degC", NULL, {.within = CN_WITHIN_SUM}, "degC d", 1, 0},
        {"K", NULL, {.within = CN_WITHIN_SUM, .unit.name = "h K"}, "h K", 24, 0},
        {"K", NULL, {.within = CN_WITHIN_SUM, .unit.name = "d degR"}, "d degR", 1.8, 0},
        /* a unit of which the day is cut off must not get a zero by that */
        {"degC d-1", NULL, {.within = CN_WITHIN_SUM}, "degC d-1 d", 1, 0},
        {"degC d-1", NULL, {.within = CN_WITHIN_SUM, .unit.name = "K"}, "K", 1, 0},
        {"K d-1", "degC d-1", {.within = CN_WITHIN_SUM}, "degC d-1 d", 1, 0},
        /* what lies beyond a threshold has no zero */
        {"K", NULL, {.within = CN_EXCESS, .threshold = {10, "degC"}}, "K d", 1, 0},
        {"K", "degC", {.within = CN_EXCESS, .threshold = {10, "degC"}}, "degC d", 1, 0},
        {"K", "degF", {.within = CN_DEFICIT, .threshold = {65, "degF"}}, "degF d", 1.8, 0},
        {"degC",
         NULL,
         {.within = CN_DEFICIT, .threshold = {65, "degF"}, .unit.name = "degF d"},
         "degF d",
         1.8,
         0},
        /* counts */
        {"K", "degC", {.within = CN_COUNT_GT, .threshold = {25, "degC"}}, "1", 1, 0},
        {"K",
         "degC",
         {.within = CN_COUNT_GE, .threshold = {25, "degC"}, .unit.name = "count"},
         "count",
         1,
         0},
        {"K", NULL, {.change = CN_RATIO, .unit.name = "%"}, "%", 100, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_product product = cases[i].product;
        struct cn_error error;
        if (find_units(cases[i].source, cases[i].output_unit, &product, &error))
            fail_msg("case %zu: %s", i, error.text);
        if (strcmp(product.unit.name, cases[i].name) != 0 ||
            !is_near(product.unit.scale, cases[i].scale) ||
            !is_near(product.unit.offset, cases[i].offset))
            fail_msg("case %zu: \"%s\" %.17g %.17g", i, product.unit.name, product.unit.scale,
                     product.unit.offset);
        ut_system *system = ut_read_xml(NULL); /* what files say, others read */
        ut_unit *unit = ut_parse(system, product.unit.name, UT_ASCII);
        assert_row(unit != NULL, product.unit.name);
        ut_free(unit);
        ut_free_system(system);
    }
}

static void test_sums_of_totals_of_days(void **state)
{
    (void)state;
    static const struct {
        const char *source, *output_unit;
        struct cn_product product;
        const char *name;
        double scale;
    } cases[] = {
        {"mm", NULL, {.within = CN_WITHIN_SUM}, "mm", 1},
        {"mm", "inch", {.within = CN_WITHIN_SUM}, "inch", 1 / 25.4},
        {"kg m-2", "mm", {.within = CN_WITHIN_SUM}, "mm", 1},
        {"mm", NULL, {.within = CN_WITHIN_SUM, .unit.name = "cm"}, "cm", 0.1},
        {"mm", NULL, {.within = CN_EXCESS, .threshold = {1, "mm"}}, "mm", 1},
        {"J m-2", "MJ m-2", {.within = CN_WITHIN_SUM}, "MJ m-2", 1e-6},
        {"h", NULL, {.within = CN_WITHIN_SUM}, "h", 1},
        /* rates and temperatures stay what they are */
        {"mm/day", NULL, {.within = CN_WITHIN_SUM}, "mm", 1},
        {"K", NULL, {.within = CN_WITHIN_SUM}, "K d", 1},
        {"mm", "inch", {0}, "inch", 1 / 25.4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct cn_variable_unit units[] = {{"v", cases[i].output_unit}};
        const struct cn_config config = {
            .output = {.units = units, .unit_count = cases[i].output_unit != NULL}};
        struct cn_product product = cases[i].product;
        struct cn_error error;
        if (cn_product_units(pool, &config, "v", cases[i].source, true, &product, &error))
            fail_msg("case %zu: %s", i, error.text);
        if (strcmp(product.unit.name, cases[i].name) != 0 ||
            !is_near(product.unit.scale, cases[i].scale))
            fail_msg("case %zu: \"%s\" %.17g", i, product.unit.name, product.unit.scale);
    }
}

static void test_what_does_not_fit_is_told_in_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *source, *output_unit;
        struct cn_product product;
        const char *text;
    } cases[] = {
        {"kg m-2 s-1",
         NULL,
         {.within = CN_COUNT_GT, .threshold = {90, "degF"}},
         "threshold \"90 degF\" does not fit: \"degF\" does not convert to \"kg m-2 s-1\""},
        {"K",
         NULL,
         {.within = CN_EXCESS, .threshold = {90, "degX"}},
         "threshold \"90 degX\" does not fit: \"degX\" is no unit that UDUNITS-2 knows"},
        {NULL,
         NULL,
         {.within = CN_EXCESS, .threshold = {90, "degF"}},
         "threshold \"90 degF\" does not fit: the files have no unit"},
        {"mK",
         NULL,
         {.within = CN_EXCESS, .threshold = {1e308, "K"}},
         "threshold \"1e+308 K\" does not fit: it is too large in \"mK\""},
        {"K", "mm", {0}, "units \"mm\" do not fit: \"K\" does not convert to \"mm\""},
        {"K",
         "mm d-1",
         {.within = CN_WITHIN_SUM},
         "units \"mm d-1\" do not fit: \"K d\" does not convert to \"mm\""},
        {"K",
         "K",
         {.unit.name = "no"},
         "units \"no\" do not fit: \"no\" is no unit that UDUNITS-2 knows"},
        {"no", "K", {0}, "units \"K\" do not fit: \"no\" is no unit that UDUNITS-2 knows"},
        {NULL, "degC", {0}, "units \"degC\" do not fit: the files have no unit"},
        {"K",
         NULL,
         {.within = CN_WITHIN_SUM, .unit.name = "degC d"},
         "units \"degC d\" do not fit: the sums are of \"K\", which has its zero elsewhere"},
#define OTHER_ZERO(source, asked)                                \
    {source,                                                     \
     NULL,                                                       \
     {.within = CN_WITHIN_SUM, .unit.name = asked},              \
     "units \"" asked "\" do not fit: the sums are of \"" source \
     "\", which has its zero elsewhere"}
        OTHER_ZERO("K", "degC day"),
        OTHER_ZERO("K", "d degC"),
        OTHER_ZERO("K", "degC*h"),
        OTHER_ZERO("K", "degF.d"),
        OTHER_ZERO("K", "d \u00b0C"),
        OTHER_ZERO("K", "d\u00b7degC"),
        OTHER_ZERO("K", "86400 s celsius"),
        OTHER_ZERO("degC", "K d"),
        OTHER_ZERO("degC", "degF h"),
        OTHER_ZERO("degC d-1", "degC"),
        {"degC",
         NULL,
         {.within = CN_WITHIN_SUM, .unit.name = "mm"},
         "units \"mm\" do not fit: \"degC d\" does not convert to \"mm\""},
        {"dBZ",
         NULL,
         {.within = CN_WITHIN_SUM},
         "values in \"dBZ\" do not add up: UDUNITS-2 knows no such unit times a day"},
        {"K @ 20",
         NULL,
         {.within = CN_EXCESS, .threshold = {1, "K"}},
         "values in \"K @ 20\" do not add up: UDUNITS-2 knows no such unit times a day"},
        {"days since 2000-01-01",
         NULL,
         {.within = CN_WITHIN_SUM, .unit.name = "d2"},
         "values in \"days since 2000-01-01\" do not add up: UDUNITS-2 knows no such unit times a "
         "day"},
        {NULL,
         NULL,
         {.within = CN_WITHIN_SUM, .unit.name = "1"},
         "units \"1\" do not fit: \"d\" does not convert to \"1\""},
        {"K",
         NULL,
         {.within = CN_COUNT_GE, .threshold = {25, "degC"}, .unit.name = "%"},
         "units \"%\" do not fit: the results are numbers of days, whose unit is 1"},
        {"K",
         NULL,
         {.within = CN_COUNT_GT, .threshold = {1, "K"}, .unit.name = "d"},
         "units \"d\" do not fit: \"1\" does not convert to \"d\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_product product = cases[i].product;
        struct cn_error error;
        assert_int_equal(find_units(cases[i].source, cases[i].output_unit, &product, &error),
                         CN_BAD_INPUT);
        assert_string_equal(error.text, cases[i].text);
    }
}

static void test_hostile_units_are_refused(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    for (const char *c = "( -9.d^s%\xff/"; *c; c++) {
        struct cn_product product = {.unit.name = "K"};
        struct cn_conversion line;
        struct cn_error error;
        memset(text, *c, LENGTH);
        text[LENGTH] = '\0';
        assert_int_equal(cn_unit_conversion(text, "K", &line, &error), CN_BAD_INPUT);
        assert_true(strlen(error.text) < 400);
        assert_int_equal(find_units(text, NULL, &product, &error), CN_BAD_INPUT);
    }
    free(text);
}

/* Must run first: once read, the database stays. */
static void test_without_the_database_the_machine_is_at_fault(void **state)
{
    (void)state;
    struct cn_error error;
    struct cn_product product = {.unit.name = "degC"}, same = {.unit.name = "K"};
    setenv("UDUNITS2_XML_PATH", "/nonexistent/udunits2.xml", 1);
    assert_int_equal(find_units("K", NULL, &product, &error), CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "UDUNITS2_XML_PATH"));
    assert_int_equal(find_units("K", NULL, &same, &error), CN_OK);
    unsetenv("UDUNITS2_XML_PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_the_database_the_machine_is_at_fault),
        cmocka_unit_test(test_units_convert_by_scale_and_offset),
        cmocka_unit_test(test_other_units_do_not_convert),
        cmocka_unit_test(test_thresholds_are_in_the_unit_of_the_source),
        cmocka_unit_test(test_results_have_the_unit_that_is_asked_for),
        cmocka_unit_test(test_sums_of_totals_of_days),
        cmocka_unit_test(test_what_does_not_fit_is_told_in_a_sentence),
        cmocka_unit_test(test_hostile_units_are_refused),
    };
    pool = cn_pool_new();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cn_pool_free(pool);
    return failed;
}
