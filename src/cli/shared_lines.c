/*
 * Out of memory, a line or the names in it are missing: what is printed is for people.
 */
#include "cli/shared_lines.h"

#include "base/pool.h"
#include "base/strbuf.h"
#include "cli/columns.h"
#include "job/unit_names.h"

#include <string.h>

/* A text that holds for some variables: "1950-2100, noleap calendar". */
struct cn_shared_line {
    const char *text;
    bool *is_in; /* [plan->variable_count] */
    size_t variables;
};

const char *cn_plan_names(const struct cn_plan *plan, const bool *is_in)
{
    const bool several = cn_config_has_several_models(plan->config);
    struct cn_unit_name *units = cn_pool_alloc(plan->pool, plan->variable_count, sizeof *units);
    struct cn_strbuf text = {0};
    if (!units)
        return NULL;
    for (size_t v = 0; v < plan->variable_count; v++) {
        const struct cn_variable *variable = plan->variables[v].variable;
        units[v] = (struct cn_unit_name){several ? variable->model : NULL, variable->name};
    }
    cn_unit_names_add(&text, units, is_in, plan->variable_count);
    return cn_strbuf_to_pool(&text, plan->pool);
}

void cn_shared_add(struct cn_shared_lines *lines, size_t v, const char *text)
{
    struct cn_pool *pool = lines->plan->pool;
    size_t i = 0;
    while (text && i < lines->count && strcmp(lines->items[i].text, text) != 0)
        i++;
    if (text && i == lines->count) {
        struct cn_shared_line *items =
            cn_pool_grow(pool, lines->items, lines->count, &lines->capacity, sizeof *items);
        bool *is_in = cn_pool_alloc(pool, lines->plan->variable_count, sizeof *is_in);
        if (!items || !is_in)
            return;
        lines->items = items;
        items[lines->count++] = (struct cn_shared_line){.text = text, .is_in = is_in};
    }
    if (!text)
        return;
    lines->items[i].is_in[v] = true;
    lines->items[i].variables++;
}

void cn_shared_print(const char *label, const struct cn_shared_lines *lines, size_t all)
{
    for (size_t i = 0; i < lines->count; i++) {
        const struct cn_shared_line *line = &lines->items[i];
        const char *names = line->variables == all ? NULL : cn_plan_names(lines->plan, line->is_in);
        cn_print_labelled(i ? "" : label, "%s%s%s", names ? names : "", names ? ": " : "",
                          line->text);
    }
}
