/*
 * climnorm inspect FOLDER: groups the names that the name rule does not take, looks into some files
 * of each kind, and writes a config for them.
 */
#include "cli/propose.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/name_kinds.h"
#include "cli/path_words.h"
#include "cli/proposed_entries.h"
#include "config/builder.h"
#include "config/write.h"
#include "grid/region.h"
#include "guard/fault.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct proposal {
    struct cn_pool *pool;
    const char *folder; /* absolute */
    struct cn_name_kinds found;
    struct cn_proposed_entries entries;
    struct cn_strbuf text;
};

static void add_entry_text(struct proposal *proposal, const struct cn_proposed_entry *entry)
{
    struct cn_strbuf *text = &proposal->text;
    char scenario[CN_SCENARIO_BYTES];
    cn_strbuf_add(text, "    { files = ");
    cn_config_quote(text, entry->kind->pattern);
    cn_strbuf_add(text, "; variable = \"%s\"; in_file = ", entry->own);
    cn_config_quote(text, entry->in_file);
    if (cn_path_scenario(entry->kind->samples[0].below, scenario)[0])
        cn_strbuf_add(text, "; experiment = \"%s\"", scenario);
    if (*entry->select)
        cn_strbuf_add(text, "; select = { %s }", entry->select);
    cn_strbuf_add(text, "; }");
}

/* "3 files" */
static void add_file_count(struct cn_strbuf *text, size_t count)
{
    cn_strbuf_add(text, "%zu file%s", count, count == 1 ? "" : "s");
}

/* Adds words that may hold what a terminal should not get. */
static void add_printable(struct cn_strbuf *text, const char *words)
{
    char *shown = strdup(words);
    text->failed |= !shown;
    if (shown)
        cn_make_printable(shown);
    cn_strbuf_add(text, "%s", shown ? shown : "");
    free(shown);
}

/* Adds a comment about variables of a kind, or about all of it. */
static void add_left_out(struct proposal *proposal, const struct cn_name_kind *kind,
                         const char *variables, const char *reason)
{
    struct cn_strbuf *text = &proposal->text;
    cn_strbuf_add(text, "# Left out: %s%s", variables, *variables ? " of " : "");
    add_file_count(text, kind->files);
    cn_strbuf_add(text, " such as %s: ", kind->samples[0].below);
    add_printable(text, reason);
    cn_strbuf_add(text, "\n");
}

/* Why a file cannot be used for a variable, without its path. */
static const char *reason_of(const struct cn_file *file)
{
    const size_t length = strlen(file->path);
    return strncmp(file->failure, file->path, length) == 0 ? file->failure + length + 2
                                                           : file->failure;
}

static bool is_of_same_reason(const struct cn_proposed_entry *a, const struct cn_proposed_entry *b)
{
    return a->kind == b->kind && !b->usable &&
           strcmp(reason_of(&a->files[0]), reason_of(&b->files[0])) == 0;
}

/* Adds a comment for each kind of files and reason. */
static void add_unusable(struct proposal *proposal)
{
    const struct cn_proposed_entry *entries = proposal->entries.items;
    for (size_t i = 0; i < proposal->entries.count; i++) {
        struct cn_strbuf names = {0};
        bool is_told = entries[i].usable;
        for (size_t k = 0; k < proposal->entries.count && !is_told; k++) {
            if (!is_of_same_reason(&entries[i], &entries[k]))
                continue;
            is_told |= k < i;
            cn_strbuf_add(&names, "%s%s", names.length ? ", " : "", entries[k].in_file);
        }
        if (!is_told)
            add_left_out(proposal, entries[i].kind, cn_strbuf_text(&names),
                         reason_of(&entries[i].files[0]));
        cn_strbuf_free(&names);
    }
}

