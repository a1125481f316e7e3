/*
 * What input.datasets says of files stands in for what their names would say.
 */
#include "catalog/datasets.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/glob.h"

#include <stdlib.h>

/* The path below the root; NULL: it is not there. A root that is a file holds itself. */
static const char *path_below(const char *root, const char *path)
{
    size_t length = strlen(root);
    if (strcmp(root, path) == 0) {
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
    }
    while (length && root[length - 1] == '/')
        length--;
    return strncmp(root, path, length) == 0 && path[length] == '/'
               ? path + length + strspn(path + length, "/")
               : NULL;
}

const char *cn_dataset_path(const struct cn_dataset *dataset, const char *const *roots,
                            size_t root_count, const char *path)
{
    for (size_t r = 0; r < root_count; r++) {
        const char *below = path_below(roots[r], path);
        if (below && cn_glob_fits(dataset->files, below))
            return below;
    }
    return NULL;
}

/* The least and the greatest year in a base name; 0 and -1: it holds none. */
static void find_years(const char *base, int *first, int *last)
{
    *first = 0;
    *last = -1;
    for (const char *at = base; *at; at++) {
        const size_t length = strspn(at, "0123456789");
        const int year = cn_digits_year(at, length);
        if (year && (*last < 0 || year < *first))
            *first = year;
        if (year > *last && year)
            *last = year;
        at += length;
        if (!*at)
            break;
    }
}

/* What reissues of a file share: its path from the first part on for which the pattern has a
 * wildcard, or which is a year. Folders above it may be those of an issue; with neither, the whole
 * path. */
static const char *path_of_issues(const char *pattern, const char *path)
{
    for (const char *at = path; *pattern && *at;) {
        const size_t fixed = strcspn(pattern, "/"), length = strcspn(at, "/");
        if (strcspn(pattern, "*?[") < fixed ||
            (strspn(at, "0123456789") == length && cn_digits_year(at, length)))
            return at;
        pattern += fixed + (pattern[fixed] == '/');
        at += length + (at[length] == '/');
    }
    return path;
}

void cn_dataset_name(const struct cn_dataset *dataset, const char *table, const char *path,
                     struct cn_name *name)
{
    const char *slash = strrchr(path, '/');
    *name = (struct cn_name){.variable = dataset->variable,
                             .table = table,
                             .model = dataset->model,
                             .experiment = dataset->experiment,
                             .variant = dataset->variant,
                             .grid = dataset->grid,
                             .time = path_of_issues(dataset->files, path),
                             .version_major = dataset->version_major,
                             .version_minor = dataset->version_minor,
                             .daily_time = true,
                             .dataset = dataset};
    cn_version_format(name->version_major, name->version_minor, name->version);
    find_years(slash ? slash + 1 : path, &name->first_year, &name->last_year);
}

static bool is_of_one_model(const struct cn_dataset *a, const struct cn_dataset *b)
{
    return !a->model || !b->model || strcmp(a->model, b->model) == 0;
}

/* Whether two choices are one: "85000.0" is 85000. */
static bool is_same_choice(const struct cn_slice_choice *a, const struct cn_slice_choice *b)
{
    return strcmp(a->text, b->text) == 0 || a->number == b->number; /* NAN: a text, or "all" */
}

/* Whether two entries read the same along other dimensions. */
static bool selects_the_same(const struct cn_dataset *a, const struct cn_dataset *b)
{
    bool is_same = a->select_count == b->select_count;
    for (size_t i = 0; i < a->select_count && is_same; i++) {
        size_t k = 0;
        while (k < b->select_count && strcmp(a->select[i].dim, b->select[k].dim) != 0)
            k++;
        is_same = k < b->select_count && is_same_choice(&a->select[i], &b->select[k]);
    }
    return is_same;
}

bool cn_dataset_contradicts(const struct cn_dataset *a, const struct cn_dataset *b)
{
    return strcmp(a->variable, b->variable) == 0 && is_of_one_model(a, b) &&
           (strcmp(a->in_file, b->in_file) != 0 || strcmp(a->experiment, b->experiment) != 0 ||
            a->until != b->until || !selects_the_same(a, b) ||
            strcmp(a->then ? a->then : "", b->then ? b->then : "") != 0);
}

void cn_add_idle_datasets(struct cn_strbuf *text, const struct cn_config *config,
                          const size_t *taken)
{
    for (size_t d = 0; d < config->input.dataset_count; d++)
        if (!taken[d])
            cn_strbuf_add(text, "; no file fits \"%s\", which input.datasets has in %s",
                          config->input.datasets[d].files, config->input.datasets[d].origin);
}

/* Whether the config lists its variables, and no file is of this one: its failure says so. */
static bool is_missed_elsewhere(const struct cn_config *config, const char *variable,
                                struct cn_name *const *names, size_t name_count)
{
    bool has_file = false;
    for (size_t i = 0; i < name_count && !has_file; i++)
        has_file = strcmp(names[i]->variable, variable) == 0;
    return config->variable_count && !has_file;
}

void cn_report_idle_datasets(const struct cn_config *config, const size_t *taken,
                             struct cn_name *const *names, size_t name_count,
                             struct cn_problems *problems)
{
    for (size_t d = 0; d < config->input.dataset_count; d++) {
        const struct cn_dataset *dataset = &config->input.datasets[d];
        const bool is_wanted = !config->variable_count ||
                               cn_text_index(dataset->variable, config->variables,
                                             config->variable_count) < config->variable_count;
        if (!taken[d] &&
            !(is_wanted && is_missed_elsewhere(config, dataset->variable, names, name_count)))
            cn_problems_add(problems, is_wanted ? CN_PROBLEM : CN_WARNING,
                            "%s: input.datasets.files: no file in %s fits \"%s\"; correct it, or "
                            "remove the entry",
                            dataset->origin, config->input.root, dataset->files);
    }
}
