/*
 * climnorm inspect FOLDER: groups the names that the name rule does not take, by patterns in which
 * years and dates are left open, and looks into one file of each.
 */
#include "cli/propose.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "catalog/inspect_file.h"
#include "catalog/list_variables.h"
#include "catalog/time_axis.h"
#include "cli/path_words.h"
#include "cli/selection.h"
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

enum { MOST_KINDS = 100, MOST_ENTRIES = 256 /* that a config takes */ };

/* Files whose paths differ in years and dates alone. */
struct name_kind {
    const char *pattern, *example; /* the path of one, below the folder */
    const char *path;              /* of the same */
    size_t files;
};

/* A variable of such files. */
struct entry {
    size_t kind;               /* its index */
    const char *in_file, *own; /* its name in files, and in the config */
};

struct proposal {
    struct cn_pool *pool;
    const char *folder; /* absolute */
    struct name_kind *kinds;
    size_t kind_count, file_count, named_count;
    bool has_days_of_year;            /* some names do */
    size_t hidden_count, other_count; /* files that are hidden, or of other kinds */
    struct entry *entries;
    struct cn_file *files; /* [entry_count]: the example, inspected for the variable */
    size_t entry_count;
    size_t most_left_out, odd_count; /* variables beyond MOST_ENTRIES; with other names */
    struct cn_strbuf text;
};

static const char *below_folder(const struct proposal *proposal, const struct cn_found_file *file)
{
    const char *below = file->path + strlen(proposal->folder);
    return below + strspn(below, "/");
}

static bool add_kind(struct proposal *proposal, const struct cn_found_file *file)
{
    const char *below = below_folder(proposal, file);
    if (*file->base == '.') {
        proposal->hidden_count++;
        return true;
    }
    const char *pattern = cn_path_pattern(proposal->pool, below, proposal->has_days_of_year);
    char *example = cn_pool_strdup(proposal->pool, below);
    if (!pattern || !example)
        return false;
    cn_make_printable(example);
    for (size_t k = 0; k < proposal->kind_count; k++)
        if (strcmp(proposal->kinds[k].pattern, pattern) == 0) {
            proposal->kinds[k].files++;
            return true;
        }
    if (proposal->kind_count == MOST_KINDS || strlen(pattern) > CN_MAX_PATH_BYTES)
        proposal->other_count++;
    else
        proposal->kinds[proposal->kind_count++] =
            (struct name_kind){pattern, example, file->path, 1};
    return true;
}

/* Tells what the search met, in front of the config. */
static void print_search_problems(struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        fprintf(stderr, "climnorm inspect: %s\n", problems->items[i].text);
    if (problems->lost)
        fprintf(stderr, "climnorm inspect: out of memory (problems)\n");
    cn_problems_free(problems);
}

static enum cn_status find_kinds(struct proposal *proposal, struct cn_error *error)
{
    struct cn_found_file *files;
    struct cn_problems problems = {0};
    static const char *const endings[] = {".nc4",  ".nc3", ".netcdf", ".cdf", ".h5",
                                          ".hdf5", ".he5", ".hdf",    ".NC",  NULL};
    const struct cn_search search = {
        .roots = &proposal->folder, .root_count = 1, .endings = endings};
    enum cn_status status = cn_find_files(proposal->pool, &search, cn_watch_or_none(NULL), &files,
                                          &proposal->file_count, &problems, error);
    print_search_problems(&problems);
    proposal->kinds = cn_pool_alloc(proposal->pool, MOST_KINDS, sizeof *proposal->kinds);
    if (!status && !proposal->kinds)
        status = cn_fail_memory(error, "the names of files");
    for (size_t i = 0; i < proposal->file_count && !status; i++)
        proposal->has_days_of_year |= cn_path_has_day_of_year(below_folder(proposal, &files[i]));
    for (size_t i = 0; i < proposal->file_count && !status; i++) {
        struct cn_name name;
        if (cn_name_parse(files[i].base, &name) && name.daily_time)
            proposal->named_count++;
        else if (!add_kind(proposal, &files[i]))
            status = cn_fail_memory(error, "the names of files");
    }
    if (!status && !proposal->file_count)
        status =
            cn_fail(error, CN_BAD_INPUT,
                    "%s: no file in this folder or below it has a name that ends in .nc, .nc4, "
                    ".cdf, .h5 or .hdf; check the path",
                    proposal->folder);
    return status;
}

