/*
 * The parser of arguments, with a table of its own: every type of option, every message, --help.
 * And the rules that the program's table must keep.
 */
#include "base/pool.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/options.h"
#include "config/key.h"

#include "cn_test.h"

#define IN(member) .offset = offsetof(struct cn_arguments, member)

enum { ONE = 1 << 0, MANY = 1 << 1, NONE = 1 << 2, MAYBE = 1 << 3 };

static const char *const modes[] = {"auto", "tty", "plain", NULL};

static const struct cn_option options[] = {
    {ONE | MANY, 'q', "quiet", NULL, "be quiet", CN_OPTION_FLAG, IN(quiet)},
    {ONE, 'v', "verbose", NULL, "say more", CN_OPTION_COUNT, IN(verbose)},
    {MANY, 'v', "variant", "NAME", "the member", CN_OPTION_TEXT, IN(variant)},
    {ONE, 0, "summary", "FILE", "write what was done", CN_OPTION_TEXT, IN(summary), .least = 1,
     .expects = "a path"},
    {ONE, 'n', "days", "N", "only some days", CN_OPTION_NUMBER, IN(days), 2, 366,
     .default_text = "30"},
    {ONE, 0, "years", "A-B", "some years", CN_OPTION_YEARS, IN(years), 0, 9999,
     .expects = "A-B or A", .default_text = "1950-2100"},
    {ONE, 0, "grid", "LATxLON", "some cells", CN_OPTION_GRID, IN(grid), 1, 8000,
     .expects = "LATxLON"},
    {ONE, 'p', "progress", "MODE", "a long help that tells so many things that it needs two lines",
     CN_OPTION_CHOICE, IN(progress), .choices = modes, .default_text = "plain"},
    {ONE, 0, "calendar", "NAME", "", CN_OPTION_CALENDAR, IN(calendar), .default_text = "noleap"},
    {ONE, 0, "variables", "LIST", "names", CN_OPTION_NAMES, IN(variables), 1, 3,
     .default_text = "pr,tas"},
    {ONE, 0, "scenarios", "LIST", "names", CN_OPTION_NAMES, IN(scenarios), 0, 3},
    {ONE, 's', "set", "KEY=VALUE", "a key", .type = CN_OPTION_CONFIG_KEY},
    {ONE, 't', "threads", "N", "threads", CN_OPTION_CONFIG_KEY, .key = "engine.threads"},
    {~0U, 'h', "help", NULL, "show this help", .type = CN_OPTION_HELP},
    {.name = NULL},
};

static const struct cn_command one = {ONE, "one", "FILE", "a file", .summary = "Takes one file."},
                               many = {MANY,        "many",
                                       "FILE...",   "a file",
                                       CN_OPERANDS, "Takes files.",
                                       "More.",     "many a.nc\nmany b.nc",
                                       NULL},
                               maybe = {MAYBE,
                                        "maybe",
                                        "[FILE]",
                                        "a file",
                                        CN_OPTIONAL_OPERAND,
                                        .summary = "Takes a file, or none."},
                               none = {NONE, "none", .summary = "Takes nothing."};

static struct cn_arguments arguments;
static char *said, *warned; /* stdout and stderr of the last call */

static int parse_with(const struct cn_option *table, const struct cn_command *command, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    free(said);
    free(warned);
    cn_pool_free(arguments.pool);
    size_t said_bytes, warned_bytes;
    FILE *const streams[] = {stdout, stderr};
    fflush(stdout);
    stdout = open_memstream(&said, &said_bytes);
    stderr = open_memstream(&warned, &warned_bytes);
    int exit_code = cn_arguments_parse(command, table, argc, argv, &arguments);
    if (exit_code == CN_SHOW_HELP)
        cn_help_print_command(command, table);
    fclose(stdout);
    fclose(stderr);
    stdout = streams[0];
    stderr = streams[1];
    return exit_code;
}

#define PARSE(command, ...) parse_with(options, &(command), (char *[]){"", __VA_ARGS__, NULL})

