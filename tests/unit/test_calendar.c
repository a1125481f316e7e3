/*
 * Calendars, slots, reference dates and instants: known values, round trips and errors. What
 * cftime, xarray and CDO say to the same questions is in test_calendar_cftime.py.
 */
#include "calendar/least_days.h"
#include "calendar/time.h"
#include "climnorm/calendar.h"

#include "cn_test.h"

#include <math.h>

enum { CALENDARS = CN_360_DAY + 1, RULES = CN_DROP + 1 };

static void assert_date(struct cn_date date, int year, int month, int day)
{
    assert_int_equal(date.year, year);
    assert_int_equal(date.month, month);
    assert_int_equal(date.day, day);
}

static int64_t number(enum cn_calendar calendar, int year, int month, int day)
{
    return cn_day_number(calendar, (struct cn_date){year, month, day});
}

static bool valid(enum cn_calendar calendar, int year, int month, int day)
{
    return cn_date_valid(calendar, (struct cn_date){year, month, day});
}

static void test_calendars_are_known_by_all_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum cn_calendar calendar;
    } good[] = {
        {NULL, CN_STANDARD},        {"", CN_STANDARD},
        {"standard", CN_STANDARD},  {"gregorian", CN_STANDARD},
        {"GREGORIAN", CN_STANDARD}, {"proleptic_gregorian", CN_PROLEPTIC_GREGORIAN},
        {"Julian", CN_JULIAN},      {"noleap", CN_NOLEAP},
        {"NoLeap", CN_NOLEAP},      {"365_day", CN_NOLEAP},
        {"all_leap", CN_ALL_LEAP},  {"366_day", CN_ALL_LEAP},
        {"360_day", CN_360_DAY},    {"360_DAY", CN_360_DAY},
        {"standard ", CN_STANDARD}, {" proleptic gregorian", CN_PROLEPTIC_GREGORIAN},
        {"365_Day\n", CN_NOLEAP},   {"no_leap", CN_NOLEAP},
        {"365-day", CN_NOLEAP},     {"AllLeap", CN_ALL_LEAP},
        {"360 day", CN_360_DAY},    {"  ", CN_STANDARD},
    };
    enum cn_calendar calendar;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_row(cn_calendar_parse(good[i].name, &calendar) && calendar == good[i].calendar,
                   good[i].name ? good[i].name : "(none)");
    static const char *const bad[] = {"none",     "360",      "noleap2",        "standard2",
                                      "gregoria", "365_days", "360_day noleap", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_row(!cn_calendar_parse(bad[i], &calendar), bad[i]);
    for (int c = 0; c < CALENDARS; c++) {
        assert_true(cn_calendar_parse(cn_calendar_name((enum cn_calendar)c), &calendar));
        assert_int_equal(calendar, c);
    }
}

static void test_calendars_of_one_family_count_days_alike(void **state)
{
    (void)state;
    for (int a = 0; a < CALENDARS; a++)
        for (int b = 0; b < CALENDARS; b++) {
            bool both = a <= CN_PROLEPTIC_GREGORIAN && b <= CN_PROLEPTIC_GREGORIAN;
            assert_int_equal(cn_calendar_same_family((enum cn_calendar)a, (enum cn_calendar)b),
                             a == b || both);
        }
    /* One family counts its days alike from the seam on. */
    for (int year = 1583; year < 3000; year++)
        assert_int_equal(number(CN_STANDARD, year, 3, 1),
                         number(CN_PROLEPTIC_GREGORIAN, year, 3, 1));
    assert_int_equal(number(CN_STANDARD, 1582, 10, 15),
                     number(CN_PROLEPTIC_GREGORIAN, 1582, 10, 15));
}