static bool is_own_name_taken(const struct proposal *proposal, const char *own)
{
    bool is_taken = false;
    for (size_t i = 0; i < proposal->entry_count; i++)
        is_taken |= strcmp(proposal->entries[i].own, own) == 0;
    return is_taken;
}

/* The name for the config of a variable; no two variables have one. NULL: out of memory. */
static const char *own_name_of(const struct proposal *proposal, const char *in_file)
{
    char plain[CN_MAX_NAME_BYTES - 4]; /* so that a number has room */
    for (size_t i = 0; i < proposal->entry_count; i++)
        if (strcmp(proposal->entries[i].in_file, in_file) == 0)
            return proposal->entries[i].own;
    cn_own_name(in_file, plain, sizeof plain);
    const char *own = cn_pool_strdup(proposal->pool, plain);
    for (int number = 2; own && is_own_name_taken(proposal, own); number++)
        own = cn_pool_printf(proposal->pool, "%s_%d", plain, number);
    return own;
}

static void add_entry_text(struct proposal *proposal, const struct entry *entry)
{
    struct cn_strbuf *text = &proposal->text;
    const struct name_kind *kind = &proposal->kinds[entry->kind];
    char scenario[CN_SCENARIO_BYTES];
    cn_strbuf_add(text, "    { files = ");
    cn_config_quote(text, kind->pattern);
    cn_strbuf_add(text, "; variable = \"%s\"; in_file = ", entry->own);
    cn_config_quote(text, entry->in_file);
    if (cn_path_scenario(kind->example, scenario)[0])
        cn_strbuf_add(text, "; experiment = \"%s\"", scenario);
    cn_strbuf_add(text, "; }");
}

/* "3 files" */
static void add_file_count(struct cn_strbuf *text, size_t count)
{
    cn_strbuf_add(text, "%zu file%s", count, count == 1 ? "" : "s");
}

/* Adds a comment about variables of a kind, or about all of it. */
static void add_left_out(struct proposal *proposal, const struct name_kind *kind,
                         const char *variables, const char *reason)
{
    char *shown = cn_pool_strdup(proposal->pool, reason);
    proposal->text.failed |= !shown;
    if (!shown)
        return;
    cn_make_printable(shown);
    cn_strbuf_add(&proposal->text, "# Left out: %s%s", variables, *variables ? " of " : "");
    add_file_count(&proposal->text, kind->files);
    cn_strbuf_add(&proposal->text, " such as %s: %s\n", kind->example, shown);
}

/* Why the example cannot be used for a variable, without its path. */
static const char *reason_of(const struct cn_file *file)
{
    const size_t length = strlen(file->path);
    return strncmp(file->failure, file->path, length) == 0 ? file->failure + length + 2
                                                           : file->failure;
}

static bool is_of_same_reason(const struct proposal *proposal, size_t a, size_t b)
{
    return proposal->entries[a].kind == proposal->entries[b].kind && !proposal->files[b].usable &&
           strcmp(reason_of(&proposal->files[a]), reason_of(&proposal->files[b])) == 0;
}

/* Adds a comment for each kind of files and reason. */
static void add_unusable(struct proposal *proposal)
{
    for (size_t i = 0; i < proposal->entry_count; i++) {
        struct cn_strbuf names = {0};
        bool is_told = proposal->files[i].usable;
        for (size_t k = 0; k < proposal->entry_count && !is_told; k++) {
            if (!is_of_same_reason(proposal, i, k))
                continue;
            is_told |= k < i;
            cn_strbuf_add(&names, "%s%s", names.length ? ", " : "", proposal->entries[k].in_file);
        }
        if (!is_told)
            add_left_out(proposal, &proposal->kinds[proposal->entries[i].kind],
                         cn_strbuf_text(&names), reason_of(&proposal->files[i]));
        cn_strbuf_free(&names);
    }
}

