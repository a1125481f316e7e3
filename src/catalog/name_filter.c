/*
 * Naming and filtering. Half of it explains the result: a typing error in the config must not look
 * like an empty tree. Opens no file.
 */
#include "catalog/name_filter.h"

#include "base/error.h"
#include "base/suggest.h"
#include "catalog/datasets.h"

#include <string.h>

static const struct {
    const char *config_key, *plural;
} keys[CN_NAME_KEYS] = {
    [CN_BY_TABLE] = {"input.table", "tables"},
    [CN_BY_VARIABLE] = {"variables", "variables"},
    [CN_BY_EXPERIMENT] = {"scenarios", "experiments"},
    [CN_BY_MODEL] = {"input.model", "models"},
    [CN_BY_VARIANT] = {"input.variant", "variants"},
    [CN_BY_GRID] = {"input.grid", "grids"},
    [CN_BY_VERSION] = {"input.version", "versions"},
};

static void find_wanted(struct cn_name_filter *filter)
{
    const struct cn_config *config = filter->config;
    struct cn_wanted_values *wanted = filter->wanted;
    wanted[CN_BY_TABLE].one = config->input.table;
    wanted[CN_BY_VARIABLE] =
        (struct cn_wanted_values){.list = config->variables, .count = config->variable_count};
    if (config->scenarios_given)
        wanted[CN_BY_EXPERIMENT] = (struct cn_wanted_values){
            config->input.historical, config->scenarios, config->scenario_count};
    if (config->input.model_count == 1)
        wanted[CN_BY_MODEL].one = config->input.models[0];
    else
        wanted[CN_BY_MODEL] = (struct cn_wanted_values){.list = config->input.models,
                                                        .count = config->input.model_count};
    wanted[CN_BY_VARIANT].one = config->input.variant;
    wanted[CN_BY_GRID].one = config->input.grid;
    if (config->input.newest)
        return;
    cn_version_format(config->input.version_major, config->input.version_minor, filter->version);
    wanted[CN_BY_VERSION].one = filter->version;
}

static void count_value(struct cn_name_values *values, const char *value)
{
    values->files++;
    for (size_t i = 0; i < values->sample_count; i++)
        if (strcmp(values->samples[i], value) == 0) {
            values->sample_files[i]++;
            return;
        }
    if (values->sample_count == CN_NAME_SAMPLES) {
        values->more = true;
        return;
    }
    values->samples[values->sample_count] = value;
    values->sample_files[values->sample_count++] = 1;
}

static void append_values(struct cn_strbuf *text, const struct cn_name_values *values, bool counts)
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

/* NULL: a dataset does not say it, and so passes whatever the config wants. */
static const char *value_of(const struct cn_name *name, enum cn_name_key key)
{
    if (key == CN_BY_VERSION && name->dataset && !name->dataset->has_version)
        return NULL;
    const char *const values[CN_NAME_KEYS] = {
        [CN_BY_TABLE] = name->table,           [CN_BY_VARIABLE] = name->variable,
        [CN_BY_EXPERIMENT] = name->experiment, [CN_BY_MODEL] = name->model,
        [CN_BY_VARIANT] = name->variant,       [CN_BY_GRID] = name->grid,
        [CN_BY_VERSION] = name->version,
    };
    return values[key];
}

