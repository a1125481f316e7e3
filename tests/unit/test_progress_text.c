/*
 * The text below the progress display: rows that wrapped lines take, cutting, and numbers in few
 * columns.
 */
#include "progress/text.h"

#include "cn_test.h"

#include <locale.h>
#include <math.h>

static void test_wrapped_lines_take_several_rows(void **state)
{
    (void)state;
    assert_int_equal(cn_text_screen_rows("", 80, true), 0);
    assert_int_equal(cn_text_screen_rows("\n1234567890\n", 10, true), 2);
    assert_int_equal(cn_text_screen_rows("\033[1m━━━━━\033[0m━━━━━━\033[K\n", 10, true), 2);
    assert_int_equal(cn_text_screen_rows("日本語\n", 5, true), 2);
}

static void test_a_long_message_loses_its_folders_then_its_end(void **state)
{
    (void)state;
    static const char message[] = "! /data/a/tas_1987.nc: chunk 3 of tas (0.5 MiB/s) is spoilt";
    static const struct {
        size_t limit;
        const char *shown;
    } cases[] = {{sizeof message - 1, message},
                 {sizeof message - 2, "! tas_1987.nc: chunk 3 of tas (0.5 MiB/s) is spoilt"},
                 {20, "! tas_1987.nc: chun…"},
                 {0, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cn_text text = {.utf8 = true, .limit = cases[i].limit};
        cn_text_raw(&text, "");
        cn_text_add_brief(&text, message);
        assert_string_equal(text.buffer.text, cases[i].shown);
        cn_text_free(&text);
    }
    char *longest = malloc(100001);
    assert_non_null(longest);
    memset(longest, '/', 100000);
    longest[100000] = '\0';
    struct cn_text text = {.utf8 = true, .limit = 80};
    cn_text_raw(&text, "");
    cn_text_add_brief(&text, longest);
    assert_string_equal(text.buffer.text, "");
    memset(longest, 'x', 100000);
    cn_text_add_brief(&text, longest);
    assert_int_equal(text.column, 80);
    cn_text_free(&text);
    free(longest);
}

static void test_numbers_fit_few_columns(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *duration, *bytes, *rate;
    } cases[] = {{0, "00:00", "0 B", ""},
                 {-1, "", "0 B", ""},
                 {0.05, "00:00", "0 B", "3.0/min"},
                 {0.5, "00:01", "1 B", "30/min"},
                 {4.24, "00:04", "4 B", "4.2/s"},
                 {59.6, "01:00", "60 B", "60/s"},
                 {999.7, "16:40", "1000 B", "1k/s"},
                 {3723, "1:02:03", "3.6 KiB", "4k/s"},
                 {359999, "99:59:59", "352 KiB", "360k/s"},
                 {360000, "4d 04h", "352 KiB", "360k/s"},
                 {1.9e9, "21990d 17h", "1.8 GiB", "99999k/s"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(cn_short_duration(cases[i].value).text, cases[i].duration);
        assert_string_equal(cn_short_bytes(cases[i].value).text, cases[i].bytes);
        assert_string_equal(cn_short_rate(cases[i].value).text, cases[i].rate);
    }
    assert_string_equal(cn_short_duration(NAN).text, "");
    assert_string_equal(cn_short_bytes(NAN).text, "0 B");
    assert_true(strlen(cn_short_bytes(INFINITY).text) < 16);
    assert_true(strlen(cn_short_duration(INFINITY).text) < 20);
}

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapped_lines_take_several_rows),
        cmocka_unit_test(test_a_long_message_loses_its_folders_then_its_end),
        cmocka_unit_test(test_numbers_fit_few_columns),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
