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
    bool are_amounts;         /* the values are totals of their days, so sums have their unit */
    const char *asked;        /* by the config; NULL: none */
    bool is_asked_of_product; /* by products.units, not output.units */
    struct cn_product *product;
    struct cn_error *error;
};

/* unit: which the value should fit. */
static enum cn_status fail_fit(const struct unit_task *task, const char *key, const char *value,
                               const char *unit, const struct cn_error *why)
{
    if (why->status != CN_BAD_INPUT)
        return cn_fail(task->error, why->status, "%s", why->text);
    return cn_fail(task->error, CN_BAD_INPUT, "%s \"%s\" %s not fit: %s", key, value,
                   strcmp(key, "units") == 0 ? "do" : "does",
                   *unit ? why->text : "the files have no unit");
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
        return fail_fit(task, "threshold", cn_threshold_text(threshold, text), task->source, &why);
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

/* "mm d-1" becomes "mm", "K" becomes "K d". The text of "degC d-1" is not cut: degC is no
 * difference. */
static enum cn_status times_day(const struct unit_task *task, const char *unit,
                                const char **product)
{
    const size_t length = length_before_day(unit);
    const char *texts[] = {length ? cn_pool_strndup(task->pool, unit, length) : NULL,
                           cn_pool_printf(task->pool, "%s d", unit)};
    struct cn_error why = {.status = CN_OK};
    *product = "d";
    if (!*unit || strcmp(unit, "1") == 0)
        return CN_OK;
    if ((length && !texts[0]) || !texts[1])
        return cn_fail_memory(task->error, "units");
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !why.status; i++) {
        *product = texts[i];
        if (texts[i] && cn_unit_is_times_day(texts[i], unit, &why))
            return CN_OK;
    }
    if (why.status)
        return cn_fail(task->error, why.status, "%s", why.text);
    return cn_fail(task->error, CN_BAD_INPUT,
                   "values in \"%s\" do not add up: UDUNITS-2 knows no such unit times a day",
                   unit);
}

/* Sets the unit that the results have without another one. */
static enum cn_status find_own_unit(const struct unit_task *task, const char **own)
{
    *own = task->source;
    switch (task->product->change == CN_RATIO ? CN_UNIT_OF_COUNT
                                              : cn_withins[task->product->within].unit) {
    case CN_UNIT_OF_COUNT:
        *own = "1";
        break;
    case CN_UNIT_TIMES_DAY:
        return task->are_amounts ? CN_OK : times_day(task, task->source, own);
    case CN_UNIT_OF_SOURCE:
        break;
    }
    return CN_OK;
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
        return fail_fit(task, "units", task->asked, own, &why);
    product->unit =
        (struct cn_value_unit){asked, line.scale, is_difference(product) ? 0 : line.offset};
    return CN_OK;
}

/* The next word of a unit's text from *at on, which moves behind it: "degC" of "h*degC". "": there
 * is none. NULL: out of memory. */
static const char *next_word(struct cn_pool *pool, const char **at)
{
    static const char letters[] = "_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char dot[] = "\u00b7"; /* multiplies, too */
    size_t length = 0;
    while (**at && !strchr(letters, **at) && (unsigned char)**at < 0x80)
        (*at)++;
    while (((*at)[length] && strchr(letters, (*at)[length])) ||
           (unsigned char)(*at)[length] >= 0x80)
        if (strncmp(*at + length, dot, strlen(dot)) != 0)
            length++;
        else if (length)
            break;
        else
            *at += strlen(dot);
    const char *word = cn_pool_strndup(pool, *at, length);
    *at += length;
    return word;
}

/* Finds out whether the unit that is asked for, such as "degC d", has its zero elsewhere than the
 * source's: then no sum converts without the number of days. UDUNITS takes "degC d" for "K d", so
 * the words decide. */
