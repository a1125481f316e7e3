/*
 * Describes a variable.
 */
#include "cli/variable_text.h"

#include "base/strbuf.h"
#include "cli/grid_text.h"

#include <string.h>

/* "historical 1950-2014, ssp245 2015-2100": the years that the files of each experiment hold. */
static void add_experiments(struct cn_strbuf *text, const struct cn_variable *variable)
{
    for (size_t y = 0; y < variable->year_count; y++) {
        const char *experiment = variable->years[y].experiment;
        int first = variable->years[y].year, last = first;
        bool is_known = false;
        for (size_t k = 0; k < variable->year_count; k++) {
            const struct cn_source_year *other = &variable->years[k];
            if (strcmp(other->experiment, experiment) != 0)
                continue;
            is_known |= k < y;
            first = other->year < first ? other->year : first;
            last = other->year > last ? other->year : last;
        }
        if (!is_known)
            cn_strbuf_add(text, "%s%s %d-%d", y ? ", " : "", experiment, first, last);
    }
}

const char *cn_variable_text(struct cn_pool *pool, const struct cn_variable *variable)
{
    struct cn_strbuf text = {0};
    add_experiments(&text, variable);
    cn_strbuf_add(&text, "; calendar %s, ", cn_calendar_name(variable->calendar));
    cn_grid_add_words(&text, &variable->grid);
    return cn_strbuf_to_pool(&text, pool);
}
