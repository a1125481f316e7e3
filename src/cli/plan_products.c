/*
 * What the products of a plan are, as sentences.
 */
#include "cli/plan_products.h"

#include "base/pool.h"
#include "base/strbuf.h"
#include "cli/columns.h"
#include "cli/shared_lines.h"
#include "job/plan_counts.h"
#include "products/groups.h"
#include "products/statistics.h"
#include "progress/render.h"
#include "progress/text.h"

#include <string.h>

/* Adds "mean over 30 years of the sum of each season". */
static void describe_product(const struct cn_product *product, struct cn_strbuf *text)
{
    char over[CN_OVER_BYTES];
    cn_strbuf_add(text, "%s over %d year%s", cn_over_noun(&product->over, over), product->window,
                  cn_plural((uint64_t)product->window));
    if (product->pool > 1)
        cn_strbuf_add(text, " and %d days", product->pool);
    if (!cn_is_of_daily_values(product)) {
        char within[CN_WITHIN_BYTES];
        cn_strbuf_add(text, " of the %s of each %s", cn_within_noun(product, within),
                      cn_time_names[product->time]);
    }
    if (product->change)
        cn_strbuf_add(text, ", %s that of %d-%d",
                      product->change == CN_RATIO ? "divided by" : "minus",
                      product->baseline - product->window + 1, product->baseline);
}

/* The unit of a product's results where it is worth a word: not the source's, no count. */
static const char *unit_of(const struct cn_variable_plan *variable,
                           const struct cn_product *product)
{
    const char *unit = product ? product->unit.name : NULL, *source = variable->variable->units;
    return unit && strcmp(unit, source ? source : "") != 0 && strcmp(unit, "1") != 0 ? unit : NULL;
}

static bool makes_plain_normals(const struct cn_config *config)
{
    const struct cn_product *product = &config->products[0];
    return config->product_count == 1 && cn_is_of_daily_values(product) &&
           product->over.statistic == CN_MEAN && product->pool == 1 && !product->change &&
           !product->unit.name && !config->output.unit_count;
}

/* Adds ", in mm", or, of several variables, ", tas in degC, pr in mm d-1".
 * units: [plan->variable_count]; used up. */
static void describe_units(const struct cn_plan *plan, const char **units, size_t variables,
                           bool *is_in, struct cn_strbuf *text)
{
    for (size_t v = 0; v < plan->variable_count; v++) {
        const char *unit = units[v];
        size_t count = 0;
        for (size_t u = 0; unit && u < plan->variable_count; u++) {
            is_in[u] = units[u] && strcmp(units[u], unit) == 0;
            units[u] = is_in[u] ? NULL : units[u];
            count += is_in[u];
        }
        const char *names = unit && count < variables ? cn_plan_names(plan, is_in) : NULL;
        if (unit)
            cn_strbuf_add(text, ", %s%sin %s", names ? names : "", names ? " " : "", unit);
    }
}

/* Prints "total (pr): mean over 30 years of the sum of each season, in mm". Returns whether some
 * variable has the product. */
static bool print_product(const struct cn_plan *plan, const struct cn_product *product,
                          const char *label)
{
    const char **units = cn_pool_alloc(plan->pool, plan->variable_count, sizeof *units);
    bool *is_in = cn_pool_alloc(plan->pool, plan->variable_count, sizeof *is_in);
    struct cn_strbuf text = {0};
    size_t variables = 0;
    if (!units || !is_in)
        return false;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        const struct cn_product *own = variable->failure ? NULL : cn_product_of(variable, product);
        is_in[v] = own;
        variables += is_in[v];
        units[v] = unit_of(variable, own);
    }
    const bool is_of_all = variables == cn_sound_variables(plan);
    const char *names = is_of_all ? NULL : cn_plan_names(plan, is_in);
    describe_product(product, &text);
    describe_units(plan, units, variables, is_in, &text);
    if (variables)
        cn_print_labelled(label, names ? "%s (%s): %s" : "%s%s: %s", product->name,
                          names ? names : "", cn_strbuf_text(&text));
    cn_strbuf_free(&text);
    return variables > 0;
}

void cn_print_products(const struct cn_plan *plan)
{
    const char *label = "Products";
    for (size_t p = 0; p < plan->config->product_count && !makes_plain_normals(plan->config); p++)
        if (print_product(plan, &plan->config->products[p], label))
            label = "";
}
