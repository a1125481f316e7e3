/*
 * The names of statistics and of values of groups: in configs, for people, in CF's words.
 */
#include "products/groups.h"
#include "products/statistics.h"

#include "cn_test.h"

#include <math.h>

static void test_each_name_is_one_statistic(void **state)
{
    (void)state;
    static const struct {
        const char *name, *written, *noun, *method;
        enum cn_statistic statistic;
        uint32_t share;
    } cases[] = {
        {"mean", "mean", "mean", "mean", CN_MEAN, 0},
        {"std", "std", "standard deviation", "standard_deviation", CN_STANDARD_DEVIATION, 0},
        {"min", "min", "minimum", "minimum", CN_MINIMUM, 0},
        {"max", "max", "maximum", "maximum", CN_MAXIMUM, 0},
        {"median", "p50", "median", "median", CN_QUANTILE, 500000},
        {"p50", "p50", "median", "median", CN_QUANTILE, 500000},
        {"p1", "p1", "1st percentile", NULL, CN_QUANTILE, 10000},
        {"p01", "p1", "1st percentile", NULL, CN_QUANTILE, 10000},
        {"p2", "p2", "2nd percentile", NULL, CN_QUANTILE, 20000},
        {"p3", "p3", "3rd percentile", NULL, CN_QUANTILE, 30000},
        {"p4", "p4", "4th percentile", NULL, CN_QUANTILE, 40000},
        {"p10", "p10", "10th percentile", NULL, CN_QUANTILE, 100000},
        {"p11", "p11", "11th percentile", NULL, CN_QUANTILE, 110000},
        {"p12", "p12", "12th percentile", NULL, CN_QUANTILE, 120000},
        {"p13", "p13", "13th percentile", NULL, CN_QUANTILE, 130000},
        {"p21", "p21", "21st percentile", NULL, CN_QUANTILE, 210000},
        {"p92", "p92", "92nd percentile", NULL, CN_QUANTILE, 920000},
        {"p2.5", "p2.5", "2.5th percentile", NULL, CN_QUANTILE, 25000},
        {"p21.0", "p21", "21st percentile", NULL, CN_QUANTILE, 210000},
        {"p0.0001", "p0.0001", "0.0001th percentile", NULL, CN_QUANTILE, 1},
        {"p99.9999", "p99.9999", "99.9999th percentile", NULL, CN_QUANTILE, 999999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_over over = {CN_MAXIMUM, 77};
        char text[CN_OVER_BYTES];
        assert_row(cn_over_parse(cases[i].name, &over), cases[i].name);
        assert_row(over.statistic == cases[i].statistic, cases[i].name);
        assert_row(over.share == cases[i].share, cases[i].name);
        assert_string_equal(cn_over_text(&over, text), cases[i].written);
        assert_string_equal(cn_over_noun(&over, text), cases[i].noun);
        const char *method = cn_over_method(&over);
        assert_row(!method == !cases[i].method, cases[i].name);
        if (method)
            assert_string_equal(method, cases[i].method);
    }
}

/* The estimate of a run's time relies on it. */
static void test_costs_are_those_of_means(void **state)
{
    (void)state;
    struct cn_product products[3];
    const struct cn_product *list[] = {&products[0], &products[1], &products[2]};
    for (size_t i = 0; i < 3; i++)
        products[i] = (struct cn_product){.over = {CN_MEAN, 0}, .pool = 1, .min_values = 1};
    assert_true(fabs(cn_products_cost(list, 1) - 1) < 1e-12);
    for (size_t i = 0; i < 3; i++)
        products[i].over = (struct cn_over){CN_QUANTILE, 500000};
    const double one = cn_products_cost(list, 1), three = cn_products_cost(list, 3);
    assert_true(1 < one && one < three && three < 2 * one);
    for (int s = CN_MEAN; s <= CN_QUANTILE; s++) {
        products[0].over.statistic = (enum cn_statistic)s;
        products[0].pool = 1;
        const double alone = cn_products_cost(list, 1);
        products[0].pool = 61;
        assert_true(alone > 0 && cn_products_cost(list, 1) > 2 * alone);
    }
}

static void test_other_texts_are_no_statistic(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",    "p",   "p0",  "p00",  "p0.0", "p100", "p100.0", "p2.12345", "p2.",  "p.5",
        "p-1", "p 1", "p1 ", "p1e1", "p0x5", "P90",  "Mean",   "means",    "p1,5", "90",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cn_over over = {CN_MAXIMUM, 77};
        assert_row(!cn_over_parse(texts[i], &over), texts[i]);
        assert_row(over.statistic == CN_MAXIMUM && over.share == 77, texts[i]);
    }
}

static void test_each_value_of_a_group_has_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *name, *method, *noun;
    } cases[] = {
        [CN_WITHIN_MEAN] = {"mean", "mean", "mean"},
        [CN_WITHIN_SUM] = {"sum", "sum", "sum"},
        [CN_WITHIN_MINIMUM] = {"min", "minimum", "minimum"},
        [CN_WITHIN_MAXIMUM] = {"max", "maximum", "maximum"},
        [CN_COUNT_GT] = {"count_gt", "sum", "days above 0.1 degC"},
        [CN_COUNT_GE] = {"count_ge", "sum", "days at or above 0.1 degC"},
        [CN_COUNT_LT] = {"count_lt", "sum", "days below 0.1 degC"},
        [CN_COUNT_LE] = {"count_le", "sum", "days at or below 0.1 degC"},
        [CN_EXCESS] = {"excess", "sum", "excess over 0.1 degC"},
        [CN_DEFICIT] = {"deficit", "sum", "deficit under 0.1 degC"},
    };
    for (int w = CN_WITHIN_MEAN; w <= CN_DEFICIT; w++) {
        char text[CN_WITHIN_BYTES];
        const struct cn_product product = {.within = (enum cn_within)w, .threshold = {0.1, "degC"}};
        assert_string_equal(cn_withins[w].name, cases[w].name);
        assert_string_equal(cn_within_names[w], cases[w].name);
        assert_string_equal(cn_withins[w].method, cases[w].method);
        assert_string_equal(cn_within_noun(&product, text), cases[w].noun);
    }
    assert_null(cn_within_names[CN_DEFICIT + 1]);
    assert_null(cn_time_names[CN_TIMES]);
}

static void test_quantiles_are_computed_together(void **state)
{
    (void)state;
    const struct cn_product mean = {.min_values = 1},
                            p5 = {.over = {CN_QUANTILE, 50000}, .min_values = 1},
                            p6 = {.over = {CN_QUANTILE, 60000}, .min_values = 1},
                            few = {.over = {CN_QUANTILE, 50000}, .min_values = 2};
    const struct cn_product *const products[] = {&mean, &mean, &p5, &p6, &few};
    assert_int_equal(cn_products_together(products, 5), 1);
    assert_int_equal(cn_products_together(products + 2, 3), 2);
    assert_int_equal(cn_products_together(products + 2, 1), 1);
    assert_int_equal(cn_products_together(products + 4, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_name_is_one_statistic),
        cmocka_unit_test(test_costs_are_those_of_means),
        cmocka_unit_test(test_other_texts_are_no_statistic),
        cmocka_unit_test(test_each_value_of_a_group_has_a_name),
        cmocka_unit_test(test_quantiles_are_computed_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
