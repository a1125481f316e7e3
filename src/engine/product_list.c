/*
 * Products in the order of their samples.
 */
#include "engine/product_list.h"

size_t cn_first_product(const struct cn_variable_plan *variable, const struct cn_sample *sample)
{
    size_t products = 0;
    for (const struct cn_sample *before = variable->samples; before < sample; before++)
        products += before->product_count;
    return products;
}

size_t cn_all_products(const struct cn_variable_plan *variable)
{
    return cn_first_product(variable, variable->samples + variable->sample_count);
}

size_t cn_most_normals(const struct cn_variable_plan *variable)
{
    size_t most = 0;
    for (size_t t = 0; t < variable->target_count; t++)
        if (cn_normal_count(variable, &variable->targets[t]) > most)
            most = cn_normal_count(variable, &variable->targets[t]);
    return most;
}

struct cn_product_place cn_product_at(const struct cn_variable_plan *variable, size_t n)
{
    for (size_t s = 0; s < variable->sample_count; s++) {
        const struct cn_sample *sample = &variable->samples[s];
        if (n < sample->product_count)
            return (struct cn_product_place){sample, sample->products[n], n};
        n -= sample->product_count;
    }
    return (struct cn_product_place){NULL, NULL, 0};
}

void cn_name_products(struct cn_strbuf *text, const struct cn_plan *plan,
                      const struct cn_variable_plan *variable, const bool *is_in)
{
    struct cn_strbuf names = {0};
    struct cn_product_place place;
    size_t count = 0;
    for (size_t n = 0; (place = cn_product_at(variable, n)).product; n++)
        if (is_in[n])
            cn_strbuf_add(&names, "%s\"%s\"", count++ ? ", " : "", place.product->name);
    if (plan->config->product_count > 1)
        cn_strbuf_add(text, ", product%s %s", count == 1 ? "" : "s", cn_strbuf_text(&names));
    text->failed |= names.failed;
    cn_strbuf_free(&names);
}
