/*
 * Finds problems of several variables that differ in the name of the variable alone.
 */
#include "job/shared_problems.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "job/unit_names.h"

#include <stdlib.h>
#include <string.h>

/* A problem of a variable. */
struct problem_line {
    const struct cn_problem *problem;
    const char *rest; /* what follows the name of the variable; NULL: the problem is not shared */
    size_t variable, order;
    size_t equal; /* of the first of equal lines: how many there are from `sorted` on; else 0 */
    size_t sorted;
};

struct line_list {
    const struct cn_result *result;
    struct problem_line *lines;         /* [count], in their order */
    const struct problem_line **sorted; /* [count], equal ones side by side */
    struct cn_unit_name *names;         /* [result->count] */
    bool *is_in;                        /* [result->count] */
    size_t count;
};

/* What follows the name of the variable; NULL: the text does not begin with it. */
static const char *behind_name(const struct cn_variable_result *variable,
                               const struct cn_problem *problem)
{
    const size_t length = strlen(variable->label);
    const bool is_named = strncmp(problem->text, variable->label, length) == 0 &&
                          (problem->text[length] == ':' || problem->text[length] == ' ');
    return is_named ? problem->text + length : NULL;
}

/* 0: they share a line. */
static int compare_shared(const struct problem_line *a, const struct problem_line *b)
{
    if (a->problem->severity != b->problem->severity)
        return a->problem->severity < b->problem->severity ? -1 : 1;
    return strcmp(a->rest ? a->rest : "", b->rest ? b->rest : "");
}

static int compare_problem_lines(const void *a, const void *b)
{
    const struct problem_line *x = *(const struct problem_line *const *)a;
    const struct problem_line *y = *(const struct problem_line *const *)b;
    const int order = compare_shared(x, y);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static void list_problems(struct line_list *list)
{
    for (size_t v = 0; v < list->result->count; v++) {
        const struct cn_variable_result *variable = &list->result->variables[v];
        list->names[v] = (struct cn_unit_name){variable->model, variable->name};
        for (size_t i = 0; i < variable->problems.count; i++) {
            const struct cn_problem *problem = &variable->problems.items[i];
            const bool is_shared = problem->severity != CN_DETAIL;
            list->lines[list->count] =
                (struct problem_line){.problem = problem,
                                      .rest = is_shared ? behind_name(variable, problem) : NULL,
                                      .variable = v,
                                      .order = list->count};
            list->sorted[list->count] = &list->lines[list->count];
            list->count++;
        }
    }
}

/* Lets the first of equal lines know the others. */
static void find_equal(struct line_list *list)
{
    if (list->count)
        qsort(list->sorted, list->count, sizeof(void *), compare_problem_lines);
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i; end < list->count && !compare_shared(list->sorted[i], list->sorted[end]);)
            end++;
        struct problem_line *first = &list->lines[list->sorted[i]->order];
        first->equal = end - i;
        first->sorted = i;
    }
}

static void add_shared_line(const struct line_list *list, const struct problem_line *line,
                            struct cn_problems *lines)
{
    if (!line->rest) {
        cn_problems_add(lines, line->problem->severity, "%s", line->problem->text);
        return;
    }
    if (!line->equal)
        return; /* an earlier line has it */
    struct cn_strbuf names = {0};
    memset(list->is_in, 0, list->result->count * sizeof *list->is_in);
    for (size_t i = line->sorted; i < line->sorted + line->equal; i++)
        list->is_in[list->sorted[i]->variable] = true;
    cn_unit_names_add(&names, list->names, list->is_in, list->result->count);
    cn_problems_add(lines, line->problem->severity, "%s%s", cn_strbuf_text(&names), line->rest);
    lines->lost |= names.failed;
    cn_strbuf_free(&names);
}

void cn_share_problems(const struct cn_result *result, struct cn_problems *lines)
{
    size_t count = 1;
    for (size_t i = 0; i < result->problems.count; i++)
        cn_problems_add(lines, result->problems.items[i].severity, "%s",
                        result->problems.items[i].text);
    lines->lost |= result->problems.lost;
    for (size_t v = 0; v < result->count; v++) {
        count += result->variables[v].problems.count;
        lines->lost |= result->variables[v].problems.lost;
    }
    struct line_list list = {.result = result,
                             .lines = calloc(count, sizeof *list.lines),
                             .sorted = calloc(count, sizeof(void *)),
                             .names = calloc(result->count + 1, sizeof *list.names),
                             .is_in = calloc(result->count + 1, sizeof *list.is_in)};
    if (list.lines && list.sorted && list.names && list.is_in) {
        list_problems(&list);
        find_equal(&list);
        for (size_t i = 0; i < list.count; i++)
            add_shared_line(&list, &list.lines[i], lines);
    } else {
        lines->lost = true;
    }
    free(list.lines);
    free(list.sorted);
    free(list.names);
    free(list.is_in);
}
