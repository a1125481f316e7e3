/*
 * climnorm config: a commented config for what a tree holds. Names say which model to take, and the
 * catalog which variables, years and regions there are. Writes no file.
 */
#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "catalog/file_names.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/file_sets.h"
#include "cli/prepare.h"
#include "cli/selection.h"
#include "cli/signals.h"
#include "cli/variable_text.h"
#include "climnorm/plan.h"
#include "climnorm/result.h"
#include "config/builder.h"
#include "config/read.h"
#include "config/write.h"
#include "grid/region.h"
#include "job/shared_problems.h"
#include "plan/periods.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_LISTED = 20 };

static const char *const field_keys[CN_SET_FIELDS] = {"input.model", "input.variant", "input.grid"};
static const char *const field_names[CN_SET_FIELDS] = {"models", "variants", "grids"};

struct tree_config {
    struct cn_pool *pool;
    const char *path; /* as typed */
    const struct cn_watch *watch;
    struct cn_error *error;
    struct cn_file_set *sets; /* [set_count] */
    size_t set_count;
    const struct cn_file_set *chosen; /* NULL: there is none */
    struct cn_model_choice models;    /* of a tree that holds several that can be made together */
    const char *select;               /* entries of input.select; NULL: none are needed */
    struct cn_config *config;         /* of the chosen files */
    struct cn_catalog *catalog;
    struct cn_config_note *notes; /* [note_count] */
    size_t note_count, note_capacity;
    struct cn_problems problems; /* to be printed before the error */
    bool no_memory;
};

static enum cn_status fail_config_memory(struct tree_config *tree)
{
    return cn_fail_memory(tree->error, "a config");
}

/* Takes the text, which is then empty. */
static void add_note(struct tree_config *tree, const char *key, struct cn_strbuf *text,
                     bool is_example)
{
    const char *kept = cn_strbuf_to_pool(text, tree->pool);
    struct cn_config_note *notes = cn_pool_grow(tree->pool, tree->notes, tree->note_count,
                                                &tree->note_capacity, sizeof *notes);
    tree->no_memory |= !kept || !notes;
    if (!kept || !notes)
        return;
    tree->notes = notes;
    notes[tree->note_count++] = (struct cn_config_note){key, kept, is_example};
}

/* Whether the config is for several models. */
static bool has_several_models(const struct tree_config *tree)
{
    return tree->models.count > 1;
}

/* Chooses the model, variant and grid of most files. */
static enum cn_status choose_files(struct tree_config *tree)
{
    cn_progress_enter(tree->watch->progress, CN_PHASE_EXAMINING);
    enum cn_status status = cn_find_file_sets(tree->pool, tree->path, tree->watch, &tree->sets,
                                              &tree->set_count, tree->error);
    if (!status && !cn_choose_models(tree->pool, tree->sets, tree->set_count, &tree->models))
        status = fail_config_memory(tree);
    if (tree->models.count > (size_t)cn_key_find(cn_keys, "", "input.model")->max)
        tree->models.count = 0; /* no list is that long: that of most files */
    tree->chosen = tree->set_count ? tree->sets : NULL;
    for (size_t s = 0; s < tree->set_count && has_several_models(tree); s++)
        if (cn_is_chosen(&tree->models, &tree->sets[s])) {
            tree->chosen = &tree->sets[s];
            break;
        }
    return status;
}

/* Notes which model the other notes are of, and which models are left out. */
static void note_models(struct tree_config *tree)
{
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "What is said of variables, years and regions is of %s.",
                  tree->chosen->fields[CN_SET_MODEL]);
    add_note(tree, "input.model", &text, false);
    if (cn_add_left_out(&text, tree->sets, tree->set_count, &tree->models))
        add_note(tree, "input.model", &text, false);
}

