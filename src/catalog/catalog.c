/*
 * The steps from a config to a catalog: find files, select by name, examine, check consistency,
 * build timelines. What is wrong with one file or variable is in the variable's problems, and the
 * rest goes on.
 */
#include "catalog/consistency.h"
#include "catalog/find_files.h"
#include "catalog/select.h"
#include "catalog/timeline.h"
#include "catalog/warnings.h"

#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

/* A file with the order of its variable and experiment, for qsort. */
struct sorted_file {
    struct cn_file file;
    size_t variable, experiment;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t find_text(const char *text, const char *const *list, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(list[i], text) != 0)
        i++;
    return i;
}

static enum cn_status list_variables(const struct cn_config *config, struct cn_catalog *catalog,
                                     const struct cn_selected *selected, size_t count,
                                     const char ***names, size_t *name_count,
                                     struct cn_error *error)
{
    size_t room = config->variables ? config->variable_count : count;
    *names = cn_pool_alloc(catalog->pool, room, sizeof **names);
    *name_count = 0;
    if (!*names)
        return cn_fail_memory(error, "the catalog");
    if (config->variables) {
        memcpy(*names, config->variables, room * sizeof **names);
        *name_count = room;
    } else { /* selected is sorted by variable */
        for (size_t i = 0; i < count; i++)
            if (i == 0 || strcmp(selected[i].name->variable, selected[i - 1].name->variable) != 0)
                (*names)[(*name_count)++] = selected[i].name->variable;
    }
    catalog->variables = cn_pool_alloc(catalog->pool, *name_count, sizeof *catalog->variables);
    if (!catalog->variables)
        return cn_fail_memory(error, "the catalog");
    catalog->variable_count = *name_count;
    for (size_t v = 0; v < *name_count; v++)
        catalog->variables[v] = (struct cn_variable){.name = (*names)[v], .units = ""};
    return CN_OK;
}

static enum cn_status list_experiments(const struct cn_config *config, struct cn_catalog *catalog,
                                       const struct cn_selected *selected, size_t count,
                                       struct cn_experiments *experiments, struct cn_error *error)
{
    size_t room = 1 + (config->scenarios_given ? config->scenario_count : count);
    const char **names = cn_pool_alloc(catalog->pool, room, sizeof *names);
    if (!names)
        return cn_fail_memory(error, "the catalog");
    size_t found = 0;
    names[found++] = config->input.historical;
    for (size_t s = 0; config->scenarios_given && s < config->scenario_count; s++)
        if (find_text(config->scenarios[s], names, found) == found)
            names[found++] = config->scenarios[s];
    for (size_t i = 0; !config->scenarios_given && i < count; i++)
        if (find_text(selected[i].name->experiment, names, found) == found)
            names[found++] = selected[i].name->experiment;
    if (!config->scenarios_given)
        qsort(names + 1, found - 1, sizeof *names, compare_texts);
    *experiments = (struct cn_experiments){names, found, config->scenarios_given};
    return CN_OK;
}

static int compare_first_days(const struct cn_file *a, const struct cn_file *b)
{
    struct cn_date x = cn_day_date(a->calendar, a->days[0]);
    struct cn_date y = cn_day_date(b->calendar, b->days[0]);
    if (x.year != y.year)
        return x.year < y.year ? -1 : 1;
    if (x.month != y.month)
        return x.month < y.month ? -1 : 1;
    return (x.day > y.day) - (x.day < y.day);
}

/* By variable, experiment, first day; files that cannot be used come last, by name. */
static int compare_sorted_files(const void *a, const void *b)
{
    const struct sorted_file *x = a, *y = b;
    int order = 0;
    if (x->variable != y->variable)
        return x->variable < y->variable ? -1 : 1;
    if (x->experiment != y->experiment)
        return x->experiment < y->experiment ? -1 : 1;
    if (x->file.usable != y->file.usable)
        return x->file.usable ? -1 : 1;
    if (x->file.usable)
        order = compare_first_days(&x->file, &y->file);
    return order ? order : strcmp(x->file.path, y->file.path);
}

/* Reads the metadata of every selected file. */
static enum cn_status inspect_selected(const struct cn_config *config, const struct cn_watch *watch,
                                       struct cn_catalog *catalog,
                                       const struct cn_selected *selected, size_t count,
                                       struct cn_error *error)
{
    catalog->files = cn_pool_alloc(catalog->pool, count, sizeof *catalog->files);
    if (!catalog->files)
        return cn_fail_memory(error, "the catalog");
    catalog->file_count = count;
    for (size_t i = 0; i < count; i++) {
        catalog->files[i].path = selected[i].file->path;
        catalog->files[i].variable = selected[i].name->variable;
    }
    return cn_files_inspect(catalog->pool, catalog->files, count, config->engine.threads, watch,
                            error);
}

