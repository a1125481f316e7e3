/*
 * Configs that are wrong: each error once, with file, line, key, what was expected and what was
 * meant; and files that want to do harm.
 */
#include "config_helper.h"

#include <sys/stat.h>

static void test_all_errors_are_reported_at_once_with_their_lines(void **state)
{
    (void)state;
    expect_errors(
        "# a comment\n"
        "input: {\n"
        "  root = \"in\";\n"
        "  modle = \"x\";\n"
        "  version = 1.1;\n"
        "};\n"
        "variables = [ \"pr\",\n"
        "  \"pr\", 7 ];\n"
        "threads = 3;\n"
        "normals = { window = 30.0; min_days = 1.5; leap_day = \"dropp\"; };\n"
        "engine = { threads = -1; memory = 5; };\n"
        "output = { compression = 10; existing = \"Skip\"; counts = 1; zzzzz = {}; };\n",
        NULL,
        "F:4: input.modle: is not a key (did you mean \"input.model\"?)\n"
        "F:5: input.version: expected \"newest\" or a version such as \"1.1\", not 1.1\n"
        "F:8: variables: \"pr\" is listed twice; remove one\n"
        "F:8: variables: expected a name of letters, digits, \"_\", \"-\" and \".\", not 7\n"
        "F:9: threads: is not a key (did you mean \"engine.threads\"?)\n"
        "F:10: normals.window: expected a whole number from 1 to 1000, not 30.0\n"
        "F:10: normals.min_days: expected a number from 0 to 1, not 1.5\n"
        "F:10: normals.leap_day: expected \"dayofyear\", \"month_day\" or \"drop\", not \"dropp\" "
        "(did you mean \"drop\"?)\n"
        "F:11: engine.threads: expected a whole number from 0 to 4096, not -1\n"
        "F:11: engine.memory: expected a share such as \"80%\" or a size such as \"48GiB\", not "
        "5\n"
        "F:12: output.compression: expected a whole number from 0 to 9, not 10\n"
        "F:12: output.existing: expected \"skip\", \"overwrite\" or \"fail\", not \"Skip\" (did "
        "you mean \"skip\"?)\n"
        "F:12: output.counts: expected true or false, not 1\n"
        "F:12: output.zzzzz: is not a key; docs/config.md lists all keys\n"
        "F: output.root: is missing: every config needs it (a path)\n");
}

static void test_datasets_need_and_contradict_keys(void **state)
{
    (void)state;
#define INPUTS(entries) "input = { root = \"in\"; datasets = ( " entries " ); };\n"
    expect_errors("output = { root = \"out\"; };\n" INPUTS(
                      "{ file = \"x\"; variable = \"a b\"; in_file = \"a/b\"; version = \"2\"; }"),
                  NULL,
                  "F:2: input.datasets.file: is not a key (did you mean "
                  "\"input.datasets.files\"?)\n"
                  "F:2: input.datasets.variable: expected a name of letters, digits, \"_\", \"-\" "
                  "and \".\", not \"a b\"\n"
                  "F:2: input.datasets.in_file: expected the name of a netCDF variable, not "
                  "\"a/b\"\n"
                  "F:2: input.datasets.version: expected a version such as \"1.1\", not \"2\"\n"
                  "F:2: input.datasets.files: is missing: every entry needs it (a path below "
                  "input.root, with * and ** for names that differ)\n");
    expect_errors(
        "output = { root = \"out\"; };\n" INPUTS("{ files = \"/x\"; variable = \"a\"; },\n"
                                                 "{ files = \"a/../x\"; variable = \"a\"; },\n"
                                                 "{ files = \"~/x\"; variable = \"a\"; },\n"
                                                 "{ files = \"a/**\"; variable = \"a\"; },\n"
                                                 "{ files = \"\"; variable = \"a\"; }"),
        NULL,
        "F:2: input.datasets.files: begins with /: write the path below input.root\n"
        "F:3: input.datasets.files: has a part \".\" or \"..\": write the path below "
        "input.root\n"
        "F:4: input.datasets.files: ~ and $VARIABLES are not replaced here: write the "
        "path itself\n"
        "F:5: input.datasets.files: ends in **, which stands for folders: add the file, "
        "such as **/*.nc\n"
        "F:6: input.datasets.files: expected a path below input.root, with * and ** for "
        "names that differ, not \"\"\n");
    expect_errors(
        "output = { root = \"out\"; };\n" INPUTS(
            "{ files = \"x\"; variable = \"a\"; until = 2005; },\n"
            "{ files = \"y\"; variable = \"a\"; then = \"rcp85\"; },\n"
            "{ files = \"z\"; variable = \"a\"; until = 2005; then = \"historical\"; },\n"
            "{ files = \"v\"; variable = \"a\"; experiment = \"b\"; until = 2005; then = "
            "\"c\"; },\n"
            "{ files = \"x\"; variable = \"a\"; experiment = \"ssp245\"; }"),
        NULL,
        "F:2: input.datasets.then: is missing: until needs it; name the scenario of the "
        "years after 2005\n"
        "F:3: input.datasets.until: is missing: then needs it; write the last year "
        "before \"rcp85\"\n"
        "F:4: input.datasets.then: \"historical\" is input.historical, which comes "
        "before every scenario; name the scenario\n"
        "F:5: input.datasets.experiment: \"b\" comes before \"c\", but a scenario "
        "follows input.historical (\"historical\") alone; remove it, or until and then\n"
        "F:6: input.datasets.files: \"x\" is given for a in line 2 already; remove one, or "
        "see until and then for files of two experiments\n");
    expect_errors("output = { root = \"out\"; };\n" INPUTS("{ files = \"x\"; variable = \"a\"; }"),
                  SET("input.model=*"),
                  "F:2: input.datasets.model: is missing: input.model asks for several; say which "
                  "the files are of\n");
    expect_errors(ROOTS, SET("input.datasets=x", "input.overlap=scenarios"),
                  "--set input.datasets=x: \"input.datasets\" is a list of groups, which only the "
                  "config file can hold\n"
                  "--set input.overlap=scenarios: expected \"error\", \"historical\" or "
                  "\"scenario\", not \"scenarios\" (did you mean \"scenario\"?)\n");
#undef INPUTS
}

