/*
 * The files of a variable must have one grid, one unit and compatible calendars. Where files
 * differ, the majority is right: the first file may be the odd one. Opens no file.
 */
#include "catalog/consistency.h"

#include "base/error.h"
#include "base/file_problems.h"
#include "base/pool.h"
#include "catalog/attributes.h"
#include "catalog/file_names.h"
#include "catalog/kept.h"
#include "catalog/time_axis.h"
#include "catalog/totals.h"
#include "catalog/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double GRID_TOLERANCE = 1e-3; /* of the smallest spacing */

/* Degrees, of cells with places of their own: their order in the file says nothing of spacing. */
static const double PLACE_TOLERANCE = 1e-4;

/* The years that a file holds; of one that cannot be read, those of its name. */
static void set_years(const struct cn_file *file, struct cn_file_problem *problem)
{
    const bool is_read = file->days;
    problem->first_year = is_read ? cn_time_axis_date(file, 0) / 10000 : file->first_year;
    problem->last_year =
        is_read ? cn_time_axis_date(file, file->time_count - 1) / 10000 : file->last_year;
}

enum cn_status cn_list_unusable(const struct cn_variable_files *in, struct cn_error *error)
{
    struct cn_file_problem *items = cn_pool_alloc(in->pool, in->count, sizeof *items);
    size_t count = 0;
    if (!items)
        return cn_fail_memory(error, "the catalog");
    for (size_t i = 0; i < in->count; i++) {
        const struct cn_file *file = &in->files[i];
        if (file->usable)
            continue;
        items[count] = (struct cn_file_problem){
            .experiment = file->experiment, .path = file->path, .reason = file->failure};
        set_years(file, &items[count++]);
    }
    cn_list_file_problems(&in->variable->problems, in->variable->label, items, count);
    return CN_OK;
}

static void exclude_file(struct cn_pool *pool, struct cn_file *file, const char *reason)
{
    const char *copy = cn_pool_strdup(pool, reason);
    file->usable = false;
    file->failure = copy ? copy : "it differs from most files";
}

static double min_spacing(const double *points, size_t count)
{
    double smallest = INFINITY;
    for (size_t i = 1; i < count; i++) {
        double spacing = fabs(points[i] - points[i - 1]);
        if (spacing > 0 && spacing < smallest)
            smallest = spacing;
    }
    return isfinite(smallest) ? smallest : 1; /* a single point: a degree */
}

static double tolerance_of(const struct cn_grid *grid, const double *points, size_t count)
{
    return grid->kind == CN_REGULAR ? GRID_TOLERANCE * min_spacing(points, count) : PLACE_TOLERANCE;
}

/* Index of the first point that differs; `count`: none does. Missing ones are alike. */
static size_t first_difference(const double *a, const double *b, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance) && !(isnan(a[i]) && isnan(b[i])))
            return i;
    return count;
}

static size_t first_lat_difference(const struct cn_grid *a, const struct cn_grid *b)
{
    const size_t count = cn_grid_lats(a);
    return first_difference(a->lat, b->lat, count, tolerance_of(a, a->lat, count));
}

static size_t first_lon_difference(const struct cn_grid *a, const struct cn_grid *b)
{
    const size_t count = cn_grid_lons(a);
    return first_difference(a->lon, b->lon, count, tolerance_of(a, a->lon, count));
}

static bool same_shape(const struct cn_grid *a, const struct cn_grid *b)
{
    return a->kind == b->kind && a->row_count == b->row_count && a->column_count == b->column_count;
}

static bool same_grid(const struct cn_file *a, const struct cn_file *b, struct cn_error *error)
{
    (void)error;
    const struct cn_grid *x = &a->grid, *y = &b->grid;
    return same_shape(x, y) && first_lat_difference(x, y) == cn_grid_lats(x) &&
           first_lon_difference(x, y) == cn_grid_lons(x);
}

static bool same_units(const struct cn_file *a, const struct cn_file *b, struct cn_error *error)
{
    return strcmp(a->units, b->units) == 0 || cn_units_equal(a->units, b->units, error);
}

/* The coordinate of one value with the name of another; NULL: there is none. */
static const struct cn_grid_variable *find_kept(const struct cn_grid *grid, const char *name)
{
    for (size_t k = 0; k < grid->variable_count; k++)
        if (grid->variables[k].along == CN_SCALAR && strcmp(grid->variables[k].name, name) == 0)
            return &grid->variables[k];
    return NULL;
}

