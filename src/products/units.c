/*
 * How units of the source, of thresholds and of results become one another. What a unit is, UDUNITS
 * knows; see catalog/units.h.
 */
#include "products/units.h"

#include "base/ascii.h"
#include "base/c_locale.h"
#include "base/error.h"
#include "catalog/units.h"
#include "products/groups.h"
#include "products/statistics.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the unit of a product follows from. */
struct unit_task {
    struct cn_pool *pool;
    const char *source;       /* the unit of the files; "": they have none */
    const char *asked;        /* by the config; NULL: none */
    bool is_asked_of_product; /* by products.units, not output.units */
    struct cn_product *product;
    struct cn_error *error;
};

static enum cn_status fail_fit(const struct unit_task *task, const char *key, const char *value,
                               const struct cn_error *why)
{
    if (why->status != CN_BAD_INPUT)
        return cn_fail(task->error, why->status, "%s", why->text);
    return cn_fail(task->error, CN_BAD_INPUT, "%s \"%s\" %s not fit: %s", key, value,
                   strcmp(key, "units") == 0 ? "do" : "does",
                   *task->source ? why->text : "the files have no unit");
}

/* UDUNITS goes from degF to degC through K, so 32 degF becomes 4e-14 degC. A number with few
 * decimals that lies within such errors is what was meant: the days of 0 degC depend on it. */
static double round_noise(double value, double largest)
{
    enum { MOST_DECIMALS = 9 };
    const double tolerance = 16 * DBL_EPSILON * largest;
    double near = value;
    const locale_t before = cn_c_locale_enter();
    for (int decimals = 0; decimals <= MOST_DECIMALS; decimals++) {
        char text[400];
        snprintf(text, sizeof text, "%.*f", decimals, value);
        near = strtod(text, NULL);
        if (fabs(near - value) <= tolerance)
            break;
        near = value;
    }
    cn_c_locale_leave(before);
    return near;
}

static enum cn_status set_threshold(const struct unit_task *task)
{
    struct cn_product *product = task->product;
    const struct cn_threshold *threshold = &product->threshold;
    struct cn_conversion line;
    struct cn_error why;
    if (!cn_has_threshold(product->within))
        return CN_OK;
    enum cn_status status = cn_unit_conversion(threshold->unit, task->source, &line, &why);
    if (!status) {
        const double scaled = line.scale * threshold->value, value = scaled + line.offset;
        product->source_threshold = round_noise(value, fabs(scaled) + fabs(line.offset));
        if (!isfinite(value))
            status = cn_fail(&why, CN_BAD_INPUT, "it is too large in \"%s\"", task->source);
    }
    if (status) {
        char text[CN_THRESHOLD_BYTES];
        return fail_fit(task, "threshold", cn_threshold_text(threshold, text), &why);
    }
    return CN_OK;
}

/* The length of a unit's text without " d-1" or the like at its end; 0: it does not end so. */
static size_t length_before_day(const char *unit)
{
    static const char *const endings[] = {" d-1", " day-1", "/d", "/day"};
    const size_t length = strlen(unit);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(unit + length - ending, endings[i]) == 0)
            return length - ending;
    }
    return 0;
}

/* "mm d-1" becomes "mm", "K" becomes "K d". NULL: out of memory. */
static const char *times_day(struct cn_pool *pool, const char *unit)
{
    const size_t length = length_before_day(unit);
    if (length)
        return cn_pool_strndup(pool, unit, length);
    return *unit && strcmp(unit, "1") != 0 ? cn_pool_printf(pool, "%s d", unit) : "d";
}

/* The unit that the results have without another one. NULL: out of memory. */
static const char *own_unit(const struct unit_task *task)
{
    switch (cn_withins[task->product->within].unit) {
    case CN_UNIT_OF_COUNT:
        return "1";
    case CN_UNIT_TIMES_DAY:
        return times_day(task->pool, task->source);
    case CN_UNIT_OF_SOURCE:
        break;
    }
    return task->source;
}

/* Whether the results do not depend on where the zero of a unit is. */
static bool is_difference(const struct cn_product *product)
{
    const struct cn_within_row *row = &cn_withins[product->within];
    return cn_statistics[product->over.statistic].is_difference ||
           product->change == CN_DIFFERENCE ||
           (row->unit == CN_UNIT_TIMES_DAY && cn_has_threshold(product->within));
}

