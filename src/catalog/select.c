/*
 * The selection among files whose names pass: one of several issues and links, and of each model
 * one variant and grid. Opens no file.
 */
#include "catalog/select.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "catalog/datasets.h"

#include <stdlib.h>
#include <string.h>

/* Finds variant and grid of a model among all files of a run with one model. */
static enum cn_status find_only_model(const struct cn_name_filter *filter,
                                      struct cn_selection *found, struct cn_error *error)
{
    struct cn_strbuf several = {0};
    const struct cn_selected *items = filter->items;
    const size_t count = filter->count;
    *found->models = (struct cn_model){
        .name = cn_single_value(filter, items, count, CN_BY_MODEL, ", to a list, or to \"*\"",
                                &several),
        .variant = cn_single_value(filter, items, count, CN_BY_VARIANT, "", &several),
        .grid_label = cn_single_value(filter, items, count, CN_BY_GRID, "", &several)};
    found->model_count = 1;
    for (size_t i = 0; i < count; i++)
        if (!items[i].name->model)
            items[i].name->model = found->models->name;
    enum cn_status status = CN_OK;
    if (several.failed)
        status = cn_fail_memory(error, "a message");
    else if (several.length)
        status = cn_fail(error, CN_BAD_USAGE, "input.root: %.100s; %s", filter->config->input.root,
                         cn_strbuf_text(&several));
    cn_strbuf_free(&several);
    return status;
}

static int compare_variables(const struct cn_name *a, const struct cn_name *b)
{
    int order = strcmp(a->model, b->model);
    return order ? order : strcmp(a->variable, b->variable);
}

static int compare_experiments(const struct cn_name *a, const struct cn_name *b)
{
    int order = compare_variables(a, b);
    return order ? order : strcmp(a->experiment, b->experiment);
}

/* 0: reissues of one file. */
static int compare_times(const struct cn_name *a, const struct cn_name *b)
{
    int order = compare_experiments(a, b);
    if (!order)
        order = (a->dataset != NULL) - (b->dataset != NULL);
    return order ? order : strcmp(a->time, b->time);
}

static int compare_name_versions(const struct cn_name *a, const struct cn_name *b)
{
    return cn_version_compare(a->version_major, a->version_minor, b->version_major,
                              b->version_minor);
}

/* Sorts reissues of one file side by side, the newest first. */
static int compare_issues(const void *a, const void *b)
{
    const struct cn_selected *x = a, *y = b;
    int order = compare_times(x->name, y->name);
    if (!order)
        order = compare_name_versions(y->name, x->name);
    return order ? order : strcmp(x->file->path, y->file->path);
}

/* Two files of one version stay: their days overlap, which is an error that names both. */
static bool is_superseded(const struct cn_selected *newest, const struct cn_selected *other)
{
    return compare_times(newest->name, other->name) == 0 &&
           compare_name_versions(newest->name, other->name) > 0;
}

/* 0: they name one variable of one inode. An inode of 0 is not known. */
static int compare_contents(const struct cn_selected *a, const struct cn_selected *b)
{
    int order = compare_variables(a->name, b->name);
    if (!order)
        order = cn_inodes_compare(a->file, b->file);
    return order || a->file->inode ? order : strcmp(a->file->path, b->file->path);
}

/* Sorts names of one inode side by side, within one model and variable, the historical experiment
 * first. */
static int compare_links(const void *a, const void *b)
{
    const struct cn_selected *x = a, *y = b;
    int order = compare_contents(x, y);
    if (!order)
        order = y->is_historical - x->is_historical;
    return order ? order : compare_issues(a, b);
}

/* Whether a name of the same inode adds nothing: the file is of one timeline under both, and so
 * counts once. Scenarios are of two. */
static bool is_link(const struct cn_selected *first, const struct cn_selected *other)
{
    return compare_contents(first, other) == 0 &&
           (first->is_historical || compare_experiments(first->name, other->name) == 0);
}

/* Sorts the files, then drops those that repeat the file which was kept before them.
 * Returns: how many were dropped; *example: the last of them. */
static size_t drop_repeated(struct cn_name_filter *filter,
                            int (*compare)(const void *, const void *),
                            bool (*repeats)(const struct cn_selected *, const struct cn_selected *),
                            const char **example)
{
    struct cn_selected *items = filter->items;
    size_t count = filter->count, kept = 0;
    qsort(items, count, sizeof *items, compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !repeats(&items[kept - 1], &items[i]))
            items[kept++] = items[i];
        else
            *example = items[i].file->base;
    filter->count = kept;
    return count - kept;
}

