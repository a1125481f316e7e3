/*
 * The files of a variable must have one grid, one unit and compatible calendars. The find_majority
 * decides which file is wrong: that may be the first. Opens no file.
 */
#include "catalog/consistency.h"

#include "catalog/file_names.h"
#include "catalog/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double GRID_TOLERANCE = 1e-3; /* of the smallest spacing */

static void format_years(const struct cn_file *file, char text[32])
{
    int first, last;
    struct cn_name name;
    if (file->usable) {
        first = cn_day_date(file->calendar, file->days[0]).year;
        last = cn_day_date(file->calendar, file->days[file->time_count - 1]).year;
    } else if (!cn_name_parse(file->base, &name) || !cn_name_years(name.time, &first, &last)) {
        first = last = 0;
    }
    if (first == last)
        snprintf(text, 32, "%d", first);
    else
        snprintf(text, 32, "%d-%d", first, last);
}

void cn_exclude_file(struct cn_variable *variable, struct cn_file *file, const char *reason)
{
    char years[32];
    format_years(file, years);
    cn_problems_add(&variable->problems, CN_PROBLEM, "%s %s %s: %s; left out", variable->name,
                    file->experiment, years, reason);
    file->usable = false;
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

/* Index of the first point that differs; `count`: none does. */
static size_t first_difference(const double *a, const double *b, size_t count)
{
    double tolerance = GRID_TOLERANCE * min_spacing(a, count);
    for (size_t i = 0; i < count; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance))
            return i;
    return count;
}

static bool same_grid(const struct cn_file *a, const struct cn_file *b, struct cn_error *error)
{
    (void)error;
    const struct cn_grid *x = &a->grid, *y = &b->grid;
    return x->lat_count == y->lat_count && x->lon_count == y->lon_count &&
           first_difference(x->lat, y->lat, x->lat_count) == x->lat_count &&
           first_difference(x->lon, y->lon, x->lon_count) == x->lon_count;
}

static bool same_units(const struct cn_file *a, const struct cn_file *b, struct cn_error *error)
{
    return strcmp(a->units, b->units) == 0 || cn_units_equal(a->units, b->units, error);
}

/* Whether two files agree. Errors: *error, see cn_units_equal. */
typedef bool same_function(const struct cn_file *, const struct cn_file *, struct cn_error *error);

/* The first file of the largest group that agrees; NULL: no file is usable. group[2 * count] is
 * scratch. */
static const struct cn_file *find_majority(const struct cn_file *files, size_t count,
                                           same_function *same, size_t *group,
                                           struct cn_error *error)
{
    size_t *votes = group + count;
    const struct cn_file *winner = NULL;
    size_t groups = 0, most = 0;
    for (size_t i = 0; i < count; i++) { /* group[g]: the first file of group g */
        size_t g = 0;
        if (!files[i].usable)
            continue;
        while (g < groups && !same(&files[group[g]], &files[i], error))
            g++;
        if (g == groups) {
            group[groups++] = i;
            votes[g] = 0;
        }
        votes[g]++;
    }
    for (size_t g = 0; g < groups; g++)
        if (votes[g] > most) {
            most = votes[g];
            winner = &files[group[g]];
        }
    return winner;
}

static void describe_grid_difference(const struct cn_file *odd, const struct cn_file *usual,
                                     char *text, size_t capacity)
{
    const struct cn_grid *x = &odd->grid, *y = &usual->grid;
    if (x->lat_count != y->lat_count || x->lon_count != y->lon_count) {
        snprintf(text, capacity,
                 "%s: its grid has %zu x %zu cells, that of most files (%s) %zu x %zu", odd->path,
                 x->lat_count, x->lon_count, usual->base, y->lat_count, y->lon_count);
        return;
    }
    size_t i = first_difference(x->lat, y->lat, x->lat_count);
    bool is_lat = i < x->lat_count;
    if (!is_lat)
        i = first_difference(x->lon, y->lon, x->lon_count);
    if (i == (is_lat ? x->lat_count : x->lon_count)) /* no point differs by the spacing of this
                                                        file, only by that of the other */
        i = 0;
    snprintf(text, capacity, "%s: its grid differs: %s %zu is %.9g, in most files (%s) %.9g",
             odd->path, is_lat ? "latitude" : "longitude", i + 1, is_lat ? x->lat[i] : x->lon[i],
             usual->base, is_lat ? y->lat[i] : y->lon[i]);
}

static const struct cn_file *exclude_other_grids(struct cn_variable *variable,
                                                 struct cn_file *files, size_t count,
                                                 size_t *scratch)
{
    const struct cn_file *usual = find_majority(files, count, same_grid, scratch, NULL);
    for (size_t i = 0; i < count; i++)
        if (files[i].usable && !same_grid(usual, &files[i], NULL)) {
            char reason[900];
            describe_grid_difference(&files[i], usual, reason, sizeof reason);
            cn_exclude_file(variable, &files[i], reason);
        }
    return usual;
}

static const struct cn_file *exclude_other_units(struct cn_variable *variable,
                                                 struct cn_file *files, size_t count,
                                                 size_t *scratch, struct cn_error *error)
{
    const struct cn_file *usual = find_majority(files, count, same_units, scratch, error);
    for (size_t i = 0; i < count; i++)
        if (files[i].usable && !same_units(usual, &files[i], error)) {
            char reason[900];
            snprintf(reason, sizeof reason,
                     "%s: its values are in '%.60s', those of most files (%s) in '%.60s'",
                     files[i].path, files[i].units, usual->base, usual->units);
            cn_exclude_file(variable, &files[i], reason);
        }
    return usual;
}

/* standard and proleptic_gregorian differ before 1582-10-15. */
static bool begins_after_1582(const struct cn_file *file)
{
    struct cn_date first = cn_day_date(file->calendar, file->days[0]);
    return first.year > 1582 ||
           (first.year == 1582 && (first.month > 10 || (first.month == 10 && first.day >= 15)));
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

enum cn_status cn_check_consistency(struct cn_pool *pool, struct cn_variable *variable,
                                    struct cn_file *files, size_t count, struct cn_error *error)
{
    size_t *scratch = cn_pool_alloc(pool, count, 2 * sizeof *scratch);
    if (!scratch)
        return cn_fail_memory(error, "the catalog");
    const struct cn_file *usual = exclude_other_grids(variable, files, count, scratch);
    if (!usual) {
        variable->failure = "none of its files can be used; see to the problem of each";
        return CN_OK;
    }
    variable->grid = usual->grid;
    struct cn_error failure = {0};
    usual = exclude_other_units(variable, files, count, scratch, &failure);
    if (failure.status)
        return cn_fail(error, failure.status, "%s", failure.text);
    variable->units = usual->units;
    variable->calendar = usual->calendar;
    for (size_t i = 0; i < count && !variable->failure; i++)
        if (files[i].usable)
            variable->failure = calendar_conflict(pool, usual, &files[i]);
    return CN_OK;
}
