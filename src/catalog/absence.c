/*
 * Reads all names of the tree again for each variable or model without files, to see whether a
 * typing error or a filter is why.
 */
#include "catalog/absence.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

/* Why no file is of the model, whatever the variable. NULL: some are. */
static const char *explain_model(const struct cn_tree_names *tree, const char *model)
{
    struct cn_suggestion suggestion = {.word = model};
    char hint[CN_SUGGESTION_BYTES];
    for (size_t i = 0; i < tree->count; i++) {
        const struct cn_name *name = tree->names[i];
        if (strcmp(name->table, tree->config->input.table) != 0)
            continue;
        if (!name->model || strcmp(name->model, model) == 0)
            return NULL;
        cn_suggest(&suggestion, name->model);
    }
    const char *text =
        cn_pool_printf(tree->pool, "no file in %s is of model %s%s", tree->config->input.root,
                       model, cn_suggestion_text(&suggestion, hint));
    return text ? text : "no file";
}

/* The first entry of input.datasets for a variable; NULL: there is none. */
static const struct cn_dataset *find_idle_dataset(const struct cn_config *config,
                                                  const char *variable)
{
    for (size_t d = 0; d < config->input.dataset_count; d++)
        if (strcmp(config->input.datasets[d].variable, variable) == 0)
            return &config->input.datasets[d];
    return NULL;
}

const char *cn_explain_absence(const struct cn_tree_names *tree, const char *model,
                               const char *variable)
{
    const char *root = tree->config->input.root, *table = tree->config->input.table;
    struct cn_suggestion suggestion = {.word = variable};
    const char *text = model ? explain_model(tree, model) : NULL;
    size_t others = 0;
    if (text)
        return text;
    for (size_t i = 0; i < tree->count; i++) {
        const struct cn_name *name = tree->names[i];
        if (strcmp(name->table, table) != 0 ||
            (model && name->model && strcmp(name->model, model) != 0))
            continue;
        others += strcmp(name->variable, variable) == 0;
        cn_suggest(&suggestion, name->variable);
    }
    const struct cn_dataset *idle = find_idle_dataset(tree->config, variable);
    if (idle && !others) {
        text = cn_pool_printf(tree->pool,
                              "%s: input.datasets.files: no file in %s fits \"%s\", nor is any "
                              "named %s_%s_...; correct it",
                              idle->origin, root, idle->files, variable, table);
    } else if (others) {
        text = cn_pool_printf(tree->pool,
                              "no file in %s passes: %zu are named %s_%s_..., but are of other "
                              "experiments, %svariants, grids or versions",
                              root, others, variable, table, model ? "" : "models, ");
    } else {
        char hint[CN_SUGGESTION_BYTES];
        text =
            cn_pool_printf(tree->pool, "no file in %s is named %s_%s_%s...%s", root, variable,
                           table, model ? "{model}_" : "", cn_suggestion_text(&suggestion, hint));
    }
    return text ? text : "no file";
}

static int compare_variable_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_variable(const struct cn_model *model, const char *variable)
{
    for (size_t i = 0; i < model->file_count; i++)
        if (strcmp(model->files[i].name->variable, variable) == 0)
            return true;
    return false;
}

/* Warns of a variable that `lacking` of the models have no file of. */
static void warn_of_variable(const struct cn_selection *selection, const char *variable,
                             struct cn_problems *problems)
{
    enum { MOST_LISTED = 6 };
    struct cn_strbuf models = {0};
    size_t lacking = 0;
    for (size_t m = 0; m < selection->model_count; m++) {
        const struct cn_model *model = &selection->models[m];
        if (!model->file_count || has_variable(model, variable))
            continue;
        if (lacking++ < MOST_LISTED)
            cn_strbuf_add(&models, "%s%s", lacking > 1 ? ", " : "", model->name);
    }
    if (lacking > MOST_LISTED)
        cn_strbuf_add(&models, " and %zu more", lacking - MOST_LISTED);
    cn_problems_add(problems, CN_WARNING, "%s %s no file of %s, which other models have",
                    cn_strbuf_text(&models), lacking == 1 ? "has" : "have", variable);
    problems->lost |= models.failed;
    cn_strbuf_free(&models);
}