static void test_no_region_at_all_is_an_error(void **state)
{
    (void)state;
    expect_errors(ROOTS "regions = [];", NULL,
                  "F:2: regions: the list is empty and custom_regions defines none; name at least "
                  "one region, or leave the key out to get its default\n");
}

static void test_a_wrong_type_is_reported_with_the_right_one(void **state)
{
    (void)state;
    expect_errors(ROOTS "variables = \"pr\"; scenarios = { a = 1; }; regions = 5;\n"
                        "normals = 3; engine = ( 1 ); custom_regions = \"x\";\n",
                  NULL,
                  "F:2: variables: expected a list of at least one name, not \"pr\"\n"
                  "F:2: scenarios: expected a list of names, not a group\n"
                  "F:2: regions: expected a list of names, not 5\n"
                  "F:3: normals: expected a group { ... }, not 3\n"
                  "F:3: engine: expected a group { ... }, not a list of 1\n"
                  "F:3: custom_regions: expected a list of groups ( { ... }, ... ), not \"x\"\n");
    expect_errors(ROOTS "normals = { min_days = \"0.9\"; periods = (); window = (30); };\n"
                        "output2 = 3;",
                  NULL,
                  "F:2: normals.min_days: expected a number from 0 to 1, not \"0.9\"\n"
                  "F:2: normals.periods: expected a list of groups ( { ... }, ... ), not an empty "
                  "list; leave the key out to get its default\n"
                  "F:2: normals.window: expected a whole number from 1 to 1000, not a list of 1\n"
                  "F:3: output2: is not a key (did you mean \"output\"?)\n");
}

static void test_a_name_that_could_be_no_part_of_a_path_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"a/b", "..", ".hidden", "a b", "\xc3\xa9", "a\\nb", "{year}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        snprintf(text, sizeof text, ROOTS "variables = [ \"%s\" ];\n", bad[i]);
        expect_error(text, NULL, "F:2: variables: ");
    }
}

static void test_an_empty_text_is_no_path_and_no_name(void **state)
{
    (void)state;
    expect_errors("input = { root = \"\"; model = \"\"; }; output = { root = \"o\"; };", NULL,
                  "F:1: input.root: expected a path, not \"\"\n"
                  "F:1: input.model: expected a name of letters, digits, \"_\", \"-\" and \".\", "
                  "a list of names, or \"*\" for all, not \"\"; leave the key out to get its "
                  "default\n");
}

static void test_models_that_cannot_be_meant_are_refused(void **state)
{
    (void)state;
    expect_errors(
        "input = { root = \"r\"; model = [ \"A\", \"B\", \"A\" ]; }; output = { root = \"o\"; };",
        NULL, "F:1: input.model: \"A\" is listed twice; remove one\n");
    expect_errors(
        "input = { root = \"r\";\n model = []; }; output = { root = \"o\"; };", NULL,
        "F:2: input.model: expected a name of letters, digits, \"_\", \"-\" and \".\", a "
        "list of names, or \"*\" for all, not an empty list; leave the key out to get its "
        "default\n");
    expect_errors("input = { root = \"r\"; model = 3; }; output = { root = \"o\"; };", NULL,
                  "F:1: input.model: expected a name of letters, digits, \"_\", \"-\" and \".\", a "
                  "list of names, or \"*\" for all, not 3\n");
    expect_errors(
        "input = { root = \"r\"; model = [ \"A\", \"*\" ]; }; output = { root = \"o\"; };", NULL,
        "F:1: input.model: \"*\" means all models of the tree; remove it, or the other "
        "names\n");
    expect_errors(ROOTS, SET("input.model=A,B/C"),
                  "--set input.model=A,B/C: expected a name of letters, digits, \"_\", \"-\" and "
                  "\".\", a list of names, or \"*\" for all, not \"B/C\"\n");
}

