/*
 * climnorm inspect FOLDER: groups the names that the name rule does not take, by patterns in which
 * years and dates are left open, and looks into one file of each.
 */
#include "cli/propose.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "catalog/file_names.h"
#include "catalog/find_files.h"
#include "catalog/inspect_file.h"
#include "catalog/list_variables.h"
#include "catalog/time_axis.h"
#include "config/builder.h"
#include "config/text_forms.h"
#include "config/write.h"
#include "grid/region.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KINDS = 100, MOST_ENTRIES = 256 };

/* Files whose paths differ in years and dates alone. */
struct name_kind {
    const char *pattern, *example; /* the path of one, below the folder */
    const char *path;              /* of the same */
    size_t files;
};

/* A variable of such files. */
struct entry {
    size_t kind; /* its index */
    const char *in_file;
};

struct proposal {
    struct cn_pool *pool;
    const char *folder; /* absolute */
    struct name_kind *kinds;
    size_t kind_count, file_count, named_count;
    size_t left_out; /* files of other kinds */
    struct entry *entries;
    struct cn_file *files; /* [entry_count]: the example, inspected for the variable */
    size_t entry_count;
    struct cn_strbuf text;
};

/* Whether so many digits are a year, or a date that begins with one. */
static bool is_date(const char *digits, size_t length)
{
    return length >= 4 && length <= 14 && length % 2 == 0 &&
           ((digits[0] == '1' && digits[1] >= '5') || (digits[0] == '2' && digits[1] < '5'));
}

/* Whether the digits are a month, a day or an hour behind a date. */
static bool is_rest_of_date(const char *text, const char *digits, size_t length)
{
    return length == 2 && digits - text >= 5 && !cn_is_digit(digits[-1]) &&
           (cn_is_digit(digits[-2]) || digits[-1] == '/');
}

/* Makes the pattern of a path: dates become question marks. NULL: out of memory. */
static const char *pattern_of(struct cn_pool *pool, const char *path)
{
    struct cn_strbuf pattern = {0};
    bool has_date = false;
    for (const char *at = path; *at;) {
        const size_t length = strspn(at, "0123456789");
        const bool is_open =
            length && (is_date(at, length) || (has_date && is_rest_of_date(path, at, length)));
        for (size_t i = 0; i < length; i++)
            cn_strbuf_append(&pattern, is_open ? "?" : at + i, 1);
        has_date |= is_open;
        at += length;
        if (length)
            continue;
        if (strchr("*?[", *at))
            cn_strbuf_add(&pattern, "[%c]", *at);
        else
            cn_strbuf_append(&pattern, at, 1);
        at++;
    }
    return cn_strbuf_to_pool(&pattern, pool);
}

/* Whether a text may stand in a config. */
static bool is_clean(const char *text)
{
    while (*text)
        if (!cn_is_printable(cn_utf8_next(&text)))
            return false;
    return true;
}

static bool add_kind(struct proposal *proposal, const struct cn_found_file *file)
{
    const char *below = file->path + strlen(proposal->folder);
    below += strspn(below, "/");
    const char *pattern = pattern_of(proposal->pool, below);
    if (!pattern)
        return false;
    for (size_t k = 0; k < proposal->kind_count; k++)
        if (strcmp(proposal->kinds[k].pattern, pattern) == 0) {
            proposal->kinds[k].files++;
            return true;
        }
    if (proposal->kind_count < MOST_KINDS && is_clean(pattern) && *file->base != '.')
        proposal->kinds[proposal->kind_count++] = (struct name_kind){pattern, below, file->path, 1};
    else
        proposal->left_out++;
    return true;
}

static enum cn_status find_kinds(struct proposal *proposal, struct cn_error *error)
{
    struct cn_found_file *files;
    struct cn_problems problems = {0};
    const struct cn_search search = {.roots = &proposal->folder, .root_count = 1};
    enum cn_status status = cn_find_files(proposal->pool, &search, cn_watch_or_none(NULL), &files,
                                          &proposal->file_count, &problems, error);
    cn_problems_free(&problems);
    proposal->kinds = cn_pool_alloc(proposal->pool, MOST_KINDS, sizeof *proposal->kinds);
    if (!status && !proposal->kinds)
        status = cn_fail_memory(error, "the names of files");
    for (size_t i = 0; i < proposal->file_count && !status; i++) {
        struct cn_name name;
        if (cn_name_parse(files[i].base, &name) && name.daily_time)
            proposal->named_count++;
        else if (!add_kind(proposal, &files[i]))
            status = cn_fail_memory(error, "the names of files");
    }
    if (!status && !proposal->file_count)
        status = cn_fail(error, CN_BAD_INPUT,
                         "%s: no file in this folder or below it has a name that ends in .nc",
                         proposal->folder);
    return status;
}

