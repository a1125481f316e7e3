/*
 * What messages call a set of units of work, and how problems that several have become one line.
 */
#include "base/error.h"
#include "base/strbuf.h"
#include "job/shared_problems.h"
#include "job/unit_names.h"

#include "cn_test.h"

enum { MODELS = 8, VARIABLES = 3, UNITS = MODELS * VARIABLES };
static const char *const models[MODELS] = {"A", "B", "C", "D", "E", "F", "G", "H"};
static const char *const variables[VARIABLES] = {"pr", "tas", "tasmax"};

static const char *names_of(struct cn_strbuf *text, size_t model_count, const char *set)
{
    struct cn_unit_name units[UNITS];
    bool is_in[UNITS];
    for (size_t u = 0; u < UNITS; u++) {
        units[u] = (struct cn_unit_name){model_count > 1 ? models[u / VARIABLES] : NULL,
                                         variables[u % VARIABLES]};
        is_in[u] = u < strlen(set) && set[u] == 'x';
    }
    cn_strbuf_clear(text);
    cn_unit_names_add(text, units, is_in, model_count * VARIABLES);
    return cn_strbuf_text(text);
}

static void test_a_set_of_units_is_named_in_few_words(void **state)
{
    (void)state;
    static const struct {
        size_t models;
        const char *set, *expected; /* "pr, tas, tasmax" of each model */
    } cases[] = {
        {1, "x..", "pr"},
        {1, "xxx", "pr, tas, tasmax"},
        {3, ".x.", "A tas"},
        {3, "...x.x", "B pr, tasmax"},
        {3, "xxx", "A"},
        {3, "xxx...xxx", "A, C"},
        {3, "xxxxxxxxx", "A, B, C"},
        {3, "x..x..", "pr of A, B"},
        {3, "xx....xx.", "pr, tas of A, C"},
        {3, "x...x.x..", "pr of A, C; B tas"},
        {3, "xxx.x.", "A; B tas"},
        {8, "xxxxxxxxxxxxxxxxxxxxxxxx", "all 8 models"},
        {8, "xxxxxxxxx...xxxxxxxxxxxx", "all 8 models but D"},
        {8, "x..x..x..x..x..x..x..x..", "pr of all 8 models"},
        {8, "x..x..xxxx..x..x..x..x..", "pr of all 8 models but C; C"},
        {8, "x..x..x..x..x...........", "pr of A, B, C, D and 1 more model"},
        {8, "x..x..x..x..x........x..", "pr of all 8 models but F, G"},
    };
    struct cn_strbuf text = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(names_of(&text, cases[i].models, cases[i].set), cases[i].expected) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].set, cn_strbuf_text(&text),
                     cases[i].expected);
    cn_strbuf_free(&text);
}

static void add(struct cn_variable_result *variable, enum cn_severity severity, const char *rest)
{
    cn_problems_add(&variable->problems, severity, "%s%s", variable->label, rest);
}

static void test_what_several_units_have_in_common_is_one_line(void **state)
{
    (void)state;
    static const char *const expected[] = {"of the run", "pr of A, B: gap", "A pr: gap of A alone",
                                           "detail", "A; B tas 2000: left out"};
    struct cn_variable_result rows[4] = {{.model = "A", .name = "pr", .label = "A pr"},
                                         {.model = "A", .name = "tas", .label = "A tas"},
                                         {.model = "B", .name = "pr", .label = "B pr"},
                                         {.model = "B", .name = "tas", .label = "B tas"}};
    struct cn_result result = {.variables = rows, .count = 4};
    struct cn_problems lines = {0};
    cn_problems_add(&result.problems, CN_WARNING, "of the run");
    add(&rows[0], CN_WARNING, ": gap");
    add(&rows[0], CN_WARNING, ": gap"); /* of another timeline */
    add(&rows[0], CN_WARNING, ": gap of A alone");
    cn_problems_add(&rows[0].problems, CN_DETAIL, "detail");
    add(&rows[2], CN_WARNING, ": gap");
    for (size_t v = 0; v < 4; v++)
        if (v != 2)
            add(&rows[v], CN_PROBLEM, " 2000: left out");
    cn_share_problems(&result, &lines);
    for (size_t i = 0; i < lines.count && i < 5; i++)
        assert_string_equal(lines.items[i].text, expected[i]);
    assert_int_equal(lines.count, 5);
    assert_int_equal(lines.items[4].severity, CN_PROBLEM);
    assert_false(lines.lost);
    cn_problems_free(&lines);
    cn_problems_free(&result.problems);
    for (size_t v = 0; v < 4; v++)
        cn_problems_free(&rows[v].problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_of_units_is_named_in_few_words),
        cmocka_unit_test(test_what_several_units_have_in_common_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
