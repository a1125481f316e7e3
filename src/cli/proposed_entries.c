/*
 * Looks into samples of each kind of files: into one file of each variable at least, and into as
 * many as can be inspected at once.
 */
#include "cli/proposed_entries.h"

#include "base/error.h"
#include "base/utf8.h"
#include "catalog/consistency.h"
#include "catalog/inspect_file.h"
#include "catalog/time_axis.h"
#include "cli/path_words.h"
#include "cli/selection.h"

#include <string.h>

/* Of all variables together, but at least two files of each, and these again with one choice. */
enum { MOST_INSPECTIONS = 512 };

struct entry_search {
    struct cn_pool *pool;
    const struct cn_name_kinds *kinds;
    const struct cn_resources *resources;
    struct cn_proposed_entries *entries;
    size_t inspections_left;
};

static bool is_own_name_taken(const struct entry_search *search, const char *own)
{
    bool is_taken = false;
    for (size_t i = 0; i < search->entries->count; i++)
        is_taken |= strcmp(search->entries->items[i].own, own) == 0;
    return is_taken;
}

/* The name for the config of a variable; no two variables have one. NULL: out of memory. */
static const char *own_name_of(const struct entry_search *search, const char *in_file)
{
    char plain[CN_MAX_NAME_BYTES - 4]; /* so that a number has room */
    for (size_t i = 0; i < search->entries->count; i++)
        if (strcmp(search->entries->items[i].in_file, in_file) == 0)
            return search->entries->items[i].own;
    cn_own_name(in_file, plain, sizeof plain);
    const char *own = cn_pool_strdup(search->pool, plain);
    for (int number = 2; own && is_own_name_taken(search, own); number++)
        own = cn_pool_printf(search->pool, "%s_%d", plain, number);
    return own;
}

/* Whether a list of names with slashes between them has a name. */
static bool holds_variable(const char *names, const char *name)
{
    const size_t length = strlen(name);
    while (*names) {
        const size_t own = strcspn(names, "/");
        if (own == length && memcmp(names, name, length) == 0)
            return true;
        names += own + (names[own] == '/');
    }
    return false;
}

static const struct cn_held_variables *held_of(const struct entry_search *search, size_t kind)
{
    return &search->entries->held[kind * CN_MOST_SAMPLES];
}

/* Adds an entry for a variable. False: out of memory. */
static bool add_proposed_entry(struct entry_search *search, size_t kind, const char *name)
{
    if (!cn_is_printable_text(name) || strlen(name) > CN_MAX_VARIABLE_BYTES) {
        search->entries->odd_count++;
        return true;
    }
    if (search->entries->count == CN_MOST_ENTRIES) {
        search->entries->left_out_count++;
        return true;
    }
    const char *own = own_name_of(search, name);
    search->entries->items[search->entries->count++] = (struct cn_proposed_entry){
        .kind = &search->kinds->kinds[kind], .in_file = name, .own = own, .select = ""};
    return own;
}

/* Adds an entry for each variable of a sample that no sample before it has. False: out of memory.
 */
static bool add_sample_entries(struct entry_search *search, size_t kind, size_t sample)
{
    const struct cn_held_variables *held = held_of(search, kind);
    char *name = cn_pool_strdup(search->pool, held[sample].names);
    bool is_done = name;
    for (char *rest; is_done && *name; name = rest) {
        size_t before = 0;
        rest = name + strcspn(name, "/");
        if (*rest)
            *rest++ = '\0';
        while (before < sample && !holds_variable(held[before].names, name))
            before++;
        is_done = before < sample || add_proposed_entry(search, kind, name);
    }
    return is_done;
}

/* Makes an entry of each variable of each kind. False: out of memory. */
static bool make_entries(struct entry_search *search)
{
    search->entries->items =
        cn_pool_alloc(search->pool, CN_MOST_ENTRIES, sizeof *search->entries->items);
    bool is_done = search->entries->items;
    for (size_t k = 0; k < search->kinds->count; k++)
        for (size_t s = 0; s < search->kinds->kinds[k].sample_count && is_done; s++)
            is_done = add_sample_entries(search, k, s);
    return is_done;
}

