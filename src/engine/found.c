/*
 * Results without values.
 */
#include "engine/found.h"

#include "base/error.h"
#include "base/pool.h"
#include "base/strbuf.h"
#include "base/year_list.h"
#include "engine/product_list.h"
#include "products/group_days.h"
#include "products/groups.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORD_BITS = sizeof(unsigned) * CHAR_BIT,
    GROUP_WORDS = (CN_MAX_GROUPS + WORD_BITS - 1) / WORD_BITS
};

enum cn_status cn_found_prepare(struct cn_engine *engine, struct cn_error *error)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct cn_found_values *values = cn_pool_alloc(engine->pool, 1, sizeof *values);
    if (!values)
        return cn_fail_memory(error, "results");
    values->normal_count = cn_most_normals(variable);
    values->found = cn_pool_alloc(engine->pool, variable->target_count,
                                  values->normal_count * sizeof *values->found);
    values->groups = cn_pool_alloc(engine->pool, variable->target_count,
                                   values->normal_count * GROUP_WORDS * sizeof *values->groups);
    if (!values->found || !values->groups)
        return cn_fail_memory(error, "results");
    engine->found = values; /* only whole: the end of a run looks into all of it */
    return CN_OK;
}

static atomic_uchar *found_of(const struct cn_engine *engine, size_t target, size_t normal)
{
    return &engine->found->found[target * engine->found->normal_count + normal];
}

void cn_found_normal(struct cn_engine *engine, size_t target, size_t normal, bool has_value)
{
    unsigned char before = CN_NOT_MADE;
    if (has_value)
        atomic_store_explicit(found_of(engine, target, normal), CN_HAS_VALUE, memory_order_relaxed);
    else
        atomic_compare_exchange_strong(found_of(engine, target, normal), &before, CN_NO_VALUE);
}

bool cn_is_value_known(const struct cn_engine *engine, size_t target, size_t normal)
{
    return atomic_load_explicit(found_of(engine, target, normal), memory_order_relaxed) ==
           CN_HAS_VALUE;
}

/* Of a normal: [GROUP_WORDS]. */
static atomic_uint *group_words(const struct cn_engine *engine, size_t target, size_t normal)
{
    return &engine->found->groups[(target * engine->found->normal_count + normal) * GROUP_WORDS];
}

void cn_found_group(struct cn_engine *engine, size_t target, size_t normal, size_t group)
{
    atomic_fetch_or_explicit(&group_words(engine, target, normal)[group / WORD_BITS],
                             1U << group % WORD_BITS, memory_order_relaxed);
}

bool cn_is_group_known(const struct cn_engine *engine, size_t target, size_t normal, size_t group)
{
    const unsigned word = atomic_load_explicit(
        &group_words(engine, target, normal)[group / WORD_BITS], memory_order_relaxed);
    return word >> group % WORD_BITS & 1;
}

void cn_found_forget(struct cn_engine *engine, size_t target, size_t normal)
{
    atomic_store(found_of(engine, target, normal), CN_NOT_MADE);
    for (size_t w = 0; w < GROUP_WORDS; w++)
        atomic_store(&group_words(engine, target, normal)[w], 0);
}

/* Says of which target years a region has results of a product without any value; "": of none. */
static void describe_empty(const struct cn_engine *engine, const struct cn_product_place *place,
                           size_t region, struct cn_strbuf *text)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t normal = place->index * variable->layout.region_count + region;
    struct cn_year_list years = {0};
    size_t made = 0, empty = 0;
    for (size_t t = 0; t < variable->target_count; t++) {
        if (variable->targets[t].sample != place->sample)
            continue;
        const unsigned char found = *found_of(engine, t, normal);
        made += found != CN_NOT_MADE;
        empty += found == CN_NO_VALUE;
        if (found == CN_NO_VALUE)
            cn_year_list_add(&years, variable->targets[t].year, variable->targets[t].year);
    }
    if (empty)
        cn_strbuf_add(text, "%s%s", empty == made ? "in all target years: " : "in target years ",
                      cn_year_list_text(&years));
    text->failed |= years.text.failed;
    cn_year_list_free(&years);
}

/* Adds "in January, May", or "in day slots 60-62, 366"; nothing if none is marked. */
static void list_groups(enum cn_time time, const bool *is_listed, size_t count,
                        struct cn_strbuf *text)
{
    struct cn_year_list slots = {0};
    size_t listed = 0;
    for (size_t g = 0; g < count; g++) {
        if (!is_listed[g])
            continue;
        if (time == CN_DAY) {
            cn_year_list_add(&slots, (int)g + 1, (int)g + 1);
        } else {
            char name[CN_GROUP_BYTES];
            cn_strbuf_add(text, "%s%s", listed ? ", " : "in ", cn_group_name(time, g, name));
        }
        listed++;
    }
    if (listed && time == CN_DAY)
        cn_strbuf_add(text, "in day slot%s %s", listed == 1 ? "" : "s", cn_year_list_text(&slots));
    text->failed |= slots.text.failed;
    cn_year_list_free(&slots);
}

