/*
 * Sizes with binary prefixes, numbers, lists of choices, and the date of creation.
 */
#include "base/format.h"

#include "base/c_locale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *cn_format_bytes(uint64_t bytes, char text[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= (unit ? 999.5 : 1024) && unit < 6; unit++)
        value /= 1024;
    snprintf(text, 24, "%.*f %s", unit && value < 99.95, value, units[unit]);
    return text;
}

const char *cn_format_number(double number, char text[CN_NUMBER_BYTES])
{
    enum { MOST_DIGITS = 17 };
    const locale_t before = cn_c_locale_enter();
    for (int digits = 6; digits <= MOST_DIGITS; digits++) {
        snprintf(text, CN_NUMBER_BYTES, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    cn_c_locale_leave(before);
    return text;
}

void cn_format_choice(char *list, size_t size, const char *quote, const char *choice, bool is_last)
{
    const size_t used = strlen(list);
    const char *between = used == 0 ? "" : is_last ? " or " : ", ";
    snprintf(list + used, size - used, "%s%s%s%s", between, quote, choice, quote);
}

const char *cn_creation_date(char text[CN_DATE_BYTES])
{
    static const long long after_last_year = 253402300800; /* 10000-01-01 */
    time_t when = time(NULL);
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end;
    long long fixed = epoch ? strtoll(epoch, &end, 10) : -1;
    if (epoch && *epoch && !*end && fixed >= 0 && fixed < after_last_year)
        when = (time_t)fixed;
    struct tm utc;
    text[0] = '\0';
    if (gmtime_r(&when, &utc))
        strftime(text, CN_DATE_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}
