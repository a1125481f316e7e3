/*
 * The steps from a config to a catalog: find files, select by name, examine, check consistency,
 * build timelines. What is wrong with one file or variable is in the variable's problems, and the
 * rest goes on.
 */
#include "climnorm/catalog.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "catalog/absence.h"
#include "catalog/consistency.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "catalog/inspect_file.h"
#include "catalog/select.h"
#include "catalog/slices.h"
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
    struct cn_selection selection;
    struct cn_tree_names names;
    const struct cn_model **model_of; /* [catalog->variable_count] */
    size_t *variable_of; /* [catalog->file_count] indices, before the files are sorted */
    struct cn_experiments experiments;
};

/* A file with what it is sorted by. */
struct sorted_file {
    struct cn_file file;
    size_t variable, experiment; /* indices in the lists of the catalog and the builder */
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
static const char *list_held_scenarios(const struct catalog_builder *builder, const char *model)
{
    enum { MOST = 40 };
    const struct cn_config *config = builder->config;
    const char *held[MOST];
    struct cn_strbuf text = {0};
    size_t count = 0;
    for (size_t i = 0; i < builder->selection.name_count && count < MOST - 1; i++) {
        const struct cn_name *name = builder->selection.names[i];
        if (strcmp(name->table, config->input.table) != 0 ||
            (name->model && strcmp(name->model, model) != 0))
            continue;
        if (strcmp(name->experiment, config->input.historical) != 0)
            add_name(held, &count, name->experiment);
        if (name->dataset && name->dataset->then)
            add_name(held, &count, name->dataset->then);
    }
    if (count)
        qsort(held, count, sizeof *held, compare_texts);
    for (size_t i = 0; i < count; i++)
        cn_strbuf_add(&text, "%s%s", i ? ", " : "", held[i]);
    return count ? cn_strbuf_to_pool(&text, builder->catalog->pool) : "";
}

/* Lists the experiments: first what the config names, then what else the files have. */
static enum cn_status list_experiments(struct catalog_builder *builder, struct cn_error *error)
{
    const struct cn_config *config = builder->config;
    const struct cn_selection *selection = &builder->selection;
    size_t count = 0;
    const char **names =
        cn_pool_alloc(builder->catalog->pool,
                      1 + config->scenario_count + 2 * selection->file_count, sizeof *names);
    if (!names)
        return cn_fail_memory(error, "the catalog");
    add_name(names, &count, config->input.historical);
    for (size_t s = 0; s < config->scenario_count; s++)
        add_name(names, &count, config->scenarios[s]);
    for (size_t m = 0; m < selection->model_count; m++)
        for (size_t i = 0; i < selection->models[m].file_count; i++) {
            const struct cn_name *name = selection->models[m].files[i].name;
            add_name(names, &count, name->experiment);
            if (name->dataset && name->dataset->then && !config->scenarios_given)
                add_name(names, &count, name->dataset->then);
        }
    if (!config->scenarios_given)
        qsort(names + 1, count - 1, sizeof *names, compare_texts);
    builder->experiments =
        (struct cn_experiments){.names = names, .count = count, .asked = config->scenarios_given};
    return CN_OK;
}

/* Adds a variable of a model. */
static enum cn_status add_variable(struct catalog_builder *builder, const struct cn_model *model,
                                   const char *name, struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    const char *label = cn_config_has_several_models(builder->config)
                            ? cn_pool_printf(catalog->pool, "%s %s", model->name, name)
                            : name;
    builder->model_of[catalog->variable_count] = model;
    catalog->variables[catalog->variable_count++] =
        (struct cn_variable){.name = name,
                             .model = model->name,
                             .variant = model->variant,
                             .grid_label = model->grid_label,
                             .label = label,
                             .units = ""};
    return label ? CN_OK : cn_fail_memory(error, "the catalog");
}

/* Adds the variables of a model: those that the config names, or those of its files, and says which
 * files are of which. */
static enum cn_status add_variables(struct catalog_builder *builder, const struct cn_model *model,
                                    struct cn_error *error)
{
    const struct cn_config *config = builder->config;
    const size_t first = builder->catalog->variable_count;
    enum cn_status status = CN_OK;
    for (size_t v = 0; v < config->variable_count && !status; v++)
        status = add_variable(builder, model, config->variables[v], error);
    const char *last = NULL;
    for (size_t i = 0; i < model->file_count && !status; i++) { /* sorted by variable */
        const char *name = model->files[i].name->variable;
        const bool is_new = !last || strcmp(last, name) != 0;
        last = name;
        if (is_new && !config->variable_count)
            status = add_variable(builder, model, name, error);
        if (!model->failure)
            builder->variable_of[builder->catalog->file_count++] =
                config->variable_count
                    ? first + cn_text_index(name, config->variables, config->variable_count)
                    : builder->catalog->variable_count - 1;
    }
    return status;
}

static enum cn_status list_all_variables(struct catalog_builder *builder, struct cn_error *error)
{
    const struct cn_selection *selection = &builder->selection;
    struct cn_catalog *catalog = builder->catalog;
    const size_t named = selection->model_count * builder->config->variable_count;
    const size_t most = named ? named : selection->file_count;
    catalog->variables = cn_pool_alloc(catalog->pool, most, sizeof *catalog->variables);
    builder->model_of = cn_pool_alloc(catalog->pool, most, sizeof(void *));
    builder->variable_of =
        cn_pool_alloc(catalog->pool, selection->file_count, sizeof *builder->variable_of);
    if (!catalog->variables || !builder->model_of || !builder->variable_of)
        return cn_fail_memory(error, "the catalog");
    enum cn_status status = CN_OK;
    for (size_t m = 0; m < selection->model_count && !status; m++)
        status = add_variables(builder, &selection->models[m], error);
    return status;
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

/* Reads the metadata of every selected file of models that can be made. */
static enum cn_status inspect_selected(struct catalog_builder *builder,
                                       const struct cn_watch *watch, struct cn_error *error)
{
    const struct cn_selection *selection = &builder->selection;
    struct cn_catalog *catalog = builder->catalog;
    size_t count = 0;
    catalog->files = cn_pool_alloc(catalog->pool, catalog->file_count, sizeof *catalog->files);
    if (!catalog->files)
        return cn_fail_memory(error, "the catalog");
    for (size_t m = 0; m < selection->model_count; m++)
        for (size_t i = 0; i < selection->models[m].file_count && !selection->models[m].failure;
             i++) {
            const struct cn_selected *selected = &selection->models[m].files[i];
            const struct cn_name *name = selected->name;
            const struct cn_dataset *dataset = name->dataset;
            catalog->files[count++] =
                (struct cn_file){.path = selected->file->path,
                                 .dataset = dataset,
                                 .variable = dataset ? dataset->in_file : name->variable,
                                 .experiment = name->experiment,
                                 .version_major = name->version_major,
                                 .version_minor = name->version_minor,
                                 .first_year = name->first_year,
                                 .last_year = name->last_year};
        }
    const struct cn_file_rules rules = {.stamps = builder->config->input.stamps,
                                        .choices = builder->config->input.select,
                                        .choice_count = builder->config->input.select_count};
    return cn_files_inspect(catalog->pool, catalog->files, count, &rules, builder->resources, watch,
                            error);
}

/* Puts the files in order. */
static enum cn_status sort_files(struct catalog_builder *builder, struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    const size_t count = catalog->file_count;
    struct sorted_file *entries = calloc(count, sizeof *entries);
    if (!entries)
        return cn_fail_memory(error, "the catalog");
    for (size_t i = 0; i < count; i++) {
        const struct cn_file *file = &catalog->files[i];
        entries[i] = (struct sorted_file){
            *file, builder->variable_of[i],
            cn_text_index(file->experiment, builder->experiments.names, builder->experiments.count),
            file->usable ? cn_time_axis_date(file, 0) : INT_MAX};
    }
    qsort(entries, count, sizeof *entries, compare_sorted_files);
    size_t next = 0;
    for (size_t v = 0; v < catalog->variable_count; v++) {
        struct cn_variable *variable = &catalog->variables[v];
        variable->files = &catalog->files[next];
        for (; next < count && entries[next].variable == v; next++)
            catalog->files[next] = entries[next].file;
        variable->file_count = (size_t)(&catalog->files[next] - variable->files);
    }
    free(entries);
    return CN_OK;
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
    const bool several = cn_config_has_several_models(builder->config);
    enum cn_status status = CN_OK;
    for (size_t v = 0; v < catalog->variable_count && !status; v++) {
        struct cn_variable *variable = &catalog->variables[v];
        const struct cn_model *model = builder->model_of[v];
        if (v == 0 || model != builder->model_of[v - 1]) {
            builder->experiments.held =
                builder->config->scenario_count ? list_held_scenarios(builder, model->name) : "";
            if (!builder->experiments.held)
                return cn_fail_memory(error, "the catalog");
        }
        if (model->failure)
            variable->failure = model->failure;
        else if (!variable->file_count)
            variable->failure =
                cn_explain_absence(&builder->names, several ? model->name : NULL, variable->name);
        else
            status =
                finish_variable(&(struct cn_variable_files){.pool = catalog->pool,
                                                            .config = builder->config,
                                                            .experiments = &builder->experiments,
                                                            .variable = variable,
                                                            .files = variable->files,
                                                            .count = variable->file_count},
                                error);
    }
    return status;
}

static enum cn_status build_catalog(struct catalog_builder *builder, const struct cn_watch *watch,
                                    struct cn_error *error)
{
    struct cn_catalog *catalog = builder->catalog;
    const struct cn_config *config = builder->config;
    const struct cn_search search = {config->input.roots, config->input.root_count,
                                     config->input.datasets, config->input.dataset_count};
    enum cn_status status = cn_find_files(catalog->pool, &search, watch, &builder->tree,
                                          &builder->tree_count, &catalog->problems, error);
    if (!status)
        status = cn_select(builder->config, builder->tree, builder->tree_count, catalog,
                           &builder->selection, error);
    builder->names = (struct cn_tree_names){
        catalog->pool, builder->config, builder->selection.names, builder->selection.name_count};
    if (!status) {
        cn_warn_passed_over(builder->config, catalog);
        status = list_experiments(builder, error);
    }
    if (!status)
        status = list_all_variables(builder, error);
    if (!status)
        status = inspect_selected(builder, watch, error);
    if (!status)
        status = sort_files(builder, error);
    if (!status)
        status = finish_variables(builder, error);
    if (!status && cn_config_has_several_models(builder->config) &&
        !builder->config->variable_count)
        status = cn_compare_models(&builder->names, &builder->selection, catalog, error);
    if (!status) {
        cn_check_variable_names(builder->config, catalog);
        cn_warn_unused_choices(builder->config, catalog);
    }
    return status;
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