#define EXPECT_GOOD(command, ...)                    \
    do {                                             \
        int exit_code = PARSE(command, __VA_ARGS__); \
        assert_string_equal(warned, "");             \
        assert_string_equal(said, "");               \
        assert_int_equal(exit_code, CN_NO_EXIT);     \
    } while (0)

#define EXPECT_WRONG(command, message, ...)                                                   \
    do {                                                                                      \
        assert_int_equal(PARSE(command, __VA_ARGS__), CN_EXIT_USAGE);                         \
        char expected[500];                                                                   \
        snprintf(expected, sizeof expected, "climnorm %s: %s\nTry \"climnorm %s --help\".\n", \
                 (command).name, message, (command).name);                                    \
        assert_string_equal(warned, expected);                                                \
        assert_string_equal(said, "");                                                        \
    } while (0)

static void assert_names(const struct cn_names *names, const char *joined)
{
    char text[200] = "";
    for (size_t i = 0; i < names->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "[%s]", names->items[i]);
    assert_string_equal(text, joined);
}

static void test_what_is_not_given_has_its_default(void **state)
{
    (void)state;
    EXPECT_GOOD(one, "a.cfg");
    assert_int_equal(arguments.operand_count, 1);
    assert_string_equal(arguments.operands[0], "a.cfg");
    assert_false(arguments.quiet);
    assert_int_equal(arguments.verbose, 0);
    assert_null(arguments.summary);
    assert_int_equal(arguments.days, 30);
    assert_int_equal(arguments.years[0], 1950);
    assert_int_equal(arguments.years[1], 2100);
    assert_int_equal(arguments.grid[0], 0);
    assert_int_equal(arguments.progress, CN_PROGRESS_PLAIN);
    assert_int_equal(arguments.calendar, CN_NOLEAP);
    assert_names(&arguments.variables, "[pr][tas]");
    assert_int_equal(arguments.scenarios.count, 0);
    assert_int_equal(arguments.override_count, 0);
    EXPECT_GOOD(many, "a"); /* which has none of these options */
    assert_int_equal(arguments.days, 0);
    assert_int_equal(arguments.variables.count, 0);
}

static void test_every_type_is_stored(void **state)
{
    (void)state;
    EXPECT_GOOD(one, "-q", "-vv", "--summary", "s.json", "--days=2", "--years", "1990-1999",
                "--grid=600x1440", "-ptty", "--calendar", "360_day", "--variables", "a,b,c",
                "--scenarios=", "a.cfg");
    assert_true(arguments.quiet);
    assert_int_equal(arguments.verbose, 2);
    assert_string_equal(arguments.summary, "s.json");
    assert_int_equal(arguments.days, 2);
    assert_int_equal(arguments.years[0], 1990);
    assert_int_equal(arguments.years[1], 1999);
    assert_int_equal(arguments.grid[0], 600);
    assert_int_equal(arguments.grid[1], 1440);
    assert_int_equal(arguments.progress, CN_PROGRESS_TTY);
    assert_int_equal(arguments.calendar, CN_360_DAY);
    assert_names(&arguments.variables, "[a][b][c]");
    assert_names(&arguments.scenarios, "");
}

static void test_the_last_of_equal_options_counts(void **state)
{
    (void)state;
    EXPECT_GOOD(one, "--days", "3", "f", "-n", "4", "--variables", "a,b,c", "--variables=d",
                "--years=2000-2001", "--years=7");
    assert_int_equal(arguments.days, 4);
    assert_names(&arguments.variables, "[d]");
    assert_int_equal(arguments.years[0], 7);
    assert_int_equal(arguments.years[1], 7);
}

static void test_letters_stand_together(void **state)
{
    (void)state;
    EXPECT_GOOD(one, "-vqvn", "366", "f");
    assert_int_equal(arguments.verbose, 2);
    assert_true(arguments.quiet);
    assert_int_equal(arguments.days, 366);
    EXPECT_GOOD(one, "-qn5", "f");
    assert_int_equal(arguments.days, 5);
    EXPECT_GOOD(many, "-v", "r1", "f"); /* the same letter, another option */
    assert_string_equal(arguments.variant, "r1");
}