static bool is_wanted(const struct cn_wanted_values *wanted, const char *value)
{
    if (!value || (!wanted->one && !wanted->list))
        return true;
    if (wanted->one && strcmp(value, wanted->one) == 0)
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
static bool filter_name(struct cn_name_filter *filter, const char *base, const struct cn_name *name)
{
    struct cn_catalog *catalog = filter->catalog;
    for (enum cn_name_key key = CN_BY_TABLE; key < CN_NAME_KEYS; key++) {
        const char *value = value_of(name, key);
        if (is_wanted(&filter->wanted[key], value)) {
            if (key == CN_BY_TABLE && !name->daily_time) {
                count_example(base, &catalog->name_mismatches, &catalog->mismatch_example);
                return false;
            }
            continue;
        }
        count_value(&filter->left_out[key], value);
        if (key == CN_BY_TABLE)
            count_example(base, &catalog->other_tables, &catalog->table_example);
        else
            count_example(base, &catalog->filtered, &catalog->filter_example);
        return false;
    }
    return true;
}

/* Appends what the config wants of a key. */
static void append_wanted(struct cn_strbuf *text, const struct cn_wanted_values *wanted,
                          enum cn_name_key key)
{
    cn_strbuf_add(text, "%s = ", keys[key].config_key);
    if (!wanted->list) {
        cn_strbuf_add(text, "\"%s\"", wanted->one);
        return;
    }
    cn_strbuf_add(text, "[");
    for (size_t i = 0; i < wanted->count && i < CN_NAME_SAMPLES; i++)
        cn_strbuf_add(text, "%s\"%s\"", i ? ", " : "", wanted->list[i]);
    cn_strbuf_add(text, wanted->count > CN_NAME_SAMPLES ? ", ...]" : "]");
    if (key == CN_BY_EXPERIMENT)
        cn_strbuf_add(text, " and input.historical = \"%s\"", wanted->one);
}

/* Appends the value that the files have and that is most like a wanted one. Versions are too short
 * for that. */
static void append_hint(struct cn_strbuf *text, const struct cn_wanted_values *wanted,
                        enum cn_name_key key, const struct cn_name_values *values)
{
    char hint[CN_SUGGESTION_BYTES] = "";
    for (size_t i = 0; i <= wanted->count && !hint[0] && key != CN_BY_VERSION; i++) {
        struct cn_suggestion suggestion = {.word =
                                               i < wanted->count ? wanted->list[i] : wanted->one};
        for (size_t k = 0; suggestion.word && k < values->sample_count; k++)
            cn_suggest(&suggestion, values->samples[k]);
        cn_suggestion_text(&suggestion, hint);
    }
    cn_strbuf_add(text, "%s", hint);
}

enum cn_status cn_fail_no_name(const struct cn_name_filter *filter, struct cn_error *error)
{
    const struct cn_catalog *catalog = filter->catalog;
    struct cn_strbuf text = {0};
    if (catalog->name_mismatches)
        cn_strbuf_add(
            &text,
            "; %zu %s of another form than "
            "variable_table_model_experiment_variant_grid_YYYY.nc (or ..._YYYYMMDD-YYYYMMDD.nc); "
            "name them in input.datasets: climnorm inspect FOLDER proposes how",
            catalog->name_mismatches, catalog->name_mismatches == 1 ? "has a name" : "have names");
    cn_add_idle_datasets(&text, filter->config, filter->taken);
    for (enum cn_name_key key = CN_BY_TABLE; key < CN_NAME_KEYS; key++) {
        const struct cn_name_values *values = &filter->left_out[key];
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

const char *cn_single_value(const struct cn_name_filter *filter, const struct cn_selected *files,
                            size_t count, enum cn_name_key key, const char *advice,
                            struct cn_strbuf *several)
{
    struct cn_name_values values = {0};
    for (size_t i = 0; i < count; i++)
        if (value_of(files[i].name, key))
            count_value(&values, value_of(files[i].name, key));
    if (values.sample_count > 1) {
        cn_strbuf_add(several, "%sthe files are of several %s: ", several->length ? "; " : "",
                      keys[key].plural);
        append_values(several, &values, true);
        if (advice)
            cn_strbuf_add(several, "; set %s to one of them%s", keys[key].config_key, advice);
    }
    if (values.sample_count)
        return values.samples[0];
    return filter->wanted[key].one ? filter->wanted[key].one : "";
}

const char *cn_name_key_path(enum cn_name_key key)
{
    return keys[key].config_key;
}

/* Adds the name of a file to the list of all. NULL: out of memory. */
static struct cn_name *add_name_of_file(struct cn_name_filter *filter)
{
    struct cn_pool *pool = filter->catalog->pool;
    struct cn_name **names = cn_pool_grow(pool, filter->names, filter->name_count,
                                          &filter->name_capacity, sizeof(struct cn_name *));
    struct cn_name *name = cn_pool_alloc(pool, 1, sizeof *name);
    if (!names || !name)
        return NULL;
    filter->names = names;
    return names[filter->name_count++] = name;
}

/* Keeps a file if its name passes all keys. False: out of memory. */
static bool keep_wanted(struct cn_name_filter *filter, const struct cn_found_file *file,
                        struct cn_name *name)
{
    if (!filter_name(filter, file->base, name))
        return true;
    struct cn_selected *items = cn_pool_grow(filter->catalog->pool, filter->items, filter->count,
                                             &filter->capacity, sizeof *items);
    if (!items)
        return false;
    filter->items = items;
    items[filter->count++] = (struct cn_selected){
        file, name, strcmp(name->experiment, filter->config->input.historical) == 0};
    return true;
}

/* Names a file as the datasets that take it say. */
static enum cn_status name_by_datasets(struct cn_name_filter *filter,
                                       const struct cn_found_file *file, bool *is_taken,
                                       struct cn_error *error)
{
    const struct cn_config *config = filter->config;
    const size_t first = filter->name_count;
    *is_taken = false;
    for (size_t d = 0; d < config->input.dataset_count; d++) {
        const struct cn_dataset *dataset = &config->input.datasets[d];
        const char *path =
            cn_dataset_path(dataset, config->input.roots, config->input.root_count, file->path);
        if (!path)
            continue;
        *is_taken = true;
        filter->taken[d]++;
        for (size_t i = first; i < filter->name_count; i++)
            if (cn_dataset_contradicts(dataset, filter->names[i]->dataset))
                return cn_fail(
                    error, CN_BAD_USAGE,
                    "input.datasets.files: %s is taken for %s in %s and in %s, which say "
                    "different things of it; let one of them take it, or see until and "
                    "then for files of two experiments",
                    file->path, dataset->variable, filter->names[i]->dataset->origin,
                    dataset->origin);
        struct cn_name *name = add_name_of_file(filter);
        if (name)
            cn_dataset_name(dataset, config->input.table, path, name);
        if (!name || !keep_wanted(filter, file, name))
            return cn_fail_memory(error, "the list of input files");
    }
    return CN_OK;
}

/* Names a file by the name rule. False: out of memory. */
static bool name_by_rule(struct cn_name_filter *filter, const struct cn_found_file *file)
{
    struct cn_catalog *catalog = filter->catalog;
    struct cn_name parsed;
    if (!cn_name_parse(file->base, &parsed)) {
        count_example(file->base, &catalog->name_mismatches, &catalog->mismatch_example);
        return true;
    }
    struct cn_name *name = add_name_of_file(filter);
    return name && cn_name_parse(file->base, name) && keep_wanted(filter, file, name);
}

/* Names all files, and keeps those that pass. */
enum cn_status cn_name_files(struct cn_name_filter *filter, const struct cn_found_file *files,
                             size_t count, struct cn_error *error)
{
    find_wanted(filter);
    filter->catalog->nc_files_seen = count;
    for (size_t i = 0; i < count; i++) {
        bool is_taken;
        enum cn_status status = name_by_datasets(filter, &files[i], &is_taken, error);
        if (!status && !is_taken && !name_by_rule(filter, &files[i]))
            status = cn_fail_memory(error, "the list of input files");
        if (status)
            return status;
    }
    return CN_OK;
}