/* Finds variant and grid of one of several models. */
static bool find_model_values(const struct cn_name_filter *filter, struct cn_model *model)
{
    struct cn_strbuf several = {0};
    model->variant =
        cn_single_value(filter, model->files, model->file_count, CN_BY_VARIANT, NULL, &several);
    const bool one_variant = !several.length;
    model->grid_label =
        cn_single_value(filter, model->files, model->file_count, CN_BY_GRID, NULL, &several);
    if (!several.length)
        return true;
    cn_strbuf_add(&several, "; make this model in a run of its own, with %s",
                  cn_name_key_path(one_variant ? CN_BY_GRID : CN_BY_VARIANT));
    model->variant = model->grid_label = "";
    return (model->failure = cn_strbuf_to_pool(&several, filter->catalog->pool));
}

/* Where no model can be made, nothing is begun. */
static enum cn_status fail_all_models(const struct cn_name_filter *filter,
                                      const struct cn_selection *found, struct cn_error *error)
{
    struct cn_strbuf text = {0};
    for (size_t m = 0; m < found->model_count && m < CN_NAME_SAMPLES; m++)
        cn_strbuf_add(&text, "; %s: %s", found->models[m].name,
                      found->models[m].failure ? found->models[m].failure : "no file of it passes");
    enum cn_status status =
        text.failed ? cn_fail_memory(error, "a message")
                    : cn_fail(error, CN_BAD_USAGE, "input.root: no model in %.100s can be used%s%s",
                              filter->config->input.root, cn_strbuf_text(&text),
                              found->model_count > CN_NAME_SAMPLES ? "; ..." : "");
    cn_strbuf_free(&text);
    return status;
}

/* Splits the files, which are sorted by model. */
static enum cn_status find_models(struct cn_name_filter *filter, struct cn_selection *found,
                                  struct cn_error *error)
{
    const struct cn_config *config = filter->config;
    size_t usable = 0;
    for (size_t m = 0; m < config->input.model_count; m++)
        found->models[m] =
            (struct cn_model){.name = config->input.models[m], .variant = "", .grid_label = ""};
    found->model_count = config->input.model_count;
    for (size_t i = 0, end; i < filter->count; i = end) {
        const char *name = filter->items[i].name->model;
        for (end = i; end < filter->count && strcmp(filter->items[end].name->model, name) == 0;)
            end++;
        const size_t m = config->input.all_models
                             ? found->model_count++
                             : cn_text_index(name, config->input.models, config->input.model_count);
        if (m == CN_MAX_MODELS)
            return cn_fail(error, CN_BAD_USAGE,
                           "input.root: %.100s holds more than %d models; list those to make in "
                           "input.model",
                           config->input.root, CN_MAX_MODELS);
        struct cn_model *model = &found->models[m];
        *model = (struct cn_model){.name = name, .files = &filter->items[i], .file_count = end - i};
        if (!find_model_values(filter, model))
            return cn_fail_memory(error, "a message");
        usable += !model->failure;
    }
    return usable ? CN_OK : fail_all_models(filter, found, error);
}

enum cn_status cn_select(const struct cn_config *config, const struct cn_found_file *files,
                         size_t count, struct cn_catalog *catalog, struct cn_selection *selection,
                         struct cn_error *error)
{
    struct cn_name_filter filter = {.config = config, .catalog = catalog};
    const char *link = NULL;
    *selection = (struct cn_selection){0};
    filter.taken = cn_pool_alloc(catalog->pool, config->input.dataset_count, sizeof *filter.taken);
    selection->models = cn_pool_alloc(catalog->pool, CN_MAX_MODELS, sizeof *selection->models);
    if (!filter.taken || !selection->models)
        return cn_fail_memory(error, "the list of input files");
    enum cn_status status = cn_name_files(&filter, files, count, error);
    selection->names = filter.names;
    selection->name_count = filter.name_count;
    if (status)
        return status;
    if (filter.count == 0)
        return cn_fail_no_name(&filter, error);
    const bool several = cn_config_has_several_models(config);
    if (!several)
        status = find_only_model(&filter, selection, error);
    if (status)
        return status;
    cn_report_idle_datasets(config, filter.taken, filter.names, filter.name_count,
                            &catalog->problems);
    catalog->superseded =
        drop_repeated(&filter, compare_issues, is_superseded, &catalog->superseded_example);
    drop_repeated(&filter, compare_links, is_link, &link);
    qsort(filter.items, filter.count, sizeof *filter.items, compare_issues);
    selection->file_count = filter.count;
    if (several)
        return find_models(&filter, selection, error);
    selection->models[0].files = filter.items;
    selection->models[0].file_count = filter.count;
    return CN_OK;
}