/* Whether a target of a product has values in a region. */
static bool has_values(const struct cn_engine *engine, const struct cn_product_place *place,
                       size_t target, size_t normal)
{
    return engine->variable->targets[target].sample == place->sample &&
           cn_is_value_known(engine, target, normal);
}

/* Marks the groups of the year in which no target that has values has one. Returns: how many such
 * targets there are. */
static size_t mark_empty(const struct cn_engine *engine, const struct cn_product_place *place,
                         size_t normal, size_t count, bool *is_empty)
{
    size_t targets = 0;
    for (size_t g = 0; g < count; g++)
        is_empty[g] = true;
    for (size_t t = 0; t < engine->variable->target_count; t++) {
        if (!has_values(engine, place, t, normal))
            continue;
        targets++;
        for (size_t g = 0; g < count; g++)
            is_empty[g] &= !cn_is_group_known(engine, t, normal, g);
    }
    return targets;
}

/* Says which groups of the year are empty in all target years of a region that has other values;
 * "": none. Of day slots that no file has, the catalog has told. */
static void describe_empty_groups(const struct cn_engine *engine,
                                  const struct cn_product_place *place, size_t region,
                                  struct cn_strbuf *text)
{
    const struct cn_variable_plan *variable = engine->variable;
    const enum cn_time time = place->sample->time;
    const size_t normal = place->index * variable->layout.region_count + region;
    const size_t count = cn_group_count(time, (size_t)variable->slots);
    bool is_empty[CN_MAX_GROUPS];
    if (!mark_empty(engine, place, normal, count, is_empty))
        return; /* told of the whole result, or not made */
    for (size_t g = 0; g < count && time == CN_DAY; g++)
        is_empty[g] &= !variable->variable->is_slot_empty[g];
    list_groups(time, is_empty, count, text);
    if (text->length)
        cn_strbuf_add(text, " of any target year");
}

/* Whether some year of a window has a day slot. */
static bool has_slot(const struct cn_engine *engine, const ptrdiff_t *window, size_t count,
                     size_t slot)
{
    const struct cn_variable *variable = engine->variable->variable;
    struct cn_date date;
    for (size_t k = 0; k < count; k++)
        if (window[k] >= 0 &&
            cn_slot_date(variable->calendar, engine->plan->config->normals.leap_day,
                         variable->years[window[k]].year, (int)slot, &date))
            return true;
    return false;
}

/* Whether a target should have a value in a group of the year: a window without a leap year has
 * none in the day slot that leap years alone have. */
static bool is_group_expected(const struct cn_engine *engine, const struct cn_target *target,
                              size_t group)
{
    const struct cn_sample *sample = target->sample;
    const size_t window = (size_t)sample->window;
    return sample->time != CN_DAY || sample->pool > 1 ||
           (has_slot(engine, target->window, window, group) &&
            (!sample->baseline ||
             has_slot(engine, target->window + cn_sample_window(sample), window, group)));
}

/* The same of groups that are empty in some of these target years. */
static void describe_partly_empty(const struct cn_engine *engine,
                                  const struct cn_product_place *place, size_t region,
                                  struct cn_strbuf *text)
{
    const struct cn_variable_plan *variable = engine->variable;
    const enum cn_time time = place->sample->time;
    const size_t normal = place->index * variable->layout.region_count + region;
    const size_t count = cn_group_count(time, (size_t)variable->slots);
    bool is_empty[CN_MAX_GROUPS], is_listed[CN_MAX_GROUPS] = {false};
    struct cn_year_list years = {0};
    size_t listed_groups = 0, listed_years = 0, listed = 0;
    mark_empty(engine, place, normal, count, is_empty);
    for (size_t t = 0; t < variable->target_count; t++) {
        const size_t before = listed;
        if (!has_values(engine, place, t, normal))
            continue;
        for (size_t g = 0; g < count; g++) {
            if (is_empty[g] || cn_is_group_known(engine, t, normal, g) ||
                !is_group_expected(engine, &variable->targets[t], g))
                continue;
            listed_groups += !is_listed[g];
            is_listed[g] = true;
            listed++;
        }
        if (listed == before)
            continue;
        listed_years++;
        cn_year_list_add(&years, variable->targets[t].year, variable->targets[t].year);
    }
    list_groups(time, is_listed, count, text);
    if (listed)
        cn_strbuf_add(text, " of %starget years %s",
                      listed < listed_groups * listed_years ? "some of the " : "",
                      cn_year_list_text(&years));
    text->failed |= years.text.failed;
    cn_year_list_free(&years);
}

/* What is said of the results of each product and region. */
struct empty_list {
    const struct cn_engine *engine;
    size_t products, regions;
    char **texts;                 /* [products][regions] NULL: nothing, or it has been told */
    bool *is_product, *is_region; /* of the line that is made */
};