/* Names the other values of a field, among files whose earlier fields are those chosen. */
static void note_others(struct tree_config *tree, int field)
{
    const char *others[MOST_LISTED + 1];
    size_t count = 0;
    for (size_t s = 1; s < tree->set_count && count <= MOST_LISTED; s++) {
        bool is_near = true;
        for (int f = 0; f < field; f++)
            is_near &= strcmp(tree->sets[s].fields[f], tree->chosen->fields[f]) == 0;
        const char *value = tree->sets[s].fields[field];
        if (is_near && strcmp(value, tree->chosen->fields[field]) != 0 &&
            cn_text_index(value, others, count) == count)
            others[count++] = value;
    }
    struct cn_strbuf text = {0};
    if (!count)
        return;
    cn_strbuf_add(&text, "Other %s in this tree:", field_names[field]);
    for (size_t i = 0; i < count && i < MOST_LISTED; i++)
        cn_strbuf_add(&text, "%s %s", i ? "," : "", *others[i] ? others[i] : "(none in names)");
    cn_strbuf_add(&text, count > MOST_LISTED ? ", and more." : ".");
    add_note(tree, field_keys[field], &text, false);
}

/* Adds "NAME = \"VALUE\";". */
static void add_setting(struct cn_strbuf *text, const char *name, const char *value)
{
    cn_strbuf_add(text, " %s = ", name);
    cn_config_quote(text, value);
    cn_strbuf_add(text, ";");
}

/* Reads the config of the chosen files; more: settings of the top level. all: of all models. */
static enum cn_status read_tree_config(struct tree_config *tree, const char *more, bool all,
                                       struct cn_config **config)
{
    static const char *const names[CN_SET_FIELDS] = {"model", "variant", "grid"};
    struct cn_strbuf text = {0};
    struct cn_problems problems = {0};
    cn_strbuf_add(&text, "input: {");
    add_setting(&text, "root", tree->path);
    if (all && has_several_models(tree))
        cn_add_model_choice(&text, &tree->models);
    else
        for (int f = 0; f < CN_SET_FIELDS && tree->chosen; f++)
            if (*tree->chosen->fields[f])
                add_setting(&text, names[f], tree->chosen->fields[f]);
    if (tree->select)
        cn_strbuf_add(&text, " select = { %s };", tree->select);
    cn_strbuf_add(&text, " }; output: {");
    add_setting(&text, "root", "normals");
    cn_strbuf_add(&text, " };\n%s", more);
    enum cn_status status = CN_BAD_MACHINE;
    if (!text.failed)
        status = cn_config_read_lines(
            &(struct cn_config_text){.name = tree->path, .text = cn_strbuf_text(&text)}, NULL, 0,
            config, &problems);
    if (status && problems.count)
        cn_fail(tree->error, status, "%s", problems.items[0].text);
    else if (status)
        fail_config_memory(tree);
    cn_problems_free(&problems);
    cn_strbuf_free(&text);
    return status;
}

/* Notes why a variable is left out, with what is wrong with its files. */
static void note_left_out(struct tree_config *tree, const struct cn_variable *variable)
{
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "Left out: %s (%s).", variable->name, variable->failure);
    add_note(tree, "variables", &text, false);
    for (size_t i = 0; i < variable->problems.count; i++)
        if (variable->problems.items[i].severity != CN_DETAIL) {
            cn_strbuf_add(&text, "%s.", variable->problems.items[i].text);
            add_note(tree, "variables", &text, false);
        }
}