/* Chooses the samples of an entry: those that hold it, and those that cannot be read. */
static void list_samples(struct entry_search *search, struct cn_proposed_entry *entry)
{
    struct cn_proposed_entries *entries = search->entries;
    const size_t share = MOST_INSPECTIONS / 2 / entries->count, most = share < 2 ? 2 : share;
    const struct cn_held_variables *held =
        held_of(search, (size_t)(entry->kind - search->kinds->kinds));
    entry->files = &entries->files[entries->file_count];
    for (size_t s = 0; s < entry->kind->sample_count; s++) {
        const struct cn_sample_file *sample = &entry->kind->samples[s];
        if (!held[s].failure && !holds_variable(held[s].names, entry->in_file))
            entry->lacking = entry->lacking ? entry->lacking : sample;
        else if (cn_is_spread(s, entry->kind->sample_count, most) || !entry->file_count)
            entry->files[entry->file_count++] =
                (struct cn_file){.path = sample->path, .variable = entry->in_file};
    }
    entries->file_count += entry->file_count;
}

static bool list_all_samples(struct entry_search *search)
{
    struct cn_proposed_entries *entries = search->entries;
    entries->files =
        cn_pool_alloc(search->pool, entries->count * CN_MOST_SAMPLES, sizeof *entries->files);
    for (size_t i = 0; i < entries->count && entries->files; i++)
        list_samples(search, &entries->items[i]);
    return entries->files;
}

/* Finds what is read along other dimensions, and what samples of an entry do not have in common. */
static enum cn_status compare_samples(struct entry_search *search, struct cn_proposed_entry *entry,
                                      struct cn_error *error)
{
    struct cn_variable variable = {.label = entry->in_file};
    const struct cn_variable_files files = {.pool = search->pool,
                                            .variable = &variable,
                                            .files = entry->files,
                                            .count = entry->file_count};
    enum cn_status status =
        cn_select_for_all(search->pool, entry->files, entry->file_count, search->resources,
                          &search->inspections_left, &entry->select, error);
    size_t usable = 0;
    for (size_t i = 0; i < entry->file_count; i++)
        usable += entry->files[i].usable;
    if (!status && usable)
        status = cn_check_consistency(&files, error);
    if (!status && variable.failure)
        cn_problems_add(&variable.problems, CN_PROBLEM, "%s", variable.failure);
    entry->problems = variable.problems;
    for (size_t i = entry->file_count; i-- > 0;)
        entry->usable = entry->files[i].usable ? &entry->files[i] : entry->usable;
    return status;
}

static enum cn_status list_held(const struct entry_search *search, struct cn_error *error)
{
    struct cn_held_variables *held =
        cn_pool_alloc(search->pool, search->kinds->count * CN_MOST_SAMPLES, sizeof *held);
    struct cn_held_variables *packed =
        cn_pool_alloc(search->pool, search->kinds->count * CN_MOST_SAMPLES, sizeof *packed);
    size_t count = 0;
    if (!held || !packed)
        return cn_fail_memory(error, "the variables of files");
    for (size_t k = 0; k < search->kinds->count; k++)
        for (size_t s = 0; s < search->kinds->kinds[k].sample_count; s++)
            packed[count++].path = search->kinds->kinds[k].samples[s].path;
    const enum cn_status status =
        cn_variables_list(search->pool, packed, count, search->resources, error);
    count = 0;
    for (size_t k = 0; k < search->kinds->count && !status; k++)
        for (size_t s = 0; s < search->kinds->kinds[k].sample_count; s++)
            held[k * CN_MOST_SAMPLES + s] = packed[count++];
    search->entries->held = held;
    return status;
}

enum cn_status cn_proposed_entries_find(struct cn_pool *pool, const struct cn_name_kinds *kinds,
                                        const struct cn_resources *resources,
                                        struct cn_proposed_entries *entries, struct cn_error *error)
{
    struct entry_search search = {pool, kinds, resources, entries, MOST_INSPECTIONS};
    const struct cn_file_rules rules = {.stamps = CN_STAMPS_AUTO, .takes_first = true};
    if (!kinds->count)
        return CN_OK;
    enum cn_status status = list_held(&search, error);
    if (!status && !(make_entries(&search) && list_all_samples(&search)))
        status = cn_fail_memory(error, "a config");
    if (!status)
        status = cn_files_inspect(pool, entries->files, entries->file_count, &rules, resources,
                                  NULL, error);
    search.inspections_left -=
        entries->file_count < MOST_INSPECTIONS ? entries->file_count : MOST_INSPECTIONS;
    for (size_t i = 0; i < entries->count && !status; i++)
        status = compare_samples(&search, &entries->items[i], error);
    return status;
}

void cn_proposed_entries_free(struct cn_proposed_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        cn_problems_free(&entries->items[i].problems);
    cn_files_free(entries->files, entries->file_count);
}
