/*
 * Finds problems of several variables that differ in the name of the variable alone.
 */
#include "job/shared_problems.h"

#include "base/error.h"
#include "base/strbuf.h"

#include <string.h>

/* What follows the name of the variable; NULL: the text does not begin with it. */
static const char *behind_name(const struct cn_variable_result *variable,
                               const struct cn_problem *problem)
{
    const size_t length = strlen(variable->label);
    const bool is_named = strncmp(problem->text, variable->label, length) == 0 &&
                          (problem->text[length] == ':' || problem->text[length] == ' ');
    return is_named ? problem->text + length : NULL;
}

/* Whether another variable has the same problem. */
static bool has_same(const struct cn_variable_result *other, const struct cn_problem *problem,
                     const char *rest)
{
    bool found = false;
    for (size_t i = 0; i < other->problems.count && !found; i++) {
        const struct cn_problem *item = &other->problems.items[i];
        const char *other_rest = behind_name(other, item);
        found = item->severity == problem->severity && other_rest && strcmp(other_rest, rest) == 0;
    }
    return found;
}

/* Adds a problem of the variable v, unless an earlier variable has it. */
static void add_shared_line(const struct cn_result *result, size_t v,
                            const struct cn_problem *problem, struct cn_problems *lines)
{
    const char *rest = behind_name(&result->variables[v], problem);
    if (problem->severity == CN_DETAIL || !rest) {
        cn_problems_add(lines, problem->severity, "%s", problem->text);
        return;
    }
    for (const struct cn_problem *at = result->variables[v].problems.items; at < problem; at++)
        if (at->severity == problem->severity && strcmp(at->text, problem->text) == 0)
            return; /* of another timeline of the variable */
    for (size_t k = 0; k < v; k++)
        if (has_same(&result->variables[k], problem, rest))
            return;
    struct cn_strbuf names = {0};
    cn_strbuf_add(&names, "%s", result->variables[v].label);
    for (size_t k = v + 1; k < result->count; k++)
        if (has_same(&result->variables[k], problem, rest))
            cn_strbuf_add(&names, ", %s", result->variables[k].label);
    cn_problems_add(lines, problem->severity, "%s%s", cn_strbuf_text(&names), rest);
    lines->lost |= names.failed;
    cn_strbuf_free(&names);
}

void cn_share_problems(const struct cn_result *result, struct cn_problems *lines)
{
    for (size_t i = 0; i < result->problems.count; i++)
        cn_problems_add(lines, result->problems.items[i].severity, "%s",
                        result->problems.items[i].text);
    lines->lost |= result->problems.lost;
    for (size_t v = 0; v < result->count; v++) {
        for (size_t i = 0; i < result->variables[v].problems.count; i++)
            add_shared_line(result, v, &result->variables[v].problems.items[i], lines);
        lines->lost |= result->variables[v].problems.lost;
    }
}
