/*
 * The text below the progress display: UTF-8 from hostile names, rows that wrapped lines take, and
 * numbers in few columns.
 */
#include "progress/text.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint32_t code;
        size_t length;
    } cases[] = {{"", 0, 0},
                 {"a", 'a', 1},
                 {"\xc3\xa9", 0xe9, 2},
                 {"\xe2\x94\x81", 0x2501, 3},
                 {"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
                 {"\xc0\x80", CN_NOT_UTF8, 1},         /* overlong */
                 {"\xe0\x80\x80", CN_NOT_UTF8, 1},     /* overlong */
                 {"\xed\xa0\x80", CN_NOT_UTF8, 1},     /* surrogate */
                 {"\xf4\x90\x80\x80", CN_NOT_UTF8, 1}, /* above 10FFFF */
                 {"\xe2\x94", CN_NOT_UTF8, 1},         /* ends early */
                 {"\x80", CN_NOT_UTF8, 1},
                 {"\xff", CN_NOT_UTF8, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].bytes;
        assert_int_equal(cn_utf8_next(&at), cases[i].code);
        assert_int_equal(at - cases[i].bytes, cases[i].length);
    }
}

static void test_screen_rows(void **state)
{
    (void)state;
    assert_int_equal(cn_text_screen_rows("", 80, true), 0);
    assert_int_equal(cn_text_screen_rows("\n1234567890\n", 10, true), 2);
    assert_int_equal(cn_text_screen_rows("\033[1m━━━━━\033[0m━━━━━━\033[K\n", 10, true), 2);
    assert_int_equal(cn_text_screen_rows("日本語\n", 5, true), 2);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *duration, *bytes, *rate;
    } cases[] = {{0, "00:00", "0 B", ""},
                 {-1, "", "0 B", ""},
                 {0.05, "00:00", "0 B", "3.0/min"},
                 {0.5, "00:01", "0 B", "30/min"},
                 {4.24, "00:04", "4 B", "4.2/s"},
                 {59.6, "01:00", "60 B", "60/s"},
                 {999.7, "16:40", "1.0 kB", "1k/s"},
                 {3723, "1:02:03", "3.7 kB", "4k/s"},
                 {359999, "99:59:59", "360 kB", "360k/s"},
                 {360000, "4d 04h", "360 kB", "360k/s"},
                 {1.9e9, "21990d 17h", "1.9 GB", "99999k/s"}};
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
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_screen_rows),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
