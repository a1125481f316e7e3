/*
 * Both directions of lists of years. It knows no key.
 */
#include "config/years.h"

#include "base/strbuf.h"
#include "base/year_list.h"
#include "climnorm/limits.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cn_years_parse(const struct cn_value *value, int years[3])
{
    char text[24], *end;
    if (value->kind == CN_VALUE_INT)
        snprintf(text, sizeof text, "%lld", (long long)value->integer);
    else if (value->kind == CN_VALUE_TEXT && strlen(value->text) < sizeof text)
        snprintf(text, sizeof text, "%s", value->text);
    else
        return false;
    static const char separators[] = "-/";
    long numbers[3] = {0, 0, 1};
    size_t count = 0;
    for (char *at = text;; at = end + 1) {
        numbers[count] = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : -1;
        if (numbers[count] < 0 || numbers[count] > CN_LAST_YEAR)
            return false;
        if (count++ == 0)
            numbers[1] = numbers[0];
        if (!*end || count == 3 || *end != separators[count - 1])
            break;
    }
    for (size_t i = 0; i < 3; i++)
        years[i] = (int)numbers[i];
    return !*end && numbers[0] <= numbers[1] && numbers[2] > 0;
}

void cn_years_write(struct cn_strbuf *text, const int *years, size_t count)
{
    cn_strbuf_add(text, "[ ");
    for (size_t i = 0; i < count;) {
        cn_strbuf_add(text, i ? ", \"" : "\"");
        i += cn_year_range_add(text, years + i, count - i);
        cn_strbuf_add(text, "\"");
    }
    cn_strbuf_add(text, " ]");
}
