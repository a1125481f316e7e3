/*
 * Configs that are right: every key, every default, every way to write a value, and --set.
 */
#include "comma_locale.h"
#include "config/read.h"
#include "config/write.h"
#include "config_helper.h"

static void test_a_key_that_is_left_out_has_its_default(void **state)
{
    (void)state;
    struct reading reading = read_good(ROOTS, NULL);
    const struct cn_config *config = reading.config;
    char expected[100];
    snprintf(expected, sizeof expected, "%s/in", reading.folder);
    assert_string_equal(config->input.root, expected);
    snprintf(expected, sizeof expected, "%s/out", reading.folder);
    assert_string_equal(config->output.root, expected);
    assert_string_equal(config->path, reading.path);
    assert_null(config->input.models);
    assert_false(config->input.all_models);
    assert_null(config->input.variant);
    assert_null(config->input.grid);
    assert_string_equal(config->input.historical, "historical");
    assert_string_equal(config->input.table, "day");
    assert_true(config->input.newest);
    assert_int_equal(config->input.stamps, CN_STAMPS_AUTO);
    assert_null(config->variables);
    assert_int_equal(config->variable_count, 0);
    assert_false(config->scenarios_given);
    assert_int_equal(config->region_count, 5);
    assert_string_equal(config->regions[4].name, "GU");
    assert_int_equal(config->normals.window, 30);
    assert_int_equal(config->normals.min_years, 25);
    assert_true(config->normals.min_days == 0.9);
    assert_int_equal(config->normals.leap_day, CN_DAYOFYEAR);
    assert_null(config->normals.periods);
    assert_int_equal(config->engine.threads, 0);
    assert_int_equal(config->engine.batch_years, 0);
    assert_true(config->engine.memory_share == 0.8);
    assert_string_equal(
        config->output.pattern,
        "{region}/{variable}/{period}/{variable}_{region}_{period}_{year}_{window}yr_{product}.nc");
    assert_int_equal(config->output.compression, 1);
    assert_int_equal(config->output.existing, CN_SKIP);
    assert_false(config->output.counts);
    reading_free(&reading);
}