static void test_the_number_of_operands_is_checked(void **state)
{
    (void)state;
    EXPECT_GOOD(many, "a", "-q", "b", "-", "--", "--quiet", "-x");
    assert_int_equal(arguments.operand_count, 5);
    assert_string_equal(arguments.operands[2], "-");
    assert_string_equal(arguments.operands[3], "--quiet");
    assert_string_equal(arguments.operands[4], "-x");
    assert_int_equal(parse_with(options, &none, (char *[]){"", NULL}), CN_NO_EXIT);
    EXPECT_GOOD(maybe, "f");
    assert_int_equal(arguments.operand_count, 1);
    assert_int_equal(parse_with(options, &maybe, (char *[]){"", NULL}), CN_NO_EXIT);
    assert_int_equal(arguments.operand_count, 0);
    EXPECT_WRONG(maybe, "expected one [FILE], not \"f\" and \"g\"", "f", "g");
    EXPECT_WRONG(one, "name a file: climnorm one FILE", "-q");
    EXPECT_WRONG(many, "name a file: climnorm many FILE...", "-q");
    EXPECT_WRONG(one, "expected one FILE, not \"a\" and \"b\"", "a", "b");
    EXPECT_WRONG(none, "expected no argument, not \"a\"", "a");
}

static void test_overrides_keep_their_order(void **state)
{
    (void)state;
    EXPECT_GOOD(one, "-s", "a.b=1", "-t3", "--set=engine.threads=4", "--threads", "", "f");
    static const struct cn_override expected[] = {{"a.b=1", NULL},
                                                  {"engine.threads=3", "threads"},
                                                  {"engine.threads=4", NULL},
                                                  {"engine.threads=", "threads"}};
    assert_int_equal(arguments.override_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(arguments.overrides[i].text, expected[i].text);
        assert_int_equal(!arguments.overrides[i].option, !expected[i].option);
        if (expected[i].option)
            assert_string_equal(arguments.overrides[i].option, expected[i].option);
    }
}

static void test_an_unknown_option_is_guessed_among_those_of_the_command(void **state)
{
    (void)state;
    EXPECT_WRONG(one, "there is no option --dasy (did you mean \"--days\"?)", "--dasy=3", "f");
    EXPECT_WRONG(one, "there is no option --hepl (did you mean \"--help\"?)", "--hepl");
    EXPECT_WRONG(one, "there is no option --zzz", "--zzz", "f");
    EXPECT_WRONG(many, "there is no option --days", "--days", "3", "f"); /* it belongs to `one` */
    EXPECT_WRONG(many, "there is no option -n", "-qn", "3", "f");
    EXPECT_WRONG(one, "there is no option --a?[31m", "--a\x1b[31m", "f");
}

static void test_the_beginning_of_a_name_is_enough_where_it_is_clear(void **state)
{
    (void)state;
    EXPECT_GOOD(one, "--day=3", "--summ", "a", "f");
    assert_int_equal(arguments.days, 3);
    assert_string_equal(arguments.summary, "a");
    EXPECT_GOOD(one, "--set", "a=b", "f"); /* a whole name, and the beginning of none */
    EXPECT_WRONG(one, "--s is short for several options: --summary, --scenarios, --set", "--s=3",
                 "f");
    EXPECT_WRONG(many, "there is no option --day", "--day", "3", "f"); /* it belongs to `one` */
}

