/*
 * The value of a dimension is one of its coordinate variable, which has its name: a number, or a
 * text. Where there is none, it is an index, counted from 0 as netCDF does.
 */
#include "catalog/slices.h"

#include "base/error.h"
#include "base/format.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "catalog/attributes.h"
#include "catalog/slice_values.h"
#include "config/write.h"

#include <ctype.h>
#include <math.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_LISTED = 10, MOST_SHOWN_BYTES = 60, MOST_PROPOSED = 1000 };

static const double TOLERANCE = 1e-6; /* of a value */

/* --- in words --- */

/* The fewest digits that select the number. */
static void add_slice_number(struct cn_strbuf *text, double number)
{
    char digits[CN_NUMBER_BYTES];
    if (number != trunc(number)) {
        snprintf(digits, sizeof digits, "%.7g", number);
        number = strtod(digits, NULL);
    }
    cn_strbuf_add(text, "%s", cn_format_number(number, digits));
}

/* Adds value i as input.select takes it. */
static void add_slice(struct cn_strbuf *text, const struct cn_slice_values *slices, size_t i)
{
    if (slices->numbers) {
        add_slice_number(text, slices->numbers[i]);
    } else if (slices->texts) {
        cn_config_quote(text, slices->texts[i]);
    } else {
        cn_strbuf_add(text, "%zu", i);
    }
}

static void add_slice_units(struct cn_strbuf *text, const struct cn_slice_values *slices)
{
    if (slices->units && *slices->units)
        cn_strbuf_add(text, " %.*s", MOST_SHOWN_BYTES, slices->units);
}

/* Lists the values: "100000, 85000 and 17 more Pa", "indices 0 to 39, as it has no coordinate". */
static const char *list_slices(struct cn_pool *pool, const struct cn_slice_values *slices,
                               size_t most)
{
    struct cn_strbuf text = {0};
    if (!slices->numbers && !slices->texts)
        return cn_pool_printf(pool, "indices 0 to %zu, as it has no coordinate", slices->count - 1);
    for (size_t i = 0; i < slices->count && i < most; i++) {
        cn_strbuf_add(&text, "%s", i ? ", " : "");
        add_slice(&text, slices, i);
    }
    if (slices->count > most)
        cn_strbuf_add(&text, " and %zu more", slices->count - most);
    add_slice_units(&text, slices);
    return cn_strbuf_to_pool(&text, pool);
}

/* Whether a config can have the name, as libconfig reads it. */
static bool is_config_name(const char *name)
{
    size_t length = 0;
    while (isalpha((unsigned char)name[length]) || name[length] == '*' ||
           (length && name[length] &&
            (isdigit((unsigned char)name[length]) || name[length] == '_' || name[length] == '-')))
        length++;
    return length && !name[length] && strcasecmp(name, "true") != 0 &&
           strcasecmp(name, "false") != 0;
}

/* The entry of input.select for the first value that it can choose: "plev = 85000"; "": none. */
static const char *propose_entry(struct cn_pool *pool, const struct cn_slice_values *slices)
{
    struct cn_strbuf text = {0};
    size_t i = 0;
    const bool is_all = strcmp(slices->dim, "expver") == 0; /* ERA5: final months, then others */
    while (!is_all && i < slices->count && i < MOST_PROPOSED && !cn_slice_may_be_chosen(slices, i))
        i++;
    if (i == slices->count || i == MOST_PROPOSED || !is_config_name(slices->dim))
        return "";
    cn_strbuf_add(&text, "%s = ", slices->dim);
    if (is_all)
        cn_strbuf_add(&text, "\"all\"");
    else
        add_slice(&text, slices, i);
    return cn_strbuf_to_pool(&text, pool);
}

/* What is read: "85000 Pa", "\"r1i1p1f1\"", "index 3". */
static const char *describe_slice(struct cn_pool *pool, const struct cn_slice_values *slices,
                                  size_t i)
{
    struct cn_strbuf text = {0};
    if (!slices->numbers && !slices->texts)
        cn_strbuf_add(&text, "index ");
    add_slice(&text, slices, i);
    add_slice_units(&text, slices);
    return cn_strbuf_to_pool(&text, pool);
}

