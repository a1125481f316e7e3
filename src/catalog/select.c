/*
 * The selection of files by name. Half of it explains the result: a typing error in the config must
 * not look like an empty tree. Opens no file.
 */
#include "catalog/select.h"

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

struct selection {
    const struct cn_config *config;
    struct cn_catalog *catalog;
    struct name_values left_out[KEYS]; /* by the first key that a file does not pass */
    struct cn_selected *items;
    size_t count;
};

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
            cn_strbuf_add(text, " (%zu files)", values->sample_files[i]);
    }
    if (values->more)
        cn_strbuf_add(text, ", ...");
}

/* NULL: out of memory. */
static const char *value_of(struct cn_pool *pool, const struct cn_name *name, enum key key)
{
    switch (key) {
    case TABLE:
        return name->table;
    case VARIABLE:
        return name->variable;
    case EXPERIMENT:
        return name->experiment;
    case MODEL:
        return name->model;
    case VARIANT:
        return name->variant;
    case GRID:
        return name->grid;
    default:
        return cn_pool_printf(pool, "%d.%d", name->version_major, name->version_minor);
    }
}

static bool is_in_list(const char *value, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(value, list[i]) == 0)
            return true;
    return false;
}

static bool matches_wanted(const char *value, const char *wanted)
{
    return !wanted || strcmp(value, wanted) == 0;
}

static bool passes_key(const struct cn_config *config, const struct cn_name *name, enum key key)
{
    switch (key) {
    case TABLE:
        return strcmp(name->table, config->input.table) == 0;
    case VARIABLE:
        return !config->variables ||
               is_in_list(name->variable, config->variables, config->variable_count);
    case EXPERIMENT:
        return !config->scenarios_given ||
               strcmp(name->experiment, config->input.historical) == 0 ||
               is_in_list(name->experiment, config->scenarios, config->scenario_count);
    case MODEL:
        return matches_wanted(name->model, config->input.model);
    case VARIANT:
        return matches_wanted(name->variant, config->input.variant);
    case GRID:
        return matches_wanted(name->grid, config->input.grid);
    default:
        return config->input.newest || (name->version_major == config->input.version_major &&
                                        name->version_minor == config->input.version_minor);
    }
}

/* Whether the name passes all keys. Otherwise it is counted under the first that it does not
 * pass. */
static bool filter_name(struct selection *selection, const struct cn_name *name)
{
    for (enum key key = TABLE; key < KEYS; key++) {
        if (passes_key(selection->config, name, key)) {
            if (key == TABLE && !name->daily_time) {
                selection->catalog->name_mismatches++;
                return false;
            }
            continue;
        }
        const char *value = value_of(selection->catalog->pool, name, key);
        count_value(&selection->left_out[key], value ? value : "");
        if (key == TABLE)
            selection->catalog->other_tables++;
        else
            selection->catalog->filtered++;
        return false;
    }
    return true;
}

/* Appends what the config wants of a key. */
static void append_wanted(struct cn_strbuf *text, const struct cn_config *config, enum key key)
{
    const char *const *list = NULL;
    size_t count = 0;
    const char *one[] = {
        config->input.table, NULL, NULL, config->input.model, config->input.variant,
        config->input.grid};
    cn_strbuf_add(text, "%s = ", keys[key].config_key);
    if (key == VERSION) {
        cn_strbuf_add(text, "\"%d.%d\"", config->input.version_major, config->input.version_minor);
        return;
    }
    if (key == VARIABLE || key == EXPERIMENT) {
        list = key == VARIABLE ? config->variables : config->scenarios;
        count = key == VARIABLE ? config->variable_count : config->scenario_count;
        cn_strbuf_add(text, "[");
        for (size_t i = 0; i < count && i < SAMPLES; i++)
            cn_strbuf_add(text, "%s\"%s\"", i ? ", " : "", list[i]);
        cn_strbuf_add(text, count > SAMPLES ? ", ...]" : "]");
        if (key == EXPERIMENT)
            cn_strbuf_add(text, " and input.historical = \"%s\"", config->input.historical);
        return;
    }
    cn_strbuf_add(text, "\"%s\"", one[key]);
}