/* Whether all proposed variables have cells in a region. */
static bool is_region_of_all(struct proposal *proposal, const struct cn_region *region)
{
    bool is_of_all = true;
    for (size_t i = 0; i < proposal->entry_count && is_of_all; i++) {
        struct cn_region_cells cells;
        const enum cn_status status =
            proposal->files[i].usable
                ? cn_region_cells(proposal->pool, &proposal->files[i].grid, region, &cells, NULL)
                : CN_OK;
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

/* Adds a shorter window where the files seem to hold few years. */
static void add_proposed_window(struct proposal *proposal)
{
    enum { DAYS = 360 }; /* of the shortest year */
    const char *least = cn_key_find(cn_keys, "", "normals.min_years")->default_text;
    size_t years = 0;
    for (size_t i = 0; i < proposal->entry_count; i++)
        if (proposal->files[i].usable) {
            const struct cn_file *file = &proposal->files[i];
            const size_t days = (size_t)(file->days[file->time_count - 1] - file->days[0]) + 1;
            const size_t held = days * proposal->kinds[proposal->entries[i].kind].files / DAYS;
            years = held > years ? held : years;
        }
    if (years < strtoul(least, NULL, 10))
        cn_strbuf_add(&proposal->text,
                      "# The files seem to hold fewer years than a window of 30 needs.\n"
                      "normals: { window = %zu; };\n",
                      years ? years : 1);
}

/* Adds what is read along other dimensions. */
static void add_select(struct proposal *proposal)
{
    const struct cn_other_dim *dims[CN_MAX_DIMS];
    const size_t count = cn_dims_to_select(proposal->files, proposal->entry_count, dims);
    for (size_t i = 0; i < count; i++)
        cn_strbuf_add(&proposal->text, i ? "; %s" : "  select = { %s", dims[i]->entry);
    if (count)
        cn_strbuf_add(&proposal->text, "; }; # or others: climnorm inspect FILE\n");
}

/* Adds the entries, by kinds with a comment each. Returns how many. */
static size_t add_entries(struct proposal *proposal)
{
    struct cn_strbuf *text = &proposal->text;
    size_t count = 0, before = SIZE_MAX;
    for (size_t i = 0; i < proposal->entry_count; i++) {
        const struct entry *entry = &proposal->entries[i];
        if (!proposal->files[i].usable)
            continue;
        cn_strbuf_add(text, count++ ? ",\n" : "  datasets = (\n");
        if (entry->kind != before) {
            cn_strbuf_add(text, "    # ");
            add_file_count(text, proposal->kinds[entry->kind].files);
            cn_strbuf_add(text, ", such as %s\n", proposal->kinds[entry->kind].example);
        }
        before = entry->kind;
        add_entry_text(proposal, entry);
    }
    cn_strbuf_add(text, count ? "\n  );\n" : "");
    return count;
}

static void write_proposal(struct proposal *proposal, const struct cn_held_variables *held)
{
    struct cn_strbuf *text = &proposal->text;
    cn_strbuf_add(text, "# %zu file%s, %zu of them named like CMIP files.\n", proposal->file_count,
                  proposal->file_count == 1 ? "" : "s", proposal->named_count);
    if (proposal->file_count == proposal->named_count)
        cn_strbuf_add(text, "# climnorm config writes a config for such a folder.\n");
    else
        cn_strbuf_add(text, "# For the others this config says what they are. Change `variable` to "
                            "the name that you\n# want, such as pr or tas, and remove the entries "
                            "that you do not need.\n");
    for (size_t k = 0; k < proposal->kind_count; k++)
        if (!held[k].names[0])
            add_left_out(proposal, &proposal->kinds[k], "",
                         held[k].failure ? held[k].failure
                                         : "no variable has time, latitude and longitude");
    add_unusable(proposal);
    if (proposal->hidden_count)
        cn_strbuf_add(text, "# Left out: %zu hidden file%s\n", proposal->hidden_count,
                      proposal->hidden_count == 1 ? "" : "s");
    if (proposal->other_count) {
        cn_strbuf_add(text, "# Left out: ");
        add_file_count(text, proposal->other_count);
        cn_strbuf_add(text, " of more than %d kinds of names; inspect folders below this one\n",
                      MOST_KINDS);
    }
    if (proposal->most_left_out)
        cn_strbuf_add(text, "# Left out: %zu variables, as a config takes %d entries\n",
                      proposal->most_left_out, MOST_ENTRIES);
    if (proposal->odd_count)
        cn_strbuf_add(text, "# Left out: %zu variable%s with names that a config cannot hold\n",
                      proposal->odd_count, proposal->odd_count == 1 ? "" : "s");
    cn_strbuf_add(text, "input: {\n  root = ");
    cn_config_quote(text, proposal->folder);
    cn_strbuf_add(text, ";\n");
    add_select(proposal);
    const size_t count = add_entries(proposal);
    cn_strbuf_add(text, "};\n");
    if (count) {
        add_proposed_regions(proposal);
        add_proposed_window(proposal);
    }
    cn_strbuf_add(text, "output: { root = \"normals\"; };\n");
}

/* Makes an entry of each variable of each kind. False: out of memory. */
static bool make_entries(struct proposal *proposal, const struct cn_held_variables *held)
{
    proposal->entries = cn_pool_alloc(proposal->pool, MOST_ENTRIES, sizeof *proposal->entries);
    proposal->files = cn_pool_alloc(proposal->pool, MOST_ENTRIES, sizeof *proposal->files);
    bool is_done = proposal->entries && proposal->files;
    for (size_t k = 0; k < proposal->kind_count && is_done; k++) {
        char *name = cn_pool_strdup(proposal->pool, held[k].names), *rest;
        is_done = name != NULL;
        for (; name && *name && is_done; name = rest) {
            rest = name + strcspn(name, "/");
            if (*rest)
                *rest++ = '\0';
            if (!cn_is_printable_text(name) || strlen(name) > CN_MAX_VARIABLE_BYTES) {
                proposal->odd_count++;
                continue;
            }
            if (proposal->entry_count == MOST_ENTRIES) {
                proposal->most_left_out++;
                continue;
            }
            const char *own = own_name_of(proposal, name);
            is_done = own != NULL;
            proposal->files[proposal->entry_count] =
                (struct cn_file){.path = proposal->kinds[k].path, .variable = name};
            proposal->entries[proposal->entry_count++] = (struct entry){k, name, own};
        }
    }
    return is_done;
}

/* Finds the variables of an example of each kind, and inspects each. */
static enum cn_status find_entries(struct proposal *proposal, struct cn_held_variables *held,
                                   const struct cn_resources *resources, struct cn_error *error)
{
    const struct cn_file_rules rules = {.stamps = CN_STAMPS_AUTO, .takes_first = true};
    for (size_t k = 0; k < proposal->kind_count; k++)
        held[k].path = proposal->kinds[k].path;
    if (!proposal->kind_count)
        return CN_OK;
    enum cn_status status =
        cn_variables_list(proposal->pool, held, proposal->kind_count, resources, error);
    if (!status && !make_entries(proposal, held))
        status = cn_fail_memory(error, "a config");
    return status ? status
                  : cn_files_inspect(proposal->pool, proposal->files, proposal->entry_count, &rules,
                                     resources, NULL, error);
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
    struct cn_held_variables *held = NULL;
    char *absolute = NULL;
    enum cn_status status = pool ? resolve_folder(folder, &absolute, error)
                                 : cn_fail_memory(error, "the names of files");
    proposal.folder = absolute;
    if (!status)
        status = find_kinds(&proposal, error);
    if (!status && !(held = cn_pool_alloc(pool, proposal.kind_count + 1, sizeof *held)))
        status = cn_fail_memory(error, "the names of files");
    if (!status)
        status = find_entries(&proposal, held, resources, error);
    if (!status) {
        write_proposal(&proposal, held);
        if (proposal.text.failed)
            status = cn_fail_memory(error, "a config");
        else
            fputs(cn_strbuf_text(&proposal.text), stdout);
    }
    cn_files_free(proposal.files, proposal.entry_count);
    cn_strbuf_free(&proposal.text);
    free(absolute);
    cn_pool_free(pool);
    return status;
}
