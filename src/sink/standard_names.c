/*
 * A name is given only where the table has it. Units are known by their texts, because UDUNITS may
 * not be called by several threads.
 */
#include "sink/standard_names.h"

#include "base/strbuf.h"
#include "products/groups.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Quantities whose days number_of_days_with_…_above_threshold and …_below_threshold count. */
static const struct {
    const char *quantity;
    bool has_above, has_below;
} counted[] = {{"air_temperature", true, true},
               {"surface_temperature", false, true},
               {"wind_speed", true, false},
               {"lwe_thickness_of_precipitation_amount", true, false}};

/* X of X_flux, X_amount, lwe_thickness_of_X_amount and lwe_X_rate. */
static const char *const falling[] = {"precipitation",
                                      "snowfall",
                                      "convective_precipitation",
                                      "convective_snowfall",
                                      "stratiform_precipitation",
                                      "stratiform_snowfall"};

/* Fluxes that have an integral_wrt_time_of_…. */
static const char *const integrated[] = {
    "surface_downward_eastward_stress",         "surface_downward_latent_heat_flux",
    "surface_downward_northward_stress",        "surface_downward_sensible_heat_flux",
    "surface_downwelling_longwave_flux_in_air", "surface_downwelling_shortwave_flux_in_air",
    "surface_net_downward_longwave_flux",       "surface_net_downward_shortwave_flux",
    "toa_net_downward_shortwave_flux",          "toa_outgoing_longwave_flux"};

/* Differences from a climatology. */
static const char *const anomalous[] = {"air_temperature", "surface_temperature"};

static const char *const units_of_length[] = {
    "m",          "mm",          "cm",         "um",          "in",         "inch",
    "inches",     "ft",          "foot",       "feet",        "meter",      "meters",
    "metre",      "metres",      "millimeter", "millimeters", "millimetre", "millimetres",
    "centimeter", "centimeters", "centimetre", "centimetres"};

#define IS_IN_LIST(text, list) is_in_list(text, list, sizeof(list) / sizeof *(list))