/* Whether all proposed variables have cells in a region. */
static bool is_region_of_all(struct proposal *proposal, const struct cn_region *region)
{
    bool is_of_all = true;
    for (size_t i = 0; i < proposal->entries.count && is_of_all; i++) {
        struct cn_region_cells cells;
        const struct cn_file *file = proposal->entries.items[i].usable;
        const enum cn_status status =
            file ? cn_region_cells(proposal->pool, &file->grid, region, &cells, NULL) : CN_OK;
        proposal->text.failed |= status == CN_BAD_MACHINE;
        is_of_all = status == CN_OK;
    }
    return is_of_all;
}

/* Adds the built-in regions that hold cells; where there is none, the whole grid. */
static void add_proposed_regions(struct proposal *proposal)
{
    size_t count = 0;
    cn_strbuf_add(&proposal->text, "regions = [");
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++)
        if (region->global ? !count : is_region_of_all(proposal, region))
            cn_strbuf_add(&proposal->text, "%s \"%s\"", count++ ? "," : "", region->name);
    cn_strbuf_add(&proposal->text, " ];\n");
}

/* How many years the files of an entry seem to hold. */
static size_t years_held(const struct cn_proposed_entry *entry)
{
    enum { DAYS = 360 }; /* of the shortest year */
    size_t days = 0;
    for (size_t i = 0; i < entry->file_count; i++)
        if (entry->files[i].usable)
            days += (size_t)(entry->files[i].days[entry->files[i].time_count - 1] -
                             entry->files[i].days[0]) +
                    1;
    return entry->file_count ? days * entry->kind->files / entry->file_count / DAYS : 0;
}

/* Adds a shorter window where the files seem to hold few years. */
static void add_proposed_window(struct proposal *proposal)
{
    const char *least = cn_key_find(cn_keys, "", "normals.min_years")->default_text;
    size_t years = 0;
    for (size_t i = 0; i < proposal->entries.count; i++) {
        const size_t held = years_held(&proposal->entries.items[i]);
        years = held > years ? held : years;
    }
    if (years < strtoul(least, NULL, 10))
        cn_strbuf_add(&proposal->text,
                      "# The files seem to hold fewer years than a window of 30 needs.\n"
                      "normals: { window = %zu; };\n",
                      years ? years : 1);
}

/* Adds comments about samples that are unlike the others. */
static void add_differences(struct proposal *proposal, const struct cn_proposed_entry *entry)
{
    struct cn_strbuf *text = &proposal->text;
    if (entry->lacking)
        cn_strbuf_add(text, "    # %s is not in %s.\n", entry->in_file, entry->lacking->below);
    for (size_t i = 0; i < entry->file_count; i++)
        if (!entry->files[i].usable) {
            cn_strbuf_add(text, "    # %s cannot be read from ", entry->in_file);
            add_printable(text, entry->files[i].failure);
            cn_strbuf_add(text, "\n");
        }
    for (size_t i = 0; i < entry->problems.count; i++) {
        cn_strbuf_add(text, "    # ");
        add_printable(text, entry->problems.items[i].text);
        cn_strbuf_add(text, "\n");
    }
}

/* Adds the entries, by kinds with a comment each. Returns how many. */
static size_t add_entries(struct proposal *proposal)
{
    struct cn_strbuf *text = &proposal->text;
    const struct cn_name_kind *before = NULL;
    size_t count = 0;
    for (size_t i = 0; i < proposal->entries.count; i++) {
        const struct cn_proposed_entry *entry = &proposal->entries.items[i];
        if (!entry->usable)
            continue;
        cn_strbuf_add(text, count ? ",\n" : "  datasets = (\n");
        if (!count++ || entry->kind != before) {
            cn_strbuf_add(text, "    # ");
            add_file_count(text, entry->kind->files);
            cn_strbuf_add(text, ", such as %s\n", entry->kind->samples[0].below);
        }
        before = entry->kind;
        add_differences(proposal, entry);
        add_entry_text(proposal, entry);
    }
    cn_strbuf_add(text, count ? "\n  );\n" : "");
    return count;
}