/* Adds what the names of the files say, and puts the files in order. */
static enum cn_status sort_files(struct cn_catalog *catalog, const struct cn_selected *selected,
                                 const char *const *names, size_t name_count,
                                 const struct cn_experiments *experiments, struct cn_error *error)
{
    size_t count = catalog->file_count;
    struct sorted_file *entries = cn_pool_alloc(catalog->pool, count, sizeof *entries);
    if (!entries)
        return cn_fail_memory(error, "the catalog");
    for (size_t i = 0; i < count; i++) {
        const struct cn_name *name = selected[i].name;
        struct cn_file *file = &entries[i].file;
        *file = catalog->files[i];
        file->variable = name->variable;
        file->table = name->table;
        file->model = name->model;
        file->experiment = name->experiment;
        file->variant = name->variant;
        file->grid_label = name->grid;
        file->version_major = name->version_major;
        file->version_minor = name->version_minor;
        entries[i].variable = find_text(name->variable, names, name_count);
        entries[i].experiment = find_text(name->experiment, experiments->names, experiments->count);
        if (!file->usable)
            cn_exclude_file(&catalog->variables[entries[i].variable], file, file->failure);
    }
    qsort(entries, count, sizeof *entries, compare_sorted_files);
    for (size_t i = 0; i < count; i++)
        catalog->files[i] = entries[i].file;
    return CN_OK;
}

/* Sets the failure of a variable that the config names and that has no file. */
static void explain_absence(const struct cn_config *config, struct cn_catalog *catalog,
                            struct cn_variable *variable, const struct cn_found_file *files,
                            size_t count)
{
    struct cn_suggestion suggestion = {.word = variable->name};
    size_t others = 0;
    for (size_t i = 0; i < count; i++) {
        struct cn_name name;
        if (!cn_name_parse(files[i].base, &name) || strcmp(name.table, config->input.table) != 0)
            continue;
        others += strcmp(name.variable, variable->name) == 0;
        cn_suggest(&suggestion, name.variable);
        if (suggestion.best == name.variable) /* `name` ends with this turn of the loop */
            suggestion.best = cn_pool_strdup(catalog->pool, name.variable);
    }
    char hint[CN_SUGGESTION_BYTES];
    cn_suggestion_text(&suggestion, hint);
    if (others)
        variable->failure = cn_pool_printf(
            catalog->pool,
            "no file in %s passes: %zu are named %s_%s_..., but are of other experiments, models, "
            "variants, grids or versions",
            config->input.root, others, variable->name, config->input.table);
    else
        variable->failure =
            cn_pool_printf(catalog->pool, "no file in %s is named %s_%s_...%s", config->input.root,
                           variable->name, config->input.table, hint);
    if (!variable->failure)
        variable->failure = "no file";
}

static enum cn_status finish_variable(const struct cn_config *config, struct cn_catalog *catalog,
                                      const struct cn_experiments *experiments,
                                      struct cn_variable *variable, struct cn_file *files,
                                      size_t count, struct cn_error *error)
{
    enum cn_status status = cn_check_consistency(catalog->pool, variable, files, count, error);
    if (!status && !variable->failure)
        status =
            cn_timelines_build(catalog->pool, config, experiments, variable, files, count, error);
    if (!status && !variable->failure)
        status = cn_timelines_warn(config, variable, files, count, error);
    return status;
}

static enum cn_status build_catalog(const struct cn_config *config, const struct cn_watch *watch,
                                    struct cn_catalog *catalog, struct cn_error *error)
{
    struct cn_found_file *tree;
    struct cn_selected *selected;
    size_t tree_count = 0, count = 0, name_count = 0, first = 0;
    const char **names = NULL;
    struct cn_experiments experiments = {0};
    enum cn_status status = cn_find_files(catalog->pool, config->input.root, watch, &tree,
                                          &tree_count, &catalog->problems, error);
    if (!status)
        status = cn_select(config, tree, tree_count, catalog, &selected, &count, error);
    if (!status)
        status = list_variables(config, catalog, selected, count, &names, &name_count, error);
    if (!status)
        status = list_experiments(config, catalog, selected, count, &experiments, error);
    if (!status)
        status = inspect_selected(config, watch, catalog, selected, count, error);
    if (!status)
        status = sort_files(catalog, selected, names, name_count, &experiments, error);
    for (size_t v = 0; v < catalog->variable_count && !status; v++) {
        struct cn_variable *variable = &catalog->variables[v];
        size_t end = first;
        while (end < count && strcmp(catalog->files[end].variable, variable->name) == 0)
            end++;
        if (end == first)
            explain_absence(config, catalog, variable, tree, tree_count);
        else
            status = finish_variable(config, catalog, &experiments, variable,
                                     &catalog->files[first], end - first, error);
        first = end;
    }
    return status;
}

enum cn_status cn_catalog_read(const struct cn_config *config, const struct cn_watch *watch,
                               struct cn_catalog **catalog, struct cn_error *error)
{
    *catalog = NULL;
    struct cn_pool *pool = cn_pool_new();
    struct cn_catalog *fresh = pool ? cn_pool_alloc(pool, 1, sizeof *fresh) : NULL;
    if (!fresh) {
        cn_pool_free(pool);
        return cn_fail_memory(error, "the catalog");
    }
    fresh->pool = pool;
    enum cn_status status = build_catalog(config, watch, fresh, error);
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
