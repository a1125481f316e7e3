/*
 * Units through UDUNITS-2: lengths of time, "UNIT since DATE", equality; hostile texts; no
 * database.
 */
#include "calendar/time.h"
#include "catalog/units.h"

#include "cn_test.h"
#include "comma_locale.h"

#include <udunits2.h>

/* The lexer of UDUNITS 2.2.28 loses a word (at most MAX_UNIT bytes) in some texts that are no
 * units. Only builds with LeakSanitizer call this. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libudunits2";
}

/* Must run first: once read, the database stays. */
static void test_without_the_database_the_machine_is_at_fault(void **state)
{
    (void)state;
    struct cn_error error = {0};
    double seconds = 7;
    setenv("UDUNITS2_XML_PATH", "/nonexistent/udunits2.xml", 1);
    assert_int_equal(cn_unit_seconds("hours", &seconds, &error), CN_BAD_MACHINE);
    assert_non_null(strstr(error.text, "UDUNITS2_XML_PATH"));
    assert_true(cn_units_equal("K", " K ", NULL));
    assert_false(cn_units_equal("K", "kelvin", NULL));
    assert_int_equal(cn_unit_seconds("days", &seconds, &error), CN_OK); /* needs none */
    assert_true(seconds == 86400);
    unsetenv("UDUNITS2_XML_PATH");
    set_comma_locale(); /* UDUNITS must not see it */
    assert_int_equal(cn_unit_seconds("hours", &seconds, &error), CN_OK);
    assert_true(seconds == 3600);
    assert_true(cn_units_equal("0.5 m", "5e-1 m", NULL));
    setlocale(LC_ALL, "C");
}

static void test_a_length_of_time_is_read_in_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {
        {"days", 86400},
        {"day", 86400},
        {"d", 86400},
        {"Days", 86400},
        {"DAYS", 86400},
        {" days ", 86400},
        {"hours", 3600},
        {"hour", 3600},
        {"hr", 3600},
        {"h", 3600},
        {"minutes", 60},
        {"min", 60},
        {"seconds", 1},
        {"second", 1},
        {"secs", 1},
        {"s", 1},
        {"weeks", 604800},
        {"fortnight", 1209600},
        {"ms", 0.001},
        {"milliseconds", 0.001},
        {"microseconds", 1e-6},
        {"6 hours", 21600},
        {"0.5 day", 43200},
        {"86400 s", 86400},
        {"dekaday", 864000},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double seconds = 0;
        struct cn_error error = {0};
        if (cn_unit_seconds(units[i].unit, &seconds, &error))
            fail_msg("%s: %s", units[i].unit, error.text);
        assert_row(seconds == units[i].seconds, units[i].unit);
    }
}

static void test_what_has_no_fixed_length_is_refused(void **state)
{
    (void)state;
    static const char *const averages[] = {
        "months",        "month",       "Month",       "year",
        "years",         "yr",          "yrs",         "common_year",
        "common_years",  "leap_year",   "Julian_year", "tropical_month",
        "sidereal_year", "lunar_month", "work_month",  "kiloyear",
        "kyr",           "eon",         "month/30",    "12 months",
        "year.K/K",      "MONTHS",
    };
    static const char *const others[] = {
        "",
        " ",
        "K",
        "m",
        "1",
        "Hz",
        "s-1",
        "day2",
        "a",
        "-1 days",
        "0 days",
        "lg(re s)",
        "days @ 5",
        "hours since 2000-01-01",
        "fortnightly",
        "((((((((",
        "day day",

        "s^99999999999",
        "1e999 s",
        "nan s",
        "1e-999 s",
    };
    struct cn_error error;
    double seconds = 7;
    for (size_t i = 0; i < sizeof averages / sizeof *averages; i++) {
        if (cn_unit_seconds(averages[i], &seconds, &error) != CN_BAD_INPUT)
            fail_msg("\"%s\" is accepted", averages[i]);
        assert_non_null(strstr(error.text, "no fixed length"));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (cn_unit_seconds(others[i], &seconds, &error) != CN_BAD_INPUT)
            fail_msg("\"%s\" is accepted", others[i]);
        assert_non_null(strstr(error.text, "not a length of time"));
    }
    assert_true(seconds == 7);
}

