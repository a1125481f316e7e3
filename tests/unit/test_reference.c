/*
 * The documents say what the program's own tables say, and the example configs are right. With
 * --write this program brings the tables in the documents up to date instead of complaining. A new
 * table is a printer, a row of `tables` and two markers in its document.
 */
#include "catalog/plausible.h"
#include "cli/exit_codes.h"
#include "cli/options.h"
#include "codec/table.h"
#include "config/builder.h"
#include "config/fields.h"
#include "plan/periods.h"
#include "progress/counters.h"

#include "cn_test.h"

static void print_keys(FILE *out, const struct cn_key *keys)
{
    for (const struct cn_key *key = keys; key->path; key++) {
        char expects[CN_EXPECTS_BYTES];
        bool is_list = key->type == CN_KEY_GROUPS || key->type == CN_KEY_NAMES ||
                       key->type == CN_KEY_NAMES_OR_ALL || key->type == CN_KEY_YEARS;
        bool is_text = key->type == CN_KEY_NAME || key->type == CN_KEY_LABEL ||
                       key->type == CN_KEY_TITLE || key->type == CN_KEY_PATH ||
                       key->type == CN_KEY_PATHS || key->type == CN_KEY_PATTERN ||
                       key->type == CN_KEY_THRESHOLD || key->type == CN_KEY_UNIT;
        if (key->type == CN_KEY_GROUP) {
            fprintf(out, "| **`%s`** | | | **%s** |\n", key->path, key->meaning);
            continue;
        }
        fprintf(out, "| `%s` | %s", key->path, cn_key_expects(key, expects));
        if (is_list || is_text)
            fprintf(out, "; at most %g %s", key->max, is_list ? "entries" : "bytes");
        fputs(" | ", out);
        if (key->default_text)
            fprintf(out, "`%s`", key->default_text);
        else
            fputs(key->required ? "required" : "-", out);
        fprintf(out, " | %s", key->meaning);
        for (size_t i = 0; key->choices && key->choices[i]; i++)
            fprintf(out, " `%s`: %s.", key->choices[i], key->choice_meanings[i]);
        fputs(" |\n", out);
        if (key->element)
            print_keys(out, key->element);
    }
}

static void print_all_keys(FILE *out)
{
    fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
    print_keys(out, cn_keys);
}

static void print_regions(FILE *out)
{
    fputs("| name | longitude, degrees east | latitude, degrees north | |\n|---|---|---|---|\n",
          out);
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++)
        if (region->global)
            fprintf(out, "| %s | all | all | %s |\n", region->name, region->title);
        else
            fprintf(out, "| %s | %g to %g | %g to %g | %s |\n", region->name, region->lon[0],
                    region->lon[1], region->lat[0], region->lat[1], region->title);
}

static void print_default_periods(FILE *out)
{
    fputs("| name | with several scenarios | first | last |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < CN_DEFAULT_PERIODS; i++) {
        const struct cn_default_period *row = &cn_default_periods[i];
        fprintf(out, "| `%s` | `%s` | %s | %s |\n", row->name, row->name_of_several, row->first,
                row->last);
    }
}

static void print_fields(FILE *out)
{
#define FIELD_ROW(name, meaning, ...) "| `{" #name "}` | " meaning " |\n"
    fputs("| field | value |\n|---|---|\n" CN_PATTERN_FIELDS(FIELD_ROW), out);
}

static void print_day_slots(FILE *out)
{
    fputs("| `normals.leap_day` |", out);
    for (int calendar = CN_STANDARD; calendar <= CN_360_DAY; calendar++)
        fprintf(out, " %s |", cn_calendar_name((enum cn_calendar)calendar));
    fputs("\n|---|---|---|---|---|---|---|\n", out);
    for (int rule = 0; cn_leap_day_names[rule]; rule++) {
        fprintf(out, "| `%s` |", cn_leap_day_names[rule]);
        for (int calendar = CN_STANDARD; calendar <= CN_360_DAY; calendar++)
            fprintf(out, " %d |",
                    cn_slot_count((enum cn_calendar)calendar, (enum cn_leap_day)rule));
        fputs("\n", out);
    }
}

static void print_calendar_names(FILE *out)
{
    fputs("| in a file | calendar |\n|---|---|\n", out);
    for (const struct cn_named_calendar *row = cn_calendar_names; row->name; row++)
        fprintf(out, "| `%s` | %s |\n", row->name, cn_calendar_name(row->calendar));
}

static void print_file_limits(FILE *out)
{
#define FILE_LIMIT_ROW(name, value, meaning) fprintf(out, "| %s | %d |\n", meaning, name);
    fputs("| of a file | at most |\n|---|---|\n", out);
    CN_FILE_LIMITS(FILE_LIMIT_ROW)
}