/* Notes what the variables are; those that are alike share a note. */
static void note_variables(struct tree_config *tree)
{
    const struct cn_catalog *catalog = tree->catalog;
    const char **texts = cn_pool_alloc(tree->pool, catalog->variable_count, sizeof *texts);
    tree->no_memory |= !texts;
    for (size_t v = 0; v < catalog->variable_count && !tree->no_memory; v++)
        if (!catalog->variables[v].failure)
            tree->no_memory |= !(texts[v] = cn_variable_text(tree->pool, &catalog->variables[v]));
    for (size_t v = 0; v < catalog->variable_count && !tree->no_memory; v++) {
        const struct cn_variable *variable = &catalog->variables[v];
        struct cn_strbuf text = {0};
        if (variable->failure) {
            note_left_out(tree, variable);
            continue;
        }
        bool is_told = false;
        for (size_t k = 0; k < catalog->variable_count; k++) {
            if (!texts[k] || strcmp(texts[k], texts[v]) != 0)
                continue;
            is_told |= k < v;
            cn_strbuf_add(&text, "%s%s", text.length ? ", " : "", catalog->variables[k].name);
        }
        cn_strbuf_add(&text, ": %s", texts[v]);
        if (!is_told)
            add_note(tree, "variables", &text, false);
        cn_strbuf_free(&text);
    }
}

/* A variable that can be used; NULL: there is none. */
static const struct cn_variable *first_variable(const struct tree_config *tree)
{
    for (size_t v = 0; v < tree->catalog->variable_count; v++)
        if (!tree->catalog->variables[v].failure)
            return &tree->catalog->variables[v];
    return NULL;
}

/* Adds the list of built-in regions with cells, and notes the others. */
static void write_regions(struct tree_config *tree, struct cn_strbuf *text)
{
    struct cn_strbuf others = {0};
    size_t count = 0;
    cn_strbuf_add(text, "regions = [");
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++) {
        struct cn_region_cells cells;
        struct cn_error reason;
        if (region->global && count)
            continue;
        enum cn_status status =
            cn_region_cells(tree->pool, &first_variable(tree)->grid, region, &cells, &reason);
        tree->no_memory |= status == CN_BAD_MACHINE;
        if (status)
            cn_strbuf_add(&others, "%s%s",
                          others.length ? ", " : "Without a cell of this grid: ", region->name);
        else
            cn_strbuf_add(text, "%s \"%s\"", count++ ? "," : "", region->name);
    }
    cn_strbuf_add(text, " ];\n");
    if (others.length) {
        cn_strbuf_add(&others, ".");
        add_note(tree, "regions", &others, false);
    }
}

static void write_scenarios(struct tree_config *tree, struct cn_strbuf *text)
{
    const struct cn_catalog *catalog = tree->catalog;
    const char **listed = NULL;
    size_t count = 0, capacity = 0;
    cn_strbuf_add(text, "[");
    for (size_t v = 0; v < catalog->variable_count; v++)
        for (size_t t = 0; t < catalog->variables[v].timeline_count; t++) {
            const char *scenario = catalog->variables[v].timelines[t].scenario;
            if (!scenario || cn_text_index(scenario, listed, count) < count)
                continue;
            const char **grown = cn_pool_grow(tree->pool, listed, count, &capacity, sizeof *listed);
            tree->no_memory |= !grown;
            if (!grown)
                return;
            cn_strbuf_add(text, count ? ", " : " ");
            cn_config_quote(text, scenario);
            listed = grown;
            listed[count++] = scenario;
        }
    cn_strbuf_add(text, " ]");
}

static void write_variables(const struct tree_config *tree, struct cn_strbuf *text)
{
    size_t count = 0;
    cn_strbuf_add(text, "[");
    for (size_t v = 0; v < tree->catalog->variable_count; v++) {
        if (tree->catalog->variables[v].failure)
            continue;
        cn_strbuf_add(text, count++ ? ", " : " ");
        cn_config_quote(text, tree->catalog->variables[v].name);
    }
    cn_strbuf_add(text, " ]");
}

/* Adds a list as a setting. With several models it is an example: some may lack what others have.
 */
static void add_list(struct tree_config *tree, const char *key, struct cn_strbuf *list,
                     struct cn_strbuf *text)
{
    if (has_several_models(tree))
        add_note(tree, key, list, true);
    else
        cn_strbuf_add(text, "%s = %s;\n", key, cn_strbuf_text(list));
    tree->no_memory |= list->failed;
    cn_strbuf_free(list);
}

