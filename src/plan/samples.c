/*
 * Samples: products of one variable that are made of the same values of the same years. Reads
 * UDUNITS, but no other file.
 */
#include "plan/samples.h"

#include "base/error.h"
#include "base/pool.h"
#include "products/groups.h"
#include "products/units.h"

#include <string.h>

static bool is_same_values(const struct cn_group_values *a, const struct cn_group_values *b)
{
    return a->time == b->time && a->within == b->within && a->threshold == b->threshold;
}

/* Whether the slab has the values of the product's groups. */
static bool has_slab_values(const struct cn_product *product)
{
    return product->time == CN_DAY && !cn_has_threshold(product->within);
}

/* The index of the group values that a product needs; they are added where there are none yet. */
static size_t find_group_values(struct cn_variable_plan *variable, const struct cn_product *product)
{
    const struct cn_group_values values = {product->time, product->within,
                                           product->source_threshold};
    size_t k = 0;
    if (has_slab_values(product))
        return SIZE_MAX;
    while (k < variable->group_value_count && !is_same_values(&variable->group_values[k], &values))
        k++;
    if (k == variable->group_value_count)
        variable->group_values[variable->group_value_count++] = values;
    return k;
}

static bool is_of_sample(const struct cn_product *product, size_t values,
                         const struct cn_sample *sample)
{
    return product->window == sample->window && product->min_years == sample->min_years &&
           product->pool == sample->pool && product->time == sample->time &&
           product->change == sample->change && product->baseline == sample->baseline &&
           values == sample->values;
}

/* Whether a product comes behind another one of its sample: those that are computed at once follow
 * each other. */
static bool is_behind(const struct cn_product *product, const struct cn_product *other)
{
    if (product->over.statistic != other->over.statistic)
        return product->over.statistic > other->over.statistic;
    return product->min_values >= other->min_values;
}

static void insert(const struct cn_product **products, size_t count,
                   const struct cn_product *product)
{
    for (; count && !is_behind(product, products[count - 1]); count--)
        products[count] = products[count - 1];
    products[count] = product;
}

/* What people know the sample's min_years by: a key, or the first product that has them. NULL: out
 * of memory. */
static const char *name_min_years(struct cn_pool *pool, const struct cn_config *config,
                                  const struct cn_product *product)
{
    size_t first = 0;
    if (product->min_years == config->normals.min_years)
        return "normals.min_years";
    while (config->products[first].min_years != product->min_years)
        first++;
    return cn_pool_printf(pool, "min_years of product %s", config->products[first].name);
}

/* Puts a product, as the variable has it, into the sample that it shares with others. */
static enum cn_status add_product(struct cn_pool *pool, const struct cn_config *config,
                                  struct cn_variable_plan *variable,
                                  const struct cn_product *product, struct cn_error *error)
{
    const size_t values = find_group_values(variable, product);
    size_t k = 0;
    while (k < variable->sample_count && !is_of_sample(product, values, &variable->samples[k]))
        k++;
    struct cn_sample *sample = &variable->samples[k];
    const struct cn_product **products = (const struct cn_product **)sample->products;
    if (k == variable->sample_count) {
        const char *name = name_min_years(pool, config, product);
        products = cn_pool_alloc(pool, config->product_count, sizeof(void *));
        if (!products || !name)
            return cn_fail_memory(error, "products");
        *sample = (struct cn_sample){.products = products,
                                     .min_years_name = name,
                                     .window = product->window,
                                     .min_years = product->min_years,
                                     .pool = product->pool,
                                     .time = product->time,
                                     .values = values,
                                     .change = product->change,
                                     .baseline = product->baseline};
        variable->sample_count++;
    }
    insert(products, sample->product_count++, product);
    return CN_OK;
}

/* Counts a product that cannot be made: where there is no sample of its window, in one without
 * products. */
static void count_failed(struct cn_variable_plan *variable, const struct cn_product *product)
{
    size_t k = 0;
    while (k < variable->sample_count && (variable->samples[k].window != product->window ||
                                          variable->samples[k].min_years != product->min_years))
        k++;
    if (k == variable->sample_count)
        variable->samples[variable->sample_count++] = (struct cn_sample){
            .window = product->window, .min_years = product->min_years, .values = SIZE_MAX};
    variable->samples[k].failed_count++;
}

enum cn_status cn_samples_make(struct cn_pool *pool, const struct cn_config *config,
                               struct cn_variable_plan *variable, struct cn_error *error)
{
    const struct cn_variable *source = variable->variable;
    const size_t most = config->product_count;
    struct cn_product *products = cn_pool_alloc(pool, most, sizeof *products);
    variable->samples = cn_pool_alloc(pool, most, sizeof *variable->samples);
    variable->group_values = cn_pool_alloc(pool, most, sizeof *variable->group_values);
    variable->sample_count = variable->group_value_count = 0;
    if (!products || !variable->samples || !variable->group_values)
        return cn_fail_memory(error, "products");
    enum cn_status status = CN_OK;
    bool is_any_lost = false, is_any_made = false;
    for (size_t p = 0; p < most && !status; p++) {
        struct cn_error reason;
        products[p] = config->products[p];
        if (!cn_is_product_of(&products[p], source->name))
            continue;
        status = cn_product_units(pool, config, source->name, source->units, source->are_totals,
                                  &products[p], &reason);
        if (!status) {
            status = add_product(pool, config, variable, &products[p], error);
        } else if (status == CN_BAD_INPUT) {
            cn_problems_add(&variable->problems, CN_PROBLEM, "%s: product \"%s\": %s",
                            source->label, products[p].name, reason.text);
            count_failed(variable, &products[p]);
            is_any_lost = true;
            status = CN_OK;
        } else {
            *error = reason;
        }
    }
    for (size_t s = 0; s < variable->sample_count; s++)
        is_any_made |= variable->samples[s].product_count > 0;
    if (!status && is_any_lost && !is_any_made)
        variable->failure = "none of its products can be made";
    return status;
}