const char *cn_select_entries(struct cn_pool *pool, const struct cn_file *file)
{
    struct cn_strbuf text = {0};
    for (size_t k = 0; k < file->other_dim_count; k++)
        if (file->other_dims[k].length > 1 && *file->other_dims[k].entry)
            cn_strbuf_add(&text, "%s%s;", text.length ? " " : "", file->other_dims[k].entry);
    return text.length ? cn_strbuf_to_pool(&text, pool) : "";
}

/* --- finding a value --- */

/* The number that is nearest to the one that is wanted, but `skip`; count: there is none. */
static size_t find_nearest(const struct cn_slice_values *slices, double wanted, size_t skip)
{
    size_t best = slices->count;
    for (size_t i = 0; i < slices->count; i++)
        if (i != skip && isfinite(slices->numbers[i]) &&
            (best == slices->count ||
             fabs(slices->numbers[i] - wanted) < fabs(slices->numbers[best] - wanted)))
            best = i;
    return best;
}

/* One of the numbers at least is finite. */
static enum cn_status fail_number(struct cn_pool *pool, const struct cn_slice_values *slices,
                                  const struct cn_slice_choice *choice, struct cn_error *error)
{
    const size_t first = find_nearest(slices, choice->number, slices->count);
    const size_t second = find_nearest(slices, choice->number, first);
    struct cn_strbuf near = {0};
    if (slices->count == 1)
        cn_strbuf_add(&near, "its only value is ");
    else
        cn_strbuf_add(&near, "the nearest of its %zu values %s ", slices->count,
                      second < slices->count ? "are" : "is");
    add_slice(&near, slices, first);
    if (second < slices->count) {
        cn_strbuf_add(&near, " and ");
        add_slice(&near, slices, second);
    }
    add_slice_units(&near, slices);
    const char *text = cn_strbuf_to_pool(&near, pool);
    return text ? cn_fail(error, CN_BAD_INPUT, "%s has %s = %s, which the file does not have; %s",
                          choice->origin, slices->dim, choice->text, text)
                : cn_fail_memory(error, "a message");
}

/* Says which texts there are, and which is meant. */
static enum cn_status fail_text(struct cn_pool *pool, const struct cn_slice_values *slices,
                                const struct cn_slice_choice *choice, struct cn_error *error)
{
    struct cn_suggestion suggestion = {.word = choice->text};
    char hint[CN_SUGGESTION_BYTES];
    for (size_t i = 0; slices->texts && i < slices->count; i++)
        cn_suggest(&suggestion, slices->texts[i]);
    const char *listed = list_slices(pool, slices, MOST_LISTED);
    return listed
               ? cn_fail(error, CN_BAD_INPUT, "%s has %s = \"%.*s\", which %s%s; its values are %s",
                         choice->origin, slices->dim, MOST_SHOWN_BYTES, choice->text,
                         slices->texts ? "the file does not have" : "is no number",
                         cn_suggestion_text(&suggestion, hint), listed)
               : cn_fail_memory(error, "a message");
}

/* The text that is chosen; count: none. A number chooses "0005", too. */
static size_t find_text(const struct cn_slice_values *slices, const struct cn_slice_choice *choice)
{
    const size_t length = cn_slice_text_bytes(choice->text, CN_SELECT_BYTES);
    for (size_t i = 0; i < slices->count; i++)
        if (strlen(slices->texts[i]) == length &&
            memcmp(slices->texts[i], choice->text, length) == 0)
            return i;
    for (size_t i = 0; i < slices->count && !choice->is_text; i++) {
        char *end;
        const double number = strtod(slices->texts[i], &end);
        if (end != slices->texts[i] && !*end && number == choice->number)
            return i;
    }
    return slices->count;
}

static enum cn_status find_index(const struct cn_slice_values *slices,
                                 const struct cn_slice_choice *choice, size_t *index,
                                 struct cn_error *error)
{
    const double wanted = choice->number;
    if (wanted >= 0 && wanted < (double)slices->count && wanted == trunc(wanted)) {
        *index = (size_t)wanted;
        return CN_OK;
    }
    return cn_fail(error, CN_BAD_INPUT,
                   "%s has %s = %.*s, which is no index from 0 to %zu; the dimension has no "
                   "coordinate, so its indices are counted from 0",
                   choice->origin, slices->dim, MOST_SHOWN_BYTES, choice->text, slices->count - 1);
}