static void test_the_historical_experiment_is_no_scenario(void **state)
{
    (void)state;
    expect_errors(ROOTS "scenarios = [ \"historical\" ];", NULL,
                  "F:2: scenarios: \"historical\" is input.historical, which comes before every "
                  "scenario; remove it (an empty list means the historical years alone)\n");
}

static void test_a_version_is_two_numbers_or_newest(void **state)
{
    (void)state;
    static const char *const versions[] = {"1",           "1.",  ".1",   "v1.1", "1.1.1",
                                           "1.123456789", "new", "-1.0", "1.1 "};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        char override[80];
        snprintf(override, sizeof override, "input.version=%s", versions[i]);
        expect_error(ROOTS, SET(override), "expected \"newest\" or a version");
    }
}

static void test_memory_is_a_share_or_a_size(void **state)
{
    (void)state;
    static const char *const sizes[] = {"0",         "0%",   "101%",           "-5GiB", "1e3",
                                        "5 parsecs", "GiB",  "99999999999TiB", "nan",   "inf",
                                        "1.2.3GB",   "0x10", "5GiB ",          "0.5",   "5gib"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char override[80];
        snprintf(override, sizeof override, "engine.memory=%s", sizes[i]);
        expect_error(ROOTS, SET(override), "expected a share");
    }
}

static void test_a_path_is_not_expanded(void **state)
{
    (void)state;
    expect_errors("input = { root = \"~/data\"; }; output = { root = \"$HOME/out\"; };", NULL,
                  "F:1: input.root: ~ and $VARIABLES are not replaced here: write the path itself\n"
                  "F:1: output.root: ~ and $VARIABLES are not replaced here: write the path "
                  "itself\n");
}

static void test_outputs_do_not_lie_among_the_inputs(void **state)
{
    (void)state;
    expect_errors("input = { root = \"/tmp\"; }; output = { root = \"/tmp/./\"; };", NULL,
                  "F:1: output.root: is the folder of input.root: results would lie among the "
                  "input files; choose another folder\n");
    expect_errors("input = { root = \"/tmp/..\"; }; output = { root = \"/\"; };", NULL,
                  "F:1: output.root: is the folder of input.root: results would lie among the "
                  "input files; choose another folder\n");
}

static void test_a_pattern_that_is_wrong_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *error;
    } cases[] = {
        {"/x/{year}.nc", "it begins with /"},
        {"a/../{year}.nc", "\".\" and \"..\" are not allowed"},
        {"../{year}.nc", "\".\" and \"..\" are not allowed"},
        {"./{year}.nc", "\".\" and \"..\" are not allowed"},
        {"a//{year}.nc", "a folder name is empty"},
        {"{year}.nc/", "a folder name is empty"},
        {"{year}.txt", "does not end in .nc"},
        {"{year}", "does not end in .nc"},
        {"{regoin}.nc", "{regoin} is not a field (did you mean \"region\"?)"},
        {"{}.nc", "{} is not a field"},
        {"{year.nc", "a brace { is not closed"},
        {"{year{x}.nc", "a brace { is not closed"},
        {"{a/b}.nc", "a brace { is not closed"},
        {"year}.nc", "a brace } has no { before it"},
        {"~{year}.nc", "are not replaced here"},
        {"$A{year}.nc", "are not replaced here"},
        {"a\tb.nc", "control characters"},
        {"", "expected a relative path"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "input = { root = \"i\"; };\noutput = { root = \"o\";\npattern = \"%s\"; };",
                 cases[i].pattern);
        expect_error(text, NULL, "F:3: output.pattern: ");
        expect_error(text, NULL, cases[i].error);
    }
}