/* Appends the value that the files have and that is most like the one in the config. */
static void append_hint(struct cn_strbuf *text, const struct cn_config *config, enum key key,
                        const struct name_values *values)
{
    const char *one[] = {config->input.table,
                         NULL,
                         config->input.historical,
                         config->input.model,
                         config->input.variant,
                         config->input.grid,
                         NULL};
    const char *const *list = key == VARIABLE     ? config->variables
                              : key == EXPERIMENT ? config->scenarios
                                                  : NULL;
    size_t count = key == VARIABLE     ? config->variable_count
                   : key == EXPERIMENT ? config->scenario_count
                                       : 0;
    char hint[CN_SUGGESTION_BYTES] = "";
    for (size_t i = 0; i <= count && !hint[0]; i++) {
        struct cn_suggestion suggestion = {.word = i < count ? list[i] : one[key]};
        for (size_t k = 0; suggestion.word && k < values->sample_count; k++)
            cn_suggest(&suggestion, values->samples[k]);
        cn_suggestion_text(&suggestion, hint);
    }
    cn_strbuf_add(text, "%s", hint);
}

static enum cn_status fail_empty(const struct selection *selection, struct cn_error *error)
{
    const struct cn_catalog *catalog = selection->catalog;
    struct cn_strbuf text = {0};
    if (catalog->name_mismatches)
        cn_strbuf_add(&text,
                      "; %zu have names of another form than "
                      "variable_table_model_experiment_variant_grid_YYYY.nc",
                      catalog->name_mismatches);
    for (enum key key = TABLE; key < KEYS; key++) {
        const struct name_values *values = &selection->left_out[key];
        if (!values->files)
            continue;
        cn_strbuf_add(&text, "; %zu are of other %s (", values->files, keys[key].plural);
        append_values(&text, values, false);
        cn_strbuf_add(&text, ") than ");
        append_wanted(&text, selection->config, key);
        append_hint(&text, selection->config, key, values);
    }
    enum cn_status status =
        text.failed
            ? cn_fail_memory(error, "a message")
            : cn_fail(error, CN_BAD_USAGE,
                      "input.root: no file in %.400s can be used, of %zu .nc files%s",
                      selection->config->input.root, catalog->nc_files_seen, cn_strbuf_text(&text));
    cn_strbuf_free(&text);
    return status;
}

/* Finds the one value of a key that the remaining files have. False: there are several, and
 * *several says so. */
static bool find_single_value(const struct selection *selection, enum key key, const char **value,
                              struct cn_strbuf *several)
{
    struct name_values values = {0};
    for (size_t i = 0; i < selection->count; i++)
        count_value(&values, value_of(selection->catalog->pool, selection->items[i].name, key));
    *value = values.samples[0];
    if (values.sample_count == 1)
        return true;
    cn_strbuf_add(several, "; the files are of several %s: ", keys[key].plural);
    append_values(several, &values, true);
    cn_strbuf_add(several, "; set %s to one of them", keys[key].config_key);
    return false;
}

static enum cn_status find_single_values(const struct selection *selection, struct cn_error *error)
{
    struct cn_catalog *catalog = selection->catalog;
    struct cn_strbuf several = {0};
    bool model = find_single_value(selection, MODEL, &catalog->model, &several);
    bool variant = find_single_value(selection, VARIANT, &catalog->variant, &several);
    bool grid = find_single_value(selection, GRID, &catalog->grid_label, &several);
    enum cn_status status = CN_OK;
    if (several.failed)
        status = cn_fail_memory(error, "a message");
    else if (!model || !variant || !grid)
        status = cn_fail(error, CN_BAD_USAGE, "input.root: %.100s%s", selection->config->input.root,
                         cn_strbuf_text(&several));
    cn_strbuf_free(&several);
    return status;
}

