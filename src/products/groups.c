/*
 * The tables of groups of days and of their values, and how these are computed.
 */
#include "products/groups.h"

#include "base/ascii.h"
#include "base/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X(VALUE, NAME, METHOD, NOUN, PLURAL, LONG_NOUN, RELATION, SIDE, UNIT, KERNEL, MEANING) */
#define WITHINS(X)                                                                                 \
    X(CN_WITHIN_MEAN, "mean", "mean", "mean", "means", NULL, NULL, CN_NO_THRESHOLD,                \
      CN_UNIT_OF_SOURCE, group_means, "the mean of its days")                                      \
    X(CN_WITHIN_SUM, "sum", "sum", "sum", "sums", "sum of", NULL, CN_NO_THRESHOLD,                 \
      CN_UNIT_TIMES_DAY, group_sums,                                                               \
      "the sum of its days, each times one day: of a flux the amount")                             \
    X(CN_WITHIN_MINIMUM, "min", "minimum", "minimum", "minima", NULL, NULL, CN_NO_THRESHOLD,       \
      CN_UNIT_OF_SOURCE, group_minima, "the smallest value")                                       \
    X(CN_WITHIN_MAXIMUM, "max", "maximum", "maximum", "maxima", NULL, NULL, CN_NO_THRESHOLD,       \
      CN_UNIT_OF_SOURCE, group_maxima, "the largest value")                                        \
    X(CN_COUNT_GT, "count_gt", "sum", "days above", NULL, "number of days with", ">", CN_ABOVE,    \
      CN_UNIT_OF_COUNT, group_counts_gt, "how many days are above `threshold`")                    \
    X(CN_COUNT_GE, "count_ge", "sum", "days at or above", NULL, "number of days with",             \
      ">=", CN_ABOVE, CN_UNIT_OF_COUNT, group_counts_ge, "how many are at or above it")            \
    X(CN_COUNT_LT, "count_lt", "sum", "days below", NULL, "number of days with", "<", CN_BELOW,    \
      CN_UNIT_OF_COUNT, group_counts_lt, "how many are below it")                                  \
    X(CN_COUNT_LE, "count_le", "sum", "days at or below", NULL, "number of days with",             \
      "<=", CN_BELOW, CN_UNIT_OF_COUNT, group_counts_le, "how many are at or below it")            \
    X(CN_EXCESS, "excess", "sum", "excess over", "sums of the excess", "excess of", "over",        \
      CN_ABOVE, CN_UNIT_TIMES_DAY, group_excesses,                                                 \
      "the sum of how far days are above it, each times one day")                                  \
    X(CN_DEFICIT, "deficit", "sum", "deficit under", "sums of the deficit", "deficit of", "under", \
      CN_BELOW, CN_UNIT_TIMES_DAY, group_deficits,                                                 \
      "the sum of how far days are below it, each times one day")

#define COMPUTE(value, name, method, noun, plural, long_noun, relation, side, unit, kernel,        \
                meaning)                                                                           \
    static void compute_##kernel(const struct cn_kernels *kernels, const struct cn_group_job *job) \
    {                                                                                              \
        kernels->kernel(job);                                                                      \
    }
WITHINS(COMPUTE)

#define ROW(value, name, method, noun, plural, long_noun, relation, side, unit, kernel, meaning) \
    [value] = {name, method, noun, plural, long_noun, relation, side, unit, compute_##kernel},
const struct cn_within_row cn_withins[] = {WITHINS(ROW)};

#define NAME(value, name, ...) [value] = name,
const char *const cn_within_names[] = {WITHINS(NAME) NULL};

#define MEANING(value, name, method, noun, plural, long_noun, relation, side, unit, kernel, \
                meaning)                                                                    \
    [value] = (meaning),
const char *const cn_within_meanings[] = {WITHINS(MEANING)};

const char *const cn_time_names[] = {
    [CN_DAY] = "day", [CN_MONTH] = "month", [CN_SEASON] = "season", [CN_YEAR] = "year", NULL};

const char *const cn_time_meanings[] = {
    [CN_DAY] = "each day slot",
    [CN_MONTH] = "each month",
    [CN_SEASON] = "December to February, March to May, June to August, September to November; "
                  "December is that of the year before",
    [CN_YEAR] = "the year"};

const char *const cn_change_names[] = {"difference", "ratio", NULL};

const char *const cn_change_meanings[] = {"the result minus the baseline's",
                                          "the result divided by the baseline's; missing where "
                                          "that is 0"};

bool cn_names_origin(const char *unit)
{
    static const char *const words[] = {"@", "since ", "after ", "from ", "ref "};
    for (; *unit; unit++)
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (cn_begins_with(unit, words[w]))
                return true;
    return false;
}

bool cn_threshold_parse(const char *text, struct cn_threshold *threshold)
{
    const size_t digits = strspn(text, "+-.0123456789eE"); /* no "inf", "nan" or "0x10" */
    char *end;
    const double value = strtod(text, &end);
    const char *unit = end + strspn(end, " ");
    if (end == text || end > text + digits || !isfinite(value) || !*unit || cn_names_origin(unit))
        return false;
    *threshold = (struct cn_threshold){value, unit};
    return true;
}

const char *cn_threshold_text(const struct cn_threshold *threshold, char text[CN_THRESHOLD_BYTES])
{
    char number[CN_NUMBER_BYTES];
    snprintf(text, CN_THRESHOLD_BYTES, "%s %s", cn_format_number(threshold->value, number),
             threshold->unit);
    return text;
}

const char *cn_group_name(enum cn_time time, size_t group, char text[CN_GROUP_BYTES])
{
    static const char *const months[CN_MONTHS] = {"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
    static const char *const seasons[CN_SEASONS] = {"DJF", "MAM", "JJA", "SON"};
    if (time == CN_DAY)
        snprintf(text, CN_GROUP_BYTES, "day slot %zu", group + 1);
    else
        snprintf(text, CN_GROUP_BYTES, "%s",
                 time == CN_MONTH    ? months[group]
                 : time == CN_SEASON ? seasons[group]
                                     : "the year");
    return text;
}

const char *cn_within_noun(const struct cn_product *product, char text[CN_WITHIN_BYTES])
{
    const struct cn_within_row *row = &cn_withins[product->within];
    if (cn_has_threshold(product->within)) {
        char threshold[CN_THRESHOLD_BYTES];
        snprintf(text, CN_WITHIN_BYTES, "%s %s", row->noun,
                 cn_threshold_text(&product->threshold, threshold));
    } else {
        snprintf(text, CN_WITHIN_BYTES, "%s", row->noun);
    }
    return text;
}