static void test_a_region_that_is_wrong_is_refused_with_the_reason(void **state)
{
    (void)state;
    expect_errors(
        ROOTS "regions = [ \"conus\", \"Mars\", \"B\" ];\n"
              "custom_regions = (\n"
              "  { name = \"AK\"; lon = [1, 2]; lat = [3, 4]; },\n"
              "  { name = \"B\"; lon = [1, 2, 3]; lat = [49, 43]; },\n"
              "  { name = \"B\"; lon = [700, 10]; lat = [3, 91]; },\n"
              "  { name = \"a.b\"; lno = 4; lat = [\"3\", 4]; }, 5 );\n",
        NULL,
        "F:5: custom_regions.lon: expected two numbers [a, b] from -360 to 720, not a list of 3\n"
        "F:6: custom_regions.lat: expected two numbers [a, b] from -90 to 90, not 91\n"
        "F:7: custom_regions.name: expected a name of 1 to 32 letters, digits, \"_\" and \"-\", "
        "not \"a.b\"\n"
        "F:7: custom_regions.lno: is not a key (did you mean \"custom_regions.lon\"?)\n"
        "F:7: custom_regions.lat: expected two numbers [a, b] from -90 to 90, not \"3\"\n"
        "F:7: custom_regions.lon: is missing: every entry needs it (two numbers [a, b] from -360 "
        "to 720)\n"
        "F:7: custom_regions: expected a list of groups ( { ... }, ... ), not 5 in the list\n"
        "F:4: custom_regions.name: \"AK\" is a built-in region and cannot be redefined; choose "
        "another name\n"
        "F:5: custom_regions.lat: [49, 43] runs from north to south; write [43, 49]\n"
        "F:6: custom_regions.lon: [700, 10] has its west bound more than a whole turn east of its "
        "east bound; write both from -180 to 180 or from 0 to 360\n"
        "F:6: custom_regions.name: \"B\" is already defined in line 5\n"
        "F:2: regions: \"conus\" is not a known region (did you mean \"CONUS\"?); known are CONUS "
        "AK HI PRVI GU GLOBAL B B; others are defined in custom_regions\n"
        "F:2: regions: \"Mars\" is not a known region; known are CONUS AK HI PRVI GU GLOBAL B B; "
        "others are defined in custom_regions\n");
    expect_error(ROOTS "custom_regions = ( { name = \"X\"; lon = [1e999, 1]; lat = [1, 2]; } );",
                 NULL, "from -360 to 720, not inf");
}

static void test_periods_do_not_overlap_nor_end_before_they_begin(void **state)
{
    (void)state;
    expect_errors(ROOTS "normals = { periods = ( { name = \"a\"; first = 1990; last = 2000; },\n"
                        "  { name = \"b\"; first = 2000; last = 2010; },\n"
                        "  { name = \"c\"; first = 2020; last = 2015; } ); };\n",
                  NULL,
                  "F:3: normals.periods: \"b\" (2000 to 2010) overlaps \"a\" (1990 to 2000) of "
                  "line 2\n"
                  "F:4: normals.periods: period \"c\": last (2015) is before first (2020)\n");
}

static void test_target_years_that_are_wrong_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\"1980-\"",
                                      "\"-1980\"",
                                      "\"2000-1990\"",
                                      "\"10000\"",
                                      "-5",
                                      "10000",
                                      "\"1980-2000/0\"",
                                      "\"1980/10\"",
                                      "\"1980-2000/10/2\"",
                                      "\"x\"",
                                      "\" 1980\"",
                                      "\"1980-2000-3\"",
                                      "1980.5",
                                      "\"99999999999999999999999999\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        snprintf(text, sizeof text, ROOTS "normals = { targets = ( %s ); };", bad[i]);
        expect_error(text, NULL,
                     "F:2: normals.targets: expected a year such as 2020, a range \"1980-2100\" or "
                     "a range with a step \"1960-2020/10\", not ");
    }
    expect_errors(ROOTS "normals = { targets = [];\n periods = ( { name = \"a\"; first = 1990; "
                        "last = 2000; step = 0; } ); };",
                  NULL,
                  "F:2: normals.targets: expected a list of years and ranges such as [ \"2020\", "
                  "\"1960-2010/10\" ], not an empty list; leave the key out to get its default\n"
                  "F:3: normals.periods.step: expected a whole number from 1 to 9999, not 0\n");
    expect_errors(ROOTS
                  "normals = { targets = [ \"1995-2005\" ];\n periods = ( { name = \"a\"; "
                  "first = 1990; last = 2000; }, { name = \"b\"; first = 2003; last = 2010; } "
                  "); };",
                  NULL,
                  "F:2: normals.targets: 2001 and others are in no period of normals.periods (a "
                  "1990-2000, b 2003-2010); add a period, or leave normals.periods out\n");
}

static void test_min_years_are_in_the_window(void **state)
{
    (void)state;
    expect_errors(ROOTS "normals = { window = 10; min_values = 11; };", NULL,
                  "F:2: normals.min_values: 11 values cannot be in a window of 10; lower it or "
                  "raise normals.window\n");
    expect_errors(ROOTS "normals = { window = 10; min_years = 11; };", NULL,
                  "F:2: normals.min_years: 11 years cannot be in a window of 10; lower it or raise "
                  "normals.window\n");
}