static void test_a_wrong_value_is_refused_with_what_was_expected(void **state)
{
    (void)state;
    EXPECT_WRONG(one, "--quiet takes no value", "--quiet=yes", "f");
    EXPECT_WRONG(one, "--help takes no value", "--help=me");
    EXPECT_WRONG(one, "--days needs a value: --days N", "f", "-qn");
    EXPECT_WRONG(one, "--summary: expected a path, not \"\"", "--summary=", "f");
    EXPECT_WRONG(one, "--progress: expected auto, tty or plain, not \"TTY\"", "-p", "TTY");
    EXPECT_WRONG(one,
                 "--calendar: expected standard, proleptic_gregorian, julian, noleap, all_leap or "
                 "360_day, not \"\"",
                 "--calendar=");
    EXPECT_WRONG(one, "--variables: expected 1 to 3 names separated by commas, not \"\"",
                 "--variables", "");
    EXPECT_WRONG(one, "--variables: expected 1 to 3 names separated by commas, not \"a,b,c,d\"",
                 "--variables", "a,b,c,d");
    static char *const numbers[] = {"1",  "367", "-3",  "+3",  " 3",  "3 ",
                                    "3x", "",    "0x3", "1e2", "2.5", "99999999999999999999"},
                       *const years[] = {"",      "x",    "-1",    "1-",
                                         "1-2-3", "1x2",  "10000", "1-x",
                                         "1 -2",  "1- 2", "1-+2",  "1-99999999999999999999"},
                       *const grids[] = {"", "1", "1x", "x1", "1x2x3", "0x1", "1x8001"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char message[120];
        snprintf(message, sizeof message,
                 "--days: expected a whole number from 2 to 366, not \"%s\"", numbers[i]);
        EXPECT_WRONG(one, message, "--days", numbers[i], "f");
    }
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        char message[120];
        snprintf(message, sizeof message, "--years: expected A-B or A, not \"%s\"", years[i]);
        EXPECT_WRONG(one, message, "--years", years[i], "f");
    }
    for (size_t i = 0; i < sizeof grids / sizeof *grids; i++) {
        char message[120];
        snprintf(message, sizeof message, "--grid: expected LATxLON, not \"%s\"", grids[i]);
        EXPECT_WRONG(one, message, "--grid", grids[i], "f");
    }
}

/* Wrapped: the allocation that fails, counted from 0; -1: none. */
static int failing = -1;

struct cn_pool *__real_cn_pool_new(void);
void *__real_cn_pool_alloc(struct cn_pool *pool, size_t count, size_t size);
char *__real_cn_pool_strdup(struct cn_pool *pool, const char *text);

struct cn_pool *__wrap_cn_pool_new(void)
{
    return failing-- == 0 ? NULL : __real_cn_pool_new();
}

void *__wrap_cn_pool_alloc(struct cn_pool *pool, size_t count, size_t size)
{
    return failing-- == 0 ? NULL : __real_cn_pool_alloc(pool, count, size);
}

char *__wrap_cn_pool_strdup(struct cn_pool *pool, const char *text)
{
    return failing-- == 0 ? NULL : __real_cn_pool_strdup(pool, text);
}

static void test_memory_that_runs_out_is_said(void **state)
{
    (void)state;
    int allocations = 0, exit_code;
    do {
        failing = allocations++;
        exit_code = PARSE(one, "--scenarios", "a", "f");
        if (exit_code == CN_NO_EXIT)
            break;
        assert_int_equal(exit_code, CN_EXIT_MACHINE);
        assert_string_equal(warned, "climnorm: out of memory (options)\n");
    } while (allocations < 100);
    failing = -1;
    assert_int_equal(exit_code, CN_NO_EXIT);
    assert_int_equal(allocations, 8); /* the pool, two arrays, two for each list, and none */
}