/* The default periods of the first variable are the example of a list of periods. */
static void add_periods(struct tree_config *tree, const struct cn_config *config)
{
    const struct cn_variable *variable = first_variable(tree);
    struct cn_period periods[CN_DEFAULT_PERIODS];
    struct cn_strbuf text = {0};
    cn_make_default_periods(config, tree->catalog, variable, &variable->timelines[0], periods);
    cn_strbuf_add(&text, "(");
    for (size_t p = 0, count = 0; p < CN_DEFAULT_PERIODS; p++) {
        if (periods[p].first > periods[p].last)
            continue;
        cn_strbuf_add(&text, "%s { name = ", count++ ? "," : "");
        cn_config_quote(&text, periods[p].name);
        cn_strbuf_add(&text, "; first = %d; last = %d; }", periods[p].first, periods[p].last);
    }
    cn_strbuf_add(&text, " )");
    add_note(tree, "normals.periods", &text, true);
}

/* Notes what default periods leave out of the first variable. */
static enum cn_status note_problems(struct tree_config *tree, const struct cn_config *config)
{
    struct cn_plan *plan;
    enum cn_status status = cn_plan_targets(config, tree->catalog, &plan, tree->error);
    if (status)
        return status;
    const struct cn_variable_plan *variable = plan->variables;
    while (variable->variable != first_variable(tree))
        variable++;
    for (size_t i = 0; i < variable->problems.count; i++) {
        struct cn_strbuf text = {0};
        cn_strbuf_add(&text, "%s.", variable->problems.items[i].text);
        add_note(tree, "normals.periods", &text, false);
    }
    cn_plan_free(plan);
    return CN_OK;
}

/* Keeps what is wrong with the files, to be printed. */
static void keep_problems(struct tree_config *tree)
{
    const struct cn_catalog *catalog = tree->catalog;
    struct cn_result result = {.problems = catalog->problems, .count = catalog->variable_count};
    result.variables = cn_pool_alloc(tree->pool, result.count, sizeof *result.variables);
    tree->problems.lost |= !result.variables;
    for (size_t v = 0; result.variables && v < result.count; v++) {
        result.variables[v].name = catalog->variables[v].name;
        result.variables[v].label = catalog->variables[v].label;
        result.variables[v].problems = catalog->variables[v].problems;
    }
    if (result.variables)
        cn_share_problems(&result, &tree->problems);
}

static enum cn_status read_tree_catalog(struct tree_config *tree)
{
    struct cn_resources resources;
    cn_catalog_free(tree->catalog);
    cn_config_free(tree->config);
    tree->catalog = NULL;
    tree->config = NULL;
    enum cn_status status =
        read_tree_config(tree, "regions = [ \"GLOBAL\" ];", false, &tree->config);
    if (status)
        return status;
    cn_resources_resolve(tree->config, &resources);
    return cn_catalog_read(tree->config, &resources, tree->watch, &tree->catalog, tree->error);
}

/* Reads what the tree holds, with a choice where files need one. */
static enum cn_status examine_tree(struct tree_config *tree)
{
    struct cn_strbuf entries = {0}, values = {0};
    enum cn_status status = read_tree_catalog(tree);
    if (!status)
        status = cn_find_selection(tree->pool, tree->config, tree->catalog, tree->watch, &entries,
                                   &values, tree->error);
    if (!status && entries.length) {
        tree->select = cn_strbuf_to_pool(&entries, tree->pool);
        tree->no_memory |= !tree->select;
        add_note(tree, "input.select", &values, false);
        status = read_tree_catalog(tree);
    }
    if (status || first_variable(tree))
        return status;
    keep_problems(tree);
    return cn_fail(tree->error, CN_BAD_USAGE, "%s: no variable can be used; the first, %s: %s",
                   tree->path, tree->catalog->variables[0].name,
                   tree->catalog->variables[0].failure);
}