static void print_plausible(FILE *out)
{
    fputs("| variables | standard names | limits | unit | why |\n|---|---|---|---|---|\n", out);
    for (const struct cn_plausible_row *row = cn_plausible_rows; row->names; row++)
        fprintf(out, "| %s | %s | %g to %g | `%s` | %s |\n", row->names, row->standard_names,
                row->min, row->max, row->unit, row->reason);
}

static void print_codecs(FILE *out)
{
    fputs("| codec | HDF5 filter | library |\n|---|---|---|\n", out);
    for (const struct cn_codec *const *codec = cn_codecs; *codec; codec++) {
        char library[CN_LIBRARY_BYTES] = "own kernel";
        if ((*codec)->library)
            (*codec)->library(library);
        else if (!(*codec)->decode)
            strcpy(library, "HDF5 alone");
        size_t name = (*codec)->library ? strcspn(library, " ") : strlen(library);
        fprintf(out, "| %s | %d | %.*s |\n", (*codec)->name, (*codec)->id, (int)name, library);
    }
}

static void print_counters(FILE *out)
{
    fputs("| count of a variable | what it is |\n|---|---|\n", out);
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++) {
        const struct cn_counter_row *row = &cn_counter_rows[c];
        if (row->name)
            fprintf(out, "| `%s` | %s |\n", row->name, row->meaning);
        if (row->rate_name)
            fprintf(out, "| `%s` | %s |\n", row->rate_name, row->rate_meaning);
    }
}

/* A table cell: "\\|" for "|". */
static void print_cell(FILE *out, const char *text)
{
    for (; *text; text++)
        fprintf(out, *text == '|' ? "\\|" : "%c", *text);
}

static void print_options(FILE *out, const struct cn_command *command)
{
    fputs("| option | does |\n|---|---|\n", out);
    for (const struct cn_option *option = cn_options; option->name; option++) {
        char list[CN_CHOICES_BYTES];
        if (!(option->commands & command->bit) || option->type == CN_OPTION_HELP)
            continue;
        fputs("| `", out);
        if (option->letter)
            fprintf(out, "-%c, ", option->letter);
        fprintf(out, "--%s%s%s` | ", option->name, option->value ? " " : "",
                option->value ? option->value : "");
        print_cell(out, cn_option_choices(option, list));
        if (*list && *option->help)
            fputs("; ", out);
        print_cell(out, option->help);
        if (option->key)
            fprintf(out, " (short for `--set %s=%s`)", option->key, option->value);
        else if (option->default_text)
            fprintf(out, " (default: `%s`)", option->default_text);
        fputs(" |\n", out);
    }
}

static void print_commands(FILE *out)
{
    const char *blank = "";
    for (const struct cn_command *command = cn_commands; command->name; command++) {
        fprintf(out, "%s**`climnorm %s%s%s`** %s\n\n", blank, command->name,
                command->operand ? " " : "", command->operand ? command->operand : "",
                command->summary);
        print_options(out, command);
        blank = "\n";
    }
}

static void print_exit_codes(FILE *out)
{
    fputs("| exit code | means |\n|---|---|\n", out);
    for (const struct cn_exit_code *row = cn_exit_codes; row->meaning; row++)
        fprintf(out, "| %d | %s |\n", row->code, row->meaning);
}

/* A table stands in its document between "<!-- NAME -->" and "<!-- end of NAME -->". */
static const struct table {
    const char *document, *name;
    void (*print)(FILE *out);
} tables[] = {
    {ROOT "/docs/config.md", "keys", print_all_keys},
    {ROOT "/docs/config.md", "regions", print_regions},
    {ROOT "/docs/config.md", "default periods", print_default_periods},
    {ROOT "/docs/config.md", "fields", print_fields},
    {ROOT "/docs/calendars.md", "calendar names", print_calendar_names},
    {ROOT "/docs/calendars.md", "day slots", print_day_slots},
    {ROOT "/docs/reading.md", "limits of a file", print_file_limits},
    {ROOT "/docs/reading.md", "codecs", print_codecs},
    {ROOT "/docs/checking.md", "plausible values", print_plausible},
    {ROOT "/docs/progress.md", "counters", print_counters},
    {ROOT "/docs/commands.md", "options", print_commands},
    {ROOT "/docs/commands.md", "exit codes", print_exit_codes},
};
enum { TABLES = sizeof tables / sizeof *tables };