static void test_words_of_products_are_those_of_the_tables(void **state)
{
    (void)state;
    expect_errors(
        ROOTS "products = ( { name = \"a\"; within = \"count_gtt\"; },\n"
              " { name = \"d\"; over = \"stdd\"; },\n"
              " { name = \"e\"; change = \"diff\"; baseline = 10000; },\n"
              " { name = \"f\"; units = 3; time = \"mont\"; } );",
        NULL,
        "F:2: products.within: expected \"mean\", \"sum\", \"min\", \"max\", \"count_gt\", "
        "\"count_ge\", \"count_lt\", \"count_le\", \"excess\" or \"deficit\", not \"count_gtt\" "
        "(did you mean \"count_gt\"?)\n"
        "F:3: products.over: expected \"mean\", \"std\", \"min\", \"max\", \"median\" or a "
        "percentile such as \"p90\", not \"stdd\" (did you mean \"std\"?)\n"
        "F:4: products.change: expected \"difference\" or \"ratio\", not \"diff\"\n"
        "F:4: products.baseline: expected a whole number from 1 to 9999, not 10000\n"
        "F:5: products.units: expected a unit such as \"degC\", not 3\n"
        "F:5: products.time: expected \"day\", \"month\", \"season\" or \"year\", not \"mont\" "
        "(did "
        "you mean \"month\"?)\n");
}

