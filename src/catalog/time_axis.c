/*
 * Time coordinates (CF section 4.4). The instants decide which days a file holds; bounds only where
 * every instant is the end of its interval.
 */
#include "catalog/time_axis.h"

#include "base/error.h"
#include "base/format.h"
#include "base/pool.h"
#include "calendar/time.h"
#include "catalog/attributes.h"
#include "catalog/time_numbers.h"
#include "catalog/time_order.h"
#include "catalog/time_texts.h"
#include "catalog/units.h"

#include <math.h>
#include <netcdf.h>
#include <stdlib.h>

enum { DAY_SECONDS = 86400 };

/* A step that is a day but for roundings passes. is_one: it is the interval of a file's only
 * instant. */
static enum cn_status check_step(double step, bool is_one, double precision,
                                 const struct cn_file *file, struct cn_error *error)
{
    static const double slack = 0.01;
    const double step_days = step / DAY_SECONDS;
    const char *what = step_days >= 28 && step_days <= 31     ? "monthly data"
                       : step_days >= 360 && step_days <= 366 ? "yearly data"
                                                              : "not daily data";
    if (step_days > 1 + fmax(slack, precision / DAY_SECONDS))
        return cn_fail(error, CN_BAD_INPUT, "%s: the %s is %g days, expected at most one day; %s",
                       what, is_one ? "interval of its only time" : "median time step", step_days,
                       file->dataset ? "choose daily files"
                                     : "choose daily files, see input.table");
    return CN_OK;
}

static enum cn_status check_year_range(enum cn_calendar calendar, int64_t first, int64_t last,
                                       struct cn_error *error)
{
    struct cn_date from = cn_day_date(calendar, first), to = cn_day_date(calendar, last);
    if (from.year < 0 || to.year > CN_LAST_YEAR)
        return cn_fail(error, CN_BAD_INPUT,
                       "time runs from year %d to %d, expected 0 to %d; correct its units",
                       from.year, to.year, CN_LAST_YEAR);
    return CN_OK;
}

static enum cn_status fail_calendar(const char *calendar, struct cn_error *error)
{
    char names[128] = "";
    for (const struct cn_named_calendar *known = cn_calendar_names; known->name; known++)
        cn_format_choice(names, sizeof names, "", known->name, !known[1].name);
    return cn_fail(error, CN_BAD_INPUT, "unknown calendar '%s', expected %s", calendar, names);
}

bool cn_time_axis_is_valid(const struct cn_file *file)
{
    const int64_t *days = file->days, far = (int64_t)CN_MAX_SLOTS * 2 * CN_LAST_YEAR;
    if (file->calendar > CN_360_DAY || file->time_count == 0 || file->time_count > CN_MAX_TIMES)
        return false;
    for (size_t i = 0; i < file->time_count; i++)
        if (days[i] < -far || days[i] > far || (i > 0 && days[i] < days[i - 1]))
            return false;
    return check_year_range(file->calendar, days[0], days[file->time_count - 1], NULL) == CN_OK;
}

int cn_time_axis_date(const struct cn_file *file, size_t i)
{
    struct cn_date date = cn_day_date(file->calendar, file->days[i]);
    return (date.year * 100 + date.month) * 100 + date.day;
}

/* How long the interval of the only instant is, in seconds; 0: its bounds are none. */
static double only_interval(const struct cn_time_numbers *numbers, const double bounds[2])
{
    const double low = fmin(bounds[0], bounds[1]), high = fmax(bounds[0], bounds[1]);
    const bool is_inside = low <= numbers->values[0] && numbers->values[0] <= high;
    return is_inside ? (high - low) * numbers->unit_seconds : 0;
}

/* Makes the numbers those of the times that they stand for. scratch[2 * count]. */
static enum cn_status settle_numbers(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                     enum cn_stamps stamps, const struct cn_time_numbers *numbers,
                                     double *scratch, double *step, struct cn_file *file,
                                     struct cn_error *error)
{
    bool has_bounds = false;
    *step = cn_time_round(numbers, cn_time_step(numbers, scratch));
    enum cn_status status = cn_coordinate_bounds(nc, time, scratch, &has_bounds, error);
    if (status)
        return status;
    if (has_bounds && numbers->count == 1)
        *step = only_interval(numbers, scratch);
    file->end_stamped = has_bounds && cn_time_is_end_stamped(numbers, scratch);
    file->ends_at_midnight = !has_bounds && cn_time_ends_at_midnight(numbers, *step);
    if (file->end_stamped && stamps == CN_STAMPS_AUTO)
        cn_time_take_middles(numbers, scratch);
    return CN_OK;
}