static enum cn_status find_other_zero(const struct unit_task *task, bool *has_other_zero)
{
    struct cn_conversion line = {1, 0};
    struct cn_error why = {.status = CN_OK};
    const char *at = task->asked, *word = task->asked;
    if (task->is_asked_of_product)
        do
            word = next_word(task->pool, &at);
        while (word && *word && !cn_unit_has_zero(word, &why) && !why.status);
    if (!word)
        return cn_fail_memory(task->error, "units");
    if (!why.status && *word) {
        cn_unit_conversion(task->source, word, &line, &why);
        *has_other_zero = line.offset != 0;
    } else if (!why.status) {
        *has_other_zero = cn_unit_has_zero(task->source, &why);
    }
    if (why.status == CN_OK || why.status == CN_BAD_INPUT) /* the whole unit tells more */
        return CN_OK;
    return cn_fail(task->error, why.status, "%s", why.text);
}

/* Finds out whether output.units is a unit of the sums themselves: values do not convert to it, but
 * sums do. Or whether sums have the unit of values. */
static enum cn_status find_asked_of_sums(const struct unit_task *task, const char *own,
                                         bool *is_asked_of_sums)
{
    struct cn_conversion line;
    struct cn_error why;
    *is_asked_of_sums = task->is_asked_of_product || task->are_amounts;
    if (*is_asked_of_sums)
        return CN_OK;
    enum cn_status status = cn_unit_conversion(task->source, task->asked, &line, &why);
    if (status == CN_BAD_INPUT) {
        status = cn_unit_conversion(own, task->asked, &line, &why);
        *is_asked_of_sums = !status;
    }
    return status == CN_BAD_MACHINE ? cn_fail(task->error, status, "%s", why.text) : CN_OK;
}

static enum cn_status set_unit_of_sum(struct unit_task *task, const char *own)
{
    const char *asked = task->asked;
    bool has_other_zero = false;
    enum cn_status status = find_asked_of_sums(task, own, &task->is_asked_of_product);
    if (!status && !is_difference(task->product))
        status = find_other_zero(task, &has_other_zero);
    if (!status && has_other_zero && !task->is_asked_of_product)
        return CN_OK;
    if (!status && !task->is_asked_of_product)
        status = times_day(task, task->asked, &asked);
    if (!status)
        status = convert_results(task, own, asked);
    if (!status && (has_other_zero || task->product->unit.offset != 0))
        return cn_fail(
            task->error, CN_BAD_INPUT,
            "units \"%s\" do not fit: the sums are of \"%s\", which has its zero elsewhere",
            task->asked, task->source);
    return status;
}

static enum cn_status set_unit_of_count(const struct unit_task *task)
{
    const enum cn_status status = convert_results(task, "1", task->asked);
    if (!status && task->product->change != CN_RATIO && task->product->unit.scale != 1)
        return cn_fail(task->error, CN_BAD_INPUT,
                       "units \"%s\" do not fit: the results are numbers of days, whose unit is 1",
                       task->asked);
    return status;
}

static enum cn_status set_unit(struct unit_task *task)
{
    struct cn_product *product = task->product;
    const char *own;
    const enum cn_status status = find_own_unit(task, &own);
    if (status)
        return status;
    product->unit = (struct cn_value_unit){own, 1, 0};
    const bool is_number =
        product->change == CN_RATIO || cn_withins[product->within].unit == CN_UNIT_OF_COUNT;
    if (!task->asked || (is_number && !task->is_asked_of_product))
        return CN_OK;
    if (is_number)
        return set_unit_of_count(task);
    return cn_withins[product->within].unit == CN_UNIT_TIMES_DAY
               ? set_unit_of_sum(task, own)
               : convert_results(task, own, task->asked);
}

/* Finds out whether totals of days are amounts, not rates per day: a depth or mass of water, an
 * energy for an area, a duration. */
static enum cn_status find_amounts(struct unit_task *task, bool are_totals)
{
    static const char *const amounts[] = {"mm", "J m-2", "s"};
    for (size_t i = 0; are_totals && i < sizeof amounts / sizeof *amounts && !task->are_amounts;
         i++) {
        struct cn_conversion line;
        struct cn_error why;
        const enum cn_status status = cn_unit_conversion(task->source, amounts[i], &line, &why);
        if (status == CN_BAD_MACHINE)
            return cn_fail(task->error, status, "%s", why.text);
        task->are_amounts = !status;
    }
    return CN_OK;
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
                                const char *variable, const char *source_unit, bool are_totals,
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
    enum cn_status status = find_amounts(&task, are_totals);
    if (!status)
        status = set_threshold(&task);
    return status ? status : set_unit(&task);
}