static void test_a_threshold_is_a_number_and_a_unit(void **state)
{
    (void)state;
    static const struct {
        const char *value, *error;
    } cases[] = {
        {"90", "not 90; write the unit, too"},
        {"0.5", "not 0.5; write the unit, too"},
        {"\"90\"", "not \"90\"; write the unit, too"},
        {"\"-1e3 \"", "not \"-1e3 \"; write the unit, too"},
        {"\"degF\"", "not \"degF\"\n"},
        {"\"90,5 degF\" + 1", "syntax error"},
        {"\"inf K\"", "not \"inf K\"\n"},
        {"\"nan K\"", "not \"nan K\"\n"},
        {"\"0x10 K\"", "not \"0x10 K\"\n"},
        {"\"1e999 K\"", "not \"1e999 K\"\n"},
        {"\"\"", "not \"\""},
        {"[ 1, 2 ]", "not a list of 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 ROOTS "products = ( { name = \"a\"; within = \"excess\"; threshold = %s; } );",
                 cases[i].value);
        expect_error(text, NULL, cases[i].error);
    }
}

static void test_keys_of_products_fit_together(void **state)
{
    (void)state;
    expect_errors(
        ROOTS "products = ( { name = \"a\"; within = \"count_gt\"; },\n"
              " { name = \"b\"; threshold = \"90 degF\"; },\n"
              " { name = \"c\"; change = \"ratio\"; },\n"
              " { name = \"d\"; baseline = 1990; },\n"
              " { name = \"e\"; over = \"std\"; window = 1; },\n"
              " { name = \"f\"; time = \"month\"; pool = 3; },\n"
              " { name = \"g\"; time = \"year\"; window = 20; min_values = 21; } );",
        NULL,
        "F:2: products.threshold: is missing: within = \"count_gt\" compares with it; write a "
        "number "
        "and its unit, such as \"90 degF\"\n"
        "F:3: products.threshold: within = \"mean\" compares with nothing; remove it, or choose "
        "another within\n"
        "F:4: products.baseline: is missing: change compares with it; write its target year\n"
        "F:5: products.change: is missing: baseline needs it; write \"difference\" or \"ratio\"\n"
        "F:6: products.over: a sample of \"e\" has one value, and std needs two; raise "
        "products.window, or choose another statistic\n"
        "F:7: products.pool: neighbouring days are pooled with time = \"day\" alone; remove it\n"
        "F:8: products.min_values: a sample of \"g\" holds at most 20 values, so 21 cannot be "
        "asked "
        "for\n");
}

static void test_units_of_output_are_texts_by_variable(void **state)
{
    (void)state;
    expect_errors(
        "input = { root = \"i\"; };\noutput = { root = \"o\"; units = { tas = 3; huss = \"1 @ 3\"; "
        "pr = \"\"; "
        "}; };",
        SET("output.units=degC", "output.units.9t=K", "output.units.hurs=", "output.unit.tas=K"),
        "--set output.units=degC: \"output.units\" is a group; set one of its keys, such as "
        "output.units.tas=degC\n"
        "--set output.units.9t=K: the name of a variable begins with a letter and has "
        "letters, digits, \"_\" and \"-\"; products.units takes other names\n"
        "--set output.units.hurs=: expected a unit such as \"degC\", not \"\"; leave the key "
        "out to get its default\n"
        "--set output.unit.tas=K: is not a key (did you mean \"output.units\"?)\n"
        "F:2: output.units.tas: expected a unit such as \"degC\", not 3\n"
        "F:2: output.units.huss: expected a unit such as \"degC\", not \"1 @ 3\"\n"
        "F:2: output.units.pr: expected a unit such as \"degC\", not \"\"; leave the key out "
        "to get its default\n");
    expect_error(ROOTS, SET("output.units.tas=degC", "output.units.tas"), "expected KEY=VALUE");
    expect_error("input = { root = \"i\"; }; output = { root = \"o\"; units = \"K\"; };", NULL,
                 "F:1: output.units: expected a unit for each variable: { tas = \"degC\"; }, not "
                 "\"K\"");
}

static void test_the_name_of_a_period_is_part_of_a_path(void **state)
{
    (void)state;
    static const char *const bad[] = {"{year}", "a{scenario", "../x", ".{scenario}", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 ROOTS "normals = { periods = ( { name = \"%s\"; first = 1; last = 2; } ); };",
                 bad[i]);
        expect_error(text, NULL, "F:2: normals.periods.name: expected");
    }
}

static void test_an_override_that_is_wrong_is_refused_with_the_reason(void **state)
{
    (void)state;
    expect_errors(
        ROOTS,
        SET("nonsense", "=5", "engine.thread=4", "engin.threads=4", "threads=4", "engine=4",
            "custom_regions=x", "normals.periods=x", "engine.threads=many",
            "engine.batch_years=", "normals.min_days=nan", "output.counts=maybe", "variables=a,,b",
            "regions=CONUS,Mars", "input.root=~/x", "normals.min_years=31", "engine.threads=1 "),
        "--set nonsense: expected KEY=VALUE, such as engine.threads=8\n"
        "--set =5: expected KEY=VALUE, such as engine.threads=8\n"
        "--set engine.thread=4: is not a key (did you mean \"engine.threads\"?)\n"
        "--set engin.threads=4: is not a key (did you mean \"engine.threads\"?)\n"
        "--set threads=4: is not a key (did you mean \"engine.threads\"?)\n"
        "--set engine=4: \"engine\" is a group; set one of its keys, such as engine.threads\n"
        "--set custom_regions=x: \"custom_regions\" is a list of groups, which only the config "
        "file can hold\n"
        "--set normals.periods=x: \"normals.periods\" is a list of groups, which only the config "
        "file can hold\n"
        "--set engine.batch_years=: expected a whole number from 0 to 1000, not \"\"\n"
        "--set normals.min_days=nan: expected a number from 0 to 1, not nan\n"
        "--set output.counts=maybe: expected true or false, not \"maybe\"\n"
        "--set variables=a,,b: expected a name of letters, digits, \"_\", \"-\" and \".\", not "
        "\"\"\n"
        "--set input.root=~/x: ~ and $VARIABLES are not replaced here: write the path itself\n"
        "--set engine.threads=1 : expected a whole number from 0 to 4096, not \"1 \"\n"
        "--set regions=CONUS,Mars: \"Mars\" is not a known region; known are CONUS AK HI PRVI GU "
        "GLOBAL; others are defined in custom_regions\n"
        "--set normals.min_years=31: 31 years cannot be in a window of 30; lower it or raise "
        "normals.window\n");
}

static void test_an_override_without_a_value_replaces_none(void **state)
{
    (void)state;
    expect_errors(ROOTS, SET("normals.window=abc", "normals.window"),
                  "--set normals.window=abc: expected a whole number from 1 to 1000, not \"abc\"\n"
                  "--set normals.window: expected KEY=VALUE, such as engine.threads=8\n");
}

/* Options that are short for a key: the last of all overrides counts, and errors cite it as typed.
 */
static void test_an_option_short_for_a_key_is_cited_as_typed(void **state)
{
    (void)state;
    static const struct cn_override good[] = {{"engine.threads=many", NULL},
                                              {"engine.threads=-1", "threads"},
                                              {"engine.threads=7", "threads"}},
                                    bad[] = {{"engine.threads=7", NULL},
                                             {"engine.threads=many", "threads"},
                                             {"output.root=\x01", "output"}};
    struct reading reading = read_good(ROOTS, NULL);
    struct cn_config *config;
    struct cn_problems problems = {0};
    assert_int_equal(cn_config_read(reading.path, good, 3, &config, &problems), CN_OK);
    assert_int_equal(config->engine.threads, 7);
    cn_config_free(config);
    assert_int_equal(cn_config_read(reading.path, bad, 3, &config, &problems), CN_BAD_USAGE);
    assert_int_equal(problems.count, 2);
    assert_string_equal(problems.items[0].text,
                        "--threads many: expected a whole number from 0 to 4096, not \"many\"");
    assert_non_null(strstr(problems.items[1].text, ": --output: holds control"));
    cn_problems_free(&problems);
    reading_free(&reading);
}

static void test_a_syntax_error_stands_alone_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"bad = 1;\nx = ;\n", "F:2: syntax error here or just before"},
        {"bad = 1;\n\nbad = 2;\n", "F:3: this key is given twice in its group"},
        {"bad = [1, 2);\n", "F:1: syntax error"},
        {"bad = [1, 2,];\n", "F:1: syntax error"},
        {"bad = (1, 2];\n", "F:1: syntax error"},
        {"bad = yes;\n", "F:1: syntax error"},
        {"x = 1;\nbad = \"a\ny = \"b\";\n", "F:2: the text that begins here has no closing quote"},
        {"x = \"a\\", "F:1: the text that begins here has no closing quote"},
        {"x = 1;\n/* bad\n\n", "F:2: the comment that begins here has no closing */"},
        {"x = 1;\n  @include \"/etc/passwd\"\n", "F:2: @include is not allowed"},
        {"x = 1; @include \"/etc/passwd\"\n", "F:1: @include is not allowed"},
        {"{", "F:1: syntax error"},
        {"# my.yaml; a = 1\ninput:\n  root: data\noutput:\n  root: normals\n",
         "F:3: this looks like YAML, but climnorm reads libconfig; let \"climnorm config DATA\""},
        {"---\ninput: {root: data}\n", "F:1: this looks like YAML"},
        {"{\"input\": {\"root\": \"data\"}}\n", "F:1: this looks like JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading reading = read_text(cases[i].text, SET("nonsense=1"));
        if (strncmp(reading.errors, cases[i].error, strlen(cases[i].error)) != 0 ||
            strchr(reading.errors, '\n')[1] != '\0') /* the error of --set is not there */
            fail_msg("%s: %s", cases[i].text, reading.errors);
        reading_free(&reading);
    }
}

