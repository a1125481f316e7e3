/*
 * Texts come from files: they are printable, and are cut where they are long.
 */
#include "pictures/wording.h"

#include "base/strbuf.h"
#include "products/groups.h"

#include <stdio.h>
#include <string.h>

static const double SECONDS_PER_DAY = 86400;

struct cn_picture_unit cn_picture_unit_of(const struct cn_field *field)
{
    static const struct {
        const char *unit, *text;
    } known[] = {{"degC", "\u00b0C"},      {"celsius", "\u00b0C"}, {"degF", "\u00b0F"},
                 {"mm d-1", "mm/day"},     {"mm day-1", "mm/day"}, {"mm/d", "mm/day"},
                 {"kg m-2 d-1", "mm/day"}, {"kg m-2", "mm"},       {"m s-1", "m/s"},
                 {"W m-2", "W/m\u00b2"},   {"kg kg-1", "kg/kg"}};
    const bool is_water = cn_field_quantity(field) == CN_WATER;
    if (is_water && strcmp(field->units, "kg m-2 s-1") == 0)
        return (struct cn_picture_unit){SECONDS_PER_DAY, "mm/day"};
    if (is_water && strcmp(field->units, "kg m-2 s-1 d") == 0)
        return (struct cn_picture_unit){SECONDS_PER_DAY, "mm"};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(field->units, known[k].unit) == 0 &&
            (is_water || strncmp(known[k].unit, "kg m-2", 6) != 0))
            return (struct cn_picture_unit){1, known[k].text};
    if (strcmp(field->units, "1") == 0)
        return (struct cn_picture_unit){1,
                                        strstr(field->long_name, "number of days") ? "days" : ""};
    return (struct cn_picture_unit){1, field->units};
}

enum cn_quantity cn_field_quantity(const struct cn_field *field)
{
    static const char *const water[] = {"precipitation", "rainfall", "snowfall",
                                        "lwe_",          "humidity", "soil_moisture"};
    const char *name = field->standard_name;
    if (strstr(field->cell_methods, "standard_deviation") || strstr(name, "number_of_days") ||
        strstr(name, "integral_wrt_time") || strstr(field->long_name, "number of days"))
        return CN_OTHER_QUANTITY;
    if (strstr(name, "temperature"))
        return CN_TEMPERATURE;
    for (size_t k = 0; k < sizeof water / sizeof *water; k++)
        if (strstr(name, water[k]))
            return CN_WATER;
    if (!*name && (strcmp(field->units, "K") == 0 || strcmp(field->units, "degC") == 0 ||
                   strcmp(field->units, "degF") == 0))
        return CN_TEMPERATURE;
    const char *variable = field->variable;
    const bool is_precipitation = strcmp(variable, "pr") == 0 || strncmp(variable, "pr_", 3) == 0 ||
                                  strstr(field->long_name, "recipitation");
    return is_precipitation ? CN_WATER : CN_OTHER_QUANTITY;
}

bool cn_field_is_change(const struct cn_field *field, double *middle)
{
    *middle = strstr(field->long_name, "ratio to") ? 1 : 0;
    return *field->baseline_years != '\0';
}

const char *cn_field_name(struct cn_pool *pool, const struct cn_field *field, const char *ending)
{
    if (!*field->long_name)
        return cn_pool_printf(pool, "%s%s", field->variable, ending);
    char *name = cn_pool_printf(pool, "%s%s", field->long_name, ending);
    if (name && name[0] >= 'a' && name[0] <= 'z')
        name[0] = (char)(name[0] - 'a' + 'A');
    return name;
}

/* The first part of the file's title: "5-year daily normal of tas". */
static const char *statistic_text(struct cn_pool *pool, const struct cn_field *field)
{
    const char *comma = strstr(field->title, ", ");
    return cn_pool_strndup(pool, field->title,
                           comma ? (size_t)(comma - field->title) : strlen(field->title));
}

/* The name of the month or season of days [first, first + count). Returns: NULL: it is none. */
static const char *group_of_days(const struct cn_field *field, size_t target, size_t first,
                                 size_t count, char text[CN_GROUP_BYTES])
{
    static const size_t groups[] = {[CN_MONTH] = CN_MONTHS, [CN_SEASON] = CN_SEASONS};
    for (int time = CN_MONTH; time <= CN_SEASON && field->time == CN_DAY; time++)
        for (size_t g = 0, begin; g < groups[time]; g++)
            if (cn_field_group_slots(field, target, (enum cn_time)time, g, &begin) == count &&
                begin == first)
                return cn_group_name((enum cn_time)time, g, text);
    return NULL;
}

static const char *slot_text(struct cn_pool *pool, const struct cn_field *field, size_t target,
                             size_t first, size_t count)
{
    static const char *const plural[] = {
        [CN_DAY] = "days of the year", [CN_MONTH] = "months", [CN_SEASON] = "seasons"};
    if (count == 0 || field->time == CN_YEAR)
        return "";
    if (count == 1) {
        char text[CN_SLOT_NAME_BYTES];
        return cn_pool_strdup(pool, cn_field_slot_name(field, target, first, text));
    }
    char name[CN_GROUP_BYTES];
    const char *group = group_of_days(field, target, first, count, name);
    return group ? cn_pool_printf(pool, "mean over the days of %s", group)
                 : cn_pool_printf(pool, "mean over the %zu %s", count, plural[field->time]);
}

bool cn_field_word(struct cn_pool *pool, const struct cn_field *field, size_t target, size_t first,
                   size_t count, struct cn_field_wording *wording)
{
    const struct cn_field_target *at = &field->targets[target];
    const bool is_series = count == 0;
    const char *years =
        is_series ? ""
        : *field->baseline_years
            ? cn_pool_printf(pool, "%s minus %s", at->source_years, field->baseline_years)
            : at->source_years;
    double middle;
    if (cn_field_is_change(field, &middle) && middle == 1 && !is_series)
        years = cn_pool_printf(pool, "%s / %s", at->source_years, field->baseline_years);
    *wording = (struct cn_field_wording){
        .parts = {[CN_PART_STATISTIC] = statistic_text(pool, field),
                  [CN_PART_SLOT] = slot_text(pool, field, target, first, count),
                  [CN_PART_YEARS] = years,
                  [CN_PART_REGION] = *field->region_name ? field->region_name : field->region,
                  [CN_PART_MODEL] = field->model,
                  [CN_PART_SCENARIO] = is_series && field->is_stacked ? "" : at->scenario}};
    for (size_t p = 0; p < CN_PARTS; p++)
        if (!wording->parts[p])
            return false;
    return true;
}

const char *cn_wording_join(struct cn_pool *pool, const struct cn_field_wording *wordings,
                            size_t count, const struct cn_field_wording *one)
{
    struct cn_strbuf text = {0};
    for (size_t p = 0; p < CN_PARTS; p++) {
        bool is_common = true;
        for (size_t k = 1; k < count; k++)
            is_common &= strcmp(wordings[k].parts[p], wordings[0].parts[p]) == 0;
        const char *part = (one ? one : wordings)->parts[p];
        if (is_common != !one || !*part)
            continue;
        cn_strbuf_add(&text, "%s%.160s", text.length ? " \u00b7 " : "", part);
    }
    return text.length || text.failed ? cn_strbuf_to_pool(&text, pool) : "";
}