static void test_time_units_are_a_length_since_a_reference_date(void **state)
{
    (void)state;
    double unit;
    int64_t second;
    struct cn_error error = {0};
    int64_t reference = 86400 * cn_day_number(CN_STANDARD, (struct cn_date){1850, 1, 1});
    static const struct {
        const char *text;
        double unit;
        int64_t second;
    } good[] = {
        {"days since 1850-01-01", 86400, 0},
        {"Days Since 1850-1-1 12:00", 86400, 43200},
        {" hours  since  1850-01-01 00:00:00 +1:00 ", 3600, -3600},
        {"s\tSINCE\t1850-01-01T00:00:30Z", 1, 30},
        {"6 hours since 1850-01-01", 21600, 0},
        {"hrs since 1850-01-01", 3600, 0},
        {"Mins since 1850-01-01", 60, 0},
        {"SECS since 1850-01-01", 1, 0},
        {"HOURS since 1850-01-01", 3600, 0},
        {"hr since 1850-01-01", 3600, 0},
        {"D since 1850-01-01", 86400, 0},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (cn_time_units_parse(good[i].text, CN_STANDARD, &unit, &second, &error))
            fail_msg("\"%s\": %s", good[i].text, error.text);
        assert_row(unit == good[i].unit, good[i].text);
        assert_row(second - reference == good[i].second, good[i].text);
    }
    assert_int_equal(
        cn_time_units_parse("days since 1850-02-30", CN_360_DAY, &unit, &second, &error), CN_OK);
    assert_int_equal(second, 86400 * cn_day_number(CN_360_DAY, (struct cn_date){1850, 2, 30}));

    static const struct {
        const char *text, *says;
    } bad[] = {
        {NULL, "since"},
        {"", "since"},
        {"days", "expected a unit"},
        {"days since", "expected a unit"},
        {"dayssince 1850-01-01", "expected a unit"},
        {"days since1850-01-01", "expected a unit"},
        {"days after 1850-01-01", "expected a unit"},
        {"days since ", "reference date"},
        {" since 1850-01-01", "not a length of time"},
        {"months since 1850-01-01", "no fixed length"},
        {"days since 1850-02-30", "no such day"},
        {"days since 1850-01-01 since 1850-01-01", "reference date"},
        {"day as %Y%m%d.%f", "cdo -r copy"},
        {"%", "cdo -r copy"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(cn_time_units_parse(bad[i].text, CN_STANDARD, &unit, &second, &error),
                         CN_BAD_INPUT);
        if (!strstr(error.text, bad[i].says))
            fail_msg("case %zu: %s", i, error.text);
    }
}

/* Reference dates of the standard calendar after 1582 are what UDUNITS itself makes of them. */
static void test_reference_dates_are_those_of_udunits(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "1850",
        "1850-2",
        "1850-3-1",
        "+1850-3-1",
        "2000-02-29 6",
        "2000-02-29 6:30",
        "2000-02-29 06:30:15",
        "2000-02-29 06:30:15.25",
        "2000-02-29T06:30:15Z",
        "2000-02-29T06",
        "2000-02-29 06:30 UTC",
        "2000-02-29 06:30:00 GMT",
        "2000-02-29 06:30 +1",
        "2000-02-29 06:30 -6",
        "2000-02-29 06:30 +01",
        "2000-02-29 06:30 +1:15",
        "2000-02-29 06:30-0530",
        "2000-02-29 06:30 +130",
        "1600-1-1 00:00:00 +14:00",
        "1582-10-15",
        "9999-12-31 23:59:59",
    };
    ut_system *system = ut_read_xml(NULL);
    ut_unit *epoch = ut_parse(system, "seconds since 1970-01-01 00:00:00 UTC", UT_ASCII);
    assert_non_null(epoch);
    int64_t epoch_second = 86400 * cn_day_number(CN_STANDARD, (struct cn_date){1970, 1, 1});
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char text[80] = "seconds since ";
        strcat(text, forms[i]);
        ut_unit *unit = ut_parse(system, text, UT_ASCII);
        cv_converter *converter = ut_get_converter(unit, epoch);
        assert_non_null(converter);
        double want = cv_convert_double(converter, 0);
        int64_t second;
        assert_int_equal(cn_reference_parse(forms[i], CN_STANDARD, &second, NULL), CN_OK);
        double got = (double)(second - epoch_second);
        if (got < want - 0.5 || got > want + 0.5)
            fail_msg("\"%s\": %f, UDUNITS %f", forms[i], got, want);
        cv_free(converter);
        ut_free(unit);
    }
    ut_free(epoch);
    ut_free_system(system);
}

