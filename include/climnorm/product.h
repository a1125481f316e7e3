/*
 * A product: one statistic that is made of windows. The normal is the first product.
 */
#ifndef CLIMNORM_PRODUCT_H
#define CLIMNORM_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct cn_product {
    const char *name;             /* [A-Za-z0-9_-] */
    const char *const *variables; /* [variable_count]; variable_count 0: all */
    size_t variable_count;
    struct cn_over over;
    int pool;       /* odd: a sample holds the values of so many neighbouring day slots */
    int window;     /* years, which end with the target year */
    int min_years;  /* source years that a window must have */
    int min_values; /* values that a sample must have; else the result is missing */
};

#endif