static char *read_file(const char *path)
{
    enum { MOST_BYTES = 1 << 17 };
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, MOST_BYTES);
    assert_non_null(text);
    size_t size = fread(text, 1, MOST_BYTES - 1, file);
    assert_true(size > 0 && size < MOST_BYTES - 1);
    fclose(file);
    return text;
}

/* The document's text with the table in it replaced. */
static char *renewed(const char *text, const struct table *table)
{
    char begin[64], end[64], *document = NULL;
    snprintf(begin, sizeof begin, "<!-- %s -->\n", table->name);
    snprintf(end, sizeof end, "<!-- end of %s -->\n", table->name);
    const char *first = strstr(text, begin), *last = strstr(text, end);
    assert_true(first && last && first < last);
    size_t size = 0;
    FILE *out = open_memstream(&document, &size);
    assert_non_null(out);
    fprintf(out, "%.*s%s\n", (int)(first - text), text, begin);
    table->print(out);
    fprintf(out, "\n%s", last);
    assert_int_equal(fclose(out), 0);
    return document;
}

static void test_documents_hold_the_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < TABLES; i++) {
        char *text = read_file(tables[i].document), *expected = renewed(text, &tables[i]);
        assert_string_equal(text, expected);
        free(expected);
        free(text);
    }
}

static struct cn_config *read_config(const char *path)
{
    struct cn_config *config;
    struct cn_problems problems = {0};
    enum cn_status status = cn_config_read(path, NULL, 0, &config, &problems);
    for (size_t i = 0; i < problems.count; i++)
        print_error("%s\n", problems.items[i].text);
    assert_int_equal(status, CN_OK);
    assert_int_equal(problems.count, 0);
    return config;
}

static void test_the_full_example_has_the_defaults(void **state)
{
    (void)state;
    struct cn_config *full = read_config(ROOT "/config/nex-gddp-cmip6.cfg");
    struct cn_config *minimal = read_config(ROOT "/config/minimal.cfg");
    assert_int_equal(full->region_count, minimal->region_count);
    for (size_t i = 0; i < full->region_count; i++)
        assert_string_equal(full->regions[i].name, minimal->regions[i].name);
    assert_string_equal(full->input.historical, minimal->input.historical);
    assert_string_equal(full->input.table, minimal->input.table);
    assert_int_equal(full->input.newest, minimal->input.newest);
    assert_int_equal(full->normals.period_count, CN_DEFAULT_PERIODS);
    for (size_t i = 0; i < CN_DEFAULT_PERIODS; i++)
        assert_string_equal(full->normals.periods[i].name, cn_default_periods[i].name);
    assert_int_equal(full->normals.periods[0].first, CN_FIRST_DEFAULT_YEAR);
    assert_null(full->normals.targets);
    assert_null(minimal->normals.targets);
    assert_int_equal(full->normals.window, minimal->normals.window);
    assert_int_equal(full->normals.min_years, minimal->normals.min_years);
    assert_true(full->normals.min_days == minimal->normals.min_days);
    assert_int_equal(full->normals.leap_day, minimal->normals.leap_day);
    assert_memory_equal(&full->engine, &minimal->engine, sizeof full->engine);
    assert_string_equal(full->output.pattern, minimal->output.pattern);
    assert_int_equal(full->output.compression, minimal->output.compression);
    assert_int_equal(full->output.existing, minimal->output.existing);
    assert_int_equal(full->output.counts, minimal->output.counts);
    cn_config_free(full);
    cn_config_free(minimal);
}

static void write_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < TABLES; i++) {
        char *text = read_file(tables[i].document), *document = renewed(text, &tables[i]);
        FILE *file = fopen(tables[i].document, "w");
        assert_true(file && fputs(document, file) >= 0 && fclose(file) == 0);
        free(document);
        free(text);
    }
}

static void test_every_counter_that_is_shown_is_explained(void **state)
{
    (void)state;
    for (enum cn_counter c = 0; c < CN_COUNTERS; c++) {
        const struct cn_counter_row *row = &cn_counter_rows[c];
        if (!row->meaning)
            fail_msg("counter %d (%s) has no meaning", (int)c, row->name ? row->name : "no name");
        if (row->rate_name && (!row->rate_meaning || !(row->rate_horizon_s > 0)))
            fail_msg("%s needs a rate_meaning and a rate_horizon_s", row->rate_name);
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_hold_the_tables),
        cmocka_unit_test(test_every_counter_that_is_shown_is_explained),
        cmocka_unit_test(test_the_full_example_has_the_defaults),
    };
    static const struct CMUnitTest write[] = {cmocka_unit_test(write_tables)};
    if (argc == 2 && strcmp(argv[1], "--write") == 0)
        return cmocka_run_group_tests(write, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