/* Sorts reissues of one file side by side, the newest first. */
static int compare_reissues(const void *a, const void *b)
{
    const struct cn_selected *x = a, *y = b;
    int order = strcmp(x->name->variable, y->name->variable);
    if (!order)
        order = strcmp(x->name->experiment, y->name->experiment);
    if (!order)
        order = strcmp(x->name->time, y->name->time);
    if (!order)
        order = cn_version_compare(y->name->version_major, y->name->version_minor,
                                   x->name->version_major, x->name->version_minor);
    return order ? order : strcmp(x->file->path, y->file->path);
}

static bool is_reissue(const struct cn_name *a, const struct cn_name *b)
{
    return strcmp(a->variable, b->variable) == 0 && strcmp(a->experiment, b->experiment) == 0 &&
           strcmp(a->time, b->time) == 0;
}

/* Keeps the newest version of each file. Two files of one version stay: their days overlap, which
 * is an error that names both. */
static void drop_superseded(struct selection *selection)
{
    struct cn_selected *items = selection->items;
    size_t kept = 0;
    qsort(items, selection->count, sizeof *items, compare_reissues);
    for (size_t i = 0; i < selection->count; i++) {
        const struct cn_name *newest = kept ? items[kept - 1].name : NULL;
        const struct cn_name *name = items[i].name;
        if (newest && is_reissue(newest, name) &&
            cn_version_compare(newest->version_major, newest->version_minor, name->version_major,
                               name->version_minor) > 0)
            selection->catalog->superseded++;
        else
            items[kept++] = items[i];
    }
    selection->count = kept;
}

/* Sorts names of one inode side by side, within one variable and experiment. */
static int compare_links(const void *a, const void *b)
{
    const struct cn_selected *x = a, *y = b;
    int order = strcmp(x->name->variable, y->name->variable);
    if (!order)
        order = strcmp(x->name->experiment, y->name->experiment);
    if (!order)
        order = (x->file->device > y->file->device) - (x->file->device < y->file->device);
    if (!order)
        order = (x->file->inode > y->file->inode) - (x->file->inode < y->file->inode);
    return order ? order : compare_reissues(a, b);
}

/* Keeps the first of several names of one inode. */
static void drop_links(struct selection *selection)
{
    struct cn_selected *items = selection->items;
    size_t kept = 0;
    qsort(items, selection->count, sizeof *items, compare_links);
    for (size_t i = 0; i < selection->count; i++) {
        const struct cn_selected *last = kept ? &items[kept - 1] : NULL;
        if (!last || strcmp(last->name->variable, items[i].name->variable) != 0 ||
            strcmp(last->name->experiment, items[i].name->experiment) != 0 ||
            last->file->device != items[i].file->device ||
            last->file->inode != items[i].file->inode)
            items[kept++] = items[i];
    }
    selection->count = kept;
    qsort(items, kept, sizeof *items, compare_reissues);
}

enum cn_status cn_select(const struct cn_config *config, const struct cn_found_file *files,
                         size_t count, struct cn_catalog *catalog, struct cn_selected **selected,
                         size_t *selected_count, struct cn_error *error)
{
    struct selection selection = {.config = config, .catalog = catalog};
    selection.items = cn_pool_alloc(catalog->pool, count, sizeof *selection.items);
    struct cn_name *names = cn_pool_alloc(catalog->pool, count, sizeof *names);
    if (!selection.items || !names)
        return cn_fail_memory(error, "the list of input files");
    catalog->nc_files_seen = count;
    for (size_t i = 0; i < count; i++) {
        if (!cn_name_parse(files[i].base, &names[i]))
            catalog->name_mismatches++;
        else if (filter_name(&selection, &names[i]))
            selection.items[selection.count++] = (struct cn_selected){&files[i], &names[i]};
    }
    if (selection.count == 0)
        return fail_empty(&selection, error);
    enum cn_status status = find_single_values(&selection, error);
    if (status)
        return status;
    drop_superseded(&selection);
    drop_links(&selection);
    *selected = selection.items;
    *selected_count = selection.count;
    return CN_OK;
}
