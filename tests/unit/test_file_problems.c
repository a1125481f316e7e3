/*
 * Problems of many files: one line for each kind, with the years that it costs; lists of years.
 */
#include "base/error.h"
#include "base/file_problems.h"
#include "base/year_list.h"

#include "cn_test.h"

static const struct cn_file_problem damaged[] = {
    {"historical", "/d/a_1951.nc", "/d/a_1951.nc: chunk 7 is damaged; download it again", 1951,
     1951},
    {"historical", "/d/a_1952.nc", "/d/a_1952.nc: chunk 211 is damaged; download it again", 1952,
     1952},
    {"historical", "/d/a_1953.nc", "/d/a_1953.nc: HDF5 cannot open it", 1953, 1953},
    {"historical", "/d/a_1960.nc", "/d/a_1960.nc: chunk 1 is damaged; download it again", 1960,
     1969},
    {"ssp245", "/d/a_2015.nc", "/d/a_2015.nc: chunk 7 is damaged; download it again", 2015, 2015},
};
enum { COUNT = sizeof damaged / sizeof *damaged };

static void assert_problem(const struct cn_problems *problems, size_t i, enum cn_severity severity,
                           const char *text)
{
    assert_true(i < problems->count);
    assert_int_equal(problems->items[i].severity, severity);
    assert_string_equal(problems->items[i].text, text);
}

static void test_a_kind_is_one_line_and_each_of_its_files_a_detail(void **state)
{
    (void)state;
    struct cn_file_problem items[COUNT];
    struct cn_problems problems = {0};
    memcpy(items, damaged, sizeof items);
    cn_list_file_problems(&problems, "tas", items, COUNT);
    assert_problem(&problems, 0, CN_PROBLEM,
                   "tas historical 1951-1952, 1960-1969: 3 files are left out, such as "
                   "/d/a_1951.nc: chunk 7 is damaged; download it again");
    assert_problem(&problems, 1, CN_DETAIL,
                   "tas historical 1951: /d/a_1951.nc: chunk 7 is damaged; download it again; left "
                   "out");
    assert_problem(&problems, 3, CN_DETAIL,
                   "tas historical 1960-1969: /d/a_1960.nc: chunk 1 is damaged; download it again; "
                   "left out");
    assert_problem(&problems, 4, CN_PROBLEM,
                   "tas historical 1953: /d/a_1953.nc: HDF5 cannot open it; left out");
    assert_problem(
        &problems, 5, CN_PROBLEM,
        "tas ssp245 2015: /d/a_2015.nc: chunk 7 is damaged; download it again; left out");
    assert_int_equal(problems.count, 6);
    assert_int_equal(cn_problems_count(&problems, CN_PROBLEM), 3);
    cn_list_file_problems(&problems, "tas", items, COUNT); /* all are listed */
    assert_int_equal(problems.count, 6);
    cn_problems_free(&problems);
}

static void test_years_that_nobody_knows_are_not_told(void **state)
{
    (void)state;
    struct cn_file_problem items[] = {
        {"historical", "/d/a.nc", "/d/a.nc: monthly data", 0, -1},
        {"historical", "/d/b.nc", "/d/b.nc: yearly data", 0, -1},
        {"historical", "/d/c_1999.nc", "/d/c_1999.nc: yearly data", 1999, 1999}};
    struct cn_problems problems = {0};
    cn_list_file_problems(&problems, "tas", items, 3);
    assert_problem(&problems, 0, CN_PROBLEM, "tas historical: /d/a.nc: monthly data; left out");
    assert_problem(&problems, 1, CN_PROBLEM,
                   "tas historical 1999: 2 files are left out, such as /d/b.nc: yearly data");
    assert_problem(&problems, 2, CN_DETAIL, "tas historical: /d/b.nc: yearly data; left out");
    cn_problems_free(&problems);
}

