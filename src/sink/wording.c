/*
 * Phrases from the tables of products. A normal of days keeps the words that it has always had.
 */
#include "sink/wording.h"

#include "products/groups.h"
#include "products/statistics.h"

#include <stdio.h>
#include <string.h>

static const char *const adjectives[] = {
    [CN_DAY] = "daily", [CN_MONTH] = "monthly", [CN_SEASON] = "seasonal", [CN_YEAR] = "yearly"};
static const char *const changes[] = {[CN_DIFFERENCE] = "difference from", [CN_RATIO] = "ratio to"};

static const char article[] = "the "; /* of a number */

static bool is_count(const struct cn_product *product)
{
    return cn_withins[product->within].unit == CN_UNIT_OF_COUNT;
}

bool cn_is_source_quantity(const struct cn_product *product)
{
    return cn_withins[product->within].unit == CN_UNIT_OF_SOURCE;
}

/* "tasmax > 90 degF". */
static const char *with_threshold(struct cn_pool *pool, const struct cn_product *product,
                                  const char *quantity)
{
    char threshold[CN_THRESHOLD_BYTES];
    if (!product->threshold.unit)
        return quantity;
    return cn_pool_printf(pool, "%s %s %s", quantity, cn_withins[product->within].relation,
                          cn_threshold_text(&product->threshold, threshold));
}

const char *cn_group_values_phrase(const struct cn_product *product)
{
    static const char *const counts[] = {[CN_DAY] = "days that count",
                                         [CN_MONTH] = "monthly numbers of days",
                                         [CN_SEASON] = "seasonal numbers of days",
                                         [CN_YEAR] = "yearly numbers of days"};
    static const char *const values[] = {[CN_DAY] = "daily data",
                                         [CN_MONTH] = "monthly values of daily data",
                                         [CN_SEASON] = "seasonal values of daily data",
                                         [CN_YEAR] = "yearly values of daily data"};
    return is_count(product) ? counts[product->time] : values[product->time];
}

const char *cn_subject(struct cn_pool *pool, const struct cn_product *product, const char *quantity)
{
    const bool is_of_days = product->time == CN_DAY;
    const char *compared = with_threshold(pool, product, quantity);
    if (!compared)
        return NULL;
    if (is_count(product))
        return cn_pool_printf(pool, "%snumber of days%s%s with %s", article,
                              is_of_days ? "" : " per ",
                              is_of_days ? "" : cn_time_names[product->time], compared);
    return cn_pool_printf(pool, "%s %s of %s", adjectives[product->time],
                          cn_withins[product->within].plural, compared);
}

/* The product without its years. */
static const char *name_product(struct cn_pool *pool, const struct cn_product *product,
                                const char *name)
{
    char noun[CN_OVER_BYTES];
    const bool is_mean = product->over.statistic == CN_MEAN;
    const char *over = cn_over_noun(&product->over, noun);
    if (cn_is_of_daily_values(product))
        return cn_pool_printf(pool, "daily %s of %s", is_mean ? "normal" : over, name);
    if (product->within == CN_WITHIN_MEAN && is_mean)
        return cn_pool_printf(pool, "%s mean of %s", adjectives[product->time], name);
    const char *subject = cn_subject(pool, product, name);
    if (!subject)
        return NULL;
    return is_count(product) && is_mean ? cn_pool_printf(pool, "mean %s", subject + strlen(article))
                                        : cn_pool_printf(pool, "%s of %s", over, subject);
}

const char *cn_title(struct cn_pool *pool, const struct cn_normals_file *file)
{
    const struct cn_product *product = file->product;
    const struct cn_region *region = file->region->region;
    const int first = cn_file_target(file, 0)->year - product->window + 1;
    const int last = cn_file_target(file, file->target_count - 1)->year;
    const char *named = name_product(pool, product, file->variable->name);
    const char *change = cn_change_phrase(pool, product);
    if (!named || !change)
        return NULL;
    return cn_pool_printf(pool, "%d-year %s, %d-%d%s%s, %s", product->window, named, first, last,
                          *change ? ", " : "", change,
                          region->title ? region->title : region->name);
}

const char *cn_statistic_phrase(struct cn_pool *pool, const struct cn_normals_file *file)
{
    const struct cn_product *product = file->product;
    const int first = cn_file_target(file, 0)->year;
    const int last = cn_file_target(file, file->target_count - 1)->year;
    char noun[CN_OVER_BYTES], days[32] = "";
    cn_over_noun(&product->over, noun);
    if (product->pool > 1)
        snprintf(days, sizeof days, " of %d days each", product->pool);
    if (file->target_count > 1)
        return cn_pool_printf(pool, "%ss%s over %d years each, which end in %d-%d,", noun, days,
                              product->window, first, last);
    if (product->window == 1 && product->pool == 1 && product->over.statistic == CN_MEAN)
        return cn_pool_printf(pool, "values of the year %d", last);
    return cn_pool_printf(pool, "%s%s over the years %d-%d", noun, days, last - product->window + 1,
                          last);
}

const char *cn_change_phrase(struct cn_pool *pool, const struct cn_product *product)
{
    return product->change == CN_NO_CHANGE
               ? ""
               : cn_pool_printf(pool, "%s %d-%d", changes[product->change],
                                product->baseline - product->window + 1, product->baseline);
}

/* Without the change. */
static const char *name_quantity(struct cn_pool *pool, const struct cn_product *product,
                                 const char *quantity)
{
    if (cn_is_source_quantity(product))
        return quantity;
    const char *compared = with_threshold(pool, product, quantity);
    return compared ? cn_pool_printf(pool, "%s %s", cn_withins[product->within].long_noun, compared)
                    : NULL;
}

const char *cn_long_name(struct cn_pool *pool, const struct cn_product *product,
                         const char *quantity)
{
    const char *values = name_quantity(pool, product, quantity);
    const char *change = cn_change_phrase(pool, product);
    if (!values || !change || !*change)
        return change ? values : NULL;
    return cn_pool_printf(pool, "%s, %s", values, change);
}