/* A dimension besides time and those of the grid whose coordinates are in different units, so that
 * one number selects different values; NULL: there is none. */
static const char *find_odd_unit(const struct cn_file *a, const struct cn_file *b,
                                 struct cn_error *error)
{
    for (size_t k = 0; k < a->other_dim_count; k++) {
        const char *name = a->other_dims[k].name;
        const struct cn_grid_variable *x = find_kept(&a->grid, name),
                                      *y = find_kept(&b->grid, name);
        if (x && y && *cn_kept_units(x) && *cn_kept_units(y) &&
            !cn_units_equal(cn_kept_units(x), cn_kept_units(y), error) &&
            !cn_kept_equal(x, y, error))
            return name;
    }
    return NULL;
}

static bool same_slice_units(const struct cn_file *a, const struct cn_file *b,
                             struct cn_error *error)
{
    return !find_odd_unit(a, b, error);
}

/* What the files of a variable must have in common. */
struct common_trait {
    /* Errors: *error, see cn_units_equal. */
    bool (*same)(const struct cn_file *, const struct cn_file *, struct cn_error *error);
    void (*describe)(const struct cn_file *odd, const struct cn_file *usual, char *text,
                     size_t capacity);
};

/* Files that agree. */
struct file_group {
    const struct cn_file *first;
    size_t count;
};

static void describe_grid_difference(const struct cn_file *odd, const struct cn_file *usual,
                                     char *text, size_t capacity)
{
    static const char *const kinds[] = {[CN_REGULAR] = "regular",
                                        [CN_CURVILINEAR] = "curvilinear",
                                        [CN_UNSTRUCTURED] = "unstructured"};
    const struct cn_grid *x = &odd->grid, *y = &usual->grid;
    if (x->kind != y->kind) {
        snprintf(text, capacity, "%s: its grid is %s, that of most files (%s) %s", odd->path,
                 kinds[x->kind], usual->base, kinds[y->kind]);
        return;
    }
    if (!same_shape(x, y)) {
        if (x->kind == CN_UNSTRUCTURED)
            snprintf(text, capacity, "%s: its grid has %zu cells, that of most files (%s) %zu",
                     odd->path, x->row_count, usual->base, y->row_count);
        else
            snprintf(text, capacity,
                     "%s: its grid has %zu x %zu cells, that of most files (%s) %zu x %zu",
                     odd->path, x->row_count, x->column_count, usual->base, y->row_count,
                     y->column_count);
        return;
    }
    size_t i = first_lat_difference(x, y);
    bool is_lat = i < cn_grid_lats(x);
    if (!is_lat)
        i = first_lon_difference(x, y);
    if (i == (is_lat ? cn_grid_lats(x) : cn_grid_lons(x))) /* no point differs by the spacing of
                                                        this file, only by that of the other */
        i = 0;
    snprintf(text, capacity, "%s: its grid differs: %s %zu is %.9g, in most files (%s) %.9g",
             odd->path, is_lat ? "latitude" : "longitude", i + 1, is_lat ? x->lat[i] : x->lon[i],
             usual->base, is_lat ? y->lat[i] : y->lon[i]);
}

static void describe_units_difference(const struct cn_file *odd, const struct cn_file *usual,
                                      char *text, size_t capacity)
{
    snprintf(text, capacity, "%s: its values are in '%.60s', those of most files (%s) in '%.60s'",
             odd->path, odd->units, usual->base, usual->units);
}

static void describe_slice_units(const struct cn_file *odd, const struct cn_file *usual, char *text,
                                 size_t capacity)
{
    const char *name = find_odd_unit(usual, odd, NULL);
    const struct cn_grid_variable *x = name ? find_kept(&odd->grid, name) : NULL,
                                  *y = name ? find_kept(&usual->grid, name) : NULL;
    if (x && y)
        snprintf(text, capacity, "%s: its %.100s is in '%.60s', that of most files (%s) in '%.60s'",
                 odd->path, name, cn_kept_units(x), usual->base, cn_kept_units(y));
    else
        snprintf(text, capacity, "%s: its levels are in another unit than in most files (%s)",
                 odd->path, usual->base);
}

