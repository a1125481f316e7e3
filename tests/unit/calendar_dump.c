/*
 * Prints what the library says about days and times, for test_calendar_cftime.py to check.
 *
 * calendar_dump days CALENDAR FIRST_YEAR LAST_YEAR
 *     a line for each day: number, year, month, day, day of year, slot under each rule
 * calendar_dump decode < lines "CALENDAR|UNITS|VALUE VALUE ..."
 *     a line for each: "YEAR-MONTH-DAY:SECOND ...", or "! error"
 */
#include "calendar/time.h"
#include "catalog/units.h"
#include "climnorm/calendar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 1024 };

static void print_days(enum cn_calendar calendar, int first_year, int last_year)
{
    int64_t day = cn_day_number(calendar, (struct cn_date){first_year, 1, 1});
    int64_t end = cn_day_number(calendar, (struct cn_date){last_year + 1, 1, 1});
    for (; day < end; day++) {
        struct cn_date date = cn_day_date(calendar, day);
        printf("%" PRId64 " %d %d %d %d %d %d %d\n", cn_day_number(calendar, date), date.year,
               date.month, date.day, cn_day_of_year(calendar, date),
               cn_slot(calendar, CN_DAYOFYEAR, date), cn_slot(calendar, CN_MONTH_DAY, date),
               cn_slot(calendar, CN_DROP, date));
    }
}

static void decode(char *line)
{
    static double values[MAX_VALUES];
    static int64_t days[MAX_VALUES];
    static int seconds[MAX_VALUES];
    char *units = strchr(line, '|');
    *units++ = '\0';
    char *text = strchr(units, '|');
    *text++ = '\0';
    size_t count = 0;
    for (char *end; count < MAX_VALUES; text = end) {
        values[count] = strtod(text, &end);
        if (end == text)
            break;
        count++;
    }

    enum cn_calendar calendar;
    struct cn_error error;
    double unit_seconds;
    int64_t reference;
    if (!cn_calendar_parse(line, &calendar)) {
        printf("! calendar\n");
    } else if (cn_time_units_parse(units, calendar, &unit_seconds, &reference, &error) ||
               cn_time_days(values, count, unit_seconds, reference, days, seconds, &error)) {
        printf("! %s\n", error.text);
    } else {
        for (size_t i = 0; i < count; i++) {
            struct cn_date date = cn_day_date(calendar, days[i]);
            printf("%d-%d-%d:%d ", date.year, date.month, date.day, seconds[i]);
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    enum cn_calendar calendar;
    if (argc == 5 && strcmp(argv[1], "days") == 0 && cn_calendar_parse(argv[2], &calendar)) {
        print_days(calendar, atoi(argv[3]), atoi(argv[4]));
        return 0;
    }
    if (argc != 2 || strcmp(argv[1], "decode") != 0)
        return 1;
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0)
        decode(line);
    free(line);
    return 0;
}