static void test_a_year_has_the_days_of_its_calendar(void **state)
{
    (void)state;
    static const struct {
        int year;
        int days[CALENDARS]; /* standard, proleptic, julian, noleap, all_leap, 360_day */
    } years[] = {
        {2000, {366, 366, 366, 365, 366, 360}}, {1900, {365, 365, 366, 365, 366, 360}},
        {1500, {366, 365, 366, 365, 366, 360}}, {1582, {355, 365, 365, 365, 366, 360}},
        {2023, {365, 365, 365, 365, 366, 360}}, {4, {366, 366, 366, 365, 366, 360}},
        {0, {0, 366, 0, 365, 366, 360}},        {-1, {366, 365, 366, 365, 366, 360}},
        {-4, {365, 366, 365, 365, 366, 360}},   {-5, {366, 365, 366, 365, 366, 360}},
        {1000001, {0, 0, 0, 0, 0, 0}},          {-1000001, {0, 0, 0, 0, 0, 0}},
    };
    for (size_t i = 0; i < sizeof years / sizeof *years; i++)
        for (int c = 0; c < CALENDARS; c++) {
            int sum = 0;
            for (int month = 0; month <= 13; month++)
                for (int day = 0; day <= 32; day++)
                    sum += valid((enum cn_calendar)c, years[i].year, month, day);
            assert_int_equal(cn_days_in_year((enum cn_calendar)c, years[i].year), years[i].days[c]);
            assert_int_equal(sum, years[i].days[c]);
        }
}

static void test_a_date_is_valid_if_its_calendar_has_it(void **state)
{
    (void)state;
    assert_true(valid(CN_STANDARD, 1582, 10, 4));
    for (int day = 5; day < 15; day++) {
        assert_false(valid(CN_STANDARD, 1582, 10, day));
        assert_true(valid(CN_PROLEPTIC_GREGORIAN, 1582, 10, day));
        assert_true(valid(CN_JULIAN, 1582, 10, day));
    }
    assert_true(valid(CN_STANDARD, 1582, 10, 15));
    assert_true(valid(CN_STANDARD, 1500, 2, 29));
    assert_false(valid(CN_STANDARD, 1900, 2, 29));
    assert_false(valid(CN_NOLEAP, 2000, 2, 29));
    assert_true(valid(CN_ALL_LEAP, 1999, 2, 29));
    assert_true(valid(CN_360_DAY, 1999, 2, 30));
    assert_false(valid(CN_360_DAY, 1999, 1, 31));
    assert_false(valid(CN_STANDARD, 0, 1, 1));
    assert_false(valid(CN_JULIAN, 0, 1, 1));
    assert_true(valid(CN_NOLEAP, 0, 1, 1));
    assert_false(valid(CN_NOLEAP, 2000, 0, 1));
    assert_false(valid(CN_NOLEAP, 2000, 13, 1));
    assert_false(valid(CN_NOLEAP, 2000, 1, 0));
    assert_false(valid(CN_NOLEAP, 2000, 4, 31));
    assert_false(valid(CN_NOLEAP, INT32_MIN, INT32_MIN, INT32_MIN));
    assert_false(valid(CN_NOLEAP, INT32_MAX, INT32_MAX, INT32_MAX));
}

/* Differences of Julian day numbers that almanacs print. */
static void test_day_numbers_are_as_far_apart_as_julian_day_numbers(void **state)
{
    (void)state;
    /* JDN 0 is -4712-01-01 in the Julian calendar with a year 0, hence 4713 BC. */
    int64_t zero = number(CN_STANDARD, -4713, 1, 1);
    assert_int_equal(number(CN_STANDARD, 1582, 10, 4) - zero, 2299160);
    assert_int_equal(number(CN_STANDARD, 1582, 10, 15) - zero, 2299161);
    assert_int_equal(number(CN_STANDARD, 1858, 11, 17) - zero, 2400001);
    assert_int_equal(number(CN_STANDARD, 1970, 1, 1) - zero, 2440588);
    assert_int_equal(number(CN_STANDARD, 2000, 1, 1) - zero, 2451545);
    assert_int_equal(number(CN_STANDARD, 1, 1, 1) - zero, 1721424);
    assert_int_equal(number(CN_STANDARD, 1, 1, 1) - number(CN_STANDARD, -1, 12, 31), 1);
    assert_int_equal(number(CN_NOLEAP, 1, 1, 1) - number(CN_NOLEAP, -1, 12, 31), 366);
    assert_int_equal(number(CN_PROLEPTIC_GREGORIAN, 1970, 1, 1) -
                         number(CN_PROLEPTIC_GREGORIAN, 0, 1, 1),
                     719528);
    assert_int_equal(number(CN_360_DAY, 2000, 3, 1) - number(CN_360_DAY, 2000, 2, 30), 1);
    assert_int_equal(number(CN_NOLEAP, 2000, 3, 1) - number(CN_NOLEAP, 2000, 2, 28), 1);
    assert_int_equal(number(CN_ALL_LEAP, 1999, 3, 1) - number(CN_ALL_LEAP, 1999, 2, 28), 2);
}

