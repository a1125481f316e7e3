/*
 * Counts of values that float32 cannot hold. They are rare: only where a stretch has one, a lock is
 * taken.
 */
#include "engine/too_large.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "engine/product_list.h"
#include "products/groups.h"

#include <inttypes.h>
#include <math.h>

static const char limit[] = "float32 (3.4e38)";

enum cn_status cn_too_large_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_too_large *large = cn_pool_alloc(engine->pool, 1, sizeof *large);
    if (!large)
        return cn_fail_memory(error, "results");
    large->of_groups = cn_pool_alloc(engine->pool, variable->variable->year_count,
                                     (variable->group_value_count + 1) * sizeof *large->of_groups);
    large->normal_count = cn_most_normals(variable);
    large->of_results = cn_pool_alloc(engine->pool, variable->target_count,
                                      large->normal_count * sizeof *large->of_results);
    if (!large->of_groups || !large->of_results)
        return cn_fail_memory(error, "results");
    pthread_mutex_init(&large->lock, NULL);
    engine->too_large = large;
    return CN_OK;
}

static bool comes_before(const struct cn_large_place *a, const struct cn_large_place *b)
{
    if (a->item != b->item)
        return a->item < b->item;
    if (a->region != b->region)
        return a->region < b->region;
    return a->group != b->group ? a->group < b->group : a->cell < b->cell;
}

static void add_large(struct cn_large_values *to, const struct cn_large_values *from)
{
    if (from->count && (!to->count || comes_before(&from->first, &to->first)))
        to->first = from->first;
    to->count += from->count;
}

static struct cn_large_values *results_of(const struct cn_engine *engine, size_t target,
                                          size_t normal)
{
    return &engine->too_large->of_results[target * engine->too_large->normal_count + normal];
}

static void remove_values(const struct cn_engine *engine, const struct cn_value_stretch *stretch,
                          struct cn_large_values *to)
{
    struct cn_large_values found = {0};
    for (size_t i = 0; i < stretch->count; i++) {
        if (!isinf(stretch->values[i]))
            continue;
        stretch->values[i] = NAN;
        if (found.count++)
            continue;
        found.first = stretch->first;
        found.first.group += i / stretch->cells;
        found.first.cell += i % stretch->cells;
    }
    if (!found.count || stretch->is_of_other)
        return;
    pthread_mutex_lock(&engine->too_large->lock);
    add_large(to, &found);
    pthread_mutex_unlock(&engine->too_large->lock);
}

void cn_remove_large_groups(const struct cn_engine *engine, size_t values,
                            const struct cn_value_stretch *stretch)
{
    struct cn_large_values counted_before = {0};
    struct cn_large_values *of_year =
        &engine->too_large
             ->of_groups[stretch->first.item * engine->variable->group_value_count + values];
    remove_values(engine, stretch, engine->is_again ? &counted_before : of_year);
}

void cn_remove_large_results(const struct cn_engine *engine, size_t normal,
                             const struct cn_value_stretch *stretch)
{
    remove_values(engine, stretch, results_of(engine, stretch->first.item, normal));
}

void cn_too_large_forget(const struct cn_engine *engine, size_t target, size_t normal)
{
    *results_of(engine, target, normal) = (struct cn_large_values){0};
}

/* Adds "day slot 60 of 2020 at lat 30.5, lon 250 in region CONUS". */
static void add_place(const struct cn_engine *engine, const struct cn_large_place *place,
                      enum cn_time time, const char *item, int year, struct cn_strbuf *text)
{
    const struct cn_region_cells *region = &engine->variable->layout.regions[place->region];
    const bool is_regular = region->kind == CN_REGULAR;
    const size_t lat = is_regular ? place->cell / region->column_count : place->cell;
    const size_t lon = is_regular ? place->cell % region->column_count : place->cell;
    if (time != CN_YEAR) {
        char name[CN_GROUP_BYTES];
        cn_strbuf_add(text, "%s of ", cn_group_name(time, place->group, name));
    }
    cn_strbuf_add(text, "%s %d at lat %g, lon %g in region %s", item, year, region->lat[lat],
                  region->lon[lon], region->region->name);
}

/* Warns of the values that groups have in source years. */
static void report_groups(const struct cn_engine *engine, size_t values, bool *is_in,
                          struct cn_problems *problems)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_variable *source = variable->variable;
    struct cn_large_values all = {0};
    struct cn_product_place place;
    for (size_t y = 0; y < source->year_count; y++)
        if (!atomic_load(&engine->year_dropped[y]))
            add_large(&all,
                      &engine->too_large->of_groups[y * variable->group_value_count + values]);
    if (!all.count)
        return;
    for (size_t n = 0; (place = cn_product_at(variable, n)).sample; n++)
        is_in[n] = place.sample->values == values;
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "%s", engine->result->label);
    cn_name_products(&text, engine->plan, variable, is_in);
    cn_strbuf_add(&text,
                  ": %" PRIu64 " %s of source years %s too large for %s and %s not used, such as "
                  "that of ",
                  all.count, all.count == 1 ? "value" : "values", all.count == 1 ? "is" : "are",
                  limit, all.count == 1 ? "is" : "are");
    add_place(engine, &all.first, variable->group_values[values].time, "source year",
              source->years[all.first.item].year, &text);
    cn_problems_add(problems, CN_WARNING, "%s", cn_strbuf_text(&text));
    problems->lost |= text.failed;
    cn_strbuf_free(&text);
}

/* Warns of the results of a product. */
static void report_results(const struct cn_engine *engine, size_t product, bool *is_in,
                           struct cn_problems *problems)
{
    const struct cn_variable_plan *variable = engine->variable;
    const struct cn_product_place place = cn_product_at(variable, product);
    const size_t regions = variable->layout.region_count;
    const char *unit = place.product->unit.name;
    struct cn_large_values all = {0};
    for (size_t t = 0; t < variable->target_count; t++)
        for (size_t r = 0; r < regions && variable->targets[t].sample == place.sample; r++)
            add_large(&all, results_of(engine, t, place.index * regions + r));
    if (!all.count)
        return;
    for (size_t n = 0; n < cn_all_products(variable); n++)
        is_in[n] = n == product;
    struct cn_strbuf text = {0};
    cn_strbuf_add(&text, "%s", engine->result->label);
    cn_name_products(&text, engine->plan, variable, is_in);
    cn_strbuf_add(&text,
                  ": %" PRIu64 " result%s too large for %s%s%s and %s missing, such as that "
                  "of ",
                  all.count, all.count == 1 ? " is" : "s are", limit, unit && *unit ? " in " : "",
                  unit ? unit : "", all.count == 1 ? "is" : "are");
    add_place(engine, &all.first, place.sample->time, "target year",
              variable->targets[all.first.item].year, &text);
    cn_problems_add(problems, CN_WARNING, "%s", cn_strbuf_text(&text));
    problems->lost |= text.failed;
    cn_strbuf_free(&text);
}

void cn_too_large_report(const struct cn_engine *engine, struct cn_problems *problems)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t products = cn_all_products(variable);
    bool *is_in = cn_pool_alloc(engine->pool, products, sizeof *is_in);
    problems->lost |= !is_in;
    for (size_t v = 0; v < variable->group_value_count && is_in && engine->too_large; v++)
        report_groups(engine, v, is_in, problems);
    for (size_t n = 0; n < products && is_in && engine->too_large; n++)
        report_results(engine, n, is_in, problems);
}

void cn_too_large_finish(struct cn_engine *engine)
{
    if (engine->too_large)
        pthread_mutex_destroy(&engine->too_large->lock);
}