static const struct common_trait grid_trait = {same_grid, describe_grid_difference};
static const struct common_trait units_trait = {same_units, describe_units_difference};
static const struct common_trait slice_units_trait = {same_slice_units, describe_slice_units};

/* Excludes all files but those of the largest group. groups[in->count] is scratch.
 * Returns: the first file of that group; NULL: no file is usable. */
static const struct cn_file *exclude_others(const struct cn_variable_files *in,
                                            const struct common_trait *trait,
                                            struct file_group *groups, struct cn_error *error)
{
    size_t group_count = 0;
    for (size_t i = 0; i < in->count; i++) {
        size_t g = 0;
        if (!in->files[i].usable)
            continue;
        while (g < group_count && !trait->same(groups[g].first, &in->files[i], error))
            g++;
        if (g == group_count)
            groups[group_count++] = (struct file_group){&in->files[i], 0};
        groups[g].count++;
    }
    struct file_group largest = {0};
    for (size_t g = 0; g < group_count; g++)
        if (groups[g].count > largest.count)
            largest = groups[g];
    for (size_t i = 0; i < in->count; i++)
        if (in->files[i].usable && !trait->same(largest.first, &in->files[i], error)) {
            char reason[900];
            trait->describe(&in->files[i], largest.first, reason, sizeof reason);
            exclude_file(in->pool, &in->files[i], reason);
        }
    return largest.first;
}

/* standard and proleptic_gregorian differ before 1582-10-15. */
static bool begins_after_1582(const struct cn_file *file)
{
    return cn_time_axis_date(file, 0) >= 15821015;
}

/* Why the calendars of two files cannot share a timeline; NULL: they can. */
static const char *calendar_conflict(struct cn_pool *pool, const struct cn_file *a,
                                     const struct cn_file *b)
{
    if (a->calendar == b->calendar)
        return NULL;
    bool same_family = cn_calendar_same_family(a->calendar, b->calendar);
    if (same_family && begins_after_1582(a) && begins_after_1582(b))
        return NULL;
    const char *text = cn_pool_printf(
        pool, "two calendars%s: %s has %s, %s has %s; keep files of one calendar in input.root",
        same_family ? " that differ before 1582-10-15" : "", a->path, cn_calendar_name(a->calendar),
        b->path, cn_calendar_name(b->calendar));
    return text ? text : "two calendars";
}

/* Whether all files say that their values are sums over days. */
static bool are_all_totals(const struct cn_variable_files *in)
{
    bool are_totals = true;
    for (size_t i = 0; i < in->count && are_totals; i++)
        are_totals = !in->files[i].usable ||
                     cn_are_totals(cn_attribute_text(in->files[i].attributes,
                                                     in->files[i].attribute_count, "cell_methods"));
    return are_totals;
}

/* A coordinate of one value that outputs cannot have. Along a dimension, the files are of several
 * levels or members; warn_of_missing_dims tells which lack it where one is chosen. */
static void warn_of_mixture(const struct cn_variable_files *in, const struct cn_file *usual,
                            const struct cn_file *odd, const char *name)
{
    bool is_dim = false, is_chosen = false;
    for (size_t k = 0; k < usual->other_dim_count; k++)
        if (strcmp(usual->other_dims[k].name, name) == 0) {
            is_dim = true;
            is_chosen = *usual->other_dims[k].read;
        }
    if (find_kept(&odd->grid, name))
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: %s is not the same in all files, such as %s and %s; %s",
                        in->variable->label, name, usual->base, odd->base,
                        is_dim ? "choose one value with input.select" : "outputs are without it");
    else if (!is_chosen)
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: %s has no %s, unlike %s; outputs are without it", in->variable->label,
                        odd->base, name, usual->base);
}

/* How a file reads along a dimension. */
enum slice_way { WAY_NONE, WAY_INDEX, WAY_VALUE };

static enum slice_way slice_way_of(const struct cn_file *file, const char *name)
{
    if (find_kept(&file->grid, name))
        return WAY_VALUE;
    for (size_t k = 0; k < file->other_dim_count; k++)
        if (strcmp(file->other_dims[k].name, name) == 0)
            return WAY_INDEX;
    return WAY_NONE;
}

/* Warns of a dimension along which one of two files reads a value that is chosen, and the other
 * something else. Returns: whether it did. */