/* libconfig 1.5 keeps the low 32 bits of these. */
static void test_large_integers_do_not_wrap(void **state)
{
    (void)state;
    static const char *const numbers[] = {"4294967297", "99999999999999999999999", "-4294967295",
                                          "0x100000001", "4294967297L"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char text[200];
        snprintf(text, sizeof text, ROOTS "engine = { threads = %s; };", numbers[i]);
        expect_error(text, NULL, "F:2: engine.threads: expected a whole number");
    }
}

static void test_a_fraction_keeps_its_digits(void **state)
{
    (void)state;
    struct reading reading = read_good(ROOTS "normals = { min_days = .12345678901; };", NULL);
    assert_true(reading.config->normals.min_days == .12345678901);
    reading_free(&reading);
}

static char *repeat(const char *before, const char *unit, size_t count)
{
    size_t length = strlen(unit);
    char *text = malloc(strlen(before) + count * length + 1);
    assert_non_null(text);
    char *at = stpcpy(text, before);
    for (size_t i = 0; i < count; i++)
        at = mempcpy(at, unit, length);
    *at = '\0';
    return text;
}

static void test_a_text_that_can_be_no_config_is_refused_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *before, *unit;
        size_t count;
        const char *error;
    } cases[] = {
        {"variables = \"", "x", 10 << 20, "F: is larger than 1 MiB"},
        {"variables = ", "(", 500000, "F:1: brackets are nested deeper"},
        {"x = ", "{a=", 300000, "F:1: brackets are nested deeper"},
        {"", "x = 1;\n", 100000, "F:5001: more settings than a config can need"},
        {"", "\x01", 1000, "F:1: syntax error"},
        {"", "\xff", 1000, "F:1: syntax error"},
        {"", "}", 1000, "F:1: syntax error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = repeat(cases[i].before, cases[i].unit, cases[i].count);
        expect_error(text, NULL, cases[i].error);
        free(text);
    }
}

static void test_bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    static const char with_nul[] = ROOTS "variables = [ \"a\0b\" ];";
    struct reading reading = read_bytes(with_nul, sizeof with_nul - 1, NULL);
    assert_string_equal(reading.errors, "F: holds NUL bytes: it is not a text file\n");
    reading_free(&reading);
    expect_errors(
        ROOTS "custom_regions = ( { name = \"X\"; title = \"\xe9t\xe9\"; lon = [1, 2]; lat = [1, "
              "2]; } );",
        NULL,
        "F:2: custom_regions.title: holds control characters or bytes that are not UTF-8 text\n");
    expect_errors(ROOTS, SET("input.model=\xff", "input.model=a\nb"),
                  "F: --set: holds control characters or bytes that are not UTF-8\n"
                  "F: --set: holds control characters or bytes that are not UTF-8\n");
}

static void test_a_value_that_is_too_long_is_not_repeated(void **state)
{
    (void)state;
    char *long_name = repeat(ROOTS "input2 = 1; variables = [ \"", "v", 200000);
    char *text = repeat(long_name, "\" ];", 1);
    expect_errors(text, NULL,
                  "F:2: input2: is not a key (did you mean \"input\"?)\n"
                  "F:2: variables: is longer than 64 bytes\n");
    free(text);
    free(long_name);
}