/* Makes the text. Owns: the caller, *text with free(). */
static enum cn_status describe_tree(struct tree_config *tree, char **text)
{
    struct cn_strbuf more = {0};
    struct cn_config *config = NULL;
    cn_strbuf_add(&more, "Made by climnorm config. climnorm plan FILE shows what this config "
                         "makes, climnorm run FILE makes it. A key behind a # has that value "
                         "already, or is an example.");
    add_note(tree, NULL, &more, false);
    if (has_several_models(tree))
        note_models(tree);
    else
        for (int f = 0; f < CN_SET_FIELDS; f++)
            note_others(tree, f);
    note_variables(tree);
    struct cn_strbuf variables = {0}, scenarios = {0};
    write_variables(tree, &variables);
    write_scenarios(tree, &scenarios);
    add_list(tree, "variables", &variables, &more);
    add_list(tree, "scenarios", &scenarios, &more);
    write_regions(tree, &more);
    enum cn_status status = more.failed || tree->no_memory
                                ? fail_config_memory(tree)
                                : read_tree_config(tree, cn_strbuf_text(&more), true, &config);
    cn_strbuf_free(&more);
    if (!status)
        status = note_problems(tree, config);
    if (!status) {
        add_periods(tree, config);
        *text = tree->no_memory ? NULL : cn_config_write(config, tree->notes, tree->note_count);
        status = *text ? CN_OK : fail_config_memory(tree);
    }
    cn_config_free(config);
    return status;
}

static enum cn_status check_folder(const char *path, struct cn_error *error)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return cn_fail(error, CN_BAD_USAGE, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(about.st_mode))
        return cn_fail(error, CN_BAD_USAGE,
                       "%s: is not a folder; name the folder that holds the input files", path);
    return CN_OK;
}

static enum cn_status make_text(struct tree_config *tree, char **text)
{
    enum cn_status status = check_folder(tree->path, tree->error);
    if (!status)
        status = choose_files(tree);
    if (!status)
        status = examine_tree(tree);
    return status ? status : describe_tree(tree, text);
}

/* There is no key yet that a message could name. */
static int print_failure(const struct tree_config *tree)
{
    static const char key[] = "input.root: ";
    const struct cn_error *error = tree->error;
    const size_t length = strncmp(error->text, key, strlen(key)) == 0 ? strlen(key) : 0;
    struct cn_error shown;
    for (size_t i = 0; i < tree->problems.count; i++)
        if (tree->problems.items[i].severity != CN_DETAIL)
            fprintf(stderr, "climnorm: %s\n", tree->problems.items[i].text);
    if (tree->problems.lost)
        fprintf(stderr, "climnorm: out of memory (problems)\n");
    cn_fail(&shown, error->status, "%s", error->text + length);
    return cn_print_error(&shown);
}

int cn_command_config(const struct cn_arguments *arguments)
{
    struct cn_error error = {0}, display_error;
    char *text = NULL;
    struct tree_config tree = {
        .pool = arguments->pool, .path = arguments->operands[0], .error = &error};
    cn_signals_catch();
    struct cn_progress *progress = cn_display_start(arguments, &display_error);
    const struct cn_watch watch = {progress, cn_stop_signal};
    tree.watch = &watch;
    cn_signals_begin();
    enum cn_status status = make_text(&tree, &text);
    const int number = atomic_load(cn_stop_signal);
    int exit_code = cn_exit_code(number ? CN_STOPPED : status, number);
    cn_signals_end(exit_code);
    cn_progress_enter(progress, CN_PHASE_NONE);
    cn_display_stop(progress, false);
    if (number)
        fprintf(stderr, "climnorm: stopped by %s\n", cn_stop_signal_name(number));
    else if (status)
        exit_code = print_failure(&tree);
    else
        fputs(text, stdout);
    free(text);
    cn_problems_free(&tree.problems);
    cn_catalog_free(tree.catalog);
    cn_config_free(tree.config);
    return exit_code;
}