/* Finds what is chosen along a dimension. */
static enum cn_status find_slice(struct cn_pool *pool, const struct cn_slice_values *slices,
                                 const struct cn_slice_choice *choice, size_t *index,
                                 struct cn_error *error)
{
    const double wanted = choice->number;
    if (!slices->texts && !slices->numbers)
        return find_index(slices, choice, index, error);
    if (slices->texts ? (*index = find_text(slices, choice)) == slices->count : !isfinite(wanted))
        return fail_text(pool, slices, choice, error);
    if (slices->numbers) {
        *index = find_nearest(slices, wanted, slices->count);
        if (*index == slices->count ||
            !(fabs(slices->numbers[*index] - wanted) <=
              TOLERANCE * fmax(fabs(slices->numbers[*index]), fabs(wanted))))
            return fail_number(pool, slices, choice, error);
    }
    const size_t twin = cn_slice_twin(slices, *index);
    return twin == slices->count
               ? CN_OK
               : cn_fail(error, CN_BAD_INPUT,
                         "%s has %s = %.*s, which its coordinate has twice, at index %zu and "
                         "%zu; make the values of %s different",
                         choice->origin, slices->dim, MOST_SHOWN_BYTES, choice->text, *index, twin,
                         slices->dim);
}

/* --- all dimensions of a variable --- */

/* Choice i of a file: first those of its dataset, then those of all files; NULL: there is none. */
static const struct cn_slice_choice *choice_at(const struct cn_file_rules *rules,
                                               const struct cn_file *file, size_t i)
{
    const size_t own = file->dataset ? file->dataset->select_count : 0;
    if (i < own)
        return &file->dataset->select[i];
    return i - own < rules->choice_count ? &rules->choices[i - own] : NULL;
}

static const struct cn_slice_choice *find_choice(const struct cn_file_rules *rules,
                                                 const struct cn_file *file, const char *dim)
{
    size_t i = 0;
    const struct cn_slice_choice *choice;
    while ((choice = choice_at(rules, file, i)) && strcmp(choice->dim, dim) != 0)
        i++;
    return choice;
}

/* Whether a choice is needed and not there. */
static bool is_unchosen(const struct cn_other_dim *dim)
{
    return dim->length > 1 && !*dim->read;
}

static bool has_other_dim(const struct cn_file *file, const char *name)
{
    for (size_t k = 0; k < file->other_dim_count; k++)
        if (strcmp(file->other_dims[k].name, name) == 0)
            return true;
    return false;
}

/* Adds which dimension without a choice the name of a choice may mean. */
static void add_likely_name(struct cn_strbuf *text, const struct cn_slice_choice *choice,
                            const struct cn_file *file)
{
    const char *name = choice->dim;
    struct cn_suggestion suggestion = {.word = name};
    char hint[CN_SUGGESTION_BYTES];
    for (size_t k = 0; k < file->other_dim_count && !has_other_dim(file, name); k++)
        if (is_unchosen(&file->other_dims[k]))
            cn_suggest(&suggestion, file->other_dims[k].name);
    if (*cn_suggestion_text(&suggestion, hint))
        cn_strbuf_add(text, "; %s has %.*s, which the file does not have%s", choice->origin,
                      MOST_SHOWN_BYTES, name, hint);
}

/* Says which dimensions need a choice, which values there are, and how to write it. */
static enum cn_status fail_unchosen(struct cn_pool *pool, const char *variable,
                                    const struct cn_file_rules *rules, const struct cn_file *file,
                                    struct cn_error *error)
{
    struct cn_strbuf dims = {0}, values = {0};
    const struct cn_slice_choice *choice;
    for (size_t i = 0; (choice = choice_at(rules, file, i)); i++)
        add_likely_name(&values, choice, file);
    for (size_t k = 0; k < file->other_dim_count; k++) {
        const struct cn_other_dim *dim = &file->other_dims[k];
        if (!is_unchosen(dim))
            continue;
        cn_strbuf_add(&dims, "%s%s of length %zu", dims.length ? ", " : "", dim->name, dim->length);
        cn_strbuf_add(&values, "; %s has %s", dim->name, dim->values);
    }
    const char *entries = cn_select_entries(pool, file);
    const char *dims_text = cn_strbuf_to_pool(&dims, pool);
    const char *values_text = cn_strbuf_to_pool(&values, pool);
    if (!entries || !dims_text || !values_text)
        return cn_fail_memory(error, "a message");
    return cn_fail(error, CN_BAD_INPUT,
                   "'%.*s' has other dimensions than time and those of the grid: %s; choose what "
                   "is read along them, for example with %s = { %s }%s%s",
                   MOST_SHOWN_BYTES, variable, dims_text, file->dataset ? "select" : "input.select",
                   entries, file->dataset ? " in the entry of input.datasets" : "", values_text);
}

