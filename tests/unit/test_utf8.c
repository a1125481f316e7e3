/*
 * UTF-8 from hostile names: what the decoder takes, and what reaches a terminal.
 */
#include "base/error.h"
#include "base/utf8.h"
#include "climnorm/error.h"

#include "cn_test.h"

static void test_the_decoder_takes_shortest_forms_of_characters_alone(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        uint32_t code;
        size_t length;
    } cases[] = {{"the end", "", 0, 0},
                 {"1 byte", "a", 'a', 1},
                 {"2 bytes", "\xc3\xa9", 0xe9, 2},
                 {"3 bytes", "\xe2\x94\x81", 0x2501, 3},
                 {"4 bytes", "\xf4\x8f\xbf\xbf", 0x10ffff, 4},
                 {"overlong, 2 bytes", "\xc0\x80", CN_NOT_UTF8, 1},
                 {"overlong, 3 bytes", "\xe0\x80\x80", CN_NOT_UTF8, 1},
                 {"surrogate", "\xed\xa0\x80", CN_NOT_UTF8, 1},
                 {"above 10FFFF", "\xf4\x90\x80\x80", CN_NOT_UTF8, 1},
                 {"ends early", "\xe2\x94", CN_NOT_UTF8, 1},
                 {"begins late", "\x80", CN_NOT_UTF8, 1},
                 {"no such byte", "\xff", CN_NOT_UTF8, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = cases[i].bytes;
        assert_row(cn_utf8_next(&at) == cases[i].code, cases[i].what);
        assert_row((size_t)(at - cases[i].bytes) == cases[i].length, cases[i].what);
    }
}

static const struct {
    const char *text, *shown;
} texts[] = {{"", ""},
             {"tas_day é 日本 ·…", "tas_day é 日本 ·…"},
             {"\x1b[31m\n\t\x7f", "?[31m???"},
             {"\xc2\x80\xc2\x9b"
              "31m\xc2\x9f\xc2\xa0",
              "??31m?\xc2\xa0"},                                /* C1; no-break space */
             {"\xe2\x80\x8e\xe2\x80\x8f|", "??|"},              /* U+200E, U+200F */
             {"\xe2\x80\xaa|\xe2\x80\xae|", "?|?|"},            /* U+202A … U+202E */
             {"\xe2\x81\xa6|\xe2\x81\xa9|\xd8\x9c|", "?|?|?|"}, /* U+2066 … U+2069, U+061C */
             {"a\xff\xed\xa0\x80|\xe2\x94", "a????|??"}};       /* no UTF-8 */

static void test_control_characters_are_replaced(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[64];
        strcpy(text, texts[i].text);
        cn_make_printable(text);
        assert_string_equal(text, texts[i].shown);
    }
}

/* Every error and every problem passes through it. */
static void test_every_error_and_problem_is_printable(void **state)
{
    (void)state;
    struct cn_problems problems = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cn_error error;
        assert_int_equal(cn_fail(&error, CN_BAD_INPUT, "%s", texts[i].text), CN_BAD_INPUT);
        assert_string_equal(error.text, texts[i].shown);
        cn_problems_add(&problems, CN_PROBLEM, "%s", texts[i].text);
        assert_string_equal(problems.items[i].text, texts[i].shown);
    }
    cn_problems_free(&problems);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_decoder_takes_shortest_forms_of_characters_alone),
        cmocka_unit_test(test_control_characters_are_replaced),
        cmocka_unit_test(test_every_error_and_problem_is_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