static bool warn_of_ways(const struct cn_variable_files *in, const struct cn_file *chosen,
                         const struct cn_file *other)
{
    for (size_t k = 0; k < chosen->other_dim_count; k++) {
        const struct cn_other_dim *dim = &chosen->other_dims[k];
        const enum slice_way way = slice_way_of(other, dim->name);
        if (!*dim->read || strncmp(dim->read, "all ", 4) == 0 ||
            way >= slice_way_of(chosen, dim->name))
            continue;
        cn_problems_add(&in->variable->problems, CN_WARNING,
                        "%s: %s has no %s %s and is read %s, unlike %s", in->variable->label,
                        other->base, way ? "coordinate" : "dimension", dim->name,
                        way ? "by index" : "as it is", chosen->base);
        return true;
    }
    return false;
}

/* Files that differ in the dimensions that input.select chooses along. */
static void warn_of_missing_dims(const struct cn_variable_files *in, const struct cn_file *usual)
{
    for (size_t i = 0; i < in->count; i++)
        if (in->files[i].usable &&
            (warn_of_ways(in, usual, &in->files[i]) || warn_of_ways(in, &in->files[i], usual)))
            return;
}

/* Warns of coordinates of one value that a file has and the usual one lacks. */
static void warn_of_more(const struct cn_variable_files *in, const struct cn_file *usual)
{
    enum { MOST_TOLD = 8 };
    const char *told[MOST_TOLD];
    size_t count = 0;
    for (size_t i = 0; i < in->count; i++)
        for (size_t k = 0; in->files[i].usable && k < in->files[i].grid.variable_count; k++) {
            const struct cn_grid_variable *kept = &in->files[i].grid.variables[k];
            if (kept->along != CN_SCALAR || count == MOST_TOLD ||
                find_kept(&usual->grid, kept->name) ||
                cn_text_index(kept->name, told, count) < count)
                continue;
            told[count++] = kept->name;
            warn_of_mixture(in, &in->files[i], usual, kept->name);
        }
}

/* Of coordinates of one value, outputs keep those that all files have alike. */
static enum cn_status keep_common(const struct cn_variable_files *in, const struct cn_file *usual,
                                  struct cn_error *error)
{
    struct cn_grid *grid = &in->variable->grid;
    struct cn_grid_variable *common = cn_pool_alloc(in->pool, grid->variable_count, sizeof *common);
    size_t count = 0;
    struct cn_error failure = {0};
    if (!common)
        return cn_fail_memory(error, "the catalog");
    for (size_t k = 0; k < grid->variable_count; k++) {
        const struct cn_grid_variable *kept = &grid->variables[k];
        const struct cn_file *odd = NULL;
        for (size_t i = 0; i < in->count && !odd && kept->along == CN_SCALAR; i++) {
            const struct cn_grid_variable *other = find_kept(&in->files[i].grid, kept->name);
            if (in->files[i].usable && !(other && cn_kept_equal(kept, other, &failure)))
                odd = &in->files[i];
        }
        if (odd)
            warn_of_mixture(in, usual, odd, kept->name);
        else
            common[count++] = *kept;
    }
    grid->variables = common;
    grid->variable_count = count;
    return failure.status ? cn_fail(error, failure.status, "%s", failure.text) : CN_OK;
}

enum cn_status cn_check_consistency(const struct cn_variable_files *in, struct cn_error *error)
{
    struct cn_variable *variable = in->variable;
    struct file_group *scratch = cn_pool_alloc(in->pool, in->count, sizeof *scratch);
    if (!scratch)
        return cn_fail_memory(error, "the catalog");
    const struct cn_file *usual = exclude_others(in, &grid_trait, scratch, NULL);
    if (!usual) {
        variable->failure = "none of its files can be used, as other lines say";
        return CN_OK;
    }
    struct cn_error failure = {0};
    exclude_others(in, &slice_units_trait, scratch, &failure);
    usual = exclude_others(in, &units_trait, scratch, &failure);
    if (failure.status)
        return cn_fail(error, failure.status, "%s", failure.text);
    variable->grid = usual->grid;
    variable->units = usual->units;
    variable->are_totals = are_all_totals(in);
    variable->calendar = usual->calendar;
    for (size_t i = 0; i < in->count && !variable->failure; i++)
        if (in->files[i].usable)
            variable->failure = calendar_conflict(in->pool, usual, &in->files[i]);
    warn_of_missing_dims(in, usual);
    warn_of_more(in, usual);
    return keep_common(in, usual, error);
}
