/*
 * The selection of files by name. Half of it explains the result: a typing error in the config must
 * not look like an empty tree. Opens no file.
 */
#include "catalog/select.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/suggest.h"

#include <stdlib.h>
#include <string.h>

enum key { TABLE, VARIABLE, EXPERIMENT, MODEL, VARIANT, GRID, VERSION, KEYS };

enum { SAMPLES = 6 };

static const struct {
    const char *config_key, *plural;
} keys[KEYS] = {
    [TABLE] = {"input.table", "tables"},         [VARIABLE] = {"variables", "variables"},
    [EXPERIMENT] = {"scenarios", "experiments"}, [MODEL] = {"input.model", "models"},
    [VARIANT] = {"input.variant", "variants"},   [GRID] = {"input.grid", "grids"},
    [VERSION] = {"input.version", "versions"},
};

/* Values that a key has in file names: the first few, and how many files in all. */
struct name_values {
    size_t files;
    const char *samples[SAMPLES];
    size_t sample_files[SAMPLES];
    size_t sample_count;
    bool more;
};

/* What the config wants of a key: one value, the values of a list, or both. Neither: any value. */
struct wanted_values {
    const char *one;
    const char *const *list;
    size_t count;
};

struct filter {
    const struct cn_config *config;
    struct cn_catalog *catalog;
    struct wanted_values wanted[KEYS];
    char version[CN_VERSION_BYTES];    /* that wanted[VERSION] points to */
    struct name_values left_out[KEYS]; /* by the first key that a file does not pass */
    struct cn_selected *items;
    size_t count;
};

static void find_wanted(struct filter *filter)
{
    const struct cn_config *config = filter->config;
    struct wanted_values *wanted = filter->wanted;
    wanted[TABLE].one = config->input.table;
    wanted[VARIABLE] =
        (struct wanted_values){.list = config->variables, .count = config->variable_count};
    if (config->scenarios_given)
        wanted[EXPERIMENT] = (struct wanted_values){config->input.historical, config->scenarios,
                                                    config->scenario_count};
    if (config->input.model_count == 1)
        wanted[MODEL].one = config->input.models[0];
    else
        wanted[MODEL] = (struct wanted_values){.list = config->input.models,
                                               .count = config->input.model_count};
    wanted[VARIANT].one = config->input.variant;
    wanted[GRID].one = config->input.grid;
    if (config->input.newest)
        return;
    cn_version_format(config->input.version_major, config->input.version_minor, filter->version);
    wanted[VERSION].one = filter->version;
}

static void count_value(struct name_values *values, const char *value)
{
    values->files++;
    for (size_t i = 0; i < values->sample_count; i++)
        if (strcmp(values->samples[i], value) == 0) {
            values->sample_files[i]++;
            return;
        }
    if (values->sample_count == SAMPLES) {
        values->more = true;
        return;
    }
    values->samples[values->sample_count] = value;
    values->sample_files[values->sample_count++] = 1;
}

static void append_values(struct cn_strbuf *text, const struct name_values *values, bool counts)
{
    for (size_t i = 0; i < values->sample_count; i++) {
        const char *value = values->samples[i][0] ? values->samples[i] : "\"\" (CMIP5: no grid)";
        cn_strbuf_add(text, "%s%s", i ? ", " : "", value);
        if (counts)
            cn_strbuf_add(text, " (%zu file%s)", values->sample_files[i],
                          values->sample_files[i] == 1 ? "" : "s");
    }
    if (values->more)
        cn_strbuf_add(text, ", ...");
}

static const char *value_of(const struct cn_name *name, enum key key)
{
    const char *const values[KEYS] = {
        [TABLE] = name->table,     [VARIABLE] = name->variable, [EXPERIMENT] = name->experiment,
        [MODEL] = name->model,     [VARIANT] = name->variant,   [GRID] = name->grid,
        [VERSION] = name->version,
    };
    return values[key];
}

static bool is_wanted(const struct wanted_values *wanted, const char *value)
{
    if (wanted->one ? strcmp(value, wanted->one) == 0 : !wanted->list)
        return true;
    return cn_text_index(value, wanted->list, wanted->count) < wanted->count;
}

/* Counts a file that is passed over. */
static void count_example(const char *base, size_t *count, const char **example)
{
    ++*count;
    *example = *example ? *example : base;
}

/* Whether the name passes all keys. Otherwise it is counted under the first that it does not
 * pass. */
static bool filter_name(struct filter *filter, const char *base, const struct cn_name *name)
{
    struct cn_catalog *catalog = filter->catalog;
    for (enum key key = TABLE; key < KEYS; key++) {
        const char *value = value_of(name, key);
        if (is_wanted(&filter->wanted[key], value)) {
            if (key == TABLE && !name->daily_time) {
                count_example(base, &catalog->name_mismatches, &catalog->mismatch_example);
                return false;
            }
            continue;
        }
        count_value(&filter->left_out[key], value);
        if (key == TABLE)
            count_example(base, &catalog->other_tables, &catalog->table_example);
        else
            count_example(base, &catalog->filtered, &catalog->filter_example);
        return false;
    }
    return true;
}