/* Walks every day between two years: numbers step by one and dates come back. */
static void walk(enum cn_calendar calendar, int first_year, int last_year)
{
    int64_t day = number(calendar, first_year, 1, 1);
    for (int year = first_year; year <= last_year; year++) {
        int days = 0;
        for (int month = 1; month <= 12; month++)
            for (int dom = 1; dom <= 31; dom++) {
                struct cn_date date = {year, month, dom};
                if (!cn_date_valid(calendar, date))
                    continue;
                if (cn_day_number(calendar, date) != day)
                    fail_msg("%s %d-%d-%d", cn_calendar_name(calendar), year, month, dom);
                assert_date(cn_day_date(calendar, day), year, month, dom);
                days++;
                day++;
            }
        assert_int_equal(days, cn_days_in_year(calendar, year));
    }
}

static void test_every_day_number_gives_its_date_back(void **state)
{
    (void)state;
    for (int c = 0; c < CALENDARS; c++) {
        enum cn_calendar calendar = (enum cn_calendar)c;
        walk(calendar, -410, 410);
        walk(calendar, 1490, 2110);
        walk(calendar, -1000000, -999990);
        walk(calendar, 999990, 1000000);
        /* Far apart days, in steps that are no multiple of any cycle. */
        int64_t last = number(calendar, 1000000, 12, 30);
        for (int64_t day = number(calendar, -1000000, 1, 1); day <= last; day += 9973) {
            struct cn_date date = cn_day_date(calendar, day);
            assert_true(cn_date_valid(calendar, date));
            assert_int_equal(cn_day_number(calendar, date), day);
        }
    }
}

