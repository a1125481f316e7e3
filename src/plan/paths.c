/*
 * Output paths. Names in them come from file names and configs, so each path is checked: it must
 * stay below output.root and be used once.
 */
#include "plan/paths.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "climnorm/limits.h"
#include "config/fields.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COMPONENT = 250, TEMPORARY_NAME = 32 };

/* Adds the value of the field "{NAME}" that `at` begins with.
 * Returns the bytes of the field; 0: there is none. */
static size_t add_field(struct cn_strbuf *text, const char *at, const struct cn_field_source *of)
{
#define ADD_FIELD(name, meaning, format, value)                   \
    if (strncmp(at, "{" #name "}", strlen("{" #name "}")) == 0) { \
        cn_strbuf_add(text, format, value);                       \
        return strlen("{" #name "}");                             \
    }
    CN_PATTERN_FIELDS(ADD_FIELD)
    return 0;
}

const char *cn_fill_fields(struct cn_pool *pool, const char *text, const struct cn_field_source *of)
{
    struct cn_strbuf filled = {0};
    while (*text) {
        size_t length = add_field(&filled, text, of);
        if (!length)
            cn_strbuf_append(&filled, text, length = 1);
        text += length;
    }
    return cn_strbuf_to_pool(&filled, pool);
}

static bool path_is_safe(const char *path)
{
    if (*path == '/' || !*path || strlen(path) > CN_MAX_PATH_BYTES)
        return false;
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 0 || length > MAX_COMPONENT || strncmp(path, ".climnorm", 9) == 0 ||
            (length == 1 && path[0] == '.') || (length == 2 && path[0] == '.' && path[1] == '.') ||
            path[length + (path[length] == '/')] == '/')
            return false;
        path += length;
        if (*path == '/' && !*++path)
            return false;
    }
    return true;
}

struct planned_path {
    const char *path;
    const struct cn_variable_plan *variable;
    const struct cn_output *output;
};

static int compare_planned_paths(const void *a, const void *b)
{
    return strcmp(((const struct planned_path *)a)->path, ((const struct planned_path *)b)->path);
}

/* The field that distinguishes two outputs. */
static const char *missing_field(const struct cn_config *config, const struct planned_path *a,
                                 const struct planned_path *b)
{
    const struct cn_target *first = &a->variable->targets[a->output->targets[0]];
    const struct cn_target *second = &b->variable->targets[b->output->targets[0]];
    if (a->variable != b->variable)
        return strcmp(a->variable->variable->name, b->variable->variable->name) != 0 ? "{variable}"
                                                                                     : "{model}";
    if (a->output->region != b->output->region)
        return "{region}";
    if (a->output->product != b->output->product)
        return "{product}";
    if (config->output.layout == CN_SINGLE && first->year != second->year)
        return "{year}";
    return strcmp(first->period, second->period) != 0 ? "{period}" : "{scenario}";
}

enum cn_status cn_plan_check_paths(const struct cn_plan *plan, struct cn_error *error)
{
    size_t count = 0, filled = 0;
    for (size_t v = 0; v < plan->variable_count; v++)
        count += plan->variables[v].output_count;
    struct planned_path *entries = calloc(count + 1, sizeof *entries);
    if (!entries)
        return cn_fail_memory(error, "output paths");
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable_plan *variable = &plan->variables[v];
        for (size_t o = 0; o < variable->output_count; o++)
            entries[filled++] =
                (struct planned_path){variable->outputs[o].path, variable, &variable->outputs[o]};
    }
    qsort(entries, count, sizeof *entries, compare_planned_paths);
    enum cn_status status = CN_OK;
    const struct cn_config *config = plan->config;
    for (size_t i = 0; i < count && !status; i++) {
        if (!path_is_safe(entries[i].path))
            status = cn_fail(error, CN_BAD_USAGE,
                             "%s: output.pattern gives the path \"%s\", which is not a file below "
                             "output.root; use parts of 1 to %d bytes, other than \"..\" and the "
                             ".climnorm names of the program's own",
                             config->origin.output_pattern, entries[i].path, MAX_COMPONENT);
        else if (strlen(config->output.root) + strlen(entries[i].path) + TEMPORARY_NAME > PATH_MAX)
            status =
                cn_fail(error, CN_BAD_USAGE,
                        "%s: output.root is too long for the path \"%.200s\"%s below it; choose "
                        "one of at most %zu bytes, or shorten output.pattern",
                        config->origin.output_root, entries[i].path,
                        strlen(entries[i].path) > 200 ? " …" : "",
                        PATH_MAX - TEMPORARY_NAME - strlen(entries[i].path));
        else if (i && !strcmp(entries[i].path, entries[i - 1].path))
            status = cn_fail(error, CN_BAD_USAGE,
                             "%s: output.pattern gives two outputs the path \"%s\"; add the field "
                             "%s to the pattern",
                             config->origin.output_pattern, entries[i].path,
                             missing_field(config, &entries[i - 1], &entries[i]));
    }
    free(entries);
    return status;
}
