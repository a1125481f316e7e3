/*
 * Reads as much of cell_methods as tells sums over time: CF section 7.3.
 */
#include "catalog/totals.h"

#include <stddef.h>
#include <string.h>

bool cn_are_totals(const char *cell_methods)
{
    bool is_name = true, is_of_time = false, are_totals = false; /* is_name: of the word before */
    int depth = 0;                                               /* of comments */
    size_t length;
    for (const char *at = cell_methods ? cell_methods : ""; *at; at += length ? length : 1) {
        length = strcspn(at, " \t\r\n():");
        depth += (*at == '(') - (*at == ')');
        if (!length || depth > 0)
            continue;
        if (at[length] == ':') {
            is_of_time = (is_name && is_of_time) || (length == 4 && memcmp(at, "time", 4) == 0);
            is_name = true;
            continue;
        }
        if (is_name && is_of_time) /* the method follows the names */
            are_totals = length == 3 && memcmp(at, "sum", 3) == 0;
        is_name = false;
    }
    return are_totals;
}