static void test_every_key_is_read(void **state)
{
    (void)state;
    struct reading reading = read_good(
        "input: { root = \"/d//x/./y/\"; model = \"M-1.2_a\"; variant = \"r1i1p1f1\"; grid = "
        "\"gr\";\n"
        "  historical = \"hist\"; table = \"Eday\"; version = \"1.10\"; stamps = \"instant\"; "
        "overlap = "
        "\"scenario\";\n"
        "  datasets = ( { files = \"a/**/*.nc\"; variable = \"pr\"; },\n"
        "    { files = \"j.nc\"; variable = \"tas\"; in_file = \"T \xc3\xa4\"; until = 2005;\n"
        "      then = \"rcp85\"; model = \"A\"; variant = \"B\"; grid = \"C\"; version = \"2.1\"; "
        "},\n"
        "    { files = \"s.nc\"; variable = \"tas\"; experiment = \"ssp245\"; } ); };\n"
        "variables = [ \"pr\", \"tas\" ]; scenarios = ( \"ssp245\", \"rcp85\" );\n"
        "regions = [ \"ALPS\", \"GLOBAL\" ];\n"
        "custom_regions = ( { name = \"ALPS\"; title = \"Les Alpes: \xc3\xa9t\xc3\xa9\";\n"
        "  lon = [4, 17.5]; lat = (43, 49); } );\n"
        "normals: { window = 20; min_years = 15; min_days = 1; leap_day = \"drop\";\n"
        "  periods = ( { name = \"past-{scenario}.x\"; first = 1; last = 9; step = 4; } ); };\n"
        "engine: { threads = 12; batch_years = 25; memory = \"1.5 GiB\"; };\n"
        "output: { root = \"/\"; pattern = \"{model}/{variant}/{grid}/{scenario}{year}.nc\";\n"
        "  compression = 0; existing = \"fail\"; counts = true; };\n",
        NULL);
    const struct cn_config *config = reading.config;
    assert_string_equal(config->input.root, "/d/x/y");
    assert_string_equal(config->output.root, "/");
    assert_int_equal(config->input.model_count, 1);
    assert_string_equal(config->input.models[0], "M-1.2_a");
    assert_string_equal(config->input.variant, "r1i1p1f1");
    assert_string_equal(config->input.grid, "gr");
    assert_string_equal(config->input.historical, "hist");
    assert_string_equal(config->input.table, "Eday");
    assert_int_equal(config->input.overlap, CN_SCENARIO_WINS);
    const struct cn_dataset *datasets = config->input.datasets;
    assert_int_equal(config->input.dataset_count, 3);
    assert_string_equal(datasets[0].files, "a/**/*.nc");
    assert_string_equal(datasets[0].in_file, "pr");
    assert_string_equal(datasets[0].experiment, "hist");
    assert_null(datasets[0].then);
    assert_null(datasets[0].model);
    assert_false(datasets[0].has_version);
    assert_int_equal(datasets[0].version_major, 1);
    assert_string_equal(datasets[1].in_file, "T \xc3\xa4");
    assert_string_equal(datasets[1].experiment, "hist");
    assert_int_equal(datasets[1].until, 2005);
    assert_string_equal(datasets[1].then, "rcp85");
    assert_string_equal(datasets[1].grid, "C");
    assert_true(datasets[1].has_version);
    assert_int_equal(datasets[1].version_major * 10 + datasets[1].version_minor, 21);
    assert_string_equal(datasets[2].experiment, "ssp245");
    assert_false(config->input.newest);
    assert_int_equal(config->input.version_major, 1);
    assert_int_equal(config->input.version_minor, 10);
    assert_int_equal(config->input.stamps, CN_STAMPS_INSTANT);
    assert_int_equal(config->variable_count, 2);
    assert_string_equal(config->variables[1], "tas");
    assert_true(config->scenarios_given);
    assert_string_equal(config->scenarios[1], "rcp85");
    assert_int_equal(config->region_count, 2);
    assert_string_equal(config->regions[0].title, "Les Alpes: \xc3\xa9t\xc3\xa9");
    assert_true(config->regions[0].lon[0] == 4 && config->regions[0].lon[1] == 17.5);
    assert_true(config->regions[0].lat[0] == 43 && config->regions[0].lat[1] == 49);
    assert_false(config->regions[0].global);
    assert_true(config->regions[1].global);
    assert_int_equal(config->normals.window, 20);
    assert_int_equal(config->normals.min_years, 15);
    assert_true(config->normals.min_days == 1);
    assert_int_equal(config->normals.leap_day, CN_DROP);
    assert_int_equal(config->normals.period_count, 1);
    assert_string_equal(config->normals.periods[0].name, "past-{scenario}.x");
    assert_int_equal(config->normals.periods[0].step, 4);
    assert_int_equal(config->engine.threads, 12);
    assert_int_equal(config->engine.batch_years, 25);
    assert_true(config->engine.memory_share == 0);
    assert_int_equal(config->engine.memory_bytes, 3 << 29);
    assert_string_equal(config->output.pattern, "{model}/{variant}/{grid}/{scenario}{year}.nc");
    assert_int_equal(config->output.compression, 0);
    assert_int_equal(config->output.existing, CN_REFUSE);
    assert_true(config->output.counts);
    reading_free(&reading);
}

