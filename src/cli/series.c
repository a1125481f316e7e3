/*
 * climnorm series: the values of a cell, or the mean of an area, through the year; as a table or as
 * a picture.
 */
#include "pictures/series.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/picture_options.h"
#include "cli/print_text.h"
#include "pictures/places.h"
#include "pictures/wording.h"
#include "products/groups.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_SERIES_WIDTH = 1000, MOST_LINES = 1000 };
static const double DEFAULT_ASPECT = 0.56;
static const double NEAR_DEGREES = 1; /* a place may lie so far outside of the cells */

/* One curve, or of yearly values one file. */
struct table_column {
    const struct cn_field *field;
    const double *values; /* [target_count][slot_count] of the file */
    size_t target;
    const char *label;
};

struct series_reading {
    const struct cn_arguments *arguments;
    struct cn_field *fields;
    struct cn_field_wording *wordings; /* [operand_count] */
    struct table_column *columns;      /* [column_count] */
    size_t column_count;
    const char *place; /* of the values, for people */
};

/* "40.83°N 98.5°W" */
static const char *place_text(struct cn_pool *pool, double lon, double lat)
{
    const double turned = remainder(lon, 360);
    return cn_pool_printf(pool, "%.5g\u00b0%s %.5g\u00b0%s", fabs(lat), lat < 0 ? "S" : "N",
                          fabs(turned), turned < 0 ? "W" : "E");
}

/* Finds the cell that is nearest to --at. */
static enum cn_status find_cell(struct series_reading *reading, const struct cn_field *field,
                                const struct cn_places *places, size_t *cell,
                                struct cn_error *error)
{
    const struct cn_grid *grid = &field->grid;
    const struct cn_extent *extent = &places->extent;
    double at[2];
    if (!cn_parse_numbers(reading->arguments->at, at) || fabs(at[0]) > 720 || fabs(at[1]) > 90)
        return cn_fail(error, CN_BAD_USAGE,
                       "--at: expected a longitude and a latitude in degrees, LON,LAT, such as "
                       "-105.3,40 or 254.7,40, not \"%.60s\"",
                       reading->arguments->at);
    const double turned = at[0] - 360 * floor((at[0] - extent->west + NEAR_DEGREES) / 360);
    *cell = cn_nearest_cell(grid, at[0], at[1]);
    if (turned > extent->east + NEAR_DEGREES || at[1] < extent->south - NEAR_DEGREES ||
        at[1] > extent->north + NEAR_DEGREES || *cell >= cn_field_cells(field))
        return cn_fail(error, CN_BAD_USAGE,
                       "--at: %s lies outside of %.200s, whose cells reach from %.6g to %.6g "
                       "degrees east and from %.6g to %.6g degrees north",
                       reading->arguments->at, field->path, extent->west, extent->east,
                       extent->south, extent->north);
    const size_t row = *cell / grid->column_count, column = *cell % grid->column_count;
    const char *place =
        place_text(reading->arguments->pool, grid->lon[cn_grid_lon_index(grid, row, column)],
                   grid->lat[cn_grid_lat_index(grid, row, column)]);
    reading->place = reading->place ? reading->place : place;
    return reading->place ? CN_OK : cn_fail_memory(error, "a cell");
}

static enum cn_status read_curves(struct series_reading *reading, const struct cn_field *field,
                                  double **values, struct cn_error *error)
{
    struct cn_pool *pool = reading->arguments->pool;
    struct cn_places places;
    size_t cell = 0;
    if (!cn_places_find(pool, &field->grid, &places))
        return cn_fail_memory(error, "the cells of a grid");
    if (reading->arguments->mean) {
        const double *weights = cn_cell_weights(pool, &places);
        reading->place = "mean of the area";
        return weights ? cn_field_series(pool, field, 0, weights, values, error)
                       : cn_fail_memory(error, "the cells of a grid");
    }
    enum cn_status status = find_cell(reading, field, &places, &cell, error);
    return status ? status : cn_field_series(pool, field, cell, NULL, values, error);
}

/* A label that no other column has: the target year, what else differs, or the file's name. */
static bool label_columns(struct series_reading *reading)
{
    struct cn_pool *pool = reading->arguments->pool;
    const size_t files = reading->arguments->operand_count;
    for (int tries = 0; tries < 3; tries++) {
        bool are_distinct = true;
        for (size_t c = 0; c < reading->column_count; c++) {
            struct table_column *column = &reading->columns[c];
            const struct cn_field *field = column->field;
            const char *slash = strrchr(field->path, '/');
            const char *name =
                tries == 0 ? ""
                : tries == 1
                    ? cn_wording_join(pool, reading->wordings, files,
                                      &reading->wordings[field - reading->fields])
                    : cn_printable_copy(reading->arguments, slash ? slash + 1 : field->path);
            const int year = field->targets[column->target].year;
            if (!name)
                return false;
            column->label = field->time == CN_YEAR
                                ? (*name ? name : cn_pool_strdup(pool, field->variable))
                            : *name ? cn_pool_printf(pool, "%d %s", year, name)
                                    : cn_pool_printf(pool, "%d", year);
            if (!column->label)
                return false;
            for (size_t other = 0; other < c; other++)
                are_distinct &= strcmp(reading->columns[other].label, column->label) != 0;
        }
        if (are_distinct)
            break;
    }
    return true;
}