static void test_help_is_made_from_the_table(void **state)
{
    (void)state;
    assert_int_equal(PARSE(one, "-qh", "--nonsense"), CN_SHOW_HELP);
    assert_string_equal(warned, "");
    assert_non_null(strstr(said, "usage: climnorm one [OPTION]... FILE\n\nTakes one file.\n\n"));
    assert_non_null(strstr(said, "  -q, --quiet               be quiet\n"));
    assert_non_null(strstr(said, "      --summary FILE        write what was done\n"));
    assert_non_null(strstr(said, "  -n, --days N              only some days (default: 30)\n"));
    assert_non_null(strstr(said, "  -p, --progress MODE       auto, tty or plain; a long help that "
                                 "tells so many\n                            things that it needs "
                                 "two lines (default: plain)\n"));
    assert_non_null(strstr(said, "threads (short for --set engine.threads=N)\n"));
    assert_null(strstr(said, "--variant"));
    assert_int_equal(PARSE(many, "--help"), CN_SHOW_HELP);
    static const char many_help[] = "usage: climnorm many [OPTION]... FILE...\n\n"
                                    "Takes files.\n\nMore.\n\n"
                                    "  -q, --quiet               be quiet\n"
                                    "  -v, --variant NAME        the member\n"
                                    "  -h, --help                show this help\n\n"
                                    "Examples:\n  many a.nc\n  many b.nc\n\n"
                                    "Exit codes:\n    0  all that was asked for is there\n";
    assert_true(strncmp(said, many_help, strlen(many_help)) == 0);
    assert_int_equal(PARSE(none, "--help"), CN_SHOW_HELP);
    assert_non_null(strstr(said, "usage: climnorm none [OPTION]...\n\n"));
}

/* Everything that is wrong in the program's table for a command shows as a message or here. */
static void check_command(const struct cn_command *command)
{
    char *words[8] = {"", command->operand ? "f" : NULL}, required[4][40];
    for (size_t i = 0, n = 0, end = 1 + (command->operand != NULL); cn_options[i].name; i++)
        if (cn_options[i].commands & command->bit && cn_options[i].is_required) {
            assert_true(n < 4);
            snprintf(required[n], sizeof *required, "--%s=x", cn_options[i].name);
            words[end++] = required[n++];
        }
    assert_int_equal(parse_with(cn_options, command, words), CN_NO_EXIT);
    assert_string_equal(warned, ""); /* all defaults are right */
    for (const struct cn_option *a = cn_options; a->name; a++) {
        bool takes_none = a->type == CN_OPTION_HELP || a->type == CN_OPTION_FLAG ||
                          a->type == CN_OPTION_COUNT,
             is_stored = a->type != CN_OPTION_HELP && a->type != CN_OPTION_CONFIG_KEY;
        assert_int_equal(takes_none, !a->value);
        assert_int_equal(is_stored, a->offset != 0);
        assert_int_equal(a->type == CN_OPTION_CHOICE, a->choices != NULL);
        assert_true(!a->key || cn_key_find(cn_keys, "", a->key));
        for (const struct cn_option *b = cn_options; b != a; b++)
            if (a->commands & b->commands & command->bit) {
                assert_string_not_equal(a->name, b->name);
                assert_true(!a->letter || a->letter != b->letter);
                assert_true(!is_stored || a->offset != b->offset);
            }
    }
    assert_int_equal(parse_with(cn_options, command, (char *[]){"", "--help", NULL}), CN_SHOW_HELP);
    for (const char *line = said, *end; (end = strchr(line, '\n')); line = end + 1)
        assert_true(end - line <= 80);
}

static void test_the_tables_of_the_program_are_right(void **state)
{
    (void)state;
    unsigned bits = 0;
    for (const struct cn_command *command = cn_commands; command->name; command++) {
        assert_non_null(command->function);
        assert_int_equal(!command->operand, !command->what);
        assert_non_null(command->examples);
        assert_true(command->bit && !(bits & command->bit));
        bits |= command->bit;
        check_command(command);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_given_has_its_default),
        cmocka_unit_test(test_every_type_is_stored),
        cmocka_unit_test(test_the_last_of_equal_options_counts),
        cmocka_unit_test(test_letters_stand_together),
        cmocka_unit_test(test_the_number_of_operands_is_checked),
        cmocka_unit_test(test_overrides_keep_their_order),
        cmocka_unit_test(test_an_unknown_option_is_guessed_among_those_of_the_command),
        cmocka_unit_test(test_the_beginning_of_a_name_is_enough_where_it_is_clear),
        cmocka_unit_test(test_a_wrong_value_is_refused_with_what_was_expected),
        cmocka_unit_test(test_memory_that_runs_out_is_said),
        cmocka_unit_test(test_help_is_made_from_the_table),
        cmocka_unit_test(test_the_tables_of_the_program_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