/* Chooses along dimension d, of which name and length are known. */
static enum cn_status choose_slice(const struct cn_nc_file *nc, int dimid, const char *variable,
                                   const struct cn_file_rules *rules, struct cn_other_dim *dim,
                                   struct cn_file *file, size_t d, struct cn_error *error)
{
    struct cn_slice_values slices = {.dim = dim->name, .count = dim->length};
    struct cn_storage *storage = &file->storage;
    size_t *index = &storage->index[d];
    const struct cn_slice_choice *choice = find_choice(rules, file, dim->name);
    dim->values = dim->entry = dim->read = "";
    *index = 0;
    if (dim->length == 1 && !choice)
        return CN_OK;
    if (dim->length == 0 || dim->length > CN_MAX_POINTS)
        return cn_fail(error, CN_BAD_INPUT,
                       "dimension %s of '%.*s' has length %zu, expected 1 to %d", dim->name,
                       MOST_SHOWN_BYTES, variable, dim->length, CN_MAX_POINTS);
    enum cn_status status = cn_slice_values_read(nc, dimid, &slices, error);
    if (status)
        return status;
    if (choice && choice->is_all && dim->length > 1) {
        if (storage->slice_count) {
            file->is_sound = true;
            return cn_fail(
                error, CN_BAD_INPUT,
                "%s has \"all\" for %s, the second dimension of '%.*s' with it; select a "
                "value of one",
                choice->origin, dim->name, MOST_SHOWN_BYTES, variable);
        }
        storage->slice_dim = d;
        storage->slice_count = dim->length;
    } else if (choice && !choice->is_all) {
        status = find_slice(nc->pool, &slices, choice, index, error);
        file->is_sound = status;
    }
    if (status)
        return status;
    dim->values = list_slices(nc->pool, &slices, rules->lists_all ? SIZE_MAX : MOST_LISTED);
    dim->entry = propose_entry(nc->pool, &slices);
    if (choice)
        dim->read = choice->is_all ? cn_pool_printf(nc->pool, "all %zu slices", dim->length)
                                   : describe_slice(nc->pool, &slices, *index);
    if (!dim->values || !dim->entry || !dim->read)
        return cn_fail_memory(error, "a file's metadata");
    if (choice || *dim->entry)
        return CN_OK;
    return is_config_name(dim->name)
               ? cn_fail(error, CN_BAD_INPUT,
                         "dimension %s of '%.*s' has length %zu, and no value of its coordinate "
                         "can be chosen: its values are %s; make them different, or remove the "
                         "coordinate",
                         dim->name, MOST_SHOWN_BYTES, variable, dim->length, dim->values)
               : cn_fail(error, CN_BAD_INPUT,
                         "dimension '%s' of '%.*s' has length %zu, and input.select cannot have "
                         "this name; rename the dimension and its coordinate, with ncrename",
                         dim->name, MOST_SHOWN_BYTES, variable, dim->length);
}

static enum cn_status name_dim(const struct cn_nc_file *nc, int dimid, const char **copy,
                               struct cn_error *error)
{
    char name[NC_MAX_NAME + 1];
    const int code = nc_inq_dimname(nc->ncid, dimid, name);
    if (code != NC_NOERR)
        return cn_fail_netcdf(error, "a dimension cannot be read", code);
    *copy = cn_pool_strdup(nc->pool, name);
    return *copy ? CN_OK : cn_fail_memory(error, "a file's metadata");
}

