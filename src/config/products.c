/*
 * Checks of products: their names, keys that need one another, and numbers that bound one another.
 */
#include "config/builder.h"

#include "base/pool.h"
#include "products/groups.h"

#include <stdint.h>
#include <string.h>

static const char normal[] = "normal"; /* the product where none is listed */

/* Fills in what the product does not say. */
static void complete(const struct cn_config *config, struct cn_product *product)
{
    product->pool = product->pool ? product->pool : 1;
    product->min_values = product->min_values ? product->min_values : config->normals.min_values;
    if (product->min_years == 0)
        product->min_years = config->normals.min_years;
    if (product->window == 0)
        product->window = config->normals.window;
    else if (product->min_years > product->window)
        product->min_years = product->window;
}

static void check_numbers(struct cn_config_builder *builder, const struct cn_custom_product *custom)
{
    const struct cn_product *given = &custom->product;
    struct cn_product product = *given;
    complete(&builder->config, &product);
    if (given->pool > 1 && given->time != CN_DAY)
        cn_config_error(builder, custom->location, "products.pool",
                        "neighbouring days are pooled with time = \"%s\" alone; remove it",
                        cn_time_names[CN_DAY]);
    else if (given->pool && given->pool % 2 == 0)
        cn_config_error(builder, custom->location, "products.pool",
                        "%d is even, but a pool has a day in its middle; write %d or %d",
                        given->pool, given->pool - 1, given->pool + 1);
    if (given->min_years > product.window)
        cn_config_error(builder, custom->location, "products.min_years",
                        "%d years cannot be in a window of %d; lower it or raise products.window",
                        given->min_years, product.window);
    if (product.over.statistic == CN_STANDARD_DEVIATION && product.window * product.pool < 2)
        cn_config_error(builder, custom->location, "products.over",
                        "a sample of \"%s\" has one value, and std needs two; raise "
                        "products.window, or choose another statistic",
                        product.name);
    const bool is_own = given->min_values;
    const char *key = is_own ? "products.min_values" : "normals.min_values";
    if (product.min_values > product.window * product.pool)
        cn_config_error(
            builder, is_own ? custom->location : cn_config_key_state(builder, key)->location, key,
            "a sample of \"%s\" holds at most %d values, so %d cannot be asked for", product.name,
            product.window * product.pool, product.min_values);
}

static void check_threshold(struct cn_config_builder *builder,
                            const struct cn_custom_product *custom)
{
    const struct cn_product *given = &custom->product;
    const bool has_threshold = given->threshold.unit, needs_it = cn_has_threshold(given->within);
    if (needs_it && !has_threshold)
        cn_config_error(
            builder, custom->location, "products.threshold",
            "is missing: within = \"%s\" compares with it; write a number and its unit, "
            "such as \"90 degF\"",
            cn_withins[given->within].name);
    else if (has_threshold && !needs_it)
        cn_config_error(
            builder, custom->location, "products.threshold",
            "within = \"%s\" compares with nothing; remove it, or choose another within",
            cn_withins[given->within].name);
}

static void check_change(struct cn_config_builder *builder, const struct cn_custom_product *custom)
{
    const struct cn_product *given = &custom->product;
    if (given->change && !given->baseline)
        cn_config_error(builder, custom->location, "products.baseline",
                        "is missing: change compares with it; write its target year");
    else if (given->baseline && !given->change)
        cn_config_error(builder, custom->location, "products.change",
                        "is missing: baseline needs it; write \"difference\" or \"ratio\"");
}

/* The one product where none is listed. */
static void check_normal(struct cn_config_builder *builder)
{
    const int least = builder->config.normals.min_values, window = builder->config.normals.window;
    if (least > window && cn_config_has_value(builder, "normals.window"))
        cn_config_error(builder, cn_config_key_state(builder, "normals.min_values")->location,
                        "normals.min_values",
                        "%d values cannot be in a window of %d; lower it or raise normals.window",
                        least, window);
}

static void check_name(struct cn_config_builder *builder, size_t index)
{
    const struct cn_custom_product *all = builder->products.items;
    for (size_t k = 0; k < index; k++)
        if (strcmp(all[k].product.name, all[index].product.name) == 0) {
            cn_config_error(builder, all[index].location, "products.name",
                            "\"%s\" is already defined in %s", all[k].product.name,
                            cn_config_location_text(builder, all[k].location));
            return;
        }
}

void cn_config_check_products(struct cn_config_builder *builder)
{
    struct cn_config *config = &builder->config;
    const struct cn_custom_product *given = builder->products.items;
    const bool is_given = given && cn_config_has_value(builder, "products");
    const size_t count = is_given ? builder->products.count : 1;
    struct cn_product *products = cn_pool_alloc(config->pool, count, sizeof *products);
    if (!products) {
        builder->out_of_memory = true;
        return;
    }
    products[0].name = normal;
    if (!given)
        check_normal(builder);
    for (size_t k = 0; is_given && k < count; k++) {
        check_name(builder, k);
        check_numbers(builder, &given[k]);
        check_threshold(builder, &given[k]);
        check_change(builder, &given[k]);
        products[k] = given[k].product;
        products[k].variables = given[k].variables.items;
        products[k].variable_count = given[k].variables.count;
    }
    for (size_t k = 0; k < count; k++)
        complete(config, &products[k]);
    config->products = products;
    config->product_count = count;
}
