/*
 * Samples: products of one variable that share window, pool and the years that they need.
 */
#include "plan/samples.h"

#include "base/error.h"
#include "base/pool.h"

#include <string.h>

static bool is_of_variable(const struct cn_product *product, const char *name)
{
    for (size_t v = 0; v < product->variable_count; v++)
        if (strcmp(product->variables[v], name) == 0)
            return true;
    return product->variable_count == 0;
}

static bool is_of_sample(const struct cn_product *product, const struct cn_sample *sample)
{
    return product->window == sample->window && product->min_years == sample->min_years &&
           product->pool == sample->pool;
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

enum cn_status cn_samples_make(struct cn_pool *pool, const struct cn_config *config,
                               struct cn_variable_plan *variable, struct cn_error *error)
{
    const size_t most = config->product_count;
    variable->samples = cn_pool_alloc(pool, most, sizeof *variable->samples);
    variable->sample_count = 0;
    if (!variable->samples)
        return cn_fail_memory(error, "products");
    for (size_t p = 0; p < most; p++) {
        const struct cn_product *product = &config->products[p];
        if (!is_of_variable(product, variable->variable->name))
            continue;
        size_t k = 0;
        while (k < variable->sample_count && !is_of_sample(product, &variable->samples[k]))
            k++;
        struct cn_sample *sample = &variable->samples[k];
        const struct cn_product **products = (const struct cn_product **)sample->products;
        if (k == variable->sample_count) {
            products = cn_pool_alloc(pool, most, sizeof(void *));
            if (!products)
                return cn_fail_memory(error, "products");
            *sample = (struct cn_sample){.products = products,
                                         .window = product->window,
                                         .min_years = product->min_years,
                                         .pool = product->pool};
            variable->sample_count++;
        }
        insert(products, sample->product_count++, product);
    }
    return CN_OK;
}