/* Refuses a choice along time or a dimension of the grid. */
static enum cn_status check_axis_dim(const struct cn_file_rules *rules, struct cn_file *file,
                                     const char *name, bool is_time, struct cn_error *error)
{
    const struct cn_slice_choice *choice = find_choice(rules, file, name);
    file->is_sound = choice != NULL;
    if (!choice)
        return CN_OK;
    return cn_fail(error, CN_BAD_INPUT, "%s has %s, which is %s; remove it: %s", choice->origin,
                   name, is_time ? "the dimension of time" : "a dimension of the grid",
                   is_time ? "normals.targets chooses years" : "regions choose cells");
}

enum cn_status cn_slices_choose(const struct cn_nc_file *nc, const int *dimids,
                                const char *variable, const struct cn_file_rules *rules,
                                struct cn_file *file, struct cn_error *error)
{
    struct cn_storage *storage = &file->storage;
    struct cn_other_dim *dims = cn_pool_alloc(nc->pool, storage->rank, sizeof *dims);
    enum cn_status status = dims ? CN_OK : cn_fail_memory(error, "a file's metadata");
    file->other_dims = dims;
    file->other_dim_count = 0;
    for (size_t d = 0; d < storage->rank && !status; d++) {
        struct cn_other_dim *dim = &dims[file->other_dim_count];
        status = name_dim(nc, dimids[d], &dim->name, error);
        if (status)
            break;
        if (!cn_storage_is_other(storage, d)) {
            status = check_axis_dim(rules, file, dim->name, d == storage->time_dim, error);
            continue;
        }
        dim->length = storage->shape[d];
        file->other_dim_count++;
        status = choose_slice(nc, dimids[d], variable, rules, dim, file, d, error);
    }
    for (size_t k = 0; k < file->other_dim_count && !status && !rules->takes_first; k++)
        if (is_unchosen(&dims[k])) {
            file->is_sound = true;
            return fail_unchosen(nc->pool, variable, rules, file, error);
        }
    return status;
}

/* Choices of dimensions that no file has. */
struct unused_choices {
    size_t count;
    const struct cn_slice_choice *example; /* one that is nearly right, if there is one */
    char hint[CN_SUGGESTION_BYTES];        /* what it may mean; "": nothing */
};

/* Counts a choice that no file uses. dataset NULL: the choice is for all files. */
static void note_unused(const struct cn_catalog *catalog, const struct cn_dataset *dataset,
                        const struct cn_slice_choice *choice, struct unused_choices *unused)
{
    struct cn_suggestion suggestion = {.word = choice->dim};
    char hint[CN_SUGGESTION_BYTES];
    size_t usable = 0, having = 0;
    for (size_t f = 0; f < catalog->file_count; f++) {
        const struct cn_file *file = &catalog->files[f];
        if (!file->usable || (dataset && file->dataset != dataset))
            continue;
        usable++;
        having += has_other_dim(file, choice->dim);
        for (size_t k = 0; k < file->other_dim_count; k++)
            cn_suggest(&suggestion, file->other_dims[k].name);
    }
    if (!usable || having)
        return;
    cn_suggestion_text(&suggestion, hint);
    if (unused->count++ && (!*hint || *unused->hint))
        return;
    unused->example = choice;
    memcpy(unused->hint, hint, sizeof hint);
}

void cn_warn_unused_choices(const struct cn_config *config, struct cn_catalog *catalog)
{
    struct unused_choices unused = {0};
    for (size_t i = 0; i < config->input.select_count; i++)
        note_unused(catalog, NULL, &config->input.select[i], &unused);
    for (size_t d = 0; d < config->input.dataset_count; d++) {
        const struct cn_dataset *dataset = &config->input.datasets[d];
        for (size_t i = 0; i < dataset->select_count; i++)
            note_unused(catalog, dataset, &dataset->select[i], &unused);
    }
    if (unused.count == 1)
        cn_problems_add(&catalog->problems, CN_WARNING,
                        "%s: no file that can be used has a dimension %s%s", unused.example->origin,
                        unused.example->dim, unused.hint);
    else if (unused.count)
        cn_problems_add(&catalog->problems, CN_WARNING,
                        "%s: %zu names are no dimensions of files that can be used, such as %s%s",
                        unused.example->origin, unused.count, unused.example->dim, unused.hint);
}
