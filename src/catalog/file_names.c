/*
 * The file name rule (CMIP5 and CMIP6 data reference syntax, NEX-GDDP-CMIP6 reissues). Names get
 * into paths and messages. So fields are printable ASCII and never begin with a dot.
 */
#include "catalog/file_names.h"

#include "base/ascii.h"

#include <stdio.h>
#include <string.h>

enum { MIN_FIELDS = 6, MAX_FIELDS = 7, MAX_VERSION_DIGITS = 9 };

/* A number of at most nine digits, which fits an int; false: anything else. */
static bool parse_digits(const char *text, size_t length, int *number)
{
    if (length == 0 || length > MAX_VERSION_DIGITS)
        return false;
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (!cn_is_digit(text[i]))
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

static bool parse_name_version(const char *field, struct cn_name *name)
{
    const char *dot = strchr(field, '.');
    return field[0] == 'v' && dot &&
           parse_digits(field + 1, (size_t)(dot - field - 1), &name->version_major) &&
           parse_digits(dot + 1, strlen(dot + 1), &name->version_minor);
}

static bool is_time_field(const char *field)
{
    return cn_is_digit(field[0]) && field[strspn(field, "0123456789-")] == '\0';
}

/* Whether so many digits are a year, or a time that names a day: YYYYMMDD[hh[mm[ss]]]. */
static bool is_daily_time(size_t digits)
{
    return digits == 4 || (digits >= 8 && digits <= 14 && digits % 2 == 0);
}

int cn_digits_year(const char *digits, size_t length)
{
    enum { FIRST = 1500, LAST = 2499 }; /* other numbers of four digits are rarely years */
    int year, day;
    if (length < 4 || length > 14 || (length % 2 && length != 7) || !parse_digits(digits, 4, &year))
        return 0;
    const bool is_day = length != 7 || (parse_digits(digits + 4, 3, &day) && day > 0 && day <= 366);
    return year >= FIRST && year <= LAST && is_day ? year : 0;
}

bool cn_name_years(const char *time, int *first, int *last)
{
    const size_t digits = strspn(time, "0123456789");
    const bool is_range = time[digits] == '-';
    const char *end = is_range ? time + digits + 1 : time;
    if (!is_daily_time(digits) || strspn(end, "0123456789") != digits || end[digits])
        return false;
    parse_digits(time, 4, first);
    parse_digits(end, 4, last);
    return true;
}

/* Cuts text at its underscores. 0: a field is empty or begins with a dot, or there are too many. */
static size_t split_fields(char *text, char *fields[MAX_FIELDS + 1])
{
    size_t count = 0;
    for (char *at = text; at;) {
        if (count == MAX_FIELDS + 1)
            return 0;
        fields[count++] = at;
        char *end = strchr(at, '_');
        if (*at == '\0' || *at == '_' || *at == '.')
            return 0;
        if (end)
            *end++ = '\0';
        at = end;
    }
    return count;
}

bool cn_name_parse(const char *base, struct cn_name *name)
{
    *name = (struct cn_name){.version_major = 1};
    size_t length = strnlen(base, CN_NAME_BYTES);
    if (length == CN_NAME_BYTES || length < 3 || strcmp(base + length - 3, ".nc") != 0)
        return false;
    for (size_t i = 0; i < length; i++)
        if (base[i] <= ' ' || base[i] > '~')
            return false;
    memcpy(name->text, base, length - 3);

    char *fields[MAX_FIELDS + 1];
    size_t count = split_fields(name->text, fields);
    if (count > MIN_FIELDS && parse_name_version(fields[count - 1], name))
        count--;
    if (count < MIN_FIELDS || count > MAX_FIELDS || !is_time_field(fields[count - 1]))
        return false;
    name->variable = fields[0];
    name->table = fields[1];
    name->model = fields[2];
    name->experiment = fields[3];
    name->variant = fields[4];
    name->grid = count == MAX_FIELDS ? fields[5] : "";
    name->time = fields[count - 1];
    cn_version_format(name->version_major, name->version_minor, name->version);
    name->daily_time = cn_name_years(name->time, &name->first_year, &name->last_year);
    return true;
}

void cn_version_format(int major, int minor, char text[CN_VERSION_BYTES])
{
    snprintf(text, CN_VERSION_BYTES, "%d.%d", major, minor);
}

size_t cn_text_index(const char *text, const char *const *list, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(list[i], text) != 0)
        i++;
    return i;
}

int cn_version_compare(int a_major, int a_minor, int b_major, int b_minor)
{
    if (a_major != b_major)
        return a_major < b_major ? -1 : 1;
    return (a_minor > b_minor) - (a_minor < b_minor);
}
