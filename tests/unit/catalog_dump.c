/*
 * Prints the catalog of a config as text, one fact a line, for test_catalog.py.
 */
#include "climnorm/catalog.h"
#include "climnorm/config.h"

#include <stdio.h>
#include <string.h>

static void print_problems(const char *owner, const struct cn_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        printf("%s %s %s\n", problems->items[i].severity == CN_PROBLEM ? "problem" : "warning",
               owner, problems->items[i].text);
}

static void print_variable(const struct cn_variable *variable)
{
    printf("variable %s\n", variable->label);
    print_problems(variable->label, &variable->problems);
    if (variable->failure) {
        printf("failure %s %s\n", variable->label, variable->failure);
        return;
    }
    printf("calendar %s %s\n", variable->label, cn_calendar_name(variable->calendar));
    printf("grid %s %zu %zu %.9g %.9g\n", variable->label, variable->grid.row_count,
           variable->grid.column_count, variable->grid.lat[0], variable->grid.lon[0]);
    printf("units %s %s\n", variable->label, variable->units);
    for (size_t i = 0; i < variable->year_count; i++) {
        const struct cn_source_year *year = &variable->years[i];
        printf("year %s %zu %d %s %d/%d %s", variable->label, i, year->year, year->experiment,
               year->days_held, year->days_expected, year->usable ? "usable" : "unused");
        for (size_t p = 0; p < year->part_count; p++)
            printf(" %s[%zu+%zu]", year->parts[p].file->base, year->parts[p].first,
                   year->parts[p].count);
        putchar('\n');
    }
    for (size_t t = 0; t < variable->timeline_count; t++) {
        const struct cn_timeline *timeline = &variable->timelines[t];
        printf("timeline %s %s %d-%d %s", variable->label,
               timeline->scenario ? timeline->scenario : "-", timeline->first_year,
               timeline->last_year, timeline->mixes_versions ? "mixed" : "pure");
        for (int y = 0; y <= timeline->last_year - timeline->first_year; y++)
            printf(" %td", timeline->years[y]);
        putchar('\n');
    }
}

/* Variables of one model follow each other. */
static void print_models(const struct cn_catalog *catalog)
{
    for (size_t v = 0; v < catalog->variable_count; v++) {
        const struct cn_variable *variable = &catalog->variables[v];
        if (v == 0 || strcmp(variable->model, catalog->variables[v - 1].model) != 0)
            printf("of %s %s %s\n", variable->model, variable->variant, variable->grid_label);
    }
}

int main(int argc, char **argv)
{
    struct cn_config *config = NULL;
    struct cn_catalog *catalog = NULL;
    struct cn_problems problems = {0};
    struct cn_error error = {0};
    enum { MOST = 32 };
    struct cn_override overrides[MOST] = {{0}};
    for (int i = 2; i < argc && i < MOST + 2; i++)
        overrides[i - 2].text = argv[i];
    if (argc < 2 || argc > MOST + 2 ||
        cn_config_read(argv[1], overrides, (size_t)argc - 2, &config, &problems)) {
        print_problems("config", &problems);
        cn_problems_free(&problems);
        return 3;
    }
    const struct cn_watch watch = {0};
    struct cn_resources resources;
    cn_resources_resolve(config, &resources);
    enum cn_status status = cn_catalog_read(config, &resources, &watch, &catalog, &error);
    if (status) {
        printf("error %d %s\n", (int)status, error.text);
    } else {
        print_models(catalog);
        printf("seen %zu mismatched %zu other_tables %zu filtered %zu superseded %zu files %zu\n",
               catalog->nc_files_seen, catalog->name_mismatches, catalog->other_tables,
               catalog->filtered, catalog->superseded, catalog->file_count);
        print_problems("tree", &catalog->problems);
        for (size_t i = 0; i < catalog->file_count; i++)
            printf("file %s %s %d.%d %s\n", catalog->files[i].base, catalog->files[i].experiment,
                   catalog->files[i].version_major, catalog->files[i].version_minor,
                   catalog->files[i].usable ? "usable" : "bad");
        for (size_t v = 0; v < catalog->variable_count; v++)
            print_variable(&catalog->variables[v]);
    }
    cn_catalog_free(catalog);
    cn_config_free(config);
    cn_problems_free(&problems);
    return (int)status;
}
