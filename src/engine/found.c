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
    for (size_t t = 0; t < variable->target_count; t++) {
        const size_t normals = cn_normal_count(variable, &variable->targets[t]);
        values->normal_count = normals > values->normal_count ? normals : values->normal_count;
    }
    values->found = cn_pool_alloc(engine->pool, variable->target_count,
                                  values->normal_count * sizeof *values->found);
    values->groups =
        cn_pool_alloc(engine->pool, cn_all_products(variable) * variable->layout.region_count,
                      GROUP_WORDS * sizeof *values->groups);
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

/* The word of a group of a sample's normal, of all targets. */
static atomic_uint *group_word(const struct cn_engine *engine, const struct cn_sample *sample,
                               size_t normal, size_t group)
{
    const struct cn_variable_plan *variable = engine->variable;
    const size_t first = cn_first_product(variable, sample) * variable->layout.region_count;
    return &engine->found->groups[(first + normal) * GROUP_WORDS + group / WORD_BITS];
}

static bool is_group_found(const struct cn_engine *engine, const struct cn_sample *sample,
                           size_t normal, size_t group)
{
    const unsigned word =
        atomic_load_explicit(group_word(engine, sample, normal, group), memory_order_relaxed);
    return word >> group % WORD_BITS & 1;
}

void cn_found_group(struct cn_engine *engine, size_t target, size_t normal, size_t group)
{
    atomic_fetch_or_explicit(
        group_word(engine, engine->variable->targets[target].sample, normal, group),
        1U << group % WORD_BITS, memory_order_relaxed);
}

bool cn_is_group_known(const struct cn_engine *engine, size_t target, size_t normal, size_t group)
{
    return is_group_found(engine, engine->variable->targets[target].sample, normal, group);
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

/* Lists day slots, but for those of which the catalog has told that no file has them. */
static void list_empty_slots(const struct cn_engine *engine, const bool *empty, size_t count,
                             struct cn_strbuf *text)
{
    struct cn_year_list slots = {0};
    size_t listed = 0;
    for (size_t g = 0; g < count; g++)
        if (empty[g] && !engine->variable->variable->is_slot_empty[g]) {
            cn_year_list_add(&slots, (int)g + 1, (int)g + 1);
            listed++;
        }
    if (listed)
        cn_strbuf_add(text, "in day slot%s %s", listed == 1 ? "" : "s", cn_year_list_text(&slots));
    text->failed |= slots.text.failed;
    cn_year_list_free(&slots);
}

/* Says which groups of the year are empty in all target years of a region that has other values;
 * "": none. */
static void describe_empty_groups(const struct cn_engine *engine,
                                  const struct cn_product_place *place, size_t region,
                                  struct cn_strbuf *text)
{
    const struct cn_variable_plan *variable = engine->variable;
    const enum cn_time time = place->sample->time;
    const size_t normal = place->index * variable->layout.region_count + region;
    const size_t count = cn_group_count(time, (size_t)variable->slots);
    bool empty[CN_MAX_GROUPS], has_any = false;
    for (size_t g = 0; g < count; g++) {
        empty[g] = !is_group_found(engine, place->sample, normal, g);
        has_any |= !empty[g];
    }
    if (!has_any)
        return; /* told of the whole result, or not made */
    if (time == CN_DAY)
        list_empty_slots(engine, empty, count, text);
    for (size_t g = 0; g < count && time != CN_DAY; g++)
        if (empty[g]) {
            char name[CN_GROUP_BYTES];
            cn_strbuf_add(text, "%s%s", text->length ? ", " : "in ", cn_group_name(time, g, name));
        }
    if (text->length)
        cn_strbuf_add(text, " of any target year");
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
    if (!engine->found || variable->resume.passes_done || atomic_load(&engine->stop))
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
}