static void test_target_years_are_read_once_each_in_ascending_order(void **state)
{
    (void)state;
    static const int targets[] = {1960, 1970, 1980, 1981, 2020};
    const struct {
        const char *text, *override;
    } cases[] = {
        {ROOTS "normals = { targets = [ \"1980-1981\", \"2020\", \"1960-1985/10\", \"1981\" ]; };",
         NULL},
        {ROOTS "normals = { targets = ( 2020, \"1960-1985/10\", 1981 ); };", NULL},
        {ROOTS, "normals.targets=2020,1960-1985/10, 1981"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading reading =
            read_good(cases[i].text, cases[i].override ? SET(cases[i].override) : NULL);
        assert_int_equal(reading.config->normals.target_count, 5);
        assert_memory_equal(reading.config->normals.targets, targets, sizeof targets);
        reading_free(&reading);
    }
}

/* What libconfig 1.5 alone would refuse or misread. */
static void test_every_way_to_write_a_value_is_read(void **state)
{
    (void)state;
    struct reading reading =
        read_good("\xef\xbb\xbf" ROOTS
                  "// variables = [ \"(\n# @include \"x\"\n/* \"\n@include \"/etc/passwd\" { */\r\n"
                  "custom_regions = ( { name = \"A\"; lon = [-10,\n 10.5]; lat = [ 1, .5e1 ]; } ) "
                  "regions=[\"A\"]\n"
                  "variables = (\"a\" /* one */, \"b\" # two\n); normals = { window = 0x1E };",
                  NULL);
    assert_true(reading.config->regions[0].lon[0] == -10 &&
                reading.config->regions[0].lon[1] == 10.5);
    assert_true(reading.config->regions[0].lat[1] == 5);
    assert_int_equal(reading.config->variable_count, 2);
    assert_int_equal(reading.config->normals.window, 30);
    reading_free(&reading);
}

/* Writes a config, reads the text, and gives both up. Owns: the caller, with free(). */
static char *write_and_reread(struct cn_config *config, const struct cn_config_note *notes,
                              size_t note_count, struct cn_config **again)
{
    struct cn_problems problems = {0};
    char *text = cn_config_write(config, notes, note_count);
    assert_non_null(text);
    enum cn_status status = cn_config_read_lines(
        &(struct cn_config_text){.name = "T", .text = text}, NULL, 0, again, &problems);
    if (status)
        fail_msg("%s\n%s", problems.items[0].text, text);
    return text;
}

static void test_a_config_that_is_written_is_read_as_the_same(void **state)
{
    (void)state;
    static const struct cn_config_note notes[] = {
        {NULL, "Line one\n}; input = { root = \"x\"; };", false},
        {"input.model", "Others: */ # A\x1b[2J.", false},
        {"engine.threads",
         "Many words that do not fit into one line of eighty columns, so that "
         "they are broken at a space.",
         false}};
    struct reading reading = read_good(
        "input: { root = [ \"/a \\\"b\\\\c\", \"/d#\" ]; version = \"1.10\";\n"
        "  datasets = ( { files = \"[\\\"] x.nc\"; variable = \"v\"; in_file = \"\xc3\xa9\";\n"
        "      select = { level = 850; m = \"r\\\"1\"; }; },\n"
        "    { files = \"j.nc\"; variable = \"v\"; until = 2005; then = \"b\"; version = \"0.0\"; "
        "} "
        "); };\n"
        "scenarios = []; regions = [ \"ALPS\" ];\n"
        "custom_regions = ( { name = \"ALPS\"; title = \"\xc3\xa9t\xc3\xa9 {}; \\\"\";\n"
        "  lon = [350, 17.123456789012345]; lat = [-.1, 49]; }, { name = \"B\"; lon = [0, 1e-7];\n"
        "  lat = [0, 1]; } );\n"
        "normals: { window = 20; min_days = 0.30000000000000004; leap_day = \"drop\";\n"
        "  targets = [ \"1950-1980/10\", \"1981\", \"1990-1999\" ];\n"
        "  periods = ( { name = \"p-{scenario}.x\"; first = 0; last = 2000; step = 4; },\n"
        "    { name = \"q\"; first = 2001; last = 2001; } ); };\n"
        "engine: { memory = \"1.5 GiB\"; }; output: { root = \"/o\"; counts = true; };\n",
        SET("output.compression=9"));
    struct cn_config *again, *third;
    char *first = write_and_reread(reading.config, notes, 3, &again);
    char *second = write_and_reread(again, notes, 3, &third);
    assert_string_equal(first, second);
    assert_null(strchr(first, '\x1b'));
    assert_string_equal(again->input.roots[0], "/a \"b\\c");
    assert_int_equal(again->input.root_count, 2);
    assert_null(again->input.models);
    assert_int_equal(again->input.version_minor, 10);
    assert_true(again->scenarios_given && !again->scenario_count);
    assert_memory_equal(again->regions[0].lon, reading.config->regions[0].lon,
                        sizeof again->regions[0].lon);
    assert_string_equal(again->regions[0].title, "\xc3\xa9t\xc3\xa9 {}; \"");
    assert_true(again->normals.min_days == reading.config->normals.min_days);
    assert_int_equal(again->normals.min_years, 20);
    assert_int_equal(again->normals.target_count, reading.config->normals.target_count);
    assert_memory_equal(again->normals.targets, reading.config->normals.targets,
                        again->normals.target_count * sizeof(int));
    assert_int_equal(again->normals.periods[0].step, 4);
    assert_int_equal(again->input.dataset_count, 2);
    assert_string_equal(again->input.datasets[0].files, "[\"] x.nc");
    assert_null(again->input.datasets[0].then);
    assert_int_equal(again->input.datasets[0].select_count, 2);
    assert_true(again->input.datasets[0].select[0].number == 850);
    assert_string_equal(again->input.datasets[0].select[1].text, "r\"1");
    assert_int_equal(again->input.datasets[1].select_count, 0);
    assert_int_equal(again->input.datasets[1].until, 2005);
    assert_true(again->input.datasets[1].has_version);
    assert_int_equal(again->engine.memory_bytes, reading.config->engine.memory_bytes);
    assert_int_equal(again->output.compression, 9);
    cn_config_free(again);
    cn_config_free(third);
    reading_free(&reading);
    free(first);
    free(second);
}

static void test_a_product_is_read_with_all_its_keys(void **state)
{
    (void)state;
    struct reading reading = read_good(
        ROOTS
        "products = ( { name = \"normal\"; },\n"
        "{ name = \"a\"; variables = [ \"tasmax\" ]; time = \"season\"; within = \"count_ge\";\n"
        "  threshold = \"-1.5e1  degF\"; over = \"p2.5\"; window = 20; min_years = 18;\n"
        "  min_values = 20; baseline = 1990; change = \"difference\"; },\n"
        "{ name = \"b\"; time = \"year\"; within = \"deficit\"; threshold = \"0.1degC\";\n"
        "  units = \"degC d\"; },\n"
        "{ name = \"c\"; time = \"month\"; change = \"ratio\"; baseline = 9999; },\n"
        "{ name = \"d\"; within = \"max\"; pool = 5; } );",
        NULL);
    const struct cn_product *p = reading.config->products;
    assert_int_equal(reading.config->product_count, 5);
    assert_true(p[0].time == CN_DAY && p[0].within == CN_WITHIN_MEAN &&
                p[0].change == CN_NO_CHANGE);
    assert_true(!p[0].threshold.unit && !p[0].unit.name && !p[0].baseline);
    assert_true(p[1].time == CN_SEASON && p[1].within == CN_COUNT_GE);
    assert_true(p[1].threshold.value == -15);
    assert_string_equal(p[1].threshold.unit, "degF");
    assert_true(p[1].over.share == 25000 && p[1].baseline == 1990 && p[1].change == CN_DIFFERENCE);
    assert_true(p[1].window == 20 && p[1].min_years == 18 && p[1].min_values == 20);
    assert_true(p[2].time == CN_YEAR && p[2].within == CN_DEFICIT && p[2].threshold.value == 0.1);
    assert_string_equal(p[2].threshold.unit, "degC");
    assert_string_equal(p[2].unit.name, "degC d");
    assert_true(p[3].time == CN_MONTH && p[3].change == CN_RATIO && p[3].baseline == 9999);
    assert_true(p[4].within == CN_WITHIN_MAXIMUM && p[4].pool == 5);
    struct cn_config *again, *third;
    char *first = write_and_reread(reading.config, NULL, 0, &again);
    char *second = write_and_reread(again, NULL, 0, &third);
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "threshold = \"-15 degF\""));
    assert_true(again->products[1].threshold.value == -15 && again->products[3].change == CN_RATIO);
    cn_config_free(again);
    cn_config_free(third);
    reading_free(&reading);
    free(first);
    free(second);
}

