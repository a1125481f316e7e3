/*
 * docs/config.md says what the table of keys says, and the example configs are right. With --write
 * this program brings the reference up to date instead of complaining.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/builder.h"

static const char document[] = "../docs/config.md"; /* tests run in their own folder */
static const char begin[] = "<!-- keys -->\n", end[] = "<!-- end of keys -->\n";

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

static void print_keys(FILE *out, const struct cn_key *keys)
{
    for (const struct cn_key *key = keys; key->path; key++) {
        char expects[CN_EXPECTS_BYTES];
        if (key->type == CN_KEY_GROUP) {
            fprintf(out, "| **`%s`** | | | **%s** |\n", key->path, key->meaning);
            continue;
        }
        fprintf(out, "| `%s` | %s | ", key->path, cn_key_expects(key, expects));
        if (key->default_text)
            fprintf(out, "`%s`", key->default_text);
        else
            fputs(key->required ? "required" : "-", out);
        fprintf(out, " | %s |\n", key->meaning);
        if (key->element)
            print_keys(out, key->element);
    }
}

static char *reference(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fputs("\n| key | value | default | meaning |\n|---|---|---|---|\n", out);
    print_keys(out, cn_keys);
    fputs("\n", out);
    fclose(out);
    return text;
}

/* The document with its generated part replaced. */
static char *renewed(const char *text)
{
    const char *first = strstr(text, begin), *last = strstr(text, end);
    assert_non_null(first);
    assert_non_null(last);
    first += strlen(begin);
    char *keys = reference(), *document_text = NULL;
    assert_true(asprintf(&document_text, "%.*s%s%s", (int)(first - text), text, keys, last) > 0);
    free(keys);
    return document_text;
}

static void the_reference_is_the_table(void **state)
{
    (void)state;
    char *text = read_file(document), *expected = renewed(text);
    assert_string_equal(text, expected);
    free(expected);
    free(text);
}

static void the_document_names_every_region_with_its_box(void **state)
{
    (void)state;
    char *text = read_file(document);
    for (const struct cn_region *region = cn_builtin_regions; region->name; region++) {
        char row[64];
        snprintf(row, sizeof row, "\n| %s | ", region->name);
        const char *at = strstr(text, row);
        assert_non_null(at);
        double box[4];
        if (region->global)
            continue;
        assert_int_equal(
            sscanf(at + strlen(row), "%lf to %lf | %lf to %lf", &box[0], &box[1], &box[2], &box[3]),
            4);
        assert_memory_equal(&box[0], region->lon, sizeof region->lon);
        assert_memory_equal(&box[2], region->lat, sizeof region->lat);
        assert_non_null(strstr(at, region->title));
    }
    free(text);
}

static void the_examples_are_right(void **state)
{
    (void)state;
    static const char *const examples[] = {"../config/minimal.cfg", "../config/nex-gddp-cmip6.cfg"};
    for (size_t i = 0; i < 2; i++) {
        struct cn_config *config;
        struct cn_problems problems = {0};
        enum cn_status status = cn_config_read(examples[i], NULL, 0, &config, &problems);
        for (size_t j = 0; j < problems.count; j++)
            print_error("%s\n", problems.items[j].text);
        assert_int_equal(status, CN_OK);
        assert_int_equal(problems.count, 0);
        assert_int_equal(config->region_count, 5);
        cn_config_free(config);
    }
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        char *text = read_file(document), *document_text = renewed(text);
        FILE *file = fopen(document, "w");
        int failed = !file || fputs(document_text, file) < 0 || fclose(file) != 0;
        free(document_text);
        free(text);
        return failed;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_is_the_table),
        cmocka_unit_test(the_document_names_every_region_with_its_box),
        cmocka_unit_test(the_examples_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