static void test_units_are_equal_if_their_values_are(void **state)
{
    (void)state;
    static const char *const equal[][2] = {
        {"K", "kelvin"},
        {"kg m-2 s-1", "kg/m2/s"},
        {"kg m-2 s-1", "kg m^-2 s^-1"},
        {"degC", "celsius"},
        {"W m-2", "W/m2"},
        {" K", "K  "},
        {"%", "percent"},
        {"m s-1", "meter/second"},
        {NULL, NULL},
        {NULL, ""},
        {"", "  "},
        {"no such unit", " no such unit"},
        {"\xc2\xb0\x43", "degC"},
    };
    static const char *const different[][2] = {
        {"K", "degC"},
        {"kg m-2 s-1", "mm/day"},
        {"K", ""},
        {NULL, "1"},
        {"", "1"},
        {"K", "no such unit"},
        {"No such unit", "no such unit"},
        {"m", "km"},
        {"K", "K K"},
        {"((((", "(((("
                 "("},
    };
    for (size_t i = 0; i < sizeof equal / sizeof *equal; i++) {
        const char *a = equal[i][0], *b = equal[i][1];
        assert_row(cn_units_equal(a, b, NULL) && cn_units_equal(b, a, NULL), b ? b : "(none)");
    }
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        const char *a = different[i][0], *b = different[i][1];
        assert_row(!cn_units_equal(a, b, NULL) && !cn_units_equal(b, a, NULL), b);
    }
}

/* Long and random texts neither crash nor are taken for anything. */
static void test_long_and_random_texts_are_no_units(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    struct cn_error error;
    double seconds;
    int64_t second;
    for (const char *c = "( -9.d^s%\xff"; *c; c++) {
        memset(text, *c, LENGTH);
        text[LENGTH] = '\0';
        assert_int_equal(cn_unit_seconds(text, &seconds, &error), CN_BAD_INPUT);
        assert_int_equal(cn_time_units_parse(text, CN_STANDARD, &seconds, &second, &error),
                         CN_BAD_INPUT);
        memcpy(text, "days since ", 11);
        assert_int_equal(cn_time_units_parse(text, CN_STANDARD, &seconds, &second, &error),
                         CN_BAD_INPUT);
        assert_true(cn_units_equal(text, text, NULL));
        assert_false(cn_units_equal(text, "K", NULL));
    }
    free(text);
    static const char letters[] = "dayshm -+:.0123456789/^()@%*eK since";
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        char piece[24];
        for (size_t k = 0; k < sizeof piece; k++) {
            random = random * 1664525 + 1013904223;
            piece[k] = letters[(random >> 16) % (sizeof letters - 1)];
        }
        piece[random >> 28] = '\0';
        piece[sizeof piece - 1] = '\0';
        if (cn_unit_seconds(piece, &seconds, NULL) == CN_OK)
            assert_true(seconds > 0 && seconds < 1e300);
        (void)cn_time_units_parse(piece, CN_360_DAY, &seconds, &second, NULL);
        assert_true(cn_units_equal(piece, piece, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_the_database_the_machine_is_at_fault),
        cmocka_unit_test(test_a_length_of_time_is_read_in_seconds),
        cmocka_unit_test(test_what_has_no_fixed_length_is_refused),
        cmocka_unit_test(test_time_units_are_a_length_since_a_reference_date),
        cmocka_unit_test(test_reference_dates_are_those_of_udunits),
        cmocka_unit_test(test_units_are_equal_if_their_values_are),
        cmocka_unit_test(test_long_and_random_texts_are_no_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
