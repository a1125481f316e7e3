/*
 * Groups the problems of files by kind, and makes a line of each group.
 */
#include "base/file_problems.h"

#include "base/error.h"
#include "base/year_list.h"

#include <string.h>

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* What is wrong, without the path that the reason begins with. */
static const char *without_path(const struct cn_file_problem *problem)
{
    size_t length = problem->path ? strlen(problem->path) : 0;
    return length && strncmp(problem->reason, problem->path, length) == 0 ? problem->reason + length
                                                                          : problem->reason;
}

bool cn_is_same_kind(const struct cn_file_problem *a, const struct cn_file_problem *b)
{
    if (strcmp(a->experiment, b->experiment) != 0)
        return false;
    const char *x = without_path(a), *y = without_path(b);
    for (;; x++, y++) {
        while (is_of_number(*x))
            x++;
        while (is_of_number(*y))
            y++;
        if (*x != *y)
            return false;
        if (!*x)
            return true;
    }
}

/* "tas historical 1951: PATH: ...; left out", without years that nobody knows. Empties the list of
 * years. */
static void list_file(struct cn_problems *problems, enum cn_severity severity, const char *variable,
                      const struct cn_file_problem *item, struct cn_year_list *years)
{
    const char *text = cn_year_list_text(years);
    cn_problems_add(problems, severity, "%s %s%s%s: %s; left out", variable, item->experiment,
                    *text ? " " : "", text, item->reason);
    problems->lost |= years->text.failed;
    cn_year_list_free(years);
}

/* Whether item i is of the kind of the first, and not listed. */
static bool is_of_kind(const struct cn_file_problem *items, size_t i)
{
    return !items[i].is_listed && cn_is_same_kind(&items[0], &items[i]);
}

/* Whether two items, one behind the other in the list of their kind, are of one file. */
static bool are_of_one_file(const struct cn_file_problem *a, const struct cn_file_problem *b)
{
    return strcmp(a->path, b->path) == 0;
}

/* A line for each file of the kind of the first item. */
static void list_details(struct cn_problems *problems, const char *variable,
                         const struct cn_file_problem *items, size_t count)
{
    struct cn_year_list years = {0};
    const struct cn_file_problem *file = &items[0];
    for (size_t i = 0; i < count; i++) {
        if (!is_of_kind(items, i))
            continue;
        if (!are_of_one_file(file, &items[i])) {
            list_file(problems, CN_DETAIL, variable, file, &years);
            file = &items[i];
        }
        cn_year_list_add(&years, items[i].first_year, items[i].last_year);
    }
    list_file(problems, CN_DETAIL, variable, file, &years);
}

/* Lists the kind of the first item, whose other members are among those behind it. */
static void list_kind(struct cn_problems *problems, const char *variable,
                      struct cn_file_problem *items, size_t count)
{
    struct cn_year_list years = {0};
    const struct cn_file_problem *last = &items[0];
    size_t files = 1;
    for (size_t i = 0; i < count; i++)
        if (is_of_kind(items, i)) {
            cn_year_list_add(&years, items[i].first_year, items[i].last_year);
            files += !are_of_one_file(last, &items[i]);
            last = &items[i];
        }
    if (files == 1) {
        list_file(problems, CN_PROBLEM, variable, &items[0], &years);
    } else {
        const char *text = cn_year_list_text(&years);
        cn_problems_add(problems, CN_PROBLEM, "%s %s%s%s: %zu files are left out, such as %s",
                        variable, items[0].experiment, *text ? " " : "", text, files,
                        items[0].reason);
        problems->lost |= years.text.failed;
        cn_year_list_free(&years);
        list_details(problems, variable, items, count);
    }
    for (size_t i = count; i-- > 0;)
        items[i].is_listed |= is_of_kind(items, i);
}

void cn_list_file_problems(struct cn_problems *problems, const char *variable,
                           struct cn_file_problem *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!items[i].is_listed)
            list_kind(problems, variable, &items[i], count - i);
}