/* Adds comments about kinds of which no sample has a variable. */
static void add_empty_kinds(struct proposal *proposal)
{
    for (size_t k = 0; k < proposal->found.count; k++) {
        const struct cn_name_kind *kind = &proposal->found.kinds[k];
        const struct cn_held_variables *held = &proposal->entries.held[k * CN_MOST_SAMPLES];
        bool is_empty = true;
        for (size_t s = 0; s < kind->sample_count; s++)
            is_empty &= !held[s].names[0];
        if (is_empty)
            add_left_out(proposal, kind, "",
                         held->failure ? held->failure
                                       : "no variable has time, latitude and longitude");
    }
}

static void write_proposal(struct proposal *proposal)
{
    struct cn_strbuf *text = &proposal->text;
    const struct cn_name_kinds *found = &proposal->found;
    cn_strbuf_add(text, "# %zu file%s, %zu of them named like CMIP files.\n", found->file_count,
                  found->file_count == 1 ? "" : "s", found->named_count);
    if (found->file_count == found->named_count)
        cn_strbuf_add(text, "# climnorm config writes a config for such a folder.\n");
    else
        cn_strbuf_add(text, "# For the others this config says what they are. Change `variable` to "
                            "the name that you\n# want, such as pr or tas, and remove the entries "
                            "that you do not need.\n");
    add_empty_kinds(proposal);
    add_unusable(proposal);
    if (found->hidden_count)
        cn_strbuf_add(text, "# Left out: %zu hidden file%s\n", found->hidden_count,
                      found->hidden_count == 1 ? "" : "s");
    if (found->other_count) {
        cn_strbuf_add(text, "# Left out: ");
        add_file_count(text, found->other_count);
        cn_strbuf_add(text, " of more than %d kinds of names; inspect folders below this one\n",
                      CN_MOST_KINDS);
    }
    if (proposal->entries.left_out_count)
        cn_strbuf_add(text, "# Left out: %zu variables, as a config takes %d entries\n",
                      proposal->entries.left_out_count, CN_MOST_ENTRIES);
    if (proposal->entries.odd_count)
        cn_strbuf_add(text, "# Left out: %zu variable%s with names that a config cannot hold\n",
                      proposal->entries.odd_count, proposal->entries.odd_count == 1 ? "" : "s");
    cn_strbuf_add(text, "input: {\n  root = ");
    cn_config_quote(text, proposal->folder);
    cn_strbuf_add(text, ";\n");
    const size_t count = add_entries(proposal);
    cn_strbuf_add(text, "};\n");
    if (count) {
        add_proposed_regions(proposal);
        add_proposed_window(proposal);
    }
    cn_strbuf_add(text, "output: { root = \"normals\"; };\n");
}

/* Finds the folder. *absolute: from malloc. */
static enum cn_status resolve_folder(const char *folder, char **absolute, struct cn_error *error)
{
    *absolute = realpath(folder, NULL);
    if (*absolute && access(*absolute, R_OK | X_OK) == 0)
        return CN_OK;
    return cn_fail(error, cn_errno_status(errno, CN_BAD_INPUT), "%s: cannot be searched: %s; %s",
                   folder, strerror(errno), cn_errno_advice(errno));
}

enum cn_status cn_propose_datasets(const char *folder, const struct cn_resources *resources,
                                   struct cn_error *error)
{
    struct cn_pool *pool = cn_pool_new();
    struct proposal proposal = {.pool = pool};
    char *absolute = NULL;
    enum cn_status status = pool ? resolve_folder(folder, &absolute, error)
                                 : cn_fail_memory(error, "the names of files");
    proposal.folder = absolute;
    if (!status)
        status = cn_name_kinds_find(pool, absolute, &proposal.found, error);
    if (!status)
        status =
            cn_proposed_entries_find(pool, &proposal.found, resources, &proposal.entries, error);
    if (!status) {
        write_proposal(&proposal);
        if (proposal.text.failed)
            status = cn_fail_memory(error, "a config");
        else
            fputs(cn_strbuf_text(&proposal.text), stdout);
    }
    cn_proposed_entries_free(&proposal.entries);
    cn_strbuf_free(&proposal.text);
    free(absolute);
    cn_pool_free(pool);
    return status;
}