static void test_the_rule_for_leap_days_chooses_the_slot(void **state)
{
    (void)state;
    static const struct {
        enum cn_calendar calendar;
        struct cn_date date;
        int slots[RULES]; /* dayofyear, month_day, drop */
    } examples[] = {
        {CN_STANDARD, {2001, 1, 1}, {0, 0, 0}},
        {CN_STANDARD, {2001, 2, 28}, {58, 58, 58}},
        {CN_STANDARD, {2001, 3, 1}, {59, 60, 59}},
        {CN_STANDARD, {2004, 2, 29}, {59, 59, -1}},
        {CN_STANDARD, {2004, 3, 1}, {60, 60, 59}},
        {CN_STANDARD, {2001, 12, 31}, {364, 365, 364}},
        {CN_STANDARD, {2004, 12, 31}, {365, 365, 364}},
        {CN_STANDARD, {1900, 3, 1}, {59, 60, 59}},
        {CN_JULIAN, {1900, 3, 1}, {60, 60, 59}},
        {CN_STANDARD, {1582, 10, 15}, {287, 288, 287}},
        {CN_PROLEPTIC_GREGORIAN, {2100, 12, 31}, {364, 365, 364}},
        {CN_NOLEAP, {2004, 3, 1}, {59, 59, 59}},
        {CN_NOLEAP, {2004, 12, 31}, {364, 364, 364}},
        {CN_ALL_LEAP, {2001, 2, 29}, {59, 59, -1}},
        {CN_ALL_LEAP, {2001, 12, 31}, {365, 365, 364}},
        {CN_360_DAY, {2001, 2, 29}, {58, 58, 58}},
        {CN_360_DAY, {2001, 2, 30}, {59, 59, 59}},
        {CN_360_DAY, {2001, 12, 30}, {359, 359, 359}},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
        for (int rule = 0; rule < RULES; rule++)
            assert_int_equal(
                cn_slot(examples[i].calendar, (enum cn_leap_day)rule, examples[i].date),
                examples[i].slots[rule]);
}

/* A config says 0.55, and 0.55 of 360 days are 198, though the double of 0.55 is larger. */
static void test_a_share_of_days_is_what_its_decimals_say(void **state)
{
    (void)state;
    for (int percent = 0; percent <= 100; percent++)
        for (int days = 0; days <= 366; days++) {
            const int least = (percent * days + 99) / 100;
            if (cn_least_days(percent / 100.0, days) != least)
                fail_msg("%d%% of %d: %d", percent, days, cn_least_days(percent / 100.0, days));
        }
}

static void test_every_slot_gives_its_date_back(void **state)
{
    (void)state;
    static const int counts[RULES][CALENDARS] = {
        {366, 366, 366, 365, 366, 360},
        {366, 366, 366, 365, 366, 360},
        {365, 365, 365, 365, 365, 360},
    };
    for (int r = 0; r < RULES; r++)
        for (int c = 0; c < CALENDARS; c++) {
            enum cn_leap_day rule = (enum cn_leap_day)r;
            enum cn_calendar calendar = (enum cn_calendar)c;
            int slots = cn_slot_count(calendar, rule);
            assert_int_equal(slots, counts[r][c]);
            for (int year = 1570; year < 2110; year++) {
                int left_out = 0, filled = 0;
                struct cn_date date, back;
                for (int64_t day = number(calendar, year, 1, 1);
                     date = cn_day_date(calendar, day), date.year == year; day++) {
                    int slot = cn_slot(calendar, rule, date);
                    left_out += slot < 0;
                    if (slot < 0)
                        continue;
                    assert_in_range(slot, 0, slots - 1);
                    assert_true(cn_slot_date(calendar, rule, year, slot, &back));
                    assert_date(back, date.year, date.month, date.day);
                }
                for (int slot = -1; slot <= slots; slot++)
                    filled += cn_slot_date(calendar, rule, year, slot, &back);
                assert_int_equal(filled + left_out, cn_days_in_year(calendar, year));
                if (rule != CN_DROP)
                    assert_int_equal(left_out, 0);
            }
            assert_false(cn_slot_date(calendar, rule, 2001, -1, &(struct cn_date){0, 0, 0}));
            assert_false(cn_slot_date(calendar, rule, 1000001, 0, &(struct cn_date){0, 0, 0}));
        }
}

/* Seconds from a date's midnight to what the text means. */
static int64_t read_reference(const char *text, enum cn_calendar calendar, int year, int month,
                              int day)
{
    struct cn_error error = {0};
    int64_t second = -1;
    if (cn_reference_parse(text, calendar, &second, &error))
        fail_msg("\"%s\": %s", text, error.text);
    return second - 86400 * number(calendar, year, month, day);
}

static void test_reference_dates_are_read_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int second;
    } good[] = {
        {"1850-01-01", 0},
        {"1850-1-1", 0},
        {"+1850-1-1", 0},
        {"1850-1", 0},
        {"1850", 0},
        {"  1850-1-1\t", 0},
        {"1850-1-1 0", 0},
        {"1850-1-1 6", 21600},
        {"1850-1-1 6:30", 23400},
        {"1850-1-1T6:30", 23400},
        {"1850-1-1   06:30:15", 23415},
        {"1850-1-1 06:30:15.", 23415},
        {"1850-1-1 06:30:15.49999999999999999", 23415},
        {"1850-1-1 06:30:15.5", 23416},
        {"1850-1-1 23:59:59.9", 86400},
        {"1850-1-1Z", 0},
        {"1850-1-1 utc", 0},
        {"1850-1-1 00:00:00.0 GMT", 0},
        {"1850-01-01T00:00:00Z", 0},
        {"1850-1-1 0:0 +1:00", -3600},
        {"1850-1-1 0:0 -0530", 19800},
        {"1850-1-1 0:0 +01", -3600},
        {"1850-1-1 0:0-6", 21600},
        {"1850-1-1 0:0 -0:30", 1800},
        {"1850-1-1 0:0 +130", -5400},
        {"1850-1-1 0:0 -14:00", 50400},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (int c = 0; c < CALENDARS; c++)
            if (read_reference(good[i].text, (enum cn_calendar)c, 1850, 1, 1) != good[i].second)
                fail_msg("\"%s\"", good[i].text);
    assert_int_equal(read_reference("1850-2-30 1:0", CN_360_DAY, 1850, 2, 30), 3600);
    assert_int_equal(read_reference("1850-2-29", CN_ALL_LEAP, 1850, 2, 29), 0);
    assert_int_equal(read_reference("-5-3-1", CN_STANDARD, -5, 3, 1), 0);
    assert_int_equal(read_reference("1-1-1 00:00:00", CN_STANDARD, 1, 1, 1), 0);
    assert_int_equal(read_reference("0-1-1", CN_NOLEAP, 0, 1, 1), 0);
    assert_int_equal(read_reference("-1000000-1-1", CN_STANDARD, -1000000, 1, 1), 0);
}

