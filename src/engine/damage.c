/*
 * Years that cannot be read. Passes and threads meet damage in any order; what is kept is the first
 * damaged instant of each part of a year, so the end is the same.
 */
#include "engine/damage.h"

#include "base/error.h"
#include "base/pool.h"
#include "engine/report.h"
#include "source/file_reader.h"

enum cn_status cn_damage_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable *variable = engine->variable->variable;
    size_t parts = 0;
    for (size_t y = 0; y < variable->year_count; y++)
        parts += variable->years[y].part_count;
    atomic_size_t *damaged = cn_pool_alloc(engine->pool, parts, sizeof *damaged);
    engine->damaged_from =
        cn_pool_alloc(engine->pool, variable->year_count, sizeof(atomic_size_t *));
    engine->year_dropped =
        cn_pool_alloc(engine->pool, variable->year_count, sizeof *engine->year_dropped);
    if (!damaged || !engine->damaged_from || !engine->year_dropped)
        return cn_fail_memory(error, "source years");
    for (size_t k = 0; k < parts; k++)
        atomic_init(&damaged[k], SIZE_MAX);
    for (size_t y = 0; y < variable->year_count; y++) {
        engine->damaged_from[y] = damaged;
        damaged += variable->years[y].part_count;
    }
    return CN_OK;
}

static bool has_instants(const struct cn_part *part, const struct cn_file *file,
                         const struct cn_instants *instants)
{
    return part->file == file && part->first < instants->first + instants->count &&
           instants->first < part->first + part->count;
}

/* Drops a year if it has some of these instants. Returns whether it has. */
static bool drop_year(struct cn_engine *engine, size_t index, const struct cn_file *file,
                      const struct cn_instants *instants)
{
    const struct cn_source_year *year = &engine->variable->variable->years[index];
    bool is_dropped = false;
    for (size_t p = 0; p < year->part_count; p++) {
        if (!has_instants(&year->parts[p], file, instants))
            continue;
        atomic_size_t *from = &engine->damaged_from[index][p];
        size_t before = atomic_load(from);
        while (instants->first < before &&
               !atomic_compare_exchange_weak(from, &before, instants->first))
            ;
        is_dropped = true;
    }
    if (is_dropped)
        atomic_store(&engine->year_dropped[index], true);
    return is_dropped;
}

/* Drops those of the years that have some of the instants. years NULL: all that the plan needs. */
static void drop_years(struct cn_engine *engine, const size_t *years, size_t count,
                       const struct cn_file *file, const struct cn_instants *instants,
                       const struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t *slot_of_year = variable->passes[variable->pass_count - 1].slot_of_year;
    struct cn_file_problem problem = {
        .path = file->path, .reason = error->text, .position = instants->first};
    if (error->status == CN_BAD_MACHINE) {
        cn_engine_abort(engine, error);
        return;
    }
    for (size_t k = 0; k < count; k++) {
        const size_t y = years ? years[k] : k;
        const struct cn_source_year *year = &variable->variable->years[y];
        if (slot_of_year[y] == SIZE_MAX || !drop_year(engine, y, file, instants))
            continue;
        if (!problem.experiment)
            problem.first_year = year->year;
        problem.experiment = year->experiment;
        problem.last_year = year->year;
    }
    if (problem.experiment)
        cn_report_dropped(engine, &problem);
}

void cn_drop_unit(struct cn_engine *engine, const struct cn_reader *reader, size_t unit,
                  const struct cn_error *error)
{
    const struct cn_instants instants = cn_reader_instants(reader, unit);
    drop_years(engine, NULL, engine->variable->variable->year_count, reader->file, &instants,
               error);
}

void cn_drop_file(struct cn_engine *engine, size_t load, const struct cn_file *file,
                  const struct cn_error *error)
{
    const struct cn_load *plan = &engine->variable->loads[load];
    const struct cn_instants all = {0, file->time_count};
    drop_years(engine, plan->years, plan->year_count, file, &all, error);
}

static bool is_unit_needed(const struct cn_engine *engine, size_t load,
                           const struct cn_reader *reader, size_t unit)
{
    const struct cn_load *plan = &engine->variable->loads[load];
    const struct cn_instants instants = cn_reader_instants(reader, unit);
    for (size_t k = 0; k < plan->year_count; k++) {
        const struct cn_source_year *year = &engine->variable->variable->years[plan->years[k]];
        for (size_t p = 0; p < year->part_count; p++)
            if (has_instants(&year->parts[p], reader->file, &instants) &&
                atomic_load_explicit(&engine->damaged_from[plan->years[k]][p],
                                     memory_order_relaxed) > instants.first)
                return true;
    }
    return false;
}

bool cn_are_units_needed(const struct cn_engine *engine, size_t load,
                         const struct cn_reader *reader, size_t first, size_t count)
{
    for (size_t unit = first; unit < first + count; unit++)
        if (is_unit_needed(engine, load, reader, unit))
            return true;
    return false;
}