static void test_years_of_one_file_are_one_line(void **state)
{
    (void)state;
    static const char path[] = "/d/a_1951-1959.nc", first[] = "/d/a_1951-1959.nc: chunk 7 is bad";
    struct cn_file_problem items[] = {
        {"historical", path, first, 1951, 1952, .position = 9},
        {"historical", path, "/d/a_1951-1959.nc: chunk 80 is bad", 1955, 1955, .position = 90},
        {"historical", "/d/a_1960.nc", "/d/a_1960.nc: chunk 1 is bad", 1960, 1960},
    };
    struct cn_problems problems = {0};
    cn_list_file_problems(&problems, "tas", items, 2);
    assert_problem(&problems, 0, CN_PROBLEM,
                   "tas historical 1951-1952, 1955: /d/a_1951-1959.nc: chunk 7 is bad; left out");
    assert_int_equal(problems.count, 1);
    items[0].is_listed = items[1].is_listed = false;
    cn_list_file_problems(&problems, "tas", items, 3);
    assert_problem(&problems, 1, CN_PROBLEM,
                   "tas historical 1951-1952, 1955, 1960: 2 files are left out, such as "
                   "/d/a_1951-1959.nc: chunk 7 is bad");
    assert_problem(&problems, 2, CN_DETAIL,
                   "tas historical 1951-1952, 1955: /d/a_1951-1959.nc: chunk 7 is bad; left out");
    assert_problem(&problems, 3, CN_DETAIL,
                   "tas historical 1960: /d/a_1960.nc: chunk 1 is bad; left out");
    assert_int_equal(problems.count, 4);
    cn_problems_free(&problems);
}

static void test_what_is_listed_is_left_out(void **state)
{
    (void)state;
    struct cn_file_problem items[COUNT];
    struct cn_problems problems = {0};
    memcpy(items, damaged, sizeof items);
    cn_list_file_problems(&problems, "tas", items, 1);
    cn_list_file_problems(&problems, "tas", items, 4);
    assert_int_equal(problems.count, 5);
    assert_problem(&problems, 1, CN_PROBLEM,
                   "tas historical 1952, 1960-1969: 2 files are left out, such as /d/a_1952.nc: "
                   "chunk 211 is damaged; download it again");
    cn_problems_free(&problems);
}

static void assert_years(const int (*ranges)[2], size_t count, const char *expected)
{
    struct cn_year_list list = {0};
    for (size_t i = 0; i < count; i++)
        cn_year_list_add(&list, ranges[i][0], ranges[i][1]);
    assert_string_equal(cn_year_list_text(&list), expected);
    cn_year_list_free(&list);
}

static void test_years_join_where_they_touch(void **state)
{
    (void)state;
    static const int ranges[][2] = {{1950, 1950}, {1951, 1955}, {1953, 1954}, {1957, 1957}};
    assert_years(ranges, 0, "");
    assert_years(ranges, 1, "1950");
    assert_years(ranges, 3, "1950-1955");
    assert_years(ranges, 4, "1950-1955, 1957");
}

static void test_years_in_equal_steps_are_a_range(void **state)
{
    (void)state;
    static const int years[] = {1950, 1951, 1952, 1960, 1970, 1980, 1991, 1995, 2000};
    static const size_t counts[] = {3, 3, 1, 1, 1};
    struct cn_strbuf text = {0};
    size_t at = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cn_strbuf_add(&text, "|");
        assert_int_equal(cn_year_range_add(&text, years + at, 9 - at), counts[i]);
        at += counts[i];
    }
    assert_int_equal(at, 9);
    assert_string_equal(cn_strbuf_text(&text), "|1950-1952|1960-1980/10|1991|1995|2000");
    cn_strbuf_free(&text);
}

static void test_a_long_list_of_years_says_that_there_are_more(void **state)
{
    (void)state;
    struct cn_year_list list = {0};
    for (int year = 0; year < 9000; year += 2)
        cn_year_list_add(&list, year, year);
    const char *text = cn_year_list_text(&list);
    assert_true(strlen(text) < 620);
    assert_string_equal(text + strlen(text) - strlen(", and more"), ", and more");
    cn_year_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_kind_is_one_line_and_each_of_its_files_a_detail),
        cmocka_unit_test(test_years_that_nobody_knows_are_not_told),
        cmocka_unit_test(test_years_of_one_file_are_one_line),
        cmocka_unit_test(test_what_is_listed_is_left_out),
        cmocka_unit_test(test_years_join_where_they_touch),
        cmocka_unit_test(test_years_in_equal_steps_are_a_range),
        cmocka_unit_test(test_a_long_list_of_years_says_that_there_are_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
