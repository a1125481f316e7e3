/*
 * What the tests of configs share: a config from text, and its problems in one string.
 */
#ifndef CONFIG_HELPER_H
#define CONFIG_HELPER_H

#include "climnorm/config.h"

#include "cn_test.h"

#include <unistd.h>

#define ROOTS "input = { root = \"in\"; }; output = { root = \"out\"; };\n"

/* What --set gives. */
#define SET(...)          \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

struct reading {
    char folder[64], path[80];
    enum cn_status status;
    struct cn_config *config;
    char *errors; /* one a line, the config's path shown as "F" */
};

static inline void reading_free(struct reading *reading)
{
    cn_config_free(reading->config);
    free(reading->errors);
    unlink(reading->path);
    rmdir(reading->folder);
}

/* Reads size bytes of text as a config, with overrides (ends with NULL, or NULL). */
static inline struct reading read_bytes(const void *text, size_t size, const char *const *overrides)
{
    struct reading reading = {.folder = "/tmp/climnorm-config-XXXXXX"};
    assert_non_null(mkdtemp(reading.folder));
    snprintf(reading.path, sizeof reading.path, "%s/a.cfg", reading.folder);
    FILE *file = fopen(reading.path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
    struct cn_override typed[32];
    size_t count = 0, length = 0;
    for (; overrides && overrides[count]; count++) {
        assert_true(count < sizeof typed / sizeof *typed);
        typed[count] = (struct cn_override){.text = overrides[count]};
    }
    struct cn_problems problems = {0};
    reading.status = cn_config_read(reading.path, typed, count, &reading.config, &problems);
    FILE *errors = open_memstream(&reading.errors, &length);
    assert_non_null(errors);
    for (size_t i = 0; i < problems.count; i++) {
        const char *line = problems.items[i].text;
        size_t path = strlen(reading.path);
        bool own = strncmp(line, reading.path, path) == 0;
        fprintf(errors, "%s%s\n", own ? "F" : "", own ? line + path : line);
    }
    fclose(errors);
    cn_problems_free(&problems);
    assert_int_equal(reading.status == CN_OK, reading.config != NULL);
    assert_int_equal(reading.status == CN_OK, reading.errors[0] == '\0');
    return reading;
}

static inline struct reading read_text(const char *text, const char *const *overrides)
{
    return read_bytes(text, strlen(text), overrides);
}

/* A config that is right. */
static inline struct reading read_good(const char *text, const char *const *overrides)
{
    struct reading reading = read_text(text, overrides);
    assert_string_equal(reading.errors, "");
    return reading;
}

/* Exactly these errors. */
static inline void expect_errors(const char *text, const char *const *overrides, const char *errors)
{
    struct reading reading = read_text(text, overrides);
    assert_string_equal(reading.errors, errors);
    assert_int_equal(reading.status, CN_BAD_USAGE);
    reading_free(&reading);
}

/* One error among others; `part` of its text. */
static inline void expect_error(const char *text, const char *const *overrides, const char *part)
{
    struct reading reading = read_text(text, overrides);
    if (!strstr(reading.errors, part))
        fail_msg("%.200s %s: %s", text, overrides ? overrides[0] : "", reading.errors);
    reading_free(&reading);
}

#endif