/* The scenario that a path seems to name, such as "ssp245" or "rcp85"; "": none, or the historical
 * experiment, too. */
static const char *scenario_of(const char *path, char scenario[8])
{
    scenario[0] = '\0';
    for (const char *at = path; *at; at++) {
        const size_t digits = cn_begins_with(at, "ssp") ? 3 : cn_begins_with(at, "rcp") ? 2 : 0;
        if (cn_begins_with(at, "hist")) {
            scenario[0] = '\0';
            break;
        }
        if (digits && strspn(at + 3, "0123456789") == digits && !scenario[0])
            for (size_t i = 0; i < 3 + digits; i++) {
                scenario[i] = cn_lower(at[i]);
                scenario[i + 1] = '\0';
            }
    }
    return scenario;
}

/* A name for the config that is like the one in the file, with one "_" for what it may not have. */
static void add_own_name(struct cn_strbuf *text, const char *in_file)
{
    enum { MOST_BYTES = 64 };
    bool is_after_odd = false;
    for (size_t i = 0; i < MOST_BYTES && in_file[i]; i++) {
        const char letter[2] = {in_file[i], '\0'};
        const bool is_plain = cn_text_has_form(CN_KEY_IDENTIFIER, letter);
        if (is_plain || !is_after_odd)
            cn_strbuf_add(text, "%s", is_plain ? letter : "_");
        is_after_odd = !is_plain;
    }
}

static void add_entry_text(struct proposal *proposal, const struct entry *entry)
{
    struct cn_strbuf *text = &proposal->text;
    const struct name_kind *kind = &proposal->kinds[entry->kind];
    char scenario[8];
    cn_strbuf_add(text, "    { files = ");
    cn_config_quote(text, kind->pattern);
    cn_strbuf_add(text, "; variable = \"");
    add_own_name(text, entry->in_file);
    cn_strbuf_add(text, "\"; in_file = ");
    cn_config_quote(text, entry->in_file);
    if (scenario_of(kind->example, scenario)[0])
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

/* Adds what is read along other dimensions, each once. */
static void add_select(struct proposal *proposal)
{
    struct cn_strbuf *text = &proposal->text;
    const char *names[CN_MAX_DIMS];
    size_t count = 0;
    for (size_t i = 0; i < proposal->entry_count; i++)
        for (size_t k = 0; proposal->files[i].usable && k < proposal->files[i].other_dim_count;
             k++) {
            const struct cn_other_dim *dim = &proposal->files[i].other_dims[k];
            bool is_new = dim->length > 1 && count < CN_MAX_DIMS && is_clean(dim->entry);
            for (size_t n = 0; n < count; n++)
                is_new &= strcmp(names[n], dim->name) != 0;
            if (!is_new)
                continue;
            cn_strbuf_add(text, count ? "; %s" : "  select = { %s", dim->entry);
            names[count++] = dim->name;
        }
    if (count)
        cn_strbuf_add(text, "; }; # or others: climnorm inspect FILE\n");
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
    cn_strbuf_add(text, "# %zu .nc file%s, %zu of them named like CMIP files.\n",
                  proposal->file_count, proposal->file_count == 1 ? "" : "s",
                  proposal->named_count);
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
    if (proposal->left_out) {
        cn_strbuf_add(text, "# Left out: ");
        add_file_count(text, proposal->left_out);
        cn_strbuf_add(text, " with hidden or odd names, or of more than %d kinds of names\n",
                      MOST_KINDS);
    }
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
        for (; name && *name && proposal->entry_count < MOST_ENTRIES; name = rest) {
            rest = name + strcspn(name, "/");
            if (*rest)
                *rest++ = '\0';
            if (!is_clean(name))
                continue;
            proposal->files[proposal->entry_count] =
                (struct cn_file){.path = proposal->kinds[k].path, .variable = name};
            proposal->entries[proposal->entry_count++] = (struct entry){k, name};
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

enum cn_status cn_propose_datasets(const char *folder, const struct cn_resources *resources,
                                   struct cn_error *error)
{
    struct cn_pool *pool = cn_pool_new();
    struct proposal proposal = {.pool = pool};
    struct cn_held_variables *held = NULL;
    char *absolute = realpath(folder, NULL);
    proposal.folder = absolute;
    enum cn_status status = pool && absolute ? find_kinds(&proposal, error)
                                             : cn_fail_memory(error, "the names of files");
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