/* Every word of within is that of its value, and says whether it compares with a threshold. */
static void test_every_word_of_within_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum cn_within within;
        bool compares;
    } words[] = {
        {"mean", CN_WITHIN_MEAN, false},   {"sum", CN_WITHIN_SUM, false},
        {"min", CN_WITHIN_MINIMUM, false}, {"max", CN_WITHIN_MAXIMUM, false},
        {"count_gt", CN_COUNT_GT, true},   {"count_ge", CN_COUNT_GE, true},
        {"count_lt", CN_COUNT_LT, true},   {"count_le", CN_COUNT_LE, true},
        {"excess", CN_EXCESS, true},       {"deficit", CN_DEFICIT, true},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int with = 0; with < 2; with++) {
            char text[300];
            snprintf(text, sizeof text,
                     ROOTS "products = ( { name = \"a\"; within = \"%s\"; %s } );", words[i].word,
                     with ? "threshold = \"1 K\";" : "");
            struct reading reading = read_text(text, NULL);
            assert_row((reading.status == CN_OK) == (words[i].compares == with), words[i].word);
            if (reading.config)
                assert_row(reading.config->products[0].within == words[i].within, words[i].word);
            else
                assert_non_null(strstr(reading.errors, "F:2: products.threshold: "));
            reading_free(&reading);
        }
}