/* Fills days[count]. values[count] and scratch[2 * count] are scratch. */
static enum cn_status read_days(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                enum cn_stamps stamps, double *values, int64_t *days,
                                double *scratch, struct cn_file *file, struct cn_error *error)
{
    struct cn_time_numbers numbers = {
        .values = values, .count = time->length, .is_float32 = time->type == NC_FLOAT};
    double step = 0;
    enum cn_status status = time->type == NC_CHAR
                                ? cn_time_texts_read(nc, time, file->calendar, values, error)
                                : cn_coordinate_values(nc, time, values, error);
    if (!status && time->type == NC_CHAR)
        numbers.unit_seconds = 1;
    else if (!status)
        status = cn_time_units_parse(file->time_units, file->calendar, &numbers.unit_seconds,
                                     &numbers.reference_second, error);
    const double precision = status ? 0 : cn_time_precision(&numbers);
    if (!status)
        status = settle_numbers(nc, time, stamps, &numbers, scratch, &step, file, error);
    if (status)
        return status;
    status = cn_time_days(values, numbers.count, numbers.unit_seconds, numbers.reference_second,
                          days, NULL, error);
    if (status == CN_BAD_INPUT) {
        const struct cn_time_instants instants = {
            time->name,    values, numbers.count, numbers.unit_seconds, numbers.reference_second,
            file->calendar};
        return cn_time_order_fail(&instants, error);
    }
    if (!status)
        status = check_year_range(file->calendar, days[0], days[numbers.count - 1], error);
    return status ? status : check_step(step, numbers.count == 1, precision, file, error);
}

enum cn_status cn_time_axis_read(const struct cn_nc_file *nc, const struct cn_coordinate *time,
                                 enum cn_stamps stamps, struct cn_file *file,
                                 struct cn_error *error)
{
    const bool is_text = time->type == NC_CHAR;
    const char *calendar =
        is_text ? cn_time_texts_calendar(nc, time)
                : cn_attribute_text(time->attributes, time->attribute_count, "calendar");
    size_t count = time->length;
    if (count == 0)
        return cn_fail(error, CN_BAD_INPUT,
                       "'%s' has no instants, so the file has no data; download it again",
                       time->name);
    if (count > CN_MAX_TIMES)
        return cn_fail(
            error, CN_BAD_INPUT,
            "'%s' has %zu instants, expected at most %d; split the file, for example with "
            "cdo splityear",
            time->name, count, CN_MAX_TIMES);
    file->time_units = is_text
                           ? "dates and times as text"
                           : cn_attribute_text(time->attributes, time->attribute_count, "units");
    if (!file->time_units)
        return cn_fail(error, CN_BAD_INPUT, "'%s' has no units, expected \"days since ...\"",
                       time->name);
    if (!cn_calendar_parse(calendar, &file->calendar))
        return fail_calendar(calendar, error);
    int64_t *days = cn_pool_alloc(nc->pool, count, sizeof *days);
    double *values = malloc(count * sizeof *values);
    double *scratch = malloc(count * 2 * sizeof *scratch);
    enum cn_status status = days && values && scratch
                                ? read_days(nc, time, stamps, values, days, scratch, file, error)
                                : cn_fail_memory(error, "the time axis");
    free(values);
    free(scratch);
    file->days = days;
    file->time_count = count;
    return status;
}

void cn_time_axis_move_midnights(struct cn_file *file)
{
    int64_t *days = (int64_t *)file->days;
    int64_t before = days[0];
    for (size_t i = 1; i < file->time_count; i++) {
        const bool is_first = days[i] != before;
        before = days[i];
        days[i] -= is_first;
    }
    file->end_stamped = true;
}

/* The usable file with the longest time axis; of equal ones the last. There is one. */
static struct cn_file *find_longest(const struct cn_time_axes *axes)
{
    struct cn_file *longest = NULL;
    for (size_t i = 0; i < axes->count; i++) {
        struct cn_file *file = &axes->files[i];
        if (file->usable && (!longest || file->time_count >= longest->time_count))
            longest = file;
    }
    return longest;
}

enum cn_status cn_time_axes_add(struct cn_time_axes *axes, struct cn_pool *pool, size_t index,
                                struct cn_error *error)
{
    axes->bytes += axes->files[index].time_count * sizeof *axes->files->days;
    while (axes->bytes > axes->limit) {
        struct cn_file *file = find_longest(axes);
        axes->bytes -= file->time_count * sizeof *file->days;
        free((void *)file->days);
        file->days = NULL;
        file->usable = false;
        file->failure = cn_pool_printf(
            pool,
            "%s: its time axis has %zu instants, but those of all files may take only %llu MiB, "
            "1/16 "
            "of the memory, and the longest are left out; split it, or choose fewer files",
            file->path, file->time_count, (unsigned long long)(axes->limit >> 20));
        if (!file->failure)
            return cn_fail_memory(error, "a file's metadata");
    }
    return CN_OK;
}

void cn_files_free(struct cn_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)files[i].days);
        files[i].days = NULL;
    }
}