static void test_what_is_no_reference_date_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "-",
        "x",
        "1850-",
        "1850-1-",
        "1850-1-1-1",
        "1850-1-1 x",
        "1850-1-1T",
        "1850-1-1T 0:0",
        "1850-1-1 0:",
        "1850-1-1 0:0:",
        "1850-1-1 0:0:.5",
        "1850-1-1 0.5",
        "1850-1-1 24:00",
        "1850-1-1 0:60",
        "1850-1-1 0:0:60",
        "1850-1-1 000:00",
        "1850-1-1 0600",
        "1850-1-1 -6",
        "1850-1-1 +1:00",
        "1850-1-1 0:0 530",
        "1850-1-1 0:0 +",
        "1850-1-1 0:0 +1:",
        "1850-1-1 0:0 +24:00",
        "1850-1-1 0:0 +1:60",
        "1850-1-1 0:0 +00100",
        "1850-1-1 0:0 +1:00 x",
        "1850-1-1 0:0 UTC +1",
        "1850-1-1 0:0 EST",
        "1850-001-1",
        "18500",
        "18500101",
        "1850/1/1",
        "99999999999999999999-1-1",
        "1000001-1-1",
        "1850-0-1",
        "1850-13-1",
        "1850-1-0",
        "1850-1-32",
        "1850-01-01 00:00:00.000000000000000000000000000000000000000000000000000000000000000000",
        "1850-1-1 \xc2\xa0",
    };
    struct cn_error error;
    int64_t second = 42;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (int c = 0; c < CALENDARS; c++) {
            error.text[0] = '\0';
            if (cn_reference_parse(bad[i], (enum cn_calendar)c, &second, &error) != CN_BAD_INPUT)
                fail_msg("\"%s\" is accepted", bad[i]);
            assert_non_null(strstr(error.text, "reference date"));
        }
    assert_int_equal(cn_reference_parse(" 18500101 ", CN_STANDARD, &second, &error), CN_BAD_INPUT);
    assert_non_null(strstr(error.text, "reference date \"18500101\" cannot be read"));
    assert_int_equal(cn_reference_parse("0000-01-01", CN_STANDARD, &second, &error), CN_BAD_INPUT);
    assert_non_null(strstr(error.text, "no year 0"));
    assert_int_equal(cn_reference_parse("1582-10-10", CN_STANDARD, &second, &error), CN_BAD_INPUT);
    assert_non_null(strstr(error.text, "standard calendar has no such day"));
    assert_int_equal(cn_reference_parse("2000-02-29", CN_NOLEAP, &second, NULL), CN_BAD_INPUT);
    assert_int_equal(second, 42);
}

static void test_instants_are_rounded_to_whole_seconds(void **state)
{
    (void)state;
    /* Floor and rounding on both sides of the reference. */
    const double values[] = {-1.5, -1.0, -0.5000058, -0.000001, 0.49999, 0.99999, 0.999999, 1.5};
    const int64_t days[] = {8, 9, 9, 10, 10, 10, 11, 11};
    const int seconds[] = {43200, 0, 43199, 0, 43199, 86399, 0, 43200};
    enum { COUNT = sizeof values / sizeof *values };
    int64_t day[COUNT];
    int second[COUNT];
    assert_int_equal(cn_time_days(values, COUNT, 86400, 864000, day, second, NULL), CN_OK);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(day[i], days[i]);
        assert_int_equal(second[i], seconds[i]);
    }
    /* Half a second is rounded up, whatever the sign; 23:59:59.5 belongs to the next day. */
    const double halves[] = {-1.5, -0.5, 0.5, 86399.5};
    const int rounded[] = {86399, 0, 1, 0};
    assert_int_equal(cn_time_days(halves, 4, 1, 0, day, second, NULL), CN_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(second[i], rounded[i]);
    assert_int_equal(day[0], -1);
    assert_int_equal(day[3], 1);
    /* Seconds are not asked for; nothing is asked for. */
    assert_int_equal(cn_time_days(values, COUNT, 86400, 0, day, NULL, NULL), CN_OK);
    assert_int_equal(cn_time_days(NULL, 0, 86400, 0, NULL, NULL, NULL), CN_OK);
}

