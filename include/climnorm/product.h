/*
 * A product: one statistic that is made of windows. The normal is the first product.
 */
#ifndef CLIMNORM_PRODUCT_H
#define CLIMNORM_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The groups of days of a year: CN_SEASON is DJF, MAM, JJA and SON, where December is that of the
 * year before. */
enum cn_time { CN_DAY, CN_MONTH, CN_SEASON, CN_YEAR, CN_TIMES /* how many there are */ };
enum { CN_MONTHS = 12, CN_SEASONS = 4 };

/* The value of a group of days in one source year. A sum is one over time: the unit is the source's
 * times a day. */
enum cn_within {
    CN_WITHIN_MEAN,
    CN_WITHIN_SUM,
    CN_WITHIN_MINIMUM,
    CN_WITHIN_MAXIMUM,
    CN_COUNT_GT, /* of days above the threshold, … */
    CN_COUNT_GE,
    CN_COUNT_LT,
    CN_COUNT_LE,
    CN_EXCESS, /* sum of max(0, x - threshold) */
    CN_DEFICIT /* sum of max(0, threshold - x) */
};

/* Statistics over the values of a sample. */
enum cn_statistic { CN_MEAN, CN_STANDARD_DEVIATION, CN_MINIMUM, CN_MAXIMUM, CN_QUANTILE };

/* What a share of a sample is counted in: the 2.5th percentile is 25000 of them. */
enum { CN_WHOLE_SHARE = 1000000 };

/* A statistic and, of CN_QUANTILE, which one. */
struct cn_over {
    enum cn_statistic statistic;
    uint32_t share; /* above 0, below CN_WHOLE_SHARE; 0 for other statistics */
};

/* Where the quantile p lies among n sorted values, the first of which has place 0: Hyndman and Fan,
 * Sample Quantiles in Statistical Packages (1996). */
enum cn_quantile_method {
    CN_QUANTILE_LINEAR,         /* p (n - 1): their 7, numpy's default */
    CN_QUANTILE_MEDIAN_UNBIASED /* p (n + 1/3) - 2/3: their 8 */
};

/* What a product is instead of its statistic: the change against that of a baseline's window. */
enum cn_change { CN_NO_CHANGE, CN_DIFFERENCE, CN_RATIO };

struct cn_threshold {
    double value;
    const char *unit; /* NULL: there is none */
};

/* The unit of values. A value in it is scale * x + offset, where x is in the unit that the source's
 * gives. */
struct cn_value_unit {
    const char *name; /* NULL in a config: that of output.units, or the source's */
    double scale, offset;
};

/* As a config has it; and, in a plan, as one variable has it: then `source_threshold` and `unit`
 * are known. */
struct cn_product {
    const char *name;             /* [A-Za-z0-9_-] */
    const char *const *variables; /* [variable_count]; variable_count 0: all */
    size_t variable_count;
    enum cn_time time;
    enum cn_within within;
    struct cn_threshold threshold; /* as given */
    double source_threshold;       /* in the source's unit */
    struct cn_over over;
    struct cn_value_unit unit; /* of the product's values */
    int baseline;              /* target year; only with a change */
    enum cn_change change;
    int pool;       /* odd: a sample holds the values of so many neighbouring day slots */
    int window;     /* years, which end with the target year */
    int min_years;  /* source years that a window must have */
    int min_values; /* values that a sample must have; else the result is missing */
};

/* Returns: whether samples hold the values of days themselves, with no step before the statistic.
 */
static inline bool cn_is_of_daily_values(const struct cn_product *product)
{
    return product->time == CN_DAY && product->within == CN_WITHIN_MEAN;
}

/* Returns: whether a product is made of a variable. */
static inline bool cn_is_product_of(const struct cn_product *product, const char *variable)
{
    for (size_t v = 0; v < product->variable_count; v++)
        if (strcmp(product->variables[v], variable) == 0)
            return true;
    return product->variable_count == 0;
}

/* Returns: the bytes of a count of a sample's values in output files: of int16, or of int32 where a
 * sample can hold more values than that counts. */
static inline size_t cn_count_bytes(int window, int pool)
{
    return window * pool > INT16_MAX ? sizeof(int32_t) : sizeof(int16_t);
}

#endif