/* Appends what the config wants of a key. */
static void append_wanted(struct cn_strbuf *text, const struct wanted_values *wanted, enum key key)
{
    cn_strbuf_add(text, "%s = ", keys[key].config_key);
    if (!wanted->list) {
        cn_strbuf_add(text, "\"%s\"", wanted->one);
        return;
    }
    cn_strbuf_add(text, "[");
    for (size_t i = 0; i < wanted->count && i < SAMPLES; i++)
        cn_strbuf_add(text, "%s\"%s\"", i ? ", " : "", wanted->list[i]);
    cn_strbuf_add(text, wanted->count > SAMPLES ? ", ...]" : "]");
    if (key == EXPERIMENT)
        cn_strbuf_add(text, " and input.historical = \"%s\"", wanted->one);
}

/* Appends the value that the files have and that is most like a wanted one. Versions are too short
 * for that. */
static void append_hint(struct cn_strbuf *text, const struct wanted_values *wanted, enum key key,
                        const struct name_values *values)
{
    char hint[CN_SUGGESTION_BYTES] = "";
    for (size_t i = 0; i <= wanted->count && !hint[0] && key != VERSION; i++) {
        struct cn_suggestion suggestion = {.word =
                                               i < wanted->count ? wanted->list[i] : wanted->one};
        for (size_t k = 0; suggestion.word && k < values->sample_count; k++)
            cn_suggest(&suggestion, values->samples[k]);
        cn_suggestion_text(&suggestion, hint);
    }
    cn_strbuf_add(text, "%s", hint);
}

static enum cn_status fail_empty(const struct filter *filter, struct cn_error *error)
{
    const struct cn_catalog *catalog = filter->catalog;
    struct cn_strbuf text = {0};
    if (catalog->name_mismatches)
        cn_strbuf_add(
            &text,
            "; %zu %s of another form than "
            "variable_table_model_experiment_variant_grid_YYYY.nc (or ..._YYYYMMDD-YYYYMMDD.nc); "
            "rename or link them",
            catalog->name_mismatches, catalog->name_mismatches == 1 ? "has a name" : "have names");
    for (enum key key = TABLE; key < KEYS; key++) {
        const struct name_values *values = &filter->left_out[key];
        if (!values->files)
            continue;
        cn_strbuf_add(&text, "; %zu %s of other %s (", values->files,
                      values->files == 1 ? "is" : "are", keys[key].plural);
        append_values(&text, values, false);
        cn_strbuf_add(&text, ") than ");
        append_wanted(&text, &filter->wanted[key], key);
        append_hint(&text, &filter->wanted[key], key, values);
    }
    enum cn_status status =
        text.failed
            ? cn_fail_memory(error, "a message")
            : cn_fail(error, CN_BAD_USAGE,
                      "input.root: no file in %.400s can be used, of %zu .nc files%s",
                      filter->config->input.root, catalog->nc_files_seen, cn_strbuf_text(&text));
    cn_strbuf_free(&text);
    return status;
}

/* Returns: the value of a key that files[count] have. Where they have several, the text lists them,
 * and goes on with advice about the key, if any. */
static const char *find_single_value(const struct cn_selected *files, size_t count, enum key key,
                                     const char *advice, struct cn_strbuf *several)
{
    struct name_values values = {0};
    for (size_t i = 0; i < count; i++)
        count_value(&values, value_of(files[i].name, key));
    if (values.sample_count > 1) {
        cn_strbuf_add(several, "%sthe files are of several %s: ", several->length ? "; " : "",
                      keys[key].plural);
        append_values(several, &values, true);
        if (advice)
            cn_strbuf_add(several, "; set %s to one of them%s", keys[key].config_key, advice);
    }
    return values.samples[0];
}

/* Finds variant and grid of a model among all files of a run with one model. */
static enum cn_status find_only_model(const struct filter *filter, struct cn_selection *found,
                                      struct cn_error *error)
{
    struct cn_strbuf several = {0};
    *found->models = (struct cn_model){
        .name = find_single_value(filter->items, filter->count, MODEL, ", to a list, or to \"*\"",
                                  &several),
        .variant = find_single_value(filter->items, filter->count, VARIANT, "", &several),
        .grid_label = find_single_value(filter->items, filter->count, GRID, "", &several)};
    found->model_count = 1;
    enum cn_status status = CN_OK;
    if (several.failed)
        status = cn_fail_memory(error, "a message");
    else if (several.length)
        status = cn_fail(error, CN_BAD_USAGE, "input.root: %.100s; %s", filter->config->input.root,
                         cn_strbuf_text(&several));
    cn_strbuf_free(&several);
    return status;
}