/* By target years, those of one year in the order of the files. */
static int compare_columns(const void *a, const void *b)
{
    const struct table_column *x = a, *y = b;
    const int difference = x->field->targets[x->target].year - y->field->targets[y->target].year;
    return difference ? difference : (x->field > y->field) - (x->field < y->field);
}

static enum cn_status read_all_curves(struct series_reading *reading, struct cn_error *error)
{
    const struct cn_arguments *arguments = reading->arguments;
    struct cn_pool *pool = arguments->pool;
    const size_t files = arguments->operand_count;
    enum cn_status status = cn_open_fields(arguments, &reading->fields, error);
    size_t most = 0;
    for (size_t f = 0; f < files && !status; f++)
        most += reading->fields[f].time == CN_YEAR ? 1 : reading->fields[f].target_count;
    if (!status && most > MOST_LINES)
        status = cn_fail(error, CN_BAD_USAGE, "%zu curves; at most %d are drawn: name fewer files",
                         most, MOST_LINES);
    reading->wordings = cn_pool_alloc(pool, files, sizeof *reading->wordings);
    reading->columns = cn_pool_alloc(pool, most, sizeof *reading->columns);
    if (!status && (!reading->wordings || !reading->columns))
        status = cn_fail_memory(error, "curves");
    for (size_t f = 0; f < files && !status; f++) {
        const struct cn_field *field = &reading->fields[f];
        double *values = NULL;
        status = cn_check_alike(&reading->fields[0], field, false, error);
        if (!status)
            status = read_curves(reading, field, &values, error);
        if (!status && !cn_field_word(pool, field, 0, 0, 0, &reading->wordings[f]))
            status = cn_fail_memory(error, "curves");
        const size_t curves = field->time == CN_YEAR ? 1 : field->target_count;
        for (size_t t = 0; t < curves && !status; t++)
            reading->columns[reading->column_count++] =
                (struct table_column){.field = field, .values = values, .target = t};
    }
    if (!status && reading->fields[0].time != CN_YEAR)
        qsort(reading->columns, reading->column_count, sizeof *reading->columns, compare_columns);
    if (!status && !label_columns(reading))
        status = cn_fail_memory(error, "curves");
    return status;
}

/* --- the table --- */

/* A word of a table: in quotes where it holds what separates words. */
static void print_csv(const char *text)
{
    const bool is_quoted = text[strcspn(text, ",\"\n")] != '\0';
    if (!is_quoted) {
        cn_print_text(text);
        return;
    }
    putchar('"');
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        char piece[64];
        for (; text < quote; text += strlen(piece)) {
            const size_t length = (size_t)(quote - text);
            snprintf(piece, sizeof piece, "%.*s", length < 60 ? (int)length : 60, text);
            fputs(piece, stdout);
        }
        fputs("\"\"", stdout);
    }
    cn_print_text(text);
    putchar('"');
}

static void print_value(double value)
{
    putchar(',');
    if (!isnan(value))
        printf("%.9g", value); /* float32 has no more digits */
}

/* Target years, and a column for each file. */
static void print_year_table(const struct series_reading *reading)
{
    int year = INT_MIN;
    for (;;) {
        int next = INT_MAX;
        for (size_t c = 0; c < reading->column_count; c++) {
            const struct cn_field *field = reading->columns[c].field;
            for (size_t t = 0; t < field->target_count; t++)
                if (field->targets[t].year > year && field->targets[t].year < next)
                    next = field->targets[t].year;
        }
        if (next == INT_MAX)
            return;
        year = next;
        printf("%d", year);
        for (size_t c = 0; c < reading->column_count; c++) {
            const struct table_column *column = &reading->columns[c];
            double value = NAN;
            for (size_t t = 0; t < column->field->target_count; t++)
                if (column->field->targets[t].year == year)
                    value = column->values[t];
            print_value(value);
        }
        putchar('\n');
    }
}

