/*
 * Checks of the command lines that make pictures.
 */
#include "cli/picture_options.h"

#include "base/error.h"
#include "base/utf8.h"
#include "cli/exit_codes.h"
#include "cli/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_picture_input(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

enum cn_status cn_check_picture_path(const struct cn_arguments *arguments, struct cn_error *error)
{
    const char *path = arguments->picture;
    enum cn_picture_format format;
    if (!path)
        return CN_OK;
    if (!cn_picture_format_of(path, &format))
        return cn_fail(error, CN_BAD_USAGE,
                       "--output: expected a name that ends in .png, .svg or .pdf, not \"%.200s\"",
                       path);
    bool is_input = arguments->minus && is_picture_input(path, arguments->minus);
    for (size_t i = 0; i < arguments->operand_count; i++)
        is_input |= is_picture_input(path, arguments->operands[i]);
    return is_input ? cn_fail(error, CN_BAD_USAGE,
                              "--output: %.200s is a file that is read; choose another name", path)
                    : CN_OK;
}

enum cn_status cn_open_fields(const struct cn_arguments *arguments, struct cn_field **fields,
                              struct cn_error *error)
{
    *fields = cn_pool_alloc(arguments->pool, arguments->operand_count, sizeof **fields);
    enum cn_status status = *fields ? CN_OK : cn_fail_memory(error, "the files");
    for (size_t i = 0; i < arguments->operand_count && !status; i++)
        status = cn_field_open(arguments->pool, arguments->operands[i], &(*fields)[i], error);
    return status;
}

static bool are_equal(const double *a, const double *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i] - b[i]) < 1e-4) && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

enum cn_status cn_check_alike(const struct cn_field *a, const struct cn_field *b, bool needs_grid,
                              struct cn_error *error)
{
    const char *differs = strcmp(a->units, b->units) != 0         ? "units"
                          : strcmp(a->variable, b->variable) != 0 ? "variables"
                          : a->time != b->time || a->slot_count != b->slot_count
                              ? "days, months or seasons"
                              : NULL;
    if (!differs && needs_grid &&
        (a->grid.kind != b->grid.kind || a->grid.row_count != b->grid.row_count ||
         a->grid.column_count != b->grid.column_count ||
         !are_equal(a->grid.lat, b->grid.lat, cn_grid_lats(&a->grid)) ||
         !are_equal(a->grid.lon, b->grid.lon, cn_grid_lons(&a->grid))))
        differs = "grids";
    if (!differs)
        return CN_OK;
    if (*differs == 'u' || *differs == 'v')
        return cn_fail(error, CN_BAD_INPUT,
                       "%.300s and %.300s have different %s: '%.60s' and '%.60s'", a->path, b->path,
                       differs, *differs == 'u' ? a->units : a->variable,
                       *differs == 'u' ? b->units : b->variable);
    return cn_fail(error, CN_BAD_INPUT, "%.300s and %.300s have different %s", a->path, b->path,
                   differs);
}

bool cn_parse_numbers(const char *text, double numbers[2])
{
    for (int k = 0; k < 2; k++) {
        char *end;
        numbers[k] = strtod(text, &end);
        if (end == text || !isfinite(numbers[k]) || *end != (k ? '\0' : ','))
            return false;
        text = end + 1;
    }
    return true;
}

enum cn_status cn_find_target(const struct cn_arguments *arguments, const struct cn_field *field,
                              size_t *target, struct cn_error *error)
{
    const size_t last = field->target_count - 1;
    *target = last;
    if (!arguments->target_year)
        return CN_OK;
    for (size_t t = 0; t <= last; t++)
        if (field->targets[t].year == arguments->target_year) {
            *target = t;
            return CN_OK;
        }
    return cn_fail(error, CN_BAD_USAGE, "--target: %s has no target year %lld; it has %d%s%.0d",
                   field->path, arguments->target_year, field->targets[0].year, last ? " to " : "",
                   last ? field->targets[last].year : 0);
}

const char *cn_printable_copy(const struct cn_arguments *arguments, const char *text)
{
    char *copy = cn_pool_strdup(arguments->pool, text);
    if (copy)
        cn_make_printable(copy);
    return copy;
}

int cn_end_picture(const struct cn_arguments *arguments, enum cn_status status,
                   const struct cn_error *error)
{
    if (status)
        fprintf(stderr, "climnorm %s: %s\n", arguments->command->name, error->text);
    return cn_exit_code(status, 0);
}