static void test_units_are_read_by_variable(void **state)
{
    (void)state;
    static const char text[] =
        "input = { root = \"i\"; };\noutput = { root = \"o\"; units = { tas = \"degC\"; "
        "pr = \"mm d-1\"; }; };";
    struct reading reading = read_good(ROOTS, NULL);
    assert_int_equal(reading.config->output.unit_count, 0);
    reading_free(&reading);
    reading = read_good(text, SET("output.units.pr=inch", "output.units.huss=g kg-1",
                                  "output.units.pr=mm month-1"));
    struct cn_config *again;
    char *written = write_and_reread(reading.config, NULL, 0, &again);
    static const struct cn_variable_unit expected[] = {
        {"huss", "g kg-1"}, {"pr", "mm month-1"}, {"tas", "degC"}};
    const struct cn_config *const configs[] = {reading.config, again};
    for (size_t c = 0; c < 2; c++) {
        assert_int_equal(configs[c]->output.unit_count, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_string_equal(configs[c]->output.units[i].variable, expected[i].variable);
            assert_string_equal(configs[c]->output.units[i].unit, expected[i].unit);
        }
    }
    free(written);
    cn_config_free(again);
    reading_free(&reading);
}

static void test_min_years_follows_a_short_window(void **state)
{
    (void)state;
    struct reading reading = read_good(ROOTS "normals = { window = 10; };", NULL);
    assert_int_equal(reading.config->normals.min_years, 10);
    reading_free(&reading);
    reading = read_good(ROOTS "normals = { window = 40; };", NULL);
    assert_int_equal(reading.config->normals.min_years, 25);
    reading_free(&reading);
}

static void test_an_empty_list_of_scenarios_counts_as_given(void **state)
{
    (void)state;
    struct reading reading = read_good(ROOTS "scenarios = [];", NULL);
    assert_true(reading.config->scenarios_given);
    assert_int_equal(reading.config->scenario_count, 0);
    reading_free(&reading);
    reading = read_good(ROOTS "scenarios = [ \"a\" ];", SET("scenarios="));
    assert_true(reading.config->scenarios_given);
    assert_int_equal(reading.config->scenario_count, 0);
    reading_free(&reading);
}