static void test_a_list_has_a_limit(void **state)
{
    (void)state;
    char *many = repeat(ROOTS "variables = [ 1", ", \"a\"", 257);
    char *text = repeat(many, "];", 1);
    expect_errors(text, NULL, "F:2: variables: has 258 entries; 256 is the most\n");
    free(text);
    free(many);
}

static void test_after_a_hundred_errors_the_rest_is_left_out(void **state)
{
    (void)state;
    char *errors = malloc(100000), *at = errors;
    assert_non_null(errors);
    for (int i = 0; i < 4000; i++)
        at += sprintf(at, "q%d = 1;\n", i);
    struct reading reading = read_text(errors, NULL);
    assert_non_null(strstr(reading.errors, "F:100: q99: is not a key"));
    assert_null(strstr(reading.errors, "F:101:"));
    assert_non_null(strstr(reading.errors, "F: more errors follow; correct these first\n"));
    reading_free(&reading);
    free(errors);
}

static void expect_unreadable(const char *path, const char *error)
{
    struct cn_config *config;
    struct cn_problems problems = {0};
    assert_int_equal(cn_config_read(path, NULL, 0, &config, &problems), CN_BAD_USAGE);
    assert_null(config);
    assert_int_equal(problems.count, 1);
    assert_non_null(strstr(problems.items[0].text, path));
    assert_non_null(strstr(problems.items[0].text, error));
    cn_problems_free(&problems);
}

static void test_a_file_that_cannot_be_read_is_refused_with_the_reason(void **state)
{
    (void)state;
    char folder[] = "/tmp/climnorm-config-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    expect_unreadable(folder, "is a folder");
    snprintf(path, sizeof path, "%s/none", folder);
    expect_unreadable(path, "No such file");
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_unreadable(path, "is not a regular file");
    unlink(path);
    expect_unreadable("/dev/zero", "is not a regular file");
    if (geteuid() != 0) {
        fclose(fopen(path, "w"));
        chmod(path, 0);
        expect_unreadable(path, "Permission denied");
        unlink(path);
    }
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_errors_are_reported_at_once_with_their_lines),
        cmocka_unit_test(test_datasets_need_and_contradict_keys),
        cmocka_unit_test(test_no_region_at_all_is_an_error),
        cmocka_unit_test(test_a_wrong_type_is_reported_with_the_right_one),
        cmocka_unit_test(test_a_name_that_could_be_no_part_of_a_path_is_refused),
        cmocka_unit_test(test_an_empty_text_is_no_path_and_no_name),
        cmocka_unit_test(test_models_that_cannot_be_meant_are_refused),
        cmocka_unit_test(test_the_historical_experiment_is_no_scenario),
        cmocka_unit_test(test_a_version_is_two_numbers_or_newest),
        cmocka_unit_test(test_memory_is_a_share_or_a_size),
        cmocka_unit_test(test_a_path_is_not_expanded),
        cmocka_unit_test(test_outputs_do_not_lie_among_the_inputs),
        cmocka_unit_test(test_a_pattern_that_is_wrong_is_refused_with_the_reason),
        cmocka_unit_test(test_a_region_that_is_wrong_is_refused_with_the_reason),
        cmocka_unit_test(test_periods_do_not_overlap_nor_end_before_they_begin),
        cmocka_unit_test(test_target_years_that_are_wrong_are_refused),
        cmocka_unit_test(test_min_years_are_in_the_window),
        cmocka_unit_test(test_words_of_products_are_those_of_the_tables),
        cmocka_unit_test(test_a_threshold_is_a_number_and_a_unit),
        cmocka_unit_test(test_keys_of_products_fit_together),
        cmocka_unit_test(test_units_of_output_are_texts_by_variable),
        cmocka_unit_test(test_the_name_of_a_period_is_part_of_a_path),
        cmocka_unit_test(test_an_override_that_is_wrong_is_refused_with_the_reason),
        cmocka_unit_test(test_an_override_without_a_value_replaces_none),
        cmocka_unit_test(test_an_option_short_for_a_key_is_cited_as_typed),
        cmocka_unit_test(test_a_syntax_error_stands_alone_with_its_line),
        cmocka_unit_test(test_large_integers_do_not_wrap),
        cmocka_unit_test(test_a_fraction_keeps_its_digits),
        cmocka_unit_test(test_a_text_that_can_be_no_config_is_refused_in_one_line),
        cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
        cmocka_unit_test(test_a_value_that_is_too_long_is_not_repeated),
        cmocka_unit_test(test_a_list_has_a_limit),
        cmocka_unit_test(test_after_a_hundred_errors_the_rest_is_left_out),
        cmocka_unit_test(test_a_file_that_cannot_be_read_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
