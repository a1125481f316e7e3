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
#include "catalog/list_variables.h"
#include "config/text_forms.h"
#include "config/write.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KINDS = 100 };

/* Files whose paths differ in years and dates alone. */
struct name_kind {
    const char *pattern, *example; /* the path of one, below the folder */
    const char *path;              /* of the same */
    size_t files;
};

struct proposal {
    struct cn_pool *pool;
    const char *folder; /* absolute */
    struct name_kind *kinds;
    size_t kind_count, file_count, named_count;
    size_t left_out; /* files of other kinds */
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

static void add_entry_text(struct proposal *proposal, const struct name_kind *kind,
                           const char *in_file)
{
    struct cn_strbuf *text = &proposal->text;
    char scenario[8];
    cn_strbuf_add(text, "    { files = ");
    cn_config_quote(text, kind->pattern);
    cn_strbuf_add(text, "; variable = \"");
    add_own_name(text, in_file);
    cn_strbuf_add(text, "\"; in_file = ");
    cn_config_quote(text, in_file);
    if (scenario_of(kind->example, scenario)[0])
        cn_strbuf_add(text, "; experiment = \"%s\"", scenario);
    cn_strbuf_add(text, "; }");
}

/* Adds a comment and the entries of a kind. Returns how many entries. */
static size_t add_kind_text(struct proposal *proposal, const struct name_kind *kind,
                            const struct cn_held_variables *held, size_t before)
{
    char *names = cn_pool_strdup(proposal->pool, held->names);
    size_t count = 0;
    proposal->text.failed |= !names;
    if (before)
        cn_strbuf_add(&proposal->text, ",\n");
    cn_strbuf_add(&proposal->text, "    # %zu file%s, such as %s\n", kind->files,
                  kind->files == 1 ? "" : "s", kind->example);
    for (char *name = names, *rest; name && *name; name = rest) {
        rest = name + strcspn(name, "/");
        if (*rest)
            *rest++ = '\0';
        if (!is_clean(name))
            continue;
        cn_strbuf_add(&proposal->text, "%s", count++ ? ",\n" : "");
        add_entry_text(proposal, kind, name);
    }
    return count;
}

/* Adds a comment about a kind without variables. failure NULL: its example can be read. */
static void add_left_out(struct proposal *proposal, const struct name_kind *kind,
                         const char *failure)
{
    char *reason = cn_pool_strdup(
        proposal->pool, failure ? failure : "no variable has time, latitude and longitude");
    proposal->text.failed |= !reason;
    if (!reason)
        return;
    cn_make_printable(reason);
    cn_strbuf_add(&proposal->text, "# Left out: %zu file%s such as %s: %s\n", kind->files,
                  kind->files == 1 ? "" : "s", kind->example, reason);
}

static void write_proposal(struct proposal *proposal, const struct cn_held_variables *held)
{
    struct cn_strbuf *text = &proposal->text;
    size_t count = 0, others = proposal->file_count - proposal->named_count;
    cn_strbuf_add(text, "# %zu .nc file%s, %zu of them named like CMIP files.\n",
                  proposal->file_count, proposal->file_count == 1 ? "" : "s",
                  proposal->named_count);
    if (!others) {
        cn_strbuf_add(text, "# climnorm config writes a config for such a folder.\n");
    } else {
        cn_strbuf_add(text, "# For the others this config says what they are. Change `variable` to "
                            "the name that you\n# want, such as pr or tas, and remove the entries "
                            "that you do not need.\n");
    }
    for (size_t k = 0; k < proposal->kind_count; k++)
        if (!held[k].names[0])
            add_left_out(proposal, &proposal->kinds[k], held[k].failure);
    if (proposal->left_out)
        cn_strbuf_add(text,
                      "# Left out: %zu file%s with hidden or odd names, or of more than %d "
                      "kinds of names\n",
                      proposal->left_out, proposal->left_out == 1 ? "" : "s", MOST_KINDS);
    cn_strbuf_add(text, "input: {\n  root = ");
    cn_config_quote(text, proposal->folder);
    cn_strbuf_add(text, ";\n");
    for (size_t k = 0; k < proposal->kind_count; k++) {
        if (!held[k].names[0])
            continue;
        if (!count)
            cn_strbuf_add(text, "  datasets = (\n");
        count += add_kind_text(proposal, &proposal->kinds[k], &held[k], count);
    }
    cn_strbuf_add(text, "%s};\noutput: { root = \"normals\"; };\n", count ? "\n  );\n" : "");
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
    for (size_t k = 0; k < proposal.kind_count && !status; k++)
        held[k].path = proposal.kinds[k].path;
    if (!status && proposal.kind_count)
        status = cn_variables_list(pool, held, proposal.kind_count, resources, error);
    if (!status) {
        write_proposal(&proposal, held);
        if (proposal.text.failed)
            status = cn_fail_memory(error, "a config");
        else
            fputs(cn_strbuf_text(&proposal.text), stdout);
    }
    cn_strbuf_free(&proposal.text);
    free(absolute);
    cn_pool_free(pool);
    return status;
}