static void test_a_west_bound_is_turned_to_lie_west_of_the_east_bound(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double west, east;
    } cases[] = {{"[350, 10]", -10, 10}, {"[-180.0, 180]", -180, 180},
                 {"[5, 5]", 5, 5},       {"[-360, 720]", -360, 720},
                 {"[370, 10]", 10, 10},  {"[720, 400]", 360, 400}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 ROOTS "regions = [ \"X\" ]; custom_regions = ( { name = \"X\"; lon = %s; lat = "
                       "[-90, 90]; } );",
                 cases[i].text);
        struct reading reading = read_good(text, NULL);
        assert_row(reading.config->regions[0].lon[0] == cases[i].west, cases[i].text);
        assert_row(reading.config->regions[0].lon[1] == cases[i].east, cases[i].text);
        reading_free(&reading);
    }
}

static void test_memory_is_a_share_or_a_size_in_any_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double share;
        uint64_t bytes;
    } cases[] = {{"80%", 0.8, 0},
                 {"12.5 %", 0.125, 0},
                 {"100%", 1, 0},
                 {"48GiB", 0, UINT64_C(48) << 30},
                 {"500MB", 0, 500000000},
                 {"1.5 GiB", 0, UINT64_C(3) << 29},
                 {"2 TiB", 0, UINT64_C(2) << 40},
                 {"2TB", 0, UINT64_C(2000000000000)},
                 {"3kB", 0, 3000},
                 {"3KiB", 0, 3072},
                 {"7MiB", 0, 7 << 20},
                 {"6GB", 0, UINT64_C(6000000000)},
                 {"9B", 0, 9},
                 {"4294967296", 0, UINT64_C(4294967296)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char override[80];
        snprintf(override, sizeof override, "engine.memory=%s", cases[i].text);
        struct reading reading = read_good(ROOTS, SET(override));
        assert_row(reading.config->engine.memory_share == cases[i].share, cases[i].text);
        assert_row(reading.config->engine.memory_bytes == cases[i].bytes, cases[i].text);
        reading_free(&reading);
    }
}

static void test_an_override_replaces_a_key_of_any_type(void **state)
{
    (void)state;
    struct reading reading = read_good(
        "input = { root = 3; model = \"\"; };",
        SET("input.root=/in", "output.root=out dir", "input.model=a", "input.model=b",
            "variables=pr, tas ,tasmax", "normals.window=10", "normals.min_days=0.5",
            "normals.leap_day=month_day", "output.counts=yes", "output.existing=overwrite",
            "input.version=2.0", "output.pattern={year}=x.nc", "regions=GLOBAL"));
    const struct cn_config *config = reading.config;
    assert_string_equal(config->input.root, "/in");
    assert_non_null(strstr(config->output.root, "/out dir"));
    assert_string_equal(config->input.models[0], "b");
    assert_int_equal(config->variable_count, 3);
    assert_string_equal(config->variables[1], "tas");
    assert_string_equal(config->variables[2], "tasmax");
    assert_int_equal(config->normals.window, 10);
    assert_true(config->normals.min_days == 0.5);
    assert_int_equal(config->normals.leap_day, CN_MONTH_DAY);
    assert_true(config->output.counts);
    assert_int_equal(config->output.existing, CN_OVERWRITE);
    assert_false(config->input.newest);
    assert_int_equal(config->input.version_major, 2);
    assert_string_equal(config->output.pattern, "{year}=x.nc");
    assert_int_equal(config->region_count, 1);
    reading_free(&reading);
}