static void print_table(const struct series_reading *reading)
{
    static const char *const heads[] = {"dayofyear", "month", "season", "target_year"};
    const struct cn_field *first = &reading->fields[0];
    fputs(heads[first->time], stdout);
    for (size_t c = 0; c < reading->column_count; c++) {
        putchar(',');
        print_csv(reading->columns[c].label);
    }
    putchar('\n');
    if (first->time == CN_YEAR) {
        print_year_table(reading);
        return;
    }
    for (size_t s = 0; s < first->slot_count; s++) {
        if (first->time == CN_SEASON) {
            char name[CN_GROUP_BYTES];
            fputs(cn_group_name(CN_SEASON, s, name), stdout);
        } else {
            printf("%zu", s + 1);
        }
        for (size_t c = 0; c < reading->column_count; c++) {
            const struct table_column *column = &reading->columns[c];
            print_value(column->values[column->target * first->slot_count + s]);
        }
        putchar('\n');
    }
}

/* --- the picture --- */

static bool set_line(const struct series_reading *reading, size_t c, struct cn_series_line *line)
{
    struct cn_pool *pool = reading->arguments->pool;
    const struct table_column *column = &reading->columns[c];
    const struct cn_field *field = column->field;
    const bool is_of_years = field->time == CN_YEAR;
    const size_t count = is_of_years ? field->target_count : field->slot_count;
    const double factor = cn_picture_unit_of(field).factor;
    double *values = cn_pool_alloc(pool, count, sizeof *values);
    int *years = cn_pool_alloc(pool, count, sizeof *years);
    if (!values || !years)
        return false;
    for (size_t i = 0; i < count; i++) {
        values[i] = factor * column->values[is_of_years ? i : column->target * count + i];
        years[i] = field->targets[is_of_years ? i : column->target].year;
    }
    *line = (struct cn_series_line){.values = values,
                                    .count = count,
                                    .years = is_of_years ? years : NULL,
                                    .year = years[0],
                                    .label = column->label};
    return true;
}

static enum cn_status draw_curves(const struct series_reading *reading, struct cn_error *error)
{
    const struct cn_arguments *arguments = reading->arguments;
    const struct cn_field *field = &reading->fields[0];
    struct cn_pool *pool = arguments->pool;
    struct cn_series_line *lines = cn_pool_alloc(pool, reading->column_count, sizeof *lines);
    const char *common = cn_wording_join(pool, reading->wordings, arguments->operand_count, NULL);
    struct cn_series series = {
        .lines = lines,
        .line_count = reading->column_count,
        .time = field->time,
        .begins_at_zero = cn_field_quantity(field) != CN_TEMPERATURE,
        .title = arguments->title ? cn_printable_copy(arguments, arguments->title)
                                  : cn_field_name(pool, field, ""),
        .subtitle = common ? cn_pool_printf(pool, "%s%s%s", reading->place,
                                            *common ? " \u00b7 " : "", common)
                           : NULL,
        .unit = cn_picture_unit_of(field).text};
    bool is_done = lines && series.title && series.subtitle;
    for (size_t c = 0; c < reading->column_count && is_done; c++)
        is_done = set_line(reading, c, &lines[c]);
    for (int month = 1; month <= CN_MONTHS && field->time == CN_DAY; month++)
        series.month_starts[month - 1] = cn_field_slot_of_date(field, 0, month, 1);
    if (!is_done)
        return cn_fail_memory(error, "curves");
    double width = (double)(arguments->size[0] ? arguments->size[0] : arguments->width);
    double height = arguments->size[0] ? (double)arguments->size[1] : ceil(DEFAULT_ASPECT * width);
    return cn_picture_write(
        &(struct cn_picture){.width = width,
                             .height = fmin(fmax(height, CN_LEAST_PICTURE), CN_MOST_PICTURE),
                             .title = series.title,
                             .context = &series,
                             .draw = cn_series_draw},
        arguments->picture, error);
}

static enum cn_status make_series(const struct cn_arguments *arguments, struct cn_error *error)
{
    struct series_reading reading = {.arguments = arguments};
    enum cn_status status = cn_check_picture_path(arguments, error);
    if (!status && !arguments->at == !arguments->mean)
        status = cn_fail(error, CN_BAD_USAGE,
                         "say of where: --at LON,LAT, the cell nearest to a place, or --mean, the "
                         "mean of the area");
    if (!status)
        status = read_all_curves(&reading, error);
    if (status)
        return status;
    fprintf(stderr, "climnorm series: ");
    cn_write_text(stderr, reading.fields[0].variable);
    fprintf(stderr, " in ");
    cn_write_text(stderr, reading.fields[0].units);
    fprintf(stderr, ", %s\n", reading.place);
    if (arguments->picture)
        return draw_curves(&reading, error);
    print_table(&reading);
    return CN_OK;
}

int cn_command_series(const struct cn_arguments *arguments)
{
    struct cn_error error = {0};
    return cn_end_picture(arguments, make_series(arguments, &error), &error);
}
