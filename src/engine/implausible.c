/*
 * Tallies of implausible values, by source year.
 */
#include "engine/implausible.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

/* Where so large a share is implausible, another unit may be the reason. */
static const double share_of_wrong_unit = 0.05;

enum cn_status cn_value_check_begin(struct cn_value_check *check,
                                    const struct cn_variable *variable, struct cn_error *error)
{
    *check = (struct cn_value_check){.variable = variable};
    enum cn_status status = cn_plausible_limits(variable, &check->limits, error);
    if (!check->limits.row)
        return status;
    check->shared.range = (struct cn_float_range){(float)fmax(check->limits.min, -FLT_MAX),
                                                  (float)fmin(check->limits.max, FLT_MAX)};
    pthread_mutex_init(&check->shared.lock, NULL);
    return CN_OK;
}

void cn_value_check_end(struct cn_value_check *check)
{
    if (check->limits.row)
        pthread_mutex_destroy(&check->shared.lock);
    *check = (struct cn_value_check){0};
}

static void add_extreme(const struct cn_value_check *check, const struct cn_tally *tally,
                        struct cn_strbuf *text)
{
    const struct cn_cell_value *extreme = cn_tally_extreme(tally, &check->shared.range);
    const struct cn_file *file = extreme->file;
    const struct cn_date date = cn_day_date(file->calendar, file->days[extreme->instant]);
    cn_strbuf_add(text, "%g %s on %04d-%02d-%02d at lat %g, lon %g of %s", (double)extreme->value,
                  check->variable->units, date.year, date.month, date.day,
                  file->grid.lat[cn_grid_lat_index(&file->grid, extreme->row, extreme->column)],
                  file->grid.lon[cn_grid_lon_index(&file->grid, extreme->row, extreme->column)],
                  file->path);
}

/* Adds a text to the problems and frees it. */
static void add_problem_text(struct cn_problems *problems, enum cn_severity severity,
                             const char *label, struct cn_strbuf *text)
{
    cn_problems_add(problems, severity, "%s: %s", label, cn_strbuf_text(text));
    problems->lost |= text->failed;
    cn_strbuf_free(text);
}

void cn_value_check_warn(const struct cn_value_check *check, const struct cn_tally *tally,
                         double values, const char *label, struct cn_problems *problems)
{
    char unit[32];
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "%" PRIu64 " value%s implausible, outside %g to %g %s, the farthest ",
                  tally->count, tally->count == 1 ? " is" : "s are", check->limits.min,
                  check->limits.max, check->variable->units);
    add_extreme(check, tally, &text);
    if ((double)tally->count >= share_of_wrong_unit * values &&
        cn_plausible_in_other_unit(&check->limits, check->variable->units,
                                   (double)tally->least.value, (double)tally->most.value, unit))
        cn_strbuf_add(&text, "; they would be plausible in %s: check the units of the files", unit);
    cn_strbuf_add(&text, "; no value is changed");
    add_problem_text(problems, CN_WARNING, label, &text);
}

void cn_value_check_detail(const struct cn_value_check *check, const struct cn_tally *tally,
                           const char *label, struct cn_problems *problems)
{
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "%" PRIu64 " implausible value%s, the farthest ", tally->count,
                  tally->count == 1 ? "" : "s");
    add_extreme(check, tally, &text);
    add_problem_text(problems, CN_DETAIL, label, &text);
}

enum cn_status cn_implausible_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable *variable = engine->variable->variable;
    struct cn_implausible *implausible = cn_pool_alloc(engine->pool, 1, sizeof *implausible);
    if (!implausible)
        return cn_fail_memory(error, "source years");
    engine->implausible = implausible;
    enum cn_status status = cn_value_check_begin(&implausible->check, variable, error);
    if (status || !implausible->check.limits.row)
        return status;
    implausible->tallies =
        cn_pool_alloc(engine->pool, variable->year_count, sizeof *implausible->tallies);
    return implausible->tallies ? CN_OK : cn_fail_memory(error, "source years");
}

void cn_implausible_count(const struct cn_engine *engine, const struct cn_reader *reader,
                          size_t instant, size_t year)
{
    if (reader->tallies && !engine->is_again)
        reader->tallies[instant - reader->first] = &engine->implausible->tallies[year];
}

static void add_year_detail(const struct cn_engine *engine, const struct cn_source_year *year,
                            const struct cn_tally *tally, struct cn_problems *problems)
{
    struct cn_strbuf label = {0};
    cn_strbuf_add(&label, "%s %s %d", engine->result->label, year->experiment, year->year);
    cn_value_check_detail(&engine->implausible->check, tally, cn_strbuf_text(&label), problems);
    problems->lost |= label.failed;
    cn_strbuf_free(&label);
}

/* The values of a day, about: a cell of two regions counts twice. */
static double values_of_day(const struct cn_layout *layout)
{
    double values = 0;
    for (size_t r = 0; r < layout->region_count; r++)
        values += (double)layout->regions[r].row_count * (double)layout->regions[r].column_count;
    return values;
}

void cn_implausible_report(const struct cn_engine *engine, struct cn_problems *problems)
{
    const struct cn_implausible *implausible = engine->implausible;
    const struct cn_variable *variable = engine->variable->variable;
    struct cn_tally total = {0};
    double values = 0;
    for (size_t y = 0; implausible && implausible->tallies && y < variable->year_count; y++) {
        const struct cn_tally *tally = &implausible->tallies[y];
        if (!tally->count || atomic_load(&engine->year_dropped[y]))
            continue;
        cn_tally_add(&total, tally);
        values += (double)variable->years[y].days_held * values_of_day(&engine->variable->layout);
    }
    if (!total.count)
        return;
    cn_value_check_warn(&implausible->check, &total, values, engine->result->label, problems);
    for (size_t y = 0; y < variable->year_count; y++)
        if (implausible->tallies[y].count && !atomic_load(&engine->year_dropped[y]))
            add_year_detail(engine, &variable->years[y], &implausible->tallies[y], problems);
}

void cn_implausible_finish(struct cn_engine *engine)
{
    if (engine->implausible)
        cn_value_check_end(&engine->implausible->check);
}