static void test_models_are_a_name_a_list_or_all(void **state)
{
    (void)state;
    static const struct {
        const char *value, *pattern, *expected_pattern;
        size_t count;
        bool all;
    } cases[] = {
        {"A", "{year}.nc", "{year}.nc", 1, false},
        {"[\"A\"]", "{year}.nc", "{year}.nc", 1, false},
        {"A,B-2.x", "{year}.nc", "{model}/{year}.nc", 2, false},
        {"[\"A\", \"B-2.x\"]", "{year}.nc", "{model}/{year}.nc", 2, false},
        {"*", "a/{year}.nc", "{model}/a/{year}.nc", 0, true},
        {"[\"*\"]", "{year}.nc", "{model}/{year}.nc", 0, true},
        {"A,B", "{year}_{model}.nc", "{year}_{model}.nc", 2, false},
        {"*", "{model}{year}.nc", "{model}{year}.nc", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const bool is_list = cases[i].value[0] == '[';
        char override[80], pattern[80], text[200];
        snprintf(override, sizeof override, "input.model=%s", cases[i].value);
        snprintf(pattern, sizeof pattern, "output.pattern=%s", cases[i].pattern);
        snprintf(text, sizeof text, "input: { root = \"/in\"; model = %s; };",
                 is_list ? cases[i].value : "\"X\"");
        struct reading reading = is_list
                                     ? read_good(text, SET("output.root=/out", pattern))
                                     : read_good(text, SET("output.root=/out", pattern, override));
        const struct cn_config *config = reading.config;
        assert_row(config->input.model_count == cases[i].count, cases[i].value);
        assert_row(config->input.all_models == cases[i].all, cases[i].value);
        assert_row(cn_config_has_several_models(config) == (cases[i].count != 1), cases[i].value);
        assert_string_equal(config->output.pattern, cases[i].expected_pattern);
        if (cases[i].count == 2)
            assert_row(strncmp(config->input.models[1], "B", 1) == 0, cases[i].value);
        struct cn_config *again;
        free(write_and_reread(reading.config, NULL, 0, &again));
        assert_row(again->input.model_count == cases[i].count, cases[i].value);
        assert_row(again->input.all_models == cases[i].all, cases[i].value);
        assert_string_equal(again->output.pattern, cases[i].expected_pattern);
        cn_config_free(again);
        reading_free(&reading);
    }
}

static void test_the_default_pattern_names_the_model_where_there_are_several(void **state)
{
    (void)state;
    struct reading reading = read_good(ROOTS, SET("input.model=*", "output.layout=stacked"));
    assert_string_equal(reading.config->output.pattern,
                        "{model}/{region}/{variable}/{period}/"
                        "{variable}_{region}_{period}_{window}yr_{product}.nc");
    reading_free(&reading);
}

static void test_numbers_have_decimal_points_in_every_locale(void **state)
{
    (void)state;
    if (!set_comma_locale())
        skip();
    struct reading reading =
        read_good(ROOTS "normals = { min_years = 1; };", SET("engine.memory=12.5%"));
    assert_true(reading.config->engine.memory_share == 0.125);
    assert_true(reading.config->normals.min_days == 0.9);
    char *text = cn_config_write(reading.config, NULL, 0);
    assert_non_null(strstr(text, "# min_days = 0.9;"));
    free(text);
    reading_free(&reading);
    assert_string_equal(localeconv()->decimal_point, ",");
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_that_is_left_out_has_its_default),
        cmocka_unit_test(test_every_key_is_read),
        cmocka_unit_test(test_target_years_are_read_once_each_in_ascending_order),
        cmocka_unit_test(test_every_way_to_write_a_value_is_read),
        cmocka_unit_test(test_a_config_that_is_written_is_read_as_the_same),
        cmocka_unit_test(test_a_product_is_read_with_all_its_keys),
        cmocka_unit_test(test_every_word_of_within_is_read),
        cmocka_unit_test(test_units_are_read_by_variable),
        cmocka_unit_test(test_min_years_follows_a_short_window),
        cmocka_unit_test(test_an_empty_list_of_scenarios_counts_as_given),
        cmocka_unit_test(test_a_west_bound_is_turned_to_lie_west_of_the_east_bound),
        cmocka_unit_test(test_memory_is_a_share_or_a_size_in_any_unit),
        cmocka_unit_test(test_an_override_replaces_a_key_of_any_type),
        cmocka_unit_test(test_models_are_a_name_a_list_or_all),
        cmocka_unit_test(test_the_default_pattern_names_the_model_where_there_are_several),
        cmocka_unit_test(test_numbers_have_decimal_points_in_every_locale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