typedef void describe_function(const struct cn_engine *engine, const struct cn_product_place *place,
                               size_t region, struct cn_strbuf *text);

static void describe_all(const struct empty_list *list, describe_function *describe,
                         struct cn_problems *problems)
{
    for (size_t n = 0; n < list->products; n++) {
        const struct cn_product_place place = cn_product_at(list->engine->variable, n);
        for (size_t r = 0; r < list->regions; r++) {
            struct cn_strbuf text = {0};
            describe(list->engine, &place, r, &text);
            if (text.length && place.product->min_values > 1)
                cn_strbuf_add(&text, " (min_values is %d)", place.product->min_values);
            problems->lost |= text.failed;
            if (text.length)
                list->texts[n * list->regions + r] = cn_strbuf_detach(&text);
            cn_strbuf_free(&text);
        }
    }
}

static bool has_text(const struct empty_list *list, size_t product, size_t region, const char *text)
{
    const char *own = list->texts[product * list->regions + region];
    return own && strcmp(own, text) == 0;
}

/* Chooses the products of which a region has the same text, and the regions of which exactly these
 * products have it. */
static void choose_line(const struct empty_list *list, size_t region, const char *text)
{
    for (size_t n = 0; n < list->products; n++)
        list->is_product[n] = has_text(list, n, region, text);
    for (size_t r = 0; r < list->regions; r++) {
        list->is_region[r] = true;
        for (size_t n = 0; n < list->products; n++)
            list->is_region[r] &= has_text(list, n, r, text) == list->is_product[n];
    }
}

/* Adds `regions "A", "B"`, of which the first ones are named. */
static void name_regions(const struct empty_list *list, struct cn_strbuf *text)
{
    enum { MOST_NAMED = 8 };
    const struct cn_layout *layout = &list->engine->variable->layout;
    size_t count = 0, named = 0;
    for (size_t r = 0; r < list->regions; r++)
        count += list->is_region[r];
    cn_strbuf_add(text, count == 1 ? "region" : "regions");
    for (size_t r = 0; r < list->regions && named < MOST_NAMED; r++)
        if (list->is_region[r])
            cn_strbuf_add(text, "%s %s", named++ ? "," : "", layout->regions[r].region->name);
    if (count > named)
        cn_strbuf_add(text, " and %zu more", count - named);
    cn_strbuf_add(text, count == 1 ? " has" : " have");
}

static void add_empty_line(const struct empty_list *list, const char *text,
                           struct cn_problems *problems)
{
    const struct cn_engine *engine = list->engine;
    struct cn_strbuf line = {0};
    cn_strbuf_add(&line, "%s", engine->result->label);
    cn_name_products(&line, engine->plan, engine->variable, list->is_product);
    cn_strbuf_add(&line, ": ");
    name_regions(list, &line);
    cn_strbuf_add(&line, " no value %s", text);
    cn_problems_add(problems, CN_WARNING, "%s", cn_strbuf_text(&line));
    problems->lost |= line.failed;
    cn_strbuf_free(&line);
}

/* Forgets what the line has told. */
static void remove_told(const struct empty_list *list)
{
    for (size_t n = 0; n < list->products; n++)
        for (size_t r = 0; r < list->regions; r++)
            if (list->is_product[n] && list->is_region[r]) {
                free(list->texts[n * list->regions + r]);
                list->texts[n * list->regions + r] = NULL;
            }
}

/* Adds a line for all products and regions of which the same is said. */
static void list_empty(const struct empty_list *list, describe_function *describe,
                       struct cn_problems *problems)
{
    describe_all(list, describe, problems);
    for (size_t r = 0; r < list->regions; r++)
        for (size_t n = 0; n < list->products; n++) {
            const char *text = list->texts[n * list->regions + r];
            if (!text)
                continue;
            choose_line(list, r, text);
            add_empty_line(list, text, problems);
            remove_told(list);
        }
}

void cn_found_report(const struct cn_engine *engine, struct cn_problems *problems)
{
    const struct cn_variable_plan *variable = engine->variable;
    struct empty_list list = {.engine = engine,
                              .products = cn_all_products(variable),
                              .regions = variable->layout.region_count};
    if (!engine->found || engine->is_resumed || atomic_load(&engine->stop))
        return;
    list.texts = cn_pool_alloc(engine->pool, list.products * list.regions, sizeof *list.texts);
    list.is_product = cn_pool_alloc(engine->pool, list.products, sizeof *list.is_product);
    list.is_region = cn_pool_alloc(engine->pool, list.regions, sizeof *list.is_region);
    if (!list.texts || !list.is_product || !list.is_region) {
        problems->lost = true;
        return;
    }
    list_empty(&list, describe_empty, problems);
    list_empty(&list, describe_empty_groups, problems);
    list_empty(&list, describe_partly_empty, problems);
}