enum cn_status cn_compare_models(const struct cn_tree_names *tree,
                                 const struct cn_selection *selection, struct cn_catalog *catalog,
                                 struct cn_error *error)
{
    size_t models = 0;
    for (size_t m = 0; m < selection->model_count; m++) {
        const struct cn_model *model = &selection->models[m];
        models += model->file_count > 0;
        if (model->file_count)
            continue;
        const char *reason = explain_model(tree, model->name);
        if (reason)
            cn_problems_add(&catalog->problems, CN_PROBLEM, "input.model: %s", reason);
        else
            cn_problems_add(&catalog->problems, CN_PROBLEM,
                            "input.model: no file of %s in %s passes: they are of other "
                            "experiments, variants, grids or versions",
                            model->name, tree->config->input.root);
    }
    const char **names = cn_pool_alloc(tree->pool, catalog->variable_count, sizeof *names);
    if (!names)
        return cn_fail_memory(error, "the catalog");
    for (size_t v = 0; v < catalog->variable_count; v++)
        names[v] = catalog->variables[v].name;
    qsort(names, catalog->variable_count, sizeof *names, compare_variable_names);
    for (size_t v = 0, end; v < catalog->variable_count; v = end) {
        for (end = v; end < catalog->variable_count && strcmp(names[end], names[v]) == 0;)
            end++;
        if (end - v < models)
            warn_of_variable(selection, names[v], &catalog->problems);
    }
    return CN_OK;
}

/* Whether the job has a variable; else *hint may name one that was meant. */
static bool is_variable(const struct cn_catalog *catalog, const char *name,
                        char hint[CN_SUGGESTION_BYTES])
{
    struct cn_suggestion suggestion = {.word = name};
    for (size_t v = 0; v < catalog->variable_count; v++) {
        if (strcmp(catalog->variables[v].name, name) == 0)
            return true;
        cn_suggest(&suggestion, catalog->variables[v].name);
    }
    cn_suggestion_text(&suggestion, hint);
    return false;
}

/* Whether the job has a variable of the product. */
static bool is_product_made(const struct cn_catalog *catalog, const struct cn_product *product)
{
    char hint[CN_SUGGESTION_BYTES];
    bool is_made = product->variable_count == 0; /* of all */
    for (size_t v = 0; v < product->variable_count; v++)
        is_made |= is_variable(catalog, product->variables[v], hint);
    return is_made;
}

void cn_check_variable_names(const struct cn_config *config, struct cn_catalog *catalog)
{
    char hint[CN_SUGGESTION_BYTES];
    bool is_any_made = false;
    for (size_t p = 0; p < config->product_count; p++)
        is_any_made |= is_product_made(catalog, &config->products[p]);
    for (size_t p = 0; p < config->product_count; p++) {
        const struct cn_product *product = &config->products[p];
        /* A config that lists variables may leave out those of some products, but not of all. */
        const bool is_lost =
            !is_product_made(catalog, product) && (!config->variable_count || !is_any_made);
        for (size_t v = 0; v < product->variable_count; v++)
            if (!is_variable(catalog, product->variables[v], hint))
                cn_problems_add(&catalog->problems, is_lost ? CN_PROBLEM : CN_WARNING,
                                "product \"%s\" is not made of %s: there is no such variable%s%s",
                                product->name, product->variables[v],
                                config->variable_count ? " in `variables`" : "", hint);
    }
    for (size_t u = 0; u < config->output.unit_count; u++)
        if (!is_variable(catalog, config->output.units[u].variable, hint))
            cn_problems_add(&catalog->problems, CN_WARNING,
                            "output.units: there is no variable %s%s",
                            config->output.units[u].variable, hint);
}

void cn_warn_passed_over(const struct cn_config *config, struct cn_catalog *catalog)
{
    const size_t tables = catalog->other_tables, names = catalog->name_mismatches;
    struct cn_strbuf text = {0};
    if (tables)
        cn_strbuf_add(&text, "%zu file%s of other tables than \"%s\" (such as %s)%s", tables,
                      tables == 1 ? "" : "s", config->input.table, catalog->table_example,
                      names ? ", " : "");
    if (names)
        cn_strbuf_add(&text, "%zu file%s not named like CMIP files (such as %s)", names,
                      names == 1 ? "" : "s", catalog->mismatch_example);
    if (text.length)
        cn_problems_add(&catalog->problems, CN_WARNING, "passed over: %s%s", cn_strbuf_text(&text),
                        names ? "; input.datasets can say what such files hold" : "");
    catalog->problems.lost |= text.failed;
    cn_strbuf_free(&text);
}