static bool is_in_list(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

/* A name in parts. */
static const char *join(struct cn_pool *pool, const char *before, const char *quantity,
                        const char *after, bool *failed)
{
    const char *name = cn_pool_printf(pool, "%s%s%s", before, quantity, after);
    *failed |= !name;
    return name;
}

/* Whether a unit is a length, alone or with something behind it: "mm", "mm d-1", "in/day". */
static bool begins_with_length(const char *unit)
{
    char first[16];
    size_t length = 0;
    while (isalpha((unsigned char)unit[length]))
        length++;
    if (length >= sizeof first || isdigit((unsigned char)unit[length]) || unit[length] == '^' ||
        (unit[length] == '-' && isdigit((unsigned char)unit[length + 1])))
        return false;
    memcpy(first, unit, length);
    first[length] = '\0';
    return IS_IN_LIST(first, units_of_length);
}

/* The X of `before`X`after`; NULL: the name is another one. */
static const char *find_falling(const char *name, const char *before, const char *after)
{
    const size_t front = strlen(before), back = strlen(after), length = strlen(name);
    for (size_t i = 0; i < sizeof falling / sizeof *falling; i++)
        if (length == front + strlen(falling[i]) + back && strncmp(name, before, front) == 0 &&
            strncmp(name + front, falling[i], strlen(falling[i])) == 0 &&
            strcmp(name + length - back, after) == 0)
            return falling[i];
    return NULL;
}

/* Values of the source's quantity. A mass flux of water may be given as the depth of the water. */
static const char *name_values(struct cn_pool *pool, const char *source, const char *unit,
                               bool *failed)
{
    const char *water = find_falling(source, "", "_flux");
    if (water && unit && begins_with_length(unit))
        return join(pool, "lwe_", water, "_rate", failed);
    return source;
}

static const char *name_sum(struct cn_pool *pool, const char *source, const char *unit,
                            bool *failed)
{
    const char *flux = find_falling(source, "", "_flux");
    const char *rate = find_falling(source, "lwe_", "_rate");
    const char *amount = find_falling(source, "", "_amount");
    if (!amount)
        amount = find_falling(source, "lwe_thickness_of_", "_amount");
    if (amount && unit && begins_with_length(unit) && !strchr(unit, ' ')) /* totals of days */
        return join(pool, "lwe_thickness_of_", amount, "_amount", failed);
    if (amount && unit && strcmp(unit, "kg m-2") == 0)
        return join(pool, "", amount, "_amount", failed);
    if (rate || (flux && unit && begins_with_length(unit)))
        return join(pool, "lwe_thickness_of_", rate ? rate : flux, "_amount", failed);
    if (flux && unit && strncmp(unit, "kg", 2) == 0)
        return join(pool, "", flux, "_amount", failed);
    return IS_IN_LIST(source, integrated) ? join(pool, "integral_wrt_time_of_", source, "", failed)
                                          : NULL;
}

static const char *name_count(struct cn_pool *pool, const char *source, bool is_above, bool *failed)
{
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (strcmp(source, counted[i].quantity) == 0 &&
            (is_above ? counted[i].has_above : counted[i].has_below))
            return join(pool, "number_of_days_with_", source,
                        is_above ? "_above_threshold" : "_below_threshold", failed);
    return NULL;
}

static bool is_above(const struct cn_product *product)
{
    return cn_withins[product->within].side == CN_ABOVE;
}

/* How far, and not how often, values are beyond the threshold. */
static bool is_integral(const struct cn_product *product)
{
    return cn_has_threshold(product->within) &&
           cn_withins[product->within].unit == CN_UNIT_TIMES_DAY;
}

/* Without the change. */
static const char *name_statistic(struct cn_pool *pool, const char *source,
                                  const struct cn_product *product, bool *failed)
{
    if (is_integral(product))
        return strcmp(source, "air_temperature") == 0
                   ? join(pool, "integral_wrt_time_of_air_temperature_",
                          is_above(product) ? "excess" : "deficit", "", failed)
                   : NULL;
    if (product->threshold.unit)
        return name_count(pool, source, is_above(product), failed);
    return product->within == CN_WITHIN_SUM ? name_sum(pool, source, product->unit.name, failed)
                                            : name_values(pool, source, product->unit.name, failed);
}

const char *cn_product_standard_name(struct cn_pool *pool, const char *source,
                                     const struct cn_product *product, bool *failed)
{
    if (!source)
        return NULL;
    const char *name = name_statistic(pool, source, product, failed);
    if (!name || product->change == CN_NO_CHANGE)
        return name;
    return product->change == CN_DIFFERENCE && product->over.statistic == CN_MEAN &&
                   IS_IN_LIST(name, anomalous)
               ? join(pool, name, "_anomaly", "", failed)
               : NULL;
}

const char *cn_threshold_standard_name(struct cn_pool *pool, const char *source,
                                       const struct cn_product *product, bool *failed)
{
    if (!source)
        return NULL;
    if (is_integral(product) && strcmp(source, "air_temperature") == 0)
        return "air_temperature_threshold";
    return name_values(pool, source, product->threshold.unit, failed);
}

/* Whether a text begins with a unit of temperature whose scale has an origin of its own. */
static bool has_scale(const char *unit)
{
    static const char *const units[] = {"degC",    "degF",       "deg_C",  "deg_F",
                                        "celsius", "fahrenheit", "degree", "\u00b0"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strncasecmp(unit, units[i], strlen(units[i])) == 0)
            return true;
    return false;
}

const char *cn_temperature_metadata(const char *source, const struct cn_product *product)
{
    const char *unit = product->unit.name;
    const bool is_temperature = source && strstr(source, "temperature");
    const bool is_difference = product->change == CN_DIFFERENCE ||
                               product->over.statistic == CN_STANDARD_DEVIATION ||
                               is_integral(product);
    if (!unit || !is_temperature || !is_difference || product->change == CN_RATIO)
        return NULL;
    return is_integral(product) || has_scale(unit) ? "temperature: difference" : NULL;
}
