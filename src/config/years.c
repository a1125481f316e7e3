/*
 * Both directions of lists of years. It knows no key.
 */
#include "config/years.h"

#include "base/strbuf.h"
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
    for (size_t i = 0, end; i < count; i = end) {
        const int step = i + 1 < count ? years[i + 1] - years[i] : 1;
        for (end = i + 1; end < count && years[end] - years[end - 1] == step;)
            end++;
        if (end - i == 2 && step > 1)
            end--; /* two years are no range with a step */
        cn_strbuf_add(text, "%s\"%d", i ? ", " : "", years[i]);
        if (end - i > 1)
            cn_strbuf_add(text, "-%d", years[end - 1]);
        if (end - i > 1 && step > 1)
            cn_strbuf_add(text, "/%d", step);
        cn_strbuf_add(text, "\"");
    }
    cn_strbuf_add(text, " ]");
}