static int compare_experiments(const struct cn_name *a, const struct cn_name *b)
{
    int order = strcmp(a->model, b->model);
    if (!order)
        order = strcmp(a->variable, b->variable);
    return order ? order : strcmp(a->experiment, b->experiment);
}

/* 0: reissues of one file. */
static int compare_times(const struct cn_name *a, const struct cn_name *b)
{
    int order = compare_experiments(a, b);
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

/* Sorts names of one inode side by side, within one model, variable and experiment. */
static int compare_links(const void *a, const void *b)
{
    const struct cn_selected *x = a, *y = b;
    int order = compare_experiments(x->name, y->name);
    if (!order)
        order = cn_inodes_compare(x->file, y->file);
    return order ? order : compare_issues(a, b);
}

static bool is_link(const struct cn_selected *first, const struct cn_selected *other)
{
    return compare_experiments(first->name, other->name) == 0 &&
           cn_inodes_compare(first->file, other->file) == 0;
}

/* Sorts the files, then drops those that repeat the file which was kept before them.
 * Returns: how many were dropped; *example: the last of them. */
static size_t drop_repeated(struct filter *filter, int (*compare)(const void *, const void *),
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
static bool find_model_values(struct cn_pool *pool, struct cn_model *model)
{
    struct cn_strbuf several = {0};
    model->variant = find_single_value(model->files, model->file_count, VARIANT, NULL, &several);
    const bool one_variant = !several.length;
    model->grid_label = find_single_value(model->files, model->file_count, GRID, NULL, &several);
    if (!several.length)
        return true;
    cn_strbuf_add(&several, "; make this model in a run of its own, with %s",
                  keys[one_variant ? GRID : VARIANT].config_key);
    model->variant = model->grid_label = "";
    return (model->failure = cn_strbuf_to_pool(&several, pool));
}

/* Where no model can be made, nothing is begun. */
static enum cn_status fail_all_models(const struct filter *filter, const struct cn_selection *found,
                                      struct cn_error *error)
{
    struct cn_strbuf text = {0};
    for (size_t m = 0; m < found->model_count && m < SAMPLES; m++)
        cn_strbuf_add(&text, "; %s: %s", found->models[m].name,
                      found->models[m].failure ? found->models[m].failure : "no file of it passes");
    enum cn_status status =
        text.failed ? cn_fail_memory(error, "a message")
                    : cn_fail(error, CN_BAD_USAGE, "input.root: no model in %.100s can be used%s%s",
                              filter->config->input.root, cn_strbuf_text(&text),
                              found->model_count > SAMPLES ? "; ..." : "");
    cn_strbuf_free(&text);
    return status;
}

/* Splits the files, which are sorted by model. */
static enum cn_status find_models(struct filter *filter, struct cn_selection *found,
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
        if (!find_model_values(filter->catalog->pool, model))
            return cn_fail_memory(error, "a message");
        usable += !model->failure;
    }
    return usable ? CN_OK : fail_all_models(filter, found, error);
}

/* Lists the files whose names pass. */
static void filter_files(struct filter *filter, const struct cn_found_file *files, size_t count,
                         struct cn_name *names)
{
    struct cn_catalog *catalog = filter->catalog;
    find_wanted(filter);
    catalog->nc_files_seen = count;
    for (size_t i = 0; i < count; i++) {
        if (!cn_name_parse(files[i].base, &names[i])) {
            names[i].variable = NULL;
            count_example(files[i].base, &catalog->name_mismatches, &catalog->mismatch_example);
        } else if (filter_name(filter, files[i].base, &names[i])) {
            filter->items[filter->count++] = (struct cn_selected){&files[i], &names[i]};
        }
    }
}

enum cn_status cn_select(const struct cn_config *config, const struct cn_found_file *files,
                         size_t count, struct cn_catalog *catalog, struct cn_selection *selection,
                         struct cn_error *error)
{
    struct filter filter = {.config = config, .catalog = catalog};
    const char *link = NULL;
    *selection = (struct cn_selection){0};
    filter.items = cn_pool_alloc(catalog->pool, count, sizeof *filter.items);
    selection->names = cn_pool_alloc(catalog->pool, count, sizeof *selection->names);
    selection->models = cn_pool_alloc(catalog->pool, CN_MAX_MODELS, sizeof *selection->models);
    if (!filter.items || !selection->names || !selection->models)
        return cn_fail_memory(error, "the list of input files");
    filter_files(&filter, files, count, selection->names);
    if (filter.count == 0)
        return fail_empty(&filter, error);
    const bool several = cn_config_has_several_models(config);
    enum cn_status status = several ? CN_OK : find_only_model(&filter, selection, error);
    if (status)
        return status;
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