/* Every second of a day, a quarter of a million years away, in units that are not exact. */
static void test_seconds_are_exact_far_from_the_reference(void **state)
{
    (void)state;
    static const double units[] = {86400, 3600, 60, 1, 0.001};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++)
        for (int s = 0; s < 86400; s += 7) {
            int64_t day;
            int second;
            double value = (730000.0 * 86400 + s) / units[u];
            assert_int_equal(cn_time_days(&value, 1, units[u], -86400, &day, &second, NULL), CN_OK);
            assert_int_equal(day, 729999);
            assert_int_equal(second, s);
        }
}

static void test_instants_must_be_finite_near_and_in_order(void **state)
{
    (void)state;
    static const struct {
        double values[3];
        double unit;
        int64_t reference;
        const char *index, *word;
    } bad[] = {
        {{0, NAN, 2}, 1, 0, "value 1 ", "finite"},
        {{0, 1, INFINITY}, 1, 0, "value 2 ", "finite"},
        {{-INFINITY, 1, 2}, 1, 0, "value 0 ", "finite"},
        {{0, 1, 1e308}, 86400, 0, "value 2 ", "finite"},
        {{0, 1, 1e36}, 1, 0, "value 2 ", "million years"},
        {{0, 1, 9.96921e36}, 86400, 0, "value 2 ", "million years"},
        {{0, 1, 360000001}, 86400, 0, "value 2 ", "million years"},
        {{-360000001, 1, 2}, 86400, 0, "value 0 ", "million years"},
        {{0, 1, 2}, 1, INT64_MAX, "value 0 ", "million years"},
        {{0, 1, 2}, 1, INT64_MAX - 1, "value 0 ", "million years"},
        {{-1, 1, 2}, 1, INT64_MIN, "value 0 ", "million years"},
        {{0, 1, 1}, 1, 0, "value 2 ", "predecessor"},
        {{0, 2, 1}, 1, 0, "value 2 ", "predecessor"},
        {{0, 0, 1}, 1, 0, "value 1 ", "predecessor"},
        {{0, 1, 1.2}, 1, 0, "value 2 ", "predecessor"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t days[3];
        struct cn_error error = {0};
        assert_int_equal(
            cn_time_days(bad[i].values, 3, bad[i].unit, bad[i].reference, days, NULL, &error),
            CN_BAD_INPUT);
        if (!strstr(error.text, bad[i].index) || !strstr(error.text, bad[i].word))
            fail_msg("case %zu: %s", i, error.text);
    }
    /* The last day that is in range has a date. */
    int64_t day;
    assert_int_equal(cn_time_days(&(double){360000000}, 1, 86400, 0, &day, NULL, NULL), CN_OK);
    for (int c = 0; c < CALENDARS; c++) {
        assert_true(cn_date_valid((enum cn_calendar)c, cn_day_date((enum cn_calendar)c, day)));
        assert_true(cn_date_valid((enum cn_calendar)c, cn_day_date((enum cn_calendar)c, -day)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendars_are_known_by_all_their_names),
        cmocka_unit_test(test_calendars_of_one_family_count_days_alike),
        cmocka_unit_test(test_a_year_has_the_days_of_its_calendar),
        cmocka_unit_test(test_a_date_is_valid_if_its_calendar_has_it),
        cmocka_unit_test(test_day_numbers_are_as_far_apart_as_julian_day_numbers),
        cmocka_unit_test(test_every_day_number_gives_its_date_back),
        cmocka_unit_test(test_the_rule_for_leap_days_chooses_the_slot),
        cmocka_unit_test(test_a_share_of_days_is_what_its_decimals_say),
        cmocka_unit_test(test_every_slot_gives_its_date_back),
        cmocka_unit_test(test_reference_dates_are_read_in_all_their_forms),
        cmocka_unit_test(test_what_is_no_reference_date_is_refused),
        cmocka_unit_test(test_instants_are_rounded_to_whole_seconds),
        cmocka_unit_test(test_seconds_are_exact_far_from_the_reference),
        cmocka_unit_test(test_instants_must_be_finite_near_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
