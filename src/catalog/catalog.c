/*
 * The steps from a config to a catalog: find files, select by name, examine, check consistency,
 * build timelines. What is wrong with one file or variable is in the variable's problems, and the
 * rest goes on.
 */
#include "climnorm/catalog.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "catalog/consistency.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "catalog/inspect_file.h"
#include "catalog/select.h"
#include "catalog/time_axis.h"
#include "catalog/timeline.h"
#include "catalog/warnings.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What one step finds and a later one needs. */
struct catalog_builder {
    const struct cn_config *config;
    const struct cn_resources *resources;
    struct cn_catalog *catalog;
    struct cn_found_file *tree; /* [tree_count] all files that were found */
    size_t tree_count;
    struct cn_model model;
    struct cn_selected *selected; /* [count] */
    size_t count;
    const char **variables; /* their names, in the catalog's order */
    struct cn_experiments experiments;
};

/* A file with what it is sorted by. */
struct sorted_file {
    struct cn_file file;
    size_t variable, experiment; /* indices in the builder's lists */
    int first_date;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(const char **names, size_t *count, const char *name)
{
    if (cn_text_index(name, names, *count) == *count)
        names[(*count)++] = name;
}

/* Lists the scenarios that files of the model have, whatever else the config asks for. NULL: out of
 * memory. */
static const char *list_held_scenarios(const struct catalog_builder *builder)
{
    enum { MOST = 40 };
    const struct cn_config *config = builder->config;
    struct cn_pool *pool = builder->catalog->pool;
    const char *held[MOST];
    struct cn_strbuf text = {0};
    size_t count = 0;
    for (size_t i = 0; i < builder->tree_count && count < MOST; i++) {
        struct cn_name name;
        if (!cn_name_parse(builder->tree[i].base, &name) ||
            strcmp(name.table, config->input.table) != 0 ||
            strcmp(name.model, builder->model.name) != 0 ||
            strcmp(name.experiment, config->input.historical) == 0 ||
            cn_text_index(name.experiment, held, count) < count)
            continue;
        if ((held[count] = cn_pool_strdup(pool, name.experiment)))
            count++;
    }
    if (count)
        qsort(held, count, sizeof *held, compare_texts);
    for (size_t i = 0; i < count; i++)
        cn_strbuf_add(&text, "%s%s", i ? ", " : "", held[i]);
    return count ? cn_strbuf_to_pool(&text, pool) : "";
}

/* Lists variables and experiments: first what the config names, then what else the files have. */
static enum cn_status list_names(struct catalog_builder *builder, struct cn_error *error)
{
    const struct cn_config *config = builder->config;
    struct cn_catalog *catalog = builder->catalog;
    size_t variables = 0, experiments = 0;
    builder->variables = cn_pool_alloc(catalog->pool, config->variable_count + builder->count,
                                       sizeof *builder->variables);
    const char **names =
        cn_pool_alloc(catalog->pool, 1 + config->scenario_count + builder->count, sizeof *names);
    if (!builder->variables || !names)
        return cn_fail_memory(error, "the catalog");
    for (size_t v = 0; v < config->variable_count; v++)
        add_name(builder->variables, &variables, config->variables[v]);
    add_name(names, &experiments, config->input.historical);
    for (size_t s = 0; s < config->scenario_count; s++)
        add_name(names, &experiments, config->scenarios[s]);
    for (size_t i = 0; i < builder->count; i++) { /* sorted by variable */
        add_name(builder->variables, &variables, builder->selected[i].name->variable);
        add_name(names, &experiments, builder->selected[i].name->experiment);
    }
    if (!config->scenarios_given)
        qsort(names + 1, experiments - 1, sizeof *names, compare_texts);
    const char *held = config->scenario_count ? list_held_scenarios(builder) : "";
    if (!held)
        return cn_fail_memory(error, "the catalog");
    builder->experiments =
        (struct cn_experiments){names, experiments, config->scenarios_given, held};
    catalog->variables = cn_pool_alloc(catalog->pool, variables, sizeof *catalog->variables);
    if (!catalog->variables)
        return cn_fail_memory(error, "the catalog");
    catalog->variable_count = variables;
    for (size_t v = 0; v < variables; v++)
        catalog->variables[v] = (struct cn_variable){.name = builder->variables[v],
                                                     .model = builder->model.name,
                                                     .variant = builder->model.variant,
                                                     .grid_label = builder->model.grid_label,
                                                     .label = builder->variables[v],
                                                     .units = ""};
    return CN_OK;
}

/* By variable, experiment, first day; files that cannot be used come last, by name. */
static int compare_sorted_files(const void *a, const void *b)
{
    const struct sorted_file *x = a, *y = b;
    if (x->variable != y->variable)
        return x->variable < y->variable ? -1 : 1;
    if (x->experiment != y->experiment)
        return x->experiment < y->experiment ? -1 : 1;
    if (x->first_date != y->first_date)
        return x->first_date < y->first_date ? -1 : 1;
    return strcmp(x->file.path, y->file.path);
}

/* Reads the metadata of every selected file. */
static enum cn_status inspect_selected(struct catalog_builder *builder,
                                       const struct cn_watch *watch, struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    catalog->files = cn_pool_alloc(catalog->pool, builder->count, sizeof *catalog->files);
    if (!catalog->files)
        return cn_fail_memory(error, "the catalog");
    catalog->file_count = builder->count;
    for (size_t i = 0; i < builder->count; i++) {
        const struct cn_name *name = builder->selected[i].name;
        catalog->files[i] = (struct cn_file){.path = builder->selected[i].file->path,
                                             .variable = name->variable,
                                             .experiment = name->experiment,
                                             .version_major = name->version_major,
                                             .version_minor = name->version_minor,
                                             .first_year = name->first_year,
                                             .last_year = name->last_year};
    }
    return cn_files_inspect(catalog->pool, catalog->files, builder->count, builder->resources,
                            watch, error);
}

/* Puts the files in order. */
static enum cn_status sort_files(struct catalog_builder *builder, struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    size_t count = catalog->file_count;
    struct sorted_file *entries = cn_pool_alloc(catalog->pool, count, sizeof *entries);
    if (!entries)
        return cn_fail_memory(error, "the catalog");
    for (size_t i = 0; i < count; i++) {
        struct cn_file *file = &catalog->files[i];
        size_t variable =
            cn_text_index(file->variable, builder->variables, catalog->variable_count);
        entries[i] = (struct sorted_file){
            *file, variable,
            cn_text_index(file->experiment, builder->experiments.names, builder->experiments.count),
            file->usable ? cn_time_axis_date(file, 0) : INT_MAX};
    }
    qsort(entries, count, sizeof *entries, compare_sorted_files);
    for (size_t i = 0; i < count; i++)
        catalog->files[i] = entries[i].file;
    return CN_OK;
}

/* Sets the failure of a variable that the config names and that has no file. */
static void explain_absence(const struct catalog_builder *builder, struct cn_variable *variable)
{
    struct cn_pool *pool = builder->catalog->pool;
    const char *root = builder->config->input.root, *table = builder->config->input.table;
    struct cn_suggestion suggestion = {.word = variable->name};
    size_t others = 0;
    for (size_t i = 0; i < builder->tree_count; i++) {
        struct cn_name name;
        if (!cn_name_parse(builder->tree[i].base, &name) || strcmp(name.table, table) != 0)
            continue;
        others += strcmp(name.variable, variable->name) == 0;
        cn_suggest(&suggestion, name.variable);
        if (suggestion.best == name.variable) /* `name` ends with this turn of the loop */
            suggestion.best = cn_pool_strdup(pool, name.variable);
    }
    char hint[CN_SUGGESTION_BYTES];
    cn_suggestion_text(&suggestion, hint);
    if (others)
        variable->failure = cn_pool_printf(
            pool,
            "no file in %s passes: %zu are named %s_%s_..., but are of other experiments, models, "
            "variants, grids or versions",
            root, others, variable->name, table);
    else
        variable->failure = cn_pool_printf(pool, "no file in %s is named %s_%s_...%s", root,
                                           variable->name, table, hint);
    if (!variable->failure)
        variable->failure = "no file";
}

/* Builds the timelines of a variable and warns of their gaps. */
static enum cn_status finish_variable(const struct cn_variable_files *in, struct cn_error *error)
{
    enum cn_status status = cn_check_consistency(in, error);
    if (!status)
        status = cn_list_unusable(in, error);
    if (!status && !in->variable->failure)
        status = cn_timelines_build(in, error);
    if (!status && !in->variable->failure)
        status = cn_timelines_warn(in, error);
    return status;
}

static enum cn_status finish_variables(struct catalog_builder *builder, struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    enum cn_status status = CN_OK;
    size_t first = 0;
    for (size_t v = 0; v < catalog->variable_count && !status; v++) {
        struct cn_variable_files in = {.pool = catalog->pool,
                                       .config = builder->config,
                                       .experiments = &builder->experiments,
                                       .variable = &catalog->variables[v],
                                       .files = &catalog->files[first]};
        while (first + in.count < builder->count &&
               strcmp(in.files[in.count].variable, in.variable->name) == 0)
            in.count++;
        if (in.count == 0)
            explain_absence(builder, in.variable);
        else
            status = finish_variable(&in, error);
        in.variable->files = in.files;
        in.variable->file_count = in.count;
        first += in.count;
    }
    return status;
}

static enum cn_status build_catalog(struct catalog_builder *builder, const struct cn_watch *watch,
                                    struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    enum cn_status status = cn_find_files(catalog->pool, builder->config->input.roots,
                                          builder->config->input.root_count, watch, &builder->tree,
                                          &builder->tree_count, &catalog->problems, error);
    if (!status)
        status = cn_select(builder->config, builder->tree, builder->tree_count, catalog,
                           &builder->model, &builder->selected, &builder->count, error);
    if (!status)
        status = list_names(builder, error);
    if (!status)
        status = inspect_selected(builder, watch, error);
    if (!status)
        status = sort_files(builder, error);
    return status ? status : finish_variables(builder, error);
}

enum cn_status cn_catalog_read(const struct cn_config *config, const struct cn_resources *resources,
                               const struct cn_watch *watch, struct cn_catalog **catalog,
                               struct cn_error *error)
{
    *catalog = NULL;
    struct cn_pool *pool = cn_pool_new();
    struct cn_catalog *fresh = pool ? cn_pool_alloc(pool, 1, sizeof *fresh) : NULL;
    if (!fresh) {
        cn_pool_free(pool);
        return cn_fail_memory(error, "the catalog");
    }
    fresh->pool = pool;
    struct catalog_builder builder = {.config = config, .resources = resources, .catalog = fresh};
    enum cn_status status = build_catalog(&builder, cn_watch_or_none(watch), error);
    if (status)
        cn_catalog_free(fresh);
    else
        *catalog = fresh;
    return status;
}

void cn_catalog_free(struct cn_catalog *catalog)
{
    if (!catalog)
        return;
    cn_files_free(catalog->files, catalog->file_count);
    for (size_t v = 0; v < catalog->variable_count; v++)
        cn_problems_free(&catalog->variables[v].problems);
    cn_problems_free(&catalog->problems);
    cn_pool_free(catalog->pool);
}