static enum cn_status convert_results(const struct unit_task *task, const char *own,
                                      const char *asked)
{
    struct cn_product *product = task->product;
    struct cn_conversion line;
    struct cn_error why;
    const enum cn_status status = cn_unit_conversion(own, asked, &line, &why);
    if (status)
        return fail_fit(task, "units", task->asked, &why);
    product->unit =
        (struct cn_value_unit){asked, line.scale, is_difference(product) ? 0 : line.offset};
    return CN_OK;
}

/* The unit of the days behind "degC d": "degC". NULL: out of memory, or the text is another. */
static const char *unit_of_days(const struct unit_task *task)
{
    static const char ending[] = " d";
    const size_t length = strlen(task->asked), before = length - strlen(ending);
    if (!task->is_asked_of_product)
        return task->asked;
    if (length < sizeof ending || strcmp(task->asked + before, ending) != 0)
        return NULL;
    return cn_pool_strndup(task->pool, task->asked, before);
}

/* Finds out whether the unit of the days has its zero elsewhere than the source's. Without the
 * number of days, no sum converts then; but UDUNITS takes a degC d for a K d. */
static enum cn_status find_other_zero(const struct unit_task *task, bool *has_other_zero)
{
    const char *unit = is_difference(task->product) ? NULL : unit_of_days(task);
    struct cn_conversion line = {1, 0};
    enum cn_status status =
        unit ? cn_unit_conversion(task->source, unit, &line, task->error) : CN_OK;
    *has_other_zero = line.offset != 0;
    return status == CN_BAD_INPUT ? CN_OK : status; /* the whole unit tells more */
}

static enum cn_status set_unit_of_sum(const struct unit_task *task, const char *own)
{
    bool has_other_zero;
    enum cn_status status = find_other_zero(task, &has_other_zero);
    if (status)
        return status;
    if (has_other_zero && !task->is_asked_of_product)
        return CN_OK;
    if (has_other_zero)
        return cn_fail(
            task->error, CN_BAD_INPUT,
            "units \"%s\" do not fit: the sums are of \"%s\", which has its zero elsewhere",
            task->asked, task->source);
    const char *asked =
        task->is_asked_of_product ? task->asked : times_day(task->pool, task->asked);
    return asked ? convert_results(task, own, asked) : cn_fail_memory(task->error, "units");
}

static enum cn_status set_unit(const struct unit_task *task)
{
    struct cn_product *product = task->product;
    const bool is_ratio = product->change == CN_RATIO;
    const enum cn_group_unit kind = is_ratio ? CN_UNIT_OF_COUNT : cn_withins[product->within].unit;
    const char *own = is_ratio ? "1" : own_unit(task);
    if (!own)
        return cn_fail_memory(task->error, "units");
    product->unit = (struct cn_value_unit){own, 1, 0};
    if (!task->asked || (kind == CN_UNIT_OF_COUNT && !task->is_asked_of_product))
        return CN_OK;
    return kind == CN_UNIT_TIMES_DAY ? set_unit_of_sum(task, own)
                                     : convert_results(task, own, task->asked);
}

/* The text without blanks around it. NULL: out of memory. */
static const char *trim_blanks(struct cn_pool *pool, const char *text)
{
    size_t length;
    text = text ? text : "";
    while (cn_is_space(*text))
        text++;
    for (length = strlen(text); length && cn_is_space(text[length - 1]); length--)
        ;
    return cn_pool_strndup(pool, text, length);
}

enum cn_status cn_product_units(struct cn_pool *pool, const struct cn_config *config,
                                const char *variable, const char *source_unit,
                                struct cn_product *product, struct cn_error *error)
{
    struct unit_task task = {.pool = pool,
                             .source = trim_blanks(pool, source_unit),
                             .asked = product->unit.name,
                             .is_asked_of_product = product->unit.name,
                             .product = product,
                             .error = error};
    if (!task.source)
        return cn_fail_memory(error, "units");
    for (size_t i = 0; !task.asked && i < config->output.unit_count; i++)
        if (strcmp(config->output.units[i].variable, variable) == 0)
            task.asked = config->output.units[i].unit;
    const enum cn_status status = set_threshold(&task);
    return status ? status : set_unit(&task);
}
